//! Container reports.

pub(crate) mod create;

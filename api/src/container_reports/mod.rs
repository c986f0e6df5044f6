//! Container reports.

pub(crate) mod create;
pub(crate) mod show;

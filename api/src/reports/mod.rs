//! Scan reports.

pub(crate) mod create;

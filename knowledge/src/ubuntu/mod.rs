//! Canonical's own statements on Ubuntu's packages.

mod release;

pub(crate) use release::namespace_of_series;

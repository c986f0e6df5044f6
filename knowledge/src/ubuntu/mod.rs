//! Canonical's own statements on Ubuntu's packages: the CVE tracker's files and OpenVEX. Its OVAL is read with the others',
//! its OSV with OSV.

mod release;
pub(crate) mod tracker;
pub(crate) mod vex;

pub(crate) use release::namespace_of_series;

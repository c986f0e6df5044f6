//! CycloneDX JSON: 1.2 to 1.7 in, 1.6 out (cyclonedx.org/docs/1.6/json).
//!
//! The decision a reader may doubt: vulnerabilities in a document are not read as findings. They were judged by somebody
//! else's data of another day; the packages are judged anew. What a document states about exploitability is read by
//! [`crate::vex`].

mod component;
mod foreign;
mod read;
mod vulnerability;
mod write;

pub(crate) use foreign::is_declared;
pub(crate) use read::read;
pub(crate) use write::write;

/// The versions whose components are all understood the same way.
const VERSIONS: &[&str] = &["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"];

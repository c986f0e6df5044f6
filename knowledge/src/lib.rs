//! Vulnerability and lifecycle knowledge: public feeds in, one small bundle out.
//!
//! What it is for: reading feeds in their publishers' formats ([`compile`]), fetching them ([`download`]),
//! and answering what is said about a package ([`Bundle`]). What it is not for: comparing an installed version
//! with a range; that is the matcher's work.
//!
//! The decision a reader may doubt: everything is compiled ahead into an immutable file instead of rows in a
//! database. So it opens in milliseconds, is shared by any number of processes, can be carried over an
//! air gap, and is equal byte for byte when compiled twice from the same inputs.

mod alpine;
mod bundle;
mod compile;
mod cvelist;
mod debian;
mod dir;
mod download;
mod endoflife;
mod epss;
mod error;
mod input;
mod json;
mod kev;
mod lookup;
mod nvd;
mod osv;
pub mod qid;
mod rating;
mod record;
mod registry;
mod text;

pub use bundle::{Bundle, BundleAffected, Manifest, NamespaceCounts, ProductCycle, Source};
pub use compile::{CompileReport, Quarantined, SourceReport, compile, compile_after};
pub use dir::KnowledgeDir;
pub use download::{DownloadFailure, DownloadReport, Downloaded, download, download_from};
pub use error::KnowledgeError;
pub use lookup::{advisory_key, family_of, namespace_of};
pub use qid::qid;

/// The name and version written into manifests.
pub(crate) const BUILDER: &str = concat!("plimsoll/", env!("CARGO_PKG_VERSION"));

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

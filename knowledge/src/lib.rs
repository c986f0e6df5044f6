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
mod calendar;
mod compile;
mod csaf;
mod csv;
mod cvelist;
mod debian;
mod dir;
mod download;
mod endoflife;
mod epss;
mod error;
mod exploitdb;
mod facts;
mod friendsofphp;
mod inner_zip;
mod input;
mod json;
mod kev;
mod lookup;
mod metasploit;
mod nodejs_security_wg;
mod nuclei;
mod nvd;
mod osv;
mod oval;
mod pocs;
mod product;
pub mod qid;
mod rating;
mod record;
mod redhat;
mod registry;
mod ruby_advisory_db;
mod spans;
mod suse;
mod tar_name;
mod text;
mod transfer;
mod ubuntu;
mod updateinfo;
mod wolfi;
mod yaml;

pub use bundle::{
    Bundle, BundleAffected, Changes, Contents, Fix, Manifest, NamespaceCounts, Origin, ProductCycle,
    ProductInfo, Row, Source, StatementView, Verdict, is_dotnet_runtime,
};
pub use compile::{CompileOptions, CompileReport, Quarantined, SourceReport, compile, compile_with};
pub use dir::KnowledgeDir;
pub use download::{
    Clock, DownloadFailure, DownloadOptions, DownloadReport, Downloaded, FeedAttempt,
    Outcome as DownloadOutcome, accept as accept_downloads, attempts as download_attempts, download,
    download_with, feed_of_path, feeds_page, is_downloadable,
};
pub use error::KnowledgeError;
pub use lookup::{FALLBACKS, Fallback, advisory_key, fallbacks, family_of, namespace_of, scheme_of};
pub use qid::qid;
pub use transfer::{
    BundleForm, DeltaInfo, Difference, FeedDifference, NamespaceDifference, PublicKey, Received, SecretKey,
    Signature, VulnerabilityChange, VulnerabilityName, apply_delta, delta_between, delta_info, form_of, pack,
    signature_path, unpack,
};

/// The name and version written into manifests.
pub(crate) const BUILDER: &str = concat!("plimsoll/", env!("CARGO_PKG_VERSION"));

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

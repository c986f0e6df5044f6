//! What a compilation read, left out and made.

use std::path::PathBuf;

use model::{Digest, Timestamp};

/// The outcome of [`crate::compile`].
#[derive(Clone, Debug)]
pub struct CompileReport {
    /// The files that were read, sorted by path.
    pub sources: Vec<SourceReport>,
    /// What was found and not used, and why; at most [`Self::MAX_SKIPPED`], see `skipped_count`.
    pub skipped: Vec<(PathBuf, String)>,
    /// How many files and folders were not used.
    pub skipped_count: u64,
    /// What is unusual about whole feeds: one that doubled or is gone, one of which an older copy was used.
    pub warnings: Vec<String>,
    /// Vulnerabilities in the bundle.
    pub vulnerabilities: u64,
    /// Pairs of namespace and package in the bundle.
    pub packages: u64,
    /// Statements about them.
    pub statements: u64,
    /// Product release cycles with dates.
    pub lifecycles: u64,
    /// Records that their publisher has withdrawn.
    pub withdrawn: u64,
    /// Statements left out because their CVE was rejected.
    pub rejected: u64,
    /// Records that name more than one CVE; listed under each.
    pub several_cves: u64,
    /// The identity of the bundle.
    pub bundle: Digest,
    /// The size of the bundle file in bytes.
    pub bytes: u64,
}

impl CompileReport {
    /// Bound of `skipped`.
    pub const MAX_SKIPPED: usize = 1000;
}

/// One feed file that was read.
#[derive(Clone, Debug)]
pub struct SourceReport {
    /// The feed.
    pub feed: &'static str,
    /// The file, relative to the folder that was compiled.
    pub path: PathBuf,
    /// Records that could be used.
    pub records: u64,
    /// Examples of records that could not, at most 20.
    pub quarantined: Vec<Quarantined>,
    /// How many records could not be used.
    pub quarantined_count: u64,
    /// When the publisher made it, as far as the file tells.
    pub date: Option<Timestamp>,
    /// Whether it is the last good copy that was read, because the file itself has lost too much or is broken.
    pub older_copy: bool,
}

/// A record that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its id, or the start of its text if it has none.
    pub record: String,
    /// What is wrong with it.
    pub reason: String,
}

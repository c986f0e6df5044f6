//! What a bundle says about itself: sources, dates, licences, counts. JSON, so that any tool can read it.

use std::collections::BTreeMap;

use model::Timestamp;
use serde::{Deserialize, Serialize};

/// The manifest of a bundle. It holds no time of its own: every date comes from the feeds, so that equal
/// inputs give equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The program and version that compiled it, such as `plimsoll/0.1.0`.
    pub builder: String,
    /// The files that were read, sorted by path.
    pub sources: Vec<Source>,
    /// The namespaces that are covered, with counts.
    pub namespaces: BTreeMap<String, NamespaceCounts>,
    /// Number of vulnerabilities.
    pub vulnerabilities: u64,
    /// Number of product release cycles with dates.
    pub lifecycles: u64,
    /// Records that their publisher has withdrawn; they are counted and give no finding.
    pub withdrawn: u64,
    /// Statements left out because their CVE was rejected.
    pub rejected: u64,
    /// Records that name more than one CVE; they are listed under each, the CVEs stay apart.
    pub several_cves: u64,
}

/// A feed file that went into a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The feed, such as `debian` or `osv`.
    pub feed: String,
    /// The file, relative to the folder that was compiled.
    pub path: String,
    /// When the publisher made it, as far as the file tells.
    pub date: Option<Timestamp>,
    /// Records read.
    pub records: u64,
    /// Records that could not be used.
    pub quarantined: u64,
    /// The publisher's terms.
    pub licence: String,
}

/// How much is known in one namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceCounts {
    /// Packages with at least one statement.
    pub packages: u64,
    /// Statements about them.
    pub statements: u64,
}

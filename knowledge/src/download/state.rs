//! What came of the last download of each feed, kept in the folder of feeds for `plimsoll feeds status`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::DownloadReport;
use super::catalogue::{Source, source_of};
use crate::bundle::write::write_whole;
use crate::error::KnowledgeError;

/// A hidden file, which compilations pass over.
const FILE: &str = ".downloads.json";
const LIMIT: u64 = 1 << 20;
/// Reasons that are kept of each feed.
const REASONS: usize = 5;

/// How a download ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Something new came.
    Updated,
    /// Nothing has changed.
    Unchanged,
    /// Some files could not be fetched.
    Partly,
    /// Nothing could be fetched.
    Failed,
}

/// The last download of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedAttempt {
    /// When it ended.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Bytes fetched.
    pub bytes: u64,
    /// Why files could not be fetched, the first few.
    #[serde(default)]
    pub reasons: Vec<String>,
}

/// The last download of each feed into this folder, by name; empty if there was none.
pub fn attempts(feeds: &Path) -> BTreeMap<String, FeedAttempt> {
    let path = feeds.join(FILE);
    let small = fs::metadata(&path).is_ok_and(|metadata| metadata.len() < LIMIT);
    let bytes = small.then(|| fs::read(&path).ok()).flatten();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// The name under which the feed is downloaded that a file of the folder belongs to, and the address that it comes from.
pub fn feed_of_path(path: &str) -> Option<(&'static str, &'static str)> {
    source_of(path).map(|source| (source.name, source.address))
}

pub(super) fn record(
    into: &Path,
    sources: &[&'static Source],
    report: &DownloadReport,
    at: Timestamp,
) -> Result<(), KnowledgeError> {
    let mut all = attempts(into);
    for source in sources {
        all.insert(source.name.to_owned(), attempt(source.name, report, at));
    }
    let bytes = serde_json::to_vec_pretty(&all)
        .map_err(|error| KnowledgeError::Encode { what: "list of downloads", reason: error.to_string() })?;
    write_whole(&into.join(FILE), &bytes)
}

fn attempt(feed: &str, report: &DownloadReport, at: Timestamp) -> FeedAttempt {
    let files = || report.files.iter().filter(|file| file.feed == feed);
    let failures = || report.failures.iter().filter(|failure| failure.feed == feed);
    let outcome = match (files().count(), failures().count()) {
        (0, 1..) => Outcome::Failed,
        (_, 1..) => Outcome::Partly,
        _ if files().any(|file| file.bytes.is_some()) => Outcome::Updated,
        _ => Outcome::Unchanged,
    };
    let reasons = failures().take(REASONS).map(|failure| format!("{}: {}", failure.url, failure.reason));
    FeedAttempt {
        at,
        outcome,
        bytes: files().filter_map(|file| file.bytes).sum(),
        reasons: reasons.collect(),
    }
}

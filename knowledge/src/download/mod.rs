//! Downloading the public feeds into a folder that [`crate::compile`] recognises.
//!
//! Requests are conditional, so that an unchanged feed costs nothing; a file is replaced only by a whole new one of the
//! right kind, and every failure is named and leaves the last good file. The decision a reader may doubt: no retries
//! here beyond one for a server's error. The next scheduled run is the retry, and publishers ask not to be pressed.
//!
//! The client is a blocking one: an async program calls this on a thread for blocking work, never on a runtime's own.

mod client;
mod list;
mod sidecar;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(crate) use sidecar::{SIDECAR, Sidecar};

use crate::error::KnowledgeError;
use client::{Client, Failure};
use list::Item;

/// The outcome of a download.
#[derive(Clone, Debug, Default)]
pub struct DownloadReport {
    /// Files that are up to date now.
    pub files: Vec<Downloaded>,
    /// Files that could not be fetched; an older one may be in place.
    pub failures: Vec<DownloadFailure>,
}

impl DownloadReport {
    /// Whether nothing at all could be fetched, as without a network.
    pub fn all_failed(&self) -> bool {
        self.files.is_empty() && !self.failures.is_empty()
    }
}

/// A file that is up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// Relative to the folder.
    pub path: PathBuf,
    /// Where it comes from.
    pub url: String,
    /// Bytes fetched; `None` if the publisher said that it has not changed.
    pub bytes: Option<u64>,
}

/// A file that could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadFailure {
    /// Relative to the folder.
    pub path: PathBuf,
    /// Where it would come from.
    pub url: String,
    /// What went wrong.
    pub reason: String,
}

/// Downloads the public feeds from their publishers into `into`.
///
/// # Errors
/// Only if the folder cannot be made or the client cannot be set up; failures of feeds are in the report.
pub fn download(into: &Path, progress: &dyn Fn(&str)) -> Result<DownloadReport, KnowledgeError> {
    download_from(None, into, progress)
}

/// Like [`download`], from a mirror that serves `https://host/path` as `<mirror>/host/path`.
pub fn download_from(
    mirror: Option<&str>,
    into: &Path,
    progress: &dyn Fn(&str),
) -> Result<DownloadReport, KnowledgeError> {
    std::fs::create_dir_all(into).map_err(KnowledgeError::io("make", into))?;
    let client = Client::new(mirror)?;
    let mut run =
        Run { client, into, progress, report: DownloadReport::default(), unreachable: BTreeSet::new() };
    for item in list::fixed() {
        run.fetch(&item);
    }
    for item in list::alpine(&run.alpine_index()) {
        run.fetch(&item);
    }
    for item in list::nvd(list::this_year()) {
        run.fetch(&item);
    }
    Ok(run.report)
}

struct Run<'a> {
    client: Client,
    into: &'a Path,
    progress: &'a dyn Fn(&str),
    report: DownloadReport,
    /// Hosts that cannot be reached; asking again for each of their files would take minutes.
    unreachable: BTreeSet<String>,
}

impl Run<'_> {
    fn fetch(&mut self, item: &Item) {
        let host = list::host(&item.url).to_owned();
        if self.unreachable.contains(&host) {
            return self.fail(item, format!("{host} cannot be reached"));
        }
        (self.progress)(&format!("fetching {}", item.url));
        match self.client.fetch(item, &self.into.join(&item.path)) {
            Ok(bytes) => {
                let path = PathBuf::from(&item.path);
                self.report.files.push(Downloaded { path, url: item.url.clone(), bytes });
            }
            Err(Failure::Unreachable(reason)) => {
                self.unreachable.insert(host);
                self.fail(item, reason);
            }
            Err(Failure::Other(reason)) => self.fail(item, reason),
        }
    }

    fn fail(&mut self, item: &Item, reason: String) {
        tracing::debug!(url = %item.url, "{} could not be fetched: {reason}", item.url);
        self.report.failures.push(DownloadFailure {
            path: PathBuf::from(&item.path),
            url: item.url.clone(),
            reason,
        });
    }

    /// The publisher's list of Alpine releases; empty if it cannot be had.
    fn alpine_index(&mut self) -> String {
        match self.client.text(list::ALPINE_INDEX) {
            Ok(text) => text,
            Err(Failure::Unreachable(reason)) => {
                tracing::debug!("the list of alpine releases could not be fetched: {reason}");
                self.unreachable.insert(list::host(list::ALPINE_INDEX).to_owned());
                String::new()
            }
            Err(Failure::Other(reason)) => {
                tracing::debug!("the list of alpine releases could not be fetched: {reason}");
                String::new()
            }
        }
    }
}

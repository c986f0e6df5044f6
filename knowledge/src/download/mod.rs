//! Downloading the public feeds into a folder that [`crate::compile`] recognises.
//!
//! Each feed is followed by its publisher's own protocol, so that one that has not changed costs nearly nothing; a file is
//! replaced only by a whole new one of the right kind, what it replaces is kept until a compilation has accepted the new one,
//! and every failure is named and leaves the old file. Whatever moment a process is killed at, the next one goes on.
//!
//! The decision a reader may doubt: hosts are worked off side by side, the requests to one host never are. It is the publishers'
//! machines that would feel it, and they answer those best who ask for one thing at a time.
//!
//! The client is a blocking one: an async program calls this on a thread for blocking work, never on a runtime's own.

mod catalogue;
mod changes;
mod client;
mod clock;
mod collect;
mod kind;
mod merge;
mod pace;
mod place;
mod protocol;
mod retry;
mod sidecar;
mod state;
mod tasks;
mod worker;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

pub use catalogue::feeds_page;
pub use clock::Clock;
pub use place::accept;
pub(crate) use sidecar::{LAST_GOOD, SIDECAR, Sidecar, last_good};
pub use state::{FeedAttempt, Outcome, attempts, feed_of_path};

use crate::error::KnowledgeError;
use catalogue::{SOURCES, Source};
use client::{Client, READ_TIMEOUT};
use clock::SystemClock;
use tasks::Task;
use worker::Worker;

/// Hosts that are asked at the same time.
const HOSTS: usize = 4;

/// The outcome of a download.
#[derive(Clone, Debug, Default)]
pub struct DownloadReport {
    /// Files that are up to date now, by feed and path.
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
    /// The feed that it belongs to.
    pub feed: &'static str,
    /// Relative to the folder.
    pub path: PathBuf,
    /// Where it comes from.
    pub url: String,
    /// Bytes fetched; `None` if the publisher said that it has not changed.
    pub bytes: Option<u64>,
}

/// A file that could not be fetched, or not all of what has changed in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadFailure {
    /// The feed that it belongs to.
    pub feed: &'static str,
    /// Relative to the folder.
    pub path: PathBuf,
    /// Where it would come from.
    pub url: String,
    /// What went wrong.
    pub reason: String,
}

/// What to download, and from where.
#[derive(Clone, Copy, Debug, Default)]
pub struct DownloadOptions<'a> {
    /// A mirror that serves `https://host/path` as `<mirror>/host/path`.
    pub mirror: Option<&'a str>,
    /// Only these feeds, also if they are off; all that are on if there are none.
    pub only: &'a [String],
    /// Not these feeds.
    pub without: &'a [String],
    /// These feeds as well although they are off.
    pub also: &'a [String],
    /// A key of the National Vulnerability Database, with which it answers more often.
    pub nvd_api_key: Option<&'a str>,
    /// Another clock than this machine's.
    pub clock: Option<&'a dyn Clock>,
    /// How long an answer, or the next part of its body, is waited for; a minute if not given.
    pub read_timeout: Option<Duration>,
}

/// Downloads the public feeds from their publishers into `into`.
///
/// # Errors
/// As [`download_with`].
pub fn download(into: &Path, progress: &dyn Fn(&str)) -> Result<DownloadReport, KnowledgeError> {
    download_with(&DownloadOptions::default(), into, progress)
}

/// Like [`download`], with options.
///
/// # Errors
/// If a feed is named that does not exist, the folder cannot be made or the client cannot be set up; failures of feeds are
/// in the report.
pub fn download_with(
    options: &DownloadOptions<'_>,
    into: &Path,
    progress: &dyn Fn(&str),
) -> Result<DownloadReport, KnowledgeError> {
    let sources = chosen(options)?;
    std::fs::create_dir_all(into).map_err(KnowledgeError::io("make", into))?;
    let system = SystemClock::new();
    let clock = options.clock.unwrap_or(&system);
    let timeout = options.read_timeout.unwrap_or(READ_TIMEOUT);
    let client = Client::new(options.mirror, options.nvd_api_key, timeout, clock)?;
    let mut report = run(&client, &sources, options.nvd_api_key.is_some(), into, progress);
    let order = |feed: &str| SOURCES.iter().position(|source| source.name == feed);
    report.files.sort_by(|a, b| (order(a.feed), &a.path).cmp(&(order(b.feed), &b.path)));
    report.failures.sort_by(|a, b| (order(a.feed), &a.path).cmp(&(order(b.feed), &b.path)));
    state::record(into, &sources, &report, clock.now())?;
    Ok(report)
}

/// Whether a feed of this name can be downloaded.
pub fn is_downloadable(name: &str) -> bool {
    SOURCES.iter().any(|source| source.name == name)
}

/// The feeds that the options ask for.
fn chosen(options: &DownloadOptions<'_>) -> Result<Vec<&'static Source>, KnowledgeError> {
    let named = |names: &[String], source: &Source| names.iter().any(|name| name == source.name);
    for name in options.only.iter().chain(options.without).chain(options.also) {
        if !is_downloadable(name) {
            let known: Vec<&str> = SOURCES.iter().map(|source| source.name).collect();
            return Err(KnowledgeError::UnknownFeed { name: name.clone(), known: known.join(", ") });
        }
    }
    let wanted = |source: &&Source| {
        let on = if options.only.is_empty() {
            source.on || named(options.also, source)
        } else {
            named(options.only, source)
        };
        on && !named(options.without, source)
    };
    Ok(SOURCES.iter().filter(wanted).collect())
}

/// Works off the tasks host by host, some hosts at a time.
fn run(
    client: &Client<'_>,
    sources: &[&'static Source],
    keyed: bool,
    into: &Path,
    progress: &dyn Fn(&str),
) -> DownloadReport {
    let mut hosts: BTreeMap<String, Vec<(&'static str, Task)>> = BTreeMap::new();
    for source in sources {
        for task in source.tasks() {
            hosts.entry(task.host()).or_default().push((source.name, task));
        }
    }
    let queue = Mutex::new(hosts.into_values().collect::<VecDeque<_>>());
    let report = Mutex::new(DownloadReport::default());
    let (say, said) = mpsc::channel::<String>();
    std::thread::scope(|scope| {
        for _ in 0..HOSTS {
            let (queue, report, say) = (&queue, &report, say.clone());
            scope.spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(tasks) = next else { return };
                    let mut worker = Worker::new(client, into, say.clone());
                    for (feed, task) in tasks {
                        worker.feed = feed;
                        task.run(&mut worker, keyed);
                    }
                    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
                    report.files.append(&mut worker.files);
                    report.failures.append(&mut worker.failures);
                }
            });
        }
        drop(say);
        for line in said {
            progress(&line);
        }
    });
    report.into_inner().unwrap_or_else(PoisonError::into_inner)
}

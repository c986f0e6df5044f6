//! What every protocol needs: asking a host that answers, putting files in place, noting what came of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use super::client::{Client, Page, Request};
use super::kind::Kind;
use super::place::{Checksum, install};
use super::retry::Failure;
use super::sidecar::{Sidecar, Validators};
use super::{DownloadFailure, Downloaded};
use crate::bundle::write::part_path;

/// A file to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Relative to the folder of feeds, in the layout that the compiler recognises.
    pub(crate) path: String,
    pub(crate) url: String,
    /// Bytes as sent.
    pub(crate) limit: u64,
    pub(crate) kind: Kind,
}

/// Works off the feeds of one host, one request after the other.
pub(super) struct Worker<'a> {
    pub(super) client: &'a Client<'a>,
    pub(super) into: &'a Path,
    pub(super) say: Sender<String>,
    /// The feed at work.
    pub(super) feed: &'static str,
    pub(super) files: Vec<Downloaded>,
    pub(super) failures: Vec<DownloadFailure>,
    /// Hosts that cannot be reached, and why; asking again for each of their files would take minutes.
    unreachable: BTreeMap<String, String>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(client: &'a Client<'a>, into: &'a Path, say: Sender<String>) -> Self {
        Self {
            client,
            into,
            say,
            feed: "",
            files: Vec::new(),
            failures: Vec::new(),
            unreachable: BTreeMap::new(),
        }
    }

    /// Asks for something, unless its host is known to be out of reach.
    fn ask<T>(
        &mut self,
        url: &str,
        ask: impl FnOnce(&Client<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let host = host(url).to_owned();
        if let Some(reason) = self.unreachable.get(&host) {
            return Err(Failure::Unreachable(format!("{host} cannot be reached: {reason}")));
        }
        let _ = self.say.send(format!("fetching {url}"));
        let answer = ask(self.client);
        if let Err(Failure::Unreachable(reason)) = &answer {
            self.unreachable.insert(host, reason.clone());
        }
        answer
    }

    pub(super) fn page(&mut self, request: Request<'_>) -> Result<Option<Page>, Failure> {
        self.ask(request.url, |client| client.page(request))
    }

    pub(super) fn page_until(
        &mut self,
        request: Request<'_>,
        enough: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Page>, Failure> {
        self.ask(request.url, |client| client.page_until(request, enough))
    }

    pub(super) fn text(&mut self, url: &str, kind: Kind, limit: u64) -> Result<String, Failure> {
        self.ask(url, |client| client.text(url, kind, limit))
    }

    /// Fetches into the working file of `target`; gives it with its size. `None` if nothing has changed.
    pub(super) fn part(
        &mut self,
        request: Request<'_>,
        target: &Path,
    ) -> Result<Option<(Part, u64, Validators)>, Failure> {
        let part = Part(part_path(target));
        let fetched = self.ask(request.url, |client| client.file(request, &part.0))?;
        Ok(fetched.map(|(bytes, validators)| (part, bytes, validators)))
    }

    /// Brings one file up to date; gives the bytes fetched, `None` if it has not changed.
    pub(super) fn whole(&mut self, item: &Item, checksum: Option<&Checksum>) -> Result<Option<u64>, Failure> {
        let target = self.into.join(&item.path);
        let known = Sidecar::of(&target, &item.url).unwrap_or_default();
        let request = Request::new(&item.url, item.kind, item.limit).known(&known.validators);
        let Some((part, bytes, validators)) = self.part(request, &target)? else { return Ok(None) };
        if let Some(checksum) = checksum {
            checksum.check_file(&part.0).map_err(Failure::Other)?;
        }
        let revision = checksum.map(|checksum| checksum.text().to_owned());
        part.place(&target, &Sidecar { validators, revision, ..Sidecar::new(&item.url) })?;
        Ok(Some(bytes))
    }

    /// Brings one file up to date and notes the outcome.
    pub(super) fn whole_noted(&mut self, item: &Item) {
        let outcome = self.whole(item, None);
        self.note(&item.path, &item.url, outcome);
    }

    /// The checksum that is published beside an address, if there is one.
    pub(super) fn published_checksum(&mut self, url: &str) -> Result<Option<Checksum>, Failure> {
        match self.text(&format!("{url}.sha256"), Kind::Text, 4096) {
            Ok(text) => Ok(text.split_whitespace().next().and_then(Checksum::parse)),
            Err(Failure::Missing) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    pub(super) fn note(&mut self, path: &str, url: &str, outcome: Result<Option<u64>, Failure>) {
        let (path, url, feed) = (PathBuf::from(path), url.to_owned(), self.feed);
        match outcome {
            Ok(bytes) => self.files.push(Downloaded { feed, path, url, bytes }),
            Err(failure) => {
                let reason = failure.reason();
                tracing::debug!(url = %url, "{url} could not be fetched: {reason}");
                self.failures.push(DownloadFailure { feed, path, url, reason });
            }
        }
    }
}

/// A file that is being made beside its place; it is taken away unless it is put there.
#[derive(Debug)]
pub(super) struct Part(pub(super) PathBuf);

impl Part {
    /// A second working file for `target`, for what is made of the first.
    pub(super) fn merged(target: &Path) -> Self {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".merged");
        Self(part_path(&target.with_file_name(name)))
    }

    /// Puts the file in its place with its note. The old note goes first if the new one says how far the file goes: a note must
    /// never promise more than there is.
    pub(super) fn place(&self, target: &Path, note: &Sidecar) -> Result<(), Failure> {
        if note.progress.as_ref().is_some_and(|progress| progress.seen.is_empty()) {
            Sidecar::forget(target);
        }
        install(&self.0, target).map_err(Failure::Other)?;
        note.write(target).map_err(Failure::other)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The host of an `https` address.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

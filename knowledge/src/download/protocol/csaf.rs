//! CSAF directories (CSAF 2.0 section 7.1): a full archive once, then the documents that `changes.csv` and `deletions.csv` list.
//!
//! Archives are kept as zstd, whatever they are published as. A document's own checksum file is compared where there is one.

use std::collections::BTreeSet;
use std::path::Path;

use model::Timestamp;

use super::{DAY, MIB};
use crate::bundle::write::part_path;
use crate::download::changes::{self, Change, Form};
use crate::download::client::Request;
use crate::download::collect::{Documents, collect};
use crate::download::kind::Kind;
use crate::download::merge::{self, Changed};
use crate::download::retry::{Failure, http_date};
use crate::download::sidecar::{Progress, Sidecar};
use crate::download::worker::{Part, Worker};
use crate::input::date_in_name;

/// A publisher's directory.
#[derive(Clone, Copy, Debug)]
pub(in crate::download) struct Directory {
    /// With a slash at the end.
    pub(in crate::download) url: &'static str,
    /// The full archive; `None` if `archive_latest.txt` names it.
    pub(in crate::download) archive: Option<&'static str>,
    /// Where the archive goes.
    pub(in crate::download) path: &'static str,
    /// The folder of documents in the archive.
    pub(in crate::download) prefix: &'static str,
}

/// Changed documents above which the whole archive is cheaper, if there is a newer one.
const MANY: usize = 5000;
const COMPLETE_EVERY: i64 = 30 * DAY;
/// The archive can be older than its date, and a build of documents can lag behind the list of changes.
const OVERLAP: i64 = DAY;

pub(in crate::download) fn run(worker: &mut Worker<'_>, directory: Directory) {
    let target = worker.into.join(directory.path);
    let outcome = update(worker, directory, &target);
    worker.note(directory.path, directory.url, outcome);
}

fn update(worker: &mut Worker<'_>, directory: Directory, target: &Path) -> Result<Option<u64>, Failure> {
    let now = worker.client.clock.now();
    let known = Sidecar::of(target, directory.url);
    let recent = |note: &Sidecar| {
        note.progress.as_ref().is_some_and(|progress| now.0 - progress.complete.0 < COMPLETE_EVERY)
    };
    if let Some(note) = known.filter(recent)
        && let Some(outcome) = increment(worker, directory, &note, target, MANY)
    {
        return outcome;
    }
    let bytes = complete(worker, directory, target, now)?;
    let note = Sidecar::of(target, directory.url).ok_or_else(|| Failure::other("its note cannot be read"))?;
    // Whatever came after the archive was made, however much.
    match increment(worker, directory, &note, target, usize::MAX) {
        Some(Ok(more)) => Ok(Some(bytes + more.unwrap_or_default())),
        Some(Err(failure)) => Err(failure),
        None => Ok(Some(bytes)),
    }
}

fn complete(
    worker: &mut Worker<'_>,
    directory: Directory,
    target: &Path,
    now: Timestamp,
) -> Result<u64, Failure> {
    let url = match directory.archive {
        Some(url) => url.to_owned(),
        None => {
            let name = worker.text(&format!("{}archive_latest.txt", directory.url), Kind::Text, 4096)?;
            let name = name.trim();
            if !changes::is_plain_path(name) || name.contains('/') {
                return Err(Failure::other("archive_latest.txt names no archive"));
            }
            format!("{}{name}", directory.url)
        }
    };
    let kind = match url.rsplit('.').next() {
        Some("zst") => Kind::Zstd,
        Some("bz2") => Kind::Bzip2,
        Some("xz") => Kind::Xz,
        Some("gz") => Kind::Gzip,
        _ => return Err(Failure::Other(format!("{url} is in no form that can be unpacked"))),
    };
    let checksum = worker.published_checksum(&url)?;
    let request = Request::new(&url, kind, 4096 * MIB);
    let (mut part, bytes, validators) =
        worker.part(request, target)?.ok_or_else(|| Failure::other("the server sent no body"))?;
    if let Some(checksum) = &checksum {
        checksum.check_file(&part.0).map_err(Failure::Other)?;
    }
    if kind != Kind::Zstd {
        let packed = Part::merged(target);
        merge::tar(&part.0, &Changed::default(), "", &packed.0).map_err(Failure::Other)?;
        part = packed;
    }
    let made = date_in_name(&url)
        .or_else(|| http_date(validators.last_modified.as_deref()?))
        .unwrap_or(Timestamp(now.0 - 7 * DAY));
    let progress = Progress { watermark: Timestamp(made.0 - OVERLAP), complete: now, ..Progress::default() };
    let note = Sidecar {
        validators,
        revision: url.rsplit('/').next().map(str::to_owned),
        progress: Some(progress),
        ..Sidecar::new(directory.url)
    };
    part.place(target, &note)?;
    Ok(bytes)
}

/// What has changed; `None` if that is more than `many`.
fn increment(
    worker: &mut Worker<'_>,
    directory: Directory,
    note: &Sidecar,
    target: &Path,
    many: usize,
) -> Option<Result<Option<u64>, Failure>> {
    let before = note.progress.as_ref()?;
    let list = format!("{}changes.csv", directory.url);
    let page = match worker.page(Request::new(&list, Kind::Text, 64 * MIB).known(&before.list)) {
        Ok(Some(page)) => page,
        Ok(None) => return Some(Ok(None)),
        Err(failure) => return Some(Err(failure)),
    };
    let now = worker.client.clock.now();
    let listed = changes::parse(&page.text(), Form::PathFirst);
    let news = changes::news(&listed, before, now);
    if news.len() > many {
        return None;
    }
    let gone = match deletions(worker, directory, before, &listed, now) {
        Ok(gone) => gone,
        Err(failure) => return Some(Err(failure)),
    };
    let url = |change: &Change| format!("{}{}", directory.url, change.path);
    let mut collected = collect(worker, &news, &Documents { url: &url, limit: 64 * MIB, checksums: true });
    collected.changed.drop.extend(gone);
    let progress = if collected.is_complete() {
        changes::caught_up(&listed, before, now, OVERLAP, page.validators)
    } else {
        changes::part_way(before, &collected.done)
    };
    let note = Sidecar { progress: Some(progress), ..note.clone() };
    Some(take_in(directory, &collected.changed, target, &note).and_then(|()| collected.outcome()))
}

/// Documents that were taken away since, and did not come back.
fn deletions(
    worker: &mut Worker<'_>,
    directory: Directory,
    before: &Progress,
    listed: &[Change],
    now: Timestamp,
) -> Result<BTreeSet<String>, Failure> {
    let list = format!("{}deletions.csv", directory.url);
    let text = match worker.text(&list, Kind::Text, 64 * MIB) {
        Ok(text) => text,
        Err(Failure::Missing) => return Ok(BTreeSet::new()),
        Err(failure) => return Err(failure),
    };
    let present: BTreeSet<&str> = listed.iter().map(|change| change.path.as_str()).collect();
    let gone = changes::parse(&text, Form::PathFirst);
    let gone = changes::news(&gone, before, now);
    let away = gone.iter().filter(|change| !present.contains(change.path.as_str()));
    Ok(away.map(|change| change.path.clone()).collect())
}

fn take_in(directory: Directory, changed: &Changed, target: &Path, note: &Sidecar) -> Result<(), Failure> {
    if changed.put.is_empty() && changed.drop.is_empty() {
        return note.write(target).map_err(Failure::other);
    }
    let part = Part(part_path(target));
    merge::tar(target, changed, directory.prefix, &part.0).map_err(Failure::Other)?;
    part.place(target, note)
}

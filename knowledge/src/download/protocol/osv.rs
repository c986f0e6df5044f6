//! OSV's bucket: `all.zip` of an ecosystem once, then the records that `modified_id.csv` lists as changed.
//!
//! A record that is taken away disappears from the list without a trace, so everything is fetched anew once a week.

use std::path::Path;

use model::Timestamp;

use super::{DAY, HOUR, MIB};
use crate::bundle::write::part_path;
use crate::download::changes::{self, Form};
use crate::download::client::Request;
use crate::download::collect::{Documents, collect};
use crate::download::kind::Kind;
use crate::download::merge::{self, Changed};
use crate::download::retry::{Failure, http_date};
use crate::download::sidecar::{Progress, Sidecar};
use crate::download::worker::{Part, Worker};

pub(in crate::download) const BUCKET: &str = "https://osv-vulnerabilities.storage.googleapis.com/";

/// Changed records above which the whole archive is cheaper.
const MANY: usize = 1000;
const COMPLETE_EVERY: i64 = 7 * DAY;
/// A record can be listed a little after its own time, and the archive is made at another moment than the list.
const OVERLAP: i64 = HOUR;

pub(in crate::download) fn run(worker: &mut Worker<'_>, ecosystem: &str) {
    let url = format!("{BUCKET}{ecosystem}/all.zip");
    let path = format!("osv/{ecosystem}/all.zip");
    let target = worker.into.join(&path);
    let outcome = update(worker, ecosystem, &url, &target);
    worker.note(&path, &url, outcome);
}

fn update(
    worker: &mut Worker<'_>,
    ecosystem: &str,
    url: &str,
    target: &Path,
) -> Result<Option<u64>, Failure> {
    let now = worker.client.clock.now();
    let known = Sidecar::of(target, url);
    if let Some(note) = &known
        && let Some(progress) = note.progress.as_ref().filter(|p| now.0 - p.complete.0 < COMPLETE_EVERY)
        && let Some(outcome) = increment(worker, ecosystem, note, progress, target)
    {
        return outcome;
    }
    complete(worker, url, known, target, now)
}

/// Everything, unless the archive is still the one that was fetched last.
fn complete(
    worker: &mut Worker<'_>,
    url: &str,
    known: Option<Sidecar>,
    target: &Path,
    now: Timestamp,
) -> Result<Option<u64>, Failure> {
    let mut known = known.unwrap_or_default();
    let request = Request::new(url, Kind::Zip, 4096 * MIB);
    let request = if known.progress.is_some() { request.known(&known.validators) } else { request };
    let Some((part, bytes, validators)) = worker.part(request, target)? else {
        if let Some(progress) = &mut known.progress {
            progress.complete = now;
        }
        known.write(target).map_err(Failure::other)?;
        return Ok(None);
    };
    let made = validators.last_modified.as_deref().and_then(http_date).unwrap_or(Timestamp(now.0 - DAY));
    let progress = Progress { watermark: Timestamp(made.0 - OVERLAP), complete: now, ..Progress::default() };
    let note = Sidecar { validators, progress: Some(progress), ..Sidecar::new(url) };
    part.place(target, &note)?;
    Ok(Some(bytes))
}

/// What has changed; `None` if that is too much.
fn increment(
    worker: &mut Worker<'_>,
    ecosystem: &str,
    note: &Sidecar,
    progress: &Progress,
    target: &Path,
) -> Option<Result<Option<u64>, Failure>> {
    let list = format!("{BUCKET}{ecosystem}/modified_id.csv");
    let request = Request::new(&list, Kind::Text, 256 * MIB).known(&progress.list);
    let page = match worker
        .page_until(request, |bytes| changes::reaches(bytes, Form::TimeFirst, progress.watermark))
    {
        Ok(Some(page)) => page,
        Ok(None) => return Some(Ok(None)),
        // Without a list there is still the archive.
        Err(Failure::Missing) => return None,
        Err(failure) => return Some(Err(failure)),
    };
    let now = worker.client.clock.now();
    let mut listed = changes::parse(&page.text(), Form::TimeFirst);
    listed.retain(|change| !change.path.contains('/'));
    for change in &mut listed {
        change.path.push_str(".json");
    }
    let news = changes::news(&listed, progress, now);
    if news.len() > MANY {
        return None;
    }
    let url = |change: &changes::Change| format!("{BUCKET}{ecosystem}/{}", change.path);
    let collected = collect(worker, &news, &Documents { url: &url, limit: 32 * MIB, checksums: false });
    let progress = if collected.is_complete() {
        changes::caught_up(&listed, progress, now, OVERLAP, page.validators)
    } else {
        changes::part_way(progress, &collected.done)
    };
    let note = Sidecar { progress: Some(progress), ..note.clone() };
    Some(take_in(&collected.changed, target, &note).and_then(|()| collected.outcome()))
}

/// Merges changed records into a zip file and writes its note.
pub(super) fn take_in(changed: &Changed, target: &Path, note: &Sidecar) -> Result<(), Failure> {
    if changed.put.is_empty() && changed.drop.is_empty() {
        return note.write(target).map_err(Failure::other);
    }
    let part = Part(part_path(target));
    merge::zip(target, changed, "", &part.0).map_err(Failure::Other)?;
    part.place(target, note)
}

//! The CVE Program's list: the archive of a day once, then the records that `deltaLog.json` names.
//!
//! Archives are assets of releases; the asset is a zip file that holds one zip file.

use std::fs::File;
use std::path::Path;

use model::Timestamp;
use serde::Deserialize;

use super::osv::take_in;
use super::{DAY, HOUR, MIB};
use crate::download::changes::{self, Change};
use crate::download::client::Request;
use crate::download::collect::{Documents, collect};
use crate::download::kind::Kind;
use crate::download::place::Checksum;
use crate::download::retry::Failure;
use crate::download::sidecar::{Progress, Sidecar};
use crate::download::worker::{Part, Worker};
use crate::input::date_in_name;

const RELEASE: &str = "https://api.github.com/repos/CVEProject/cvelistV5/releases/latest";
pub(in crate::download) const RAW: &str = "https://raw.githubusercontent.com/CVEProject/cvelistV5/main/";
const PATH: &str = "cvelist/cvelistV5.zip";

/// Changed records above which the archive of the day is cheaper.
const MANY: usize = 2000;
const COMPLETE_EVERY: i64 = 30 * DAY;
const OVERLAP: i64 = HOUR;
/// The inner archive, unpacked from the outer one.
const INNER: u64 = 8192 * MIB;

#[derive(Deserialize)]
struct Release {
    assets: Vec<Asset>,
}

#[derive(Deserialize)]
struct Asset {
    name: String,
    browser_download_url: String,
    #[serde(default)]
    digest: Option<String>,
}

/// One fetch of the publisher, newest first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta {
    fetch_time: String,
    #[serde(default)]
    new: Vec<Named>,
    #[serde(default)]
    updated: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    cve_id: String,
}

pub(in crate::download) fn run(worker: &mut Worker<'_>) {
    let target = worker.into.join(PATH);
    let outcome = update(worker, &target);
    worker.note(PATH, RELEASE, outcome);
}

fn update(worker: &mut Worker<'_>, target: &Path) -> Result<Option<u64>, Failure> {
    let now = worker.client.clock.now();
    if let Some(note) = Sidecar::of(target, RELEASE)
        && let Some(progress) = note.progress.as_ref().filter(|p| now.0 - p.complete.0 < COMPLETE_EVERY)
        && let Some(outcome) = increment(worker, &note, progress, target)
    {
        return outcome;
    }
    complete(worker, target, now).map(Some)
}

fn complete(worker: &mut Worker<'_>, target: &Path, now: Timestamp) -> Result<u64, Failure> {
    let release = worker.text(RELEASE, Kind::Json, 4 * MIB)?;
    let release: Release = serde_json::from_str(&release).map_err(Failure::other)?;
    let asset = release.assets.iter().find(|asset| asset.name.contains("_all_CVEs_at_midnight.zip"));
    let asset = asset.ok_or_else(|| Failure::other("the release has no archive of all records"))?;
    if !asset.browser_download_url.starts_with("https://github.com/") {
        return Err(Failure::other("the archive of all records lies elsewhere"));
    }
    let request = Request::new(&asset.browser_download_url, Kind::Zip, INNER);
    let (outer, bytes, validators) =
        worker.part(request, target)?.ok_or_else(|| Failure::other("the server sent no body"))?;
    if let Some(checksum) =
        asset.digest.as_deref().and_then(|text| Checksum::parse(text.strip_prefix("sha256:")?))
    {
        checksum.check_file(&outer.0).map_err(Failure::Other)?;
    }
    let part = match inner(&outer.0, target).map_err(Failure::Other)? {
        Some(inner) => inner,
        None => outer,
    };
    let made = date_in_name(&asset.name)
        .or_else(|| asset.name.get(..10).and_then(Timestamp::parse))
        .unwrap_or(Timestamp(now.0 - DAY));
    let progress = Progress { watermark: Timestamp(made.0 - OVERLAP), complete: now, ..Progress::default() };
    let note = Sidecar {
        validators,
        revision: Some(asset.name.clone()),
        progress: Some(progress),
        ..Sidecar::new(RELEASE)
    };
    part.place(target, &note)?;
    Ok(bytes)
}

/// The archive inside of an archive that holds nothing else.
fn inner(outer: &Path, target: &Path) -> Result<Option<Part>, String> {
    let text = |error: std::io::Error| error.to_string();
    let file = File::open(outer).map_err(text)?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| error.to_string())?;
    if archive.len() != 1 {
        return Ok(None);
    }
    let member = archive.by_index(0).map_err(|error| error.to_string())?;
    if !member.name().is_ok_and(|name| name.ends_with(".zip")) {
        return Ok(None);
    }
    let part = Part::merged(target);
    let mut out = File::create(&part.0).map_err(text)?;
    let bytes = std::io::copy(&mut std::io::Read::take(member, INNER), &mut out).map_err(text)?;
    if bytes == INNER {
        return Err(format!("the archive inside holds {INNER} bytes or more"));
    }
    Kind::Zip.is_whole(&part.0)?;
    Ok(Some(part))
}

/// What has changed; `None` if that is too much, or longer ago than the log goes.
fn increment(
    worker: &mut Worker<'_>,
    note: &Sidecar,
    progress: &Progress,
    target: &Path,
) -> Option<Result<Option<u64>, Failure>> {
    let log = format!("{RAW}cves/deltaLog.json");
    let page = match worker.page(Request::new(&log, Kind::Json, 256 * MIB).known(&progress.list)) {
        Ok(Some(page)) => page,
        Ok(None) => return Some(Ok(None)),
        Err(failure) => return Some(Err(failure)),
    };
    let deltas: Vec<Delta> = match serde_json::from_slice(&page.bytes) {
        Ok(deltas) => deltas,
        Err(error) => return Some(Err(Failure::Other(format!("{log} cannot be read: {error}")))),
    };
    let oldest = deltas.iter().filter_map(|delta| Timestamp::parse(&delta.fetch_time)).min();
    if oldest.is_none_or(|oldest| oldest > progress.watermark) {
        return None;
    }
    let listed = listed(&deltas);
    let now = worker.client.clock.now();
    let news = changes::news(&listed, progress, now);
    if news.len() > MANY {
        return None;
    }
    let url = |change: &Change| format!("{RAW}{}", change.path);
    let collected = collect(worker, &news, &Documents { url: &url, limit: 32 * MIB, checksums: false });
    let progress = if collected.is_complete() {
        changes::caught_up(&listed, progress, now, OVERLAP, page.validators)
    } else {
        changes::part_way(progress, &collected.done)
    };
    let note = Sidecar { progress: Some(progress), ..note.clone() };
    Some(take_in(&collected.changed, target, &note).and_then(|()| collected.outcome()))
}

fn listed(deltas: &[Delta]) -> Vec<Change> {
    let mut changes = Vec::new();
    for delta in deltas {
        for Named { cve_id } in delta.new.iter().chain(&delta.updated) {
            if let Some(path) = path_of(cve_id) {
                let line = format!("{},{cve_id}", delta.fetch_time);
                changes.push(Change { line, time: Timestamp::parse(&delta.fetch_time), path });
            }
        }
    }
    changes
}

/// Where the list keeps a record: `cves/2024/12xxx/CVE-2024-12345.json`.
fn path_of(id: &str) -> Option<String> {
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || !digits(year) || !(4..=19).contains(&number.len()) || !digits(number) {
        return None;
    }
    let thousands: u64 = number.parse::<u64>().ok()? / 1000;
    Some(format!("cves/{year}/{thousands}xxx/{id}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_lie_by_year_and_thousand() {
        assert_eq!(path_of("CVE-2024-12345").unwrap(), "cves/2024/12xxx/CVE-2024-12345.json");
        assert_eq!(path_of("CVE-1999-0001").unwrap(), "cves/1999/0xxx/CVE-1999-0001.json");
        for id in ["CVE-2024-../x", "GHSA-x", "CVE-24-1234", "CVE-2024-1", ""] {
            assert_eq!(path_of(id), None, "{id}");
        }
    }
}

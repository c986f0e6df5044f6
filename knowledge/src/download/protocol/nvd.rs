//! NVD: the yearly feeds once, each with its `.meta` checksum, then what the API lists as modified, in windows of at most 120 days.
//!
//! The yearly feeds are made anew every day, nearly all of them; the API costs one request where they would cost 150 MB.
//! (<https://nvd.nist.gov/developers/vulnerabilities>, <https://nvd.nist.gov/vuln/data-feeds>)

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use model::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{DAY, HOUR, MIB, nvd_merge};
use crate::bundle::write::part_path;
use crate::download::client::Request;
use crate::download::kind::Kind;
use crate::download::place::Checksum;
use crate::download::retry::Failure;
use crate::download::sidecar::{Progress, Sidecar};
use crate::download::worker::{Part, Worker};
use crate::input::{LIMITS, open_decompressed};

const FEEDS: &str = "https://nvd.nist.gov/feeds/json/cve/2.0/";
pub(in crate::download) const API: &str = "https://services.nvd.nist.gov/rest/json/cves/2.0";
/// The yearly feeds begin here; it holds the years before it too.
const FIRST_YEAR: i16 = 2002;
/// The API takes no longer window.
const WINDOW: i64 = 120 * DAY;
const PAGE: u64 = 2000;
/// Pages of one run above which the yearly feeds are cheaper.
const MANY: u64 = 40;
/// The yearly feeds are made once a day.
const FEED_AGE: i64 = 2 * DAY;
const OVERLAP: i64 = HOUR;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiPage<'p> {
    total_results: u64,
    #[serde(borrow)]
    vulnerabilities: Vec<&'p RawValue>,
}

/// Changed records by the year of their feed, then by id.
type Changed = BTreeMap<i16, BTreeMap<String, String>>;

/// Runs it; `keyed` says whether requests carry a key, which allows ten times as many.
pub(in crate::download) fn run(worker: &mut Worker<'_>, keyed: bool) {
    let marker = worker.into.join("nvd/api");
    let now = worker.client.clock.now();
    let last = last_year(now);
    let whole = (FIRST_YEAR..last).all(|year| worker.into.join(feed_path(year)).is_file());
    let known = Sidecar::read(&marker).and_then(|note| note.progress);
    let known = known.filter(|progress| whole && now.0 - progress.watermark.0 < WINDOW - DAY);
    let progress = match known {
        Some(progress) => progress,
        None => match yearly(worker, now, last) {
            Some(progress) => progress,
            None => return,
        },
    };
    let wait = Duration::from_millis(if keyed { 600 } else { 6000 });
    match modified(worker, progress.watermark, now, wait) {
        Ok(Some((changed, bytes))) => {
            worker.note("nvd/api", API, Ok(Some(bytes)));
            if take_in_all(worker, changed) {
                write_marker(worker, &marker, Progress { watermark: Timestamp(now.0 - OVERLAP), ..progress });
            }
        }
        Ok(None) => {
            if let Some(progress) = yearly(worker, now, last) {
                write_marker(worker, &marker, progress);
            }
        }
        Err(failure) => {
            worker.note("nvd/api", API, Err(failure));
            // The yearly feeds are there all the same, and need not be looked at again.
            write_marker(worker, &marker, progress);
        }
    }
}

fn write_marker(worker: &mut Worker<'_>, marker: &Path, progress: Progress) {
    let note = Sidecar { progress: Some(progress), ..Sidecar::new(API) };
    if let Err(error) = note.write(marker) {
        worker.note("nvd/api", API, Err(Failure::other(error)));
    }
}

fn feed_path(year: i16) -> String {
    format!("nvd/nvdcve-2.0-{year}.json.gz")
}

fn last_year(now: Timestamp) -> i16 {
    now.to_rfc3339().get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026)
}

/// Brings every yearly feed up to date; `None` if one of them could not be.
fn yearly(worker: &mut Worker<'_>, now: Timestamp, last: i16) -> Option<Progress> {
    let mut all = true;
    for year in FIRST_YEAR..=last {
        let path = feed_path(year);
        let url = format!("{FEEDS}nvdcve-2.0-{year}.json.gz");
        let outcome = match feed(worker, year, &url, &path) {
            // A new year has no feed until its first record.
            Err(Failure::Missing) if year == last => continue,
            outcome => outcome,
        };
        all &= outcome.is_ok();
        let unreachable = matches!(outcome, Err(Failure::Unreachable(_)));
        worker.note(&path, &url, outcome);
        if unreachable {
            return None;
        }
    }
    all.then(|| Progress { watermark: Timestamp(now.0 - FEED_AGE), complete: now, ..Progress::default() })
}

fn feed(worker: &mut Worker<'_>, year: i16, url: &str, path: &str) -> Result<Option<u64>, Failure> {
    let target = worker.into.join(path);
    let meta = format!("{FEEDS}nvdcve-2.0-{year}.meta");
    let mut reason = String::new();
    // The feed can be made anew between the two requests, so a difference is looked at twice.
    for _ in 0..2 {
        let checksum = checksum(&worker.text(&meta, Kind::Text, 4096)?)
            .ok_or_else(|| Failure::other("its .meta file holds no checksum"))?;
        let known = Sidecar::of(&target, url).and_then(|note| note.revision);
        if known.as_deref() == Some(checksum.text()) {
            return Ok(None);
        }
        let request = Request::new(url, Kind::Gzip, 256 * MIB);
        let (part, bytes, validators) =
            worker.part(request, &target)?.ok_or_else(|| Failure::other("the server sent no body"))?;
        let unpacked = open_decompressed(&part.0).map_err(Failure::Other)?;
        match checksum.check(unpacked.take(LIMITS.document)) {
            Ok(()) => {
                let revision = Some(checksum.text().to_owned());
                part.place(&target, &Sidecar { validators, revision, ..Sidecar::new(url) })?;
                return Ok(Some(bytes));
            }
            Err(difference) => reason = difference,
        }
    }
    Err(Failure::Other(reason))
}

/// The checksum of the unpacked feed in a `.meta` file.
fn checksum(meta: &str) -> Option<Checksum> {
    meta.lines().find_map(|line| Checksum::parse(line.trim().strip_prefix("sha256:")?))
}

/// Every record that was modified since, by the year of its feed, with the bytes that it cost; `None` if there are too many.
fn modified(
    worker: &mut Worker<'_>,
    since: Timestamp,
    now: Timestamp,
    wait: Duration,
) -> Result<Option<(Changed, u64)>, Failure> {
    let mut changed = Changed::new();
    let (mut bytes, mut pages, mut from) = (0, 0, since.0);
    while from < now.0 {
        let to = now.0.min(from + WINDOW - HOUR);
        let (mut start, mut total) = (0, 1);
        while start < total {
            if pages > 0 {
                worker.client.clock.sleep(wait);
            }
            pages += 1;
            let url = format!(
                "{API}?lastModStartDate={}&lastModEndDate={}&startIndex={start}&resultsPerPage={PAGE}",
                Timestamp(from).to_rfc3339(),
                Timestamp(to).to_rfc3339()
            );
            let text = worker.text(&url, Kind::Json, 256 * MIB)?;
            bytes += text.len() as u64;
            let page: ApiPage<'_> = serde_json::from_str(&text)
                .map_err(|error| Failure::Other(format!("a page of the API cannot be read: {error}")))?;
            if page.total_results / PAGE > MANY {
                return Ok(None);
            }
            if page.vulnerabilities.is_empty() && start < page.total_results {
                return Err(Failure::Other(format!(
                    "the API gave {start} of {} records",
                    page.total_results
                )));
            }
            start += page.vulnerabilities.len() as u64;
            total = page.total_results;
            for record in page.vulnerabilities {
                let Some(id) = nvd_merge::id(record.get()) else { continue };
                let Some(year) = year_of(&id) else { continue };
                changed.entry(year).or_default().insert(id, record.get().to_owned());
            }
        }
        from = to;
    }
    Ok(Some((changed, bytes)))
}

/// The yearly feed that a CVE is in.
fn year_of(id: &str) -> Option<i16> {
    let year: i16 = id.strip_prefix("CVE-")?.get(..4)?.parse().ok()?;
    (1999..3000).contains(&year).then_some(year.max(FIRST_YEAR))
}

/// Merges changed records into their yearly feeds; whether all of it could be.
fn take_in_all(worker: &mut Worker<'_>, changed: Changed) -> bool {
    let mut all = true;
    for (year, records) in changed {
        let path = feed_path(year);
        let target = worker.into.join(&path);
        if let Err(failure) = take_in(&target, year, &records) {
            all = false;
            worker.note(&path, API, Err(failure));
        }
    }
    all
}

fn take_in(target: &Path, year: i16, records: &BTreeMap<String, String>) -> Result<(), Failure> {
    let url = format!("{FEEDS}nvdcve-2.0-{year}.json.gz");
    let note = Sidecar::of(target, &url).unwrap_or_else(|| Sidecar::new(&url));
    let part = Part(part_path(target));
    if nvd_merge::merge(target, records, &part.0).map_err(Failure::Other)? {
        part.place(target, &note)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_files_give_a_checksum_and_ids_a_year() {
        let sum = "AB".repeat(32);
        let meta = format!("lastModifiedDate:2026-11-22T03:00:00-05:00\r\nsize:1\r\nsha256:{sum}\r\n");
        assert_eq!(checksum(&meta), Some(Checksum::Sha256(sum.to_lowercase())));
        assert_eq!(checksum("sha256:\n"), None);
        assert_eq!(year_of("CVE-1999-0001"), Some(2002));
        assert_eq!(year_of("CVE-2024-0001"), Some(2024));
        assert_eq!(year_of("GHSA-x"), None);
    }
}

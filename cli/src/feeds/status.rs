//! `plimsoll feeds status`: where the data in force comes from, how old it is, and what came of the last download.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::Context as _;
use comfy_table::{Cell, CellAlignment, Table, presets};
use knowledge::{Bundle, DownloadOutcome, FeedAttempt, KnowledgeDir, Source};
use model::Timestamp;
use serde::Serialize;

use super::{DataArgs, signing};
use crate::output::printable;

/// Arguments of `plimsoll feeds status`.
#[derive(clap::Args)]
pub(crate) struct StatusArgs {
    /// The form of the output
    #[arg(long, value_enum, default_value_t = Form::Table)]
    format: Form,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Table,
    Json,
}

/// Everything that is known of the feeds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    /// The bundle in force; absent before the first one.
    bundle: Option<String>,
    /// Its length in bytes.
    size: Option<u64>,
    /// Who signed it, and whether that was checked.
    signature: Option<String>,
    feeds: Vec<FeedStatus>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FeedStatus {
    feed: String,
    /// Where it is downloaded from; absent for files that came another way.
    source: Option<&'static str>,
    files: Vec<String>,
    /// The newest date among its files.
    date: Option<String>,
    age_seconds: Option<u64>,
    records: u64,
    quarantined: u64,
    licence: String,
    last_download: Option<LastDownload>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LastDownload {
    at: String,
    age_seconds: u64,
    outcome: DownloadOutcome,
    bytes: u64,
    reasons: Vec<String>,
}

pub(crate) fn run(args: &StatusArgs) -> anyhow::Result<()> {
    let directory = KnowledgeDir::new(&args.data.data);
    let attempts = knowledge::download_attempts(&directory.feeds());
    let bundle = directory.current().map(|path| Bundle::open(&path)).transpose()?;
    if bundle.is_none() && attempts.is_empty() {
        return Err(anyhow::anyhow!(
            "load some with `plimsoll feeds import FOLDER` or `plimsoll feeds update`"
        ))
        .with_context(|| format!("no vulnerability data in {}", args.data.data.display()));
    }
    let sources = bundle.as_ref().map_or(&[][..], |bundle| &bundle.manifest().sources);
    let status = Status {
        bundle: bundle.as_ref().map(|bundle| bundle.id().to_string()),
        size: bundle.as_ref().map(Bundle::size),
        signature: bundle.as_ref().map(|_| signing::state(&directory)),
        feeds: feeds(sources, attempts, Timestamp::now()),
    };
    let mut out = std::io::stdout().lock();
    match args.format {
        Form::Json => {
            serde_json::to_writer_pretty(&mut out, &status)?;
            writeln!(out)?;
        }
        Form::Table => {
            match &status.bundle {
                Some(id) => {
                    writeln!(out, "bundle {id}")?;
                    let signature = status.signature.as_deref().unwrap_or_default();
                    writeln!(
                        out,
                        "{} bytes, signature: {}",
                        status.size.unwrap_or_default(),
                        printable(signature)
                    )?;
                }
                None => writeln!(out, "no bundle is in force yet")?,
            }
            writeln!(out, "{}", table(&status.feeds))?;
            // Below the table: reasons are long, and would widen a column for all feeds.
            for feed in &status.feeds {
                for reason in feed.last_download.iter().flat_map(|download| &download.reasons) {
                    writeln!(out, "{}: {}", feed.feed, printable(reason))?;
                }
            }
        }
    }
    Ok(())
}

/// The name of a feed that is downloaded, and its address.
type Place = (&'static str, &'static str);

/// One entry for each feed of the bundle and of its place of download, then one for each download that is in no bundle.
fn feeds(sources: &[Source], mut attempts: BTreeMap<String, FeedAttempt>, now: Timestamp) -> Vec<FeedStatus> {
    let mut groups: BTreeMap<(&str, Option<Place>), Vec<&Source>> = BTreeMap::new();
    for source in sources {
        let place = knowledge::feed_of_path(&source.path);
        groups.entry((&source.feed, place)).or_default().push(source);
    }
    let names = groups.keys().filter_map(|(_, place)| place.map(|(name, _)| name));
    let taken: Vec<&str> = names.filter(|name| attempts.contains_key(*name)).collect();
    let mut rows: Vec<FeedStatus> = groups
        .iter()
        .map(|((feed, place), sources)| {
            let date = sources.iter().filter_map(|source| source.date).max();
            let attempt = place.and_then(|(name, _)| attempts.get(name));
            FeedStatus {
                feed: (*feed).to_owned(),
                source: place.map(|(_, address)| address),
                files: sources.iter().map(|source| source.path.clone()).collect(),
                date: date.map(Timestamp::to_rfc3339),
                age_seconds: date.map(|date| age(date, now)),
                records: sources.iter().map(|source| source.records).sum(),
                quarantined: sources.iter().map(|source| source.quarantined).sum(),
                licence: sources.first().map(|source| source.licence.clone()).unwrap_or_default(),
                last_download: attempt.map(|attempt| last(attempt, now)),
            }
        })
        .collect();
    for name in taken {
        attempts.remove(name);
    }
    rows.extend(attempts.iter().map(|(name, attempt)| FeedStatus {
        feed: name.clone(),
        source: None,
        files: Vec::new(),
        date: None,
        age_seconds: None,
        records: 0,
        quarantined: 0,
        licence: String::new(),
        last_download: Some(last(attempt, now)),
    }));
    rows
}

fn last(attempt: &FeedAttempt, now: Timestamp) -> LastDownload {
    LastDownload {
        at: attempt.at.to_rfc3339(),
        age_seconds: age(attempt.at, now),
        outcome: attempt.outcome,
        bytes: attempt.bytes,
        reasons: attempt.reasons.clone(),
    }
}

fn age(date: Timestamp, now: Timestamp) -> u64 {
    u64::try_from((now.0 - date.0) / 1000).unwrap_or_default()
}

fn table(feeds: &[FeedStatus]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["feed", "age", "records", "quarantined", "last download", "source", "licence"]);
    for feed in feeds {
        let download = feed.last_download.as_ref().map_or_else(
            || "-".to_owned(),
            |download| {
                let outcome = match download.outcome {
                    DownloadOutcome::Updated => "updated",
                    DownloadOutcome::Unchanged => "unchanged",
                    DownloadOutcome::Partly => "partly failed",
                    DownloadOutcome::Failed => "failed",
                };
                format!("{outcome} {} ago", human(download.age_seconds))
            },
        );
        let source = feed.source.map(str::to_owned).or_else(|| feed.files.first().cloned());
        table.add_row([
            Cell::new(&feed.feed),
            Cell::new(feed.age_seconds.map_or_else(|| "-".to_owned(), human))
                .set_alignment(CellAlignment::Right),
            Cell::new(feed.records).set_alignment(CellAlignment::Right),
            Cell::new(feed.quarantined).set_alignment(CellAlignment::Right),
            Cell::new(download),
            Cell::new(printable(&source.unwrap_or_default()).to_string()),
            Cell::new(&feed.licence),
        ]);
    }
    table
}

/// A time as people say it: `40 s`, `12 min`, `3 h`, `2 d`.
fn human(seconds: u64) -> String {
    match seconds {
        0..=99 => format!("{seconds} s"),
        100..=5_999 => format!("{} min", seconds / 60),
        6_000..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_as_people_say_them() {
        let told: Vec<String> = [0, 99, 100, 3 * 3600, 47 * 3600, 2 * 86_400].map(human).to_vec();
        assert_eq!(told, ["0 s", "99 s", "1 min", "3 h", "47 h", "2 d"]);
    }

    #[test]
    fn files_of_a_feed_are_one_row_and_a_download_that_gave_nothing_is_shown_too() {
        let source = |feed: &str, path: &str, records, date: &str| Source {
            feed: feed.into(),
            path: path.into(),
            records,
            quarantined: 1,
            date: Timestamp::parse(date),
            licence: "MIT".into(),
        };
        let sources = [
            source("osv", "osv/PyPI/all.zip", 10, "2026-11-20"),
            source("osv", "osv/npm/all.zip", 20, "2026-11-21"),
            source("debian", "my/json", 5, "2026-11-01"),
        ];
        let attempt = |outcome| FeedAttempt {
            at: Timestamp::parse("2026-11-22").unwrap(),
            outcome,
            bytes: 7,
            reasons: vec![],
        };
        let attempts = BTreeMap::from([
            ("osv".to_owned(), attempt(DownloadOutcome::Updated)),
            ("kev".to_owned(), attempt(DownloadOutcome::Failed)),
        ]);
        let rows = feeds(&sources, attempts, Timestamp::parse("2026-11-22T03:00:00Z").unwrap());
        let short: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.feed.as_str(),
                    row.records,
                    row.age_seconds,
                    row.last_download.as_ref().map(|last| last.outcome),
                )
            })
            .collect();
        assert_eq!(
            short,
            [
                ("debian", 5, Some(21 * 86_400 + 3 * 3600), None),
                ("osv", 30, Some(27 * 3600), Some(DownloadOutcome::Updated)),
                ("kev", 0, None, Some(DownloadOutcome::Failed)),
            ]
        );
        assert_eq!((rows[0].source, rows[1].quarantined), (None, 2));
        let shown = table(&rows).to_string();
        assert!(shown.contains("updated 3 h ago") && shown.contains("failed 3 h ago"), "{shown}");
    }
}

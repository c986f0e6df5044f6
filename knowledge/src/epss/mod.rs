//! FIRST's exploit prediction scores (daily CSV, <https://www.first.org/epss/data_stats>): a comment line with
//! the date, a header line, then `cve,epss,percentile`.
//!
//! Columns are found by their names. A file without percentiles (before 2021-09) is refused, as severity depends on them.
//! Of files of several days the newest prediction of each CVE counts.

use std::collections::HashSet;

use model::Timestamp;
use model::advisory::Epss;

use crate::facts::parse_date;
use crate::input::{FeedFile, LIMITS, read_document};
use crate::qid::parse_cve;
use crate::record::FileHarvest;
use crate::registry::Recognised;

pub(crate) const FEED: &str = "epss";

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    Recognised::when(file.name.starts_with("epss_scores") && file.is("csv"))
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let text = read_document(&file.path, &LIMITS)?;
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let mut header = lines.next().ok_or("it is empty")?;
    while header.starts_with('#') {
        out.date = score_date(header).or(out.date);
        header = lines.next().ok_or("it has no header line")?;
    }
    out.date = out.date.or_else(|| file.date());
    let columns: Vec<&str> = header.split(',').map(str::trim).collect();
    let column = |name: &str| {
        columns.iter().position(|column| *column == name).ok_or_else(|| format!("it has no column `{name}`"))
    };
    let (cve, score, percentile) = (column("cve")?, column("epss")?, column("percentile")?);
    let last_year = out.date.map(year_after);
    let mut seen = HashSet::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let share = |index: usize| -> Option<f32> {
            cells.get(index)?.parse().ok().filter(|share| (0.0..=1.0).contains(share))
        };
        let id = cells.get(cve).copied().unwrap_or_default();
        match (parse_cve(id), share(score), share(percentile)) {
            (Some((year, _)), _, _) if last_year.is_some_and(|last| year > last) => {
                out.quarantine(line, "its year lies in the future of the file");
            }
            (Some(code), Some(score), Some(percentile)) if cells.len() == columns.len() => {
                if !seen.insert(code) {
                    out.quarantine(line, "it is listed twice");
                    continue;
                }
                out.records += 1;
                if out.wanted.contains(id) {
                    let date = out.date;
                    out.harvest.facts.predict(id, date, Epss { score, percentile });
                }
            }
            _ => out.quarantine(line, "it is not a CVE with two shares from 0 to 1"),
        }
    }
    Ok(())
}

/// The day in `#model_version:..,score_date:2026-08-16T00:00:00+0000`.
fn score_date(comment: &str) -> Option<Timestamp> {
    let (_, date) = comment.split_once("score_date:")?;
    parse_date(date.trim().get(..10)?, None)
}

/// The year after that of `date`: numbers are reserved for the coming year before it begins.
fn year_after(date: Timestamp) -> u32 {
    let year = date.to_rfc3339().get(..4).and_then(|year| year.parse::<u32>().ok());
    year.map_or(u32::MAX, |year| year + 1)
}

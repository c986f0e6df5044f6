//! FIRST's exploit prediction scores (daily CSV, <https://www.first.org/epss/data_stats>): a comment line with
//! the date, a header line, then `cve,epss,percentile`.
//!
//! Columns are found by their names. A file without percentiles (before 2021-09) is refused, as severity depends on them.

use model::Timestamp;
use model::advisory::Epss;

use crate::input::{FeedFile, LIMITS, read_document};
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
    for line in lines {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let share = |index: usize| -> Option<f32> {
            cells.get(index)?.parse().ok().filter(|share| (0.0..=1.0).contains(share))
        };
        match (cells.get(cve), share(score), share(percentile)) {
            (Some(id), Some(score), Some(percentile)) if id.starts_with("CVE-") => {
                out.records += 1;
                if out.wanted.contains(*id) {
                    out.harvest.epss.insert((*id).to_owned(), Epss { score, percentile });
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
    Timestamp::parse(date.trim().get(..10)?)
}

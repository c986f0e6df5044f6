//! CISA's catalogue of known exploited vulnerabilities, JSON and CSV
//! (<https://www.cisa.gov/known-exploited-vulnerabilities-catalog>): since when each is listed, until when it was due to be
//! mended, and whether ransomware uses it.
//!
//! A file is one version of the whole catalogue, and the newest version of all files counts. The CSV form does not say
//! when it was made; it is dated by its name or download, else by its newest entry.

use std::collections::{HashMap, HashSet};

use model::Timestamp;
use model::advisory::KnownExploited;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::csv::Rows;
use crate::facts::{Catalogue, is_cve, parse_date};
use crate::input::{FeedFile, LIMITS, read_document};
use crate::record::FileHarvest;
use crate::registry::Recognised;

pub(crate) const FEED: &str = "kev";

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(rename = "dateReleased", default)]
    released: Option<String>,
    #[serde(rename = "catalogVersion", default)]
    version: Option<String>,
    #[serde(borrow, deserialize_with = "crate::json::list")]
    vulnerabilities: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "cveID")]
    cve: String,
    #[serde(rename = "dateAdded", default)]
    added: Option<String>,
    #[serde(rename = "dueDate", default)]
    due: Option<String>,
    #[serde(rename = "knownRansomwareCampaignUse", default)]
    ransomware: Option<String>,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    if !file.name.starts_with("known_exploited_vulnerabilities") {
        return Recognised::No;
    }
    if file.name.contains("schema") {
        return Recognised::NotUsed("the schema is not needed".into());
    }
    Recognised::when(file.is("json") || file.is("csv"))
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let text = read_document(&file.path, &LIMITS)?;
    let mut reading = Reading::default();
    if file.is("csv") {
        out.date = file.date();
        read_rows(&text, &mut reading, out)?;
        out.date = out.date.or(reading.newest);
    } else {
        read_json(&text, file, &mut reading, out)?;
    }
    out.harvest.facts.catalogue(Catalogue { date: out.date, entries: reading.entries });
    Ok(())
}

/// The entries of one version.
#[derive(Default)]
struct Reading {
    entries: HashMap<String, KnownExploited>,
    seen: HashSet<String>,
    newest: Option<Timestamp>,
}

impl Reading {
    /// Keeps an entry. A date that cannot be is dropped and reported: that the flaw is exploited is the greater matter.
    fn add(&mut self, entry: Entry, out: &mut FileHarvest<'_>) {
        let id = entry.cve.trim();
        if !is_cve(id) {
            return out.quarantine(id, "it is no CVE");
        }
        if !self.seen.insert(id.to_owned()) {
            return out.quarantine(id, "it is listed twice");
        }
        out.records += 1;
        let added = entry.added.as_deref().and_then(|text| parse_date(text, out.date));
        if added.is_none() {
            let text = entry.added.unwrap_or_default();
            out.quarantine(id, format!("its date \"{text}\" is left out"));
        }
        self.newest = self.newest.max(added);
        if out.wanted.contains(id) {
            let due = entry.due.as_deref().and_then(|text| parse_date(text, None));
            let ransomware = entry.ransomware.is_some_and(|word| word.trim().eq_ignore_ascii_case("known"));
            self.entries.insert(id.to_owned(), KnownExploited { added, due, ransomware });
        }
    }
}

fn read_json(
    text: &str,
    file: &FeedFile,
    reading: &mut Reading,
    out: &mut FileHarvest<'_>,
) -> Result<(), String> {
    let document: Document<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    // the version is the day of the release, written `2025.08.25`
    let version = document.version.map(|version| version.replace('.', "-"));
    let released = document.released.as_deref().and_then(|text| parse_date(text, None));
    let version = version.as_deref().and_then(|text| parse_date(text, None));
    out.date = released.or(version).or_else(|| file.date());
    for raw in document.vulnerabilities {
        match serde_json::from_str::<Entry>(raw.get()) {
            Ok(entry) => reading.add(entry, out),
            Err(error) => out.quarantine(raw.get(), error),
        }
    }
    Ok(())
}

fn read_rows(text: &str, reading: &mut Reading, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let mut rows = Rows::new(text);
    let header = rows.next().and_then(Result::ok).ok_or("it has no header line")?;
    let column = |name: &str| header.iter().position(|column| column.trim() == name);
    let cve = column("cveID").ok_or("it has no column `cveID`")?;
    let (added, due, ransomware) =
        (column("dateAdded"), column("dueDate"), column("knownRansomwareCampaignUse"));
    while let Some(cells) = rows.next_like(&header, out) {
        let cell = |index: Option<usize>| index.and_then(|index| cells.get(index)).cloned();
        let entry = Entry {
            cve: cell(Some(cve)).unwrap_or_default(),
            added: cell(added),
            due: cell(due),
            ransomware: cell(ransomware),
        };
        reading.add(entry, out);
    }
    if rows.gave_up() { Err("too many of its rows are broken".into()) } else { Ok(()) }
}

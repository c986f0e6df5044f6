//! The lists of the security tracker's git (<https://salsa.debian.org/security-tracker-team/security-tracker>): `data/CVE/list`
//! and the advisories of `data/DSA/list`, `data/DLA/list` and `data/DTSA/list`, whole as an archive or one by one.
//!
//! What it is for: advisory ids and dates, and the fix state of releases and packages that the tracker's JSON does not speak
//! of. The JSON is made from these lists, so where it speaks, it outranks them.
//!
//! An advisory is a record of its own: its CVEs are its aliases, so that it is listed under each; one that names no CVE is a
//! vulnerability of its own. What `data/CVE/list` says of a CVE is the CVE's record.
//!
//! The decisions a reader may doubt: a line without a release speaks of unstable, and holds for every release that
//! `data/config.json` calls supported unless a line or an advisory speaks of that release; without the configuration or
//! the advisories, as in a list that lies alone, it is only taken for unstable. An entry that has no
//! number yet, where letters stand in its place, gets the name that the tracker gives it, so that it meets the JSON's record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use md5::{Digest as _, Md5};
use model::{Digest, FixState, Named, NamespaceFamily, Timestamp};
use serde::Deserialize;

use super::line::{Entry, Line, PackageLine, Remark, What, entries, parse_line};
use super::{Namespaces, TRACKER, urgency_severity};
use crate::input::{FeedFile, LIMITS, Limits, for_each_tar_member, read_document};
use crate::record::{FileHarvest, Record, Statement};
use crate::registry::Recognised;
use crate::text::{TITLE, is_id, is_name, is_version, one_line};

pub(crate) const FEED: &str = "debian-lists";

/// `data/CVE/list` alone had 45 MB in 2025.
const LIST_LIMITS: Limits = Limits { member: 512 << 20, members: 100_000, ..LIMITS };

/// The longest reason that is kept.
const NOTE: usize = 160;

/// Which list a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    Advisories,
    Cves,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let tar = file.is("tar") || file.is("tgz");
    let archive = tar && file.name.starts_with("security-tracker");
    Recognised::when(archive || list_of(file.folder(), &file.name).is_some())
}

fn list_of(folder: &str, name: &str) -> Option<List> {
    let kind = if name == "list" { folder.rsplit('/').next().unwrap_or(folder) } else { name };
    match kind {
        "DSA" | "DLA" | "DTSA" => Some(List::Advisories),
        "CVE" if name == "list" => Some(List::Cves),
        _ => None,
    }
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    out.date = file.date();
    let mut lists = Vec::new();
    let mut supported = Vec::new();
    match list_of(file.folder(), &file.name) {
        Some(list) => lists.push((list, read_document(&file.path, &LIST_LIMITS)?)),
        None => {
            let wanted = |path: &str| path.ends_with("data/config.json") || path.ends_with("/list");
            for_each_tar_member(&file.path, &LIST_LIMITS, out, wanted, |path, text, out| {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
                if name == "config.json" {
                    match supported_releases(text) {
                        Ok(releases) => supported = releases,
                        Err(error) => out.quarantine(path, error),
                    }
                } else if let Some(list) = list_of(folder, name) {
                    lists.push((list, text.to_owned()));
                }
            })?;
        }
    }
    // advisories first: what they say of a release takes the place of what holds for unstable
    lists.sort_by_key(|(list, _)| *list);
    let advisories_known = lists.iter().any(|(list, _)| *list == List::Advisories);
    let mut reader = Reader {
        namespaces: Namespaces::default(),
        supported: if advisories_known { supported } else { Vec::new() },
        advised: BTreeSet::new(),
        out,
    };
    for (list, text) in &lists {
        for entry in entries(text) {
            match list {
                List::Advisories => reader.advisory(&entry),
                List::Cves => reader.cve(&entry),
            }
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    distributions: BTreeMap<String, Distribution>,
}

#[derive(Deserialize)]
struct Distribution {
    /// `stable`, `oldstable` and so on; absent for releases that have ended or do not exist yet.
    #[serde(default)]
    release: Option<String>,
}

/// Code names of the releases for which the tracker tells the state, unstable left out.
fn supported_releases(text: &str) -> Result<Vec<String>, serde_json::Error> {
    let config: Config = serde_json::from_str(text)?;
    let supported = config.distributions.into_iter();
    Ok(supported.filter(|(name, it)| it.release.is_some() && name != "sid").map(|(name, _)| name).collect())
}

struct Reader<'o, 'h> {
    namespaces: Namespaces,
    /// Code names.
    supported: Vec<String>,
    /// CVE, package and code name of every line of an advisory.
    advised: BTreeSet<(String, String, String)>,
    out: &'o mut FileHarvest<'h>,
}

impl Reader<'_, '_> {
    /// `[29 Mar 2023] DSA-5380-1 xorg-server - security update`.
    fn advisory(&mut self, entry: &Entry<'_>) {
        let Some((date, id, title)) = advisory_head(entry.head) else {
            return self.out.quarantine(entry.head, "it does not begin with a date and an advisory");
        };
        let mut record = self.record(id, entry);
        record.published = date;
        for line in &entry.lines {
            match parse_line(line) {
                Line::References(ids) => {
                    record
                        .aliases
                        .extend(ids.filter(|id| id.starts_with("CVE-") && is_id(id)).map(str::to_owned));
                }
                Line::Package(line) => self.add(&mut record, &line, None, id),
                Line::Words => {}
                _ => self.out.quarantine(id, format_args!("its line `{line}` is not understood")),
            }
        }
        if record.aliases.is_empty() {
            record.summary = one_line(title, TITLE);
        }
        for line in entry.lines.iter().filter_map(|line| parse_line(line).package()) {
            let Some(release) = line.release else { continue };
            let key = |cve: &String| (cve.clone(), line.package.to_owned(), release.to_owned());
            self.advised.extend(record.aliases.iter().map(key));
        }
        self.keep(record);
    }

    /// `CVE-2023-5088 (A bug in QEMU …)`.
    fn cve(&mut self, entry: &Entry<'_>) {
        let (name, description) = entry.head.split_once(char::is_whitespace).unwrap_or((entry.head, ""));
        let description = plain(description.trim());
        if !name.starts_with("CVE-") {
            return self.out.quarantine(entry.head, "it does not begin with a CVE");
        }
        let lines: Vec<Line<'_>> = entry.lines.iter().map(|line| parse_line(line)).collect();
        let id = match has_number(name) {
            true => name.to_owned(),
            false => temporary_name(description, &lines),
        };
        let mut record = self.record(&id, entry);
        record.sentence = one_line(description, TITLE);
        let mut rejected = false;
        for (line, text) in lines.into_iter().zip(&entry.lines) {
            match line {
                Line::References(ids) => {
                    let advisory =
                        |id: &&str| ["DSA-", "DLA-", "DTSA-"].iter().any(|kind| id.starts_with(kind));
                    record.aliases.extend(ids.filter(|id| advisory(id) && is_id(id)).map(str::to_owned));
                }
                Line::Package(line) => self.package(&mut record, &line, entry, &id),
                Line::Rejected => rejected = true,
                Line::Words => {}
                Line::Unknown => {
                    self.out.quarantine(&id, format_args!("its line `{text}` is not understood"))
                }
            }
        }
        if rejected {
            record.statements.clear();
        }
        self.keep(record);
    }

    fn record(&self, id: &str, entry: &Entry<'_>) -> Record {
        let mut record = Record::new(NamespaceFamily::Debian, FEED, id.to_owned());
        record.digest = Some(Digest::of(entry.raw.as_bytes()));
        record.references.push(format!("{TRACKER}{id}"));
        record
    }

    /// Most entries of the list are not for Debian and say nothing.
    fn keep(&mut self, record: Record) {
        if !is_id(&record.id) {
            return self.out.quarantine(&record.id, "it is no identifier");
        }
        self.out.records += 1;
        if !record.statements.is_empty() {
            self.out.harvest.records.push(record);
        }
    }

    /// A line of a CVE with the releases for which it holds.
    fn package(&mut self, record: &mut Record, line: &PackageLine<'_>, entry: &Entry<'_>, id: &str) {
        if line.release.is_some() {
            let general = entry.lines.iter().filter_map(|line| parse_line(line).package());
            let general = general.filter(|other| other.release.is_none() && other.package == line.package);
            let urgency = general.filter_map(|line| Remark::of(line.remark).urgency).next();
            return self.add(record, line, urgency, id);
        }
        let quarantined = self.out.quarantined_count;
        self.add(record, line, None, id);
        if self.out.quarantined_count > quarantined {
            return;
        }
        let own: BTreeSet<&str> = entry
            .lines
            .iter()
            .filter_map(|other| parse_line(other).package())
            .filter(|other| other.package == line.package)
            .filter_map(|other| other.release)
            .collect();
        for release in self.supported.clone() {
            let key = (record.id.clone(), line.package.to_owned(), release.clone());
            if !own.contains(release.as_str()) && !self.advised.contains(&key) {
                self.add(record, &PackageLine { release: Some(&release), ..*line }, None, id);
            }
        }
    }

    /// Adds what a line says of its release; `urgency` is that of the package's line without a release.
    fn add(&mut self, record: &mut Record, line: &PackageLine<'_>, urgency: Option<&str>, id: &str) {
        let release = line.release.unwrap_or("sid");
        if release == "experimental" {
            return;
        }
        if !is_name(line.package) {
            return self.out.quarantine(id, format_args!("`{}` is no package name", line.package));
        }
        let namespace: Arc<str> = self.namespaces.of(release);
        let said = Statement::new(namespace, line.package.to_owned(), Named::Source);
        match state(said, line) {
            Ok(Some(mut statement)) => {
                let urgency = Remark::of(line.remark).urgency.or(urgency);
                statement.urgency = urgency.and_then(urgency_severity);
                record.statements.push(statement);
            }
            Ok(None) => {}
            Err(reason) => self.out.quarantine(&format!("{id} {} {release}", line.package), reason),
        }
    }
}

/// What a line says in our terms; `None` if it says nothing of a package that exists.
fn state(said: Statement, line: &PackageLine<'_>) -> Result<Option<Statement>, String> {
    let remark = line.remark.and_then(|remark| one_line(remark, NOTE));
    let noted = |statement: Statement| Some(Statement { note: remark.clone(), ..statement });
    Ok(match line.what {
        What::Version("0") => Some(said.not_affected()),
        What::Version(version) if is_version(version) => Some(said.fixed_in(version.to_owned())),
        What::Version(_) => return Err("its version is no version".into()),
        What::Unfixed | What::State("unfixed") => Some(said.affects_everything(FixState::Affected)),
        What::State("removed") => {
            let statement = said.affects_everything(FixState::Affected);
            Some(Statement { note: Some("Removed from unstable".to_owned()), ..statement })
        }
        What::State("not-affected") => noted(said.not_affected()),
        What::State("no-dsa") => noted(said.affects_everything(FixState::Affected)),
        What::State("ignored") => noted(said.affects_everything(FixState::WillNotFix)),
        What::State("postponed") => noted(said.affects_everything(FixState::FixDeferred)),
        What::State("end-of-life") => noted(said.affects_everything(FixState::EndOfLife)),
        What::State("undetermined") => Some(said.affects_everything(FixState::UnderInvestigation)),
        What::State("itp") => None,
        What::State(other) => return Err(format!("state `{other}` is not known")),
    })
}

/// Date, id and title of an advisory's first line.
fn advisory_head(head: &str) -> Option<(Option<Timestamp>, &str, &str)> {
    let (date, rest) = head.strip_prefix('[')?.split_once(']')?;
    let rest = rest.trim_start();
    let (id, title) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let known = ["DSA-", "DLA-", "DTSA-"].iter().any(|kind| id.starts_with(kind));
    (known && is_id(id)).then(|| (advisory_date(date), id, title.trim()))
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// `29 Mar 2023`, or `August 26th, 2005`.
fn advisory_date(text: &str) -> Option<Timestamp> {
    let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let [a, b, year] = words.as_slice() else { return None };
    let (day, month) = if a.starts_with(|c: char| c.is_ascii_digit()) { (a, b) } else { (b, a) };
    let day: u8 = day.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok()?;
    let month = month.get(..3)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|known| *known == month)? + 1;
    Timestamp::parse(&format!("{year}-{month:02}-{day:02}"))
}

/// A description without the brackets around it.
fn plain(description: &str) -> &str {
    let within = |open: char, close: char| description.strip_prefix(open)?.strip_suffix(close);
    within('(', ')').or_else(|| within('[', ']')).unwrap_or(description)
}

/// Whether a CVE has been given its number; until then the list writes letters for the digits.
fn has_number(cve: &str) -> bool {
    cve.rsplit('-')
        .next()
        .is_some_and(|number| !number.starts_with(|letter: char| letter.is_ascii_uppercase()))
}

/// The tracker's name for an entry without a number: the first bug that a package line names, and the beginning of the
/// MD5 of the description (`temp_bug_name` in the tracker's `bugs.py`).
fn temporary_name(description: &str, lines: &[Line<'_>]) -> String {
    let packages = lines.iter().filter_map(|line| match line {
        Line::Package(line) => Some(line),
        _ => None,
    });
    let bug = packages.filter_map(|line| Remark::of(line.remark).bug).next().unwrap_or(0);
    let digest = Md5::digest(description.as_bytes());
    format!("TEMP-{bug:07}-{:02X}{:02X}{:02X}", digest[0], digest[1], digest[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_both_forms() {
        assert_eq!(advisory_date("29 Mar 2023"), Timestamp::parse("2023-03-29"));
        assert_eq!(advisory_date("August 26th, 2005"), Timestamp::parse("2005-08-26"));
        assert_eq!(advisory_date("September 1st, 2005"), Timestamp::parse("2005-09-01"));
        assert_eq!(advisory_date("99 Mar 2023"), None);
        assert_eq!(advisory_date("soon"), None);
    }

    #[test]
    fn the_head_of_an_advisory_is_read_in_all_its_forms() {
        let head = |text| advisory_head(text).map(|(_, id, title)| (id, title));
        assert_eq!(
            head("[29 Mar 2023] DSA-5380-1 xorg-server - security update"),
            Some(("DSA-5380-1", "xorg-server - security update"))
        );
        assert_eq!(head("[01 Aug 2002] DSA-139 super - x"), Some(("DSA-139", "super - x")));
        assert_eq!(head("[26 Sep 2010] DSA-2114-1 git-core"), Some(("DSA-2114-1", "git-core")));
        assert_eq!(head("DSA-1 x"), None);
        assert_eq!(head("[x] CVE-1 x"), None);
    }
}

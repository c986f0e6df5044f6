//! One OSV record into ours: one for each family of namespaces that it speaks of.

use std::collections::HashMap;

use model::{Digest, NamespaceFamily, Severity, Timestamp};

use super::FEED;
use super::advisory;
use super::package::{Draft, Drafts};
use super::place::{self, Place};
use super::schema::{OsvRecord, OsvSeverity, words};
use crate::rating::rate_vector;
use crate::record::{FileHarvest, Rated, Rater, Record, Statement};
use crate::text::{TITLE, first_sentence, is_id, one_line};

/// References that are kept of one record.
const MAX_REFERENCES: usize = 16;
/// Weaknesses that are kept of one record.
const MAX_WEAKNESSES: usize = 16;
/// From this number on, npm and the Node.js Security Working Group counted each by themselves.
const OWN_NUMBERS: u16 = 388;
/// Years in which a record can have been written: the first advisories, and dates that are no typing error.
const YEARS: (&str, &str) = ("1985-01-01", "2100-01-01");

/// Which entries of a record are taken.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    /// Those of one database; a record's entries for others are left to those databases' own dumps.
    Database(String),
    Everything,
}

/// Reads records, and remembers what ecosystems' names mean.
pub(super) struct Reader {
    scope: Scope,
    places: HashMap<String, Option<Place>>,
    /// Entries about products that are no release of a distribution, such as OpenShift.
    pub(super) elsewhere: u64,
    /// Advisories of distributions that fix no vulnerability.
    pub(super) harmless: u64,
    /// The latest year that an id or a publication names.
    pub(super) year: Option<i16>,
}

impl Reader {
    pub(super) fn new(scope: Scope) -> Self {
        Self { scope, places: HashMap::new(), elsewhere: 0, harmless: 0, year: None }
    }

    /// Reads a record and adds it. Gives the time of its publication.
    pub(super) fn record(
        &mut self,
        text: &str,
        out: &mut FileHarvest<'_>,
    ) -> Result<Option<Timestamp>, String> {
        let mut osv: OsvRecord<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if !is_id(&osv.id) {
            return Err("it has no usable id".into());
        }
        out.records += 1;
        let published = date(osv.published.as_deref());
        self.year = self.year.max(year_of(&osv.id)).max(osv.published.as_deref().and_then(year));
        let withdrawn = osv.withdrawn.is_some();
        out.withdrawn += u64::from(withdrawn);
        let mut record = self.common(&osv, text, published);
        if withdrawn {
            let date = date(osv.withdrawn.as_deref()).or(record.modified).or(published);
            record.withdrawn = Some(date.unwrap_or_default());
        }
        let drafts = self.drafts(&mut osv, &mut record, out);
        let is_empty = drafts.is_empty();
        for (family, distribution, statements) in drafts.statements(&osv, &record.id) {
            let mut record = record.clone();
            record.family = family;
            record.statements = statements;
            if family == NamespaceFamily::Npm {
                record.aliases.extend(number_at_npm(&osv));
            }
            if distribution && !advisory::settle(&mut record, &osv) {
                self.harmless += 1;
                continue;
            }
            out.harvest.records.push(record);
        }
        if is_empty {
            self.keep_links(record, out);
        }
        Ok(published)
    }

    /// What is the same whatever the family.
    fn common(&self, osv: &OsvRecord<'_>, text: &str, published: Option<Timestamp>) -> Record {
        let mut record = Record::new(NamespaceFamily::Other, FEED, osv.id.clone());
        record.aliases = osv.aliases.iter().filter(|alias| is_id(alias)).cloned().collect();
        record.summary = osv.summary.as_deref().and_then(|text| one_line(text, TITLE));
        record.sentence = osv.details.as_deref().and_then(first_sentence);
        let word = osv.database_specific.severity.as_ref().and_then(serde_json::Value::as_str);
        record.rating = word.and_then(Severity::of_rating);
        record.cvss = rate_all(&osv.severity);
        record.published = published;
        record.modified = date(osv.modified.as_deref());
        let weaknesses = words(osv.database_specific.cwe_ids.as_ref());
        let weaknesses = weaknesses.filter(|id| id.starts_with("CWE-") && is_id(id));
        record.cwes = weaknesses.take(MAX_WEAKNESSES).map(str::to_owned).collect();
        let urls = osv.references.iter().filter_map(|reference| reference.url.as_ref());
        record.references = urls.filter(|url| url.len() <= 2048).take(MAX_REFERENCES).cloned().collect();
        record.digest = Some(Digest::of(text.as_bytes()));
        record
    }

    /// What the record says of each package that is in scope.
    fn drafts(&mut self, osv: &mut OsvRecord<'_>, record: &mut Record, out: &mut FileHarvest<'_>) -> Drafts {
        let mut drafts = Drafts::default();
        for affected in std::mem::take(&mut osv.affected) {
            record.cvss.extend(rate_all(&affected.severity));
            let Some(place) = affected.package.as_ref().and_then(|package| self.place(&package.ecosystem))
            else {
                continue;
            };
            match Draft::of(affected, place, osv) {
                Ok(Some((draft, unknown))) => {
                    if unknown {
                        out.quarantine(&record.id, "an event of an unknown kind is passed over");
                    }
                    if let Err(reason) = drafts.add(draft) {
                        out.quarantine(&record.id, reason);
                    }
                }
                Ok(None) => {}
                Err(reason) => out.quarantine(&record.id, reason),
            }
        }
        if record.id.starts_with("GHSA-") {
            for rated in &mut record.cvss {
                "ghsa".clone_into(&mut rated.cvss.source);
            }
        }
        if record.rating.is_none() {
            record.rating = drafts.rating(&record.id);
        }
        drafts
    }

    fn place(&mut self, ecosystem: &str) -> Option<Place> {
        let database = place::database(ecosystem);
        if let Scope::Database(wanted) = &self.scope
            && wanted != database
        {
            return None;
        }
        if let Some(known) = self.places.get(ecosystem) {
            self.elsewhere += u64::from(known.is_none());
            return known.clone();
        }
        let place = place::of(ecosystem);
        self.elsewhere += u64::from(place.is_none());
        // A dump has some hundred of them; whoever writes more does not want them remembered.
        if self.places.len() < 10_000 {
            self.places.insert(ecosystem.to_owned(), place.clone());
        }
        place
    }

    /// Keeps a language's record that says nothing about packages for the ids that it links.
    fn keep_links(&self, record: Record, out: &mut FileHarvest<'_>) {
        let Scope::Database(database) = &self.scope else { return };
        let Some(place) = place::of(database).filter(|place| !place.is_distribution()) else { return };
        if record.aliases.is_empty() {
            return;
        }
        let links = Record {
            aliases: record.aliases,
            published: record.published,
            withdrawn: record.withdrawn,
            digest: record.digest,
            ..Record::new(place.family, FEED, record.id)
        };
        out.harvest.records.push(links);
    }
}

/// The id that the Node.js Security Working Group gave a flaw, if the record links to exactly one of its pages: few of
/// those records name a CVE, so that nothing else tells that both are about one flaw.
fn number_at_npm(osv: &OsvRecord<'_>) -> Option<String> {
    let number = |url: &str| {
        let page = url.strip_prefix("https://")?.trim_start_matches("www.");
        let page = page.strip_prefix("npmjs.com").or_else(|| page.strip_prefix("nodesecurity.io"))?;
        let number = page.strip_prefix("/advisories/")?.trim_end_matches('/');
        number.parse::<u16>().ok().filter(|number| *number < OWN_NUMBERS)
    };
    let mut numbers = osv.references.iter().filter_map(|reference| number(reference.url.as_deref()?));
    let first = numbers.next()?;
    numbers.all(|other| other == first).then(|| format!("NSWG-ECO-{first}"))
}

fn rate_all(ratings: &[OsvSeverity]) -> Vec<Rated> {
    let vectors = ratings.iter().filter(|rating| rating.kind.starts_with("CVSS_V"));
    vectors.filter_map(|rating| rate_vector(&rating.score, Rater::Database)).collect()
}

/// A date that a record can have; publishers write the year 1 for "unknown".
fn date(text: Option<&str>) -> Option<Timestamp> {
    let text = text?;
    Timestamp::parse(text).filter(|_| (YEARS.0..YEARS.1).contains(&text))
}

/// The year of a date that a record can have.
fn year(text: &str) -> Option<i16> {
    date(Some(text)).and_then(|_| text.get(..4)?.parse().ok())
}

/// The year in an id such as `PYSEC-2024-115`.
fn year_of(id: &str) -> Option<i16> {
    // These count on and on, and have come to numbers that look like years.
    if ["DSA-", "DLA-", "USN-"].iter().any(|start| id.starts_with(start)) {
        return None;
    }
    let mut parts = id.split(['-', ':']).filter(|part| part.len() == 4);
    parts.find_map(|part| part.parse().ok().filter(|year| (1985..2100).contains(year)))
}

/// Statements of one record by family; whether the family is a distribution's.
pub(super) type ByFamily = Vec<(NamespaceFamily, bool, Vec<Statement>)>;

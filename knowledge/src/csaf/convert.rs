//! One document into records: one per vulnerability.
//!
//! A document about one CVE gives a record of that CVE. A document about an update gives a record of its own id for
//! each CVE that it names, because it says other things about each: which packages have it, and how grave it is.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::{Digest, FixState, Severity, Timestamp};

use super::merge::Positions;
use super::position::{Position, positions};
use super::rpm::{Rpm, rpm};
use super::schema::{CvssScore, Document, Head, Note, Reference, Text, Vulnerability};
use super::tree::Products;
use super::{LeftOut, Publisher};
use crate::rating::{rate_vector, rated};
use crate::record::{FileHarvest, Rated, Rater, Record};
use crate::text::{TITLE, first_sentence, is_id, one_line};

/// Vulnerabilities of one document; an update of the kernel has some thousand.
const MAX_VULNERABILITIES: usize = 20_000;
/// Notes and references of a document that are looked at for each of its vulnerabilities.
const MAX_LOOKED_AT: usize = 1000;
const MAX_REFERENCES: usize = 16;
const MAX_URL: usize = 2048;
const MAX_RATINGS: usize = 8;

/// How descriptions of rejected CVEs start.
const REJECTED: [&str; 4] = ["** reject", "[rejected", "rejected reason", "rejected cve"];

/// Reads documents; remembers what was left out of them.
#[derive(Default)]
pub(super) struct Reader {
    left_out: BTreeMap<LeftOut, u64>,
    namespaces: HashMap<String, Arc<str>>,
}

impl Reader {
    /// Reads one document. Gives the time of its last change.
    pub(super) fn read(
        &mut self,
        text: &str,
        publisher_of: fn(&str, &str) -> Option<&'static Publisher>,
        out: &mut FileHarvest<'_>,
    ) -> Result<Option<Timestamp>, String> {
        let document: Document<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let head = &document.document;
        let words = |text: &Option<Text<'_>>| text.as_deref().unwrap_or_default().to_owned();
        let (namespace, name) = (words(&head.publisher.namespace), words(&head.publisher.name));
        let publisher =
            publisher_of(&namespace, &name).ok_or_else(|| format!("its publisher `{name}` is not known"))?;
        if !is_id(&head.tracking.id) {
            return Err("it has no usable id".into());
        }
        let products = Products::of(&document.product_tree);
        let digest = Digest::of(text.as_bytes());
        let mut whole =
            DocumentReader { publisher, head, products: &products, digest, platforms: HashMap::new() };
        for (index, raw) in document.vulnerabilities.iter().enumerate() {
            if index == MAX_VULNERABILITIES {
                out.quarantine(
                    &head.tracking.id,
                    format_args!("it has more than {MAX_VULNERABILITIES} vulnerabilities"),
                );
                break;
            }
            match serde_json::from_str::<Vulnerability<'_>>(raw.get()) {
                Ok(vulnerability) => {
                    let record = whole.record(&vulnerability, self);
                    out.withdrawn += u64::from(record.withdrawn.is_some());
                    out.harvest.records.push(record);
                }
                Err(error) => {
                    out.quarantine(&format!("{} vulnerability {index}", &*head.tracking.id), error);
                }
            }
        }
        out.records += 1;
        Ok(date(head.tracking.current_release_date.as_ref()))
    }

    fn leave_out(&mut self, reason: LeftOut) {
        *self.left_out.entry(reason).or_default() += 1;
    }

    fn namespace(&mut self, name: String) -> Arc<str> {
        Arc::clone(self.namespaces.entry(name).or_insert_with_key(|name| Arc::from(name.as_str())))
    }

    /// Tells how much was left out, and why.
    pub(super) fn log(&self, file: &str) {
        for (reason, count) in &self.left_out {
            tracing::info!(file, count, "{file}: {count} positions are left out: {reason}");
        }
    }
}

/// A document that is being read.
struct DocumentReader<'d> {
    publisher: &'static Publisher,
    head: &'d Head<'d>,
    products: &'d Products<'d>,
    digest: Digest,
    /// Namespaces of a platform, by its id.
    platforms: HashMap<&'d str, Vec<Arc<str>>>,
}

impl<'d> DocumentReader<'d> {
    fn record(&mut self, vulnerability: &Vulnerability<'_>, reader: &mut Reader) -> Record {
        let id = &*self.head.tracking.id;
        let cve = vulnerability.cve.as_deref().filter(|cve| is_id(cve));
        let is_vex = id.starts_with("CVE-");
        let feed = if is_vex { self.publisher.vex } else { self.publisher.advisories };
        let mut record = Record::new(self.publisher.family, feed, id.to_owned());
        if is_vex {
            record.id = cve.unwrap_or(id).to_owned();
        } else {
            record.aliases.extend(cve.map(str::to_owned));
        }
        self.describe(&mut record, vulnerability, is_vex);
        record.statements = self.statements(vulnerability, reader);
        record
    }

    fn describe(&self, record: &mut Record, vulnerability: &Vulnerability<'_>, is_vex: bool) {
        let tracking = &self.head.tracking;
        // Titles that only repeat the id say nothing.
        let is_title = |title: &&Text<'_>| !title.ends_with(&record.id) && !title.starts_with("CVE-");
        let title = vulnerability.title.as_ref().or(self.head.title.as_ref().filter(|_| is_vex));
        record.summary = title.filter(is_title).and_then(|title| one_line(title, TITLE));
        let own = description(&vulnerability.notes);
        let description = own.or_else(|| description(&self.head.notes).filter(|_| is_vex));
        record.sentence = description.and_then(first_sentence);
        record.modified = date(tracking.current_release_date.as_ref());
        let initial = date(tracking.initial_release_date.as_ref());
        let released = date(vulnerability.release_date.as_ref()).filter(|_| is_vex);
        record.published = released.or(initial);
        let rejected = [description, title.map(|title| &**title)].into_iter().flatten().any(is_rejected);
        record.withdrawn = record.modified.or(record.published).or(Some(Timestamp(0))).filter(|_| rejected);
        record.cwes =
            vulnerability.cwe.iter().map(|cwe| cwe.id.to_string()).filter(|id| is_weakness(id)).collect();
        record.cvss = ratings(vulnerability, self.publisher.rater);
        record.references = self.references(record, vulnerability);
        record.digest = Some(self.digest);
    }

    /// The pages about the record and its CVE, then the updates that bring its fixes.
    fn references(&self, record: &Record, vulnerability: &Vulnerability<'_>) -> Vec<String> {
        let ids: Vec<&str> = std::iter::once(&record.id).chain(&record.aliases).map(String::as_str).collect();
        let pages = self.head.references.iter().take(MAX_LOOKED_AT).chain(&vulnerability.references);
        let is_own = |reference: &&Reference<'_>| {
            let names_it = ids.iter().any(|id| reference.url.trim_end_matches('/').ends_with(id));
            names_it || (&*reference.category == "self" && is_announcement(&reference.url))
        };
        let pages = pages.filter(is_own).map(|reference| &*reference.url);
        let updates = vulnerability.remediations.iter().filter_map(|remediation| remediation.url.as_deref());
        let mut urls: Vec<String> = Vec::new();
        for url in pages.chain(updates) {
            let is_page = !url.is_empty() && url.len() <= MAX_URL && !url.ends_with(".json");
            let is_known = |known: &String| known.trim_end_matches('/') == url.trim_end_matches('/');
            if is_page && urls.len() < MAX_REFERENCES && !urls.iter().any(is_known) {
                urls.push(url.to_owned());
            }
        }
        urls
    }

    fn statements(
        &mut self,
        vulnerability: &Vulnerability<'_>,
        reader: &mut Reader,
    ) -> Vec<crate::record::Statement> {
        let aggregate = self.head.aggregate_severity.as_ref().and_then(|severity| severity.text.as_ref());
        let aggregate = aggregate.and_then(|word| Severity::of_rating(word));
        let mut merged = Positions::default();
        for position in positions(vulnerability, self.products, aggregate) {
            match self.package(&position, reader) {
                Ok((rpm, namespaces)) => {
                    for namespace in namespaces {
                        merged.add(&namespace, &rpm, position.state, position.note.clone(), position.vendor);
                    }
                }
                Err(reason) => reader.leave_out(reason),
            }
        }
        merged.statements()
    }

    fn package(
        &mut self,
        position: &Position<'_>,
        reader: &mut Reader,
    ) -> Result<(Rpm, Vec<Arc<str>>), LeftOut> {
        let part = self.products.part(position.id).ok_or(LeftOut::Unknown)?;
        let namespaces = self.platforms.entry(part.platform.id).or_insert_with(|| {
            let names = (self.publisher.namespaces)(&part.platform);
            names.into_iter().map(|name| reader.namespace(name)).collect()
        });
        if namespaces.is_empty() {
            return Err(LeftOut::OtherProduct);
        }
        let component = part.component.ok_or(LeftOut::WholeProduct)?;
        let rpm = rpm(&component, part.within.as_ref(), self.publisher.bare)?;
        if position.state == FixState::Fixed && rpm.version.is_none() {
            // A module that is named with its build has packages in it whose versions are not told.
            return Err(if rpm.module.is_some() { LeftOut::Module } else { LeftOut::NoVersion });
        }
        Ok((rpm, namespaces.clone()))
    }
}

/// SUSE describes a flaw in a note of category `general`, called `CVE description` or `Vulnerability description`.
fn description<'n>(notes: &'n [Note<'_>]) -> Option<&'n str> {
    let is_description = |note: &&Note<'_>| {
        &*note.category == "description"
            || (&*note.category == "general" && note.title.ends_with(" description"))
    };
    notes.iter().take(MAX_LOOKED_AT).find(is_description).map(|note| &*note.text)
}

/// Whether the page is about the document. SUSE lists tickets and the pages of every CVE under the same category.
fn is_announcement(url: &str) -> bool {
    !url.contains("bugzilla") && !url.contains("/cve/")
}

fn is_rejected(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(20).collect::<String>().to_ascii_lowercase();
    REJECTED.iter().any(|words| start.starts_with(words))
}

fn is_weakness(id: &str) -> bool {
    id.strip_prefix("CWE-")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// A date that can be one: publishers write `0001-01-01` for none.
fn date(text: Option<&Text<'_>>) -> Option<Timestamp> {
    let text = text?;
    let year: u16 = text.get(..4)?.parse().ok()?;
    Timestamp::parse(text).filter(|_| (1980..2100).contains(&year))
}

/// The publisher's ratings, each once.
fn ratings(vulnerability: &Vulnerability<'_>, rater: &str) -> Vec<Rated> {
    let mut ratings: Vec<Rated> = Vec::new();
    for score in &vulnerability.scores {
        let versions = [(4, &score.cvss_v4), (3, &score.cvss_v3), (2, &score.cvss_v2)];
        for (version, score) in versions {
            let Some(mut rated) = score.as_ref().and_then(|score| rating(version, score)) else { continue };
            rater.clone_into(&mut rated.cvss.source);
            if ratings.len() < MAX_RATINGS && !ratings.contains(&rated) {
                ratings.push(rated);
            }
        }
    }
    ratings
}

fn rating(version: u8, score: &CvssScore<'_>) -> Option<Rated> {
    match score.base_score {
        Some(base) => rated(version, base, &score.vector_string, Rater::Vendor),
        None => rate_vector(&score.vector_string, Rater::Vendor),
    }
}

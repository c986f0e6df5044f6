//! From groups to what lies in the bundle: numbers, titles, ratings, statements.

use std::collections::{BTreeMap, BTreeSet};

use model::advisory::{Cvss, Epss, Exploit, ExploitMaturity, Exploitation, KnownExploited};
use model::{Lifecycle, Severity, Standing, Vulnerability};

use crate::bundle::row_write::Said;
use crate::bundle::write::{Lifecycles, PackageRow, ProductRow};
use crate::bundle::{NamespaceCounts, Origin};
use crate::compile::group::Group;
use crate::compile::rows::{Gathered, rows};
use crate::error::KnowledgeError;
use crate::product::names_of;
use crate::qid::Registry;
use crate::rating::{Evidence, Threat, best, rank};
use crate::record::{CveFacts, Harvest, Rated, Record, Statement};

const MAX_REFERENCES: usize = 16;
const MAX_RATINGS: usize = 8;
const MAX_WEAKNESSES: usize = 16;
const MAX_EXPLOITS: usize = 16;
const MAX_ORIGINS: usize = 64;

/// The parts of a bundle, borrowed from the harvest.
pub(crate) struct Parts<'a> {
    /// Sorted by number.
    pub(crate) vulnerabilities: Vec<Vulnerability>,
    /// Sorted by (namespace, package).
    pub(crate) packages: Vec<PackageRow<'a>>,
    pub(crate) lifecycles: Lifecycles,
    pub(crate) namespaces: BTreeMap<String, NamespaceCounts>,
    pub(crate) statements: u64,
    pub(crate) rejected: u64,
    pub(crate) several_cves: u64,
    /// Where records came from, by feed and id.
    pub(crate) records: BTreeMap<(&'a str, &'a str), Vec<Origin>>,
}

/// Numbers groups, rates statements and sorts everything.
pub(crate) fn assemble<'a>(
    harvest: &'a Harvest,
    groups: &'a [Group],
    registry: &mut Registry,
) -> Result<Parts<'a>, KnowledgeError> {
    let mut numbered = Vec::with_capacity(groups.len());
    for group in groups {
        numbered.push((registry.number(group.family, &group.id)?, Context::of(harvest, group)));
    }
    numbered.sort_by_key(|(qid, _)| *qid);
    let mut parts = Parts {
        vulnerabilities: Vec::with_capacity(numbered.len()),
        packages: Vec::new(),
        lifecycles: lifecycles(harvest, registry)?,
        namespaces: BTreeMap::new(),
        statements: 0,
        rejected: 0,
        several_cves: several_cves(groups),
        records: BTreeMap::new(),
    };
    let mut gathered = Gathered::new();
    for (qid, context) in numbered {
        let mut said = false;
        for record in &context.records {
            parts.note_origin(record);
            let standing = context.standing(record);
            let cvss = context.deciding(record);
            if standing == Standing::Rejected {
                parts.rejected += record.statements.len() as u64;
            }
            for statement in &record.statements {
                said = true;
                let row = gathered.entry((&statement.namespace, &statement.package)).or_default();
                row.push(context.said(qid, record, statement, standing, cvss));
            }
        }
        if said {
            parts.vulnerabilities.push(context.vulnerability(qid));
        }
    }
    (parts.packages, parts.namespaces) = rows(gathered);
    parts.statements = parts.namespaces.values().map(|counts| counts.statements).sum();
    Ok(parts)
}

impl<'a> Parts<'a> {
    /// Remembers where a record came from; a record that is listed under several vulnerabilities has one origin.
    fn note_origin(&mut self, record: &'a Record) {
        let origin = Origin {
            file: record.file.to_string(),
            digest: record.digest,
            published: record.published,
            modified: record.modified,
            withdrawn: record.withdrawn,
        };
        let origins = self.records.entry((record.feed, &record.id)).or_default();
        if origins.len() < MAX_ORIGINS
            && let Err(place) = origins.binary_search(&origin)
        {
            origins.insert(place, origin);
        }
    }
}

fn several_cves(groups: &[Group]) -> u64 {
    let mut seen = BTreeSet::new();
    let mut several = BTreeSet::new();
    for record in groups.iter().flat_map(|group| &group.records) {
        if !seen.insert(record) {
            several.insert(record);
        }
    }
    several.len() as u64
}

/// A group with everything that is known about its CVE.
struct Context<'a> {
    group: &'a Group,
    records: Vec<&'a Record>,
    facts: Option<&'a CveFacts>,
    exploited: Option<KnownExploited>,
    epss: Option<Epss>,
    /// The first rating in words of any record.
    rating: Option<Severity>,
    /// The CVSS rating that decides among those of the CVE itself, and among those of all records. Found once: a group
    /// can have as many records as a publisher likes.
    best_of_facts: Option<&'a Rated>,
    best_of_records: Option<&'a Rated>,
    threat: Threat,
}

impl<'a> Context<'a> {
    fn of(harvest: &'a Harvest, group: &'a Group) -> Self {
        let mut records: Vec<&Record> = group.records.iter().map(|&index| &harvest.records[index]).collect();
        // words and ratings of records that count come first
        records.sort_by_key(|record| record.withdrawn.is_some());
        let facts = harvest.cves.get(&group.id);
        let exploited = harvest.exploited.get(&group.id).cloned();
        let epss = harvest.epss.get(&group.id).copied();
        Self {
            group,
            rating: records.iter().find_map(|record| record.rating),
            best_of_facts: best(facts.into_iter().flat_map(|facts| &facts.cvss)),
            best_of_records: best(records.iter().flat_map(|record| &record.cvss)),
            threat: threat(facts, exploited.is_some(), epss),
            records,
            facts,
            exploited,
            epss,
        }
    }

    /// All ratings, those of the CVE itself before those of records.
    fn ratings(&self) -> impl Iterator<Item = &'a Rated> {
        let facts = self.facts.into_iter().flat_map(|facts| &facts.cvss);
        facts.chain(self.records.iter().flat_map(|record| &record.cvss))
    }

    /// The CVSS rating that decides for the statements of `record`: among equals that of the CVE itself, then its own.
    fn deciding(&self, record: &'a Record) -> Option<&'a Rated> {
        let own = best(record.cvss.iter());
        best(self.best_of_facts.into_iter().chain(own).chain(self.best_of_records))
    }

    /// A distribution's statement is about the CVE itself and falls with it; a database's record stands for itself.
    fn standing(&self, record: &Record) -> Standing {
        let is_rejected = self.facts.is_some_and(|facts| facts.rejected) && record.id == self.group.id;
        if record.withdrawn.is_some() {
            Standing::Withdrawn
        } else if is_rejected {
            Standing::Rejected
        } else {
            Standing::InForce
        }
    }

    fn said(
        &self,
        qid: u32,
        record: &'a Record,
        statement: &'a Statement,
        standing: Standing,
        cvss: Option<&Rated>,
    ) -> Said<'a> {
        let evidence = Evidence {
            vendor: statement.vendor,
            cvss,
            database: record.rating.or(self.rating),
            urgency: statement.urgency,
        };
        let (base_severity, severity_rule) = evidence.base();
        let (severity, raised_by) = self.threat.raise(base_severity);
        Said {
            qid,
            advisory: &record.id,
            feed: record.feed,
            statement,
            standing,
            severity,
            severity_rule,
            base_severity,
            raised_by,
        }
    }

    fn vulnerability(&self, qid: u32) -> Vulnerability {
        let cvss = |old: bool| {
            let ratings = self.ratings().filter(|rated| (rated.version == 2) == old);
            best(ratings).map(|rated| rated.cvss.clone())
        };
        let published = self.records.iter().filter_map(|record| record.published).min();
        let modified = self.records.iter().filter_map(|record| record.modified).max();
        Vulnerability {
            qid,
            id: self.group.id.clone(),
            aliases: self.group.aliases.clone(),
            family: self.group.family,
            title: self.title(),
            cvss2: cvss(true),
            cvss3: cvss(false),
            cvss: self.all_ratings(),
            cwes: self.weaknesses(),
            exploitation: self.facts.and_then(|facts| facts.exploitation),
            exploits: self.exploits(),
            known_exploited: self.exploited.clone(),
            epss: self.epss,
            published: published.or_else(|| self.facts?.published),
            modified: modified.or_else(|| self.facts?.modified),
            references: self.references(),
        }
    }

    /// The publisher's summary; else the first sentence of its description where it is its own work (OSV); else
    /// the CVE record's title or description; else the distribution's copy of it; else id and packages.
    fn title(&self) -> String {
        let summary = self.records.iter().find_map(|record| record.summary.clone());
        let own_words = self.records.iter().filter(|record| record.id != self.group.id);
        let sentence = own_words.into_iter().find_map(|record| record.sentence.clone());
        let cve = self.facts.and_then(|facts| facts.title.clone().or_else(|| facts.sentence.clone()));
        let copied = || self.records.iter().find_map(|record| record.sentence.clone());
        summary.or(sentence).or(cve).or_else(copied).unwrap_or_else(|| {
            let statements = self.records.iter().flat_map(|record| &record.statements);
            let packages = statements.map(|statement| statement.package.as_str()).collect();
            title_of_packages(&self.group.id, &packages)
        })
    }

    /// Every rating, the deciding one first.
    fn all_ratings(&self) -> Vec<Cvss> {
        let mut ratings: Vec<&Rated> = self.ratings().collect();
        ratings.sort_by_key(|rated| rank(rated));
        let mut kept: Vec<Cvss> = Vec::new();
        for rated in ratings {
            if kept.len() < MAX_RATINGS && !kept.contains(&rated.cvss) {
                kept.push(rated.cvss.clone());
            }
        }
        kept
    }

    fn weaknesses(&self) -> Vec<String> {
        let own = self.records.iter().flat_map(|record| &record.cwes);
        let facts = self.facts.into_iter().flat_map(|facts| &facts.cwes);
        let all: BTreeSet<&String> = own.chain(facts).collect();
        all.into_iter().take(MAX_WEAKNESSES).cloned().collect()
    }

    fn exploits(&self) -> Vec<Exploit> {
        let mut exploits: Vec<Exploit> = self.facts.map(|facts| facts.exploits.clone()).unwrap_or_default();
        exploits.sort_by(|a, b| b.maturity.cmp(&a.maturity).then_with(|| a.cmp(b)));
        exploits.dedup();
        exploits.truncate(MAX_EXPLOITS);
        exploits
    }

    fn references(&self) -> Vec<String> {
        let own = self.records.iter().flat_map(|record| &record.references);
        let facts = self.facts.into_iter().flat_map(|facts| &facts.references);
        let mut kept: Vec<String> = Vec::new();
        for url in own.chain(facts) {
            if kept.len() == MAX_REFERENCES {
                break;
            }
            if !url.is_empty() && !kept.contains(url) {
                kept.push(url.clone());
            }
        }
        kept
    }
}

fn threat(facts: Option<&CveFacts>, known_exploited: bool, epss: Option<Epss>) -> Threat {
    Threat {
        known_exploited,
        active: facts.is_some_and(|facts| facts.exploitation == Some(Exploitation::Active)),
        weaponised: facts
            .is_some_and(|facts| facts.exploits.iter().any(|e| e.maturity == ExploitMaturity::Weaponised)),
        epss,
    }
}

/// Names all packages or none: the title stands beside each of them, and must not speak of another one only.
fn title_of_packages(id: &str, packages: &BTreeSet<&str>) -> String {
    match packages.len() {
        1..=3 => format!("{id} in {}", packages.iter().copied().collect::<Vec<_>>().join(", ")),
        _ => id.to_owned(),
    }
}

/// The products with a number for each cycle, and the names that lead to them.
fn lifecycles(harvest: &Harvest, registry: &mut Registry) -> Result<Lifecycles, KnowledgeError> {
    let joined = harvest.products.joined();
    let names = names_of(&joined);
    let mut products = Vec::with_capacity(joined.len());
    for product in joined {
        let mut qids = Vec::with_capacity(product.cycles.len());
        let mut ends = Vec::with_capacity(product.cycles.len());
        for Lifecycle { cycle, .. } in &product.cycles {
            let id = format!("{}:{cycle}", product.name);
            qids.push(registry.number(model::NamespaceFamily::Lifecycle, &id)?);
            ends.push(harvest.products.ends_of(&product.name, cycle).to_vec());
        }
        products.push(ProductRow { product, qids, ends });
    }
    Ok(Lifecycles { products, names })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_title_never_names_another_package_alone() {
        let title = |packages: &[&str]| title_of_packages("CVE-1-1", &packages.iter().copied().collect());
        assert_eq!(title(&["openssl"]), "CVE-1-1 in openssl");
        assert_eq!(title(&["openssl", "nodejs"]), "CVE-1-1 in nodejs, openssl");
        assert_eq!(title(&["a", "b", "c", "d"]), "CVE-1-1");
        assert_eq!(title(&[]), "CVE-1-1");
    }
}

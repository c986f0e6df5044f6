//! What two bundles say differently, for people: which vulnerabilities came, went and changed, and which feeds did it.
//!
//! What it is not for: finding the packages that have to be judged again; that is [`Changes`], which this is built on. The
//! decision a reader may doubt: a vulnerability of which only the exploit prediction moved is counted and not listed,
//! for every day that is nearly all of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{Digest, Severity, Timestamp, Vulnerability};
use serde::Serialize;

use crate::bundle::{Bundle, Changes, NamespaceCounts, index};

/// The difference of two bundles; lists are sorted by id and number.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The older bundle.
    pub old: Digest,
    /// The newer one.
    pub new: Digest,
    /// The date of the newest feed of the older one.
    pub old_date: Option<Timestamp>,
    /// The date of the newest feed of the newer one.
    pub new_date: Option<Timestamp>,
    /// Only the newer one has these.
    pub came: Vec<VulnerabilityName>,
    /// Only the older one has these.
    pub went: Vec<VulnerabilityName>,
    /// Both have these, and do not say the same of them; that may be a word, a severity or what is affected.
    pub changed: Vec<VulnerabilityChange>,
    /// How many have another exploit prediction and are the same otherwise.
    pub predictions: u64,
    /// Packages of a namespace about which something is said differently, or whose vulnerabilities changed.
    pub packages_touched: u64,
    /// Namespaces with other counts.
    pub namespaces: Vec<NamespaceDifference>,
    /// Feeds with other files, dates or counts.
    pub feeds: Vec<FeedDifference>,
}

/// A vulnerability in few words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VulnerabilityName {
    /// Its main id.
    pub id: String,
    /// Its number.
    pub qid: u32,
    /// Its title.
    pub title: String,
    /// The highest severity that any statement in force gives to it, 1 to 5.
    pub severity: Option<u8>,
}

/// A vulnerability that changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VulnerabilityChange {
    /// As it is now.
    #[serde(flatten)]
    pub now: VulnerabilityName,
    /// The title before, if it was another.
    pub title_before: Option<String>,
    /// The severity before, if it was another.
    pub severity_before: Option<u8>,
    /// Packages that only now are spoken of, as `namespace package`.
    pub packages_came: Vec<String>,
    /// Packages that are no longer spoken of.
    pub packages_went: Vec<String>,
}

/// How much is known in a namespace, before and now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceDifference {
    /// The namespace.
    pub namespace: String,
    /// Before; nothing if it was not covered.
    pub before: Option<NamespaceCounts>,
    /// Now; nothing if it is not covered any more.
    pub now: Option<NamespaceCounts>,
}

/// What a feed gave, before and now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedDifference {
    /// The feed.
    pub feed: String,
    /// Files before and now.
    pub files: [u64; 2],
    /// Records before and now.
    pub records: [u64; 2],
    /// Quarantined records before and now.
    pub quarantined: [u64; 2],
    /// The newest date before and now.
    pub dates: [Option<Timestamp>; 2],
}

impl Difference {
    /// Compares two bundles.
    pub fn between(old: &Bundle, new: &Bundle) -> Self {
        let changes = Changes::between(old, new);
        let (before, now) = (Spoken::of(old, new), Spoken::of(new, old));
        let mut difference = Self {
            old: old.id(),
            new: new.id(),
            old_date: old.date(),
            new_date: new.date(),
            came: Vec::new(),
            went: Vec::new(),
            changed: Vec::new(),
            predictions: 0,
            packages_touched: changes.rows() as u64,
            namespaces: namespaces(old, new),
            feeds: feeds(old, new),
        };
        // A vulnerability may say the same while another package is affected by it, or in other versions.
        let restated = before.statements.keys().chain(now.statements.keys());
        let restated = restated.filter(|qid| before.statements.get(*qid) != now.statements.get(*qid));
        let numbers: BTreeSet<u32> = changes.vulnerabilities().chain(restated.copied()).collect();
        for qid in numbers {
            difference.add((old, &before), (new, &now), qid);
        }
        difference.came.sort();
        difference.went.sort();
        difference.changed.sort();
        difference
    }

    /// Whether the bundles say the same.
    pub fn is_empty(&self) -> bool {
        self.old == self.new
    }

    fn add(&mut self, (old, before): (&Bundle, &Spoken<'_>), (new, now): (&Bundle, &Spoken<'_>), qid: u32) {
        let (was, is) = match (old.vulnerability(qid), new.vulnerability(qid)) {
            (None, None) => return,
            (Some(was), None) => return self.went.push(before.name(&was)),
            (None, Some(is)) => return self.came.push(now.name(&is)),
            (Some(was), Some(is)) => (was, is),
        };
        let (none, empty) = (BTreeMap::new(), &BTreeMap::new());
        let statements =
            (before.statements.get(&qid).unwrap_or(&none), now.statements.get(&qid).unwrap_or(empty));
        let plain = |vulnerability: &Vulnerability| Vulnerability { epss: None, ..vulnerability.clone() };
        if statements.0 == statements.1 && plain(&was) == plain(&is) {
            self.predictions += 1;
            return;
        }
        let only = |one: &Statements<'_>, other: &Statements<'_>| {
            let packages = one.keys().filter(|package| !other.contains_key(*package));
            packages.map(|(namespace, package)| format!("{namespace} {package}")).collect()
        };
        let (was, is) = (before.name(&was), now.name(&is));
        self.changed.push(VulnerabilityChange {
            title_before: (was.title != is.title).then_some(was.title),
            severity_before: was.severity.filter(|_| was.severity != is.severity),
            packages_came: only(statements.1, statements.0),
            packages_went: only(statements.0, statements.1),
            now: is,
        });
    }
}

/// What is said of a vulnerability, by namespace and package, in so far as the other bundle has another row for the package.
type Statements<'a> = BTreeMap<(&'a str, &'a str), u64>;

/// What a bundle says of vulnerabilities.
struct Spoken<'a> {
    severities: HashMap<u32, Severity>,
    statements: HashMap<u32, Statements<'a>>,
}

impl<'a> Spoken<'a> {
    fn of(bundle: &'a Bundle, other: &Bundle) -> Self {
        let mut spoken = Self { severities: HashMap::new(), statements: HashMap::new() };
        for (namespace, package, row) in bundle.rows() {
            let is_same = other.row(namespace, package).is_some_and(|other| other.bytes() == row.bytes());
            for statement in (0..row.len()).map(|index| row.statement(index)) {
                if statement.is_in_force() {
                    let severity = statement.severity();
                    let highest = spoken.severities.entry(statement.qid()).or_insert(severity);
                    *highest = (*highest).max(severity);
                }
                if is_same {
                    continue;
                }
                let said = spoken.statements.entry(statement.qid()).or_default();
                let digest = said.entry((namespace, package)).or_default();
                let words = postcard::to_stdvec(&statement.to_model()).unwrap_or_default();
                *digest = index::hash(&[&digest.to_le_bytes(), &words]);
            }
        }
        spoken
    }

    fn name(&self, vulnerability: &Vulnerability) -> VulnerabilityName {
        VulnerabilityName {
            id: vulnerability.id.clone(),
            qid: vulnerability.qid,
            title: vulnerability.title.clone(),
            severity: self.severities.get(&vulnerability.qid).map(|severity| severity.get()),
        }
    }
}

fn namespaces(old: &Bundle, new: &Bundle) -> Vec<NamespaceDifference> {
    let (before, now) = (&old.manifest().namespaces, &new.manifest().namespaces);
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let pairs = names.into_iter().map(|name| NamespaceDifference {
        namespace: name.clone(),
        before: before.get(name).cloned(),
        now: now.get(name).cloned(),
    });
    pairs.filter(|pair| pair.before != pair.now).collect()
}

fn feeds(old: &Bundle, new: &Bundle) -> Vec<FeedDifference> {
    let mut feeds: BTreeMap<&str, FeedDifference> = BTreeMap::new();
    for (side, bundle) in [old, new].into_iter().enumerate() {
        for source in &bundle.manifest().sources {
            let feed = feeds.entry(&source.feed).or_default();
            feed.feed.clone_from(&source.feed);
            feed.files[side] += 1;
            feed.records[side] += source.records;
            feed.quarantined[side] += source.quarantined;
            feed.dates[side] = feed.dates[side].max(source.date);
        }
    }
    let differs = |feed: &FeedDifference| {
        let pairs = [feed.files, feed.records, feed.quarantined];
        pairs.iter().any(|[before, now]| before != now) || feed.dates[0] != feed.dates[1]
    };
    feeds.into_values().filter(differs).collect()
}

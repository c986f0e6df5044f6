//! What feed readers hand over: records before they are grouped, numbered and rated.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::advisory::{Cvss, Epss, Exploit, Exploitation, KnownExploited};
use model::{AffectedRange, Bound, Digest, FixState, Named, NamespaceFamily, Severity, Timestamp};

use crate::compile::Quarantined;
use crate::facts::{FactSource, Facts};
use crate::product::Products;
use crate::text::shown;

/// Examples of quarantined records that are kept per file.
const MAX_EXAMPLES: usize = 20;

/// One advisory record of one namespace family.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) family: NamespaceFamily,
    pub(crate) feed: &'static str,
    /// The publisher's id.
    pub(crate) id: String,
    /// Other ids of the same flaw, as the publisher says.
    pub(crate) aliases: Vec<String>,
    /// The publisher's own title, one line.
    pub(crate) summary: Option<String>,
    /// First sentence of the publisher's description.
    pub(crate) sentence: Option<String>,
    /// The publisher's rating in words (severity rule c).
    pub(crate) rating: Option<Severity>,
    pub(crate) cvss: Vec<Rated>,
    pub(crate) published: Option<Timestamp>,
    pub(crate) modified: Option<Timestamp>,
    /// When the publisher withdrew it. Its statements then never apply; they are kept to be explained.
    pub(crate) withdrawn: Option<Timestamp>,
    /// Weaknesses, such as `CWE-79`.
    pub(crate) cwes: Vec<String>,
    pub(crate) references: Vec<String>,
    /// SHA-256 of the record's bytes as the publisher wrote them.
    pub(crate) digest: Option<Digest>,
    /// The file that it was read from; set by the compiler.
    pub(crate) file: Arc<str>,
    pub(crate) statements: Vec<Statement>,
}

impl Record {
    /// A record without any words or statements.
    pub(crate) fn new(family: NamespaceFamily, feed: &'static str, id: String) -> Self {
        Self {
            family,
            feed,
            id,
            aliases: Vec::new(),
            summary: None,
            sentence: None,
            rating: None,
            cvss: Vec::new(),
            published: None,
            modified: None,
            withdrawn: None,
            cwes: Vec::new(),
            references: Vec::new(),
            digest: None,
            file: Arc::from(""),
            statements: Vec::new(),
        }
    }
}

/// What a record says about one package of one namespace.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) namespace: Arc<str>,
    /// In lookup form, see [`crate::advisory_key`].
    pub(crate) package: String,
    /// Whether `package` is a source package.
    pub(crate) named: Named,
    /// RPM module and stream, `name:stream`, that it is limited to.
    pub(crate) module: Option<String>,
    /// Architectures that it is limited to; empty if to none.
    pub(crate) arches: Vec<String>,
    pub(crate) ranges: Vec<AffectedRange>,
    pub(crate) versions: Vec<String>,
    pub(crate) state: FixState,
    pub(crate) fix_version: Option<String>,
    /// The publisher's reason for its position, in a few words.
    pub(crate) note: Option<String>,
    /// The vendor's rating for this package and release (severity rule a).
    pub(crate) vendor: Option<Severity>,
    /// Debian's urgency for this package and release (severity rule d).
    pub(crate) urgency: Option<Severity>,
}

impl Statement {
    /// A statement about `package` that says nothing yet: no versions, state unknown.
    pub(crate) fn new(namespace: Arc<str>, package: String, named: Named) -> Self {
        Self {
            namespace,
            package,
            named,
            module: None,
            arches: Vec::new(),
            ranges: Vec::new(),
            versions: Vec::new(),
            state: FixState::Unknown,
            fix_version: None,
            note: None,
            vendor: None,
            urgency: None,
        }
    }

    /// Every version is affected.
    pub(crate) fn affects_everything(mut self, state: FixState) -> Self {
        self.ranges = vec![AffectedRange { introduced: None, end: Bound::Open }];
        self.state = state;
        self
    }

    /// Versions before `version` are affected.
    pub(crate) fn fixed_in(mut self, version: String) -> Self {
        self.ranges = vec![AffectedRange { introduced: None, end: Bound::Fixed(version.clone()) }];
        self.state = FixState::Fixed;
        self.fix_version = Some(version);
        self
    }

    /// No version is affected.
    pub(crate) fn not_affected(mut self) -> Self {
        self.state = FixState::NotAffected;
        self
    }
}

/// Who gave a CVSS rating, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rater {
    Cna,
    CisaAdp,
    Nvd,
    /// The distribution that speaks of its own package. Behind those who rate the flaw itself: its judgement of the
    /// package is its rating in words, which comes before any score, and its scores are mostly copies of theirs.
    Vendor,
    Database,
}

/// A CVSS rating with what decides its precedence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rated {
    /// Major version: 2, 3 or 4.
    pub(crate) version: u8,
    pub(crate) rater: Rater,
    pub(crate) cvss: Cvss,
}

/// What CVE sources (CVE list, NVD) say about a CVE, whatever the package.
#[derive(Clone, Debug, Default)]
pub(crate) struct CveFacts {
    pub(crate) title: Option<String>,
    pub(crate) sentence: Option<String>,
    pub(crate) cvss: Vec<Rated>,
    pub(crate) published: Option<Timestamp>,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) references: Vec<String>,
    pub(crate) rejected: bool,
    /// Weaknesses, such as `CWE-79`.
    pub(crate) cwes: Vec<String>,
    /// CISA's SSVC decision on exploitation.
    pub(crate) exploitation: Option<Exploitation>,
    /// Public exploits.
    pub(crate) exploits: Vec<Exploit>,
    /// A copy of CISA's catalogue of exploited vulnerabilities, for when that does not hold the CVE.
    pub(crate) known_exploited: Option<KnownExploited>,
}

impl CveFacts {
    /// Adds what another source says; what is known already stays.
    pub(crate) fn merge(&mut self, other: Self) {
        self.title = self.title.take().or(other.title);
        self.sentence = self.sentence.take().or(other.sentence);
        self.cvss.extend(other.cvss);
        self.published = self.published.or(other.published);
        self.modified = self.modified.max(other.modified);
        self.references.extend(other.references);
        self.rejected |= other.rejected;
        self.cwes.extend(other.cwes);
        self.exploitation = self.exploitation.max(other.exploitation);
        self.exploits.extend(other.exploits);
        self.known_exploited = self.known_exploited.take().or(other.known_exploited);
    }
}

/// Everything read so far.
#[derive(Debug, Default)]
pub(crate) struct Harvest {
    pub(crate) records: Vec<Record>,
    /// What files said about CVEs; see [`Self::settle`].
    pub(crate) facts: Facts,
    pub(crate) cves: HashMap<String, CveFacts>,
    pub(crate) exploited: HashMap<String, KnownExploited>,
    pub(crate) epss: HashMap<String, Epss>,
    pub(crate) products: Products,
}

/// What one file yields. It joins the harvest only if the file could be read to its end, so that a file cut
/// short never leaves half of itself behind.
#[derive(Debug)]
pub(crate) struct FileHarvest<'a> {
    /// The CVEs that advisories speak of; facts about others are not kept.
    pub(crate) wanted: &'a HashSet<String>,
    pub(crate) harvest: Harvest,
    /// Records read, quarantined ones not included.
    pub(crate) records: u64,
    pub(crate) withdrawn: u64,
    /// When the publisher made the file.
    pub(crate) date: Option<Timestamp>,
    pub(crate) quarantined_count: u64,
    pub(crate) quarantined: Vec<Quarantined>,
}

impl<'a> FileHarvest<'a> {
    pub(crate) fn new(wanted: &'a HashSet<String>) -> Self {
        Self {
            wanted,
            harvest: Harvest::default(),
            records: 0,
            withdrawn: 0,
            date: None,
            quarantined_count: 0,
            quarantined: Vec::new(),
        }
    }

    /// Sets a record aside; the first few are kept as examples.
    pub(crate) fn quarantine(&mut self, record: &str, reason: impl std::fmt::Display) {
        self.quarantined_count += 1;
        if self.quarantined.len() < MAX_EXAMPLES {
            let reason = shown(&reason.to_string());
            self.quarantined.push(Quarantined { record: shown(record), reason });
        }
    }

    /// Keeps facts about a CVE if an advisory speaks of it.
    pub(crate) fn say(&mut self, id: &str, source: FactSource, facts: CveFacts) {
        if self.wanted.contains(id) {
            self.harvest.facts.say(id, source, facts);
        }
    }

    /// Keeps an exploit of a CVE if an advisory speaks of it.
    pub(crate) fn exploit(&mut self, id: &str, exploit: Exploit) {
        if self.wanted.contains(id) {
            let facts = CveFacts { exploits: vec![exploit], ..CveFacts::default() };
            self.harvest.facts.say(id, FactSource::Exploits, facts);
        }
    }
}

impl Harvest {
    /// Takes over what a file yielded.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.records.extend(other.records);
        self.facts.absorb(other.facts);
        self.products.absorb(other.products);
    }
    /// Joins what all files said about CVEs; until then `cves`, `exploited` and `epss` are empty.
    pub(crate) fn settle(&mut self) {
        let settled = std::mem::take(&mut self.facts).settle();
        (self.cves, self.exploited, self.epss) = (settled.cves, settled.exploited, settled.epss);
    }
}

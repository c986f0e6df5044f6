//! What inventories come to: numbers of vulnerabilities, risk, and when their findings last changed.
//!
//! Worked out once for each inventory and again when one of its packages is judged anew, so that a filter or a sort by
//! severity or risk is a pass over a column.

use matcher::risk::ImageRisk;
use model::{Confidence, Ecosystem, LifecycleStage, Severity, Timestamp};

use super::findings::FindingRow;
use super::items::Items;
use super::listing::Listing;
use super::packages::{PackageHead, Packages};
use crate::dictionary::SeverityCounts;
use crate::persist::Plain;
use crate::table::NONE;

/// What an inventory comes to. Only packages that are judged where they lie count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Derived {
    /// When findings of one of its packages last changed; the beginning of time without packages.
    pub(crate) changed: Timestamp,
    /// Vulnerabilities by severity, each once with the highest that it has in any package.
    pub(crate) counts: SeverityCounts,
    /// See [`ImageRisk`].
    pub(crate) risk: u16,
    /// The highest detection score, 0 without vulnerabilities.
    pub(crate) worst: u8,
    /// Whether the operating system is past the end of its life.
    pub(crate) is_os_ended: bool,
}

impl Default for Derived {
    fn default() -> Self {
        Self {
            changed: Timestamp(i64::MIN),
            counts: SeverityCounts::default(),
            risk: 0,
            worst: 0,
            is_os_ended: false,
        }
    }
}

/// A finding, as far as it counts.
#[derive(Clone, Copy)]
struct Brief {
    /// The group of its vulnerability.
    group: u32,
    severity: Severity,
    risk: u8,
    confidence: Confidence,
}

/// What one item brings into an inventory, besides its findings.
#[derive(Clone, Copy)]
struct Share {
    changed: Timestamp,
    /// Where its findings begin and end.
    start: u32,
    end: u32,
    is_os_ended: bool,
}

/// What all items bring into inventories, side by side in little memory: worth to be made for many inventories.
pub(crate) struct Shares {
    items: Vec<Share>,
    findings: Vec<Brief>,
}

/// Works out what inventories come to; kept from one to the next, it allocates nothing.
pub(crate) struct Deriver<'s> {
    packages: &'s Packages,
    items: &'s Items,
    shares: Option<&'s Shares>,
    tally: Tally,
}

/// The vulnerabilities of one inventory.
struct Tally {
    /// How a group of vulnerabilities was seen, and in which round last.
    seen: Vec<(u32, Brief)>,
    /// The groups seen in this round.
    groups: Vec<u32>,
    round: u32,
}

impl Brief {
    fn of(packages: &Packages, row: &FindingRow) -> Self {
        let group = packages.vulnerabilities().row(row.vulnerability).map_or(NONE, |row| row.group);
        Self { group, severity: row.severity, risk: row.risk, confidence: row.confidence }
    }
}

impl Share {
    const NOTHING: Self = Self { changed: Timestamp(i64::MIN), start: 0, end: 0, is_os_ended: false };

    /// What a package brings, without its findings.
    fn of(head: &PackageHead) -> Self {
        let is_ended = matches!(head.stage, Some(LifecycleStage::Eol | LifecycleStage::Eos));
        let is_os_ended = is_ended && head.ecosystem == Ecosystem::Os;
        Self { changed: head.changed, start: 0, end: 0, is_os_ended }
    }
}

impl Shares {
    /// Lays the shares of all items side by side.
    pub(crate) fn of(packages: &Packages, items: &Items) -> Self {
        let mut of_packages = vec![Share::NOTHING; packages.end() as usize];
        let mut findings = Vec::new();
        for (package, head, rows) in packages.rows() {
            let start = findings.len() as u32;
            findings.extend(rows.iter().map(|row| Brief::of(packages, row)));
            of_packages[package as usize] = Share { start, end: findings.len() as u32, ..Share::of(head) };
        }
        let share = |item| match items.is_judged(item) {
            true => of_packages.get(items.package(item) as usize).copied().unwrap_or(Share::NOTHING),
            false => Share::NOTHING,
        };
        Self { items: (0..items.len()).map(share).collect(), findings }
    }
}

impl<'s> Deriver<'s> {
    /// For a few inventories, or with `shares` for many.
    pub(crate) fn new(packages: &'s Packages, items: &'s Items, shares: Option<&'s Shares>) -> Self {
        Self { packages, items, shares, tally: Tally::new(packages.vulnerabilities().len()) }
    }

    /// What an inventory comes to.
    pub(crate) fn derive(&mut self, listing: &Listing) -> Derived {
        self.tally.begin();
        let mut derived = Derived::default();
        for item in listing.items() {
            let share = match self.shares {
                Some(shares) => {
                    let share = shares.items.get(item as usize).copied().unwrap_or(Share::NOTHING);
                    let findings = shares.findings.get(share.start as usize..share.end as usize);
                    findings.unwrap_or_default().iter().for_each(|finding| self.tally.count(*finding));
                    share
                }
                None => self.add(item),
            };
            derived.changed = derived.changed.max(share.changed);
            derived.is_os_ended |= share.is_os_ended;
        }
        let mut risk = ImageRisk::default();
        for finding in self.tally.all() {
            derived.counts.add(finding.severity);
            derived.worst = derived.worst.max(finding.risk);
            risk.add(finding.risk, finding.confidence);
        }
        derived.risk = risk.score();
        derived
    }

    /// Counts the findings of one item.
    fn add(&mut self, item: u32) -> Share {
        let package = self.items.package(item);
        let judged = self.packages.head(package).filter(|_| self.items.is_judged(item));
        let Some(head) = judged else { return Share::NOTHING };
        for row in self.packages.findings(package) {
            self.tally.count(Brief::of(self.packages, row));
        }
        Share::of(head)
    }
}

impl Tally {
    fn new(vulnerabilities: u32) -> Self {
        let unseen =
            Brief { group: NONE, severity: Severity::MINIMAL, risk: 0, confidence: Confidence::Potential };
        Self { seen: vec![(0, unseen); vulnerabilities as usize], groups: Vec::new(), round: 0 }
    }

    fn begin(&mut self) {
        self.groups.clear();
        if self.round == u32::MAX {
            self.seen.iter_mut().for_each(|(round, _)| *round = 0);
            self.round = 0;
        }
        self.round += 1;
    }

    fn count(&mut self, finding: Brief) {
        let Some((round, seen)) = self.seen.get_mut(finding.group as usize) else { return };
        if *round == self.round {
            seen.severity = seen.severity.max(finding.severity);
            seen.risk = seen.risk.max(finding.risk);
            seen.confidence = seen.confidence.min(finding.confidence);
        } else {
            (*round, *seen) = (self.round, finding);
            self.groups.push(finding.group);
        }
    }

    fn all(&self) -> impl Iterator<Item = &Brief> {
        self.groups.iter().filter_map(|group| self.seen.get(*group as usize)).map(|(_, seen)| seen)
    }
}

impl Plain for Derived {
    const SIZE: usize = 32;

    fn put(self, out: &mut Vec<u8>) {
        let counts: [u32; 5] = std::array::from_fn(|at| self.counts.get(at as u8 + 1));
        ((self.changed, counts), (self.risk, (self.worst, self.is_os_ended))).put(out);
    }

    fn take(bytes: &[u8]) -> Self {
        let ((changed, counts), (risk, (worst, is_os_ended))) = Plain::take(bytes);
        Self { changed, counts: SeverityCounts::of(counts), risk, worst, is_os_ended }
    }
}

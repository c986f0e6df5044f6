//! What inventories come to: numbers of vulnerabilities, risk, and when their findings last changed.
//!
//! Worked out once for each inventory and again when one of its packages is judged anew, so that a filter or a sort by
//! severity or risk is a pass over a column.

use matcher::risk::ImageRisk;
use model::{Confidence, Ecosystem, LifecycleStage, Severity, Timestamp};

use super::findings::FindingRow;
use super::items::Items;
use super::listing::Listing;
use super::packages::Packages;
use crate::dictionary::SeverityCounts;
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

/// What one item brings into an inventory.
#[derive(Clone, Copy)]
struct Share<'s> {
    changed: Timestamp,
    rows: &'s [FindingRow],
    is_os_ended: bool,
}

/// Works out what inventories come to; kept from one to the next, it allocates nothing.
pub(crate) struct Deriver<'s> {
    packages: &'s Packages,
    items: &'s Items,
    /// The shares of all items, if there is enough to do that they are worth to be laid side by side.
    shares: Option<&'s Shares<'s>>,
    /// The inventory by which a vulnerability was seen last, and how, by the number of its group.
    seen: Vec<Seen>,
    /// The groups seen in the present one.
    groups: Vec<u32>,
    round: u32,
}

/// The shares of all items and the groups of all vulnerabilities.
pub(crate) struct Shares<'s> {
    of_items: Vec<Share<'s>>,
}

#[derive(Clone, Copy)]
struct Seen {
    round: u32,
    /// The group of the vulnerability with this number.
    group: u32,
    severity: Severity,
    risk: u8,
    confidence: Confidence,
}

impl<'s> Share<'s> {
    const NOTHING: Self = Self { changed: Timestamp(i64::MIN), rows: &[], is_os_ended: false };

    fn of(packages: &'s Packages, items: &Items, item: u32) -> Self {
        if !items.is_judged(item) {
            return Self::NOTHING;
        }
        let package = items.package(item);
        let Some(head) = packages.head(package) else { return Self::NOTHING };
        let is_ended = matches!(head.stage, Some(LifecycleStage::Eol | LifecycleStage::Eos));
        Self {
            changed: head.changed,
            rows: packages.findings(package),
            is_os_ended: is_ended && head.ecosystem == Ecosystem::Os,
        }
    }
}

impl<'s> Shares<'s> {
    /// Lays the shares of all items side by side.
    pub(crate) fn of(packages: &'s Packages, items: &Items) -> Self {
        Self { of_items: (0..items.len()).map(|item| Share::of(packages, items, item)).collect() }
    }
}

impl<'s> Deriver<'s> {
    /// For a few inventories, or with `shares` for many.
    pub(crate) fn new(packages: &'s Packages, items: &'s Items, shares: Option<&'s Shares<'s>>) -> Self {
        let seen = |row: &super::VulnerabilityRow| Seen {
            round: 0,
            group: row.group,
            severity: Severity::MINIMAL,
            risk: 0,
            confidence: Confidence::Potential,
        };
        let seen = packages.vulnerabilities().rows().map(seen).collect();
        Self { packages, items, shares, seen, groups: Vec::new(), round: 0 }
    }

    /// What an inventory comes to.
    pub(crate) fn derive(&mut self, listing: &Listing) -> Derived {
        self.begin();
        let mut derived = Derived::default();
        for item in listing.items() {
            let share = match self.shares {
                Some(shares) => shares.of_items.get(*item as usize).copied().unwrap_or(Share::NOTHING),
                None => Share::of(self.packages, self.items, *item),
            };
            derived.changed = derived.changed.max(share.changed);
            derived.is_os_ended |= share.is_os_ended;
            share.rows.iter().for_each(|row| self.count(row));
        }
        let mut risk = ImageRisk::default();
        for group in &self.groups {
            let Some(seen) = self.seen.get(*group as usize) else { continue };
            derived.counts.add(seen.severity);
            derived.worst = derived.worst.max(seen.risk);
            risk.add(seen.risk, seen.confidence);
        }
        derived.risk = risk.score();
        derived
    }

    fn begin(&mut self) {
        self.groups.clear();
        if self.round == u32::MAX {
            self.seen.iter_mut().for_each(|seen| seen.round = 0);
            self.round = 0;
        }
        self.round += 1;
    }

    /// Takes a finding into account.
    fn count(&mut self, row: &FindingRow) {
        let group = self.seen.get(row.vulnerability as usize).map_or(NONE, |seen| seen.group);
        let Some(seen) = self.seen.get_mut(group as usize) else { return };
        if seen.round == self.round {
            seen.severity = seen.severity.max(row.severity);
            seen.risk = seen.risk.max(row.risk);
            seen.confidence = seen.confidence.min(row.confidence);
        } else {
            seen.round = self.round;
            (seen.severity, seen.risk, seen.confidence) = (row.severity, row.risk, row.confidence);
            self.groups.push(group);
        }
    }
}

//! What an image or a container holds, borrowed from one state of the index: software in its order, and findings by
//! vulnerability.
//!
//! Two lists are allocated for a record and nothing for a row, so that an export of everything runs at the speed of what
//! writes it.

use std::sync::Arc;

use model::{Confidence, Ecosystem, Severity, Timestamp, Vulnerability};

use crate::dictionary::SeverityCounts;
use crate::facts::{FindingRow, Index, PackageEntry, Since};
use crate::table::NONE;
use crate::views::RiskView;

/// The record's own times that bound those of its findings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times<'s> {
    pub(super) first_stored: Timestamp,
    pub(super) last_scanned: Timestamp,
    /// The packages that came later.
    pub(super) since: Since<'s>,
}

/// Software and findings of a record.
#[derive(Debug)]
pub struct Content<'s> {
    pub(super) index: &'s Index,
    software: Vec<SoftwareRow<'s>>,
    /// By qid, then in the order of the inventory.
    affected: Vec<Affected<'s>>,
    times: Times<'s>,
    counts: SeverityCounts,
    risk: RiskView,
}

/// One package at one place.
#[derive(Clone, Copy, Debug)]
pub struct SoftwareRow<'s> {
    /// The package with its judgement.
    pub package: &'s Arc<PackageEntry>,
    /// See [`crate::SoftwareView::layer`].
    pub layer: Option<u32>,
    /// See [`crate::SoftwareView::path`].
    pub path: &'s str,
    /// See [`crate::SoftwareView::owned_by`].
    pub owned_by: Option<&'s str>,
}

impl SoftwareRow<'_> {
    /// Whether the findings of `package` count for this place.
    pub fn is_judged(&self) -> bool {
        self.owned_by.is_none()
    }
}

/// One affected package at one place.
#[derive(Clone, Copy, Debug)]
pub struct Affected<'s> {
    /// The number of the vulnerability.
    pub qid: u32,
    /// Index into the software; `None` for the operating system release, which is not software.
    pub software: Option<u32>,
    /// The affected package.
    pub package: &'s Arc<PackageEntry>,
    /// The judgement.
    pub row: &'s FindingRow,
}

/// One vulnerability with everything that it affects.
#[derive(Clone, Copy, Debug)]
pub struct Found<'c, 's> {
    content: &'c Content<'s>,
    /// What it is.
    pub vulnerability: &'s Arc<Vulnerability>,
    /// The highest severity among the affected packages.
    pub severity: Severity,
    /// The highest detection score among the affected packages, 1 to 100.
    pub risk: u8,
    /// The surest among the affected packages.
    pub confidence: Confidence,
    /// The later of: first judged so for an affected package (the earliest of them), since when the record has that
    /// package, which is when it was first stored or a later report brought it.
    pub first_found: Timestamp,
    /// The latest of: last scanned, judgement last changed, a report brought an affected package; never before
    /// `first_found`.
    pub last_found: Timestamp,
    /// What is affected, in the order of the software.
    pub affected: &'c [Affected<'s>],
}

impl<'s> Content<'s> {
    /// What an inventory holds; nothing without one.
    pub(super) fn of(index: &'s Index, inventory: Option<u32>, times: Times<'s>) -> Self {
        let inventory = inventory.unwrap_or(NONE);
        let derived = index.inventories.derived(inventory);
        let risk = RiskView { score: derived.risk, worst: Some(derived.worst).filter(|worst| *worst > 0) };
        let length = index.inventories.listing(inventory).map_or(0, |listing| listing.len());
        let mut content = Self {
            index,
            software: Vec::with_capacity(length),
            affected: Vec::new(),
            times,
            counts: derived.counts,
            risk,
        };
        for (item, layer) in index.inventories.entries(inventory) {
            content.add(item, layer);
        }
        // equal qids keep the order of the inventory
        content.affected.sort_by_key(|affected| affected.qid);
        content
    }

    fn add(&mut self, item: u32, layer: Option<u32>) {
        let index = self.index;
        let Some(item) = index.inventories.items().get(item) else { return };
        let Some(package) = index.packages.entry(item.package) else { return };
        let is_software = package.package.ecosystem() != Ecosystem::Os;
        let software = is_software.then_some(self.software.len() as u32);
        if item.is_judged() {
            let vulnerabilities = index.packages.vulnerabilities();
            self.affected.extend(index.packages.findings(item.package).iter().filter_map(|row| {
                let qid = vulnerabilities.row(row.vulnerability)?.qid;
                Some(Affected { qid, software, package, row })
            }));
        }
        if is_software {
            let (path, owned_by) = (item.path, item.owned_by);
            self.software.push(SoftwareRow { package, layer, path, owned_by });
        }
    }

    /// One entry for each package at each place, in the order of software. The operating system release itself is not
    /// software.
    pub fn software(&self) -> &[SoftwareRow<'s>] {
        &self.software
    }

    /// The vulnerabilities, by qid.
    pub fn found(&self) -> impl Iterator<Item = Found<'_, 's>> {
        self.affected.chunk_by(|a, b| a.qid == b.qid).filter_map(|affected| self.found_in(affected))
    }

    /// The vulnerabilities by severity.
    pub fn counts(&self) -> SeverityCounts {
        self.counts
    }

    /// What the vulnerabilities come to.
    pub fn risk(&self) -> RiskView {
        self.risk
    }

    fn found_in<'c>(&'c self, affected: &'c [Affected<'s>]) -> Option<Found<'c, 's>> {
        let worst = affected.iter().max_by_key(|affected| affected.row.severity)?;
        let rows = || affected.iter().map(|affected| affected.row);
        let had = |package: u32| self.times.since.of(package).map_or(self.times.first_stored, Timestamp);
        let had = |package: u32| had(package).max(self.times.first_stored);
        let found = |affected: &Affected<'_>| affected.row.first_found.max(had(affected.package.id));
        let first_found = affected.iter().map(found).min()?;
        let last_had = affected.iter().map(|affected| had(affected.package.id)).max()?;
        let packages = affected.iter().map(|affected| affected.package);
        let rejudged = packages.filter(|package| package.changed > package.created);
        let rejudged = rejudged.map(|package| package.changed).max().unwrap_or(first_found);
        Some(Found {
            content: self,
            vulnerability: self.index.packages.vulnerabilities().get(worst.row.vulnerability)?,
            severity: worst.row.severity,
            risk: rows().map(|row| row.risk).max()?,
            confidence: rows().map(|row| row.confidence).min()?,
            first_found,
            last_found: self.times.last_scanned.max(first_found).max(last_had).max(rejudged),
            affected,
        })
    }
}

impl<'c, 's> Found<'c, 's> {
    /// The version that fixes it in an affected package, if any.
    pub fn fix_version(&self, affected: &Affected<'s>) -> Option<&'s str> {
        self.content.index.packages.tables().fix_version(affected.row)
    }

    /// The place of an affected package in the software; `None` for the operating system release.
    pub fn place(&self, affected: &Affected<'s>) -> Option<&'c SoftwareRow<'s>> {
        self.content.software.get(affected.software? as usize)
    }

    /// Whether a fixed version exists for something affected.
    pub fn is_fixable(&self) -> bool {
        self.affected.iter().any(|affected| affected.row.has_fix())
    }
}

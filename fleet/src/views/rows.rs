//! What a record holds, as rows of which the text is ready: the form of an export.
//!
//! It says what [`Content`](super::Content) says, without a look at packages and their words: all that a row needs lies side by
//! side with its text. A test holds the two against each other, and what is written of them.

use std::ops::Range;
use std::sync::Arc;

use model::{Confidence, Ecosystem, Timestamp};

use super::content::Times;
use crate::facts::{Index, PackageEntry, PackageText, Ready, ReadyPackage, ReadyRow};
use crate::table::NONE;

/// Software and findings of a record.
#[derive(Debug)]
pub struct ReadyRows<'s> {
    index: &'s Index,
    times: Times<'s>,
    places: Vec<Place<'s>>,
    /// (qid and number in `rows`), sorted: by qid, then in the order of the inventory.
    order: Vec<u64>,
    rows: Vec<(u32, ReadyRow)>,
    /// Text for which there was no room.
    own: Ready,
}

/// A package at a place.
#[derive(Clone, Copy, Debug)]
struct Place<'s> {
    /// Where its text is; `None` for the record's own.
    ready: Option<&'s Ready>,
    at: u32,
    package: u32,
    item: u32,
    layer: Option<u32>,
    is_judged: bool,
}

/// One package at one place: a piece of software, or the release of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct ReadyPlace<'c> {
    rows: &'c ReadyRows<'c>,
    place: &'c Place<'c>,
    ready: &'c Ready,
    package: &'c ReadyPackage,
}

/// One vulnerability with everything that it affects.
#[derive(Clone, Copy, Debug)]
pub struct ReadyFound<'c> {
    rows: &'c ReadyRows<'c>,
    order: &'c [u64],
    /// Its number.
    pub qid: u32,
    /// See [`Found::risk`](super::Found::risk).
    pub risk: u8,
    /// See [`Found::confidence`](super::Found::confidence).
    pub confidence: Confidence,
    /// See [`Found::first_found`](super::Found::first_found).
    pub first_found: Timestamp,
    /// See [`Found::last_found`](super::Found::last_found).
    pub last_found: Timestamp,
}

/// One affected package at one place.
#[derive(Clone, Copy, Debug)]
pub struct ReadyAffected<'c> {
    /// The package at its place.
    pub place: ReadyPlace<'c>,
    row: &'c ReadyRow,
}

impl<'s> ReadyRows<'s> {
    /// What an inventory holds; nothing without one.
    pub(super) fn of(
        index: &'s Index,
        inventory: Option<u32>,
        times: Times<'s>,
        render: &PackageText,
    ) -> Self {
        let inventory = inventory.unwrap_or(NONE);
        let length = index.inventories.listing(inventory).map_or(0, |listing| listing.len());
        let mut rows = Self {
            index,
            times,
            places: Vec::with_capacity(length),
            order: Vec::with_capacity(length),
            rows: Vec::with_capacity(length),
            own: Ready::default(),
        };
        for (item, layer) in index.inventories.entries(inventory) {
            rows.add(item, layer, render);
        }
        rows.order.sort_unstable();
        rows
    }

    fn add(&mut self, item: u32, layer: Option<u32>, render: &PackageText) {
        let index = self.index;
        let (items, packages) = (index.inventories.items(), &index.packages);
        let package = items.package(item);
        let is_judged = items.is_judged(item);
        let (ready, at) = match packages.ready(package, render) {
            Some((ready, at)) => (Some(ready), at),
            None => {
                let Some(entry) = packages.entry(package) else { return };
                (None, self.own.push(entry, packages.findings(package), packages.tables(), render))
            }
        };
        let number = self.places.len() as u32;
        let text = ready.unwrap_or(&self.own);
        let Some(known) = text.package(at) else { return };
        if is_judged {
            for row in text.rows(known) {
                self.order.push(u64::from(row.qid) << 32 | self.rows.len() as u64);
                self.rows.push((number, *row));
            }
        }
        self.places.push(Place { ready, at: at as u32, package, item, layer, is_judged });
    }

    /// One entry for each package at each place, in the order of software, without the operating system release.
    pub fn software(&self) -> impl Iterator<Item = ReadyPlace<'_>> {
        self.places.iter().filter_map(|place| self.shown(place)).filter(|place| place.is_software())
    }

    /// The vulnerabilities, by qid.
    pub fn found(&self) -> impl Iterator<Item = ReadyFound<'_>> {
        self.order.chunk_by(|a, b| a >> 32 == b >> 32).filter_map(|order| self.found_in(order))
    }

    fn shown<'c>(&'c self, place: &'c Place<'c>) -> Option<ReadyPlace<'c>> {
        let ready = place.ready.unwrap_or(&self.own);
        Some(ReadyPlace { rows: self, place, ready, package: ready.package(place.at as usize)? })
    }

    fn affected(&self, key: u64) -> Option<ReadyAffected<'_>> {
        let (place, row) = self.rows.get(key as u32 as usize)?;
        Some(ReadyAffected { place: self.shown(self.places.get(*place as usize)?)?, row })
    }

    fn found_in<'c>(&'c self, order: &'c [u64]) -> Option<ReadyFound<'c>> {
        let Times { first_stored, last_scanned, since } = self.times;
        let first = self.affected(*order.first()?)?;
        let mut found = ReadyFound {
            rows: self,
            order,
            qid: first.row.qid,
            risk: 0,
            confidence: first.row.confidence,
            first_found: Timestamp(i64::MAX),
            last_found: last_scanned,
        };
        let (mut rejudged, mut last_had) = (Timestamp(i64::MIN), first_stored);
        for affected in order.iter().filter_map(|key| self.affected(*key)) {
            let ReadyAffected { place, row } = affected;
            let came = since.of(place.place.package).map_or(first_stored, Timestamp);
            let had = came.max(first_stored);
            found.risk = found.risk.max(row.risk);
            found.confidence = found.confidence.min(row.confidence);
            found.first_found = found.first_found.min(row.first_found.max(had));
            last_had = last_had.max(had);
            rejudged = rejudged.max(place.package.rejudged);
        }
        found.last_found = last_scanned.max(found.first_found).max(last_had).max(rejudged);
        Some(found)
    }
}

impl<'c> ReadyPlace<'c> {
    /// Some pieces of its text that stand side by side, see [`PackageText::PIECES`].
    pub fn text(&self, pieces: Range<usize>) -> &'c [u8] {
        self.ready.pieces(self.package, pieces)
    }

    /// Where the package comes from.
    pub fn ecosystem(&self) -> Ecosystem {
        self.package.ecosystem
    }

    /// Whether it is listed as software; the release of the operating system is not.
    pub fn is_software(&self) -> bool {
        self.package.ecosystem != Ecosystem::Os
    }

    /// Whether the findings of the package count for this place.
    pub fn is_judged(&self) -> bool {
        self.place.is_judged
    }

    /// See [`SoftwareView::layer`](crate::SoftwareView::layer).
    pub fn layer(&self) -> Option<u32> {
        self.place.layer
    }

    /// See [`SoftwareView::path`](crate::SoftwareView::path).
    pub fn path(&self) -> &'c str {
        self.rows.index.inventories.items().path(self.place.item)
    }

    /// The package with its judgement.
    pub fn entry(&self) -> Option<&'c Arc<PackageEntry>> {
        self.rows.index.packages.entry(self.place.package)
    }
}

impl<'c> ReadyFound<'c> {
    /// What is affected, in the order of the software.
    pub fn affected(&self) -> impl Iterator<Item = ReadyAffected<'c>> + Clone + use<'c> {
        let rows = self.rows;
        self.order.iter().filter_map(|key| rows.affected(*key))
    }
}

impl<'c> ReadyAffected<'c> {
    /// A piece about the version that fixes it, see [`PackageText::FIX_PIECES`].
    pub fn fix(&self, piece: usize) -> &'c [u8] {
        self.place.ready.fix(self.row, piece)
    }
}

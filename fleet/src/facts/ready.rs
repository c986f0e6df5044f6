//! Ready text of packages, in pieces, for exports.
//!
//! A package stands in an export once for each image that has it. What is written there is the renderer's to say; it is made once
//! for a block of neighbouring packages and lies side by side, so that to write a row is to copy. It belongs to the judgements
//! that the block holds: where a package is judged anew, the block is made anew and has no text yet. So text is never stale.
//!
//! All text together has a bound. Beyond it, text is made for the record that needs it and forgotten again.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use model::{Confidence, Ecosystem, Timestamp};

use super::entry::PackageEntry;
use super::findings::FindingRow;
use super::tables::Tables;

/// Bytes that the text of all blocks together may take.
const MOST: usize = 384 << 20;

/// How the text of packages is made. It may depend on nothing but what is given; there is one way in a process.
#[derive(Clone, Copy, Debug)]
pub struct PackageText {
    /// Appends a piece of a package, by its number below [`PackageText::PIECES`].
    pub package: fn(&PackageEntry, usize, &mut Vec<u8>),
    /// Appends a piece about the version that fixes a finding, by its number below [`PackageText::FIX_PIECES`].
    pub fix: fn(Option<&str>, usize, &mut Vec<u8>),
}

impl PackageText {
    /// Pieces of a package; neighbouring ones can be had as one text.
    pub const PIECES: usize = 6;
    /// Pieces about a fix.
    pub const FIX_PIECES: usize = 2;
}

/// The text of some packages.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    text: Vec<u8>,
    /// [`None`] where no package is known.
    packages: Vec<Option<ReadyPackage>>,
    rows: Vec<ReadyRow>,
    /// Where the text of a version that fixes something lies.
    fixes: HashMap<u32, [u32; PackageText::FIX_PIECES + 1]>,
    held: Option<Held>,
}

/// A package with its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadyPackage {
    /// Where its text begins, and where each piece ends.
    ends: [u32; PackageText::PIECES + 1],
    first_row: u32,
    last_row: u32,
    /// When its findings last changed; the beginning of time if they never did.
    pub(crate) rejudged: Timestamp,
    pub(crate) ecosystem: Ecosystem,
}

/// A finding, as far as a row of an export tells of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadyRow {
    pub(crate) first_found: Timestamp,
    pub(crate) qid: u32,
    fix: [u32; PackageText::FIX_PIECES + 1],
    pub(crate) risk: u8,
    pub(crate) confidence: Confidence,
}

impl Ready {
    /// The text of `packages` with their findings, which are neighbours.
    fn of<'p>(
        packages: impl Iterator<Item = Option<(&'p PackageEntry, &'p [FindingRow])>>,
        tables: &Tables,
        render: &PackageText,
        room: &Arc<Room>,
    ) -> Self {
        let mut ready = Self::default();
        for package in packages {
            match package {
                Some((entry, rows)) => _ = ready.push(entry, rows, tables, render),
                None => ready.packages.push(None),
            }
        }
        ready.fixes = HashMap::new();
        ready.text.shrink_to_fit();
        ready.packages.shrink_to_fit();
        ready.rows.shrink_to_fit();
        ready.held = Some(room.hold(ready.bytes()));
        ready
    }

    /// Adds a package; gives its place.
    pub(crate) fn push(
        &mut self,
        entry: &PackageEntry,
        rows: &[FindingRow],
        tables: &Tables,
        render: &PackageText,
    ) -> usize {
        let mut ends = [self.end(); PackageText::PIECES + 1];
        for (piece, end) in ends.iter_mut().skip(1).enumerate() {
            (render.package)(entry, piece, &mut self.text);
            *end = self.end();
        }
        let first_row = self.rows.len() as u32;
        for row in rows {
            if let Some(row) = self.row(row, tables, render) {
                self.rows.push(row);
            }
        }
        let is_rejudged = entry.changed > entry.created;
        self.packages.push(Some(ReadyPackage {
            ends,
            first_row,
            last_row: self.rows.len() as u32,
            rejudged: if is_rejudged { entry.changed } else { Timestamp(i64::MIN) },
            ecosystem: entry.package.ecosystem(),
        }));
        self.packages.len() - 1
    }

    fn row(&mut self, row: &FindingRow, tables: &Tables, render: &PackageText) -> Option<ReadyRow> {
        let qid = tables.vulnerabilities.row(row.vulnerability)?.qid;
        let fix = match self.fixes.get(&row.fix_version) {
            Some(known) => *known,
            None => {
                let version = tables.fix_version(row);
                let mut fix = [self.end(); PackageText::FIX_PIECES + 1];
                for (piece, end) in fix.iter_mut().skip(1).enumerate() {
                    (render.fix)(version, piece, &mut self.text);
                    *end = self.end();
                }
                self.fixes.insert(row.fix_version, fix);
                fix
            }
        };
        let FindingRow { first_found, risk, confidence, .. } = *row;
        Some(ReadyRow { first_found, qid, fix, risk, confidence })
    }

    /// Where what is appended next begins. A block is of few packages, whose words a report bounds to far less than four gigabytes.
    fn end(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn package(&self, at: usize) -> Option<&ReadyPackage> {
        self.packages.get(at)?.as_ref()
    }

    /// The findings of a package, by qid.
    pub(crate) fn rows(&self, package: &ReadyPackage) -> &[ReadyRow] {
        self.rows.get(package.first_row as usize..package.last_row as usize).unwrap_or_default()
    }

    /// Some pieces of a package that stand side by side.
    pub(crate) fn pieces(&self, package: &ReadyPackage, pieces: Range<usize>) -> &[u8] {
        self.between(package.ends.get(pieces.start), package.ends.get(pieces.end))
    }

    /// A piece about the fix of a finding.
    pub(crate) fn fix(&self, row: &ReadyRow, piece: usize) -> &[u8] {
        self.between(row.fix.get(piece), row.fix.get(piece + 1))
    }

    fn between(&self, start: Option<&u32>, end: Option<&u32>) -> &[u8] {
        let bounds = start.zip(end);
        bounds.and_then(|(start, end)| self.text.get(*start as usize..*end as usize)).unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        self.text.capacity()
            + self.packages.capacity() * size_of::<Option<ReadyPackage>>()
            + self.rows.capacity() * size_of::<ReadyRow>()
    }
}

/// How much text there is.
#[derive(Debug, Default)]
pub(crate) struct Room(AtomicUsize);

/// A part of the room, given back when it is dropped.
#[derive(Debug)]
struct Held {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    fn hold(self: &Arc<Self>, bytes: usize) -> Held {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Held { room: Arc::clone(self), bytes }
    }

    /// One in which nothing more has a place.
    #[cfg(test)]
    pub(super) fn full() -> Self {
        Self(AtomicUsize::new(MOST))
    }

    fn has_any(&self) -> bool {
        self.0.load(Ordering::Relaxed) < MOST
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The text of a block, once somebody asked for it. A clone has none: it is made to be changed.
#[derive(Debug, Default)]
pub(super) struct Slot(OnceLock<Box<Ready>>);

impl Clone for Slot {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Slot {
    /// The text of a block, which is made at the first call; `None` if there is no room for more.
    pub(super) fn get_or_make<'p>(
        &self,
        packages: impl Iterator<Item = Option<(&'p PackageEntry, &'p [FindingRow])>>,
        tables: &Tables,
        render: &PackageText,
        room: &Arc<Room>,
    ) -> Option<&Ready> {
        match self.0.get() {
            Some(ready) => Some(ready),
            None if room.has_any() => {
                Some(self.0.get_or_init(|| Box::new(Ready::of(packages, tables, render, room))))
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_back() {
        let room = Arc::new(Room::default());
        let (some, most) = (room.hold(5), room.hold(MOST));
        assert!(!room.has_any());
        drop(some);
        assert!(!room.has_any());
        drop(most);
        assert!(room.has_any() && room.0.load(Ordering::Relaxed) == 0);
    }
}

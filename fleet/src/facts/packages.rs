//! The package dictionary: every distinct package with its judgement, shared by all images that hold it.
//!
//! An entry is immutable. When a package is judged anew it gets a new entry and new rows, so a reader that holds an older
//! clone of the table sees package, findings and times that belong together, and ready fragments never go stale.
//!
//! Rows of neighbouring packages lie side by side, so that a question to all findings is a run through memory.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use knowledge::Bundle;
use matcher::{Judgement, risk};
use model::{Ecosystem, LifecycleStage, NamespaceFamily, Timestamp, Vulnerability};
use store::PackageRow;

use super::entry::PackageEntry;
use super::findings::{FindingRow, Verdict};
use super::kept::Edition;
use super::ready::{PackageText, Ready, Room, Slot};
use super::tables::Tables;
use super::vulnerabilities::Vulnerabilities;
use crate::judge::Judged;
use crate::table::{Bits, NONE};

mod saved;

/// Packages from which on two threads go through them.
const SHARED: usize = if cfg!(test) { 5 } else { 50_000 };

/// Packages whose rows lie side by side and are copied together.
const BLOCK: usize = 256;

/// What is searched of a package, without its findings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PackageHead {
    /// When its findings last changed.
    pub(crate) changed: Timestamp,
    /// The name under which it is listed, in [`Tables::names`].
    pub(crate) name: u32,
    /// In [`Tables::versions`].
    pub(crate) version: u32,
    /// The version that clears its findings, in [`Tables::versions`]; [`NONE`] if there is none.
    pub(crate) fix_version: u32,
    /// In [`Tables::lifecycles`]; [`NONE`] if none is known.
    pub(crate) lifecycle: u32,
    /// Its place in the order of identities among the packages that were known when places were given; [`NONE`] if it came
    /// later.
    pub(super) place: u32,
    /// Where its rows begin and end in the block.
    pub(super) start: u32,
    pub(super) end: u32,
    pub(crate) stage: Option<LifecycleStage>,
    pub(crate) ecosystem: Ecosystem,
}

/// All known packages; a clone costs nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packages {
    blocks: Arc<Vec<Arc<Block>>>,
    tables: Arc<Tables>,
    /// How many packages there are.
    count: usize,
    /// What the ready text of all clones takes.
    room: Arc<Room>,
    edition: Edition,
}

/// Packages of neighbouring numbers.
#[derive(Clone, Debug, Default)]
struct Block {
    entries: Vec<Option<Arc<PackageEntry>>>,
    /// One for each entry, also for one that is not there.
    heads: Vec<PackageHead>,
    /// The rows of all packages in their order, each package's sorted by qid.
    rows: Vec<FindingRow>,
    ready: Slot,
}

impl Block {
    fn rows_of(&self, head: &PackageHead) -> &[FindingRow] {
        self.rows.get(head.start as usize..head.end as usize).unwrap_or_default()
    }
}

/// By number, the words of vulnerabilities that are those which are known.
pub(crate) type SameWords = HashMap<u32, Option<Arc<Vulnerability>>>;

/// What becomes of a package: its row in the store, what was found, and when each finding was first made.
pub(crate) struct Put {
    pub(crate) row: PackageRow,
    pub(crate) verdict: Verdict,
    /// In the order of the verdict's rows; `None` for one that the store does not know: it stands since the package's
    /// findings last changed.
    pub(crate) first_found: Vec<Option<Timestamp>>,
}

impl Packages {
    /// How many packages there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// All numbers of packages are below it.
    pub(crate) fn end(&self) -> u32 {
        (self.blocks.len() * BLOCK) as u32
    }

    /// The edition of packages and findings.
    pub(crate) fn edition(&self) -> Edition {
        self.edition
    }

    /// What the numbers of rows and heads stand for.
    pub(crate) fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }

    /// The vulnerabilities that rows speak of.
    pub(crate) fn vulnerabilities(&self) -> &Vulnerabilities {
        &self.tables.vulnerabilities
    }

    /// The package with a number of the store.
    pub(crate) fn entry(&self, package: u32) -> Option<&Arc<PackageEntry>> {
        let (block, at) = self.place(package)?;
        block.entries.get(at)?.as_ref()
    }

    /// What is searched of a package.
    pub(crate) fn head(&self, package: u32) -> Option<&PackageHead> {
        let (block, at) = self.place(package)?;
        block.entries.get(at)?.as_ref()?;
        block.heads.get(at)
    }

    /// The findings of a package, sorted by qid; none for a package that is not known.
    pub(crate) fn findings(&self, package: u32) -> &[FindingRow] {
        let Some((block, at)) = self.place(package) else { return &[] };
        block.heads.get(at).map_or(&[], |head| block.rows_of(head))
    }

    /// All packages, by number.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Arc<PackageEntry>> {
        self.blocks.iter().flat_map(|block| block.entries.iter().flatten())
    }

    /// All packages with what is searched of them and their findings, by number.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, &PackageHead, &[FindingRow])> {
        self.rows_of(0..self.blocks.len())
    }

    /// The packages for which `holds`, with what is searched of them and their findings. Many are asked by two threads.
    pub(crate) fn rows_where(&self, holds: impl Fn(u32, &PackageHead, &[FindingRow]) -> bool + Sync) -> Bits {
        let within = |blocks: Range<usize>| {
            let mut found = Bits::none(self.end());
            let holding = self.rows_of(blocks).filter(|(package, head, rows)| holds(*package, head, rows));
            holding.for_each(|(package, ..)| found.insert(package));
            found
        };
        let (all, half) = (self.blocks.len(), self.blocks.len() / 2);
        if self.count < SHARED {
            return within(0..all);
        }
        std::thread::scope(|scope| {
            let high = scope.spawn(|| within(half..all));
            let mut found = within(0..half);
            found.or(&high.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            found
        })
    }

    fn rows_of(&self, blocks: Range<usize>) -> impl Iterator<Item = (u32, &PackageHead, &[FindingRow])> {
        let within = self.blocks.iter().enumerate().take(blocks.end).skip(blocks.start);
        within.flat_map(|(index, block)| {
            let known = block.entries.iter().zip(&block.heads).zip((index * BLOCK) as u32..);
            known
                .filter(|((entry, _), _)| entry.is_some())
                .map(|((_, head), package)| (package, head, block.rows_of(head)))
        })
    }

    /// The ready text of the block that a package is in, and its place there; `None` if it is not known or there is no room for
    /// more text.
    pub(crate) fn ready(&self, package: u32, render: &PackageText) -> Option<(&Ready, usize)> {
        let (block, at) = self.place(package)?;
        let packages = block.entries.iter().zip(&block.heads);
        let packages = packages.map(|(entry, head)| Some((&**entry.as_ref()?, block.rows_of(head))));
        Some((block.ready.get_or_make(packages, &self.tables, render, &self.room)?, at))
    }

    /// From now on there is no room for ready text.
    #[cfg(test)]
    pub(crate) fn fill_room(&mut self) {
        self.room = Arc::new(Room::full());
    }

    /// Whether time alone has changed a judgement that no advisory has, as [`matcher::is_outdated`]. Without a bundle, it has the
    /// date of the one that judged all packages.
    pub(crate) fn is_outdated(&self, entry: &PackageEntry, bundle: Option<&Bundle>, now: Timestamp) -> bool {
        let stage = entry.lifecycle.as_ref().map(|lifecycle| lifecycle.stage(now));
        let Some(bundle) = bundle else { return stage != entry.stage };
        stage != entry.stage
            || self.findings(entry.id).iter().any(|row| {
                let Some(what) = self.vulnerabilities().get(row.vulnerability) else { return true };
                let age = risk::age_days(what.published, bundle.date()).filter(|_| row.has_fix());
                what.family != NamespaceFamily::Lifecycle
                    && risk::of(what, row.severity, row.state, row.has_fix(), age) != row.risk
            })
    }

    /// The order in which software is listed: that of identities. Packages that are not known come first.
    pub(crate) fn order(&self, a: u32, b: u32) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        match (self.place_of(a), self.place_of(b)) {
            (Some(of_a), Some(of_b)) => of_a.cmp(&of_b),
            _ => {
                let identity = |package| self.entry(package).map(|entry| &entry.package);
                identity(a).cmp(&identity(b))
            }
        }
    }

    /// The place of a package among those that were known when places were given; `None` if it came later.
    pub(crate) fn place_of(&self, package: u32) -> Option<u32> {
        self.head(package).and_then(PackageHead::known_place)
    }

    /// Gives all packages their places in the order of identities, so that to put many of them in order costs little.
    pub(crate) fn give_places(&mut self) {
        let mut known: Vec<&Arc<PackageEntry>> = self.entries().collect();
        known.sort_unstable_by(|a, b| a.package.cmp(&b.package));
        let known: Vec<u32> = known.into_iter().map(|entry| entry.id).collect();
        let blocks = Arc::make_mut(&mut self.blocks);
        for (place, package) in (0..).zip(known) {
            if let Some(block) = blocks.get_mut(package as usize / BLOCK)
                && let Some(head) = Arc::make_mut(block).heads.get_mut(package as usize % BLOCK)
            {
                head.place = place;
            }
        }
    }

    /// Puts a judgement under numbers. Only the newest clone may be added to. Nothing of it is shown before it is put.
    pub(crate) fn verdict(&mut self, judged: Judged) -> Verdict {
        let Judged { judgement, stage, fingerprint } = judged;
        let Judgement { findings, coverage, undecided, fix_version, lifecycle } = judgement;
        let tables = Arc::make_mut(&mut self.tables);
        let rows = findings.iter().map(|finding| tables.row(finding)).collect();
        Verdict {
            rows,
            vulnerabilities: findings.into_iter().map(|finding| finding.vulnerability).collect(),
            coverage,
            undecided: (!undecided.is_empty()).then(|| undecided.into_boxed_slice()),
            fix_version: tables.versions.intern_optional(fix_version.as_deref()),
            lifecycle,
            stage,
            fingerprint,
        }
    }

    /// The verdict that an entry shows.
    pub(crate) fn verdict_of(&self, entry: &PackageEntry) -> Verdict {
        let rows = self.findings(entry.id);
        let vulnerability = |row: &FindingRow| self.vulnerabilities().get(row.vulnerability).cloned();
        Verdict {
            rows: rows.into(),
            vulnerabilities: rows.iter().filter_map(vulnerability).collect(),
            coverage: entry.coverage,
            undecided: entry.undecided.clone(),
            fix_version: self.head(entry.id).map_or(NONE, |head| head.fix_version),
            lifecycle: entry.lifecycle.clone(),
            stage: entry.stage,
            fingerprint: entry.fingerprint,
        }
    }

    /// The same package as it is known with a judgement of equal content, which may differ in what no client is shown:
    /// times and fingerprint stay.
    pub(crate) fn renewed(&self, known: &PackageEntry, verdict: Verdict) -> Put {
        let row = PackageRow {
            id: known.id,
            package: known.package.package(),
            created: known.created,
            changed: known.changed,
            fingerprint: Some(known.fingerprint),
        };
        let rows = self.findings(known.id);
        let qid = |row: &FindingRow| self.vulnerabilities().row(row.vulnerability).map(|row| row.qid);
        let first = |vulnerability: &Arc<Vulnerability>| {
            let found = rows.iter().find(|row| qid(row) == Some(vulnerability.qid))?;
            Some(found.first_found)
        };
        let first_found = verdict.vulnerabilities.iter().map(first).collect();
        Put { row, verdict, first_found }
    }

    /// Whether a verdict finds what is known of a package, in words that may be others.
    pub(crate) fn finds_the_same(&self, known: &PackageEntry, verdict: &Verdict) -> bool {
        let rows = self.findings(known.id);
        let is_same = |(row, new): (&FindingRow, &FindingRow)| {
            *row == FindingRow { first_found: row.first_found, ..*new }
        };
        rows.len() == verdict.rows.len()
            && rows.iter().zip(&verdict.rows).all(is_same)
            && known.coverage == verdict.coverage
            && known.undecided == verdict.undecided
            && self.head(known.id).map(|head| head.fix_version) == Some(verdict.fix_version)
            && known.lifecycle == verdict.lifecycle
            && known.stage == verdict.stage
    }

    /// Whether a verdict speaks of vulnerabilities in the words that are known. `same` keeps what was found out of each: the
    /// verdict's words if they are.
    pub(crate) fn says_the_same(&self, verdict: &Verdict, same: &mut SameWords) -> bool {
        verdict.rows.iter().zip(&verdict.vulnerabilities).all(|(row, new)| {
            let is_same = || self.vulnerabilities().get(row.vulnerability).is_some_and(|known| known == new);
            let found = same.entry(row.vulnerability);
            found.or_insert_with(|| is_same().then(|| Arc::clone(new))).is_some()
        })
    }

    /// Shares words with the bundle that they are of, so that they are in memory once.
    pub(crate) fn share_words(&mut self, same: SameWords) {
        let tables = Arc::make_mut(&mut self.tables);
        for (number, words) in same {
            words.into_iter().for_each(|words| tables.vulnerabilities.share(number, words));
        }
    }

    /// Puts packages in or replaces them. Only the newest clone may be added to.
    pub(crate) fn put(&mut self, puts: impl IntoIterator<Item = Put>) {
        self.edition = Edition::next();
        let mut all: Vec<(PackageEntry, PackageHead, Vec<FindingRow>)> = {
            let tables = Arc::make_mut(&mut self.tables);
            puts.into_iter().map(|put| tables.entry(put)).collect()
        };
        // the last one counts
        all.reverse();
        all.sort_by_key(|(entry, ..)| entry.id);
        all.dedup_by_key(|(entry, ..)| entry.id);
        let blocks = Arc::make_mut(&mut self.blocks);
        let mut all = all.into_iter().peekable();
        while let Some((first, ..)) = all.peek() {
            let number = first.id as usize / BLOCK;
            let mut new = Vec::new();
            while let Some(next) = all.next_if(|(entry, ..)| entry.id as usize / BLOCK == number) {
                new.push(next);
            }
            if number >= blocks.len() {
                blocks.resize_with(number + 1, Arc::default);
            }
            let block = rebuilt(&blocks[number], new, &mut self.count);
            blocks[number] = Arc::new(block);
        }
    }

    fn place(&self, package: u32) -> Option<(&Block, usize)> {
        Some((self.blocks.get(package as usize / BLOCK)?, package as usize % BLOCK))
    }
}

/// A block with new packages, which are sorted by number.
fn rebuilt(old: &Block, new: Vec<(PackageEntry, PackageHead, Vec<FindingRow>)>, count: &mut usize) -> Block {
    let last = new.last().map_or(0, |(entry, ..)| entry.id as usize % BLOCK + 1);
    let length = last.max(old.entries.len());
    let added: usize = new.iter().map(|(_, _, rows)| rows.len()).sum();
    let mut block = Block {
        entries: Vec::with_capacity(length),
        heads: Vec::with_capacity(length),
        rows: Vec::with_capacity(old.rows.len() + added),
        ready: Slot::default(),
    };
    let mut new = new.into_iter().peekable();
    for at in 0..length {
        let start = block.rows.len() as u32;
        let known = old.entries.get(at).cloned().flatten();
        let (entry, mut head) = match new.next_if(|(entry, ..)| entry.id as usize % BLOCK == at) {
            Some((entry, head, rows)) => {
                *count += usize::from(known.is_none());
                block.rows.extend(rows);
                let place = old.heads.get(at).filter(|_| known.is_some()).map_or(NONE, |head| head.place);
                (Some(Arc::new(entry)), PackageHead { place, ..head })
            }
            None => {
                let head = old.heads.get(at).copied().unwrap_or(PackageHead::NOBODY);
                block.rows.extend_from_slice(old.rows_of(&head));
                (known, head)
            }
        };
        (head.start, head.end) = (start, block.rows.len() as u32);
        block.entries.push(entry);
        block.heads.push(head);
    }
    block.rows.shrink_to_fit();
    block
}

impl PackageHead {
    /// See [`Packages::place_of`].
    pub(super) fn known_place(&self) -> Option<u32> {
        Some(self.place).filter(|place| *place != NONE)
    }

    /// Stands where no package is known.
    pub(super) const NOBODY: Self = Self {
        changed: Timestamp(i64::MIN),
        name: NONE,
        version: NONE,
        fix_version: NONE,
        lifecycle: NONE,
        place: NONE,
        start: 0,
        end: 0,
        stage: None,
        ecosystem: Ecosystem::Generic,
    };
}

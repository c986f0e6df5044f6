//! How packages lie in a saved index: block by block, entries and heads as records of fixed length, findings as rows.

use std::io;
use std::sync::{Arc, OnceLock};

use matcher::Undecided;
use model::{Severity, Timestamp};

use super::super::entry::PackageEntry;
use super::super::findings::FindingRow;
use super::super::identity::{self, Identity};
use super::super::kept::Edition;
use super::super::ready::Slot;
use super::super::tables::Tables;
use super::{BLOCK, Block, PackageHead, Packages};
use crate::dictionary::SeverityCounts;
use crate::persist::{Persist, PersistError, Plain as _, Sink, Source, Word as _};
use crate::table::NONE;

/// created, changed, fingerprint; name, version, version of the fix, lifecycle, place, number of rows; coverage, stage.
type Record = ([i64; 2], (u64, ([u32; 6], [u8; 2])));

/// First found; vulnerability, advisory, version of the fix, feed; severity, base severity, rule, what raised it, risk, state,
/// confidence.
type Row = (i64, ([u32; 4], [u8; 7]));

impl Persist for Packages {
    fn form(form: &mut String) {
        form.push_str("packages, form 1, of records ");
        form.push_str(std::any::type_name::<(Record, Row)>());
        Tables::form(form);
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        self.tables.save(sink)?;
        sink.count(self.blocks.len())?;
        self.blocks.iter().try_for_each(|block| save_block(block, sink))
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let mut tables = Tables::load(source)?;
        let number = source.count(4)?;
        let mut blocks = Vec::with_capacity(number);
        let mut count = 0;
        for index in 0..number {
            let first = u32::try_from(index * BLOCK)
                .map_err(|_| PersistError::Damaged("there are too many packages"))?;
            let block = load_block(source, first, &mut tables)?;
            count += block.entries.iter().flatten().count();
            blocks.push(Arc::new(block));
        }
        Ok(Self {
            blocks: Arc::new(blocks),
            tables: Arc::new(tables),
            count,
            room: Arc::default(),
            edition: Edition::next(),
        })
    }

    fn warm(&self) {
        self.tables.warm();
    }
}

fn save_block(block: &Block, sink: &mut Sink<'_>) -> io::Result<()> {
    let is_known: Vec<bool> = block.entries.iter().map(Option::is_some).collect();
    is_known.save(sink)?;
    let known = || block.entries.iter().flatten();
    let identities: Vec<&Identity> = known().map(|entry| &entry.package).collect();
    identity::save(&identities, sink)?;
    let heads =
        block.entries.iter().zip(&block.heads).filter_map(|(entry, head)| Some((entry.as_ref()?, head)));
    let records: Vec<Record> = heads.clone().map(|(entry, head)| record(entry, head)).collect();
    sink.plain(&records)?;
    for (_, head) in heads {
        let rows: Vec<Row> = block.rows_of(head).iter().map(row).collect();
        sink.plain(&rows)?;
    }
    let undecided: Vec<_> =
        (0_u32..).zip(known()).filter(|(_, entry)| !entry.undecided().is_empty()).collect();
    sink.count(undecided.len())?;
    for (at, entry) in undecided {
        sink.plain(&[at, entry.undecided().len() as u32])?;
        for Undecided { vulnerability, advisory, reason } in entry.undecided() {
            [vulnerability, advisory, reason].into_iter().try_for_each(|text| sink.bytes(text.as_bytes()))?;
        }
    }
    Ok(())
}

fn load_block(source: &mut Source, first: u32, tables: &mut Tables) -> Result<Block, PersistError> {
    let is_known: Vec<bool> = Vec::load(source)?;
    if is_known.len() > BLOCK {
        return Err(PersistError::Damaged("a block holds too many packages"));
    }
    let numbers = (first..).zip(&is_known).filter(|(_, known)| **known).map(|(number, _)| number);
    let numbers: Vec<u32> = numbers.collect();
    let identities = identity::load(numbers.len(), source, tables.shared())?;
    let records: Vec<Record> = source.many(numbers.len())?;
    let mut rows = Vec::new();
    let mut known = Vec::with_capacity(numbers.len());
    for ((number, package), record) in numbers.iter().zip(identities).zip(records) {
        known.push(load_package((*number, package), record, tables, source, &mut rows)?);
    }
    rows.shrink_to_fit();
    load_undecided(source, &mut known)?;
    let mut known = known.into_iter();
    let slots = is_known.into_iter().map(|is_known| if is_known { known.next() } else { None });
    let (entries, heads) = slots
        .map(|slot| match slot {
            Some((entry, head)) => (Some(Arc::new(entry)), head),
            None => (None, PackageHead::NOBODY),
        })
        .unzip();
    Ok(Block { entries, heads, rows, ready: Slot::default() })
}

fn load_package(
    (id, package): (u32, Identity),
    record: Record,
    tables: &Tables,
    source: &mut Source,
    rows: &mut Vec<FindingRow>,
) -> Result<(PackageEntry, PackageHead), PersistError> {
    let ([created, changed], (fingerprint, (numbers, [coverage, stage]))) = record;
    let [name, version, fix_version, lifecycle, place, count] = numbers;
    let is_version = |number| number == NONE || number < tables.versions.len();
    let of_lifecycle = tables.lifecycles.get(lifecycle).cloned();
    if name >= tables.names.len()
        || !is_version(version)
        || !is_version(fix_version)
        || of_lifecycle.is_some() == (lifecycle == NONE)
    {
        return Err(PersistError::Damaged("a package has words that are not there"));
    }
    let start = rows.len() as u32;
    let mut counts = SeverityCounts::default();
    for row in source.many::<Row>(source.room_for(count as usize, Row::SIZE)?)? {
        let row = load_row(row)?;
        let fits = row.vulnerability < tables.vulnerabilities.len()
            && row.advisory < tables.advisories.len()
            && row.feed < tables.feeds.len()
            && is_version(row.fix_version);
        if !fits {
            return Err(PersistError::Damaged("a finding has words that are not there"));
        }
        counts.add(row.severity);
        rows.push(row);
    }
    let (changed, stage) = (Timestamp(changed), model::LifecycleStage::optional(stage)?);
    let ecosystem = package.ecosystem();
    let end = rows.len() as u32;
    let head =
        PackageHead { changed, name, version, fix_version, lifecycle, place, start, end, stage, ecosystem };
    let entry = PackageEntry {
        id,
        package,
        created: Timestamp(created),
        changed,
        fingerprint,
        coverage: matcher::Coverage::of(coverage)?,
        undecided: None,
        fix_version: tables.versions.get(fix_version).map(Arc::from),
        lifecycle: of_lifecycle,
        stage,
        counts,
        fragments: OnceLock::new(),
    };
    Ok((entry, head))
}

fn load_row((first_found, (numbers, words)): Row) -> Result<FindingRow, PersistError> {
    let [vulnerability, advisory, fix_version, feed] = numbers;
    let [severity, base_severity, rule, raised_by, risk, state, confidence] = words;
    Ok(FindingRow {
        first_found: Timestamp(first_found),
        vulnerability,
        advisory,
        fix_version,
        feed,
        severity: Severity::of(severity)?,
        base_severity: Severity::of(base_severity)?,
        severity_rule: model::SeverityRule::of(rule)?,
        raised_by: model::RaisedBy::optional(raised_by)?,
        risk,
        state: model::FixState::of(state)?,
        confidence: model::Confidence::of(confidence)?,
    })
}

fn load_undecided(
    source: &mut Source,
    known: &mut [(PackageEntry, PackageHead)],
) -> Result<(), PersistError> {
    for _ in 0..source.count(8)? {
        let [at, count]: [u32; 2] = source.one()?;
        let mut undecided = Vec::new();
        for _ in 0..source.room_for(count as usize, 24)? {
            let (vulnerability, advisory, reason) = (source.text()?, source.text()?, source.text()?);
            undecided.push(Undecided { vulnerability, advisory, reason });
        }
        let (entry, _) =
            known.get_mut(at as usize).ok_or(PersistError::Damaged("a statement is of nobody"))?;
        entry.undecided = Some(undecided.into_boxed_slice());
    }
    Ok(())
}

fn record(entry: &PackageEntry, head: &PackageHead) -> Record {
    let numbers = [
        head.name,
        head.version,
        head.fix_version,
        head.lifecycle,
        head.place,
        head.end.saturating_sub(head.start),
    ];
    let words = [entry.coverage.code(), model::LifecycleStage::optional_code(entry.stage)];
    ([entry.created.0, entry.changed.0], (entry.fingerprint, (numbers, words)))
}

fn row(of: &FindingRow) -> Row {
    let numbers = [of.vulnerability, of.advisory, of.fix_version, of.feed];
    let words = [
        of.severity.code(),
        of.base_severity.code(),
        of.severity_rule.code(),
        model::RaisedBy::optional_code(of.raised_by),
        of.risk,
        of.state.code(),
        of.confidence.code(),
    ];
    (of.first_found.0, (numbers, words))
}

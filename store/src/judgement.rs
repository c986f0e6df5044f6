//! What is remembered of judgements: when each package was first judged to have a vulnerability, and when no longer.
//!
//! Findings themselves are worked out anew from package and vulnerability data and are never stored.

use std::collections::{BTreeMap, BTreeSet};

use model::Timestamp;
use uuid::Uuid;

use crate::change::{self, Change, ChangeKind};
use crate::dialect::{with_list, with_rows};
use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::package::page;
use crate::record::{FindingRow, Rejudged};
use crate::sql::sql;
use crate::work::Work;

/// Packages asked for by one statement.
const BATCH: usize = 200;
/// Findings opened by one statement.
const ROWS: usize = 50;

/// All findings, ended ones included, of `packages`, in the order of (package, qid).
pub(crate) fn of_packages(connection: &mut dyn Connection, packages: &[u32]) -> Result<Vec<FindingRow>> {
    let mut packages = packages.to_vec();
    packages.sort_unstable();
    packages.dedup();
    let mut findings = Vec::new();
    for batch in packages.chunks(BATCH) {
        let size = if batch.len() == 1 { 1 } else { BATCH };
        let mut values: Vec<Value> = batch.iter().map(|id| Value::from(*id)).collect();
        values.resize(size, Value::Null);
        for row in connection.query(&with_list(sql!("finding/of_packages"), size), &values)? {
            findings.push(read(row)?);
        }
    }
    Ok(findings)
}

/// Findings after a key, in the order of (package, qid).
pub(crate) fn after(
    connection: &mut dyn Connection,
    key: Option<(u32, u32)>,
    limit: usize,
) -> Result<Vec<FindingRow>> {
    let (package, qid) = key.map_or((-1, -1), |(package, qid)| (i64::from(package), i64::from(qid)));
    let rows = connection.query(sql!("finding/after"), &[package.into(), qid.into(), page(limit)])?;
    rows.into_iter().map(read).collect()
}

/// Reads a row.
pub(crate) fn read(mut row: Row) -> Result<FindingRow> {
    let (package, qid, first_found) = (row.u32(0)?, row.u32(1)?, row.time(2)?);
    Ok(FindingRow { package, qid, first_found, ended: row.optional_int(3)?.map(Timestamp) })
}

/// Records the first judgement of packages: found when the package was first seen. Packages that were judged
/// already, by another process, are left alone.
pub(crate) fn record_first(work: &mut Work<'_>, judged: Vec<(u32, u64, Vec<u32>)>) -> Result<()> {
    let values = |(package, fingerprint, _): &(u32, u64, Vec<u32>)| {
        vec![Value::from(*package), fingerprint.cast_signed().into()]
    };
    let sets: Vec<Vec<Value>> = judged.iter().map(values).collect();
    let answers = work.connection.query_many(sql!("package/set_first_fingerprint"), &sets)?;
    let mut found = Vec::new();
    for ((package, _, qids), mut rows) in judged.into_iter().zip(answers) {
        match rows.first_mut() {
            Some(row) => {
                let created = row.time(0)?;
                found.extend(qids.into_iter().map(|qid| (package, qid, created)));
            }
            // it was judged already, if there is one
            None => drop(judgement_of(work.connection, package)?),
        }
    }
    open_first(work.connection, &found)
}

/// Opens findings of packages that had none.
fn open_first(connection: &mut dyn Connection, found: &[(u32, u32, Timestamp)]) -> Result<()> {
    for batch in found.chunks(ROWS) {
        // two sizes of statement only, so that both stay prepared
        for part in batch.chunks(if batch.len() == ROWS { ROWS } else { 1 }) {
            let values = |(package, qid, created): &(u32, u32, Timestamp)| {
                [Value::from(*package), (*qid).into(), (*created).into()]
            };
            let values: Vec<Value> = part.iter().flat_map(values).collect();
            let once = "ON CONFLICT (package, qid) DO NOTHING";
            let sql = with_rows(sql!("finding/open_first"), 3, part.len(), once);
            connection.execute_later(&sql, &values)?;
        }
    }
    Ok(())
}

/// Records that packages were judged anew and came out otherwise. Packages whose fingerprint is the given one
/// already are left alone; if that is all of them, the clock stands still.
///
/// A finding that comes back after it ended is found anew: its first time is when it came back. What was before may
/// be what others had, whose images an account does not see.
pub(crate) fn record_again(work: &mut Work<'_>, cause: &str, judged: Vec<Rejudged>) -> Result<Timestamp> {
    let mut moved = None;
    for Rejudged { package, fingerprint, qids } in judged {
        let (created, before) = judgement_of(work.connection, package)?;
        if before == Some(fingerprint) {
            continue;
        }
        let clock = work.tick()?;
        moved = Some(clock);
        let first_found = if before.is_some() { clock } else { created };
        move_findings(work.connection, package, qids, first_found, clock)?;
        let values = [Value::from(package), fingerprint.cast_signed().into(), clock.into()];
        work.connection.execute_later(sql!("package/set_fingerprint"), &values)?;
    }
    let Some(clock) = moved else { return work.clock() };
    let key = Uuid::new_v3(&Uuid::nil(), format!("judgement:{}", clock.0).as_bytes());
    let entry = Change {
        clock,
        customer: Uuid::nil(),
        kind: ChangeKind::Judgement,
        key,
        deleted: false,
        cause: cause.to_owned().into(),
        tombstone: None,
    };
    change::put(work.connection, &entry)?;
    Ok(clock)
}

/// Opens and ends findings of one package, so that the open ones are `qids`.
fn move_findings(
    connection: &mut dyn Connection,
    package: u32,
    qids: Vec<u32>,
    first_found: Timestamp,
    clock: Timestamp,
) -> Result<()> {
    let known = of_packages(connection, &[package])?;
    let known: BTreeMap<u32, bool> = known.into_iter().map(|row| (row.qid, row.ended.is_none())).collect();
    let wanted: BTreeSet<u32> = qids.into_iter().collect();
    for qid in wanted.iter().filter(|qid| known.get(qid) != Some(&true)) {
        let values = [Value::from(package), (*qid).into(), first_found.into()];
        connection.execute_later(sql!("finding/open"), &values)?;
    }
    for (qid, _) in known.iter().filter(|(qid, open)| **open && !wanted.contains(qid)) {
        let values = [Value::from(package), (*qid).into(), clock.into()];
        connection.execute_later(sql!("finding/end"), &values)?;
    }
    Ok(())
}

/// When a package was first seen, and its fingerprint.
fn judgement_of(connection: &mut dyn Connection, package: u32) -> Result<(Timestamp, Option<u64>)> {
    let mut rows = connection.query(sql!("package/judgement"), &[package.into()])?;
    let missing = || StoreError::NotFound { what: format!("package {package}") };
    let row = rows.first_mut().ok_or_else(missing)?;
    Ok((row.time(0)?, row.optional_int(1)?.map(i64::cast_unsigned)))
}

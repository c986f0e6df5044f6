//! The change log: for each thing its latest change, in the order of the clock.
//!
//! The decision a reader may doubt: a new change of a thing replaces its older entry. A follower that asks for
//! everything after a clock value still learns of each thing that changed since, in its latest state, deletions
//! included, from however long ago it comes; and the log never needs cleaning. What it cannot learn is how often
//! a thing changed in between.

use model::Timestamp;
use uuid::Uuid;

use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::package::page;
use crate::record::{Change, ChangeKind};
use crate::sql::sql;

/// Records a change.
pub(crate) fn put(connection: &mut dyn Connection, change: &Change) -> Result<()> {
    let values = [
        Value::from(change.customer),
        Value::Int(change.kind as i64),
        change.key.into(),
        change.clock.into(),
        change.deleted.into(),
        change.cause.clone().into(),
    ];
    connection.execute(sql!("change/put"), &values)?;
    Ok(())
}

/// Records that a record was written.
pub(crate) fn put_written(
    connection: &mut dyn Connection,
    clock: Timestamp,
    customer: Uuid,
    kind: ChangeKind,
    key: Uuid,
) -> Result<()> {
    put(connection, &Change { clock, customer, kind, key, deleted: false, cause: None })
}

/// Changes after `clock` in its order; about `limit` of them, because those of one clock value are never parted.
pub(crate) fn after(connection: &mut dyn Connection, clock: Timestamp, limit: usize) -> Result<Vec<Change>> {
    let rows = connection.query(sql!("change/after"), &[clock.into(), page(limit.max(1))])?;
    let mut changes: Vec<Change> = rows.into_iter().map(read).collect::<Result<_>>()?;
    if changes.len() >= limit
        && let Some(last) = changes.last().map(|change| change.clock)
    {
        changes.retain(|change| change.clock < last);
        for row in connection.query(sql!("change/at"), &[last.into()])? {
            changes.push(read(row)?);
        }
    }
    Ok(changes)
}

fn read(mut row: Row) -> Result<Change> {
    let number = row.int(2)?;
    let unknown = || StoreError::damaged("change log", format!("has an entry of the unknown kind {number}"));
    Ok(Change {
        clock: row.time(0)?,
        customer: row.uuid(1)?,
        kind: ChangeKind::from_number(number).ok_or_else(unknown)?,
        key: row.uuid(3)?,
        deleted: row.int(4)? != 0,
        cause: row.optional_text(5)?,
    })
}

/// The clock as last committed.
pub(crate) fn clock(connection: &mut dyn Connection) -> Result<Timestamp> {
    let mut rows = connection.query(sql!("clock/now"), &[])?;
    let row = rows.first_mut().ok_or_else(|| StoreError::damaged("clock", "has no row"))?;
    Ok(row.time(0)?)
}

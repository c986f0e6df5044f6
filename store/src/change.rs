//! The change log: for each thing its latest change, in the order of the clock.
//!
//! The decision a reader may doubt: a new change of a thing replaces its older entry. A follower that asks for
//! everything after a clock value still learns of each thing that changed since, in its latest state, deletions
//! included, from however long ago it comes; and the log never needs cleaning. What it cannot learn is how often
//! a thing changed in between.
//!
//! So a living record needs no entry of its own: its row tells when and why it last changed. The table holds what no
//! row can tell, which is what was deleted and when packages were judged anew. The log is the three put together.

use std::borrow::Cow;

use model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::batch;
use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::package::page;
use crate::sql::sql;

/// What a change entry speaks of; the number is what the database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i64)]
pub enum ChangeKind {
    /// An image record; the key is its uuid.
    Image = 1,
    /// A container record; the key is its uuid.
    Container = 2,
    /// Packages were judged anew, for all customers; customer and key are nil and made from the clock value.
    /// The packages are those with `changed` equal to the entry's clock value.
    Judgement = 3,
}

impl ChangeKind {
    /// Reads the number that the database holds.
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        [Self::Image, Self::Container, Self::Judgement].into_iter().find(|kind| *kind as i64 == number)
    }
}

/// Why a living record last changed; the number is what the database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub(crate) enum Cause {
    /// A scan report.
    Report = 1,
    /// An observation of a container.
    ContainerReport = 2,
    /// A tag was put on it or taken off.
    Tag = 3,
    /// Its image was deleted.
    ImageDeleted = 4,
}

/// The cause of every deletion.
pub(crate) const DELETION: &str = "deletion";

impl Cause {
    const ALL: [Self; 4] = [Self::Report, Self::ContainerReport, Self::Tag, Self::ImageDeleted];

    /// The word of the change log, see [`Change::cause`].
    const fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::ContainerReport => "container report",
            Self::Tag => "tag",
            Self::ImageDeleted => "deletion of its image",
        }
    }

    /// Reads the number that the database holds.
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| *cause as i64 == number)
    }
}

impl From<Cause> for Value {
    fn from(cause: Cause) -> Self {
        Self::Int(cause as i64)
    }
}

/// The latest change of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When, by the clock.
    pub clock: Timestamp,
    /// Whose; nil for a judgement.
    pub customer: Uuid,
    /// What kind of thing.
    pub kind: ChangeKind,
    /// Which one.
    pub key: Uuid,
    /// Whether it is gone.
    pub deleted: bool,
    /// Why: `report` (a scan report of the image), `container report` (an observation of the container), `tag` (a tag
    /// was put on it or taken off), `deletion of its image` (the container stays without one), `deletion`, or for a
    /// judgement what its maker said, such as `bundle <id>`.
    pub cause: Cow<'static, str>,
    /// What it was, if it is gone.
    pub tombstone: Option<Tombstone>,
}

/// What is kept of a deleted record: enough to tell those of its end who could see it, and nobody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tombstone {
    /// The image's or container's own id.
    pub id: Digest,
    /// Names of the tags that it had, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Of a container: names of the tags that its image had, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_tags: Vec<String>,
}

/// Writes an entry into the table.
pub(crate) fn put(connection: &mut dyn Connection, change: &Change) -> Result<()> {
    let detail = change.tombstone.as_ref().map(serde_json::to_string).transpose();
    let values = [
        Value::from(change.customer),
        Value::Int(change.kind as i64),
        change.key.into(),
        change.clock.into(),
        change.deleted.into(),
        change.cause.as_ref().into(),
        detail.map_err(|error| StoreError::damaged("tombstone", error))?.into(),
    ];
    connection.execute_later(sql!("change/put"), &values)?;
    Ok(())
}

/// Removes what is left of a deleted record, because it is there again.
pub(crate) fn forget(
    connection: &mut dyn Connection,
    customer: Uuid,
    kind: ChangeKind,
    key: Uuid,
) -> Result<()> {
    connection
        .execute_later(sql!("change/forget"), &[customer.into(), Value::Int(kind as i64), key.into()])?;
    Ok(())
}

/// Where a part of the log is read: the entries after a clock value, at most so many, and those of one value.
struct Source {
    after: &'static str,
    at: &'static str,
    read: fn(Row) -> Result<Change>,
}

const SOURCES: [Source; 3] = [
    Source {
        after: sql!("image/changed"),
        at: sql!("image/changed_at"),
        read: |row| read_living(row, ChangeKind::Image),
    },
    Source {
        after: sql!("container/changed"),
        at: sql!("container/changed_at"),
        read: |row| read_living(row, ChangeKind::Container),
    },
    Source { after: sql!("change/after"), at: sql!("change/at"), read },
];

/// Changes after `clock` in its order; about `limit` of them, because those of one clock value are never parted.
pub(crate) fn after(connection: &mut dyn Connection, clock: Timestamp, limit: usize) -> Result<Vec<Change>> {
    let limit = limit.max(1);
    let mut changes = Vec::new();
    // where the first of the parts that were cut off ends: from there on entries may be missing
    let mut end = None;
    for source in &SOURCES {
        let rows = connection.query(source.after, &[clock.into(), page(limit)])?;
        let whole = rows.len() < limit;
        for row in rows {
            changes.push((source.read)(row)?);
        }
        if let (false, Some(last)) = (whole, changes.last()) {
            end = Some(end.map_or(last.clock, |end: Timestamp| end.min(last.clock)));
        }
    }
    changes.sort_unstable_by_key(|change| change.clock);
    if let Some(last) = changes.get(limit - 1) {
        let end = end.map_or(last.clock, |end| end.min(last.clock));
        changes.retain(|change| change.clock < end);
        for source in &SOURCES {
            for row in connection.query(source.at, &[end.into()])? {
                changes.push((source.read)(row)?);
            }
        }
    }
    changes.sort_unstable_by_key(|change| (change.clock, change.customer, change.kind, change.key));
    Ok(changes)
}

/// What is left of those of `keys` that were deleted and are not there again, in no order.
pub(crate) fn of_deleted(
    connection: &mut dyn Connection,
    kind: ChangeKind,
    keys: &[(Uuid, Uuid)],
) -> Result<Vec<Change>> {
    let rows = batch::rows_of(connection, sql!("change/of_keys"), &[Value::Int(kind as i64)], keys)?;
    rows.into_iter().map(read).collect()
}

/// Reads a row of the table.
pub(crate) fn read(mut row: Row) -> Result<Change> {
    let number = row.int(2)?;
    let damaged = |reason: String| StoreError::damaged("change log", reason);
    let unknown = || damaged(format!("has an entry of the unknown kind {number}"));
    let key = row.uuid(3)?;
    let tombstone = match row.optional_text(6)? {
        Some(json) => Some(
            serde_json::from_str(&json)
                .map_err(|error| damaged(format!("has an odd tombstone for {key}: {error}")))?,
        ),
        None => None,
    };
    Ok(Change {
        clock: row.time(0)?,
        customer: row.uuid(1)?,
        kind: ChangeKind::from_number(number).ok_or_else(unknown)?,
        key,
        deleted: row.int(4)? != 0,
        cause: row.optional_text(5)?.unwrap_or_default().into(),
        tombstone,
    })
}

/// Reads the change of a living record.
fn read_living(mut row: Row, kind: ChangeKind) -> Result<Change> {
    let number = row.int(3)?;
    let unknown = || StoreError::damaged("change log", format!("has the unknown cause {number}"));
    let cause = Cause::from_number(number).ok_or_else(unknown)?;
    Ok(Change {
        clock: row.time(0)?,
        customer: row.uuid(1)?,
        kind,
        key: row.uuid(2)?,
        deleted: false,
        cause: cause.as_str().into(),
        tombstone: None,
    })
}

/// The clock as last committed.
pub(crate) fn clock(connection: &mut dyn Connection) -> Result<Timestamp> {
    let mut rows = connection.query(sql!("clock/now"), &[])?;
    let row = rows.first_mut().ok_or_else(|| StoreError::damaged("clock", "has no row"))?;
    Ok(row.time(0)?)
}

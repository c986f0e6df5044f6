//! Deleting images and containers, and the inventories that nobody names any more.
//!
//! An image goes only if no container needs it: one in the state CREATED, RUNNING, PAUSED or STOPPED keeps it. Containers
//! that are gone or unknown to their runtime do not; they stay, and change by losing their image. What is left of
//! a deleted record is a tombstone in the change log, until the record is reported again and is a new one.

use std::collections::HashSet;

use model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::change::{self, Cause, Change, ChangeKind, DELETION, Tombstone};
use crate::dialect::with_list;
use crate::driver::{Connection, Value};
use crate::error::Result;
use crate::package::page;
use crate::sql::sql;
use crate::work::Work;
use crate::{container, image, shared};

/// What came of a deletion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deletion {
    /// The clock value of the last transaction that deleted something; that of the clock if none did.
    pub updated: Timestamp,
    /// What is gone.
    pub deleted: Vec<Uuid>,
    /// What was left as it is.
    pub kept: Vec<Kept>,
}

/// A record that was to be deleted and was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Which one.
    pub uuid: Uuid,
    /// Why.
    pub reason: KeptReason,
}

/// Why a record was not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeptReason {
    /// There is none of that uuid, or none any more.
    NotFound,
    /// Containers that are CREATED, RUNNING, PAUSED or STOPPED were made from the image; how many.
    InUse(u32),
    /// It is a sensor whose heartbeats arrive.
    Running,
}

/// Deletes images in the open transaction; adds to `outcome`.
pub(crate) fn images(
    work: &mut Work<'_>,
    customer: Uuid,
    uuids: &[Uuid],
    outcome: &mut Deletion,
) -> Result<()> {
    for uuid in uuids {
        match delete_image(work, customer, *uuid)? {
            Ok(clock) => outcome.note(*uuid, clock),
            Err(reason) => outcome.kept.push(Kept { uuid: *uuid, reason }),
        }
    }
    Ok(())
}

/// Deletes containers in the open transaction; adds to `outcome`.
pub(crate) fn containers(
    work: &mut Work<'_>,
    customer: Uuid,
    uuids: &[Uuid],
    outcome: &mut Deletion,
) -> Result<()> {
    for uuid in uuids {
        match delete_container(work, customer, *uuid)? {
            Ok(clock) => outcome.note(*uuid, clock),
            Err(reason) => outcome.kept.push(Kept { uuid: *uuid, reason }),
        }
    }
    Ok(())
}

impl Deletion {
    fn note(&mut self, uuid: Uuid, clock: Timestamp) {
        self.deleted.push(uuid);
        self.updated = self.updated.max(clock);
    }

    /// Adds what came of a further part.
    pub(crate) fn add(&mut self, part: Self) {
        self.updated = self.updated.max(part.updated);
        self.deleted.extend(part.deleted);
        self.kept.extend(part.kept);
    }
}

type Outcome = std::result::Result<Timestamp, KeptReason>;

fn delete_image(work: &mut Work<'_>, customer: Uuid, uuid: Uuid) -> Result<Outcome> {
    let mut rows = work.connection.query(sql!("image/to_delete"), &[customer.into(), uuid.into()])?;
    let Some(row) = rows.first_mut() else { return Ok(Err(KeptReason::NotFound)) };
    let (id, tags) = (row.digest(0)?, image::read_tags(uuid, row, 1)?);
    let numbers = shared::of_image(work.connection, customer, &id)?;
    let mut users = 0;
    for number in &numbers {
        let values = [Value::from(customer), Value::Int(*number)];
        let mut rows = work.connection.query(sql!("container/in_use"), &values)?;
        users += rows.first_mut().map(|row| row.u32(0)).transpose()?.unwrap_or(0);
    }
    if users > 0 {
        return Ok(Err(KeptReason::InUse(users)));
    }
    let clock = work.tick()?;
    for number in numbers {
        let values = [customer.into(), Value::Int(number), clock.into(), Cause::ImageDeleted.into()];
        work.connection.execute_later(sql!("container/lose_image"), &values)?;
    }
    work.connection.execute_later(sql!("image/delete"), &[customer.into(), uuid.into()])?;
    work.stale_image(customer, uuid);
    let tombstone = Tombstone { id, tags, image_tags: Vec::new() };
    bury(work.connection, clock, customer, ChangeKind::Image, uuid, tombstone)?;
    Ok(Ok(clock))
}

fn delete_container(work: &mut Work<'_>, customer: Uuid, uuid: Uuid) -> Result<Outcome> {
    let record = container::one(work.connection, &mut work.memory.codec, customer, uuid)?;
    let Some(record) = record else { return Ok(Err(KeptReason::NotFound)) };
    let clock = work.tick()?;
    let image_tags = match record.image_uuid {
        Some(image) => image::tags(work.connection, customer, image)?.unwrap_or_default(),
        None => Vec::new(),
    };
    work.connection.execute_later(sql!("container/delete"), &[customer.into(), uuid.into()])?;
    let tombstone = Tombstone { id: record.report.id, tags: record.tags, image_tags };
    bury(work.connection, clock, customer, ChangeKind::Container, uuid, tombstone)?;
    Ok(Ok(clock))
}

/// Leaves the tombstone of a record.
fn bury(
    connection: &mut dyn Connection,
    clock: Timestamp,
    customer: Uuid,
    kind: ChangeKind,
    key: Uuid,
    tombstone: Tombstone,
) -> Result<()> {
    let cause = DELETION.into();
    let entry = Change { clock, customer, kind, key, deleted: true, cause, tombstone: Some(tombstone) };
    change::put(connection, &entry)
}

/// Inventories looked at together.
const BATCH: usize = 50;
/// Digests read at once.
const PAGE: usize = 1_000;

/// Inventories that no image or container names, at most `limit`.
///
/// Inventories lie elsewhere than what names them when the tables are spread over machines, so they are not joined: those
/// who may name them are asked for some at a time.
pub(crate) fn orphans(connection: &mut dyn Connection, limit: usize) -> Result<Vec<Digest>> {
    let (mut found, mut last) = (Vec::new(), Value::Bytes(Vec::new()));
    while found.len() < limit {
        let rows = connection.query(sql!("inventory/digests_after"), &[last, page(PAGE)])?;
        let digests: Vec<Digest> =
            rows.into_iter().map(|mut row| Ok(row.digest(0)?)).collect::<Result<_>>()?;
        let Some(end) = digests.last() else { break };
        last = Value::from(end);
        for batch in digests.chunks(BATCH) {
            found.extend(unnamed(connection, batch)?);
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// Those of some inventories that nobody names.
fn unnamed(connection: &mut dyn Connection, digests: &[Digest]) -> Result<Vec<Digest>> {
    // the indexes of the schema hold the first bytes of digests
    let mut prefixes: Vec<Value> =
        digests.iter().map(|digest| Value::from(&digest.as_bytes()[..6])).collect();
    prefixes.resize(BATCH, Value::Null);
    let mut named = HashSet::new();
    for sql in [sql!("image/holding"), sql!("container/holding")] {
        for mut row in connection.query(&with_list(sql, BATCH), &prefixes)? {
            named.insert(row.digest(0)?);
        }
    }
    Ok(digests.iter().filter(|digest| !named.contains(*digest)).copied().collect())
}

/// Deletes those of `digests` that nobody names; gives how many.
pub(crate) fn inventories(work: &mut Work<'_>, digests: &[Digest]) -> Result<u64> {
    let mut deleted = 0;
    for batch in digests.chunks(BATCH) {
        for digest in unnamed(work.connection, batch)? {
            deleted += work.connection.execute(sql!("inventory/delete"), &[Value::from(&digest)])?;
        }
    }
    Ok(deleted)
}

//! Jobs: work that outlives the request that asked for it, and the process that does it.
//!
//! Whoever works on a job holds a lease of it, which ends by itself. A job whose worker died is claimed anew, by any
//! process, and goes on where the last durable step ended. A job about many records carries them along, fixed when it
//! was made: what matches its filter later is none of its business.
//!
//! Leases are told by the wall clocks of the machines, so a lease should be much longer than these may differ.

use std::time::Duration;

use model::Timestamp;
use uuid::Uuid;

use crate::batch::with_list_after;
use crate::deletion::{self, Deletion, Kept};
use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::package::page;
use crate::sensor;
use crate::sql::sql;
use crate::work::Work;

/// Records in one part of a job, which is one step of it.
pub(crate) const PART: usize = 500;
/// Kinds that can be claimed at once.
const KINDS: usize = 8;
/// Records that a job may carry.
const MAX_ITEMS: usize = 10_000_000;

/// The kind of a job that deletes images, see [`crate::Store::delete_step`].
pub const DELETE_IMAGES: &str = "delete-images";
/// The kind of a job that deletes containers, see [`crate::Store::delete_step`].
pub const DELETE_CONTAINERS: &str = "delete-containers";
/// The kind of a job that deletes sensors, see [`crate::Store::delete_step`].
pub const DELETE_SENSORS: &str = "delete-sensors";

/// How far a job is; the number is what the database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i64)]
pub enum JobState {
    /// Waits for a worker.
    Queued = 1,
    /// Was claimed. If its lease has ended, it can be claimed again.
    Running = 2,
    /// Ended well.
    Done = 3,
    /// Ended badly; `result` says why.
    Failed = 4,
    /// Was called off.
    Cancelled = 5,
}

impl JobState {
    const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Whether nothing will happen to it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// A job to be made.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Whose.
    pub customer: Uuid,
    /// What sort of work; who claims jobs names the kinds that it knows.
    pub kind: String,
    /// What the worker needs to know, as JSON.
    pub payload: String,
    /// The records that it is about, if it is about such.
    pub items: Vec<Uuid>,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Whose.
    pub customer: Uuid,
    /// Its id, in the order of making.
    pub uuid: Uuid,
    /// What sort of work.
    pub kind: String,
    /// How far it is.
    pub state: JobState,
    /// What the worker needs to know, as JSON.
    pub payload: String,
    /// How many records it is about.
    pub total: u64,
    /// How many of them are worked off, those that were left as they are included.
    pub done: u64,
    /// How many of them were left as they are.
    pub kept: u64,
    /// What came of it, when it ended.
    pub result: Option<String>,
    /// When it was made, by the wall clock.
    pub created: Timestamp,
    /// When it was first claimed.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Who works on it.
    pub claimed_by: Option<String>,
    /// When the lease of the worker ends; 0 if nobody works on it.
    pub claimed_until: Timestamp,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The job is not this worker's: it ended, was called off, or another worker has claimed it.
    Lost,
    /// The step is done; there is more to do if `done` is below `total`.
    Made(Box<Job>, Deletion),
}

/// Makes a job.
pub(crate) fn enqueue(work: &mut Work<'_>, new: &NewJob) -> Result<Job> {
    work.know_customer(new.customer)?;
    if new.items.len() > MAX_ITEMS {
        return Err(StoreError::invalid("items", format!("holds more than {MAX_ITEMS} records")));
    }
    let uuid = Uuid::now_v7();
    let values = [
        Value::from(new.customer),
        uuid.into(),
        new.kind.as_str().into(),
        new.payload.as_str().into(),
        (new.items.len() as i64).into(),
        Timestamp::now().into(),
    ];
    work.connection.execute_later(sql!("job/insert"), &values)?;
    for (part, uuids) in (0_u32..).zip(new.items.chunks(PART)) {
        let content: Vec<u8> = uuids.iter().flat_map(|uuid| *uuid.as_bytes()).collect();
        let values = [Value::from(new.customer), uuid.into(), part.into(), content.into()];
        work.connection.execute_later(sql!("job/insert_part"), &values)?;
    }
    one(work.connection, new.customer, uuid)?
        .ok_or_else(|| StoreError::damaged("job", "was lost as it was made"))
}

/// Claims the oldest job of one of `kinds` that nobody works on.
pub(crate) fn claim(work: &mut Work<'_>, by: &str, kinds: &[String], lease: Duration) -> Result<Option<Job>> {
    if kinds.len() > KINDS {
        return Err(StoreError::invalid("kinds", format!("names more than {KINDS}")));
    }
    let now = Timestamp::now();
    let mut values = vec![Value::from(now)];
    values.extend(kinds.iter().map(|kind| Value::from(kind.as_str())));
    values.resize(1 + KINDS, Value::Null);
    let sql = with_list_after(sql!("job/claimable"), 1, KINDS);
    let mut rows = work.connection.query(&sql, &values)?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let until = until(now, lease);
    let values = [row.uuid(0)?.into(), row.uuid(1)?.into(), by.into(), now.into(), until];
    work.connection.query(sql!("job/claim"), &values)?.into_iter().next().map(read).transpose()
}

fn until(now: Timestamp, lease: Duration) -> Value {
    let lease = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
    Value::Int(now.0.saturating_add(lease))
}

/// Renews a lease and notes how far the work is; `false` if the job is not this worker's any more.
pub(crate) fn heartbeat(
    work: &mut Work<'_>,
    (customer, uuid): (Uuid, Uuid),
    by: &str,
    (done, kept): (u64, u64),
    lease: Duration,
) -> Result<bool> {
    let count = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let until = until(Timestamp::now(), lease);
    let values = [customer.into(), uuid.into(), by.into(), count(done), count(kept), until];
    Ok(work.connection.execute(sql!("job/heartbeat"), &values)? > 0)
}

/// Ends a job; `false` if it has ended already or, with a worker given, is not this worker's any more.
pub(crate) fn end(
    work: &mut Work<'_>,
    (customer, uuid): (Uuid, Uuid),
    by: Option<&str>,
    state: JobState,
    result: &str,
) -> Result<bool> {
    let missing = || StoreError::NotFound { what: format!("job {uuid}") };
    let job = one(work.connection, customer, uuid)?.ok_or_else(missing)?;
    if job.state.is_final() || by.is_some() && job.claimed_by.as_deref() != by {
        return Ok(false);
    }
    let values = [
        Value::from(customer),
        uuid.into(),
        Value::Int(state as i64),
        result.into(),
        Timestamp::now().into(),
    ];
    work.connection.execute_later(sql!("job/end"), &values)?;
    Ok(true)
}

/// Deletes the next part of a job's records, in the open transaction, with the note of how far it is.
pub(crate) fn delete_step(
    work: &mut Work<'_>,
    (customer, uuid): (Uuid, Uuid),
    by: &str,
    lease: Duration,
) -> Result<Step> {
    let Some(job) = one(work.connection, customer, uuid)? else { return Ok(Step::Lost) };
    if job.state != JobState::Running || job.claimed_by.as_deref() != Some(by) {
        return Ok(Step::Lost);
    }
    let mut outcome = Deletion::default();
    if job.done < job.total {
        let part = Value::Int((job.done / PART as u64) as i64);
        let uuids = part_of(work.connection, &job, part.clone())?;
        match job.kind.as_str() {
            DELETE_IMAGES => deletion::images(work, customer, &uuids, &mut outcome)?,
            DELETE_CONTAINERS => deletion::containers(work, customer, &uuids, &mut outcome)?,
            DELETE_SENSORS => sensor::delete(work, customer, &uuids, &mut outcome)?,
            other => return Err(StoreError::invalid("kind", format!("is `{other}`, which deletes nothing"))),
        }
        let kept = Some(&outcome.kept).filter(|kept| !kept.is_empty());
        let kept = kept.map(serde_json::to_string).transpose();
        let kept = kept.map_err(|error| StoreError::damaged("outcome", error))?;
        let values = [customer.into(), uuid.into(), part, kept.into()];
        work.connection.execute_later(sql!("job/end_part"), &values)?;
        let progress = (job.done + uuids.len() as u64, job.kept + outcome.kept.len() as u64);
        heartbeat(work, (customer, uuid), by, progress, lease)?;
    }
    let job = one(work.connection, customer, uuid)?;
    Ok(job.map_or(Step::Lost, |job| Step::Made(Box::new(job), outcome)))
}

/// The records of one part of a job.
fn part_of(connection: &mut dyn Connection, job: &Job, part: Value) -> Result<Vec<Uuid>> {
    let damaged = |reason: &str| StoreError::damaged(format!("job {}", job.uuid), reason);
    let mut rows = connection.query(sql!("job/part"), &[job.customer.into(), job.uuid.into(), part])?;
    let row = rows.first_mut().ok_or_else(|| damaged("lacks a part of its records"))?;
    let content = row.bytes(0)?;
    let (uuids, rest) = content.as_chunks::<16>();
    let left = job.total - job.done;
    if !rest.is_empty() || uuids.len() as u64 != left.min(PART as u64) {
        return Err(damaged("has a part of a wrong length"));
    }
    Ok(uuids.iter().map(|bytes| Uuid::from_bytes(*bytes)).collect())
}

/// The records that a job left as they are, at most about `limit` of them.
pub(crate) fn kept(
    connection: &mut dyn Connection,
    customer: Uuid,
    uuid: Uuid,
    limit: usize,
) -> Result<Vec<Kept>> {
    let values = [customer.into(), uuid.into(), Value::Int(-1), page(limit)];
    let mut kept = Vec::new();
    for mut row in connection.query(sql!("job/outcomes"), &values)? {
        let part: Vec<Kept> = serde_json::from_str(&row.text(0)?)
            .map_err(|error| StoreError::damaged(format!("outcome of job {uuid}"), error))?;
        kept.extend(part);
        if kept.len() >= limit {
            break;
        }
    }
    kept.truncate(limit);
    Ok(kept)
}

/// One job.
pub(crate) fn one(connection: &mut dyn Connection, customer: Uuid, uuid: Uuid) -> Result<Option<Job>> {
    let rows = connection.query(sql!("job/one"), &[customer.into(), uuid.into()])?;
    rows.into_iter().next().map(read).transpose()
}

/// Jobs of a customer before one, the latest first.
pub(crate) fn latest(
    connection: &mut dyn Connection,
    customer: Uuid,
    before: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Job>> {
    let values = [customer.into(), before.unwrap_or(Uuid::max()).into(), page(limit)];
    connection.query(sql!("job/latest"), &values)?.into_iter().map(read).collect()
}

/// Removes jobs that ended before a time; gives how many.
pub(crate) fn forget(work: &mut Work<'_>, before: Timestamp, limit: usize) -> Result<u64> {
    let mut forgotten = 0;
    for mut row in work.connection.query(sql!("job/finished"), &[before.into(), page(limit)])? {
        let key = [row.uuid(0)?.into(), row.uuid(1)?.into()];
        work.connection.execute_later(sql!("job/delete_parts"), &key)?;
        forgotten += work.connection.execute(sql!("job/delete"), &key)?;
    }
    Ok(forgotten)
}

/// Reads a row.
pub(crate) fn read(mut row: Row) -> Result<Job> {
    let (customer, uuid, number) = (row.uuid(0)?, row.uuid(1)?, row.int(3)?);
    let damaged = |reason: String| StoreError::damaged(format!("job {uuid}"), reason);
    let state = JobState::ALL.into_iter().find(|state| *state as i64 == number);
    let mut count = |column| -> Result<u64> {
        let number = row.int(column)?;
        u64::try_from(number).map_err(|_| damaged(format!("counts {number} records")))
    };
    let (total, done, kept) = (count(5)?, count(6)?, count(7)?);
    Ok(Job {
        customer,
        uuid,
        kind: row.text(2)?,
        state: state.ok_or_else(|| damaged(format!("has the unknown state {number}")))?,
        payload: row.text(4)?,
        total,
        done,
        kept,
        result: row.optional_text(8)?,
        created: row.time(9)?,
        started: row.optional_int(10)?.map(Timestamp),
        finished: row.optional_int(11)?.map(Timestamp),
        claimed_by: row.optional_text(12)?,
        claimed_until: row.time(13)?,
    })
}

//! Walks through registries: when they are due, who is at them, and what came of them.
//!
//! A schedule is its own job. Whoever claims it holds it for a time, and each claim has an id of its own, so that a sensor which was
//! thought dead cannot write into what another one is doing.

use std::time::Duration;

use model::Timestamp;
use model::registry::{RegistryEvent, RegistrySchedule, RunEnd, RunProgress, ScheduleStatus};
use uuid::Uuid;

use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::package::page;
use crate::registry::{self, json, parse};
use crate::sql::sql;
use crate::work::Work;

/// Schedules of one customer.
const MAX_SCHEDULES: usize = 10_000;
/// Events that wait for the next walk; what is told beyond them is left to a walk through everything.
const MAX_EVENTS: usize = 10_000;
/// The name of the schedule that events make.
pub const EVENTS_SCHEDULE: &str = "events";

/// A schedule with its latest walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Whose.
    pub customer: Uuid,
    /// Its id.
    pub uuid: Uuid,
    /// The registry.
    pub registry: Uuid,
    /// How far it is.
    pub status: ScheduleStatus,
    /// When it is due next; 0 for never.
    pub due: Timestamp,
    /// When and what for.
    pub schedule: RegistrySchedule,
    /// How far the latest walk is.
    pub progress: RunProgress,
    /// What the walk is about; empty for what the schedule says.
    pub events: Vec<RegistryEvent>,
    /// What the next walk is about.
    pub pending: Vec<RegistryEvent>,
    /// The claim.
    pub run: Option<Uuid>,
    /// Who is at it.
    pub claimed_by: Option<String>,
    /// When the claim ends; 0 while nobody is at it.
    pub claimed_until: Timestamp,
    /// When the latest walk was first claimed.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// Makes a schedule; one for once is queued at once.
pub(crate) fn create(
    work: &mut Work<'_>,
    (customer, registry): (Uuid, Uuid),
    schedule: RegistrySchedule,
) -> Result<Schedule> {
    if registry::one(work.connection, customer, registry)?.is_none() {
        return Err(registry::missing(registry));
    }
    if of_customer(work.connection, customer)?.len() >= MAX_SCHEDULES {
        return Err(StoreError::invalid("schedule", format!("is one more than {MAX_SCHEDULES}")));
    }
    let now = Timestamp::now();
    let due = schedule.first_due(now).unwrap_or_default();
    let status = if schedule.on_demand { ScheduleStatus::Queued } else { ScheduleStatus::Created };
    let made = Schedule {
        customer,
        uuid: Uuid::now_v7(),
        registry,
        status,
        due,
        schedule,
        progress: RunProgress::default(),
        events: Vec::new(),
        pending: Vec::new(),
        run: None,
        claimed_by: None,
        claimed_until: Timestamp::default(),
        started: None,
        ended: None,
        created: now,
        updated: now,
    };
    put(work, &made)?;
    Ok(made)
}

/// Changes what a schedule says, unless it is running or for once.
pub(crate) fn update(
    work: &mut Work<'_>,
    (customer, uuid): (Uuid, Uuid),
    schedule: RegistrySchedule,
) -> Result<Schedule> {
    let mut known = one(work.connection, customer, uuid)?.ok_or_else(|| missing(uuid))?;
    if known.status == ScheduleStatus::Running {
        return Err(StoreError::invalid("status", "is Running: cancel the schedule first"));
    }
    if known.schedule.on_demand != schedule.on_demand {
        return Err(StoreError::invalid("onDemand", "cannot be changed"));
    }
    known.due = schedule.first_due(Timestamp::now()).unwrap_or_default();
    known.schedule = schedule;
    put(work, &known)?;
    Ok(known)
}

/// Removes a schedule, unless it is running.
pub(crate) fn delete(work: &mut Work<'_>, customer: Uuid, uuid: Uuid) -> Result<()> {
    let known = one(work.connection, customer, uuid)?.ok_or_else(|| missing(uuid))?;
    if known.status == ScheduleStatus::Running && known.claimed_until > Timestamp::now() {
        return Err(StoreError::invalid("status", format!("of schedule {uuid} is Running: cancel it first")));
    }
    work.connection.execute_later(sql!("registry_schedule/delete"), &[customer.into(), uuid.into()])?;
    Ok(())
}

/// Calls a schedule off; `false` if it has ended. Whoever is at it learns of it with its next sign of life.
pub(crate) fn cancel(work: &mut Work<'_>, customer: Uuid, uuid: Uuid) -> Result<bool> {
    let mut known = one(work.connection, customer, uuid)?.ok_or_else(|| missing(uuid))?;
    if !known.status.is_open() && known.due == Timestamp::default() {
        return Ok(false);
    }
    known.close(ScheduleStatus::Cancelled);
    known.due = Timestamp::default();
    known.pending.clear();
    put(work, &known)?;
    Ok(true)
}

/// Queues what is due; gives how many.
pub(crate) fn queue_due(work: &mut Work<'_>, now: Timestamp, limit: usize) -> Result<usize> {
    let rows = work.connection.query(sql!("registry_schedule/due"), &[now.into(), page(limit)])?;
    let due = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    for mut schedule in due.clone() {
        schedule.due = schedule.schedule.next_due(schedule.due, now).unwrap_or_default();
        schedule.status = ScheduleStatus::Queued;
        (schedule.started, schedule.ended) = (None, None);
        schedule.progress = RunProgress::default();
        put(work, &schedule)?;
    }
    Ok(due.len())
}

/// Notes what a registry told of itself, and queues a walk about it.
pub(crate) fn tell(
    work: &mut Work<'_>,
    (customer, registry): (Uuid, Uuid),
    events: Vec<RegistryEvent>,
) -> Result<Schedule> {
    let known = of_registry(work.connection, customer, registry)?;
    let known =
        known.into_iter().find(|known| known.schedule.on_demand && known.schedule.name == EVENTS_SCHEDULE);
    let mut schedule = match known {
        Some(known) => known,
        None => {
            let name = EVENTS_SCHEDULE.to_owned();
            let schedule = RegistrySchedule { name, on_demand: true, ..RegistrySchedule::default() };
            create(work, (customer, registry), schedule)?
        }
    };
    schedule.pending.extend(events);
    schedule.pending.sort_unstable();
    schedule.pending.dedup();
    schedule.pending.truncate(MAX_EVENTS);
    if schedule.status != ScheduleStatus::Running {
        schedule.status = ScheduleStatus::Queued;
    }
    put(work, &schedule)?;
    Ok(schedule)
}

/// Claims the schedule that has waited longest, or whose sensor was not heard of; of all or a certain one.
pub(crate) fn claim(
    work: &mut Work<'_>,
    customer: Uuid,
    by: &str,
    wanted: Option<Uuid>,
    lease: Duration,
) -> Result<Option<Schedule>> {
    let now = Timestamp::now();
    let found = match wanted {
        Some(uuid) => {
            let is_open = |known: &Schedule| {
                matches!(known.status, ScheduleStatus::Queued | ScheduleStatus::Running)
                    && known.claimed_until < now
            };
            one(work.connection, customer, uuid)?.filter(is_open)
        }
        None => {
            let values = [customer.into(), now.into()];
            let rows = work.connection.query(sql!("registry_schedule/claimable"), &values)?;
            rows.into_iter().next().map(read).transpose()?
        }
    };
    let Some(mut schedule) = found else { return Ok(None) };
    if schedule.status == ScheduleStatus::Queued {
        (schedule.started, schedule.ended) = (Some(now), None);
    }
    schedule.status = ScheduleStatus::Running;
    schedule.progress = RunProgress::default();
    let pending = std::mem::take(&mut schedule.pending);
    schedule.events.extend(pending);
    schedule.events.sort_unstable();
    schedule.events.dedup();
    schedule.run = Some(Uuid::new_v4());
    schedule.claimed_by = Some(by.to_owned());
    schedule.claimed_until = until(now, lease);
    put(work, &schedule)?;
    Ok(Some(schedule))
}

fn until(now: Timestamp, lease: Duration) -> Timestamp {
    Timestamp(now.0.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)))
}

/// Renews a claim and notes how far the walk is; `false` if the claim is lost.
pub(crate) fn progress(
    work: &mut Work<'_>,
    customer: Uuid,
    run: Uuid,
    progress: RunProgress,
    lease: Duration,
) -> Result<bool> {
    let Some(mut schedule) = of_run(work.connection, customer, run)? else { return Ok(false) };
    schedule.progress = progress;
    schedule.claimed_until = until(Timestamp::now(), lease);
    put(work, &schedule)?;
    Ok(true)
}

/// Ends a walk; `false` if the claim is lost.
pub(crate) fn end(work: &mut Work<'_>, customer: Uuid, run: Uuid, end: RunEnd) -> Result<bool> {
    let Some(mut schedule) = of_run(work.connection, customer, run)? else { return Ok(false) };
    let has_failed = end.failure.is_some();
    schedule.progress = end.progress;
    schedule.progress.errors.splice(0..0, end.failure);
    schedule.close(match (has_failed, schedule.progress.failed > 0, schedule.schedule.on_demand) {
        (true, ..) => ScheduleStatus::Failed,
        (_, true, _) => ScheduleStatus::Error,
        (_, _, true) => ScheduleStatus::Finished,
        (_, _, false) => ScheduleStatus::Completed,
    });
    if !schedule.pending.is_empty() {
        schedule.status = ScheduleStatus::Queued;
    }
    put(work, &schedule)?;
    Ok(true)
}

impl Schedule {
    fn close(&mut self, status: ScheduleStatus) {
        self.status = status;
        self.events.clear();
        (self.run, self.claimed_by) = (None, None);
        self.claimed_until = Timestamp::default();
        self.ended = Some(Timestamp::now());
    }
}

/// One schedule.
pub(crate) fn one(connection: &mut dyn Connection, customer: Uuid, uuid: Uuid) -> Result<Option<Schedule>> {
    let rows = connection.query(sql!("registry_schedule/one"), &[customer.into(), uuid.into()])?;
    rows.into_iter().next().map(read).transpose()
}

/// The schedule of a claim that stands.
pub(crate) fn of_run(connection: &mut dyn Connection, customer: Uuid, run: Uuid) -> Result<Option<Schedule>> {
    let rows = connection.query(sql!("registry_schedule/of_run"), &[run.into()])?;
    let found = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(found.into_iter().find(|schedule| schedule.customer == customer))
}

/// The schedules of a registry, the oldest first.
pub(crate) fn of_registry(
    connection: &mut dyn Connection,
    customer: Uuid,
    registry: Uuid,
) -> Result<Vec<Schedule>> {
    let values = [customer.into(), registry.into()];
    connection.query(sql!("registry_schedule/of_registry"), &values)?.into_iter().map(read).collect()
}

/// All schedules of a customer, the oldest first.
pub(crate) fn of_customer(connection: &mut dyn Connection, customer: Uuid) -> Result<Vec<Schedule>> {
    connection
        .query(sql!("registry_schedule/of_customer"), &[customer.into()])?
        .into_iter()
        .map(read)
        .collect()
}

fn missing(uuid: Uuid) -> StoreError {
    StoreError::NotFound { what: format!("schedule {uuid}") }
}

fn put(work: &mut Work<'_>, schedule: &Schedule) -> Result<()> {
    let events = |list: &Vec<RegistryEvent>| match list.is_empty() {
        true => Ok(Value::Null),
        false => json(list).map(Value::from),
    };
    let values = [
        schedule.customer.into(),
        schedule.uuid.into(),
        schedule.registry.into(),
        Value::Int(schedule.status as i64),
        schedule.due.into(),
        json(&schedule.schedule)?.into(),
        json(&schedule.progress)?.into(),
        events(&schedule.events)?,
        events(&schedule.pending)?,
        schedule.run.into(),
        schedule.claimed_by.clone().into(),
        schedule.claimed_until.into(),
        schedule.started.into(),
        schedule.ended.into(),
        schedule.created.into(),
        Timestamp::now().into(),
    ];
    work.connection.execute(sql!("registry_schedule/put"), &values)?;
    Ok(())
}

pub(crate) fn read(mut row: Row) -> Result<Schedule> {
    let (customer, uuid, number) = (row.uuid(0)?, row.uuid(1)?, row.int(3)?);
    let what = format!("schedule {uuid}");
    let status = ScheduleStatus::ALL.into_iter().find(|status| *status as i64 == number);
    let mut events = |column| match row.optional_text(column)? {
        Some(text) => parse(&what, text.as_bytes()),
        None => Ok(Vec::new()),
    };
    let (current, pending) = (events(7)?, events(8)?);
    let run = match row.optional_bytes(9)? {
        Some(bytes) => Some(Uuid::from_slice(&bytes).map_err(|error| StoreError::damaged(&what, error))?),
        None => None,
    };
    Ok(Schedule {
        customer,
        uuid,
        registry: row.uuid(2)?,
        status: status
            .ok_or_else(|| StoreError::damaged(&what, format!("has the unknown state {number}")))?,
        due: row.time(4)?,
        schedule: parse(&what, row.text(5)?.as_bytes())?,
        progress: parse(&what, row.text(6)?.as_bytes())?,
        events: current,
        pending,
        run,
        claimed_by: row.optional_text(10)?,
        claimed_until: row.time(11)?,
        started: row.optional_int(12)?.map(Timestamp),
        ended: row.optional_int(13)?.map(Timestamp),
        created: row.time(14)?,
        updated: row.time(15)?,
    })
}

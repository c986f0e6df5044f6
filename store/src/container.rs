//! Containers and the hosts that they run on.
//!
//! A container is told about again and again. Only what differs from the newest known observation is a change; that
//! it was seen once more is noted without one, so that an older observation that arrives late does not win. Such a note is shown to
//! nobody, because nobody is told of it: the time that is shown moves with the next change, and by itself when it is an hour
//! old. So an index that follows the changes shows what one that reads everything anew does.

use std::collections::HashMap;

use model::{ContainerReport, ImageId, Timestamp};
use uuid::Uuid;

use crate::change::{self, Cause, ChangeKind};
use crate::codec::Codec;
use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::package::page;
use crate::packed::Packed;
use crate::record::{Ack, ContainerRecord, container_uuid, host_uuid, image_uuid};
use crate::sql::sql;
use crate::work::{Question, Work};
use crate::{batch, inside, packed, shared, tag};

const ROW: &str = sql!("container/one");
const HOST: &str = sql!("host/one");

/// How far the time of the last observation that is shown may lie behind the true one, in milliseconds.
const SHOWN_EVERY: i64 = 3_600 * 1_000;

/// What [`put_all`] will ask for.
pub(crate) fn questions(customer: Uuid, reports: &[ContainerReport]) -> Vec<Question> {
    let of_one = |report: &ContainerReport| {
        let host = host_uuid(customer, &report.host.hostname);
        [(ROW, customer, container_uuid(customer, &report.id)), (HOST, customer, host)]
    };
    reports.iter().flat_map(of_one).collect()
}

/// Takes the containers of one request in; all or none.
pub(crate) fn put_all(work: &mut Work<'_>, customer: Uuid, reports: Vec<ContainerReport>) -> Result<Ack> {
    work.know_customer(customer)?;
    let mut ack =
        Ack { updated: Timestamp::default(), changed: false, uuids: Vec::with_capacity(reports.len()) };
    for report in reports {
        let uuid = container_uuid(customer, &report.id);
        let (updated, changed) = put(work, customer, uuid, report)?;
        ack.updated = ack.updated.max(updated);
        ack.changed |= changed;
        ack.uuids.push(uuid);
    }
    if ack.uuids.is_empty() {
        ack.updated = work.clock()?;
    }
    Ok(ack)
}

/// Takes one container in; gives its `updated` and whether it moved.
fn put(
    work: &mut Work<'_>,
    customer: Uuid,
    uuid: Uuid,
    mut report: ContainerReport,
) -> Result<(Timestamp, bool)> {
    put_host(work, customer, &report)?;
    inside::sort(&mut report);
    let names = std::mem::take(&mut report.tags);
    let row = work.row_of(ROW, customer, uuid)?;
    let stored = row.map(|row| read_seen(&mut work.memory.codec, row)).transpose()?;
    let Some((mut stored, shown)) = stored else {
        let updated = work.tick()?;
        change::forget(work.connection, customer, ChangeKind::Container, uuid)?;
        let mut tags = Vec::new();
        tag::join(work, customer, &mut tags, &names)?;
        let record = Written { customer, created_at: updated, updated, cause: Cause::ContainerReport };
        write(work, record, &report, &tags, None)?;
        return Ok((updated, true));
    };
    inside::keep(&mut report, &stored.report);
    let tagged = tag::join(work, customer, &mut stored.tags, &names)?;
    let later = report.observed_at >= stored.report.observed_at;
    let differs = later && !same_but_for_time(&stored.report, &report);
    stored.report.observed_at = stored.report.observed_at.max(report.observed_at);
    let aged = stored.report.observed_at.0.saturating_sub(shown.0) >= SHOWN_EVERY;
    if differs || tagged || aged {
        let updated = work.tick()?;
        let cause = if differs || !tagged { Cause::ContainerReport } else { Cause::Tag };
        let record = Written { customer, created_at: stored.created_at, updated, cause };
        let newest = if differs { &report } else { &stored.report };
        write(work, record, newest, &stored.tags, Some(&stored))?;
        return Ok((updated, true));
    }
    if later {
        let values = [customer.into(), uuid.into(), stored.report.observed_at.into()];
        work.connection.execute(sql!("container/observe"), &values)?;
    }
    Ok((stored.updated, false))
}

/// Puts tags on a container; gives whether any was new to it, `None` if there is no such container.
pub(crate) fn put_tags(
    work: &mut Work<'_>,
    customer: Uuid,
    uuid: Uuid,
    names: &[String],
) -> Result<Option<bool>> {
    retag(work, customer, uuid, |work, tags| tag::join(work, customer, tags, names))
}

/// Takes a tag off a container; gives whether it had it as its own, `None` if there is no such container.
pub(crate) fn take_tag(work: &mut Work<'_>, customer: Uuid, uuid: Uuid, name: &str) -> Result<Option<bool>> {
    retag(work, customer, uuid, |_, tags| {
        let place = tags.iter().position(|tag| tag == name);
        Ok(place.map(|place| tags.remove(place)).is_some())
    })
}

/// Changes the tags of a container; gives whether `change` has changed them, `None` if there is no such container.
fn retag(
    work: &mut Work<'_>,
    customer: Uuid,
    uuid: Uuid,
    change: impl FnOnce(&mut Work<'_>, &mut Vec<String>) -> Result<bool>,
) -> Result<Option<bool>> {
    let stored = seen_row(work, customer, uuid)?;
    let Some(mut stored) = stored else { return Ok(None) };
    if !change(work, &mut stored.tags)? {
        return Ok(Some(false));
    }
    let (created_at, updated) = (stored.created_at, work.tick()?);
    let record = Written { customer, created_at, updated, cause: Cause::Tag };
    write(work, record, &stored.report, &stored.tags, Some(&stored))?;
    Ok(Some(true))
}

/// Writes a container again whose image holds others than before.
pub(crate) fn renew(work: &mut Work<'_>, customer: Uuid, uuid: Uuid) -> Result<()> {
    let Some(stored) = seen_row(work, customer, uuid)? else { return Ok(()) };
    let (created_at, updated) = (stored.created_at, work.tick()?);
    let record = Written { customer, created_at, updated, cause: Cause::Report };
    write(work, record, &stored.report, &stored.tags, Some(&stored))
}

fn same_but_for_time(stored: &ContainerReport, new: &ContainerReport) -> bool {
    let stored = ContainerReport { observed_at: new.observed_at, ..stored.clone() };
    stored == *new
}

/// Notes the host of a container, unless something newer is known of it.
fn put_host(work: &mut Work<'_>, customer: Uuid, report: &ContainerReport) -> Result<()> {
    let uuid = host_uuid(customer, &report.host.hostname);
    let document = serde_json::to_string(&report.host).map_err(|error| StoreError::damaged("host", error))?;
    if let Some(mut row) = work.row_of(HOST, customer, uuid)? {
        let (observed_at, stored) = (row.time(0)?, row.text(1)?);
        if report.observed_at < observed_at || stored == document {
            return Ok(());
        }
    }
    let hostname = report.host.hostname.as_str();
    let values = [customer.into(), uuid.into(), hostname.into(), report.observed_at.into(), document.into()];
    work.connection.execute_later(sql!("host/put"), &values)?;
    Ok(())
}

/// What is written of a container besides its report and tags.
struct Written {
    customer: Uuid,
    created_at: Timestamp,
    updated: Timestamp,
    cause: Cause,
}

/// Writes a row. `before` is what it holds, if there is one.
fn write(
    work: &mut Work<'_>,
    record: Written,
    report: &ContainerReport,
    tags: &[String],
    before: Option<&ContainerRecord>,
) -> Result<()> {
    let Written { customer, created_at, updated, cause } = record;
    let [inside, inventory] = inside::of(work, customer, report, before, updated)?.values();
    let Packed { shared, own } = packed::pack(&mut work.memory.codec, report, tags)?;
    let image = shared::number_of(work, customer, report.image_id, &shared)?;
    let values = [
        Value::from(customer),
        container_uuid(customer, &report.id).into(),
        Value::from(&report.id),
        image.into(),
        Value::Int(packed::state_number(report.state)),
        Value::Int(updated.0 - created_at.0),
        updated.into(),
        report.observed_at.into(),
        cause.into(),
        own.into(),
        inside,
        inventory,
    ];
    work.connection.execute(sql!("container/put"), &values)?;
    Ok(())
}

fn one_row(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    customer: Uuid,
    uuid: Uuid,
) -> Result<Option<ContainerRecord>> {
    let rows = connection.query(ROW, &[customer.into(), uuid.into()])?;
    rows.into_iter().next().map(|row| read(codec, row)).transpose()
}

/// A container for somebody who will write it: as it was last seen, though nobody may have been told of that.
fn seen_row(work: &mut Work<'_>, customer: Uuid, uuid: Uuid) -> Result<Option<ContainerRecord>> {
    let rows = work.connection.query(ROW, &[customer.into(), uuid.into()])?;
    let row = rows.into_iter().next();
    let seen = row.map(|row| read_seen(&mut work.memory.codec, row)).transpose()?;
    Ok(seen.map(|(record, _)| record))
}

/// Reads a row that tells when the container was last seen: gives it with that time, and the time that is shown.
fn read_seen(codec: &mut Codec, mut row: Row) -> Result<(ContainerRecord, Timestamp)> {
    let seen = row.optional_int(13)?.map(Timestamp);
    let mut record = read(codec, row)?;
    let shown = record.report.observed_at;
    record.report.observed_at = seen.map_or(shown, |seen| seen.max(shown));
    Ok((record, shown))
}

/// Reads a row.
pub(crate) fn read(codec: &mut Codec, mut row: Row) -> Result<ContainerRecord> {
    let uuid = row.uuid(1)?;
    let what = || format!("container {uuid}");
    let shared = match (row.optional_int(9)?, row.optional_bytes(10)?) {
        (Some(number), None) => {
            return Err(StoreError::damaged(what(), format!("names the image {number}, which is not there")));
        }
        (_, content) => content.unwrap_or_default(),
    };
    let document = packed::join(&shared, row.bytes(8)?);
    let (mut report, tags) = packed::unpack(codec, &what(), &document)?;
    report.id = row.digest(2)?;
    report.image_id = row.optional_digest(3)?.map(ImageId);
    report.observed_at = row.time(7)?;
    let inside = row.optional_bytes(11)?;
    let (details, since) = inside::read(codec, &what(), inside.as_deref())?;
    report.details = details;
    let inventory = row.optional_digest(12)?;
    let (customer, age, updated) = (row.uuid(0)?, row.int(5)?, row.time(6)?);
    Ok(ContainerRecord {
        customer,
        uuid,
        host_uuid: host_uuid(customer, &report.host.hostname),
        image_uuid: report.image_id.map(|id| image_uuid(customer, &id)),
        created_at: Timestamp(updated.0.wrapping_sub(age)),
        updated,
        tags,
        report,
        inside_bytes: inside.unwrap_or_default().into(),
        inventory,
        since,
    })
}

/// One container of a customer.
pub(crate) fn one(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    customer: Uuid,
    uuid: Uuid,
) -> Result<Option<ContainerRecord>> {
    one_row(connection, codec, customer, uuid)
}

/// Containers of all customers after a key, in the order of (customer, uuid).
pub(crate) fn after(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    key: Option<(Uuid, Uuid)>,
    limit: usize,
) -> Result<Vec<ContainerRecord>> {
    let (customer, uuid) = key.unwrap_or_default();
    let rows = connection.query(sql!("container/after"), &[customer.into(), uuid.into(), page(limit)])?;
    rows.into_iter().map(|row| read(codec, row)).collect()
}

/// Those of the containers `keys` that there are, in the order of `keys`.
pub(crate) fn of_keys(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    keys: &[(Uuid, Uuid)],
) -> Result<Vec<ContainerRecord>> {
    let mut found = HashMap::with_capacity(keys.len());
    for row in batch::rows_of(connection, sql!("container/of_keys"), &[], keys)? {
        let record = read(codec, row)?;
        found.insert((record.customer, record.uuid), record);
    }
    Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
}

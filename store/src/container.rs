//! Containers and the hosts that they run on.
//!
//! A container is told about again and again. Only what differs from the newest known observation is a change; that
//! it was seen once more is noted without one, so that an older observation that arrives late does not win.

use model::{ContainerReport, Digest, ImageId, Timestamp};
use uuid::Uuid;

use crate::codec::{Codec, Form};
use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::package::page;
use crate::prepare::to_json;
use crate::record::{Ack, ChangeKind, ContainerRecord, container_uuid, host_uuid, image_uuid};
use crate::sql::sql;
use crate::work::Work;
use crate::{change, tag};

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
        ack.updated = change::clock(work.connection)?;
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
    let tags = std::mem::take(&mut report.tags);
    let tagged = tag::join(work, customer, ChangeKind::Container, uuid, &tags)?;
    let stored = one_row(work.connection, &mut work.memory.codec, customer, uuid)?;
    let Some(stored) = stored else {
        let updated = work.tick()?;
        write(work, customer, updated, updated, &report)?;
        return logged(work, customer, uuid, updated);
    };
    let later = report.observed_at >= stored.report.observed_at;
    if later && !same_but_for_time(&stored.report, &report) {
        let updated = work.tick()?;
        write(work, customer, stored.created_at, updated, &report)?;
        return logged(work, customer, uuid, updated);
    }
    if report.observed_at > stored.report.observed_at {
        let values = [customer.into(), uuid.into(), report.observed_at.into()];
        work.connection.execute(sql!("container/observe"), &values)?;
    }
    if tagged {
        let updated = work.tick()?;
        let values = [customer.into(), uuid.into(), updated.into()];
        work.connection.execute(sql!("container/touch"), &values)?;
        return logged(work, customer, uuid, updated);
    }
    Ok((stored.updated, false))
}

fn logged(work: &mut Work<'_>, customer: Uuid, uuid: Uuid, updated: Timestamp) -> Result<(Timestamp, bool)> {
    change::put_written(work.connection, updated, customer, ChangeKind::Container, uuid)?;
    Ok((updated, true))
}

fn same_but_for_time(stored: &ContainerReport, new: &ContainerReport) -> bool {
    let stored = ContainerReport { observed_at: new.observed_at, ..stored.clone() };
    stored == *new
}

/// Notes the host of a container, unless something newer is known of it.
fn put_host(work: &mut Work<'_>, customer: Uuid, report: &ContainerReport) -> Result<()> {
    let uuid = host_uuid(customer, &report.host.hostname);
    let document = serde_json::to_string(&report.host).map_err(|error| StoreError::damaged("host", error))?;
    let mut rows = work.connection.query(sql!("host/one"), &[customer.into(), uuid.into()])?;
    if let Some(row) = rows.first_mut() {
        let (observed_at, stored) = (row.time(0)?, row.text(1)?);
        if report.observed_at < observed_at || stored == document {
            return Ok(());
        }
    }
    let hostname = report.host.hostname.as_str();
    let values = [customer.into(), uuid.into(), hostname.into(), report.observed_at.into(), document.into()];
    work.connection.execute(sql!("host/put"), &values)?;
    Ok(())
}

/// Writes the row. Fields with columns of their own are left blank in the document, where they would not compress.
fn write(
    work: &mut Work<'_>,
    customer: Uuid,
    created_at: Timestamp,
    updated: Timestamp,
    report: &ContainerReport,
) -> Result<()> {
    let blank =
        ContainerReport { id: BLANK, image_id: None, observed_at: Timestamp::default(), ..report.clone() };
    let document = work.memory.codec.pack(Form::Container, &to_json(&blank)?)?;
    let values = [
        Value::from(customer),
        container_uuid(customer, &report.id).into(),
        Value::from(&report.id),
        host_uuid(customer, &report.host.hostname).into(),
        report.image_id.map(|id| id.0.as_bytes().to_vec()).into(),
        created_at.into(),
        updated.into(),
        report.observed_at.into(),
        document.into(),
    ];
    work.connection.execute(sql!("container/put"), &values)?;
    Ok(())
}

const BLANK: Digest = Digest::from_bytes([0; 32]);

fn one_row(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    customer: Uuid,
    uuid: Uuid,
) -> Result<Option<ContainerRecord>> {
    let rows = connection.query(sql!("container/one"), &[customer.into(), uuid.into()])?;
    rows.into_iter().next().map(|row| read(codec, row)).transpose()
}

/// Reads a row; tags are still to be set.
fn read(codec: &mut Codec, mut row: Row) -> Result<ContainerRecord> {
    let uuid = row.uuid(1)?;
    let what = format!("container {uuid}");
    let document = codec.unpack(&what, &row.bytes(8)?)?;
    let mut report: ContainerReport =
        serde_json::from_slice(&document).map_err(|error| StoreError::damaged(&what, error))?;
    report.id = row.digest(2)?;
    report.image_id = row.optional_digest(4)?.map(ImageId);
    report.observed_at = row.time(7)?;
    let customer = row.uuid(0)?;
    Ok(ContainerRecord {
        customer,
        uuid,
        host_uuid: row.uuid(3)?,
        image_uuid: report.image_id.map(|id| image_uuid(customer, &id)),
        created_at: row.time(5)?,
        updated: row.time(6)?,
        tags: Vec::new(),
        report,
    })
}

/// One container of a customer.
pub(crate) fn one(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    customer: Uuid,
    uuid: Uuid,
) -> Result<Option<ContainerRecord>> {
    let Some(mut record) = one_row(connection, codec, customer, uuid)? else { return Ok(None) };
    record.tags = tag::of_entity(connection, customer, ChangeKind::Container, uuid)?;
    Ok(Some(record))
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
    let mut records: Vec<ContainerRecord> =
        rows.into_iter().map(|row| read(codec, row)).collect::<Result<_>>()?;
    let keys: Vec<(Uuid, Uuid)> = records.iter().map(|record| (record.customer, record.uuid)).collect();
    let mut tags = tag::of_page(connection, ChangeKind::Container, &keys)?;
    for (record, key) in records.iter_mut().zip(keys) {
        record.tags = tags.remove(&key).unwrap_or_default();
    }
    Ok(records)
}

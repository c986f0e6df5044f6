//! Containers and the hosts that they run on.
//!
//! A container is told about again and again. Only what differs from the newest known observation is a change; that
//! it was seen once more is noted without one, so that an older observation that arrives late does not win.

use std::collections::HashMap;
use std::sync::Arc;

use model::{ContainerReport, ImageId, Timestamp};
use uuid::Uuid;

use crate::change::{self, Cause, ChangeKind};
use crate::codec::{self, Codec};
use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::package::page;
use crate::record::{Ack, ContainerRecord, container_uuid, host_uuid, image_uuid};
use crate::sql::sql;
use crate::work::{Question, Work};
use crate::{batch, packed, tag};

const ROW: &str = sql!("container/one");
const HOST: &str = sql!("host/one");

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
    let names = std::mem::take(&mut report.tags);
    let row = work.row_of(ROW, customer, uuid)?;
    let stored = row.map(|row| read(&mut work.memory.codec, row)).transpose()?;
    let Some(mut stored) = stored else {
        let updated = work.tick()?;
        change::forget(work.connection, customer, ChangeKind::Container, uuid)?;
        let mut tags = Vec::new();
        tag::join(work, customer, &mut tags, &names)?;
        let record = Written { customer, created_at: updated, updated, cause: Cause::ContainerReport };
        write(work, record, &report, &tags)?;
        return Ok((updated, true));
    };
    let tagged = tag::join(work, customer, &mut stored.tags, &names)?;
    let later = report.observed_at >= stored.report.observed_at;
    let differs = later && !same_but_for_time(&stored.report, &report);
    stored.report.observed_at = stored.report.observed_at.max(report.observed_at);
    if differs || tagged {
        let updated = work.tick()?;
        let cause = if differs { Cause::ContainerReport } else { Cause::Tag };
        let record = Written { customer, created_at: stored.created_at, updated, cause };
        write(work, record, if differs { &report } else { &stored.report }, &stored.tags)?;
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
    let stored = one_row(work.connection, &mut work.memory.codec, customer, uuid)?;
    let Some(mut stored) = stored else { return Ok(None) };
    if !tag::join(work, customer, &mut stored.tags, names)? {
        return Ok(Some(false));
    }
    let (created_at, updated) = (stored.created_at, work.tick()?);
    let record = Written { customer, created_at, updated, cause: Cause::Tag };
    write(work, record, &stored.report, &stored.tags)?;
    Ok(Some(true))
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

fn write(work: &mut Work<'_>, record: Written, report: &ContainerReport, tags: &[String]) -> Result<()> {
    let Written { customer, created_at, updated, cause } = record;
    let document = packed::pack(&mut work.memory.codec, report, tags)?;
    let values = [
        Value::from(customer),
        container_uuid(customer, &report.id).into(),
        Value::from(&report.id),
        report.image_id.map(|id| id.0.as_bytes().to_vec()).into(),
        Value::Int(packed::state_number(report.state)),
        created_at.into(),
        updated.into(),
        report.observed_at.into(),
        cause.into(),
        document.into(),
    ];
    work.connection.execute(sql!("container/put"), &values)?;
    Ok(())
}

/// The tags of one container as the first form of the database held them.
const FIRST_FORM_TAGS: &str = "SELECT tag.name FROM tag_member \
     JOIN tag ON tag.customer = tag_member.customer AND tag.uuid = tag_member.tag \
     WHERE tag_member.customer = $1 AND tag_member.kind = $2 AND tag_member.entity = $3 ORDER BY tag.name";

/// The tags of a record as the first form of the database held them.
pub(crate) fn first_form_tags(
    connection: &mut dyn Connection,
    kind: ChangeKind,
    (customer, uuid): (Uuid, Uuid),
) -> Result<Vec<String>> {
    let values = [customer.into(), Value::Int(kind as i64), uuid.into()];
    let rows = connection.query(FIRST_FORM_TAGS, &values)?;
    rows.into_iter().map(|mut row| Ok(row.text(0)?)).collect()
}

/// Rewrites rows of the first form of the database: the state into its column, the tags into the document.
pub(crate) fn renew(connection: &mut dyn Connection) -> Result<()> {
    let mut codec = Codec::new();
    let mut key = None;
    loop {
        let records = after(connection, &mut codec, key, 1_000)?;
        let Some(last) = records.last() else { return Ok(()) };
        key = Some((last.customer, last.uuid));
        for record in &records {
            let key = (record.customer, record.uuid);
            let tags = first_form_tags(connection, ChangeKind::Container, key)?;
            let document = packed::pack(&mut codec, &record.report, &tags)?;
            let state = Value::Int(packed::state_number(record.report.state));
            let values = [key.0.into(), key.1.into(), state, document.into()];
            connection.execute(sql!("container/renew"), &values)?;
        }
    }
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

/// Reads a row.
pub(crate) fn read(codec: &mut Codec, mut row: Row) -> Result<ContainerRecord> {
    let uuid = row.uuid(1)?;
    let document_bytes: Arc<[u8]> = row.bytes(8)?.into();
    let (mut report, tags) = packed::unpack(codec, &format!("container {uuid}"), &document_bytes)?;
    report.id = row.digest(2)?;
    report.image_id = row.optional_digest(3)?.map(ImageId);
    report.observed_at = row.time(7)?;
    let customer = row.uuid(0)?;
    Ok(ContainerRecord {
        customer,
        uuid,
        host_uuid: host_uuid(customer, &report.host.hostname),
        image_uuid: report.image_id.map(|id| image_uuid(customer, &id)),
        created_at: row.time(5)?,
        updated: row.time(6)?,
        tags,
        report,
        document_bytes,
    })
}

/// Reads the report of a container as it is stored, [`ContainerRecord::document_bytes`]: all of it but `id`,
/// `image_id` and `observed_at`, which are blank. Any thread may call it; each keeps what makes it fast.
///
/// # Errors
/// The bytes are no stored report.
pub fn decode_document(stored: &[u8]) -> Result<ContainerReport> {
    codec::with_codec(|codec| packed::unpack(codec, "container document", stored)).map(|(report, _)| report)
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

#[cfg(test)]
mod tests {
    use model::Digest;

    use super::*;
    use crate::codec::Form;
    use crate::driver::Engine as _;
    use crate::migration::{self, MIGRATIONS};
    use crate::prepare::to_json;
    use crate::record::{DEFAULT_CUSTOMER, tag_uuid};
    use crate::sqlite::Sqlite;

    fn report(number: u8, state: &str) -> ContainerReport {
        let json = serde_json::json!({
            "id": Digest::from_bytes([number; 32]), "name": "web", "host": {"hostname": "node-1"},
            "imageId": Digest::from_bytes([9; 32]), "state": state, "created": 100, "stateChanged": 200,
            "observedAt": 1_000, "source": "GENERAL",
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn containers_of_the_first_form_come_through_with_their_states_and_tags() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Sqlite::new(&folder.path().join("db")).unwrap();
        let mut connection = engine.open_writer().unwrap();
        let first = connection.dialect().expand(MIGRATIONS[0].1);
        connection.script(&first).unwrap();
        connection
            .script(
                "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT, applied INTEGER);
                 INSERT INTO schema_version VALUES (1, 'facts', 0)",
            )
            .unwrap();
        let mut codec = Codec::new();
        let states = ["CREATED", "RUNNING", "PAUSED", "STOPPED", "DELETED", "UNKNOWN"];
        let reports: Vec<_> = (1..).zip(states).map(|(number, state)| report(number, state)).collect();
        for (number, report) in (1..).zip(&reports) {
            let document = codec.pack(Form::Container, &to_json(report).unwrap()).unwrap();
            let values = [
                Value::from(DEFAULT_CUSTOMER),
                container_uuid(DEFAULT_CUSTOMER, &report.id).into(),
                Value::from(&report.id),
                host_uuid(DEFAULT_CUSTOMER, "node-1").into(),
                Value::from(&Digest::from_bytes([9; 32])),
                Value::Int(5),
                Value::Int(10 + number),
                Value::Int(1_000),
                document.into(),
            ];
            let insert = "INSERT INTO container VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
            connection.execute(insert, &values).unwrap();
            let entry = "INSERT INTO change VALUES ($1, 2, $2, 11, 0, NULL)";
            connection.execute(entry, &values[..2]).unwrap();
        }
        let tagged = container_uuid(DEFAULT_CUSTOMER, &reports[2].id);
        let tag = tag_uuid(DEFAULT_CUSTOMER, "web");
        let values = [DEFAULT_CUSTOMER.into(), tag.into(), tagged.into()];
        connection.execute("INSERT INTO tag VALUES ($1, $2, 'web', 0)", &values[..2]).unwrap();
        connection.execute("INSERT INTO tag_member VALUES ($1, 2, $3, $2)", &values).unwrap();
        migration::migrate(&mut *connection).unwrap();
        for (number, report) in (1..).zip(reports) {
            let uuid = container_uuid(DEFAULT_CUSTOMER, &report.id);
            let values = [DEFAULT_CUSTOMER.into(), uuid.into()];
            let state = connection.query(sql!("container/one"), &values).unwrap()[0].int(4).unwrap();
            assert_eq!(state, number);
            let record = one(&mut *connection, &mut codec, DEFAULT_CUSTOMER, uuid).unwrap().unwrap();
            assert_eq!((record.report, record.updated), (report, Timestamp(10 + number)));
            assert_eq!(record.tags, if number == 3 { vec!["web"] } else { Vec::new() });
        }
        let changes = change::after(&mut *connection, Timestamp(0), 100).unwrap();
        assert!(changes.iter().map(|change| change.clock.0).eq(11..17));
        assert!(changes.iter().all(|change| change.cause == "container report"));
    }
}

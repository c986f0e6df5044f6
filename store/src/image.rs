//! Images: how reports become one record each, and how records are read.
//!
//! Reports of one image arrive from several senders, more than once and in any order. The newest by `scanned_at`
//! describes it (of two with the same time, the later arrival); names, senders and tags of all are united. A report
//! that adds nothing changes nothing: no clock value, no change entry.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use model::{Digest, ImageId, Reference, Timestamp};
use uuid::Uuid;

use crate::change::{self, Cause, ChangeKind};
use crate::codec::{Codec, Form};
use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::inventory::Draft;
use crate::package::page;
use crate::prepare::PreparedReport;
use crate::record::{Ack, ImageDocument, ImageRecord};
use crate::since::{self, Since};
use crate::sql::sql;
use crate::work::{Question, Work};
use crate::{batch, codec, inventory, package, renewal, tag};

/// Names kept of one image; beyond them the oldest are dropped.
const MAX_NAMES: usize = 4_096;

/// A row of the table, with the document as the JSON that it is.
#[derive(Clone, Debug, PartialEq)]
struct StoredImage {
    customer: Uuid,
    uuid: Uuid,
    id: ImageId,
    created_at: Timestamp,
    updated: Timestamp,
    last_scanned: Timestamp,
    inventory: Digest,
    sources: Vec<String>,
    names: Vec<Reference>,
    tags: Vec<String>,
    since: Since,
    document: Vec<u8>,
    /// The document as the row holds it; empty for one that was not read from it.
    packed: Arc<[u8]>,
}

const ROW: &str = sql!("image/one");

/// What [`put_report`] will ask for.
pub(crate) fn questions(report: &PreparedReport) -> Vec<Question> {
    vec![(ROW, report.customer, report.uuid)]
}

/// Takes one report in.
pub(crate) fn put_report(work: &mut Work<'_>, report: PreparedReport) -> Result<Ack> {
    work.know_customer(report.customer)?;
    let row = work.row_of(ROW, report.customer, report.uuid)?;
    let stored = row.map(|row| read(&mut work.memory.codec, row)).transpose()?;
    let (customer, uuid) = (report.customer, report.uuid);
    let mut tags = stored.as_ref().map(|stored| stored.tags.clone()).unwrap_or_default();
    let tagged = tag::join(work, customer, &mut tags, &report.tags)?;
    let (before, (mut next, packages)) = match stored {
        Some(stored) => (Some(stored.clone()), merge(work, stored, report)?),
        None => (None, (first(work, report)?, Vec::new())),
    };
    let same = before.as_ref().is_some_and(|before| *before == next);
    if same && !tagged {
        return Ok(Ack { updated: next.updated, changed: false, uuids: vec![uuid] });
    }
    next.updated = work.tick()?;
    next.tags = tags;
    if before.is_none() {
        next.created_at = next.updated;
        change::forget(work.connection, customer, ChangeKind::Image, uuid)?;
    }
    if let Some(before) = before.filter(|before| before.inventory != next.inventory) {
        next.since = since(work, &before, packages, next.updated)?;
    }
    if same {
        set_tags(work.connection, (customer, uuid), &next.tags, next.updated)?;
    } else {
        write(work, &next)?;
    }
    Ok(Ack { updated: next.updated, changed: true, uuids: vec![uuid] })
}

/// Since when an image has the packages of a report that finds others than the one before.
fn since(work: &mut Work<'_>, before: &StoredImage, packages: Vec<u32>, clock: Timestamp) -> Result<Since> {
    let known = match since::packages(work.connection, &mut work.memory.codec, &before.inventory) {
        // what an inventory that is lost held cannot be told any more, and the report mends the image
        Err(StoreError::NotFound { .. } | StoreError::Damaged { .. }) => BTreeSet::new(),
        known => known?,
    };
    Ok(since::next(&before.since, &known, &packages.into_iter().collect(), clock))
}

/// Puts tags on an image; gives whether any was new to it, `None` if there is no such image.
pub(crate) fn put_tags(
    work: &mut Work<'_>,
    customer: Uuid,
    uuid: Uuid,
    names: &[String],
) -> Result<Option<bool>> {
    let Some(mut tags) = tags(work.connection, customer, uuid)? else { return Ok(None) };
    let tagged = tag::join(work, customer, &mut tags, names)?;
    if tagged {
        let updated = work.tick()?;
        set_tags(work.connection, (customer, uuid), &tags, updated)?;
    }
    Ok(Some(tagged))
}

/// The tags of an image, sorted; `None` if there is no such image.
pub(crate) fn tags(
    connection: &mut dyn Connection,
    customer: Uuid,
    uuid: Uuid,
) -> Result<Option<Vec<String>>> {
    let mut rows = connection.query(sql!("image/tags"), &[customer.into(), uuid.into()])?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    read_tags(uuid, row, 0).map(Some)
}

/// Reads a column of tags.
pub(crate) fn read_tags(uuid: Uuid, row: &mut Row, column: usize) -> Result<Vec<String>> {
    let Some(json) = row.optional_text(column)? else { return Ok(Vec::new()) };
    serde_json::from_str(&json).map_err(|error| StoreError::damaged(format!("image {uuid}"), error))
}

/// Tags as a column holds them: null for none.
fn tags_value(tags: &[String]) -> Result<Value> {
    Ok(if tags.is_empty() { Value::Null } else { json_text(&tags)?.into() })
}

fn set_tags(
    connection: &mut dyn Connection,
    (customer, uuid): (Uuid, Uuid),
    tags: &[String],
    updated: Timestamp,
) -> Result<()> {
    let tags = tags_value(tags)?;
    let values = [customer.into(), uuid.into(), tags, updated.into(), Cause::Tag.into()];
    connection.execute_later(sql!("image/set_tags"), &values)?;
    Ok(())
}

/// Rewrites rows of the first form of the database: the tags into their column.
pub(crate) fn renew(connection: &mut dyn Connection) -> Result<()> {
    let mut last = (Uuid::nil(), Uuid::nil());
    loop {
        let values = [last.0.into(), last.1.into(), page(1_000)];
        let rows = connection.query(sql!("image/keys_after"), &values)?;
        if rows.is_empty() {
            return Ok(());
        }
        for mut row in rows {
            let key = (row.uuid(0)?, row.uuid(1)?);
            last = key;
            let tags = renewal::first_form_tags(connection, ChangeKind::Image, key)?;
            if !tags.is_empty() {
                let values = [key.0.into(), key.1.into(), tags_value(&tags)?];
                connection.execute(sql!("image/renew"), &values)?;
            }
        }
    }
}

/// The record of an image that is seen for the first time; its clock values are still to be set.
fn first(work: &mut Work<'_>, report: PreparedReport) -> Result<StoredImage> {
    let PreparedReport {
        customer, uuid, id, scanned_at, source, names, document, packages, inventory, ..
    } = report;
    Ok(StoredImage {
        customer,
        uuid,
        id,
        created_at: Timestamp::default(),
        updated: Timestamp::default(),
        last_scanned: scanned_at,
        inventory: put_inventory(work, &packages, inventory)?.0,
        sources: vec![source],
        names,
        tags: Vec::new(),
        since: Since::default(),
        document,
        packed: Arc::default(),
    })
}

/// What a known image becomes by a further report, and the packages of that report if they are the image's now.
fn merge(
    work: &mut Work<'_>,
    stored: StoredImage,
    report: PreparedReport,
) -> Result<(StoredImage, Vec<u32>)> {
    let (mut next, mut packages) = (stored, Vec::new());
    if !next.sources.contains(&report.source) {
        next.sources.push(report.source);
    }
    for name in report.names {
        if !next.names.contains(&name) {
            next.names.push(name);
        }
    }
    let surplus = next.names.len().saturating_sub(MAX_NAMES);
    next.names.drain(..surplus);
    if report.scanned_at >= next.last_scanned {
        next.last_scanned = report.scanned_at;
        (next.inventory, packages) = put_inventory(work, &report.packages, report.inventory)?;
        if next.document != report.document && !same_document(&next.document, &report.document) {
            next.document = report.document;
        }
    }
    Ok((next, packages))
}

/// Whether two documents say the same. One written by an older program may spell it otherwise.
fn same_document(stored: &[u8], new: &[u8]) -> bool {
    match (serde_json::from_slice::<ImageDocument>(stored), serde_json::from_slice::<ImageDocument>(new)) {
        (Ok(stored), Ok(new)) => stored == new,
        _ => false,
    }
}

/// Numbers the packages and stores the inventory; gives its digest and the numbers.
fn put_inventory(
    work: &mut Work<'_>,
    packages: &[package::Identity],
    mut inventory: Draft,
) -> Result<(Digest, Vec<u32>)> {
    let numbers = package::number_all(work, packages)?;
    inventory.renumber(&numbers);
    Ok((inventory::put(work, &inventory.encode())?, numbers))
}

fn write(work: &mut Work<'_>, image: &StoredImage) -> Result<()> {
    let document = work.memory.codec.pack(Form::Image, &image.document)?;
    let values = [
        Value::from(image.customer),
        image.uuid.into(),
        Value::from(&image.id.0),
        image.created_at.into(),
        image.updated.into(),
        image.last_scanned.into(),
        Value::from(&image.inventory),
        json_text(&image.sources)?.into(),
        json_text(&image.names)?.into(),
        document.into(),
        tags_value(&image.tags)?,
        Cause::Report.into(),
        since::encode(&image.since).map_or(Value::Null, Value::Bytes),
    ];
    work.connection.execute_later(sql!("image/put"), &values)?;
    Ok(())
}

fn json_text<T: serde::Serialize>(list: &T) -> Result<String> {
    serde_json::to_string(list).map_err(|error| StoreError::damaged("document", error))
}

fn one_row(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    customer: Uuid,
    uuid: Uuid,
) -> Result<Option<StoredImage>> {
    let rows = connection.query(ROW, &[customer.into(), uuid.into()])?;
    rows.into_iter().next().map(|row| read(codec, row)).transpose()
}

fn read(codec: &mut Codec, mut row: Row) -> Result<StoredImage> {
    let uuid = row.uuid(1)?;
    let what = format!("image {uuid}");
    let damaged = |error: serde_json::Error| StoreError::damaged(&what, error);
    let packed: Arc<[u8]> = row.bytes(9)?.into();
    Ok(StoredImage {
        customer: row.uuid(0)?,
        uuid,
        id: ImageId(row.digest(2)?),
        created_at: row.time(3)?,
        updated: row.time(4)?,
        last_scanned: row.time(5)?,
        inventory: row.digest(6)?,
        sources: serde_json::from_str(&row.text(7)?).map_err(damaged)?,
        names: serde_json::from_str(&row.text(8)?).map_err(damaged)?,
        tags: read_tags(uuid, &mut row, 10)?,
        since: read_since(&what, &mut row)?,
        document: codec.unpack(&what, &packed)?,
        packed,
    })
}

fn read_since(what: &str, row: &mut Row) -> Result<Since> {
    let stored = row.optional_bytes(11)?;
    stored.map_or(Ok(Since::default()), |bytes| since::decode(what, &bytes))
}

/// Reads a row as a record.
pub(crate) fn read_record(codec: &mut Codec, row: Row) -> Result<ImageRecord> {
    record(read(codec, row)?)
}

fn record(stored: StoredImage) -> Result<ImageRecord> {
    let StoredImage { customer, uuid, id, created_at, updated, last_scanned, inventory, sources, .. } =
        stored;
    let mut document: ImageDocument = serde_json::from_slice(&stored.document)
        .map_err(|error| StoreError::damaged(format!("image {uuid}"), error))?;
    document.facts.references = stored.names;
    Ok(ImageRecord {
        customer,
        uuid,
        id,
        created_at,
        updated,
        last_scanned,
        sources,
        tags: stored.tags,
        inventory,
        since: stored.since,
        document,
        document_bytes: stored.packed,
    })
}

/// Reads the document of an image as it is stored, [`ImageRecord::document_bytes`]: all of it but the names
/// (`facts.references`), which are empty. Any thread may call it; each keeps what makes it fast.
///
/// # Errors
/// The bytes are no stored document.
pub fn decode_document(stored: &[u8]) -> Result<ImageDocument> {
    let document = codec::with_codec(|codec| codec.unpack("image document", stored))?;
    serde_json::from_slice(&document).map_err(|error| StoreError::damaged("image document", error))
}

/// One image of a customer.
pub(crate) fn one(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    customer: Uuid,
    uuid: Uuid,
) -> Result<Option<ImageRecord>> {
    one_row(connection, codec, customer, uuid)?.map(record).transpose()
}

/// Images of all customers after a key, in the order of (customer, uuid).
pub(crate) fn after(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    key: Option<(Uuid, Uuid)>,
    limit: usize,
) -> Result<Vec<ImageRecord>> {
    let (customer, uuid) = key.unwrap_or_default();
    let rows = connection.query(sql!("image/after"), &[customer.into(), uuid.into(), page(limit)])?;
    rows.into_iter().map(|row| read_record(codec, row)).collect()
}

/// Those of the images `keys` that there are, in the order of `keys`.
pub(crate) fn of_keys(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    keys: &[(Uuid, Uuid)],
) -> Result<Vec<ImageRecord>> {
    let mut found = HashMap::with_capacity(keys.len());
    for row in batch::rows_of(connection, sql!("image/of_keys"), &[], keys)? {
        let record = read_record(codec, row)?;
        found.insert((record.customer, record.uuid), record);
    }
    Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
}

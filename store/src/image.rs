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
use crate::codec::{self, Codec};
use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::package::page;
use crate::prepare::PreparedReport;
use crate::recent::{PlacedInventory, RecentImage};
use crate::record::{Ack, ImageBuild, ImageDocument, ImageRecord};
use crate::since::{self, Since};
use crate::sql::sql;
use crate::work::{Question, Work};
use crate::{batch, image_listed, inside, inventory, package, packed_image, renewal, tag};

/// Names kept of one image; beyond them the oldest are dropped.
const MAX_NAMES: usize = 4_096;

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredImage {
    customer: Uuid,
    uuid: Uuid,
    id: ImageId,
    created_at: Timestamp,
    pub(crate) updated: Timestamp,
    last_scanned: Timestamp,
    inventory: Digest,
    pub(crate) sources: Vec<String>,
    names: Vec<Reference>,
    tags: Vec<String>,
    registries: Vec<Uuid>,
    since: Since,
    /// Without the names.
    pub(crate) document: ImageDocument,
    /// Names and document as the row holds them.
    stored: Arc<[u8]>,
}

pub(crate) const ROW: &str = sql!("image/one");

/// What [`put_report`] will ask for.
pub(crate) fn questions(report: &PreparedReport) -> Vec<Question> {
    vec![(ROW, report.customer, report.uuid)]
}

/// Takes one report in.
pub(crate) fn put_report(work: &mut Work<'_>, report: &Arc<PreparedReport>) -> Result<Ack> {
    let (customer, uuid) = (report.customer, report.uuid);
    work.know_customer(customer)?;
    let Some(row) = work.row_of(ROW, customer, uuid)? else { return put_first(work, report) };
    let mut image = read(&mut work.memory.codec, row)?;
    let tagged = tag::join(work, customer, &mut image.tags, &report.tags)?;
    let before = image.inventory;
    let (moved, packages) = merge(work, &mut image, report)?;
    if !moved && !tagged {
        return Ok(Ack { updated: image.updated, changed: false, uuids: vec![uuid] });
    }
    image.updated = work.tick()?;
    if image.inventory != before {
        image.since = since(work, &before, &image.since, packages, image.updated)?;
    }
    if moved {
        write(work, &image)?;
    } else {
        set_tags(work, (customer, uuid), &image.tags, image.updated)?;
    }
    if image.inventory != before {
        inside::renew(work, customer, &image.id)?;
    }
    let updated = image.updated;
    work.note_image(customer, uuid, || RecentImage::Again(Box::new(record(image))));
    Ok(Ack { updated, changed: true, uuids: vec![uuid] })
}

/// Takes the first report of an image in.
fn put_first(work: &mut Work<'_>, report: &Arc<PreparedReport>) -> Result<Ack> {
    let (customer, uuid) = (report.customer, report.uuid);
    let mut tags = Vec::new();
    tag::join(work, customer, &mut tags, &report.tags)?;
    let registries = image_listed::of_new(work, customer, &report.id)?;
    let (inventory, _) = put_inventory(work, report)?;
    let updated = work.tick()?;
    change::forget(work.connection, customer, ChangeKind::Image, uuid)?;
    let row = Written {
        customer,
        uuid,
        id: report.id,
        created_at: updated,
        updated,
        last_scanned: report.scanned_at,
        inventory,
        sources: std::slice::from_ref(&report.source),
        tags: &tags,
        registries: &registries,
        since: &[],
        document: &report.packed,
    };
    put(work, row)?;
    let report = Arc::clone(report);
    inside::renew(work, customer, &report.id)?;
    work.note_image(customer, uuid, || RecentImage::First { updated, inventory, tags, registries, report });
    Ok(Ack { updated, changed: true, uuids: vec![uuid] })
}

/// Since when an image has the packages of a report that finds others than the one before.
fn since(
    work: &mut Work<'_>,
    before: &Digest,
    since: &Since,
    packages: Vec<u32>,
    clock: Timestamp,
) -> Result<Since> {
    let known = match inventory::packages(work.connection, &mut work.memory.codec, before) {
        // what an inventory that is lost held cannot be told any more, and the report mends the image
        Err(StoreError::NotFound { .. } | StoreError::Damaged { .. }) => BTreeSet::new(),
        known => known?,
    };
    Ok(since::next(since, &known, &packages.into_iter().collect(), clock))
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
        set_tags(work, (customer, uuid), &tags, updated)?;
    }
    Ok(Some(tagged))
}

/// Takes a tag off an image; gives whether it had it, `None` if there is no such image.
pub(crate) fn take_tag(work: &mut Work<'_>, customer: Uuid, uuid: Uuid, name: &str) -> Result<Option<bool>> {
    let Some(mut tags) = tags(work.connection, customer, uuid)? else { return Ok(None) };
    let Some(place) = tags.iter().position(|tag| tag == name) else { return Ok(Some(false)) };
    tags.remove(place);
    let updated = work.tick()?;
    set_tags(work, (customer, uuid), &tags, updated)?;
    Ok(Some(true))
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
    work: &mut Work<'_>,
    (customer, uuid): (Uuid, Uuid),
    tags: &[String],
    updated: Timestamp,
) -> Result<()> {
    let tags = tags_value(tags)?;
    let values = [customer.into(), uuid.into(), tags, updated.into(), Cause::Tag.into()];
    work.connection.execute_later(sql!("image/set_tags"), &values)?;
    work.stale_image(customer, uuid);
    Ok(())
}

/// Changes the names of an image, if there is one; a change of the record if they are others then.
pub(crate) fn rename(
    work: &mut Work<'_>,
    (customer, uuid): (Uuid, Uuid),
    change: impl FnOnce(&mut Vec<Reference>),
) -> Result<()> {
    let rows = work.connection.query(ROW, &[customer.into(), uuid.into()])?;
    let Some(row) = rows.into_iter().next() else { return Ok(()) };
    let mut image = read(&mut work.memory.codec, row)?;
    let before = image.names.clone();
    change(&mut image.names);
    if image.names == before {
        return Ok(());
    }
    image.updated = work.tick()?;
    image.stored = pack(&mut work.memory.codec, &mut image)?;
    write(work, &image)
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

/// Adds a further report to a known image; gives whether the image is another now, and the packages of the report if they
/// are the image's now.
fn merge(
    work: &mut Work<'_>,
    image: &mut StoredImage,
    report: &Arc<PreparedReport>,
) -> Result<(bool, Vec<u32>)> {
    let (mut moved, mut described) = (false, false);
    if !image.sources.contains(&report.source) {
        image.sources.push(report.source.clone());
        moved = true;
    }
    described |= add_names(image, &report.names);
    // told for itself: who looks again later and outside of the build tells none
    let known = std::mem::replace(&mut image.document.build, report.document.build.clone());
    let mut packages = Vec::new();
    if report.scanned_at >= image.last_scanned {
        moved |= image.last_scanned != report.scanned_at;
        image.last_scanned = report.scanned_at;
        let inventory;
        (inventory, packages) = put_inventory(work, report)?;
        moved |= image.inventory != inventory;
        image.inventory = inventory;
        if image.document != report.document {
            image.document.clone_from(&report.document);
            described = true;
        }
    }
    let build = ImageBuild::newest(known.as_deref(), report.document.build.as_deref());
    described |= build != known.as_deref();
    image.document.build = build.cloned().map(Box::new);
    // a row of an older form gets the form of today when it is written for whatever reason
    if described || moved && !packed_image::is_packed(&image.stored) {
        image.stored = if image.names == report.names && image.document == report.document {
            Arc::clone(&report.packed)
        } else {
            pack(&mut work.memory.codec, image)?
        };
    }
    Ok((moved || described, packages))
}

/// Adds names that are new; gives whether there were any.
pub(crate) fn add_names(image: &mut StoredImage, names: &[Reference]) -> bool {
    let before = image.names.len();
    for name in names {
        if !image.names.contains(name) {
            image.names.push(name.clone());
        }
    }
    let is_longer = image.names.len() > before;
    let surplus = image.names.len().saturating_sub(MAX_NAMES);
    image.names.drain(..surplus);
    is_longer
}

/// Writes an image that got names or a sender, as a change of its record.
pub(crate) fn write_added(work: &mut Work<'_>, image: &mut StoredImage, has_names: bool) -> Result<()> {
    image.updated = work.tick()?;
    if has_names || !packed_image::is_packed(&image.stored) {
        image.stored = pack(&mut work.memory.codec, image)?;
    }
    write(work, image)
}

/// Names and document of an image as they are stored.
fn pack(codec: &mut Codec, image: &mut StoredImage) -> Result<Arc<[u8]>> {
    std::mem::swap(&mut image.document.facts.references, &mut image.names);
    let packed = packed_image::pack(codec, &image.document);
    std::mem::swap(&mut image.document.facts.references, &mut image.names);
    Ok(packed?.into())
}

/// Numbers the packages of a report and stores its inventory; gives its digest and the numbers.
fn put_inventory(work: &mut Work<'_>, report: &Arc<PreparedReport>) -> Result<(Digest, Vec<u32>)> {
    let numbers = package::number_all(work, &report.packages)?;
    let (digest, new) = inventory::put(work, &report.inventory, &numbers)?;
    if let Some(entries) = new {
        work.note_inventory(digest, || PlacedInventory::new(Arc::clone(report), entries));
    }
    Ok((digest, numbers))
}

/// A row as it is written.
struct Written<'a> {
    customer: Uuid,
    uuid: Uuid,
    id: ImageId,
    created_at: Timestamp,
    updated: Timestamp,
    last_scanned: Timestamp,
    inventory: Digest,
    sources: &'a [String],
    tags: &'a [String],
    /// Of a known image they stay as they are.
    registries: &'a [Uuid],
    since: &'a [(u32, Timestamp)],
    /// With the names.
    document: &'a [u8],
}

fn write(work: &mut Work<'_>, image: &StoredImage) -> Result<()> {
    let row = Written {
        customer: image.customer,
        uuid: image.uuid,
        id: image.id,
        created_at: image.created_at,
        updated: image.updated,
        last_scanned: image.last_scanned,
        inventory: image.inventory,
        sources: &image.sources,
        tags: &image.tags,
        registries: &image.registries,
        since: &image.since,
        document: &image.stored,
    };
    put(work, row)
}

fn put(work: &mut Work<'_>, row: Written<'_>) -> Result<()> {
    let values = [
        Value::from(row.customer),
        row.uuid.into(),
        Value::from(&row.id.0),
        row.created_at.into(),
        row.updated.into(),
        row.last_scanned.into(),
        Value::from(&row.inventory),
        json_text(&row.sources)?.into(),
        // they are in the document
        "".into(),
        row.document.into(),
        tags_value(row.tags)?,
        Cause::Report.into(),
        since::encode(row.since).map_or(Value::Null, Value::Bytes),
        image_listed::encode(row.registries),
    ];
    work.connection.execute_later(sql!("image/put"), &values)?;
    work.stale_image(row.customer, row.uuid);
    Ok(())
}

fn json_text<T: serde::Serialize>(list: &T) -> Result<String> {
    serde_json::to_string(list).map_err(|error| StoreError::damaged("document", error))
}

pub(crate) fn read(codec: &mut Codec, mut row: Row) -> Result<StoredImage> {
    let uuid = row.uuid(1)?;
    let what = format!("image {uuid}");
    let damaged = |error: serde_json::Error| StoreError::damaged(&what, error);
    let stored: Arc<[u8]> = row.bytes(9)?.into();
    let id = ImageId(row.digest(2)?);
    let mut document = read_document(codec, &what, &stored)?;
    let names = match row.text(8)?.as_str() {
        "" => {
            document.facts.id = id;
            std::mem::take(&mut document.facts.references)
        }
        json => serde_json::from_str(json).map_err(damaged)?,
    };
    Ok(StoredImage {
        customer: row.uuid(0)?,
        uuid,
        id,
        created_at: row.time(3)?,
        updated: row.time(4)?,
        last_scanned: row.time(5)?,
        inventory: row.digest(6)?,
        sources: serde_json::from_str(&row.text(7)?).map_err(damaged)?,
        names,
        tags: read_tags(uuid, &mut row, 10)?,
        registries: image_listed::decode(&what, &mut row, 12)?,
        since: read_since(&what, &mut row)?,
        document,
        stored,
    })
}

/// Reads a stored document of any form, with what is in it: the names in that of today, the id in older ones.
pub(crate) fn read_document(codec: &mut Codec, what: &str, stored: &[u8]) -> Result<ImageDocument> {
    if packed_image::is_packed(stored) {
        return packed_image::unpack(codec, what, stored);
    }
    let json = codec.unpack(what, stored)?;
    serde_json::from_slice(&json).map_err(|error| StoreError::damaged(what, error))
}

fn read_since(what: &str, row: &mut Row) -> Result<Since> {
    let stored = row.optional_bytes(11)?;
    stored.map_or(Ok(Since::default()), |bytes| since::decode(what, &bytes))
}

/// Reads a row as a record.
pub(crate) fn read_record(codec: &mut Codec, row: Row) -> Result<ImageRecord> {
    read(codec, row).map(record)
}

fn record(stored: StoredImage) -> ImageRecord {
    let mut document = stored.document;
    document.facts.references = stored.names;
    ImageRecord {
        customer: stored.customer,
        uuid: stored.uuid,
        id: stored.id,
        created_at: stored.created_at,
        updated: stored.updated,
        last_scanned: stored.last_scanned,
        sources: stored.sources,
        tags: stored.tags,
        registries: stored.registries,
        inventory: stored.inventory,
        since: stored.since,
        document,
        document_bytes: stored.stored,
    }
}

/// Reads the document of an image as it is stored, [`ImageRecord::document_bytes`]: all of it but its id (`facts.id`) and
/// names (`facts.references`), which are blank. Any thread may call it; each keeps what makes it fast.
///
/// # Errors
/// The bytes are no stored document.
pub fn decode_document(stored: &[u8]) -> Result<ImageDocument> {
    let mut document = codec::with_codec(|codec| read_document(codec, "image document", stored))?;
    document.facts.id = ImageId(Digest::from_bytes([0; 32]));
    document.facts.references = Vec::new();
    Ok(document)
}

/// One image of a customer.
pub(crate) fn one(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    customer: Uuid,
    uuid: Uuid,
) -> Result<Option<ImageRecord>> {
    let rows = connection.query(ROW, &[customer.into(), uuid.into()])?;
    rows.into_iter().next().map(|row| read_record(codec, row)).transpose()
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

//! Which registries list an image: those of which a tag names a manifest that holds it.
//!
//! It follows from tags and manifests, and stands in the image's row as well, because lists of images show it. So whoever changes one
//! of them says here which image is concerned.

use model::ImageId;
use uuid::Uuid;

use crate::change::Cause;
use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::record::image_uuid;
use crate::sql::sql;
use crate::work::Work;

/// Bytes of a uuid.
const UUID: usize = 16;

/// Uuids as a column holds them; null for none.
pub(crate) fn encode(registries: &[Uuid]) -> Value {
    match registries.is_empty() {
        true => Value::Null,
        false => Value::Bytes(registries.iter().flat_map(|uuid| *uuid.as_bytes()).collect()),
    }
}

/// Reads such a column.
pub(crate) fn decode(what: &str, row: &mut Row, column: usize) -> Result<Vec<Uuid>> {
    let Some(bytes) = row.optional_bytes(column)? else { return Ok(Vec::new()) };
    let read = |part: &[u8]| Uuid::from_slice(part);
    let registries: std::result::Result<Vec<Uuid>, _> = bytes.chunks(UUID).map(read).collect();
    let registries = registries.map_err(|error| StoreError::damaged(what, error))?;
    match registries.is_sorted_by(|a, b| a < b) {
        true => Ok(registries),
        false => Err(StoreError::damaged(what, "has registries out of order")),
    }
}

/// The registries that list an image which is not known yet. Nothing is asked where nobody walks registries.
pub(crate) fn of_new(work: &mut Work<'_>, customer: Uuid, id: &ImageId) -> Result<Vec<Uuid>> {
    match work.is_listing(customer)? {
        true => registries(work.connection, customer, id),
        false => Ok(Vec::new()),
    }
}

/// Notes which registries list an image now, if it is known; a change of the record if they are others than before.
pub(crate) fn renew(work: &mut Work<'_>, customer: Uuid, id: &ImageId) -> Result<()> {
    let uuid = image_uuid(customer, id);
    let mut rows = work.connection.query(sql!("image/listed"), &[customer.into(), uuid.into()])?;
    let Some(row) = rows.first_mut() else { return Ok(()) };
    let before = row.optional_bytes(0)?.map_or(Value::Null, Value::Bytes);
    let now = encode(&registries(work.connection, customer, id)?);
    if now != before {
        let updated = work.tick()?;
        let values = [customer.into(), uuid.into(), now, updated.into(), Cause::Report.into()];
        work.connection.execute_later(sql!("image/set_listed"), &values)?;
        work.stale_image(customer, uuid);
    }
    Ok(())
}

/// Sorted, each once.
fn registries(connection: &mut dyn Connection, customer: Uuid, id: &ImageId) -> Result<Vec<Uuid>> {
    let values = [customer.into(), Value::from(&id.0)];
    let rows = connection.query(sql!("registry_manifest/listing"), &values)?;
    let mut found = rows.into_iter().map(|mut row| Ok(row.uuid(0)?)).collect::<Result<Vec<Uuid>>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Fills the column in a database that did not have it. No record changes by that: nobody could have seen it before.
pub(crate) fn fill(connection: &mut dyn Connection) -> Result<()> {
    for mut row in connection.query(sql!("registry_manifest/every_image"), &[])? {
        let (customer, id) = (row.uuid(0)?, ImageId(row.digest(1)?));
        let listed = registries(connection, customer, &id)?;
        if !listed.is_empty() {
            let values = [customer.into(), image_uuid(customer, &id).into(), encode(&listed)];
            connection.execute_later(sql!("image/renew_listed"), &values)?;
        }
    }
    Ok(())
}

//! Tags: names that are put on images and containers, and decide who may see them.

use std::collections::HashMap;

use uuid::Uuid;

use crate::change::{self, ChangeKind};
use crate::driver::{Connection, Value};
use crate::error::{Result, StoreError};
use crate::record::{Ack, tag_uuid};
use crate::sql::sql;
use crate::work::Work;
use crate::{batch, container, image, validate};

/// Puts tags on a record; gives whether any was new to it. The record's own row is the caller's to touch.
pub(crate) fn join(
    work: &mut Work<'_>,
    customer: Uuid,
    kind: ChangeKind,
    entity: Uuid,
    names: &[String],
) -> Result<bool> {
    let mut added = 0;
    for name in names {
        let tag = tag_uuid(customer, name);
        let values = [Value::from(customer), Value::Int(kind as i64), entity.into(), tag.into()];
        let joined = work.connection.execute(sql!("tag/join"), &values)?;
        if joined > 0 {
            let now = model::Timestamp::now();
            let values = [Value::from(customer), tag.into(), name.as_str().into(), now.into()];
            work.connection.execute(sql!("tag/insert"), &values)?;
        }
        added += joined;
    }
    Ok(added > 0)
}

/// Puts one tag on records, which must exist.
pub(crate) fn assign(work: &mut Work<'_>, customer: Uuid, name: &str, entities: Vec<Uuid>) -> Result<Ack> {
    validate::tag("tag", name)?;
    let names = [name.to_owned()];
    let (mut updated, mut changed) = (work.clock()?, false);
    for entity in &entities {
        let kind = kind_of(work.connection, customer, *entity)?;
        if !join(work, customer, kind, *entity, &names)? {
            continue;
        }
        (updated, changed) = (work.tick()?, true);
        match kind {
            ChangeKind::Image => image::touch(work.connection, customer, *entity, updated)?,
            _ => container::touch(work.connection, customer, *entity, updated)?,
        }
    }
    Ok(Ack { updated, changed, uuids: entities })
}

fn kind_of(connection: &mut dyn Connection, customer: Uuid, entity: Uuid) -> Result<ChangeKind> {
    let values = [Value::from(customer), entity.into()];
    let places =
        [(ChangeKind::Image, sql!("image/exists")), (ChangeKind::Container, sql!("container/exists"))];
    for (kind, sql) in places {
        let mut rows = connection.query(sql, &values)?;
        if rows.first_mut().map(|row| row.int(0)).transpose()?.unwrap_or(0) > 0 {
            return Ok(kind);
        }
    }
    Err(StoreError::NotFound { what: format!("image or container {entity}") })
}

/// The tags of one record, sorted.
pub(crate) fn of_entity(
    connection: &mut dyn Connection,
    customer: Uuid,
    kind: ChangeKind,
    entity: Uuid,
) -> Result<Vec<String>> {
    let values = [Value::from(customer), Value::Int(kind as i64), entity.into()];
    let rows = connection.query(sql!("tag/of_entity"), &values)?;
    rows.into_iter().map(|mut row| Ok(row.text(0)?)).collect()
}

/// Tags of many records, by customer and uuid.
pub(crate) type TagsOf = HashMap<(Uuid, Uuid), Vec<String>>;

/// The tags of a page of records, whose keys are given in ascending order.
pub(crate) fn of_page(
    connection: &mut dyn Connection,
    kind: ChangeKind,
    keys: &[(Uuid, Uuid)],
) -> Result<TagsOf> {
    let mut tags = TagsOf::new();
    for part in keys.chunk_by(|a, b| a.0 == b.0) {
        let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
        let values = [Value::Int(kind as i64), first.0.into(), first.1.into(), last.1.into()];
        for mut row in connection.query(sql!("tag/of_range"), &values)? {
            let key = (row.uuid(0)?, row.uuid(1)?);
            tags.entry(key).or_default().push(row.text(2)?);
        }
    }
    Ok(tags)
}

/// The tags of records in any order.
pub(crate) fn of_keys(
    connection: &mut dyn Connection,
    kind: ChangeKind,
    keys: &[(Uuid, Uuid)],
) -> Result<TagsOf> {
    let mut tags = TagsOf::new();
    for mut row in batch::rows_of(connection, sql!("tag/of_entities"), &[Value::Int(kind as i64)], keys)? {
        let key = (row.uuid(0)?, row.uuid(1)?);
        tags.entry(key).or_default().push(row.text(2)?);
    }
    Ok(tags)
}

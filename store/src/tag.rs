//! Tags: names that are put on images and containers, and decide who may see them.
//!
//! A record holds the names of its tags itself, so that reading a million of them needs no second table; the table of
//! tags says which names there are.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::error::{Result, StoreError};
use crate::record::{Ack, tag_uuid};
use crate::sql::sql;
use crate::work::Work;
use crate::{container, image, validate};

/// Adds tags to those of a record, which are sorted; gives whether any was new to it.
pub(crate) fn join(
    work: &mut Work<'_>,
    customer: Uuid,
    tags: &mut Vec<String>,
    names: &[String],
) -> Result<bool> {
    let new: BTreeSet<&String> = names.iter().filter(|name| !tags.contains(name)).collect();
    for name in &new {
        know(work, customer, name)?;
    }
    tags.extend(new.iter().map(|name| (*name).clone()));
    tags.sort_unstable();
    Ok(!new.is_empty())
}

/// Makes sure that a tag has a row.
fn know(work: &mut Work<'_>, customer: Uuid, name: &str) -> Result<()> {
    let uuid = tag_uuid(customer, name);
    if !work.memory.tags.contains(&(customer, uuid)) {
        let values = [customer.into(), uuid.into(), name.into(), model::Timestamp::now().into()];
        // remembered when it was found, because one that is just made may be undone
        if work.connection.execute(sql!("tag/insert"), &values)? == 0 {
            work.memory.tags.insert((customer, uuid));
        }
    }
    Ok(())
}

/// Takes one tag off records, which must exist.
pub(crate) fn unassign(work: &mut Work<'_>, customer: Uuid, name: &str, entities: Vec<Uuid>) -> Result<Ack> {
    validate::tag("tag", name)?;
    let (mut updated, mut changed) = (work.clock()?, false);
    for entity in &entities {
        let untagged = match image::take_tag(work, customer, *entity, name)? {
            Some(untagged) => Some(untagged),
            None => container::take_tag(work, customer, *entity, name)?,
        };
        let missing = || StoreError::NotFound { what: format!("image or container {entity}") };
        if untagged.ok_or_else(missing)? {
            (updated, changed) = (work.tick()?, true);
        }
    }
    Ok(Ack { updated, changed, uuids: entities })
}

/// Puts one tag on records, which must exist.
pub(crate) fn assign(work: &mut Work<'_>, customer: Uuid, name: &str, entities: Vec<Uuid>) -> Result<Ack> {
    validate::tag("tag", name)?;
    let names = [name.to_owned()];
    let (mut updated, mut changed) = (work.clock()?, false);
    for entity in &entities {
        let tagged = match image::put_tags(work, customer, *entity, &names)? {
            Some(tagged) => Some(tagged),
            None => container::put_tags(work, customer, *entity, &names)?,
        };
        let missing = || StoreError::NotFound { what: format!("image or container {entity}") };
        if tagged.ok_or_else(missing)? {
            (updated, changed) = (work.tick()?, true);
        }
    }
    Ok(Ack { updated, changed, uuids: entities })
}

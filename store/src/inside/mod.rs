//! What a sensor tells of the inside of a container, and the inventory that a container has in place of its image's.
//!
//! The inventory follows from two facts, the image's inventory and the container's drift, either of which may come first
//! or change alone. It is worked out by whoever writes the later one, so that readers find it ready and a container is
//! searched like an image.
//!
//! The decision a reader may doubt: what a report leaves out was not looked at, and stays as it was told before. A runtime's
//! event tells the state of a container and nothing of its files.

mod validate;

use std::collections::{BTreeSet, HashSet};

use model::{
    ContainerDetails, ContainerReport, Digest, Drift, DriftReason, ImageId, PackageRecord, Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::codec::{self, Codec, Form};
use crate::container;
use crate::driver::{Connection, Value};
use crate::error::{Result, StoreError};
use crate::inventory;
use crate::package::{self, Identity, KeyMap};
use crate::record::{ContainerRecord, InventoryEntry, image_uuid};
use crate::since::{self, Since};
use crate::sql::sql;
use crate::work::Work;

pub(crate) use validate::details as validate;

/// The form that is stored, as JSON, so that a field can be added.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    details: ContainerDetails,
    /// Since when the container has packages that it did not have at first, in the order of their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    since: Vec<(u32, i64)>,
}

/// The two columns.
#[derive(Default)]
pub(crate) struct Inside {
    stored: Option<Vec<u8>>,
    inventory: Option<Digest>,
}

impl Inside {
    /// The columns as parameters.
    pub(crate) fn values(self) -> [Value; 2] {
        let inventory = self.inventory.as_ref().map_or(Value::Null, Value::from);
        [self.stored.map_or(Value::Null, Value::Bytes), inventory]
    }
}

/// Brings lists into the order in which they are searched.
pub(crate) fn sort(report: &mut ContainerReport) {
    let Some(details) = &mut report.details else { return };
    if let Some(used) = &mut details.in_use {
        used.sort_unstable();
        used.dedup();
    }
    if let Some(drift) = &mut details.drift {
        drift.packages.sort_unstable();
        drift.files.sort_unstable();
    }
}

/// Fills in what a newer report does not tell of what was told before. A drift that says the same again is the one from before.
pub(crate) fn keep(report: &mut ContainerReport, stored: &ContainerReport) {
    let Some(stored) = &stored.details else { return };
    let Some(details) = &mut report.details else {
        report.details = Some(stored.clone());
        return;
    };
    details.sensor = details.sensor.or(stored.sensor);
    if details.in_use.is_none() {
        details.in_use.clone_from(&stored.in_use);
    }
    match (&details.drift, &stored.drift) {
        (None, Some(_)) => details.drift.clone_from(&stored.drift),
        (Some(new), Some(known)) if new.says_the_same(known) => details.drift.clone_from(&stored.drift),
        _ => {}
    }
}

/// What is stored of a report. `before` is the container as it was known, `clock` what its new `updated` will be.
pub(crate) fn of(
    work: &mut Work<'_>,
    customer: Uuid,
    report: &ContainerReport,
    before: Option<&ContainerRecord>,
    clock: Timestamp,
) -> Result<Inside> {
    let Some(details) = &report.details else { return Ok(Inside::default()) };
    let drift = details.drift.as_ref().filter(|drift| !drift.packages.is_empty());
    let of_image = match (drift, report.image_id) {
        (Some(_), Some(id)) => image_inventory(work.connection, customer, &id)?,
        _ => None,
    };
    let (mut inventory, mut since) = (None, Since::default());
    if let (Some(drift), Some(of_image)) = (drift, of_image) {
        let entries = drifted(work, &of_image, drift)?;
        let had = before.and_then(|before| before.inventory).unwrap_or(of_image);
        let had = inventory::packages(work.connection, &mut work.memory.codec, &had)?;
        let has: BTreeSet<u32> = entries.iter().map(|entry| entry.package).collect();
        let known = before.map(|before| &before.since[..]).unwrap_or_default();
        since = since::next(known, &had, &has, clock);
        inventory = Some(inventory::put_entries(work, entries)?);
    }
    let since = since.iter().map(|(package, clock)| (*package, clock.0)).collect();
    let stored = Stored { details: (**details).clone(), since };
    let json = serde_json::to_vec(&stored).map_err(|error| StoreError::damaged("container", error))?;
    Ok(Inside { stored: Some(work.memory.codec.pack(Form::Plain, &json)?), inventory })
}

/// Works out anew what containers of an image hold that differ from it, because the image came or holds others than before.
pub(crate) fn renew(work: &mut Work<'_>, customer: Uuid, image: &ImageId) -> Result<()> {
    let prefix = Value::from(&image.0.as_bytes()[..6]);
    let values = [customer.into(), prefix, Value::from(&image.0)];
    for mut row in work.connection.query(sql!("container/drifted"), &values)? {
        container::renew(work, customer, row.uuid(0)?)?;
    }
    Ok(())
}

/// What a row says: the details, since when packages are there, and the bytes as they are stored.
pub(crate) fn read(
    codec: &mut Codec,
    what: &str,
    stored: Option<&[u8]>,
) -> Result<(Option<Box<ContainerDetails>>, Since)> {
    let Some(stored) = stored else { return Ok((None, Since::default())) };
    let json = codec.unpack(what, stored)?;
    let Stored { details, since } =
        serde_json::from_slice(&json).map_err(|error| StoreError::damaged(what, error))?;
    let since = since.into_iter().map(|(package, clock)| (package, Timestamp(clock))).collect();
    Ok((Some(Box::new(details)), since))
}

/// Reads what a sensor told of a container as it is stored, [`ContainerRecord::inside_bytes`]; none if that is empty. Any
/// thread may call it.
///
/// # Errors
/// The bytes are not what is stored.
pub fn decode_inside(stored: &[u8]) -> Result<Option<Box<ContainerDetails>>> {
    let stored = Some(stored).filter(|stored| !stored.is_empty());
    codec::with_codec(|codec| read(codec, "inside of a container", stored)).map(|(details, _)| details)
}

/// The inventory of an image; `None` if it is not known.
fn image_inventory(connection: &mut dyn Connection, customer: Uuid, id: &ImageId) -> Result<Option<Digest>> {
    let values = [customer.into(), image_uuid(customer, id).into()];
    let mut rows = connection.query(sql!("image/inventory"), &values)?;
    rows.first_mut().map(|row| Ok(row.digest(0)?)).transpose()
}

/// What a drift takes away from an image, and what it adds to it.
fn parts(drift: &Drift) -> [Vec<&PackageRecord>; 2] {
    let gone = drift
        .packages
        .iter()
        .filter_map(|package| match package.reason {
            DriftReason::New => None,
            DriftReason::Removed => Some(&package.record),
            DriftReason::Varied => package.before.as_deref(),
        })
        .collect();
    let came = drift
        .packages
        .iter()
        .filter(|package| package.reason != DriftReason::Removed)
        .map(|package| &package.record)
        .collect();
    [gone, came]
}

/// The content of a container: its image's, without what it removed or has in another version, with what it has itself.
fn drifted(work: &mut Work<'_>, of_image: &Digest, drift: &Drift) -> Result<Vec<InventoryEntry>> {
    let [gone, came] = parts(drift);
    let gone_numbers = numbers(work, &gone)?;
    let came_numbers = numbers(work, &came)?;
    let mut known = inventory::all(
        work.connection,
        &mut work.memory.codec,
        &work.memory.names,
        std::slice::from_ref(of_image),
    )?;
    let entries = known.pop().map(|inventory| inventory.entries).unwrap_or_default();
    Ok(laid_over(entries, gone_numbers.into_iter().zip(gone), came_numbers.into_iter().zip(came)))
}

/// The same for those who may not write; a package that is not in the dictionary is left out.
pub(crate) fn expected(
    connection: &mut dyn Connection,
    of_image: Vec<InventoryEntry>,
    drift: &Drift,
) -> Result<Vec<InventoryEntry>> {
    let [gone, came] = parts(drift);
    let identities = gone.iter().chain(&came).map(|record| Identity::of_record(record)).collect::<Vec<_>>();
    let numbers = package::known(connection, &identities)?;
    let number = |record: &PackageRecord| numbers.get(&Identity::of_record(record).key).copied();
    let gone = gone.into_iter().filter_map(|record| number(record).map(|number| (number, record)));
    let came = came.into_iter().filter_map(|record| number(record).map(|number| (number, record)));
    Ok(laid_over(of_image, gone, came))
}

/// Entries of an image without those that are `gone` from it and with those that `came`, each with the number of its package.
fn laid_over<'r>(
    mut entries: Vec<InventoryEntry>,
    gone: impl Iterator<Item = (u32, &'r PackageRecord)>,
    came: impl Iterator<Item = (u32, &'r PackageRecord)>,
) -> Vec<InventoryEntry> {
    let gone: HashSet<(u32, &str)> = gone.map(|(package, record)| (package, record.path.as_str())).collect();
    entries.retain(|entry| !gone.contains(&(entry.package, entry.path.as_str())));
    entries.extend(came.map(|(package, record)| InventoryEntry {
        package,
        layer: None,
        path: record.path.clone(),
        owned_by: record.owned_by.clone(),
        license: record.license.clone(),
        found_by: record.found_by.clone(),
        declared: record.declared,
    }));
    entries
}

/// The numbers of the packages of records, in their order.
fn numbers(work: &mut Work<'_>, records: &[&PackageRecord]) -> Result<Vec<u32>> {
    let mut places: KeyMap<usize> = KeyMap::default();
    let mut distinct = Vec::new();
    let mut of_record = Vec::with_capacity(records.len());
    for record in records {
        let identity = Identity::of_record(record);
        let place = *places.entry(identity.key).or_insert(distinct.len());
        if place == distinct.len() {
            distinct.push(identity);
        }
        of_record.push(place);
    }
    let numbers = package::number_all(work, &distinct)?;
    Ok(of_record.into_iter().map(|place| numbers[place]).collect())
}

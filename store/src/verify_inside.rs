//! The part of [`crate::verify`] that looks at the inside of containers: whether the inventory that a container has in place of its image's is the one
//! that follows from both.

use std::collections::{BTreeSet, HashMap};

use model::{ContainerDetails, Digest};
use uuid::Uuid;

use crate::batch;
use crate::error::Result;
use crate::record::{ContainerRecord, InventoryEntry};
use crate::sql::sql;
use crate::verify::{Fault, Pass};
use crate::{inside, inventory};

/// Containers whose images are looked for together.
const TOGETHER: usize = 200;

/// A container that differs from its image.
pub(crate) struct Drifted {
    key: String,
    image: (Uuid, Uuid),
    inventory: Option<Digest>,
    details: Box<ContainerDetails>,
}

impl Pass<'_> {
    /// Looks at what one container holds beyond its image; those that have to be held against it are collected.
    pub(crate) fn inside(
        &mut self,
        drifted: &mut Vec<Drifted>,
        key: String,
        record: ContainerRecord,
    ) -> Result<()> {
        let ContainerRecord { customer, image_uuid, inventory, since, report, .. } = record;
        let details = report
            .details
            .filter(|details| details.drift.as_ref().is_some_and(|drift| !drift.packages.is_empty()));
        let Some(details) = details else {
            // without a package that differs, a container has what its image has
            if inventory.is_some() || !since.is_empty() {
                self.fault("container", &key, Fault::Contradicted("inventory"));
            }
            return Ok(());
        };
        self.counts.drifted += 1;
        if let Some(image) = image_uuid {
            drifted.push(Drifted { key, image: (customer, image), inventory, details });
        }
        if drifted.len() < TOGETHER {
            return Ok(());
        }
        self.derived(std::mem::take(drifted))
    }

    /// Tells of containers with another inventory than follows from their image's and their drift. Where the image is not known, nothing follows.
    pub(crate) fn derived(&mut self, drifted: Vec<Drifted>) -> Result<()> {
        let keys: Vec<(Uuid, Uuid)> = drifted.iter().map(|container| container.image).collect();
        let mut of_images: HashMap<(Uuid, Uuid), Digest> = HashMap::new();
        for mut row in batch::rows_of(self.connection, sql!("image/inventories"), &[], &keys)? {
            of_images.insert((row.uuid(0)?, row.uuid(1)?), row.digest(2)?);
        }
        for container in drifted {
            let Some(of_image) = of_images.get(&container.image) else { continue };
            let Some(inventory) = container.inventory else {
                self.fault("container", &container.key, Fault::NotDerived);
                continue;
            };
            let both = inventory::all(self.connection, self.codec, &self.names, &[*of_image, inventory]);
            // one that is missing or cannot be read was told of already
            let Ok(both) = both else { continue };
            let Ok([of_image, found]) = <[_; 2]>::try_from(both) else { continue };
            let Some(drift) = &container.details.drift else { continue };
            let expected = inside::expected(self.connection, of_image.entries, drift)?;
            let set = |entries: Vec<InventoryEntry>| entries.into_iter().collect::<BTreeSet<_>>();
            if set(expected) != set(found.entries) {
                self.fault("container", &container.key, Fault::NotDerived);
            }
        }
        Ok(())
    }
}

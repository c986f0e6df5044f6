//! The index itself: packages, images and containers as they stand at one value of the store's clock.
//!
//! What it is not for: talking to the store. Records are put in, in the order of the clock, and the derived values are
//! kept true on the way: the effective `updated` of images and containers, and the tags that count for a container.
//!
//! A reader may doubt that a container is taken for changed whenever its image is. Software, findings and scope of
//! a container are those of its image, so the container as a client sees it did change; and only so does its
//! `updated` never go back when an image is scanned again and holds other packages.

use std::collections::HashMap;
use std::sync::Arc;

use model::Timestamp;
use roaring::RoaringBitmap;
use store::{ContainerRecord, ImageRecord, Inventory, InventoryEntry};
use uuid::Uuid;

use crate::base::Bases;
use crate::column::{Columns, Scalars, Visible};
use crate::dictionary::PackageEntry;
use crate::error::FleetError;
use crate::postings::Postings;
use crate::request::Scope;

/// An image record with its packages.
#[derive(Debug)]
pub(crate) struct ImageRow {
    pub(crate) record: Arc<ImageRecord>,
    pub(crate) inventory: Arc<Inventory>,
}

/// Values under dense numbers.
#[derive(Debug)]
struct Slots<T>(Vec<Option<T>>);

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Slots<T> {
    fn get(&self, number: u32) -> Option<&T> {
        self.0.get(number as usize).and_then(Option::as_ref)
    }

    fn take(&mut self, number: u32) -> Option<T> {
        self.0.get_mut(number as usize).and_then(Option::take)
    }

    fn put(&mut self, number: u32, value: T) {
        let index = number as usize;
        if index >= self.0.len() {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(value);
    }
}

/// The index.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Everything up to this value of the clock is in the index and nothing after it.
    pub(crate) clock: Timestamp,
    packages: Slots<Arc<PackageEntry>>,
    postings: Postings,
    pub(crate) images: Columns,
    image_rows: Slots<Arc<ImageRow>>,
    bases: Bases,
    pub(crate) containers: Columns,
    container_rows: Slots<Arc<ContainerRecord>>,
    /// (customer, image) to positions of containers, whether or not the image is known.
    containers_of: HashMap<(Uuid, Uuid), RoaringBitmap>,
}

impl Index {
    /// All packages, by number.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &Arc<PackageEntry>> {
        self.packages.0.iter().flatten()
    }

    pub(crate) fn package(&self, id: u32) -> Option<&Arc<PackageEntry>> {
        self.packages.get(id)
    }

    /// Sorts the entries of inventories by package and path; an error names a package that is not in the index.
    pub(crate) fn sort(&self, inventories: &mut [Inventory]) -> Result<(), FleetError> {
        for entry in inventories.iter().flat_map(|inventory| &inventory.entries) {
            if self.package(entry.package).is_none() {
                return Err(FleetError::UnknownPackage { package: entry.package });
            }
        }
        let identity = |entry: &InventoryEntry| self.package(entry.package).map(|known| &known.package);
        for inventory in inventories {
            inventory.entries.sort_by(|a, b| {
                let by_package = identity(a).cmp(&identity(b));
                by_package.then_with(|| (&a.path, a.layer, &a.owned_by).cmp(&(&b.path, b.layer, &b.owned_by)))
            });
        }
        Ok(())
    }

    pub(crate) fn image_row(&self, position: u32) -> &Arc<ImageRow> {
        self.image_rows.get(position).expect("every position of the image columns has its row")
    }

    pub(crate) fn container_row(&self, position: u32) -> &Arc<ContainerRecord> {
        self.container_rows.get(position).expect("every position of the container columns has its row")
    }

    /// The containers of an image.
    pub(crate) fn containers_of(
        &self,
        customer: Uuid,
        image: Uuid,
    ) -> impl Iterator<Item = &Arc<ContainerRecord>> {
        let positions = self.containers_of.get(&(customer, image));
        positions.into_iter().flatten().map(|position| self.container_row(position))
    }

    /// The image that a container runs, if it is known, with its position.
    pub(crate) fn image_of(&self, container: &ContainerRecord) -> Option<(u32, &Arc<ImageRow>)> {
        let position = self.images.position(container.customer, container.image_uuid?)?;
        Some((position, self.image_row(position)))
    }

    /// The image that an image was built on, out of those that a reader may see, and how many layers it has. Of several
    /// with the same layers it is the one that was known first.
    pub(crate) fn base_of(&self, record: &ImageRecord, visible: &Visible) -> Option<(Arc<ImageRow>, u32)> {
        let facts = &record.document.facts;
        let (positions, layers) =
            self.bases.of(record.customer, facts, |position| visible.contains(position))?;
        let rows = positions.into_iter().map(|position| self.image_row(position));
        let first = rows.min_by_key(|row| (row.record.created_at, row.record.uuid))?;
        Some((Arc::clone(first), layers))
    }

    /// The images that a scope shows.
    pub(crate) fn visible_images(&self, customer: Uuid, scope: &Scope) -> Visible {
        visible(&self.images, customer, scope)
    }

    /// The containers that a scope shows.
    pub(crate) fn visible_containers(&self, customer: Uuid, scope: &Scope) -> Visible {
        visible(&self.containers, customer, scope)
    }

    /// Puts packages in that no image in the index holds yet, or whose findings did not change.
    pub(crate) fn put_packages(&mut self, entries: impl IntoIterator<Item = Arc<PackageEntry>>) {
        for entry in entries {
            self.packages.put(entry.id, entry);
        }
    }

    /// Replaces packages by their new judgement and moves the images and containers concerned.
    pub(crate) fn put_judgements(&mut self, entries: Vec<Arc<PackageEntry>>) {
        let concerned = self.postings.union(entries.iter().map(|entry| entry.id));
        self.put_packages(entries);
        for position in concerned {
            let row = Arc::clone(self.image_row(position));
            let updated = self.image_updated(&row);
            if self.images.at(position).updated != updated {
                self.images.set_updated(position, updated);
                self.refresh_containers(row.record.customer, row.record.uuid);
            }
        }
    }

    /// Inserts or replaces an image. All packages of the inventory must have been put in before.
    pub(crate) fn put_image(&mut self, record: Arc<ImageRecord>, inventory: Arc<Inventory>) {
        let before = self.images.position(record.customer, record.uuid);
        let before = before.and_then(|position| self.image_rows.take(position).map(|row| (position, row)));
        let row = Arc::new(ImageRow { record, inventory });
        let record = &row.record;
        let position = self.images.put(Scalars {
            customer: record.customer,
            uuid: record.uuid,
            id: record.id.0,
            created: record.document.facts.created,
            first_stored: record.created_at,
            updated: self.image_updated(&row),
            tags: record.tags.clone(),
        });
        if let Some((position, before)) = &before {
            self.bases.remove(record.customer, &before.record.document.facts, *position);
        }
        self.bases.add(record.customer, &record.document.facts, position);
        match before {
            Some((_, before)) if before.record.inventory == record.inventory => {}
            Some((position, before)) => {
                self.postings.remove(&before.inventory, position);
                self.postings.add(&row.inventory, position);
            }
            None => self.postings.add(&row.inventory, position),
        }
        let (customer, uuid) = (record.customer, record.uuid);
        self.image_rows.put(position, row);
        self.refresh_containers(customer, uuid);
    }

    /// Takes an image out. Its containers stay and no longer show software or findings.
    pub(crate) fn remove_image(&mut self, customer: Uuid, uuid: Uuid) {
        if let Some(position) = self.images.remove(customer, uuid)
            && let Some(row) = self.image_rows.take(position)
        {
            self.postings.remove(&row.inventory, position);
            self.bases.remove(customer, &row.record.document.facts, position);
            self.refresh_containers(customer, uuid);
        }
    }

    /// Inserts or replaces a container.
    pub(crate) fn put_container(&mut self, record: Arc<ContainerRecord>) {
        let before = self.containers.position(record.customer, record.uuid);
        if let Some(position) = before
            && let Some(before) = self.container_rows.take(position)
        {
            self.unlink_container(position, &before);
        }
        let position = self.containers.put(self.container_scalars(&record));
        if let Some(image) = record.image_uuid {
            self.containers_of.entry((record.customer, image)).or_default().insert(position);
        }
        self.container_rows.put(position, record);
    }

    /// Takes a container out.
    pub(crate) fn remove_container(&mut self, customer: Uuid, uuid: Uuid) {
        if let Some(position) = self.containers.remove(customer, uuid)
            && let Some(record) = self.container_rows.take(position)
        {
            self.unlink_container(position, &record);
        }
    }

    fn unlink_container(&mut self, position: u32, record: &ContainerRecord) {
        let Some(image) = record.image_uuid else { return };
        if let Some(positions) = self.containers_of.get_mut(&(record.customer, image)) {
            positions.remove(position);
            if positions.is_empty() {
                self.containers_of.remove(&(record.customer, image));
            }
        }
    }

    /// Brings what the containers of an image derive from it up to date.
    fn refresh_containers(&mut self, customer: Uuid, image: Uuid) {
        let Some(positions) = self.containers_of.get(&(customer, image)).cloned() else { return };
        for position in positions {
            let scalars = self.container_scalars(self.container_row(position));
            self.containers.put(scalars);
        }
    }

    fn image_updated(&self, row: &ImageRow) -> Timestamp {
        let judged = row.inventory.entries.iter().filter(|entry| entry.owned_by.is_none());
        let changed = judged.filter_map(|entry| self.package(entry.package)).map(|package| package.changed);
        changed.fold(row.record.updated, Timestamp::max)
    }

    fn container_scalars(&self, record: &ContainerRecord) -> Scalars {
        let mut updated = record.updated;
        let mut tags = record.tags.clone();
        if let Some((position, image)) = self.image_of(record) {
            updated = updated.max(self.images.at(position).updated);
            tags.extend(image.record.tags.iter().cloned());
            tags.sort_unstable();
            tags.dedup();
        }
        Scalars {
            customer: record.customer,
            uuid: record.uuid,
            id: record.report.id,
            created: Some(record.report.created),
            first_stored: record.created_at,
            updated,
            tags,
        }
    }
}

fn visible(columns: &Columns, customer: Uuid, scope: &Scope) -> Visible {
    match scope {
        Scope::Everything => Visible::All,
        Scope::Tags(tags) => Visible::Only(columns.with_tags(customer, tags)),
    }
}

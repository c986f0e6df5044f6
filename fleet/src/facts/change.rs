//! One step of one customer's facts: what was stored and deleted up to a clock value, and all that follows from it.
//!
//! Records are put into their columns first; then what records derive from each other is brought up to date, once for each
//! record however often it was touched: the effective `updated` of images and containers with their orders, the containers'
//! images and tags, and how images are used.

use std::sync::Arc;

use model::{Digest, Timestamp};
use store::{Change, ChangeKind, ContainerRecord, ImageRecord};
use uuid::Uuid;

use super::scope::Scopes;
use super::{Inventories, NO_TIME, Tenant};
use crate::table::{Bits, Chunked, Lookup, NONE, Stamp};

/// The id of a position that was never used.
pub(super) const NO_ID: Digest = Digest::from_bytes([0; 32]);

/// Images whose containers are found by a pass over all containers, instead of one by one.
const MANY: usize = if cfg!(test) { 4 } else { 1_000 };

/// What happened to the records of one customer.
#[derive(Default)]
pub(crate) struct TenantStep {
    /// Images that were stored.
    pub(crate) images: Vec<StoredImage>,
    /// Containers that were stored.
    pub(crate) containers: Vec<StoredContainer>,
    /// Images and containers that are gone.
    pub(crate) deleted: Vec<Change>,
}

/// An image as the store has it.
pub(crate) struct StoredImage {
    pub(crate) record: ImageRecord,
    /// The number of its inventory in the index.
    pub(crate) inventory: u32,
    /// See [`super::cause_number`].
    pub(crate) cause: u8,
}

/// A container as the store has it.
pub(crate) struct StoredContainer {
    pub(crate) record: ContainerRecord,
    /// The number in the index of the inventory that it has in place of its image's.
    pub(crate) inventory: Option<u32>,
    /// See [`super::cause_number`].
    pub(crate) cause: u8,
}

/// What a step has touched and what is still to be derived from it.
#[derive(Default)]
struct Touched {
    /// Images whose effective `updated` may be another one.
    images: Vec<u32>,
    /// Images that were not there before or have another `updated`.
    moved_images: Vec<u32>,
    /// Containers whose effective `updated` may be another one.
    containers: Vec<u32>,
    /// Images whose containers are others, or in another state.
    used: Vec<u32>,
}

impl Tenant {
    /// Takes a step. `rejudged` are the inventories that come to something else than before.
    pub(crate) fn apply(&mut self, step: TenantStep, rejudged: Option<&Bits>, inventories: &mut Inventories) {
        let mut touched = self.write(step, inventories);
        if let Some(rejudged) = rejudged.filter(|rejudged| !rejudged.is_empty()) {
            let of_images = self.images.inventory.iter().zip(0..);
            let concerned = of_images.filter(|(inventory, position)| {
                rejudged.contains(**inventory) && self.images.holds(*position)
            });
            touched.images.extend(concerned.map(|(_, position)| position));
        }
        self.settle(touched, inventories);
    }

    /// Puts records in whose orders and derived values [`Self::finish_load`] makes, once for all of them. Images
    /// come before containers.
    pub(crate) fn load(&mut self, step: TenantStep, inventories: &mut Inventories) {
        self.write(step, inventories);
    }

    /// Notes why a record that was loaded changed last.
    pub(crate) fn load_cause(&mut self, change: &Change) {
        let number = super::cause_number(&change.cause);
        if change.kind == ChangeKind::Image {
            if let Some(position) = self.images.position(change.key) {
                self.images.cause.put(position, number, &0);
            }
        } else if let Some(position) = self.containers.position(change.key) {
            self.containers.cause.put(position, number, &0);
        }
    }

    /// Derives what belongs to records that were loaded.
    pub(crate) fn finish_load(&mut self, inventories: &Inventories) {
        let images: Vec<u32> = self.images.held().iter().collect();
        let containers = self.containers.live.iter().collect();
        let used = self.images.live.iter().filter(|position| self.containers_of(*position).next().is_some());
        let touched = Touched { used: used.collect(), images, moved_images: Vec::new(), containers };
        self.settle(touched, inventories);
    }

    fn write(&mut self, step: TenantStep, inventories: &mut Inventories) -> Touched {
        let mut touched = Touched::default();
        self.scopes = Scopes::default();
        let gone = |kind| step.deleted.iter().filter(move |change| change.kind == kind);
        gone(ChangeKind::Container)
            .for_each(|change| self.delete_container(change.key, inventories, &mut touched));
        for change in gone(ChangeKind::Image) {
            self.delete_image(change.key, inventories, &mut touched);
        }
        self.tombstones.put(&step.deleted);
        let mut documents = Vec::with_capacity(step.images.len());
        for stored in &step.images {
            let position = self.put_image(stored, inventories, &mut touched);
            documents.push((position, &*stored.record.document_bytes));
        }
        self.images.document.put_all(&mut documents);
        for stored in &step.containers {
            self.put_container(stored, inventories, &mut touched);
        }
        touched
    }

    fn put_image(
        &mut self,
        stored: &StoredImage,
        inventories: &mut Inventories,
        touched: &mut Touched,
    ) -> u32 {
        let StoredImage { record, inventory, cause } = stored;
        self.tombstones.forget(record.uuid);
        let known = self.images.position(record.uuid);
        let before = known.map(|position| self.tags_of_image(position)).unwrap_or_default();
        let position = known.unwrap_or_else(|| {
            let position = self.images.take_position(record);
            self.images.updated.put(position, NO_TIME, &NO_TIME);
            touched.moved_images.push(position);
            position
        });
        inventories.acquire(*inventory);
        if let Some(before) = known.and_then(|position| self.images.inventory.get(position)) {
            inventories.release(*before);
        }
        self.images.write(position, record, *inventory, &mut self.digests);
        self.images.cause.put(position, *cause, &0);
        touched.images.push(position);
        let named = self.containers.named.ids.find(&record.id.0);
        if known.is_none()
            && let Some(named) = named
        {
            self.containers.named.position.put(named, position, &NONE);
            for container in self.containers.of_named(named).collect::<Vec<_>>() {
                self.containers.image.put(container, position, &NONE);
                self.follow_image(container, inventories);
                touched.containers.push(container);
            }
            touched.used.push(position);
        } else if let Some(named) = named.filter(|_| !self.images.shadows.is_empty()) {
            let drifted =
                self.containers.of_named(named).filter(|container| self.shadow_of(*container).is_some());
            for container in drifted.collect::<Vec<_>>() {
                touched.images.extend(self.follow_image(container, inventories));
                touched.containers.push(container);
            }
        }
        self.retag_containers(position, &before, &record.tags);
        position
    }

    fn delete_image(&mut self, uuid: Uuid, inventories: &mut Inventories, touched: &mut Touched) {
        let Some(position) = self.images.position(uuid) else { return };
        self.images.inventory.get(position).into_iter().for_each(|inventory| inventories.release(*inventory));
        self.retag_containers(position, &self.tags_of_image(position), &[]);
        if let Some(named) = self.named(position) {
            self.containers.named.position.put(named, NONE, &NONE);
            for container in self.containers.of_named(named).collect::<Vec<_>>() {
                self.containers.image.put(container, NONE, &NONE);
                self.follow_image(container, inventories);
                touched.containers.push(container);
            }
        }
        self.images.give_up(position, &self.digests);
    }

    fn put_container(
        &mut self,
        stored: &StoredContainer,
        inventories: &mut Inventories,
        touched: &mut Touched,
    ) {
        let StoredContainer { record, inventory, cause } = stored;
        self.tombstones.forget(record.uuid);
        let known = self.containers.position(record.uuid);
        let before = known.map(|position| self.tags_of_container(position)).unwrap_or_default();
        let position = known.unwrap_or_else(|| {
            let position = self.containers.take_position(record);
            self.containers.updated.put(position, NO_TIME, &NO_TIME);
            position
        });
        self.containers.write(position, record, &mut self.digests);
        self.containers.cause.put(position, *cause, &0);
        let sensor = record.report.details.as_ref().and_then(|details| details.sensor);
        let host = self.hosts.intern(record.host_uuid, &record.report.host, sensor);
        self.containers.host.put(position, host, &NONE);
        self.relink(position, record, touched);
        let own = inventory.map(|inventory| (inventory, &record.since[..]));
        touched.images.extend(self.put_inside(position, own, inventories));
        self.containers.tags.put(position, record.tags.iter().map(String::as_str));
        let after = self.tags_of_container(position);
        let tagged = &mut self.containers.tagged;
        before.iter().filter(|tag| !after.contains(tag)).for_each(|tag| tagged.set(tag, position, false));
        after.iter().for_each(|tag| tagged.set(tag, position, true));
        touched.containers.push(position);
    }

    /// Brings a container into the chain of the image that it names now.
    fn relink(&mut self, position: u32, record: &ContainerRecord, touched: &mut Touched) {
        let before = self.containers.named_image.get(position).copied().unwrap_or(NONE);
        let images = &self.images;
        let named = record.report.image_id.map_or(NONE, |id| {
            let position = || images.position(store::image_uuid(record.customer, &id)).unwrap_or(NONE);
            self.containers.name_image(record.customer, &id.0, position)
        });
        if named != before {
            touched.used.extend(self.containers.image.get(position).filter(|image| **image != NONE));
            self.containers.unlink(position);
            self.containers.link(position, named);
        }
        let image = self.containers.named.position.get(named).copied().unwrap_or(NONE);
        self.containers.image.put(position, image, &NONE);
        touched.used.extend(Some(image).filter(|image| *image != NONE));
    }

    fn delete_container(&mut self, uuid: Uuid, inventories: &mut Inventories, touched: &mut Touched) {
        let Some(position) = self.containers.position(uuid) else { return };
        self.drop_inside(position, inventories);
        let tags = self.tags_of_container(position);
        tags.iter().for_each(|tag| self.containers.tagged.set(tag, position, false));
        touched.used.extend(self.containers.image.get(position).filter(|image| **image != NONE));
        self.containers.unlink(position);
        self.containers.give_up(position);
    }

    fn tags_of_image(&self, position: u32) -> Vec<String> {
        self.images.tags.get(position).map(str::to_owned).collect()
    }

    /// The tags that count for a container: its own and those of its image.
    fn tags_of_container(&self, position: u32) -> Vec<String> {
        let image = self.containers.image.get(position).copied().unwrap_or(NONE);
        let own = self.containers.tags.get(position).chain(self.images.tags.get(image));
        let mut tags: Vec<String> = own.map(str::to_owned).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// Lets other tags of an image count for its containers.
    fn retag_containers(&mut self, image: u32, before: &[String], after: &[String]) {
        let lost: Vec<&String> = before.iter().filter(|tag| !after.contains(tag)).collect();
        if lost.is_empty() && after.iter().all(|tag| before.contains(tag)) {
            return;
        }
        let Some(named) = self.named(image) else { return };
        for container in self.containers.of_named(named).collect::<Vec<_>>() {
            let own: Vec<String> = self.containers.tags.get(container).map(str::to_owned).collect();
            let tagged = &mut self.containers.tagged;
            for tag in lost.iter().filter(|tag| !own.contains(tag)) {
                tagged.set(tag, container, false);
            }
            after.iter().for_each(|tag| tagged.set(tag, container, true));
        }
    }

    fn settle(&mut self, mut touched: Touched, inventories: &Inventories) {
        self.move_images(&mut touched, inventories);
        self.move_containers(&mut touched);
        sort(&mut touched.used);
        for position in touched.used {
            if self.images.live.contains(position) {
                self.derive_use(position);
            }
        }
    }

    /// Gives touched images the effective `updated` that they have now; what has another one moves in the order.
    fn move_images(&mut self, touched: &mut Touched, inventories: &Inventories) {
        let images = &mut self.images;
        sort(&mut touched.images);
        let mut moved = std::mem::take(&mut touched.moved_images);
        for position in touched.images.drain(..) {
            if !images.holds(position) {
                continue;
            }
            let own = images.own_updated.get(position).copied().unwrap_or(NO_TIME);
            let changed = |inventory: &u32| inventories.derived(*inventory).changed.0;
            let judged = images.inventory.get(position).map_or(NO_TIME, changed);
            if put_time(&mut images.updated, position, own.max(judged)) {
                moved.push(position);
            }
        }
        sort(&mut moved);
        moved.retain(|position| images.holds(*position));
        let (count, live, uuid, updated) = (images.len(), &images.live, &images.uuid, &images.updated);
        let in_order = moved.iter().copied().filter(|position| live.contains(*position));
        let stamps = stamps(in_order, (updated, uuid, &images.by_uuid));
        let (uuids, stands) = (uuids(uuid), stands(live, updated, uuid));
        images.order.add(stamps, count, uuids, (|position| live.contains(position), stands));
        touched.moved_images = moved;
    }

    fn move_containers(&mut self, touched: &mut Touched) {
        let moved_images = std::mem::take(&mut touched.moved_images);
        if moved_images.len() > MANY {
            let mut moved = Bits::none(self.images.live.len());
            moved_images.iter().for_each(|position| moved.insert(*position));
            let of_containers = self.containers.inside.iter().zip(0..);
            let concerned = of_containers.filter(|(inside, _)| moved.contains(**inside));
            touched.containers.extend(concerned.map(|(_, position)| position));
        } else {
            let concerned = moved_images.iter().flat_map(|image| self.containers_of(*image));
            let concerned: Vec<u32> = concerned.collect();
            touched.containers.extend(concerned);
        }
        sort(&mut touched.containers);
        let (containers, images) = (&mut self.containers, &self.images);
        let mut moved = Vec::new();
        for position in touched.containers.drain(..).filter(|position| containers.live.contains(*position)) {
            let own = containers.own_updated.get(position).copied().unwrap_or(NO_TIME);
            let inside = containers.inside.get(position).and_then(|inside| images.updated.get(*inside));
            if put_time(&mut containers.updated, position, own.max(inside.copied().unwrap_or(NO_TIME))) {
                moved.push(position);
            }
        }
        let (live, uuid, updated) = (&containers.live, &containers.uuid, &containers.updated);
        let stamps = stamps(moved.into_iter(), (updated, uuid, &containers.by_uuid));
        let (uuids, stands) = (uuids(uuid), stands(live, updated, uuid));
        let standing = live.len() as usize - containers.free.len();
        containers.order.add(stamps, standing, uuids, (|position| live.contains(position), stands));
    }
}

/// Puts a time; whether it is another one.
fn put_time(column: &mut Chunked<i64>, position: u32, time: i64) -> bool {
    let differs = column.get(position) != Some(&time);
    column.put(position, time, &NO_TIME);
    differs
}

pub(super) fn uuids(column: &Chunked<Uuid>) -> impl Fn(u32) -> Uuid + '_ {
    |position| column.get(position).copied().unwrap_or_default()
}

pub(super) fn stamp(updated: &Chunked<i64>, uuid: &Chunked<Uuid>, position: u32) -> Stamp {
    let updated = updated.get(position).copied().unwrap_or(NO_TIME);
    Stamp::new(Timestamp(updated), uuids(uuid)(position), position)
}

/// The stamps of records, many of them in the order of their uuids: those that changed at once need not be put in order then.
fn stamps(
    moved: impl Iterator<Item = u32>,
    (updated, uuid, by_uuid): (&Chunked<i64>, &Chunked<Uuid>, &Lookup),
) -> Vec<Stamp> {
    let moved: Vec<u32> = moved.collect();
    if moved.len() <= MANY || moved.len() * 16 < uuid.len() {
        return moved.into_iter().map(|position| stamp(updated, uuid, position)).collect();
    }
    let mut set = Bits::none(uuid.len() as u32);
    moved.into_iter().for_each(|position| set.insert(position));
    let in_order = by_uuid.range(0, u64::MAX).filter(|(_, position)| set.contains(*position));
    let time = |position| updated.get(position).copied().unwrap_or(NO_TIME);
    in_order.map(|(uuid, position)| Stamp { updated: Timestamp(time(position)), uuid, position }).collect()
}

/// Whether the record at a stamp's position stands at the stamp's place.
pub(super) fn stands<'c>(
    live: &'c Bits,
    updated: &'c Chunked<i64>,
    uuid: &'c Chunked<Uuid>,
) -> impl Fn(&Stamp) -> bool + 'c {
    move |of| live.contains(of.position) && *of == stamp(updated, uuid, of.position)
}

fn sort(positions: &mut Vec<u32>) {
    positions.sort_unstable();
    positions.dedup();
}

/// A position for a new record: one that was given up, or the next one.
pub(super) fn take_position(live: &mut Arc<Bits>, free: &mut Arc<Vec<u32>>) -> u32 {
    let reused = if free.is_empty() { None } else { Arc::make_mut(free).pop() };
    let live = Arc::make_mut(live);
    let position = reused.unwrap_or(live.len());
    if position == live.len() {
        live.resize(position + 1);
    }
    live.insert(position);
    position
}

/// Gives the position of a record up.
pub(super) fn give_up(live: &mut Arc<Bits>, free: &mut Arc<Vec<u32>>, position: u32) {
    Arc::make_mut(live).remove(position);
    Arc::make_mut(free).push(position);
}

/// Puts a position into a set that is as long as it must be, or takes it out.
pub(super) fn set(bits: &mut Arc<Bits>, position: u32, is_in: bool) {
    if bits.contains(position) == is_in {
        return;
    }
    let bits = Arc::make_mut(bits);
    if is_in {
        if position >= bits.len() {
            bits.resize(position + 1);
        }
        bits.insert(position);
    } else {
        bits.remove(position);
    }
}

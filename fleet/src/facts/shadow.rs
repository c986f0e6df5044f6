//! Containers that hold something else than their image: each has a *shadow*, a position among the images that is no image.
//!
//! A shadow repeats what containers have from their image and holds the container's own inventory. So everything that asks for
//! the inside of a container looks at one position, whether that is its image's or its shadow's; nothing that asks for
//! images ever sees a shadow, because it is not live.

use std::sync::Arc;

use super::{Images, Inventories, NO_TIME, Tenant};
use crate::table::{Bits, NONE};

impl Images {
    /// Images and shadows.
    pub(crate) fn held(&self) -> Bits {
        let mut held = Bits::clone(&self.live);
        if !self.shadows.is_empty() {
            held.or(&self.shadows);
        }
        held
    }

    /// Whether there is an image or a shadow at a position.
    pub(super) fn holds(&self, position: u32) -> bool {
        self.live.contains(position) || self.shadows.contains(position)
    }

    fn take_shadow(&mut self) -> u32 {
        let reused = if self.free.is_empty() { None } else { Arc::make_mut(&mut self.free).pop() };
        let position = reused.unwrap_or(self.live.len());
        if position == self.live.len() {
            Arc::make_mut(&mut self.live).resize(position + 1);
        }
        super::change::set(&mut self.shadows, position, true);
        self.uuid.put(position, uuid::Uuid::nil(), &uuid::Uuid::nil());
        self.updated.put(position, NO_TIME, &NO_TIME);
        self.inventory.put(position, NONE, &NONE);
        position
    }

    /// Repeats at a shadow what containers have from their image. `since` are packages that came to the container later.
    fn repeat(&mut self, image: u32, shadow: u32, inventory: u32, since: &[(u32, model::Timestamp)]) {
        let time = |column: &crate::table::Chunked<i64>| column.get(image).copied().unwrap_or(NO_TIME);
        let (own, first, scanned) =
            (time(&self.own_updated), time(&self.first_stored), time(&self.last_scanned));
        self.own_updated.put(shadow, own, &NO_TIME);
        self.first_stored.put(shadow, first, &NO_TIME);
        self.last_scanned.put(shadow, scanned, &NO_TIME);
        let id = self.id.get(image).copied().unwrap_or(super::change::NO_ID);
        self.id.put(shadow, id, &super::change::NO_ID);
        self.cause.put(shadow, self.cause.get(image).copied().unwrap_or_default(), &0);
        self.inventory.put(shadow, inventory, &NONE);
        let system = self.operating_system.codes.get(image).copied().unwrap_or(NONE);
        self.operating_system.codes.put(shadow, system, &NONE);
        self.users.numbers.put(shadow, self.users.list(image), &crate::table::Lists::EMPTY);
        self.layers.numbers.put(shadow, self.layers.list(image), &crate::table::Lists::EMPTY);
        let mut all: std::collections::BTreeMap<u32, model::Timestamp> =
            self.since(image).iter().map(|(package, clock)| (package, model::Timestamp(clock))).collect();
        all.extend(since.iter().copied());
        super::change::set(&mut self.has_since, shadow, !all.is_empty());
        if !all.is_empty() {
            let all: Vec<_> = all.into_iter().collect();
            self.since.put_all(&mut [(shadow, &*super::since::packed(&all))]);
        }
    }

    fn give_up_shadow(&mut self, position: u32) {
        self.layers.numbers.put(position, crate::table::Lists::EMPTY, &crate::table::Lists::EMPTY);
        super::change::set(&mut self.has_since, position, false);
        super::change::set(&mut self.shadows, position, false);
        Arc::make_mut(&mut self.free).push(position);
    }
}

impl Tenant {
    /// The shadow of a container, if it has one.
    pub(super) fn shadow_of(&self, container: u32) -> Option<u32> {
        let inside = self.containers.inside.get(container).copied().unwrap_or(NONE);
        self.images.shadows.contains(inside).then_some(inside)
    }

    /// Brings the inside of a container up to date with its image. `own` is the inventory that it has in place of its image's.
    /// Gives the shadow, if it has one.
    pub(super) fn put_inside(
        &mut self,
        container: u32,
        own: Option<(u32, &[(u32, model::Timestamp)])>,
        inventories: &mut Inventories,
    ) -> Option<u32> {
        let image = self.containers.image.get(container).copied().unwrap_or(NONE);
        let Some((inventory, since)) = own.filter(|_| image != NONE) else {
            self.drop_inside(container, inventories);
            self.containers.inside.put(container, image, &NONE);
            return None;
        };
        let known = self.shadow_of(container);
        let shadow = known.unwrap_or_else(|| self.images.take_shadow());
        inventories.acquire(inventory);
        if let Some(before) = self.images.inventory.get(shadow).copied().filter(|before| *before != NONE) {
            inventories.release(before);
        }
        self.images.repeat(image, shadow, inventory, since);
        self.containers.inside.put(container, shadow, &NONE);
        Some(shadow)
    }

    /// Brings a container's inside up to date when its image is another one or was written anew; gives its shadow, if it has one.
    pub(super) fn follow_image(&mut self, container: u32, inventories: &mut Inventories) -> Option<u32> {
        let Some(shadow) = self.shadow_of(container) else {
            return self.put_inside(container, None, inventories);
        };
        let inventory = self.images.inventory.get(shadow).copied().unwrap_or(NONE);
        let since: Vec<_> = self
            .images
            .since(shadow)
            .iter()
            .map(|(package, clock)| (package, model::Timestamp(clock)))
            .collect();
        self.put_inside(container, Some((inventory, &since)), inventories)
    }

    /// Takes the shadow of a container away, if it has one.
    pub(super) fn drop_inside(&mut self, container: u32, inventories: &mut Inventories) {
        let Some(shadow) = self.shadow_of(container) else { return };
        if let Some(inventory) = self.images.inventory.get(shadow) {
            inventories.release(*inventory);
        }
        self.images.give_up_shadow(shadow);
        self.containers.inside.put(container, NONE, &NONE);
    }
}

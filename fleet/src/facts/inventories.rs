//! Inventories: the packages of images with their places, stored once for all images with equal content.
//!
//! An inventory is a list of items in the order in which software is listed. A search for software or findings is
//! answered over packages and items, and goes from there to inventories by [`Segments`].

use std::cmp::Ordering;
use std::sync::Arc;

use model::Digest;
use store::{DraftEntry, InventoryEntry, PlacedInventory};

use super::derived::{Derived, Deriver, Shares};
use super::items::{Items, Memory, PlacedMemory};
use super::kept::Edition;
use super::listing::Listing;
use super::packages::Packages;
use super::segments::Segments;
use crate::error::FleetError;
use crate::persist::{PersistError, persist};
use crate::table::{Bits, Chunked, Lookup};

/// From so many inventories on they are worked out on all processors.
const MANY: usize = 512;
/// From so many unused inventories on it is worth to take them out.
const LITTER: u32 = 1_024;

/// All inventories under dense numbers; a clone costs nothing. A number is used again when nobody uses its inventory any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inventories {
    items: Items,
    listings: Chunked<Option<Listing>>,
    digests: Chunked<Digest>,
    by_digest: Lookup,
    derived: Chunked<Derived>,
    /// How many images have it.
    uses: Chunked<u32>,
    /// How many inventories no image has.
    unused: u32,
    /// Numbers without an inventory.
    free: Arc<Vec<u32>>,
    segments: Segments,
    edition: Edition,
}

impl Inventories {
    /// The edition of what inventories hold.
    pub(crate) fn edition(&self) -> Edition {
        self.edition
    }

    /// All numbers of inventories are below it.
    pub(crate) fn end(&self) -> u32 {
        self.listings.len() as u32
    }

    /// What inventories are made of.
    pub(crate) fn items(&self) -> &Items {
        &self.items
    }

    /// The number of the inventory with this digest.
    pub(crate) fn number(&self, digest: &Digest) -> Option<u32> {
        let mut found = self.by_digest.get(Lookup::key(digest.as_bytes()));
        found.find(|number| self.digests.get(*number) == Some(digest))
    }

    /// The digest of an inventory, by which the store knows it; all zeros for a number that was never given out.
    pub(crate) fn digest(&self, inventory: u32) -> Digest {
        self.digests.get(inventory).copied().unwrap_or(Digest::from_bytes([0; 32]))
    }

    /// What an inventory holds.
    pub(crate) fn listing(&self, inventory: u32) -> Option<&Listing> {
        self.listings.get(inventory)?.as_ref()
    }

    /// The items of an inventory in the order of software lists, with the ordinal of the layer that brought each; none for a
    /// number without an inventory.
    pub(crate) fn entries(&self, inventory: u32) -> impl Iterator<Item = (u32, Option<u32>)> + '_ {
        self.listing(inventory).into_iter().flat_map(Listing::entries)
    }

    /// What an inventory comes to.
    pub(crate) fn derived(&self, inventory: u32) -> Derived {
        self.derived.get(inventory).copied().unwrap_or_default()
    }

    /// What all inventories come to, by number; numbers without one have the value of an empty one.
    pub(crate) fn all_derived(&self) -> &Chunked<Derived> {
        &self.derived
    }

    /// The inventories that hold one of some items.
    pub(crate) fn holding(&self, items: &Bits) -> Bits {
        self.segments.holding(items, self.end(), |number| self.listing(number))
    }

    /// The inventories that hold one of some packages where its findings count.
    pub(crate) fn judged_with(&self, packages: &Bits) -> Bits {
        self.holding(&self.items.judged_of_packages(packages))
    }

    /// The items that one of some inventories holds.
    pub(crate) fn held_by(&self, inventories: &Bits) -> Bits {
        self.segments.held_by(inventories, self.items.len(), |number| self.listing(number))
    }

    /// Puts inventories in, unless they are there, and gives their numbers. All their packages must be in `packages`.
    ///
    /// Only the newest clone may be added to. Whoever uses one says so by [`Self::acquire`] before [`Self::settle`].
    pub(crate) fn intern(
        &mut self,
        packages: &Packages,
        inventories: impl IntoIterator<Item = (Digest, impl Into<Content>)>,
    ) -> Result<Vec<u32>, FleetError> {
        let (mut new, mut numbers, mut memory) = (Vec::new(), Vec::new(), Memory::default());
        for (digest, content) in inventories {
            let number = match self.number(&digest) {
                Some(number) => number,
                None => {
                    let listing = match content.into() {
                        Content::Entries(entries) => self.listing_of(packages, &entries, &mut memory)?,
                        Content::Placed(placed) => self.listing_of_placed(packages, &placed)?,
                    };
                    let number = self.put(digest, listing);
                    new.push(number);
                    number
                }
            };
            numbers.push(number);
        }
        self.derive(packages, &new);
        Ok(numbers)
    }

    /// One image more has an inventory.
    pub(crate) fn acquire(&mut self, inventory: u32) {
        if let Some(uses) = self.uses.get(inventory).copied() {
            self.unused -= u32::from(uses == 0);
            *self.uses.get_mut(inventory) = uses.saturating_add(1);
        }
    }

    /// One image less has an inventory.
    pub(crate) fn release(&mut self, inventory: u32) {
        if let Some(uses) = self.uses.get(inventory).copied().filter(|uses| *uses > 0) {
            self.unused += u32::from(uses == 1);
            *self.uses.get_mut(inventory) = uses - 1;
        }
    }

    /// Works out again what inventories come to that hold one of some packages, which were put anew; gives those that come
    /// to something else.
    pub(crate) fn judged_anew(&mut self, packages: &Packages, put: &Bits) -> Bits {
        let concerned: Vec<u32> = self.judged_with(put).iter().collect();
        let before: Vec<Derived> = concerned.iter().map(|number| self.derived(*number)).collect();
        self.derive(packages, &concerned);
        let mut changed = Bits::none(self.end());
        for (number, before) in concerned.into_iter().zip(before) {
            if self.derived(number) != before {
                changed.insert(number);
            }
        }
        changed
    }

    /// Brings what was put in and what nobody uses any more into order. To be called once for each step of the index; most
    /// times it does nothing.
    pub(crate) fn settle(&mut self) {
        let known = self.end() - self.free.len() as u32;
        if self.unused >= LITTER && self.unused * 4 > known {
            self.drop_unused();
        }
        let Self { segments, listings, items, .. } = self;
        segments.settle(items.len(), |number| listings.get(number)?.as_ref());
    }

    /// Takes out the inventories that no image has.
    pub(crate) fn drop_unused(&mut self) {
        let is_unused = |number| self.uses.get(number) == Some(&0) && self.listing(number).is_some();
        let unused = Bits::from_fn(self.end(), is_unused);
        self.segments.remove(&unused);
        for number in unused.iter() {
            if let Some(digest) = self.digests.get(number) {
                self.by_digest.remove(Lookup::key(digest.as_bytes()), number);
            }
            *self.listings.get_mut(number) = None;
            *self.derived.get_mut(number) = Derived::default();
        }
        Arc::make_mut(&mut self.free).extend(unused.iter());
        self.unused = 0;
    }

    /// The content of an inventory in the order of software lists: by package, path, layer and the rest. It is a function of
    /// the content. The store sorts by package number, and numbers tell which packages other images, even other
    /// customers', brought first.
    fn listing_of(
        &mut self,
        packages: &Packages,
        entries: &[InventoryEntry],
        memory: &mut Memory,
    ) -> Result<Listing, FleetError> {
        let rest = |a: &InventoryEntry, b: &InventoryEntry| {
            // equal packages have equal numbers, and of what is left the store's order is that of its fields
            (&a.path, a.layer, &a.owned_by).cmp(&(&b.path, b.layer, &b.owned_by)).then_with(|| a.cmp(b))
        };
        let order = in_order(packages, entries, |entry| entry.package, rest)?;
        let in_order = order.into_iter().map(|index| &entries[index as usize]);
        let items: Vec<_> = in_order.map(|entry| (self.items.intern(entry, memory), entry.layer)).collect();
        Ok(Listing::of(&items))
    }

    /// [`Self::listing_of`] for entries by the places of their texts.
    fn listing_of_placed(
        &mut self,
        packages: &Packages,
        inventory: &PlacedInventory,
    ) -> Result<Listing, FleetError> {
        let (texts, entries) = (inventory.texts(), inventory.entries());
        let text = |place: u32| texts.get(place as usize).map_or("", String::as_str);
        let rest = |a: &DraftEntry, b: &DraftEntry| {
            let first = |of: &DraftEntry| (text(of.path), of.layer, of.owned_by.map(text));
            // an empty licence is none
            let license = |of: &DraftEntry| of.license.map(text).filter(|license| !license.is_empty());
            let last = |of: &DraftEntry| (license(of), text(of.found_by), of.declared);
            first(a).cmp(&first(b)).then_with(|| last(a).cmp(&last(b)))
        };
        let order = in_order(packages, entries, |entry| entry.package, rest)?;
        let mut memory = PlacedMemory::new(texts.len());
        let in_order = order.into_iter().map(|index| &entries[index as usize]);
        let items: Vec<_> = in_order
            .map(|entry| (self.items.intern_placed(entry, texts, &mut memory), entry.layer))
            .collect();
        Ok(Listing::of(&items))
    }

    fn put(&mut self, digest: Digest, listing: Listing) -> u32 {
        self.edition = Edition::next();
        let number = match Arc::make_mut(&mut self.free).pop() {
            Some(number) => {
                *self.listings.get_mut(number) = Some(listing);
                *self.digests.get_mut(number) = digest;
                number
            }
            None => {
                self.listings.push(Some(listing));
                self.digests.push(digest);
                self.derived.push(Derived::default());
                self.uses.push(0);
                self.end() - 1
            }
        };
        self.by_digest.insert(Lookup::key(digest.as_bytes()), number);
        self.segments.add(number);
        self.unused += 1;
        number
    }

    /// Works out what some inventories come to.
    fn derive(&mut self, packages: &Packages, numbers: &[u32]) {
        if numbers.is_empty() {
            return;
        }
        let threads = crate::threads::threads();
        let derived: Vec<Derived> = if numbers.len() < MANY {
            let mut deriver = Deriver::new(packages, &self.items, None);
            numbers.iter().filter_map(|number| Some(deriver.derive(self.listing(*number)?))).collect()
        } else {
            // laying side by side what all items bring takes as long as some inventories do
            let is_worth_it = numbers.len() * 64 > packages.len() + self.items.len() as usize;
            let shares = is_worth_it.then(|| Shares::of(packages, &self.items));
            let one_share = |numbers: &[u32]| -> Vec<Derived> {
                let mut deriver = Deriver::new(packages, &self.items, shares.as_ref());
                let listings = numbers.iter().filter_map(|number| self.listing(*number));
                listings.map(|listing| deriver.derive(listing)).collect()
            };
            std::thread::scope(|scope| {
                let workers: Vec<_> = numbers
                    .chunks(numbers.len().div_ceil(threads))
                    .map(|numbers| scope.spawn(|| one_share(numbers)))
                    .collect();
                let join = |worker: std::thread::ScopedJoinHandle<'_, Vec<Derived>>| {
                    worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                };
                workers.into_iter().flat_map(join).collect()
            })
        };
        for (number, derived) in numbers.iter().zip(derived) {
            self.derived.put(*number, derived, &Derived::default());
        }
    }
}

/// The content of an inventory on its way into the index.
pub(crate) enum Content {
    /// As the database has it.
    Entries(Vec<InventoryEntry>),
    /// As it was written just now.
    Placed(Arc<PlacedInventory>),
}

impl Content {
    /// The highest number of a package; `None` if there is none.
    pub(crate) fn last_package(&self) -> Option<u32> {
        match self {
            Self::Entries(entries) => entries.iter().map(|entry| entry.package).max(),
            Self::Placed(placed) => placed.entries().iter().map(|entry| entry.package).max(),
        }
    }
}

impl From<Vec<InventoryEntry>> for Content {
    fn from(entries: Vec<InventoryEntry>) -> Self {
        Self::Entries(entries)
    }
}

/// The indexes of entries in the order of software lists: by package, and `rest` compares those of one package.
///
/// Packages that came after places were given are few in an inventory. They are put in their order among themselves and
/// then between the others, because to compare identities costs a hundred times as much as to compare places.
fn in_order<E>(
    packages: &Packages,
    entries: &[E],
    package: impl Fn(&E) -> u32,
    rest: impl Fn(&E, &E) -> Ordering,
) -> Result<Vec<u32>, FleetError> {
    let of = |index: u32| &entries[index as usize];
    let (mut placed, mut late) = (Vec::with_capacity(entries.len()), Vec::new());
    for (index, entry) in (0..).zip(entries) {
        let package = package(entry);
        let head = packages.head(package).ok_or(FleetError::UnknownPackage { package })?;
        match head.known_place() {
            Some(place) => placed.push((place, index)),
            None => late.push(index),
        }
    }
    placed.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| rest(of(a.1), of(b.1))));
    let by_package = |a: u32, b: u32| packages.order(package(of(a)), package(of(b)));
    late.sort_unstable_by(|a, b| by_package(*a, *b).then_with(|| rest(of(*a), of(*b))));
    let mut order = Vec::with_capacity(entries.len());
    let mut rest = placed.as_slice();
    for index in late {
        let before = rest.partition_point(|(_, placed)| by_package(*placed, index).is_lt());
        order.extend(rest[..before].iter().map(|(_, index)| *index));
        order.push(index);
        rest = &rest[before..];
    }
    order.extend(rest.iter().map(|(_, index)| *index));
    Ok(order)
}

/// The inventories as they are saved; their items and segments are parts of their own.
pub(crate) struct SavedInventories {
    listings: Chunked<Option<Listing>>,
    digests: Chunked<Digest>,
    by_digest: Lookup,
    derived: Chunked<Derived>,
    uses: Chunked<u32>,
    free: Arc<Vec<u32>>,
}

persist!(SavedInventories { listings, digests, by_digest, derived, uses, free });

impl Inventories {
    /// What is to be saved.
    pub(crate) fn parts(&self) -> (&Items, SavedInventories, &Segments) {
        let Self {
            items,
            listings,
            digests,
            by_digest,
            derived,
            uses,
            unused: _,
            free,
            segments,
            edition: _,
        } = self;
        let saved = SavedInventories {
            listings: listings.clone(),
            digests: digests.clone(),
            by_digest: by_digest.clone(),
            derived: derived.clone(),
            uses: uses.clone(),
            free: Arc::clone(free),
        };
        (items, saved, segments)
    }

    /// What was saved, if it fits together; all packages are below `packages`.
    pub(crate) fn of_parts(
        items: Items,
        saved: SavedInventories,
        segments: Segments,
        packages: u32,
    ) -> Result<Self, PersistError> {
        let SavedInventories { listings, digests, by_digest, derived, uses, free } = saved;
        let end = listings.len();
        if free.iter().any(|number| *number as usize >= end) {
            return Err(PersistError::Damaged("an inventory is free that is not there"));
        }
        let is_free = free.iter().copied().collect::<Bits>();
        let is_known =
            |listing: &Option<Listing>| listing.as_ref().is_none_or(|listing| listing.fits(items.len()));
        let are_free = free.iter().all(|number| matches!(listings.get(*number), Some(None)));
        let fits = [digests.len(), derived.len(), uses.len()] == [end; 3]
            && are_free
            && is_free.count() as usize == free.len()
            && listings.iter().all(is_known);
        if !fits {
            return Err(PersistError::Damaged("inventories do not fit each other"));
        }
        items.check(packages)?;
        segments.check(end as u32)?;
        let idle =
            listings.iter().zip(uses.iter()).filter(|(listing, uses)| listing.is_some() && **uses == 0);
        let unused = idle.count() as u32;
        let edition = Edition::next();
        Ok(Self { items, listings, digests, by_digest, derived, uses, unused, free, segments, edition })
    }
}

//! Items: a package at a place. What inventories are made of, stored once for all inventories that have it.

use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::{DefaultHashBuilder, HashTable};
use store::{DraftEntry, InventoryEntry};

use crate::persist::{PersistError, Plain, persist};
use crate::table::{Bits, Chunked, Dictionary, NONE, spread};

/// Items from which on two threads go through them.
const SHARED: u32 = if cfg!(test) { 100 } else { 50_000 };

/// Items under dense numbers; one is never taken out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items {
    packages: Chunked<u32>,
    /// Numbers in `texts`.
    paths: Chunked<u32>,
    details: Chunked<Details>,
    /// The last item of each package, by its number.
    last: Chunked<u32>,
    paths_text: Dictionary,
    /// Owners, licences and catalogers.
    texts: Dictionary,
    known: Arc<Mutex<Known>>,
}

/// What is seldom searched of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Details {
    /// In `texts`, or [`NONE`].
    owned_by: u32,
    license: u32,
    found_by: u32,
    /// The item of the same package that came before, or [`NONE`].
    before: u32,
    declared: bool,
}

/// Numbers by the hash of their item's content, which is worked out again when the table grows.
#[derive(Debug, Default)]
pub(super) struct Known {
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// An item with its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item<'t> {
    /// The number of the package in the store.
    pub(crate) package: u32,
    /// See [`InventoryEntry::path`], and so on.
    pub(crate) path: &'t str,
    pub(crate) owned_by: Option<&'t str>,
    pub(crate) license: Option<&'t str>,
    pub(crate) found_by: &'t str,
    pub(crate) declared: bool,
}

impl Item<'_> {
    /// Whether the findings of the package count here: not for a part of an OS package.
    pub(crate) fn is_judged(&self) -> bool {
        self.owned_by.is_none()
    }
}

impl Items {
    /// How many there are; numbers are below it.
    pub(crate) fn len(&self) -> u32 {
        self.packages.len() as u32
    }

    pub(crate) fn get(&self, item: u32) -> Option<Item<'_>> {
        let details = self.details.get(item)?;
        Some(Item {
            package: self.package(item),
            path: self.path(item),
            owned_by: self.texts.get(details.owned_by),
            license: self.texts.get(details.license),
            found_by: self.texts.get(details.found_by).unwrap_or_default(),
            declared: details.declared,
        })
    }

    /// The package of an item; [`NONE`] for a number that was never given out.
    pub(crate) fn package(&self, item: u32) -> u32 {
        self.packages.get(item).copied().unwrap_or(NONE)
    }

    /// Whether the findings of the package count for the item.
    pub(crate) fn is_judged(&self, item: u32) -> bool {
        self.details.get(item).is_some_and(|details| details.owned_by == NONE)
    }

    /// The path of an item.
    pub(crate) fn path(&self, item: u32) -> &str {
        self.paths_text.get(self.path_number(item)).unwrap_or_default()
    }

    /// The number of an item's path in [`Self::paths`].
    pub(crate) fn path_number(&self, item: u32) -> u32 {
        self.paths.get(item).copied().unwrap_or(NONE)
    }

    /// Paths.
    pub(crate) fn paths(&self) -> &Dictionary {
        &self.paths_text
    }

    /// The items of a package, the newest first.
    pub(crate) fn of_package(&self, package: u32) -> impl Iterator<Item = u32> + '_ {
        let mut next = self.last.get(package).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let item = next;
            next = self.details.get(item)?.before;
            Some(item)
        })
    }

    /// The items of which `holds` is told their package. Many are asked by two threads.
    fn where_package(&self, holds: impl Fn(u32) -> bool + Sync) -> Bits {
        self.in_halves(|first, last| {
            let mut packages = self.packages.iter_from(first);
            Bits::from_fn(last - first, |_| packages.next().is_some_and(|package| holds(*package)))
        })
    }

    /// The items for which `holds` is told of their number and that of their path. Many are asked by two threads.
    pub(crate) fn where_path(&self, holds: impl Fn(u32, u32) -> bool + Sync) -> Bits {
        self.in_halves(|first, last| {
            let mut paths = self.paths.iter_from(first);
            Bits::from_fn(last - first, |at| paths.next().is_some_and(|path| holds(first + at, *path)))
        })
    }

    /// All that `within` finds between two numbers, counted from the first of them; many are gone through by two threads.
    fn in_halves(&self, within: impl Fn(u32, u32) -> Bits + Sync) -> Bits {
        let (len, half) = (self.len(), (self.len() / 2).next_multiple_of(64));
        if len < SHARED {
            return within(0, len);
        }
        std::thread::scope(|scope| {
            let high = scope.spawn(|| within(half, len));
            let mut found = within(0, half);
            found.resize(len);
            let high = high.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            found.or_words(half as usize / 64, high.words());
            found
        })
    }

    /// Whether so many packages are to be looked for that it is worth to look at all items in order: to follow chains costs about
    /// ten times as much for each item.
    fn are_many(&self, packages: &Bits) -> bool {
        packages.count() * 10 > u64::from(self.len())
    }

    /// The items of some packages for which the findings of these count.
    pub(crate) fn judged_of_packages(&self, packages: &Bits) -> Bits {
        if !self.are_many(packages) {
            let mut items = self.of_packages(packages);
            items.retain(|item| self.is_judged(item));
            return items;
        }
        self.in_halves(|first, last| {
            let mut all = self.packages.iter_from(first).zip(self.details.iter_from(first));
            let is_it = |(package, details): (&u32, &Details)| {
                packages.contains(*package) && details.owned_by == NONE
            };
            Bits::from_fn(last - first, |_| all.next().is_some_and(is_it))
        })
    }

    /// The items of some packages.
    pub(crate) fn of_packages(&self, packages: &Bits) -> Bits {
        if self.are_many(packages) {
            return self.where_package(|package| packages.contains(package));
        }
        let mut items = Bits::none(self.len());
        packages.iter().flat_map(|package| self.of_package(package)).for_each(|item| items.insert(item));
        items
    }

    /// The number of an item, which is put in if it is new. Only the newest clone may be added to; `memory` belongs to
    /// it.
    pub(crate) fn intern(&mut self, entry: &InventoryEntry, memory: &mut Memory) -> u32 {
        let mut number = |text: &str| memory.texts.number(text, &mut self.texts);
        let item = Coded {
            package: entry.package,
            path: memory.paths.number(&entry.path, &mut self.paths_text),
            owned_by: entry.owned_by.as_deref().map_or(NONE, &mut number),
            license: entry.license.as_deref().map_or(NONE, &mut number),
            found_by: number(&entry.found_by),
            declared: entry.declared,
        };
        self.number(item)
    }

    /// [`Self::intern`] for an entry whose texts have places in `texts`; `memory` belongs to these and to the clone.
    pub(crate) fn intern_placed(
        &mut self,
        entry: &DraftEntry,
        texts: &[String],
        memory: &mut PlacedMemory,
    ) -> u32 {
        let path = memory.paths.number(entry.path, texts, &mut self.paths_text);
        let mut number = |place: u32| memory.texts.number(place, texts, &mut self.texts);
        let filled = |place: &u32| texts.get(*place as usize).is_some_and(|text| !text.is_empty());
        let item = Coded {
            package: entry.package,
            path,
            owned_by: entry.owned_by.map_or(NONE, &mut number),
            license: entry.license.filter(filled).map_or(NONE, &mut number),
            found_by: number(entry.found_by),
            declared: entry.declared,
        };
        self.number(item)
    }

    /// The numbers of items; of those that were read from a file they are made when they are first needed.
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.table.is_empty() && self.len() > 0 {
            known.table.reserve(self.packages.len(), |number| spread(*number));
            let columns = self.packages.iter().zip(self.paths.iter()).zip(self.details.iter());
            for (number, ((package, path), details)) in (0..).zip(columns) {
                let hash = known.hasher.hash_one(Coded::of(*package, *path, details));
                known.insert(hash, number, self);
            }
        }
        known
    }

    /// The number of an item whose texts have numbers.
    fn number(&mut self, item: Coded) -> u32 {
        let known = self.known();
        let hash = known.hasher.hash_one(item);
        if let Some(number) = known.table.find(hash, |number| self.coded(*number) == Some(item)) {
            return *number;
        }
        let number = self.len();
        drop(known);
        let before = self.last.get(item.package).copied().unwrap_or(NONE);
        self.last.put(item.package, number, &NONE);
        self.packages.push(item.package);
        self.paths.push(item.path);
        let Coded { owned_by, license, found_by, declared, .. } = item;
        self.details.push(Details { owned_by, license, found_by, before, declared });
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, number, self);
        number
    }

    fn coded(&self, number: u32) -> Option<Coded> {
        let details = self.details.get(number)?;
        Some(Coded::of(self.package(number), self.path_number(number), details))
    }
}

/// An item with the numbers of its texts.
#[derive(Clone, Copy, Hash, PartialEq, Eq)]
struct Coded {
    package: u32,
    path: u32,
    owned_by: u32,
    license: u32,
    found_by: u32,
    declared: bool,
}

/// The texts of the last items with their numbers: most items have texts that those before them had.
#[derive(Default)]
pub(crate) struct Memory {
    paths: Last,
    texts: Last,
}

/// The last texts with their numbers, by a mark of few bits.
struct Last([(String, u32); 64]);

impl Default for Last {
    fn default() -> Self {
        Self(std::array::from_fn(|_| (String::new(), NONE)))
    }
}

impl Last {
    fn number(&mut self, text: &str, texts: &mut Dictionary) -> u32 {
        let bytes = text.as_bytes();
        let end = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
        let mark = (text.len() * 5 + end(bytes.first()) * 3 + end(bytes.get(bytes.len() / 2))) % self.0.len();
        let (known, number) = &mut self.0[mark];
        if *number == NONE || known != text {
            known.clear();
            known.push_str(text);
            *number = texts.intern(text);
        }
        *number
    }
}

/// The numbers of texts by their places in a list that many entries share: each is looked for once.
pub(crate) struct PlacedMemory {
    paths: Placed,
    texts: Placed,
}

/// [`NONE`] for a text that was not looked for yet.
struct Placed(Vec<u32>);

impl PlacedMemory {
    /// For a list of so many texts.
    pub(crate) fn new(texts: usize) -> Self {
        Self { paths: Placed(vec![NONE; texts]), texts: Placed(vec![NONE; texts]) }
    }
}

impl Placed {
    fn number(&mut self, place: u32, list: &[String], texts: &mut Dictionary) -> u32 {
        let Some(number) = self.0.get_mut(place as usize) else { return texts.intern("") };
        if *number == NONE {
            *number = texts.intern(list.get(place as usize).map_or("", String::as_str));
        }
        *number
    }
}

impl Coded {
    fn of(package: u32, path: u32, details: &Details) -> Self {
        let Details { owned_by, license, found_by, before: _, declared } = *details;
        Self { package, path, owned_by, license, found_by, declared }
    }
}

impl Known {
    /// Puts a number in, which belongs to an item of that hash.
    fn insert(&mut self, hash: u64, number: u32, items: &Items) {
        let Self { table, hasher } = self;
        // one that is not there is left from a clone that was added to and then given up
        let hash_of = |number: &u32| match items.coded(*number) {
            Some(item) => hasher.hash_one(item),
            None => spread(*number),
        };
        table.insert_unique(hash, number, hash_of);
    }
}

persist!(Items { packages, paths, details, last, paths_text, texts } made { known });

impl Items {
    /// Whether what was read from a file can be used without harm, with packages below a number.
    pub(super) fn check(&self, packages: u32) -> Result<(), PersistError> {
        let len = self.packages.len();
        let is_before = |(item, details): (u32, &Details)| details.before == NONE || details.before < item;
        let fits = self.paths.len() == len
            && self.details.len() == len
            && self.packages.iter().all(|package| *package < packages)
            && (0..).zip(self.details.iter()).all(is_before)
            && self.last.iter().all(|item| *item == NONE || (*item as usize) < len);
        fits.then_some(()).ok_or(PersistError::Damaged("items do not fit each other"))
    }
}

impl Plain for Details {
    const SIZE: usize = 17;

    fn put(self, out: &mut Vec<u8>) {
        ([self.owned_by, self.license, self.found_by, self.before], self.declared).put(out);
    }

    fn take(bytes: &[u8]) -> Self {
        let ([owned_by, license, found_by, before], declared) = Plain::take(bytes);
        Self { owned_by, license, found_by, before, declared }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn item(entry: &InventoryEntry) -> Item<'_> {
        Item {
            package: entry.package,
            path: &entry.path,
            owned_by: entry.owned_by.as_deref(),
            license: entry.license.as_deref(),
            found_by: &entry.found_by,
            declared: entry.declared,
        }
    }

    fn entry() -> impl Strategy<Value = InventoryEntry> {
        let texts = ("[ab]?", proptest::option::of("[ab]?"), proptest::option::of("[ab]"), "[ab]?");
        (0_u32..4, texts, any::<bool>()).prop_map(
            |(package, (path, owned_by, license, found_by), declared)| InventoryEntry {
                package,
                layer: None,
                path,
                owned_by,
                license,
                found_by,
                declared,
            },
        )
    }

    proptest! {
        #[test]
        fn equal_items_share_a_number_and_are_found_by_their_package(
            entries in proptest::collection::vec(entry(), 0..60)
        ) {
            let mut items = Items::default();
            let mut memory = Memory::default();
            let numbers: Vec<u32> = entries.iter().map(|entry| items.intern(entry, &mut memory)).collect();
            for (entry, number) in entries.iter().zip(&numbers) {
                prop_assert_eq!(items.get(*number), Some(item(entry)));
                prop_assert_eq!(items.is_judged(*number), entry.owned_by.is_none());
            }
            for (a, of_a) in entries.iter().zip(&numbers) {
                for (b, of_b) in entries.iter().zip(&numbers) {
                    prop_assert_eq!(of_a == of_b, a == b);
                }
            }
            for package in 0..4 {
                let mut found: Vec<u32> = items.of_package(package).collect();
                found.reverse();
                let all: Vec<u32> = (0..items.len()).filter(|item| items.package(*item) == package).collect();
                prop_assert_eq!(&found, &all);
                let asked = Bits::from_iter([package]);
                prop_assert_eq!(items.of_packages(&asked).iter().collect::<Vec<_>>(), all);
                let mut judged = items.of_packages(&asked);
                judged.retain(|item| items.is_judged(item));
                prop_assert_eq!(items.judged_of_packages(&asked), judged);
            }
            prop_assert_eq!(items.of_packages(&Bits::all(4)).count(), u64::from(items.len()));
        }
    }

    #[test]
    fn items_of_a_clone_that_was_given_up_are_given_numbers_again() {
        let entry = |package| InventoryEntry {
            package,
            layer: None,
            path: String::new(),
            owned_by: None,
            license: None,
            found_by: String::new(),
            declared: false,
        };
        let mut items = Items::default();
        items.intern(&entry(1), &mut Memory::default());
        let mut given_up = items.clone();
        let intern = |items: &mut Items, package| items.intern(&entry(package), &mut Memory::default());
        assert_eq!((intern(&mut given_up, 2), intern(&mut given_up, 3)), (1, 2));
        assert_eq!((intern(&mut items, 3), intern(&mut items, 2)), (1, 2));
        assert_eq!((items.package(1), items.package(2)), (3, 2));
    }
}

//! Items: a package at a place. What inventories are made of, stored once for all inventories that have it.

use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::{DefaultHashBuilder, HashTable};
use store::InventoryEntry;

use crate::persist::{PersistError, Plain, persist};
use crate::table::{Bits, Chunked, Dictionary, NONE};

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

/// Half of the hash of an item's content, and its number.
#[derive(Debug, Default)]
pub(super) struct Known {
    table: HashTable<(u32, u32)>,
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

    /// The items whose package `holds`, asked for each item in order.
    pub(crate) fn where_package(&self, mut holds: impl FnMut(u32) -> bool) -> Bits {
        let mut packages = self.packages.iter();
        Bits::from_fn(self.len(), |_| packages.next().is_some_and(|package| holds(*package)))
    }

    /// The items for which `holds` is told of their number and that of their path. Many are asked by two threads.
    pub(crate) fn where_path(&self, holds: impl Fn(u32, u32) -> bool + Sync) -> Bits {
        let within = |first: u32, last: u32| {
            let mut paths = self.paths.iter_from(first);
            Bits::from_fn(last - first, |at| paths.next().is_some_and(|path| holds(first + at, *path)))
        };
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

    /// The items of some packages.
    pub(crate) fn of_packages(&self, packages: &Bits) -> Bits {
        // following chains costs about ten times as much for each item as looking at all of them in order
        if packages.count() * 10 > u64::from(self.len()) {
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

    /// The numbers of items; of those that were read from a file they are made when they are first needed.
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.table.is_empty() && self.len() > 0 {
            known.table.reserve(self.packages.len(), |(short, _)| spread(*short));
            let columns = self.packages.iter().zip(self.paths.iter()).zip(self.details.iter());
            for (number, ((package, path), details)) in (0..).zip(columns) {
                let Details { owned_by, license, found_by, declared, .. } = *details;
                let short = known.hash(&Coded {
                    package: *package,
                    path: *path,
                    owned_by,
                    license,
                    found_by,
                    declared,
                });
                known.table.insert_unique(spread(short), (short, number), |(short, _)| spread(*short));
            }
        }
        known
    }

    /// The number of an item whose texts have numbers.
    fn number(&mut self, item: Coded) -> u32 {
        let mut known = self.known();
        let short = known.hash(&item);
        let is_it = |(of, number): &(u32, u32)| *of == short && self.is(*number, &item);
        if let Some((_, number)) = known.table.find(spread(short), is_it) {
            return *number;
        }
        let number = self.len();
        known.table.insert_unique(spread(short), (short, number), |(short, _)| spread(*short));
        drop(known);
        let before = self.last.get(item.package).copied().unwrap_or(NONE);
        self.last.put(item.package, number, &NONE);
        self.packages.push(item.package);
        self.paths.push(item.path);
        let Coded { owned_by, license, found_by, declared, .. } = item;
        self.details.push(Details { owned_by, license, found_by, before, declared });
        number
    }

    fn is(&self, number: u32, item: &Coded) -> bool {
        let is_equal = |of: &Details| {
            (of.owned_by, of.license, of.found_by, of.declared)
                == (item.owned_by, item.license, item.found_by, item.declared)
        };
        self.package(number) == item.package
            && self.path_number(number) == item.path
            && self.details.get(number).is_some_and(is_equal)
    }
}

/// An item with the numbers of its texts.
#[derive(Clone, Copy, Hash)]
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

impl Known {
    fn hash(&self, item: &Coded) -> u32 {
        let hash = self.hasher.hash_one(item);
        (hash >> 32) as u32 ^ hash as u32
    }
}

/// Brings 32 bits of hash to all places that the table looks at.
fn spread(short: u32) -> u64 {
    u64::from(short).wrapping_mul(0x9e37_79b9_7f4a_7c15)
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
                prop_assert_eq!(items.of_packages(&Bits::from_iter([package])).iter().collect::<Vec<_>>(), all);
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

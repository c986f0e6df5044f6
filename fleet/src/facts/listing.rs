//! The content of an inventory in few bytes: the numbers of its items and the layers that brought them.
//!
//! Images of one base hold long runs of items that were given their numbers one after the other, and hundreds of packages lie in
//! a handful of layers. So an item is told by how far it is from the one after the last, which mostly takes one byte, and layers
//! by how many items each brought in a row. There are hundreds of bytes for each of a million images, so that counts.

use std::io;
use std::sync::Arc;

use crate::persist::{Persist, PersistError, Sink, Source};
use crate::table::Chunked;

/// Items in the order of software lists, each with its layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing(
    /// As numbers of one to five bytes: how many items there are, and how many bytes they take; the items; then runs of
    /// layers, each as its length and the layer plus one, or 0 for none.
    Arc<[u8]>,
);

impl Listing {
    /// Packs items with their layers.
    pub(crate) fn of(entries: &[(u32, Option<u32>)]) -> Self {
        let (mut items, mut next) = (Vec::with_capacity(entries.len() * 2), 0_u32);
        for (item, _) in entries {
            let step = item.wrapping_sub(next) as i32;
            push(&mut items, ((step << 1) ^ (step >> 31)) as u32);
            next = item.wrapping_add(1);
        }
        let mut bytes = Vec::with_capacity(items.len() + 16);
        push(&mut bytes, entries.len() as u32);
        push(&mut bytes, items.len() as u32);
        bytes.append(&mut items);
        for run in entries.chunk_by(|(_, a), (_, b)| a == b) {
            push(&mut bytes, run.len() as u32);
            push(&mut bytes, run[0].1.map_or(0, |layer| layer.saturating_add(1)));
        }
        Self(bytes.into())
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        take(&mut &*self.0) as usize
    }

    /// The items in the order of software lists; an item that lies in several layers is there several times.
    pub(crate) fn items(&self) -> impl Iterator<Item = u32> + '_ {
        let (mut bytes, mut next) = (self.parts().0, 0_u32);
        std::iter::from_fn(move || {
            if bytes.is_empty() {
                return None;
            }
            let step = take(&mut bytes);
            let item = next.wrapping_add((step >> 1) ^ (step & 1).wrapping_neg());
            next = item.wrapping_add(1);
            Some(item)
        })
    }

    /// The items with their layers.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, Option<u32>)> + '_ {
        let (mut bytes, mut left, mut layer) = (self.parts().1, 0, 0);
        self.items().map(move |item| {
            if left == 0 {
                (left, layer) = (take(&mut bytes), take(&mut bytes));
            }
            left = left.saturating_sub(1);
            (item, layer.checked_sub(1))
        })
    }

    /// The bytes of the items, and those of the layers.
    fn parts(&self) -> (&[u8], &[u8]) {
        let mut bytes = &*self.0;
        take(&mut bytes);
        let items = take(&mut bytes) as usize;
        bytes.split_at_checked(items).unwrap_or_default()
    }
}

/// Appends a number, seven bits to a byte, the lowest first.
fn push(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a number off the beginning; what is missing is 0.
fn take(bytes: &mut &[u8]) -> u32 {
    let (mut number, mut shift) = (0, 0);
    while let Some((first, rest)) = bytes.split_first() {
        *bytes = rest;
        number |= u32::from(first & 0x7f).checked_shl(shift).unwrap_or(0);
        if *first < 0x80 {
            break;
        }
        shift += 7;
    }
    number
}

impl Persist for Chunked<Option<Listing>> {
    fn form(form: &mut String) {
        form.push_str("listings of runs");
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.count(self.len())?;
        self.iter().try_for_each(|listing| {
            let bytes = listing.as_ref().map_or(&[][..], |listing| &listing.0);
            sink.plain(&[bytes.len() as u32])?;
            sink.plain(bytes)
        })
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(4)?;
        let mut all = Self::default();
        for _ in 0..count {
            let length: u32 = source.one()?;
            let bytes: Vec<u8> = source.many(length as usize)?;
            all.push((!bytes.is_empty()).then(|| Listing(bytes.into())));
        }
        Ok(all)
    }
}

impl Listing {
    /// Whether what was read from a file can be used without harm, with items below a number.
    pub(super) fn fits(&self, items: u32) -> bool {
        let mut count = 0;
        let are_known = self.items().inspect(|_| count += 1).all(|item| item < items);
        are_known && count == self.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_listing_gives_back_what_was_put_in(
            entries in proptest::collection::vec((any::<u32>(), proptest::option::of(0_u32..40)), 0..400),
            spread in prop_oneof![Just(1), Just(7), Just(1_000_000)],
        ) {
            let entries: Vec<_> = entries.into_iter().map(|(item, layer)| (item, layer.map(|at| at / 7 * spread))).collect();
            let listing = Listing::of(&entries);
            prop_assert_eq!(listing.entries().collect::<Vec<_>>(), entries.clone());
            prop_assert_eq!(listing.items().collect::<Vec<_>>(), entries.iter().map(|(item, _)| *item).collect::<Vec<_>>());
            prop_assert_eq!(listing.len(), entries.len());
        }
    }

    #[test]
    fn layers_that_change_with_every_item_are_given_back() {
        for distinct in [1_u32, 2, 3, 5, 17, 257, 1_000] {
            let entries: Vec<_> = (0..distinct * 2).map(|at| (at, Some(at % distinct))).collect();
            assert_eq!(Listing::of(&entries).entries().collect::<Vec<_>>(), entries);
        }
    }

    #[test]
    fn three_hundred_items_of_a_base_take_four_hundred_bytes() {
        let entries: Vec<_> = (0..300).map(|at| (9_000 + at + at / 9 * 500, Some(at / 200))).collect();
        assert!(Listing::of(&entries).0.len() < 400);
    }

    proptest! {
        #[test]
        fn bytes_from_a_file_are_read_without_panic(bytes: Vec<u8>) {
            let listing = Listing(bytes.into());
            let _ = listing.fits(9);
            prop_assert_eq!(listing.items().count(), listing.entries().count());
        }
    }
}

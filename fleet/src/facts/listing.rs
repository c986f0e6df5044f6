//! The content of an inventory in few words: the numbers of its items and the layers that brought them.
//!
//! Hundreds of packages lie in a handful of layers, so a layer is a code of few bits into a table of its own.

use std::io;
use std::sync::Arc;

use crate::persist::{Persist, PersistError, Sink, Source};
use crate::table::Chunked;

/// Items in the order of software lists, each with its layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing(
    /// How many items and layers there are; the distinct layers, each plus one and 0 for none; the items; the codes, as
    /// many to a word as fit.
    Arc<[u32]>,
);

const HEAD: usize = 2;

impl Listing {
    /// Packs items with their layers.
    pub(crate) fn of(entries: &[(u32, Option<u32>)]) -> Self {
        let word = |layer: Option<u32>| layer.map_or(0, |layer| layer.saturating_add(1));
        let mut layers: Vec<u32> = entries.iter().map(|(_, layer)| word(*layer)).collect();
        layers.sort_unstable();
        layers.dedup();
        let bits = width(layers.len());
        let mut words =
            Vec::with_capacity(HEAD + layers.len() + entries.len() + entries.len().div_ceil(32) * bits);
        words.extend([entries.len() as u32, layers.len() as u32]);
        words.extend(&layers);
        words.extend(entries.iter().map(|(item, _)| *item));
        let per_word = 32_usize.checked_div(bits).unwrap_or(entries.len().max(1));
        for part in entries.chunks(per_word).filter(|_| bits > 0) {
            let codes = part.iter().map(|(_, layer)| layers.partition_point(|known| *known < word(*layer)));
            words.push(codes.enumerate().fold(0, |all, (at, code)| all | (code as u32) << (at * bits)));
        }
        Self(words.into())
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.0.first().map_or(0, |count| *count as usize)
    }

    /// The items in the order of software lists; an item that lies in several layers is there several times.
    pub(crate) fn items(&self) -> &[u32] {
        let start = HEAD + self.distinct();
        self.0.get(start..start + self.len()).unwrap_or_default()
    }

    /// The items with their layers.
    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = (u32, Option<u32>)> + '_ {
        let distinct = self.distinct();
        let layers = self.0.get(HEAD..HEAD + distinct).unwrap_or_default();
        let codes = self.0.get(HEAD + distinct + self.len()..).unwrap_or_default();
        let bits = width(distinct);
        let layer = move |at: usize| {
            let code = match bits {
                0 => 0,
                bits => {
                    let per_word = 32 / bits;
                    let word = codes.get(at / per_word).copied().unwrap_or(0);
                    (word >> (at % per_word * bits)) as usize & (usize::MAX >> (usize::BITS as usize - bits))
                }
            };
            layers.get(code).and_then(|layer| layer.checked_sub(1))
        };
        self.items().iter().enumerate().map(move |(at, item)| (*item, layer(at)))
    }

    fn distinct(&self) -> usize {
        self.0.get(1).map_or(0, |count| *count as usize)
    }
}

/// Bits of a code that tells so many apart; a power of two, so that codes do not lie across words.
const fn width(distinct: usize) -> usize {
    match distinct {
        0 | 1 => 0,
        2 => 1,
        3..=4 => 2,
        5..=16 => 4,
        17..=256 => 8,
        257..=65_536 => 16,
        _ => 32,
    }
}

impl Persist for Chunked<Option<Listing>> {
    fn form(form: &mut String) {
        form.push_str("listings");
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.count(self.len())?;
        self.iter().try_for_each(|listing| {
            let words = listing.as_ref().map_or(&[][..], |listing| &listing.0);
            sink.plain(&[words.len() as u32])?;
            sink.plain(words)
        })
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(4)?;
        let mut all = Self::default();
        for _ in 0..count {
            let length: u32 = source.one()?;
            let words: Vec<u32> = source.many(length as usize)?;
            all.push((!words.is_empty()).then(|| Listing(words.into())));
        }
        Ok(all)
    }
}

impl Listing {
    /// Whether what was read from a file can be used without harm, with items below a number.
    pub(super) fn fits(&self, items: u32) -> bool {
        let own = self.items();
        own.len() == self.len() && own.iter().all(|item| *item < items)
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
            prop_assert_eq!(listing.items().to_vec(), entries.iter().map(|(item, _)| *item).collect::<Vec<_>>());
            prop_assert_eq!(listing.len(), entries.len());
        }
    }

    #[test]
    fn many_layers_take_longer_codes() {
        for distinct in [1_u32, 2, 3, 5, 17, 257, 1_000] {
            let entries: Vec<_> = (0..distinct * 2).map(|at| (at, Some(at % distinct))).collect();
            assert_eq!(Listing::of(&entries).entries().collect::<Vec<_>>(), entries);
        }
    }

    #[test]
    fn three_hundred_items_of_four_layers_take_thirteen_hundred_bytes() {
        let entries: Vec<_> = (0..300).map(|at| (at * 7_919, Some(at % 4))).collect();
        assert!(Listing::of(&entries).0.len() * 4 < 1_320);
    }
}

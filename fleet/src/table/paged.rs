//! A set of positions that is copied piece by piece and takes no room where nothing is in it: for the many small sets.

use std::sync::Arc;

use super::Bits;

/// Words of a page: 4,096 positions.
const WORDS: usize = 64;
const PAGE: u32 = WORDS as u32 * 64;

/// A set of which a clone costs little and a change costs a copy of one page.
#[derive(Clone, Debug, Default)]
pub(crate) struct PagedBits {
    pages: Arc<Vec<Option<Arc<[u64; WORDS]>>>>,
    count: u32,
}

impl PagedBits {
    /// How many positions are in it.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn contains(&self, position: u32) -> bool {
        let page = self.pages.get((position / PAGE) as usize).and_then(Option::as_ref);
        page.is_some_and(|words| words[(position % PAGE / 64) as usize] >> (position % 64) & 1 != 0)
    }

    /// Puts a position in or takes it out.
    pub(crate) fn set(&mut self, position: u32, is_in: bool) {
        if self.contains(position) == is_in {
            return;
        }
        let index = (position / PAGE) as usize;
        let pages = Arc::make_mut(&mut self.pages);
        if index >= pages.len() {
            pages.resize(index + 1, None);
        }
        let words = Arc::make_mut(pages[index].get_or_insert_with(|| Arc::new([0; WORDS])));
        words[(position % PAGE / 64) as usize] ^= 1 << (position % 64);
        if words.iter().all(|word| *word == 0) {
            pages[index] = None;
        }
        self.count = if is_in { self.count + 1 } else { self.count - 1 };
    }

    /// Adds all of it to a set, as far as it lies below that one's length.
    pub(crate) fn add_to(&self, bits: &mut Bits) {
        for (index, page) in self.pages.iter().enumerate() {
            if let Some(words) = page {
                bits.or_words(index * WORDS, words.as_slice());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_paged_set_is_a_set(
            changes in proptest::collection::vec((0_u32..20_000, any::<bool>()), 0..60), len in 0_u32..20_000,
        ) {
            let (mut paged, mut expected) = (PagedBits::default(), BTreeSet::new());
            for (position, is_in) in changes {
                let (before, seen) = (paged.clone(), expected.clone());
                paged.set(position, is_in);
                if is_in { expected.insert(position); } else { expected.remove(&position); }
                prop_assert_eq!(before.contains(position), seen.contains(&position));
            }
            prop_assert_eq!(paged.count() as usize, expected.len());
            let mut bits = Bits::none(len);
            paged.add_to(&mut bits);
            prop_assert_eq!(bits.iter().collect::<Vec<_>>(), expected.range(..len).copied().collect::<Vec<_>>());
            if expected.is_empty() { prop_assert!(paged.pages.iter().all(Option::is_none)); }
        }
    }
}

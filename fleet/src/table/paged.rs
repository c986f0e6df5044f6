//! A set of positions that is copied piece by piece and takes no room where nothing is in it: for the many small sets.

use std::io;
use std::sync::Arc;

use super::Bits;
use crate::persist::{Persist, PersistError, Sink, Source};

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

impl Persist for PagedBits {
    fn form(form: &mut String) {
        form.push_str("pages of bits");
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.count(self.pages.len())?;
        self.pages.iter().try_for_each(|page| match page {
            Some(words) => sink.plain(&[1_u8]).and_then(|()| sink.plain(words.as_slice())),
            None => sink.plain(&[0_u8]),
        })
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(1)?;
        let mut pages = Vec::with_capacity(count);
        let mut held = 0_u64;
        for _ in 0..count {
            let words: Option<[u64; WORDS]> =
                if source.one::<u8>()? == 0 { None } else { Some(source.one()?) };
            held += words.iter().flatten().map(|word| u64::from(word.count_ones())).sum::<u64>();
            pages.push(words.map(Arc::new));
        }
        let count = u32::try_from(held).map_err(|_| PersistError::Damaged("a set holds too much"))?;
        Ok(Self { pages: Arc::new(pages), count })
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

//! A dense set of positions.
//!
//! A reader may doubt the choice over compressed bitmaps: five million positions are 625 KB, every operation on them
//! is a run over words that the processor does in tens of microseconds, and there is one form only.

/// A set of numbers below a length. What is beyond the length is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    len: u32,
}

impl Bits {
    /// The empty set over `len` positions.
    pub(crate) fn none(len: u32) -> Self {
        Self { words: vec![0; (len as usize).div_ceil(64)], len }
    }

    /// All of `len` positions.
    pub(crate) fn all(len: u32) -> Self {
        let mut all = Self { words: vec![u64::MAX; (len as usize).div_ceil(64)], len };
        all.trim();
        all
    }

    /// The positions below `len` for which `holds`, asked for each in order.
    pub(crate) fn from_fn(len: u32, mut holds: impl FnMut(u32) -> bool) -> Self {
        let mut bits = Self::none(len);
        for (index, word) in bits.words.iter_mut().enumerate() {
            let first = index as u32 * 64;
            for bit in 0..64.min(len - first) {
                *word |= u64::from(holds(first + bit)) << bit;
            }
        }
        bits
    }

    /// How many positions there are, in the set or not.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Makes room for more positions, or cuts off; new ones are not in the set.
    pub(crate) fn resize(&mut self, len: u32) {
        self.words.resize((len as usize).div_ceil(64), 0);
        self.len = len;
        self.trim();
    }

    pub(crate) fn contains(&self, position: u32) -> bool {
        let word = self.words.get(position as usize / 64).copied().unwrap_or(0);
        word >> (position % 64) & 1 != 0
    }

    /// Puts a position in, which must be below the length.
    pub(crate) fn insert(&mut self, position: u32) {
        debug_assert!(position < self.len);
        self.words[position as usize / 64] |= 1 << (position % 64);
    }

    pub(crate) fn remove(&mut self, position: u32) {
        if let Some(word) = self.words.get_mut(position as usize / 64) {
            *word &= !(1 << (position % 64));
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Keeps what is in both.
    pub(crate) fn and(&mut self, other: &Self) {
        let others = other.words.iter().copied().chain(std::iter::repeat(0));
        self.words.iter_mut().zip(others).for_each(|(word, other)| *word &= other);
    }

    /// Adds what is in the other, as far as it lies below this one's length.
    pub(crate) fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
        self.trim();
    }

    /// Adds what is set in `words`, of which the first stands at word `first`, as far as it lies below the length.
    pub(crate) fn or_words(&mut self, first: usize, words: &[u64]) {
        self.words.iter_mut().skip(first).zip(words).for_each(|(word, other)| *word |= other);
        self.trim();
    }

    /// Takes out what is in the other.
    pub(crate) fn subtract(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// Keeps those for which `holds`, asked only for those that are in the set, in order.
    pub(crate) fn retain(&mut self, mut holds: impl FnMut(u32) -> bool) {
        for (index, word) in self.words.iter_mut().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                if !holds(index as u32 * 64 + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// The positions, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros();
                    rest &= rest - 1;
                    index as u32 * 64 + bit
                })
            })
        })
    }

    /// The words, 64 positions each, the lowest first.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// A set from words; what lies beyond `len` is dropped.
    pub(crate) fn from_words(mut words: Vec<u64>, len: u32) -> Self {
        words.resize((len as usize).div_ceil(64), 0);
        let mut bits = Self { words, len };
        bits.trim();
        bits
    }

    fn trim(&mut self) {
        let spare = self.words.len() as u32 * 64 - self.len;
        if let Some(last) = self.words.last_mut().filter(|_| spare > 0) {
            *last &= u64::MAX >> spare;
        }
    }
}

impl FromIterator<u32> for Bits {
    fn from_iter<I: IntoIterator<Item = u32>>(positions: I) -> Self {
        let mut bits = Self::default();
        for position in positions {
            if position >= bits.len {
                bits.resize(position + 1);
            }
            bits.insert(position);
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sets_of_bits_are_sets(a in proptest::collection::btree_set(0_u32..300, 0..80),
                                 b in proptest::collection::btree_set(0_u32..300, 0..80), len in 0_u32..300) {
            let of = |set: &BTreeSet<u32>| Bits::from_fn(len, |position| set.contains(&position));
            let cut = |set: BTreeSet<u32>| set.into_iter().filter(|position| *position < len).collect::<Vec<_>>();
            let list = |bits: &Bits| bits.iter().collect::<Vec<_>>();
            let (mut and, mut or, mut minus) = (of(&a), of(&a), of(&a));
            and.and(&of(&b));
            or.or(&b.iter().copied().collect());
            minus.subtract(&b.iter().copied().collect());
            prop_assert_eq!(list(&and), cut(&a & &b));
            prop_assert_eq!(list(&or), cut(&a | &b));
            prop_assert_eq!(list(&minus), cut(&a - &b));
            prop_assert_eq!(and.count() as usize, cut(&a & &b).len());
            let mut kept = of(&a);
            kept.retain(|position| b.contains(&position));
            prop_assert_eq!(&kept, &and);
            let mut all = Bits::all(len);
            all.subtract(&of(&a));
            prop_assert_eq!(all.count(), u64::from(len) - of(&a).count());
            prop_assert!(!all.contains(len) && !all.contains(u32::MAX));
        }
    }
}

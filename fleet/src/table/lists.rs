//! Lists of numbers that are stored once and known by a number: the accounts of an image, its labels, its layers.

use std::hash::BuildHasher as _;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::dictionary::spread;
use super::{Bits, CHUNK, Chunked};
use crate::persist::{Persist, PersistError, Sink, Source};

/// Lists from which on a search is shared by two threads.
const SHARED: u32 = if cfg!(test) { 200 } else { 200_000 };

/// Distinct lists under dense numbers; the empty list is number 0. A list is never taken out.
#[derive(Clone, Debug)]
pub(crate) struct Lists {
    numbers: Chunked<u32>,
    /// Where each list ends in `numbers`.
    ends: Chunked<u32>,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// Half of the hash of a list, and its number.
    table: HashTable<(u32, u32)>,
    hasher: DefaultHashBuilder,
}

impl Known {
    fn hash(&self, list: &[u32]) -> u32 {
        let hash = self.hasher.hash_one(list);
        (hash >> 32) as u32 ^ hash as u32
    }

    fn insert(&mut self, short: u32, number: u32) {
        self.table.insert_unique(spread(short), (short, number), |(short, _)| spread(*short));
    }
}

impl Default for Lists {
    fn default() -> Self {
        let mut lists = Self { numbers: Chunked::default(), ends: Chunked::default(), known: Arc::default() };
        lists.intern(&[]);
        lists
    }
}

impl Lists {
    /// The number of the empty list.
    pub(crate) const EMPTY: u32 = 0;

    /// How many lists there are.
    pub(crate) fn len(&self) -> u32 {
        self.ends.len() as u32
    }

    /// What a list holds; nothing for a number that was never given out.
    pub(crate) fn get(&self, list: u32) -> impl ExactSizeIterator<Item = u32> + '_ {
        let end = self.ends.get(list).copied().unwrap_or(0);
        let start = list.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        (start.min(end)..end).map(|index| self.numbers.get(index).copied().unwrap_or_default())
    }

    /// The numbers of lists; of those that were read from a file they are made when they are first needed.
    fn known(&self) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.table.is_empty() && self.len() > 0 {
            known.table.reserve(self.ends.len(), |(short, _)| spread(*short));
            let mut list: Vec<u32> = Vec::new();
            for number in 0..self.len() {
                list.clear();
                list.extend(self.get(number));
                let short = known.hash(&list);
                known.insert(short, number);
            }
        }
        known
    }

    /// The number of a list, which is put in if it is new. Only the newest clone may be added to.
    pub(crate) fn intern(&mut self, list: &[u32]) -> u32 {
        let mut known = self.known();
        let short = known.hash(list);
        let is_equal = |number: u32| number < self.len() && self.get(number).eq(list.iter().copied());
        let found = known.table.find(spread(short), |(of, number)| *of == short && is_equal(*number));
        if let Some((_, number)) = found {
            return *number;
        }
        let number = self.ends.len() as u32;
        known.insert(short, number);
        drop(known);
        list.iter().for_each(|value| self.numbers.push(*value));
        self.ends.push(self.numbers.len() as u32);
        number
    }

    /// The lists for which `holds` is told of their elements, in runs of `width`: a list may be one of tuples.
    pub(crate) fn search(&self, width: usize, holds: impl Fn(&[u32]) -> bool + Sync) -> Bits {
        let len = self.len();
        if len < SHARED {
            return self.search_within(0, len, width, &holds);
        }
        let half = (len / 2).next_multiple_of(64);
        let (mut found, high) = std::thread::scope(|scope| {
            let high = scope.spawn(|| self.search_within(half, len, width, &holds));
            let low = self.search_within(0, half, width, &holds);
            (low, high.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        found.resize(len);
        found.or_words(half as usize / 64, high.words());
        found
    }

    /// [`Self::search`] among the lists from `first` up to `last`; the first of them is 0 in the answer.
    fn search_within(
        &self,
        first: u32,
        last: u32,
        width: usize,
        holds: &(impl Fn(&[u32]) -> bool + Sync),
    ) -> Bits {
        let pieces: Vec<&[u32]> = self.numbers.chunks().map(|(_, numbers)| numbers).collect();
        let mut start = first.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let mut ends = self.ends.iter_from(first);
        let mut across = Vec::new();
        Bits::from_fn(last - first, |_| {
            let from = start as usize;
            start = ends.next().copied().unwrap_or(start);
            let to = start as usize;
            if from == to {
                return false;
            }
            let (first, last) = (from / CHUNK, (to - 1) / CHUNK);
            let numbers = if first == last {
                &pieces[first][from % CHUNK..from % CHUNK + (to - from)]
            } else {
                across.clear();
                across.extend((from..to).map(|index| pieces[index / CHUNK][index % CHUNK]));
                &across[..]
            };
            numbers.chunks_exact(width).any(holds)
        })
    }
}

impl Persist for Lists {
    fn form(form: &mut String) {
        form.push_str("lists");
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        self.numbers.save(sink)?;
        self.ends.save(sink)
    }

    /// The numbers of lists are found again when they are first asked for.
    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let (numbers, ends): (Chunked<u32>, Chunked<u32>) = (Chunked::load(source)?, Chunked::load(source)?);
        let is_whole = ends.get(Self::EMPTY) == Some(&0)
            && ends.iter().is_sorted()
            && ends.iter().next_back().is_some_and(|end| *end as usize == numbers.len());
        if !is_whole {
            return Err(PersistError::Damaged("lists do not lie side by side"));
        }
        Ok(Self { numbers, ends, known: Arc::default() })
    }

    fn warm(&self) {
        drop(self.known());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_lists_share_a_number_and_are_searched_by_tuples() {
        let mut lists = Lists::default();
        let pairs = lists.intern(&[1, 2, 3, 4]);
        let other = lists.intern(&[2, 1]);
        assert_eq!((lists.intern(&[1, 2, 3, 4]), lists.intern(&[])), (pairs, Lists::EMPTY));
        assert_eq!(lists.get(pairs).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(lists.get(99).count(), 0);
        let found =
            |lists: &Lists, tuple: [u32; 2]| lists.search(2, |of| of == tuple).iter().collect::<Vec<_>>();
        let all = |lists: &Lists| [[3, 4], [2, 3], [2, 1]].map(|tuple| found(lists, tuple));
        assert_eq!(all(&lists), [vec![pairs], vec![], vec![other]]);
        let many: Vec<u32> = (0..10_000).map(|number| lists.intern(&[number, 5, 3, 4])).collect();
        assert_eq!(found(&lists, [2, 3]), [0; 0]);
        assert_eq!(found(&lists, [777, 5]), [many[777]]);
        assert_eq!(found(&lists, [3, 4]).len(), 10_001);
    }
}

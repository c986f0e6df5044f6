//! Lists of numbers that are stored once and known by a number: the accounts of an image, its labels, its layers.

use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::dictionary::spread;
use super::{Bits, CHUNK, Chunked};
use crate::persist::{Persist, PersistError, Sink, Source};

/// Lists from which on a search is shared by two threads.
const SHARED: u32 = if cfg!(test) { 200 } else { 200_000 };

/// What all runs that are looked for have at one of their places.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need<'n> {
    Nothing,
    Number(usize, u32),
    Member(usize, &'n Bits),
}

/// Distinct lists under dense numbers; the empty list is number 0. A list is never taken out.
#[derive(Clone, Debug)]
pub(crate) struct Lists {
    numbers: Chunked<u32>,
    /// Where each list ends in `numbers`.
    ends: Chunked<u32>,
    known: Arc<Mutex<Known>>,
}

/// Numbers by the hash of their list, which is worked out again when the table grows.
#[derive(Debug, Default)]
struct Known {
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// The hash of a list.
fn hash(list: impl Iterator<Item = u32>, hasher: &DefaultHashBuilder) -> u64 {
    let mut state = hasher.build_hasher();
    list.for_each(|number| state.write_u32(number));
    state.finish()
}

impl Known {
    /// Puts a number in, which belongs to a list of that hash.
    fn insert(&mut self, of: u64, number: u32, lists: &Lists) {
        let Self { table, hasher } = self;
        table.insert_unique(of, number, |number| hash(lists.get(*number), hasher));
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
            known.table.reserve(self.ends.len(), |number| spread(*number));
            for number in 0..self.len() {
                let of = hash(self.get(number), &known.hasher);
                known.insert(of, number, self);
            }
        }
        known
    }

    /// The number of a list, which is put in if it is new. Only the newest clone may be added to.
    pub(crate) fn intern(&mut self, list: &[u32]) -> u32 {
        let known = self.known();
        let of = hash(list.iter().copied(), &known.hasher);
        let is_equal = |number: &u32| *number < self.len() && self.get(*number).eq(list.iter().copied());
        if let Some(number) = known.table.find(of, is_equal) {
            return *number;
        }
        let number = self.ends.len() as u32;
        drop(known);
        list.iter().for_each(|value| self.numbers.push(*value));
        self.ends.push(self.numbers.len() as u32);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(of, number, self);
        number
    }

    /// The lists with a run of `width` elements, one behind the other, for which `holds`: a list may be one of tuples. Those of
    /// them that lack what they `need` are not asked.
    pub(crate) fn search(&self, width: usize, need: Need<'_>, holds: impl Fn(&[u32]) -> bool + Sync) -> Bits {
        let len = self.len();
        let within = |first, last| match need {
            _ if !CHUNK.is_multiple_of(width) => self.search_lists(first, last, width, &holds),
            Need::Nothing => self.search_runs(first, last, width, &holds),
            Need::Number(at, wanted) => {
                let has = |run: &[u32]| run.get(at) == Some(&wanted) && holds(run);
                self.search_runs(first, last, width, &has)
            }
            Need::Member(at, set) => {
                let has = |run: &[u32]| run.get(at).is_some_and(|number| set.contains(*number)) && holds(run);
                self.search_runs(first, last, width, &has)
            }
        };
        if len < SHARED {
            return within(0, len);
        }
        let half = (len / 2).next_multiple_of(64);
        let (mut found, high) = std::thread::scope(|scope| {
            let high = scope.spawn(|| within(half, len));
            let low = within(0, half);
            (low, high.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        found.resize(len);
        found.or_words(half as usize / 64, high.words());
        found
    }

    /// [`Self::search`] among the lists from `first` up to `last`; the first of them is 0 in the answer. Runs are gone through
    /// without regard to lists: that of a run which holds is looked for.
    fn search_runs(&self, first: u32, last: u32, width: usize, holds: &impl Fn(&[u32]) -> bool) -> Bits {
        let mut found = Bits::none(last - first);
        let end_of = |list: u32| self.ends.get(list).copied().unwrap_or(0) as usize;
        let (from, to) = (first.checked_sub(1).map_or(0, end_of), last.checked_sub(1).map_or(0, end_of));
        let mut list = first;
        let pieces = self.numbers.chunks().skip(from / CHUNK);
        for (start, numbers) in pieces.take_while(|(start, _)| (*start as usize) < to) {
            let start = start as usize;
            let (skipped, end) = (from.saturating_sub(start), numbers.len().min(to - start));
            let runs = numbers.get(skipped..end).unwrap_or_default().chunks_exact(width);
            for (at, _) in runs.enumerate().filter(|(_, run)| holds(run)) {
                let place = start + skipped + at * width;
                list += ahead(last - list, |next| end_of(list + next) <= place);
                found.insert(list - first);
            }
        }
        found
    }

    /// [`Self::search_runs`] where a run may lie across two pieces.
    fn search_lists(
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

/// How many of the numbers below `len` come before the first that is not `below`; fast if they are few.
fn ahead(len: u32, below: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut step) = (0, 1);
    while low < len && below(low) {
        low += step;
        step *= 2;
    }
    let (mut low, mut high) = (low.saturating_sub(step / 2), low.min(len));
    while low < high {
        let middle = low + (high - low) / 2;
        if below(middle) { low = middle + 1 } else { high = middle }
    }
    low
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
        let found = |lists: &Lists, tuple: [u32; 2]| {
            let set = Bits::from_iter([tuple[1]]);
            let needs = [Need::Nothing, Need::Number(0, tuple[0]), Need::Member(1, &set)];
            let [one, two, three] = needs.map(|need| lists.search(2, need, |of| of == tuple));
            assert!(
                one == two
                    && two == three
                    && one == lists.search_lists(0, lists.len(), 2, &|of: &[u32]| of == tuple)
            );
            one.iter().collect::<Vec<_>>()
        };
        let all = |lists: &Lists| [[3, 4], [2, 3], [2, 1]].map(|tuple| found(lists, tuple));
        assert_eq!(all(&lists), [vec![pairs], vec![], vec![other]]);
        let many: Vec<u32> = (0..10_000).map(|number| lists.intern(&[number, 5, 3, 4])).collect();
        assert_eq!(found(&lists, [2, 3]), [0; 0]);
        assert_eq!(found(&lists, [777, 5]), [many[777]]);
        assert_eq!(found(&lists, [3, 4]).len(), 10_001);
    }
}

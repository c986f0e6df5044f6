//! From a uuid or digest to positions, by the first 64 bits of it.
//!
//! Both kinds of keys are digests, so 64 bits are nearly always enough, and an id that is given shortened is a range of them.
//! Whoever asks compares the whole key with the column it came from.

use std::sync::Arc;

/// Fewer in the unit tests, which make many small tables.
const SHARD_BITS: u32 = if cfg!(test) { 4 } else { 12 };

/// So many entries wait at most until they are brought into their shards.
const LATE: usize = if cfg!(test) { 3 } else { 2_048 };

/// A sorted list of (first 64 bits, position), in shards by the highest bits.
///
/// What came last is in a list of its own: a clone that is added to copies that list, and not what it knows of all shards.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    shards: Arc<Vec<Arc<Vec<Entry>>>>,
    /// Sorted; none of it is in the shards.
    late: Arc<Vec<Entry>>,
}

/// The two halves of a key and a position: twelve bytes, where a whole key would be aligned to sixteen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u32, u32, u32);

impl Entry {
    const fn new(key: u64, position: u32) -> Self {
        Self((key >> 32) as u32, key as u32, position)
    }

    const fn key(self) -> u64 {
        (self.0 as u64) << 32 | self.1 as u64
    }
}

impl Default for Lookup {
    fn default() -> Self {
        Self::of_shards(vec![Arc::default(); 1 << SHARD_BITS])
    }
}

impl Lookup {
    /// The bits of a key that this is about.
    pub(crate) fn key(bytes: &[u8]) -> u64 {
        let mut first = [0; 8];
        first.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        u64::from_be_bytes(first)
    }

    fn of_shards(shards: Vec<Arc<Vec<Entry>>>) -> Self {
        Self { shards: Arc::new(shards), late: Arc::default() }
    }

    pub(crate) fn insert(&mut self, key: u64, position: u32) {
        let entry = Entry::new(key, position);
        if self.shards[shard(key)].binary_search(&entry).is_ok() {
            return;
        }
        if let Err(place) = self.late.binary_search(&entry) {
            Arc::make_mut(&mut self.late).insert(place, entry);
        }
        if self.late.len() > LATE {
            let shards = Arc::make_mut(&mut self.shards);
            for entry in std::mem::take(&mut self.late).iter() {
                let shard = Arc::make_mut(&mut shards[shard(entry.key())]);
                let place = shard.partition_point(|known| known < entry);
                shard.insert(place, *entry);
            }
        }
    }

    pub(crate) fn remove(&mut self, key: u64, position: u32) {
        let entry = Entry::new(key, position);
        if let Ok(place) = self.late.binary_search(&entry) {
            Arc::make_mut(&mut self.late).remove(place);
        } else if let Ok(place) = self.shards[shard(key)].binary_search(&entry) {
            Arc::make_mut(&mut Arc::make_mut(&mut self.shards)[shard(key)]).remove(place);
        }
    }

    /// The positions under keys from `from` to `to`, with their keys, ascending.
    pub(crate) fn range(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, u32)> + '_ {
        let shards = if from <= to { shard(from)..shard(to) + 1 } else { 0..0 };
        let within = move |entries: &'_ [Entry]| {
            let start = entries.partition_point(|entry| entry.key() < from);
            let count = entries[start..].partition_point(|entry| entry.key() <= to);
            start..start + count
        };
        let mut early =
            self.shards[shards].iter().flat_map(move |entries| &entries[within(entries)]).peekable();
        let mut late = self.late[within(&self.late)].iter().peekable();
        std::iter::from_fn(move || {
            let is_late = match (early.peek(), late.peek()) {
                (Some(early), Some(late)) => late < early,
                (early, _) => early.is_none(),
            };
            let next = if is_late { late.next() } else { early.next() };
            next.map(|entry| (entry.key(), entry.2))
        })
    }

    /// The positions under one key.
    pub(crate) fn get(&self, key: u64) -> impl Iterator<Item = u32> + '_ {
        self.range(key, key).map(|(_, position)| position)
    }

    /// One that holds sorted entries, which come shard by shard.
    pub(crate) fn of_sorted(entries: &[(u64, u32)]) -> Self {
        let mut rest = entries;
        let shards = (0..1_usize << SHARD_BITS).map(|index| {
            let (own, later) = rest.split_at(rest.partition_point(|(key, _)| shard(*key) <= index));
            rest = later;
            Arc::new(own.iter().map(|(key, position)| Entry::new(*key, *position)).collect())
        });
        Self::of_shards(shards.collect())
    }

    /// One that holds `entries`; faster than inserting them.
    #[cfg(test)]
    pub(crate) fn build(mut entries: Vec<(u64, u32)>) -> Self {
        entries.sort_unstable();
        let mut shards = vec![Vec::new(); 1 << SHARD_BITS];
        entries.into_iter().for_each(|(key, position)| shards[shard(key)].push(Entry::new(key, position)));
        Self::of_shards(shards.into_iter().map(Arc::new).collect())
    }
}

const fn shard(key: u64) -> usize {
    (key >> (64 - SHARD_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_alone_and_in_ranges_over_shards() {
        let mut lookup = Lookup::default();
        let keys = [0, 1, 1 << 52, (1 << 52) + 1, u64::MAX];
        keys.iter().zip(0..).for_each(|(key, position)| lookup.insert(*key, position));
        lookup.insert(1, 9);
        let before = lookup.clone();
        lookup.remove(1, 1);
        let all =
            |lookup: &Lookup| lookup.range(0, u64::MAX).map(|(_, position)| position).collect::<Vec<_>>();
        assert_eq!(all(&before), [0, 1, 9, 2, 3, 4]);
        assert_eq!(all(&lookup), [0, 9, 2, 3, 4]);
        lookup.insert(1 << 52, 2);
        lookup.remove(u64::MAX, 4);
        lookup.insert(u64::MAX - 1, 7);
        assert_eq!(all(&lookup), [0, 9, 2, 3, 7], "what is there is not put in twice");
        assert_eq!(lookup.get(1).collect::<Vec<_>>(), [9]);
        assert_eq!(lookup.range(2, 1 << 52).count(), 1);
        assert_eq!(lookup.range(5, 4).count(), 0);
        let built = Lookup::build(before.range(0, u64::MAX).collect());
        assert_eq!(all(&built), all(&before));
        assert_eq!(Lookup::key(&[1, 2]), 0x0102 << 48);
    }
}

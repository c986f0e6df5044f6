//! The order of bulk lists: (`updated`, `uuid`) ascending.
//!
//! Because one clock orders all changes, a record that changes always moves to the end. So the order is a list that is only
//! added to; the place that a record left stays in it until so many are left behind that it is worth to rewrite it.
//! Whoever reads it asks for each entry whether the record still stands there.

use std::cmp::Ordering;

use model::Timestamp;
use uuid::Uuid;

use super::{Bits, Chunked, Lookup};

/// Left places that are not worth a pass.
const SPARE: usize = if cfg!(test) { 8 } else { 4_096 };

/// A place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) updated: Timestamp,
    /// The first 64 bits of the uuid.
    pub(crate) uuid: u64,
    pub(crate) position: u32,
}

impl Stamp {
    pub(crate) fn new(updated: Timestamp, uuid: Uuid, position: u32) -> Self {
        Self { updated, uuid: Lookup::key(uuid.as_bytes()), position }
    }
}

/// The order, with places that were left.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrderLog(Chunked<Stamp>);

impl OrderLog {
    /// A log of entries that are in order.
    pub(crate) fn of(stamps: Chunked<Stamp>) -> Self {
        Self(stamps)
    }

    /// All entries, left ones included.
    pub(crate) fn stamps(&self) -> &Chunked<Stamp> {
        &self.0
    }

    /// Entries, left ones included.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds records that changed in one step, each with its new place.
    ///
    /// `uuids` gives the whole uuid, for two that begin alike. All must have changed after everything that is in the log.
    pub(crate) fn append(&mut self, mut changed: Vec<Stamp>, uuids: impl Fn(u32) -> Uuid) {
        let whole = |stamp: &Stamp| (stamp.updated, uuids(stamp.position));
        changed.sort_unstable_by(|a, b| match (a.updated, a.uuid).cmp(&(b.updated, b.uuid)) {
            Ordering::Equal => whole(a).cmp(&whole(b)),
            other => other,
        });
        changed.into_iter().for_each(|stamp| self.0.push(stamp));
    }

    /// Adds records that changed in one step, wherever their places are; the last two tell whether a position has a record that
    /// has a place at all, and whether a record stands at a place.
    ///
    /// Places behind everything that is in the log cost nothing but themselves; others, which the clock makes rare, cost a
    /// pass over the log. Left places are given up when they are a quarter of those that stand, because readers pass over them.
    pub(crate) fn add(
        &mut self,
        changed: Vec<Stamp>,
        standing: usize,
        uuids: impl Fn(u32) -> Uuid,
        (is_live, stands): (impl Fn(u32) -> bool, impl Fn(&Stamp) -> bool),
    ) {
        let last = self.0.iter().next_back().map(|last| (last.updated, last.uuid));
        if changed.iter().any(|stamp| Some((stamp.updated, stamp.uuid)) <= last) {
            let mut all: Vec<Stamp> = self.0.iter().filter(|stamp| stands(stamp)).copied().collect();
            all.extend(changed);
            self.0 = Chunked::default();
            self.append(all, uuids);
            let mut before = None;
            self.0 =
                self.0.iter().filter(|stamp| before.replace(**stamp) != Some(**stamp)).copied().collect();
            return;
        }
        self.append(changed, uuids);
        if self.len() > standing + standing / 4 + SPARE {
            self.compact(is_live);
        }
    }

    /// The entries from the first at `updated` or later on; with a uuid from the first that does not come before both.
    ///
    /// Entries whose uuid begins as the given one does come too.
    pub(crate) fn from(&self, updated: Timestamp, uuid: Option<Uuid>) -> impl Iterator<Item = &Stamp> {
        let key = (updated, uuid.map_or(0, |uuid| Lookup::key(uuid.as_bytes())));
        let start = self.partition(key);
        (start..self.0.len()).filter_map(|index| self.0.get(index as u32))
    }

    /// The entries before a place that changed at once with the last of them, in their order.
    pub(crate) fn last_run(&self, end: usize) -> (usize, impl Iterator<Item = &Stamp>) {
        let updated = |index: usize| self.0.get(index as u32).map(|stamp| stamp.updated);
        let last = end.checked_sub(1).and_then(updated);
        let start = match last {
            Some(last) if end > 1 && updated(end - 2) == Some(last) => self.partition((last, 0)),
            _ => end.saturating_sub(1),
        };
        (start, self.0.iter_from(start as u32).take(end - start))
    }

    /// All entries, the last first.
    pub(crate) fn backwards(&self) -> impl Iterator<Item = &Stamp> {
        self.0.iter().rev()
    }

    /// Leaves out the places that were left: a record stands at its last one, if it `is_live`. To ask each place whether its
    /// record stands there would take far longer: records lie in another order.
    pub(crate) fn compact(&mut self, is_live: impl Fn(u32) -> bool) {
        let (mut last, mut seen) = (Bits::none(self.len() as u32), Bits::default());
        for (start, stamps) in self.0.chunks().rev() {
            for (at, stamp) in stamps.iter().enumerate().rev() {
                if stamp.position >= seen.len() {
                    seen.resize((stamp.position + 1).next_power_of_two());
                }
                if !seen.contains(stamp.position) {
                    seen.insert(stamp.position);
                    if is_live(stamp.position) {
                        last.insert(start + at as u32);
                    }
                }
            }
        }
        self.0 = last.iter().filter_map(|index| self.0.get(index)).copied().collect();
    }

    fn partition(&self, key: (Timestamp, u64)) -> usize {
        let (mut low, mut high) = (0, self.0.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let comes_before =
                self.0.get(middle as u32).is_some_and(|stamp| (stamp.updated, stamp.uuid) < key);
            if comes_before { low = middle + 1 } else { high = middle }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_from_a_time_and_uuid_on() {
        let uuid = |number: u32| Uuid::from_u128(u128::from(number) << 64);
        let mut log = OrderLog::default();
        let stamp = |updated, position| Stamp::new(Timestamp(updated), uuid(position), position);
        log.append(vec![stamp(5, 3), stamp(5, 1), stamp(4, 2)], uuid);
        log.append(vec![stamp(9, 1)], uuid);
        let from = |updated, after: Option<u32>| {
            let found = log.from(Timestamp(updated), after.map(uuid));
            found.map(|stamp| stamp.position).collect::<Vec<_>>()
        };
        assert_eq!(from(i64::MIN, None), [2, 1, 3, 1]);
        assert_eq!(from(5, None), [1, 3, 1]);
        assert_eq!(from(5, Some(2)), [3, 1]);
        assert_eq!(from(10, None), [0_u32; 0]);
        let mut compact = log.clone();
        compact.compact(|_| true);
        assert_eq!(compact.backwards().map(|stamp| stamp.position).collect::<Vec<_>>(), [1, 3, 2]);
        compact.compact(|position| position != 3);
        assert_eq!(compact.backwards().map(|stamp| stamp.position).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn places_that_do_not_come_last_are_put_in_once_and_left_ones_are_given_up() {
        let uuid = |number: u32| Uuid::from_u128(u128::from(number) << 64);
        let stamp = |updated, position| Stamp::new(Timestamp(updated), uuid(position), position);
        let mut log = OrderLog::default();
        let mut at = [0_i64; 4];
        let mut expected = Vec::new();
        for (step, (position, updated)) in
            (0..).zip([(0, 5), (1, 6), (0, 7), (2, 7), (0, 5), (3, 4)].repeat(9))
        {
            at[position as usize] = updated;
            let stands = |stamp: &Stamp| at[stamp.position as usize] == stamp.updated.0;
            let is_live = |position: u32| at[position as usize] > 0;
            log.add(vec![stamp(updated, position)], 4, uuid, (is_live, stands));
            expected = (0..4).filter(|position| at[*position as usize] > 0).collect::<Vec<u32>>();
            expected.sort_by_key(|position| (at[*position as usize], *position));
            let order: Vec<u32> =
                log.from(Timestamp(0), None).filter(|of| stands(of)).map(|of| of.position).collect();
            assert_eq!(order, expected, "step {step}");
        }
        assert_eq!(expected, [3, 0, 1, 2]);
        assert!(log.len() <= 4 + 1 + SPARE + 1);
    }

    #[test]
    fn two_uuids_that_begin_alike_stand_in_the_order_of_the_whole() {
        let uuid = |number: u32| Uuid::from_u128((1 << 100) + u128::from(10 - number));
        let mut log = OrderLog::default();
        log.append((0..5).map(|position| Stamp::new(Timestamp(1), uuid(position), position)).collect(), uuid);
        let order: Vec<u32> = log.from(Timestamp(1), None).map(|stamp| stamp.position).collect();
        assert_eq!(order, [4, 3, 2, 1, 0]);
    }
}

//! The first records of a set in an order, without putting all of them in order.
//!
//! A page is never further in than ten thousand records, so the best so many are kept while all are looked at once. Most are
//! turned away by one comparison of numbers, which are made for a piece of the column at a time.

use std::cmp::Ordering;

use uuid::Uuid;

use crate::eval::{Column, Keys};
use crate::table::{Bits, CHUNK, Chunked, OrderLog};

/// Records from which on the work is shared by two threads.
const SHARED: u64 = 1_000_000;

/// Words of a set for one piece of a column.
const WORDS: usize = CHUNK / 64;

/// Records of a piece below which their keys are made one by one.
const FEW: u32 = CHUNK as u32 / 10;

/// How much sparser than the log of changes records may be to be found by walking through it.
const SPARSE: u64 = 20;

/// The first `window` of `records` by a column, greatest first if `descending`; ties by uuid, missing values last (first if
/// descending).
pub(crate) fn first_by(
    column: &Column<'_>,
    uuids: &Chunked<Uuid>,
    descending: bool,
    records: &Bits,
    window: usize,
) -> Vec<u32> {
    let count = records.count();
    let keys = Keys::of(column, count).for_records(records, count);
    let is_exact = keys.is_exact();
    let missing = if descending { !Keys::MISSING } else { Keys::MISSING };
    let order = |key: u64, a: u32, b: u32| {
        let by_column = if is_exact && key != missing { Ordering::Equal } else { column.compare(a, b) };
        let by_column = if descending { by_column.reverse() } else { by_column };
        by_column.then_with(|| uuids.get(a).cmp(&uuids.get(b)))
    };
    select(records, window, &keys, descending, &order)
}

/// The first `window` of `records` by (`updated`, uuid), the last changed first if `descending`; `None` if they are too few
/// among all for the log of changes to be the way to find them.
pub(crate) fn first_by_log(
    log: &OrderLog,
    updated: &Chunked<i64>,
    descending: bool,
    records: &Bits,
    window: usize,
) -> Option<Vec<u32>> {
    if records.count() * SPARSE < log.len() as u64 {
        return None;
    }
    let mut found = Vec::new();
    let stands = |position: u32, at: i64| records.contains(position) && updated.get(position) == Some(&at);
    if !descending {
        let all = log.from(model::Timestamp(i64::MIN), None);
        let standing = all.filter(|stamp| stands(stamp.position, stamp.updated.0));
        found.extend(standing.take(window).map(|stamp| stamp.position));
        return Some(found);
    }
    // of those that changed at once the one with the least uuid is first: it may be everything that a new judgement moved
    let mut end = log.len();
    while end > 0 && found.len() < window {
        let (start, run) = log.last_run(end);
        let standing = run.filter(|stamp| stands(stamp.position, stamp.updated.0));
        found.extend(standing.take(window - found.len()).map(|stamp| stamp.position));
        end = start;
    }
    Some(found)
}

/// The first `window` of `records`: by their keys, and where these are equal by `order`.
fn select(
    records: &Bits,
    window: usize,
    keys: &Keys<'_>,
    descending: bool,
    order: &(impl Fn(u64, u32, u32) -> Ordering + Sync),
) -> Vec<u32> {
    if window == 0 {
        return Vec::new();
    }
    let words = records.words();
    let best = |first: usize, words: &[u64]| {
        let mut best = Best { window, keys, descending, order, kept: Vec::new(), last: None };
        best.take_all(first, words);
        best.finish()
    };
    let half = (words.len() / 2).next_multiple_of(WORDS);
    let mut kept = if records.count() >= SHARED && half < words.len() {
        let (mut low, high) = std::thread::scope(|scope| {
            let high = scope.spawn(|| best(half, &words[half..]));
            let low = best(0, &words[..half]);
            (low, high.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        low.extend(high);
        low
    } else {
        best(0, words)
    };
    kept.sort_unstable_by(|a, b| compare(*a, *b, order));
    kept.truncate(window);
    kept.into_iter().map(|(_, position)| position).collect()
}

fn compare(a: (u64, u32), b: (u64, u32), order: &impl Fn(u64, u32, u32) -> Ordering) -> Ordering {
    a.0.cmp(&b.0).then_with(|| order(a.0, a.1, b.1))
}

/// The best so far.
struct Best<'b, 'c, O> {
    window: usize,
    keys: &'b Keys<'c>,
    descending: bool,
    order: &'b O,
    kept: Vec<(u64, u32)>,
    /// The last of the window once it is full: what comes after it does not count.
    last: Option<(u64, u32)>,
}

impl<O: Fn(u64, u32, u32) -> Ordering> Best<'_, '_, O> {
    /// Takes what is in some words, of which the first stands at word `first`: the beginning of a piece of a column.
    fn take_all(&mut self, first: usize, words: &[u64]) {
        let mut piece = [0; CHUNK];
        for (index, words) in words.chunks(WORDS).enumerate() {
            let start = (first + index * WORDS) as u32 * 64;
            let wanted: u32 = words.iter().map(|word| word.count_ones()).sum();
            if wanted >= FEW {
                let keys = &mut piece[..words.len() * 64];
                self.keys.fill(start, keys);
                if self.descending {
                    keys.iter_mut().for_each(|key| *key = !*key);
                }
                each(words, |at| self.take(start + at, keys[at as usize]));
            } else if wanted > 0 {
                let (keys, flip) = (self.keys, if self.descending { u64::MAX } else { 0 });
                each(words, |at| self.take(start + at, keys.key(start + at) ^ flip));
            }
        }
    }

    fn take(&mut self, position: u32, key: u64) {
        if let Some(last) = self.last
            && (key > last.0 || key == last.0 && (self.order)(key, position, last.1) != Ordering::Less)
        {
            return;
        }
        self.kept.push((key, position));
        if self.kept.len() >= (self.window * 2).max(1_024) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.kept.len() > self.window {
            let order = self.order;
            self.kept.select_nth_unstable_by(self.window - 1, |a, b| compare(*a, *b, order));
            self.kept.truncate(self.window);
            self.last = self.kept.last().copied();
        }
    }

    fn finish(mut self) -> Vec<(u64, u32)> {
        self.cut();
        self.kept
    }
}

/// Calls `see` with each position that is set in some words, counted from the first of them.
fn each(words: &[u64], mut see: impl FnMut(u32)) {
    for (index, word) in words.iter().enumerate() {
        let mut rest = *word;
        while rest != 0 {
            see(index as u32 * 64 + rest.trailing_zeros());
            rest &= rest - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::eval::numbers;
    use crate::table::{Dictionary, Stamp};

    proptest! {
        #[test]
        fn a_window_is_what_a_full_sort_begins_with(
            values in proptest::collection::vec(proptest::option::of(0_i64..20), 0..9_000),
            step in 1_u32..14, window in 0_usize..1_200, descending in any::<bool>(),
        ) {
            let len = values.len() as u32;
            let column: Chunked<i64> = values.iter().map(|value| value.unwrap_or(-1)).collect();
            // uuids run against positions
            let uuids: Chunked<Uuid> = (0..len).map(|at| Uuid::from_u128(u128::from(len - at))).collect();
            let records = Bits::from_fn(len, |position| position % step == 0);
            let read = numbers(&column, |value| (value >= 0).then_some(value));
            let found = first_by(&read, &uuids, descending, &records, window);
            let mut naive: Vec<u32> = records.iter().collect();
            naive.sort_by(|a, b| {
                let value = |at: &u32| values[*at as usize];
                let by_value = (value(a).is_none(), value(a)).cmp(&(value(b).is_none(), value(b)));
                let by_value = if descending { by_value.reverse() } else { by_value };
                by_value.then_with(|| b.cmp(a))
            });
            naive.truncate(window);
            prop_assert_eq!(found, naive);
        }

        #[test]
        fn texts_that_begin_alike_are_put_in_order(
            texts in proptest::collection::vec(proptest::option::of("(aaa|aab|aaaaaaaaa|b)?[ab]{0,10}"), 0..90),
            window in 0_usize..60, descending in any::<bool>(),
        ) {
            let len = texts.len() as u32;
            let mut known = Dictionary::default();
            let codes: Chunked<u32> = texts.iter().map(|text| known.intern_optional(text.as_deref())).collect();
            let uuids: Chunked<Uuid> = (0..len).map(|at| Uuid::from_u128(u128::from(len - at))).collect();
            let records = Bits::all(len);
            let found = first_by(&Column::Text(&codes, &known), &uuids, descending, &records, window);
            let mut naive: Vec<u32> = records.iter().collect();
            naive.sort_by(|a, b| {
                let value = |at: &u32| texts[*at as usize].as_deref();
                let by_value = (value(a).is_none(), value(a)).cmp(&(value(b).is_none(), value(b)));
                let by_value = if descending { by_value.reverse() } else { by_value };
                by_value.then_with(|| b.cmp(a))
            });
            naive.truncate(window);
            prop_assert_eq!(found, naive);
        }

        #[test]
        fn the_log_gives_the_same_order_as_the_column(
            times in proptest::collection::vec(1_i64..6, 1..80), window in 1_usize..90, descending in any::<bool>(),
        ) {
            let len = times.len() as u32;
            let uuids: Chunked<Uuid> =
                (0..len).map(|at| Uuid::from_u128(u128::from(at.wrapping_mul(7_919) % 101) << 100 | u128::from(at))).collect();
            let updated: Chunked<i64> = times.iter().copied().collect();
            let mut log = OrderLog::default();
            for time in 1..6 {
                let whole = |at: u32| uuids.get(at).copied().unwrap_or_default();
                let members = (0..len).filter(|at| times[*at as usize] == time);
                log.append(members.map(|at| Stamp::new(Timestamp(time), whole(at), at)).collect(), whole);
            }
            let records = Bits::all(len);
            let by_column = first_by(&numbers(&updated, Some), &uuids, descending, &records, window);
            prop_assert_eq!(first_by_log(&log, &updated, descending, &records, window), Some(by_column));
        }
    }
}

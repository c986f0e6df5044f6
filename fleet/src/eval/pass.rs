//! Passes over columns: the positions out of candidates whose value passes a test.
//!
//! A pass looks only at the words of the candidates that hold any, and where they are few, only at those. A long pass is
//! shared by two threads, which is what the smallest machine has; more would take them from other requests.

use crate::table::{Bits, CHUNK, Chunked};

/// Words of a set for one piece of a column.
const WORDS: usize = CHUNK / 64;

/// Candidates from which on a pass is shared.
const SHARED: u64 = 1_000_000;

/// Candidates of a word up to which they are looked at one by one.
const FEW: u32 = 12;

/// The candidates whose value passes; what lies beyond the column has no value and does not.
pub(crate) fn pass<T: Copy + Sync + Send>(
    column: &Chunked<T>,
    candidates: &Bits,
    holds: impl Fn(T) -> bool + Sync,
) -> Bits {
    pass_at(column, candidates, |_, value| holds(value))
}

/// [`pass`] with a test that is told the position too.
pub(crate) fn pass_at<T: Copy + Sync + Send>(
    column: &Chunked<T>,
    candidates: &Bits,
    holds: impl Fn(u32, T) -> bool + Sync,
) -> Bits {
    let wanted = candidates.words();
    let mut found = vec![0_u64; wanted.len()];
    let run = |first: usize, wanted: &[u64], found: &mut [u64]| {
        let pieces = column.chunks().skip(first);
        for ((start, values), (wanted, found)) in
            pieces.zip(wanted.chunks(WORDS).zip(found.chunks_mut(WORDS)))
        {
            piece(start, values, wanted, found, &holds);
        }
    };
    let half = wanted.len().div_ceil(2).next_multiple_of(WORDS);
    if half < wanted.len() && u64::from(candidates.len()) >= SHARED && candidates.count() >= SHARED {
        let (low, high) = found.split_at_mut(half);
        std::thread::scope(|scope| {
            scope.spawn(|| run(half / WORDS, &wanted[half..], high));
            run(0, &wanted[..half], low);
        });
    } else {
        run(0, wanted, &mut found);
    }
    Bits::from_words(found, candidates.len())
}

fn piece<T: Copy>(
    start: u32,
    values: &[T],
    wanted: &[u64],
    found: &mut [u64],
    holds: &impl Fn(u32, T) -> bool,
) {
    for (index, ((wanted, found), values)) in wanted.iter().zip(found).zip(values.chunks(64)).enumerate() {
        let first = start + index as u32 * 64;
        if *wanted == 0 {
            continue;
        }
        let mut bits = 0_u64;
        if wanted.count_ones() <= FEW {
            let mut rest = *wanted;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                let holds = values.get(bit as usize).is_some_and(|value| holds(first + bit, *value));
                bits |= u64::from(holds) << bit;
            }
        } else {
            for (bit, value) in values.iter().enumerate() {
                bits |= u64::from(holds(first + bit as u32, *value)) << bit;
            }
        }
        *found = bits & wanted;
    }
}

/// The candidates whose value is a member of `set`: positions of one table from a set over another.
pub(crate) fn through(column: &Chunked<u32>, candidates: &Bits, set: &Bits) -> Bits {
    if set.is_empty() {
        return Bits::none(candidates.len());
    }
    let words = set.words();
    pass(column, candidates, |of| words.get(of as usize / 64).is_some_and(|word| word >> (of % 64) & 1 != 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_pass_finds_the_candidates_that_a_look_at_each_finds(
            len in 0_u32..20_000, step in 1_u32..90, modulus in 1_u32..9, short in 0_u32..3,
        ) {
            let column: Chunked<u32> = (0..len).collect();
            let candidates = Bits::from_fn(len + short, |position| position % step == 0);
            let found = pass(&column, &candidates, |value| value % modulus == 0);
            let naive = Bits::from_fn(len + short, |at| at < len && at % step == 0 && at % modulus == 0);
            prop_assert_eq!(&found, &naive);
            let set = Bits::from_fn(len, |position| position % modulus == 0);
            prop_assert_eq!(&through(&column, &candidates, &set), &naive);
        }
    }

    #[test]
    fn a_long_pass_is_the_same_when_it_is_shared() {
        let len = 2_100_001;
        let column: Chunked<u32> = (0..len).collect();
        let found = pass(&column, &Bits::all(len), |value| value % 3 == 0);
        assert_eq!(found, Bits::from_fn(len, |position| position % 3 == 0));
    }
}

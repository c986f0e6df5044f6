//! Since when an image has a package, for packages that came after the image was first stored.
//!
//! An image's id is that of its content, so a later report seldom finds other packages; when it does, because the scanner
//! has learnt more, they were not known to be in the image before. The time of a finding in the image must say so, however
//! long the same package has been known in others.

use std::collections::BTreeSet;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};

/// The packages that came later with the clock value at which each came, in the order of their numbers.
pub(crate) type Since = Box<[(u32, Timestamp)]>;

/// The form that is stored: each number as the difference to the one before. It is never changed.
#[derive(Serialize, Deserialize)]
struct Stored(Vec<(u32, i64)>);

/// What holds for `packages` when they take the place of `before`, of which `since` held.
pub(crate) fn next(
    since: &[(u32, Timestamp)],
    before: &BTreeSet<u32>,
    packages: &BTreeSet<u32>,
    clock: Timestamp,
) -> Since {
    let of_known = |package: &u32| since.binary_search_by_key(package, |(number, _)| *number).ok();
    let came = |package: &u32| match before.contains(package) {
        true => of_known(package).map(|place| since[place]),
        false => Some((*package, clock)),
    };
    packages.iter().filter_map(came).collect()
}

/// Writes it; `None` if it says nothing.
pub(crate) fn encode(since: &[(u32, Timestamp)]) -> Option<Vec<u8>> {
    let mut last = 0;
    let gaps =
        since.iter().map(|(package, clock)| (package - std::mem::replace(&mut last, *package), clock.0));
    let stored = Stored(gaps.collect());
    (!since.is_empty()).then(|| postcard::to_stdvec(&stored).expect("plain lists can be written into memory"))
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(what: &str, bytes: &[u8]) -> Result<Since> {
    let damaged = |reason: &str| StoreError::damaged(what, reason);
    let Stored(gaps) = postcard::from_bytes(bytes).map_err(|error| damaged(&error.to_string()))?;
    let mut since = Vec::with_capacity(gaps.len());
    let mut package = 0_u32;
    for (gap, clock) in gaps {
        package = package
            .checked_add(gap)
            .filter(|_| gap > 0)
            .ok_or_else(|| damaged("names packages out of order since when it has them"))?;
        since.push((package, Timestamp(clock)));
    }
    Ok(since.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs() -> impl Strategy<Value = Since> {
        proptest::collection::btree_map(1_u32.., any::<i64>(), 0..20)
            .prop_map(|map| map.into_iter().map(|(package, clock)| (package, Timestamp(clock))).collect())
    }

    #[test]
    fn new_packages_have_the_clock_kept_ones_their_own_and_gone_ones_nothing() {
        let (before, after) = (BTreeSet::from([1, 2, 3, 5]), BTreeSet::from([2, 3, 4]));
        let since = [(3, Timestamp(10)), (5, Timestamp(10))];
        let next = next(&since, &before, &after, Timestamp(20));
        assert_eq!(*next, [(3, Timestamp(10)), (4, Timestamp(20))]);
        let again = super::next(&next, &after, &before, Timestamp(30));
        assert_eq!(*again, [(1, Timestamp(30)), (3, Timestamp(10)), (5, Timestamp(30))]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(since in pairs()) {
            match encode(&since) {
                None => prop_assert!(since.is_empty()),
                Some(bytes) => prop_assert_eq!(decode("image", &bytes).unwrap(), since),
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Ok(since) = decode("image", &bytes) {
                prop_assert!(since.is_sorted_by(|a, b| a.0 < b.0));
            }
        }
    }
}

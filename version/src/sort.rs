//! Sorting versions by orders that need not be transitive.
//!
//! The decision a reader may doubt: a sort of our own. Two references go in circles at the edge
//! ([`Scheme::is_transitive`](crate::Scheme::is_transitive)), the standard library's sort may panic when an order does, and what is
//! sorted comes from foreign feeds. This one ends whatever the order says; where it is total, so is the result.

use std::cmp::Ordering;

use crate::parsed::Parsed;

/// Sorts what comes with a version, oldest first; what is equal stays in its order.
#[must_use]
pub fn sort<'a, T>(mut items: Vec<(T, Parsed<'a>)>) -> Vec<(T, Parsed<'a>)> {
    if items.len() < 2 {
        return items;
    }
    let right = sort(items.split_off(items.len() / 2));
    let left = sort(items);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some((_, a)), Some((_, b))) = (left.peek(), right.peek()) {
        let next = if a.compare(b) == Ordering::Greater { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scheme;

    fn sorted(scheme: Scheme, texts: &[&'static str]) -> Vec<&'static str> {
        let items = texts.iter().map(|text| (*text, Parsed::parse(scheme, text).unwrap())).collect();
        sort(items).into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn versions_are_sorted_and_equal_ones_stay_in_their_order() {
        let texts = ["1.10", "1.0.0", "1.9", "1.0", "1.0rc1", "1"];
        assert_eq!(sorted(Scheme::Pep440, &texts), ["1.0rc1", "1.0.0", "1.0", "1", "1.9", "1.10"]);
        assert_eq!(sorted(Scheme::Pep440, &[]), [""; 0]);
    }

    #[test]
    fn an_order_that_goes_in_circles_neither_panics_nor_loses_anything() {
        let circle = ["1--SNAPSHOT0", "1sp", "1"];
        let texts: Vec<&str> = circle.into_iter().cycle().take(1000).collect();
        let mut found = sorted(Scheme::Maven, &texts);
        assert_eq!(found.len(), 1000);
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), 3);
    }
}

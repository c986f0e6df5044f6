//! Versions of R packages, as R's `package_version` reads and orders them: two numbers or more with dots or hyphens
//! between them, compared place by place.
//!
//! Dot and hyphen mean the same, and neither leading zeros nor zeros at the end count: `1.0` equals `1.0.0` to R's operators, though
//! not to its function `compareVersion`. Numbers are those of R's integers.

use std::cmp::Ordering;

use crate::digits::{self, Runs};
use crate::error::Reason;

/// R's largest integer.
const MAX_NUMBER: &[u8] = b"2147483647";

/// The numbers of a version, with marks between them.
pub(crate) struct Version<'a>(&'a [u8]);

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let (mut at, mut count) = (0, 0);
        for number in text.split(['.', '-']) {
            let (run, rest) = digits::split_digits(number.as_bytes());
            match (run, rest) {
                ([], _) if at == 0 => return Err(Reason::NoNumber),
                ([], []) => return Err(Reason::EmptyPart("number")),
                (_, [_, ..]) => return Err(Reason::Unexpected(at + run.len())),
                _ if digits::compare(run, MAX_NUMBER).is_gt() => return Err(Reason::NumberTooLarge(at)),
                _ => (at, count) = (at + number.len() + 1, count + 1),
            }
        }
        if count < 2 { Err(Reason::EmptyPart("second number")) } else { Ok(Self(text.as_bytes())) }
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        if let Some(order) = digits::compare_where_they_differ(self.0, other.0) {
            return order;
        }
        let (mut left, mut right) = (Runs(self.0), Runs(other.0));
        loop {
            let (a, b) = (left.next(), right.next());
            if a.is_none() && b.is_none() {
                return Ordering::Equal;
            }
            let order = digits::compare(a.unwrap_or_default(), b.unwrap_or_default());
            if order.is_ne() {
                return order;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_r_refuses_is_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("1"), Reason::EmptyPart("second number"));
        assert_eq!(reason("v1.0"), Reason::NoNumber);
        assert_eq!(reason("1.0a"), Reason::Unexpected(3));
        assert_eq!(reason("1.a"), Reason::Unexpected(2));
        assert_eq!(reason("1..0"), Reason::EmptyPart("number"));
        assert_eq!(reason("1.0-"), Reason::EmptyPart("number"));
        assert_eq!(reason("1.2147483648"), Reason::NumberTooLarge(2));
    }
}

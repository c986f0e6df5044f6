//! Versions of Dart packages, as pub's library `pub_semver` reads and orders them.
//!
//! Two departures from SemVer: leading zeros are taken, and build metadata orders — a version with it is newer than the
//! one without, and two of them compare like pre-releases. An identifier counts as a number wherever Dart's
//! `int.tryParse` reads one: with a minus sign (`1.0.0--5`), in hexadecimal (`0x1f`), and not beyond 64 bits.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;
use crate::semver::{self, Zeros};

/// The largest number of Dart.
const MAX_NUMBER: &[u8] = b"9223372036854775807";

/// A version of a Dart package; absent parts are empty.
pub(crate) struct Version<'a> {
    numbers: [&'a [u8]; 3],
    pre: &'a str,
    build: &'a str,
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let (numbers, rest) = semver::three_numbers(text, 0, Zeros::Taken)?;
        if numbers.iter().any(|number| digits::compare(number, MAX_NUMBER).is_gt()) {
            return Err(Reason::NumberTooLarge(0));
        }
        let (pre, build) = semver::suffixes(rest, text.len() - rest.len(), Zeros::Taken)?;
        Ok(Self { numbers, pre, build })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        semver::compare_numbers(self.numbers, other.numbers)
            .then_with(|| match (self.pre, other.pre) {
                ("", "") => Ordering::Equal,
                ("", _) => Ordering::Greater,
                (_, "") => Ordering::Less,
                (a, b) => compare_lists(a, b),
            })
            .then_with(|| match (self.build, other.build) {
                ("", "") => Ordering::Equal,
                ("", _) => Ordering::Less,
                (_, "") => Ordering::Greater,
                (a, b) => compare_lists(a, b),
            })
    }
}

/// Numbers by value and before words, words bytewise, the longer list is newer.
fn compare_lists(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let (a, b) = match (left.next(), right.next()) {
            (Some(a), Some(b)) => (a, b),
            (a, b) => return a.is_some().cmp(&b.is_some()),
        };
        let order = match (number(a), number(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            (None, None) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The number that Dart's `int.tryParse` reads in an identifier.
fn number(identifier: &str) -> Option<i64> {
    let (negative, digits) = match identifier.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, identifier),
    };
    let magnitude = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        // up to 64 bits are taken as they are, so that large ones are negative
        Some(hexadecimal) if hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            let value = u64::from_str_radix(hexadecimal, 16).ok()?.cast_signed();
            return Some(if negative { value.wrapping_neg() } else { value });
        }
        Some(_) => return None,
        None if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse::<i128>().ok()?,
        None => return None,
    };
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pub_refuses_is_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("v1.2.3"), Reason::NoNumber);
        assert_eq!(reason("1.2"), Reason::Unexpected(3));
        assert_eq!(reason("1.2.3 "), Reason::Unexpected(5));
        assert_eq!(reason("1.2.3-"), Reason::EmptyPart("pre-release"));
        assert_eq!(reason("9223372036854775808.0.0"), Reason::NumberTooLarge(0));
    }

    #[test]
    fn identifiers_are_numbers_where_dart_reads_one() {
        assert_eq!(number("007"), Some(7));
        assert_eq!(number("-5"), Some(-5));
        assert_eq!(number("0x1F"), Some(31));
        assert_eq!(number("9223372036854775808"), None);
        assert_eq!(number("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(
            (number(""), number("-"), number("0x"), number("--1"), number("1a")),
            (None, None, None, None, None)
        );
    }
}

//! Versions of Julia packages, as Julia's `VersionNumber` reads and orders them.
//!
//! Departures from SemVer: minor and patch may be missing, `v` may stand in front, a pre-release needs no hyphen if it
//! begins with a letter (`1.2rc1`), leading zeros are taken, and build metadata orders. An empty pre-release (`1.2.3-`) is before
//! all others, empty build metadata (`1.2.3+`) behind all others.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;
use crate::semver::{self, Zeros};

/// The largest of the three numbers.
const MAX_NUMBER: &[u8] = b"4294967295";

/// The largest number in a pre-release or in build metadata.
const MAX_IDENTIFIER: &[u8] = b"18446744073709551615";

/// A version of a Julia package; an empty part is one that was written empty.
pub(crate) struct Version<'a> {
    numbers: [&'a [u8]; 3],
    pre: Option<&'a str>,
    build: Option<&'a str>,
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let body = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let start = text.len() - body.len();
        let mut numbers: [&[u8]; 3] = [b"0"; 3];
        let mut rest = body;
        for (index, number) in numbers.iter_mut().enumerate() {
            let next = if index == 0 { Some(rest) } else { rest.strip_prefix('.') };
            let Some(next) = next else { break };
            let offset = start + body.len() - next.len();
            (*number, rest) = semver::read_number(next, offset, Zeros::Taken)?;
            if digits::compare(number, MAX_NUMBER).is_gt() {
                return Err(Reason::NumberTooLarge(offset));
            }
        }
        let offset = start + body.len() - rest.len();
        let (front, build) = match rest.split_once('+') {
            Some((front, build)) => (front, Some(build)),
            None => (rest, None),
        };
        let pre = match front.strip_prefix('-') {
            Some("") if build.is_some() => return Err(Reason::EmptyPart("pre-release")),
            Some(pre) => Some(pre),
            None if front.starts_with(|c: char| c.is_ascii_alphabetic()) => Some(front),
            None if front.is_empty() => None,
            None => return Err(Reason::Unexpected(offset)),
        };
        check(pre, offset + front.len() - pre.map_or(0, str::len), "pre-release")?;
        check(build, offset + front.len() + 1, "build metadata")?;
        Ok(Self { numbers, pre, build })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        semver::compare_numbers(self.numbers, other.numbers)
            .then_with(|| match (self.pre, other.pre) {
                (Some(a), Some(b)) => compare_lists(a, b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            })
            .then_with(|| match (self.build, other.build) {
                (Some(a), Some(b)) => a.is_empty().cmp(&b.is_empty()).then_with(|| compare_lists(a, b)),
                (a, b) => a.is_some().cmp(&b.is_some()),
            })
    }
}

/// Checks a part that may be empty as a whole.
fn check(part: Option<&str>, offset: usize, name: &'static str) -> Result<(), Reason> {
    let Some(part) = part.filter(|part| !part.is_empty()) else { return Ok(()) };
    semver::check_identifiers(part, offset, name, Zeros::Taken)?;
    let too_large = |identifier: &str| {
        is_number(identifier) && digits::compare(identifier.as_bytes(), MAX_IDENTIFIER).is_gt()
    };
    if part.split('.').any(too_large) { Err(Reason::NumberTooLarge(offset)) } else { Ok(()) }
}

fn is_number(identifier: &str) -> bool {
    !identifier.is_empty() && identifier.bytes().all(|byte| byte.is_ascii_digit())
}

/// Nothing before numbers, numbers by value and before words, words bytewise, the longer list is newer.
fn compare_lists(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let (a, b) = match (left.next(), right.next()) {
            (Some(a), Some(b)) => (a, b),
            (a, b) => return a.is_some().cmp(&b.is_some()),
        };
        let order = match (is_number(a), is_number(b)) {
            (true, true) => digits::compare(a.as_bytes(), b.as_bytes()),
            (false, false) => a.cmp(b),
            (true, false) if b.is_empty() => Ordering::Greater,
            (false, true) if a.is_empty() => Ordering::Less,
            (a_number, b_number) => b_number.cmp(&a_number),
        };
        if order.is_ne() {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_julia_refuses_is_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("latest"), Reason::NoNumber);
        assert_eq!(reason("1."), Reason::NoNumber);
        assert_eq!(reason("1.2.3.4"), Reason::Unexpected(5));
        assert_eq!(reason("1.2.3-+1"), Reason::EmptyPart("pre-release"));
        assert_eq!(reason("1.2.3-a..b"), Reason::EmptyPart("pre-release"));
        assert_eq!(reason("1.2.3+a_b"), Reason::Unexpected(7));
        assert_eq!(reason("4294967296"), Reason::NumberTooLarge(0));
    }
}

//! Versions of Haskell packages, as Cabal reads and orders them: a list of numbers, compared place by place.
//!
//! The shorter of two lists that agree is older: `1.0` is before `1.0.0`, unlike nearly everywhere else. Numbers have at most
//! nine digits and no leading zeros. Tags behind a hyphen (`1.0-rc`), which Cabal once allowed, are read and do not count.

use std::cmp::Ordering;

use crate::digits::{self, Runs};
use crate::error::Reason;
use crate::semver::{self, Zeros};

/// The most digits of one number.
const MAX_DIGITS: usize = 9;

/// The numbers of a version, with dots between them.
pub(crate) struct Version<'a>(&'a [u8]);

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let (front, tags) = text.split_at(text.find('-').unwrap_or(text.len()));
        let mut rest = front;
        loop {
            let offset = front.len() - rest.len();
            let (number, tail) = semver::read_number(rest, offset, Zeros::Refused)?;
            if number.len() > MAX_DIGITS {
                return Err(Reason::NumberTooLarge(offset));
            }
            if tail.is_empty() {
                break;
            }
            rest = tail.strip_prefix('.').ok_or(Reason::Unexpected(front.len() - tail.len()))?;
        }
        let mut at = front.len();
        for tag in tags.split('-').skip(1) {
            if tag.is_empty() {
                return Err(Reason::EmptyPart("tag"));
            }
            if let Some(index) = tag.bytes().position(|byte| !byte.is_ascii_alphanumeric()) {
                return Err(Reason::Unexpected(at + 1 + index));
            }
            at += tag.len() + 1;
        }
        Ok(Self(front.as_bytes()))
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        if let Some(order) = digits::compare_where_they_differ(self.0, other.0) {
            return order;
        }
        let (mut left, mut right) = (Runs(self.0), Runs(other.0));
        loop {
            let order = match (left.next(), right.next()) {
                (Some(a), Some(b)) => digits::compare(a, b),
                (a, b) => return a.is_some().cmp(&b.is_some()),
            };
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
    fn what_cabal_refuses_is_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("v1.0"), Reason::NoNumber);
        assert_eq!(reason("1.01"), Reason::LeadingZero(2));
        assert_eq!(reason("1."), Reason::NoNumber);
        assert_eq!(reason("1.1234567890"), Reason::NumberTooLarge(2));
        assert_eq!(reason("1.0a"), Reason::Unexpected(3));
        assert_eq!(reason("1.0-"), Reason::EmptyPart("tag"));
        assert_eq!(reason("1.0-a-b_c"), Reason::Unexpected(7));
    }
}

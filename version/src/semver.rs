//! Semantic versions: what node's `semver` reads in its default (strict) mode, in the order of SemVer 2.0.0 §11.
//!
//! Exactly three numbers without leading zeros, a pre-release behind a hyphen, build metadata behind a plus that never
//! orders. As node does, a leading `v` and white space around it are dropped, and numbers end at 2^53 - 1. `1.2`
//! and `0` are no versions: the OSV bound `0`, which stands for "from the beginning", never comes here.
//!
//! The parts that other schemes share (numbers, identifiers and their order) are functions of this module.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;

/// The most characters that node's `semver` looks at.
const MAX_TEXT: usize = 256;

/// The largest number that node's `semver` takes: what a double holds exactly.
const MAX_NUMBER: &[u8] = b"9007199254740991";

/// A semantic version; `pre` is empty for a release.
pub(crate) struct Version<'a> {
    pub(crate) numbers: [&'a [u8]; 3],
    pub(crate) pre: &'a str,
}

/// Whether numbers may have leading zeros.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zeros {
    Refused,
    Taken,
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        if text.len() > MAX_TEXT {
            return Err(Reason::TooLong(text.len()));
        }
        let body = text.trim_ascii();
        let body = body.strip_prefix('v').unwrap_or(body);
        let start = text.trim_ascii_end().len() - body.len();
        let version = Self::parse_bare(body, start)?;
        version.check_size(start)?;
        Ok(version)
    }

    /// Reads a version as the specification writes it, with nothing around it and numbers of any size; `start` is its
    /// place in the text that errors speak of.
    pub(crate) fn parse_bare(body: &'a str, start: usize) -> Result<Self, Reason> {
        let (numbers, rest) = three_numbers(body, start, Zeros::Refused)?;
        let (pre, _) = suffixes(rest, start + body.len() - rest.len(), Zeros::Refused)?;
        Ok(Self { numbers, pre })
    }

    /// Refuses numbers that node's `semver` refuses.
    pub(crate) fn check_size(&self, start: usize) -> Result<(), Reason> {
        let too_large = |number: &&[u8]| {
            let digits = digits::significant(number);
            digits.len() >= MAX_NUMBER.len() && digits::compare(digits, MAX_NUMBER).is_gt()
        };
        if self.numbers.iter().any(too_large) { Err(Reason::NumberTooLarge(start)) } else { Ok(()) }
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        compare_numbers(self.numbers, other.numbers).then_with(|| match (self.pre, other.pre) {
            ("", "") => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (a, b) => compare_identifiers(a.split('.'), b.split('.')),
        })
    }
}

pub(crate) fn compare_numbers(a: [&[u8]; 3], b: [&[u8]; 3]) -> Ordering {
    for (a, b) in a.into_iter().zip(b) {
        let order = digits::compare(a, b);
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Reads three numbers with dots between them, and gives back what follows.
pub(crate) fn three_numbers(body: &str, start: usize, zeros: Zeros) -> Result<([&[u8]; 3], &str), Reason> {
    let mut numbers: [&[u8]; 3] = [b""; 3];
    let mut rest = body;
    for (index, number) in numbers.iter_mut().enumerate() {
        let offset = start + body.len() - rest.len();
        let text =
            if index == 0 { rest } else { rest.strip_prefix('.').ok_or(Reason::Unexpected(offset))? };
        (*number, rest) = read_number(text, start + body.len() - text.len(), zeros)?;
    }
    Ok((numbers, rest))
}

/// Reads one number, and gives back what follows.
pub(crate) fn read_number(text: &str, offset: usize, zeros: Zeros) -> Result<(&[u8], &str), Reason> {
    let (run, _) = digits::split_digits(text.as_bytes());
    match run {
        [] if offset == 0 || text.is_empty() => Err(Reason::NoNumber),
        [] => Err(Reason::Unexpected(offset)),
        [b'0', _, ..] if zeros == Zeros::Refused => Err(Reason::LeadingZero(offset)),
        _ => Ok((run, &text[run.len()..])),
    }
}

/// Reads `[-pre-release][+build]`; what is not there is empty.
pub(crate) fn suffixes(rest: &str, offset: usize, zeros: Zeros) -> Result<(&str, &str), Reason> {
    if rest.is_empty() {
        return Ok(("", ""));
    }
    let (front, build) = match rest.split_once('+') {
        Some((front, build)) => {
            check_identifiers(build, offset + front.len() + 1, "build metadata", Zeros::Taken)?;
            (front, build)
        }
        None => (rest, ""),
    };
    if front.is_empty() {
        return Ok(("", build));
    }
    let pre = front.strip_prefix('-').ok_or(Reason::Unexpected(offset))?;
    check_identifiers(pre, offset + 1, "pre-release", zeros)?;
    Ok((pre, build))
}

/// Checks identifiers with dots between them.
pub(crate) fn check_identifiers(
    text: &str,
    offset: usize,
    part: &'static str,
    zeros: Zeros,
) -> Result<(), Reason> {
    let mut at = offset;
    for identifier in text.split('.') {
        if identifier.is_empty() {
            return Err(Reason::EmptyPart(part));
        }
        let foreign = |byte: u8| !byte.is_ascii_alphanumeric() && byte != b'-';
        if let Some(index) = identifier.bytes().position(foreign) {
            return Err(Reason::Unexpected(at + index));
        }
        if zeros == Zeros::Refused
            && identifier.len() > 1
            && identifier.starts_with('0')
            && is_number(identifier)
        {
            return Err(Reason::LeadingZero(at));
        }
        at += identifier.len() + 1;
    }
    Ok(())
}

fn is_number(identifier: &str) -> bool {
    identifier.bytes().all(|byte| byte.is_ascii_digit())
}

/// SemVer §11.4: numbers by value, before words; words bytewise; the longer list is newer if all else is equal.
pub(crate) fn compare_identifiers<'a>(
    mut left: impl Iterator<Item = &'a str>,
    mut right: impl Iterator<Item = &'a str>,
) -> Ordering {
    loop {
        let (a, b) = match (left.next(), right.next()) {
            (Some(a), Some(b)) => (a, b),
            (a, b) => return a.is_some().cmp(&b.is_some()),
        };
        let order = match (is_number(a), is_number(b)) {
            (true, true) => digits::compare(a.as_bytes(), b.as_bytes()),
            (false, false) => a.cmp(b),
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
    fn what_node_refuses_is_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("*"), Reason::NoNumber);
        assert_eq!(reason("latest"), Reason::NoNumber);
        assert_eq!(reason("^1.2.3"), Reason::NoNumber);
        assert_eq!(reason("0"), Reason::Unexpected(1));
        assert_eq!(reason("1.2"), Reason::Unexpected(3));
        assert_eq!(reason("1.x.3"), Reason::Unexpected(2));
        assert_eq!(reason("1.2.3.4"), Reason::Unexpected(5));
        assert_eq!(reason("1.2.3beta"), Reason::Unexpected(5));
        assert_eq!(reason("1.02.3"), Reason::LeadingZero(2));
        assert_eq!(reason("1.2.3-"), Reason::EmptyPart("pre-release"));
        assert_eq!(reason("1.2.3-a..b"), Reason::EmptyPart("pre-release"));
        assert_eq!(reason("1.2.3-a.01"), Reason::LeadingZero(8));
        assert_eq!(reason("v1.2.3-a_b"), Reason::Unexpected(8));
        assert_eq!(reason("1.2.3+"), Reason::EmptyPart("build metadata"));
        assert_eq!(reason("1.2.3 - 2"), Reason::Unexpected(5));
        assert_eq!(reason("1.9007199254740992.3"), Reason::NumberTooLarge(0));
        assert!(Version::parse(" v1.9007199254740991.3+01 ").is_ok());
    }
}

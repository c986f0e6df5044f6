//! Versions of pacman's packages, `[epoch:]version[-release]`, as `vercmp` of pacman 6 orders them.
//!
//! Like [`crate::rpm`] in its older form, with three differences: there is no tilde and no caret; the number of separators
//! counts (`1..0` is newer than `1.0`); and letters at the end make a version older (`1.0rc` is before `1.0`).
//! A release that only one side has is not looked at, so that `1.0` equals `1.0-1` and `1.0-2`: the order is not transitive
//! between versions with a release and versions without.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;
use crate::rpm;

/// A version of pacman, in the same three parts as one of rpm.
pub(crate) struct Version<'a>(rpm::Version<'a>);

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let parts = rpm::Version::parse(text)?;
        if text.matches(':').nth(1).is_some() {
            return Err(Reason::Epoch);
        }
        Ok(Self(parts))
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.0, &other.0);
        digits::compare(a.epoch, b.epoch).then_with(|| compare_part(a.version, b.version)).then_with(
            || match (a.release, b.release) {
                (Some(a), Some(b)) => compare_part(a, b),
                _ => Ordering::Equal,
            },
        )
    }
}

fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    if let Some(order) = digits::compare_where_they_differ(a, b) {
        return order;
    }
    let is_separator = |byte: u8| !byte.is_ascii_alphanumeric();
    while !a.is_empty() && !b.is_empty() {
        let (a_gap, a_rest) = digits::split_run(a, is_separator);
        let (b_gap, b_rest) = digits::split_run(b, is_separator);
        (a, b) = (a_rest, b_rest);
        if a.is_empty() || b.is_empty() {
            break;
        }
        let (a_segment, a_rest) = split_segment(a);
        let (b_segment, b_rest) = split_segment(b);
        let order = a_gap.len().cmp(&b_gap.len()).then_with(|| compare_segments(a_segment, b_segment));
        if order.is_ne() {
            return order;
        }
        (a, b) = (a_rest, b_rest);
    }
    // What is left over makes a version newer, unless it begins with a letter.
    let begins_with_letter = |rest: &[u8]| rest.first().is_some_and(u8::is_ascii_alphabetic);
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (false, _) if begins_with_letter(a) => Ordering::Less,
        (false, _) => Ordering::Greater,
        (true, false) if begins_with_letter(b) => Ordering::Greater,
        (true, false) => Ordering::Less,
    }
}

/// Splits after the leading run of digits or of letters.
fn split_segment(text: &[u8]) -> (&[u8], &[u8]) {
    match digits::split_digits(text) {
        ([], _) => digits::split_run(text, |byte| byte.is_ascii_alphabetic()),
        split => split,
    }
}

/// A number is newer than letters.
fn compare_segments(a: &[u8], b: &[u8]) -> Ordering {
    let is_number = |segment: &[u8]| segment.first().is_some_and(u8::is_ascii_digit);
    match (is_number(a), is_number(b)) {
        (true, true) => digits::compare(a, b),
        (false, false) => a.cmp(b),
        (a_number, b_number) => a_number.cmp(&b_number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_says_nothing_is_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("a:1.0-1"), Reason::Epoch);
        assert_eq!(reason("1:2:3"), Reason::Epoch);
        assert_eq!(reason("1:"), Reason::EmptyPart("version"));
        assert_eq!(reason("1.0-"), Reason::EmptyPart("release"));
        assert_eq!(reason("1.0 -1"), Reason::Unexpected(3));
    }
}

//! Versions of .NET packages, as `NuGetVersion` reads and orders them.
//!
//! One to four numbers, missing ones are zero, leading zeros are taken; then labels and metadata as in SemVer. Labels
//! compare without regard to case and metadata never orders. A label counts as a number where .NET reads a
//! 32-bit integer, so a longer run of digits is a word, and `-5` a number.
//! Numbers beyond 32 bits are refused as NuGet 5 does; NuGet 6 lets them wrap around.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;
use crate::semver::{self, Zeros};

/// A version of a .NET package; `labels` is empty for a release.
pub(crate) struct Version<'a> {
    numbers: [u32; 4],
    labels: &'a str,
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let body = text.trim_ascii();
        let start = text.trim_ascii_end().len() - body.len();
        let length = body.find(['-', '+']).unwrap_or(body.len());
        let (front, back) = body.split_at(length);
        let mut numbers = [0; 4];
        let mut at = start;
        for (index, part) in front.split('.').enumerate() {
            let number = numbers.get_mut(index).ok_or(Reason::Unexpected(at.saturating_sub(1)))?;
            *number = read_number(part, at, start)?;
            at += part.len() + 1;
        }
        let (labels, _) = semver::suffixes(back, start + length, Zeros::Refused)?;
        Ok(Self { numbers, labels })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.labels, other.labels) {
            ("", "") => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (a, b) => compare_labels(a, b),
        })
    }
}

/// One of the numbers in front: nothing but digits, and at most what a signed 32-bit integer holds.
fn read_number(part: &str, at: usize, start: usize) -> Result<u32, Reason> {
    let (run, rest) = digits::split_digits(part.as_bytes());
    match (run, rest) {
        ([], _) if at == start => Err(Reason::NoNumber),
        ([], []) => Err(Reason::EmptyPart("number")),
        (_, []) => part
            .parse()
            .ok()
            .filter(|number| i32::try_from(*number).is_ok())
            .ok_or(Reason::NumberTooLarge(at)),
        _ => Err(Reason::Unexpected(at + run.len())),
    }
}

fn compare_labels(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let (a, b) = match (left.next(), right.next()) {
            (Some(a), Some(b)) => (a, b),
            (a, b) => return a.is_some().cmp(&b.is_some()),
        };
        let upper = |byte: u8| byte.to_ascii_uppercase();
        let order = match (a.parse::<i32>(), b.parse::<i32>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Err(_), Err(_)) => a.bytes().map(upper).cmp(b.bytes().map(upper)),
            (a, b) => b.is_ok().cmp(&a.is_ok()),
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
    fn what_nuget_refuses_is_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("v1.0"), Reason::NoNumber);
        assert_eq!(reason("1.0.*"), Reason::Unexpected(4));
        assert_eq!(reason("1."), Reason::EmptyPart("number"));
        assert_eq!(reason("1.2.3.4.5"), Reason::Unexpected(7));
        assert_eq!(reason("2147483648"), Reason::NumberTooLarge(0));
        assert_eq!(reason("1.0-"), Reason::EmptyPart("pre-release"));
        assert_eq!(reason("1.0.0-01"), Reason::LeadingZero(6));
        assert_eq!(reason("1.0+a+b"), Reason::Unexpected(5));
        assert_eq!(reason("[1.0,2.0)"), Reason::NoNumber);
        assert!(Version::parse(" 01.2.3.4-A.b+01 ").is_ok());
    }
}

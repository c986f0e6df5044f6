//! RPM versions, `[epoch:]version[-release]`, as `rpmVersionCompare` and `rpmvercmp` of rpm 4.18 order them.
//!
//! A missing epoch is 0. A version without a release is older than the same version with one: that is rpm's order of
//! versions; its dependency check, which ignores a missing release, is no order at all (it is not transitive).

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;

/// An RPM version in its three parts.
pub(crate) struct Version<'a> {
    pub(crate) epoch: &'a [u8],
    pub(crate) version: &'a [u8],
    pub(crate) release: Option<&'a [u8]>,
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        if let Some(index) = text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(Reason::Unexpected(index));
        }
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (epoch, rest),
            None => ("", text),
        };
        if !epoch.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Reason::Epoch);
        }
        let (version, release) = match rest.rsplit_once('-') {
            Some((version, release)) => (version, Some(release)),
            None => (rest, None),
        };
        let says_nothing = |part: &str| !part.bytes().any(|byte| byte.is_ascii_alphanumeric());
        if says_nothing(version) {
            return Err(Reason::EmptyPart("version"));
        }
        if release.is_some_and(says_nothing) {
            return Err(Reason::EmptyPart("release"));
        }
        Ok(Self { epoch: epoch.as_bytes(), version: version.as_bytes(), release: release.map(str::as_bytes) })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let releases = || match (self.release, other.release) {
            (Some(a), Some(b)) => compare_part(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        digits::compare(self.epoch, other.epoch)
            .then_with(|| compare_part(self.version, other.version))
            .then_with(releases)
    }
}

/// One segment of a version or release. The order of the variants is the order of rpm: a tilde is older than the
/// end, a caret newer than the end but older than anything that follows, a number newer than letters.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Tilde,
    End,
    Caret,
    Letters(&'a [u8]),
    Number(Number<'a>),
}

/// A run of digits without leading zeros: the longer one is larger.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Number<'a>(usize, &'a [u8]);

fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    if let Some(order) = digits::compare_where_they_differ(a, b) {
        return order;
    }
    loop {
        let (left, right) = (next_segment(&mut a), next_segment(&mut b));
        let order = left.cmp(&right);
        if order.is_ne() || left == Segment::End {
            return order;
        }
    }
}

fn next_segment<'a>(rest: &mut &'a [u8]) -> Segment<'a> {
    let is_separator = |byte: u8| !byte.is_ascii_alphanumeric() && byte != b'~' && byte != b'^';
    let text = digits::split_run(rest, is_separator).1;
    let (segment, tail) = match text.first() {
        None => (Segment::End, text),
        Some(b'~') => (Segment::Tilde, &text[1..]),
        Some(b'^') => (Segment::Caret, &text[1..]),
        Some(byte) if byte.is_ascii_digit() => {
            let (run, tail) = digits::split_digits(text);
            let run = digits::significant(run);
            (Segment::Number(Number(run.len(), run)), tail)
        }
        Some(_) => {
            let (run, tail) = digits::split_run(text, |byte| byte.is_ascii_alphabetic());
            (Segment::Letters(run), tail)
        }
    };
    *rest = tail;
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_says_nothing_is_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("(none):1.0-1"), Reason::Epoch);
        assert_eq!(reason("1:"), Reason::EmptyPart("version"));
        assert_eq!(reason("..."), Reason::EmptyPart("version"));
        assert_eq!(reason("1.0-"), Reason::EmptyPart("release"));
        assert_eq!(reason("1.0 -1"), Reason::Unexpected(3));
    }
}

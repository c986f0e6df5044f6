//! Semantic versions: the precedence of SemVer 2.0.0 §11 behind a lenient front, as node's `semver` reads versions in
//! loose mode.
//!
//! The front takes a leading `v` or `=`, leading zeros, missing minor and patch numbers (as zero) and a pre-release
//! without its hyphen (`1.2.3beta`). It does not take ranges or wildcards: `1.x` and `*` are no versions. Build
//! metadata never orders. Numbers have no upper limit, where node stops at 2^53.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;

/// A semantic version; a missing number is empty, which is zero.
pub(crate) struct Version<'a> {
    numbers: [&'a [u8]; 3],
    pre: &'a str,
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let front = |c: char| matches!(c, 'v' | 'V' | '=') || c.is_ascii_whitespace();
        let body = text.trim_ascii_end().trim_start_matches(front);
        let start = text.trim_ascii_end().len() - body.len();
        let (body, build) = match body.split_once('+') {
            Some((body, build)) => (body, Some(build)),
            None => (body, None),
        };
        if let Some(build) = build {
            check_identifiers(build, start + body.len() + 1, "build metadata")?;
        }
        let (numbers, rest) = split_numbers(body)?;
        let offset = start + body.len() - rest.len();
        let pre = match rest.strip_prefix('-') {
            Some(pre) => pre,
            None if rest.starts_with(|c: char| c.is_ascii_alphabetic()) || rest.is_empty() => rest,
            None => return Err(Reason::Unexpected(offset)),
        };
        if !rest.is_empty() {
            check_identifiers(pre, offset + rest.len() - pre.len(), "pre-release")?;
        }
        Ok(Self { numbers, pre })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        for (a, b) in self.numbers.into_iter().zip(other.numbers) {
            let order = digits::compare(a, b);
            if order.is_ne() {
                return order;
            }
        }
        match (self.pre, other.pre) {
            (a, b) if a == b => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (a, b) => compare_identifiers(a, b),
        }
    }
}

/// Reads one to three numbers with dots between them, and gives back what follows.
fn split_numbers(body: &str) -> Result<([&[u8]; 3], &str), Reason> {
    let mut numbers: [&[u8]; 3] = [b"", b"", b""];
    let mut rest = body;
    for (index, number) in numbers.iter_mut().enumerate() {
        let text = match index {
            0 => rest,
            _ => match rest.strip_prefix('.') {
                Some(text) if text.starts_with(|c: char| c.is_ascii_digit()) => text,
                _ => break,
            },
        };
        let (run, _) = digits::split_digits(text.as_bytes());
        if run.is_empty() {
            return Err(Reason::NoNumber);
        }
        (*number, rest) = (run, &text[run.len()..]);
    }
    Ok((numbers, rest))
}

fn check_identifiers(text: &str, offset: usize, part: &'static str) -> Result<(), Reason> {
    if text.split('.').any(str::is_empty) {
        return Err(Reason::EmptyPart(part));
    }
    let foreign = |byte: u8| !byte.is_ascii_alphanumeric() && byte != b'-' && byte != b'.';
    match text.bytes().position(foreign) {
        Some(index) => Err(Reason::Unexpected(offset + index)),
        None => Ok(()),
    }
}

/// SemVer §11.4: numbers by value, before words; words bytewise; the longer list is newer if all else is equal.
fn compare_identifiers(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let (a, b) = match (left.next(), right.next()) {
            (Some(a), Some(b)) => (a, b),
            (a, b) => return a.is_some().cmp(&b.is_some()),
        };
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
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
    fn ranges_wildcards_and_broken_versions_are_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("*"), Reason::NoNumber);
        assert_eq!(reason("latest"), Reason::NoNumber);
        assert_eq!(reason("^1.2.3"), Reason::NoNumber);
        assert_eq!(reason("1.x"), Reason::Unexpected(1));
        assert_eq!(reason("1.2.3.4"), Reason::Unexpected(5));
        assert_eq!(reason("1.2.3-"), Reason::EmptyPart("pre-release"));
        assert_eq!(reason("1.2.3-a..b"), Reason::EmptyPart("pre-release"));
        assert_eq!(reason("v1.2.3-a_b"), Reason::Unexpected(8));
        assert_eq!(reason("1.2.3+"), Reason::EmptyPart("build metadata"));
        assert_eq!(reason("1.2.3 - 2"), Reason::Unexpected(5));
    }
}

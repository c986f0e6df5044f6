//! Versions of Ruby gems, as `Gem::Version` reads and orders them.
//!
//! A version is a list of numbers and words; where both stand side by side they are two entries (`rc1`), and a hyphen
//! counts as the word `pre`. A word makes a pre-release and is older than every number, zero included. Trailing zeros
//! do not count, at the end and before the first word: `1.0.0.rc1` equals `1.rc1`. Words compare bytewise, so `RC` is
//! older than `alpha`. An empty text, which `Gem::Version` takes for `0`, is unreadable here.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;

/// A gem's version: the numbers before the first word, and the rest; both without trailing zeros.
pub(crate) struct Version<'a> {
    numbers: &'a [u8],
    rest: &'a [u8],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Segment<'a> {
    Word(&'a [u8]),
    Number(&'a [u8]),
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let body = text.trim_ascii();
        let start = text.trim_ascii_end().len() - body.len();
        check(body, start)?;
        let bytes = body.as_bytes();
        let (mut rest, mut numbers, mut words) = (bytes, 0, None);
        let mut end = 0;
        loop {
            let before = bytes.len() - rest.len();
            let Some(segment) = next(&mut rest) else { break };
            if matches!(segment, Segment::Word(_)) && words.is_none() {
                (numbers, words) = (end, Some(before));
            }
            if segment != Segment::Number(b"") {
                end = bytes.len() - rest.len();
            }
        }
        let (numbers, words) = match words {
            Some(start) => (&bytes[..numbers], &bytes[start..end]),
            None => (&bytes[..end], &bytes[end..end]),
        };
        Ok(Self { numbers, rest: words })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (Segments::new(self), Segments::new(other));
        loop {
            let (a, b) = (left.next(), right.next());
            if a.is_none() && b.is_none() {
                return Ordering::Equal;
            }
            let order = match (a.unwrap_or(Segment::Number(b"")), b.unwrap_or(Segment::Number(b""))) {
                (Segment::Number(a), Segment::Number(b)) => digits::compare(a, b),
                (Segment::Word(a), Segment::Word(b)) => a.cmp(b),
                (Segment::Word(_), Segment::Number(_)) => Ordering::Less,
                (Segment::Number(_), Segment::Word(_)) => Ordering::Greater,
            };
            if order.is_ne() {
                return order;
            }
        }
    }
}

/// The segments of a version without its trailing zeros.
struct Segments<'a> {
    numbers: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    fn new(version: &Version<'a>) -> Self {
        Self { numbers: version.numbers, rest: version.rest }
    }

    fn next(&mut self) -> Option<Segment<'a>> {
        next(&mut self.numbers).or_else(|| next(&mut self.rest))
    }
}

/// The next segment; a number comes without its leading zeros.
fn next<'a>(rest: &mut &'a [u8]) -> Option<Segment<'a>> {
    let text = digits::split_run(rest, |byte| byte == b'.').1;
    let (segment, tail) = match text.first()? {
        b'-' => (Segment::Word(b"pre"), &text[1..]),
        byte if byte.is_ascii_digit() => {
            let (run, tail) = digits::split_digits(text);
            (Segment::Number(digits::significant(run)), tail)
        }
        _ => {
            let (run, tail) = digits::split_run(text, |byte| byte.is_ascii_alphabetic());
            (Segment::Word(run), tail)
        }
    };
    *rest = tail;
    Some(segment)
}

/// `digits{.alphanumerics}[-alphanumerics and hyphens{.the same}]`.
fn check(body: &str, start: usize) -> Result<(), Reason> {
    if !body.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Reason::NoNumber);
    }
    let (front, back) = match body.split_once('-') {
        Some((front, back)) => (front, Some(back)),
        None => (body, None),
    };
    let mut at = start;
    for (index, part) in front.split('.').enumerate() {
        let fits = |byte: u8| if index == 0 { byte.is_ascii_digit() } else { byte.is_ascii_alphanumeric() };
        check_part(part, at, fits)?;
        at += part.len() + 1;
    }
    for part in back.into_iter().flat_map(|back| back.split('.')) {
        check_part(part, at, |byte| byte.is_ascii_alphanumeric() || byte == b'-')?;
        at += part.len() + 1;
    }
    Ok(())
}

fn check_part(part: &str, at: usize, fits: impl Fn(u8) -> bool) -> Result<(), Reason> {
    match part.bytes().position(|byte| !fits(byte)) {
        Some(index) => Err(Reason::Unexpected(at + index)),
        None if part.is_empty() => Err(Reason::EmptyPart("segment")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rubygems_calls_malformed_is_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("v1.0"), Reason::NoNumber);
        assert_eq!(reason("1a"), Reason::Unexpected(1));
        assert_eq!(reason("1."), Reason::EmptyPart("segment"));
        assert_eq!(reason("1..2"), Reason::EmptyPart("segment"));
        assert_eq!(reason("1.0-"), Reason::EmptyPart("segment"));
        assert_eq!(reason("1.0+b"), Reason::Unexpected(3));
        assert_eq!(reason(" 1.0_2"), Reason::Unexpected(4));
        assert_eq!(reason("> 1.0"), Reason::NoNumber);
        assert!(Version::parse("\n1.0.a-b-1 ").is_ok());
    }
}

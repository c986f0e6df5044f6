//! Debian versions: Debian Policy 5.6.12, as `dpkg --compare-versions` orders them.
//!
//! Strict where the policy says "must" (alphabet, numeric epoch, no empty part), lenient where it says "should": an
//! upstream version may start with a letter, which dpkg only warns of.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;

/// The largest epoch that dpkg takes.
const MAX_EPOCH: u32 = i32::MAX as u32;

/// A Debian version in its three parts; an absent revision is empty, which equals `0`.
pub(crate) struct Version<'a> {
    epoch: u32,
    upstream: &'a [u8],
    revision: &'a [u8],
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let start = text.len() - text.trim_ascii_start().len();
        let text = text.trim_ascii();
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (parse_epoch(epoch)?, rest),
            None => (0, text),
        };
        let offset = start + text.len() - rest.len();
        let (upstream, revision) = match rest.rsplit_once('-') {
            Some((_, "")) => return Err(Reason::EmptyPart("revision")),
            Some((upstream, revision)) => (upstream, revision),
            None => (rest, ""),
        };
        if upstream.is_empty() {
            return Err(Reason::EmptyPart("upstream version"));
        }
        check_alphabet(upstream.as_bytes(), offset, b".+-~:")?;
        check_alphabet(revision.as_bytes(), offset + upstream.len() + 1, b".+~")?;
        Ok(Self { epoch, upstream: upstream.as_bytes(), revision: revision.as_bytes() })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_part(self.upstream, other.upstream))
            .then_with(|| compare_part(self.revision, other.revision))
    }
}

fn parse_epoch(text: &str) -> Result<u32, Reason> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Reason::Epoch);
    }
    text.parse().ok().filter(|epoch| *epoch <= MAX_EPOCH).ok_or(Reason::Epoch)
}

fn check_alphabet(part: &[u8], offset: usize, marks: &[u8]) -> Result<(), Reason> {
    match part.iter().position(|byte| !byte.is_ascii_alphanumeric() && !marks.contains(byte)) {
        Some(index) => Err(Reason::Unexpected(offset + index)),
        None => Ok(()),
    }
}

/// Compares upstream versions or revisions: stretches of non-digits and of digits in turn.
fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    if let Some(order) = digits::compare_where_they_differ(a, b) {
        return order;
    }
    while !a.is_empty() || !b.is_empty() {
        let (a_text, a_rest) = digits::split_run(a, |byte| !byte.is_ascii_digit());
        let (b_text, b_rest) = digits::split_run(b, |byte| !byte.is_ascii_digit());
        let (a_number, a_rest) = digits::split_digits(a_rest);
        let (b_number, b_rest) = digits::split_digits(b_rest);
        let order = compare_text(a_text, b_text).then_with(|| digits::compare(a_number, b_number));
        if order.is_ne() {
            return order;
        }
        (a, b) = (a_rest, b_rest);
    }
    Ordering::Equal
}

/// Compares non-digits: a tilde is before the end, letters are before all other characters.
fn compare_text(a: &[u8], b: &[u8]) -> Ordering {
    for index in 0..a.len().max(b.len()) {
        let order = weight(a.get(index)).cmp(&weight(b.get(index)));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// The rank of a character among non-digits; `None` is the end.
fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None => 0,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(mark) => i32::from(*mark) + 256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> Reason {
        Version::parse(text).map(drop).unwrap_err()
    }

    #[test]
    fn what_the_policy_forbids_is_unreadable() {
        assert_eq!(reason("a:1.0"), Reason::Epoch);
        assert_eq!(reason(":1.0"), Reason::Epoch);
        assert_eq!(reason("2147483648:1.0"), Reason::Epoch);
        assert_eq!(reason("1.0-"), Reason::EmptyPart("revision"));
        assert_eq!(reason("-1"), Reason::EmptyPart("upstream version"));
        assert_eq!(reason("1:"), Reason::EmptyPart("upstream version"));
        assert_eq!(reason("1.0_2"), Reason::Unexpected(3));
        assert_eq!(reason("1:1.0-2_3"), Reason::Unexpected(7));
        assert_eq!(reason("1.0 2"), Reason::Unexpected(3));
    }

    #[test]
    fn white_space_around_a_version_is_ignored_as_dpkg_does() {
        assert!(Version::parse(" 1.0-1\n").is_ok());
    }
}

//! The order for software whose scheme nobody has written down.
//!
//! A version is a list of numbers and words; everything else only separates, and a leading `v` is dropped. Lists are
//! compared place by place, the shorter one padded with zeros, so `1.0` equals `1.0.0`. At one place a pre-release
//! word is older than zero, any other word newer than zero and older than every other number:
//! `1.0-rc1 < 1.0 = 1.0.0 < 1.0-patch1 < 1.0.1`. Pre-release words are, in this order, `dev`, `nightly`, `snapshot`,
//! `a`/`alpha`, `b`/`beta`, `m`/`milestone`, `pre`/`preview`, `c`/`cr`/`rc`; the one-letter forms only when a number
//! follows, so that `1.0a` stays a letter release.
//!
//! This is a guess by nature: it answers when it is asked for by name, and no advisory is matched by it.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;

/// Pre-release words with their rank.
const PRE_WORDS: [(&[u8], u8); 14] = [
    (b"dev", 0),
    (b"nightly", 1),
    (b"snapshot", 2),
    (b"a", 3),
    (b"alpha", 3),
    (b"b", 4),
    (b"beta", 4),
    (b"m", 5),
    (b"milestone", 5),
    (b"pre", 6),
    (b"preview", 6),
    (b"c", 7),
    (b"cr", 7),
    (b"rc", 7),
];

/// A version with at least one number.
pub(crate) struct Version<'a>(&'a [u8]);

enum Item<'a> {
    Pre(u8),
    Word(&'a [u8]),
    Number(&'a [u8]),
}

impl Item<'_> {
    fn rank(&self) -> u8 {
        match self {
            Self::Pre(_) => 0,
            Self::Number(b"") => 1,
            Self::Word(_) => 2,
            Self::Number(_) => 3,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Pre(a), Self::Pre(b)) => a.cmp(b),
            (Self::Word(a), Self::Word(b)) => {
                let lower = |byte: &u8| byte.to_ascii_lowercase();
                a.iter().map(lower).cmp(b.iter().map(lower))
            }
            (Self::Number(a), Self::Number(b)) => digits::compare(a, b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        if let Some(index) = text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(Reason::Unexpected(index));
        }
        if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err(Reason::NoNumber);
        }
        let bytes = text.as_bytes();
        Ok(Self(match bytes {
            [b'v' | b'V', rest @ ..] if rest.first().is_some_and(u8::is_ascii_digit) => rest,
            _ => bytes,
        }))
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.0, other.0);
        loop {
            let (left, right) = (next_item(&mut a), next_item(&mut b));
            if left.is_none() && right.is_none() {
                return Ordering::Equal;
            }
            let order = left.unwrap_or(Item::Number(b"")).compare(&right.unwrap_or(Item::Number(b"")));
            if order.is_ne() {
                return order;
            }
        }
    }
}

fn next_item<'a>(rest: &mut &'a [u8]) -> Option<Item<'a>> {
    let text = digits::split_run(rest, |byte| !byte.is_ascii_alphanumeric()).1;
    if text.is_empty() {
        *rest = text;
        return None;
    }
    let (number, tail) = digits::split_digits(text);
    if !number.is_empty() {
        *rest = tail;
        return Some(Item::Number(digits::significant(number)));
    }
    let (word, tail) = digits::split_run(text, |byte| byte.is_ascii_alphabetic());
    *rest = tail;
    let followed = tail.first().is_some_and(u8::is_ascii_digit);
    let known = PRE_WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    Some(match known {
        Some((name, rank)) if name.len() > 1 || followed => Item::Pre(*rank),
        _ => Item::Word(word),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_number_is_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("latest"), Reason::NoNumber);
        assert_eq!(reason("1.0\u{7f}"), Reason::Unexpected(3));
        assert_eq!(reason("1 0"), Reason::Unexpected(1));
    }
}

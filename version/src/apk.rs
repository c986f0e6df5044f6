//! Alpine package versions, `digits{.digits}[letter]{_suffix[digits]}[~hash][-rdigits]`, as apk-tools 3 orders them
//! (`src/version.c`).
//!
//! Two things are read that only apk-tools 2 took, because real packages and advisories have them: digits behind the letter (sudo's
//! `1.9.5p2-r0`), and an empty number before a letter or the revision (`4.8.0.-r1`). They are ordered as apk-tools 2 did.
//!
//! The rule that surprises: after the first number, a number with a leading zero makes the comparison one of texts,
//! so `1.05` is before `1.1` and after `1.0`. The first number is always compared by value.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;

/// Suffixes from oldest to newest with their rank; the negative ones come before the plain version.
const SUFFIXES: [(&[u8], i8); 9] = [
    (b"alpha", -4),
    (b"beta", -3),
    (b"pre", -2),
    (b"rc", -1),
    (b"cvs", 1),
    (b"svn", 2),
    (b"git", 3),
    (b"hg", 4),
    (b"p", 5),
];

/// A checked Alpine version.
pub(crate) struct Version<'a>(&'a [u8]);

/// What may stand in a version, in the order in which it may stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    First(&'a [u8]),
    Number(&'a [u8]),
    Letter(u8),
    LetterNumber(&'a [u8]),
    Suffix(i8),
    SuffixNumber(&'a [u8]),
    Hash(&'a [u8]),
    Revision(&'a [u8]),
    End,
}

impl Token<'_> {
    /// What a version goes on with, ranked: going on with a pre-release suffix makes it older than ending,
    /// everything else newer, and the kinds that stand further left are newer still.
    fn rank(self) -> u8 {
        match self {
            Self::Suffix(rank) if rank < 0 => 0,
            Self::End => 1,
            Self::Revision(_) => 2,
            Self::Hash(_) => 3,
            Self::SuffixNumber(_) => 4,
            Self::Suffix(_) => 5,
            Self::Letter(_) => 6,
            Self::LetterNumber(_) => 7,
            Self::Number(_) => 8,
            Self::First(_) => 9,
        }
    }
}

/// Compares two tokens at the same place; all before them is equal.
fn compare_tokens(a: Token<'_>, b: Token<'_>) -> Ordering {
    match (a, b) {
        (Token::First(a), Token::First(b))
        | (Token::LetterNumber(a), Token::LetterNumber(b))
        | (Token::SuffixNumber(a), Token::SuffixNumber(b))
        | (Token::Revision(a), Token::Revision(b)) => digits::compare(a, b),
        (Token::Number(a), Token::Number(b)) if a.starts_with(b"0") || b.starts_with(b"0") => a.cmp(b),
        (Token::Number(a), Token::Number(b)) => digits::compare(a, b),
        (Token::Letter(a), Token::Letter(b)) => a.cmp(&b),
        (Token::Suffix(a), Token::Suffix(b)) => a.cmp(&b),
        (Token::Hash(a), Token::Hash(b)) => a.cmp(b),
        _ => a.rank().cmp(&b.rank()),
    }
}

/// Walks over the tokens of a version.
struct Tokens<'a> {
    text: &'a [u8],
    rest: &'a [u8],
    before: Option<Token<'a>>,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, rest: text, before: None }
    }

    fn next(&mut self) -> Result<Token<'a>, Reason> {
        let token = self.read()?;
        self.before = Some(token);
        Ok(token)
    }

    fn read(&mut self) -> Result<Token<'a>, Reason> {
        use Token::{First, Hash, Letter, LetterNumber, Number, Revision, Suffix, SuffixNumber};
        let offset = self.text.len() - self.rest.len();
        let unexpected = Err(Reason::Unexpected(offset));
        let Some(before) = self.before else {
            let number = self.digits();
            return if number.is_empty() { Err(Reason::NoNumber) } else { Ok(First(number)) };
        };
        let Some((first, rest)) = self.rest.split_first() else {
            return Ok(Token::End);
        };
        match (first, before) {
            (b'.', First(_) | Number(_) | LetterNumber(_)) => {
                self.rest = rest;
                let number = self.digits();
                let may_be_empty = matches!(self.rest.first(), Some(b'a'..=b'z' | b'-'));
                if number.is_empty() && !may_be_empty { unexpected } else { Ok(Number(number)) }
            }
            (b'a'..=b'z', First(_) | Number(_) | LetterNumber(_)) => {
                self.rest = rest;
                Ok(Letter(*first))
            }
            (b'0'..=b'9', Letter(_)) => Ok(LetterNumber(self.digits())),
            (b'_', before) if !matches!(before, Hash(_) | Revision(_)) => {
                let (word, rest) = digits::split_run(rest, |byte| byte.is_ascii_lowercase());
                self.rest = rest;
                let known = SUFFIXES.iter().find(|(name, _)| *name == word);
                known.map(|(_, rank)| Suffix(*rank)).ok_or(Reason::UnknownSuffix(offset))
            }
            (b'0'..=b'9', Suffix(_)) => Ok(SuffixNumber(self.digits())),
            (b'~', before) if !matches!(before, Hash(_) | Revision(_)) => {
                let (hash, rest) = digits::split_run(rest, |byte| byte.is_ascii_hexdigit());
                self.rest = rest;
                if hash.is_empty() { unexpected } else { Ok(Hash(hash)) }
            }
            (b'-', before) if rest.first() == Some(&b'r') && !matches!(before, Revision(_)) => {
                self.rest = &rest[1..];
                let number = self.digits();
                if number.is_empty() { unexpected } else { Ok(Revision(number)) }
            }
            _ => unexpected,
        }
    }

    fn digits(&mut self) -> &'a [u8] {
        let (run, rest) = digits::split_digits(self.rest);
        self.rest = rest;
        run
    }
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let mut tokens = Tokens::new(text.as_bytes());
        while tokens.next()? != Token::End {}
        Ok(Self(text.as_bytes()))
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (Tokens::new(self.0), Tokens::new(other.0));
        loop {
            // both were walked to their end when they were parsed, so an error cannot come up here
            let a = left.next().unwrap_or(Token::End);
            let b = right.next().unwrap_or(Token::End);
            let order = compare_tokens(a, b);
            if order.is_ne() || a == Token::End {
                return order;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apk_calls_invalid_is_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("a1"), Reason::NoNumber);
        assert_eq!(reason("1.0bc"), Reason::Unexpected(4));
        assert_eq!(reason("1.0a.1"), Reason::Unexpected(4));
        assert_eq!(reason("1..1"), Reason::Unexpected(1));
        assert_eq!(reason("57-1-r2"), Reason::Unexpected(2));
        assert_eq!(reason("1."), Reason::Unexpected(1));
        assert_eq!(reason("23_foo"), Reason::UnknownSuffix(2));
        assert_eq!(reason("1.0-1"), Reason::Unexpected(3));
        assert_eq!(reason("1.0-r"), Reason::Unexpected(3));
        assert_eq!(reason("1.0-r1-r2"), Reason::Unexpected(6));
        assert_eq!(reason("1.0~"), Reason::Unexpected(3));
        assert_eq!(reason("1.0 "), Reason::Unexpected(3));
    }
}

//! Versions of PHP packages: read as composer/semver's `VersionParser` normalises them, ordered as PHP's
//! `version_compare` orders what it makes of them.
//!
//! A numeric version has four places (missing ones are zero); one that begins like a date keeps the places that it
//! has. A stability may follow (`alpha`, `beta`, `RC`, `patch` and their short forms, with numbers), then `dev`:
//! `dev < alpha < beta < RC < release < patch`. `1.2.x-dev` is the branch's place at the very end of `1.2`.
//!
//! A branch (`dev-main`, `master`) is before every number. Composer gives two branches no order and puts no branch in any
//! range; here branches are ordered by name, so that the order is total, and [`crate::in_range`] refuses them.

use std::cmp::Ordering;

use crate::composer_text as read;
use crate::digits::{self, Runs};
use crate::error::Reason;

/// The number that stands for `x` in a branch.
const ANY: &[u8] = b"9999999";

/// A version of a PHP package.
pub(crate) enum Version<'a> {
    /// A branch by its name, without `dev-`.
    Branch(&'a str),
    /// Numbers, perhaps with a stability.
    Release(Release<'a>),
}

/// A numeric version. The numbers are compared in turn, then stability, its numbers, and `dev`.
pub(crate) struct Release<'a> {
    numbers: Numbers<'a>,
    stability: Option<Stability>,
    /// The numbers behind the stability, with dots or hyphens between them.
    extra: &'a [u8],
    dev: bool,
}

enum Numbers<'a> {
    Four([&'a [u8]; 4]),
    /// A date: numbers with marks between them.
    Date(&'a [u8]),
}

/// The words that `version_compare` knows, in its order. A version that ends stands between `Candidate` and a number,
/// a number before `Patch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stability {
    /// `STABLE` in capitals, which Composer keeps and PHP does not know.
    Unknown,
    Alpha,
    Beta,
    Candidate,
    Patch,
}

/// One place of a version in the order of `version_compare`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    Unknown,
    Dev,
    Alpha,
    Beta,
    Candidate,
    End,
    Number(Number<'a>),
    Patch,
}

/// A run of digits without leading zeros: the longer one is larger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Number<'a>(usize, &'a [u8]);

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let text = read::strip_decoration(text);
        if matches!(text, "master" | "trunk" | "default") {
            return Ok(Self::Branch(text));
        }
        if let Some(name) = read::strip_word(text, "dev-") {
            return if name.is_empty() { Err(Reason::EmptyPart("branch")) } else { Ok(Self::Branch(name)) };
        }
        let body = read::strip_build(text);
        let release = classical(body).or_else(|| date(body)).or_else(|| numeric_branch(body));
        release.map(Self::Release).ok_or_else(|| match body.bytes().position(|byte| byte.is_ascii_digit()) {
            Some(_) => Reason::Unexpected(0),
            None => Reason::NoNumber,
        })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Branch(a), Self::Branch(b)) => a.cmp(b),
            (Self::Branch(_), Self::Release(_)) => Ordering::Less,
            (Self::Release(_), Self::Branch(_)) => Ordering::Greater,
            (Self::Release(a), Self::Release(b)) => a.compare(b),
        }
    }

    pub(crate) const fn is_branch(&self) -> bool {
        matches!(self, Self::Branch(_))
    }
}

/// `[v]N[.N[.N[.N]]]` with a modifier; the first number has at most five digits.
fn classical(body: &str) -> Option<Release<'_>> {
    let text = read::strip_word(body, "v").unwrap_or(body);
    let mut numbers: [&[u8]; 4] = [b"0"; 4];
    let mut rest = text.as_bytes();
    for (index, number) in numbers.iter_mut().enumerate() {
        let digits_at = match (index, rest) {
            (0, _) => rest,
            (_, [b'.', b'0'..=b'9', ..]) => &rest[1..],
            _ => break,
        };
        (*number, rest) = digits::split_digits(digits_at);
    }
    if numbers[0].is_empty() || numbers[0].len() > 5 {
        return None;
    }
    with_modifier(Numbers::Four(numbers), rest)
}

/// `[v]YYYY` and one to six pairs of digits, perhaps one to three digits more, each behind a mark or none; then a modifier.
fn date(body: &str) -> Option<Release<'_>> {
    let text = read::strip_word(body, "v").unwrap_or(body).as_bytes();
    let date_end = |pairs: usize, last: usize| {
        let mut at = read::run_of_digits(text, 0, 4)?;
        for _ in 0..pairs {
            at = read::run_of_digits(text, read::skip_mark(text, at), 2)?;
        }
        if last > 0 { read::run_of_digits(text, read::skip_mark(text, at), last) } else { Some(at) }
    };
    for pairs in (1..=6).rev() {
        for last in (0..=3).rev() {
            let Some(end) = date_end(pairs, last) else { continue };
            let (numbers, rest) = text.split_at(end);
            if let Some(release) = with_modifier(Numbers::Date(numbers), rest) {
                return Some(release);
            }
        }
    }
    None
}

fn with_modifier<'a>(numbers: Numbers<'a>, rest: &'a [u8]) -> Option<Release<'a>> {
    let modifier = read::modifier(rest)?;
    if modifier.word == Some("stable") {
        // Whatever follows this word is dropped with it.
        return Some(Release { numbers, stability: None, extra: b"", dev: false });
    }
    let stability = modifier.word.map(|word| match word.as_bytes()[0].to_ascii_lowercase() {
        b'a' => Stability::Alpha,
        b'b' => Stability::Beta,
        b'r' => Stability::Candidate,
        b'p' => Stability::Patch,
        _ => Stability::Unknown,
    });
    Some(Release { numbers, stability, extra: modifier.numbers, dev: modifier.dev })
}

/// `1.2.x-dev`: up to four numbers or `x`, what is missing is `x`.
fn numeric_branch(body: &str) -> Option<Release<'_>> {
    let front = body.get(..body.len().checked_sub(3)?)?;
    if !body[front.len()..].eq_ignore_ascii_case("dev") {
        return None;
    }
    let name = front.strip_suffix(['.', '-']).unwrap_or(front).trim_ascii();
    let name = read::strip_word(name, "v").unwrap_or(name);
    let mut numbers = [ANY; 4];
    for (index, part) in name.split('.').enumerate() {
        let place = numbers.get_mut(index)?;
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        match part {
            _ if is_number => *place = part.as_bytes(),
            "x" | "X" | "*" if index > 0 => {}
            _ => return None,
        }
    }
    Some(Release { numbers: Numbers::Four(numbers), stability: None, extra: b"", dev: true })
}

impl<'a> Release<'a> {
    fn compare(&self, other: &Self) -> Ordering {
        if let (Numbers::Four(a), Numbers::Four(b)) = (&self.numbers, &other.numbers) {
            for (a, b) in a.iter().zip(b) {
                let order = digits::compare(a, b);
                if order.is_ne() {
                    return order;
                }
            }
            return compare_places(self.after_numbers(), other.after_numbers());
        }
        compare_places(self.places(), other.places())
    }

    fn places(&self) -> impl Iterator<Item = Place<'a>> {
        let (four, count, date): ([&[u8]; 4], usize, &[u8]) = match self.numbers {
            Numbers::Four(numbers) => (numbers, 4, b""),
            Numbers::Date(text) => ([b""; 4], 0, text),
        };
        four.into_iter().take(count).chain(Runs(date)).map(place).chain(self.after_numbers())
    }

    fn after_numbers(&self) -> impl Iterator<Item = Place<'a>> {
        let word = self.stability.map(|stability| match stability {
            Stability::Unknown => Place::Unknown,
            Stability::Alpha => Place::Alpha,
            Stability::Beta => Place::Beta,
            Stability::Candidate => Place::Candidate,
            Stability::Patch => Place::Patch,
        });
        word.into_iter().chain(Runs(self.extra).map(place)).chain(self.dev.then_some(Place::Dev))
    }
}

fn place(number: &[u8]) -> Place<'_> {
    let digits = digits::significant(number);
    Place::Number(Number(digits.len(), digits))
}

fn compare_places<'a>(
    mut a: impl Iterator<Item = Place<'a>>,
    mut b: impl Iterator<Item = Place<'a>>,
) -> Ordering {
    loop {
        let (left, right) = (a.next(), b.next());
        if left.is_none() && right.is_none() {
            return Ordering::Equal;
        }
        let order = left.unwrap_or(Place::End).cmp(&right.unwrap_or(Place::End));
        if order.is_ne() {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_composer_calls_invalid_is_unreadable() {
        for text in [
            "main",
            "1.0-foo",
            "1.0.x",
            "1.2.3.4.5",
            "1.0beta1.x",
            "20100102030405060708",
            "^1.0",
            "1.0+",
            "dev-",
            "x-dev",
            "2010-010-02",
        ] {
            assert!(Version::parse(text).is_err(), "{text}");
        }
        for text in [
            "1.0-",
            "1.0.dev",
            "v1-p1-dev",
            "1.0 as 2.0",
            "1.0@dev",
            "20100102",
            "2010-01-02.5",
            "1.x-dev",
            "1.0+a b as c",
        ] {
            assert_eq!(Version::parse(text).is_ok(), !text.contains("a b"), "{text}");
        }
        assert!(Version::parse("dev-main").is_ok_and(|version| version.is_branch()));
        assert!(Version::parse("1.x-dev").is_ok_and(|version| !version.is_branch()));
    }
}

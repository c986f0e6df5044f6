//! Python versions: PEP 440 (Version specifiers), as the `packaging` library reads and orders them.
//!
//! Written here instead of wrapping a crate: borrowed slices need no allocation, and numbers of any length compare
//! where a fixed-width integer would make a readable version unreadable. Versions older than the PEP
//! (`2004d`, `1.0-final`) are unreadable, as they are to today's `packaging`.

use std::cmp::Ordering;

use crate::digits;
use crate::error::Reason;

/// The spellings of the pre-release words with their rank; a longer spelling stands before its own beginning.
const PRE_WORDS: [(&str, u8); 8] =
    [("alpha", 0), ("a", 0), ("beta", 1), ("b", 1), ("preview", 2), ("pre", 2), ("c", 2), ("rc", 2)];

/// The spellings of the post-release word.
const POST_WORDS: [(&str, u8); 3] = [("post", 0), ("rev", 0), ("r", 0)];

/// The development release word.
const DEV_WORDS: [(&str, u8); 1] = [("dev", 0)];

/// A Python version; a missing number is empty, which is zero.
pub(crate) struct Version<'a> {
    epoch: &'a [u8],
    release: &'a [u8],
    pre: Option<(u8, &'a [u8])>,
    post: Option<&'a [u8]>,
    dev: Option<&'a [u8]>,
    local: Option<&'a [u8]>,
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let start = text.len() - text.trim_ascii_start().len();
        let body = text.trim_ascii();
        let mut reader = Reader { rest: body.as_bytes() };
        reader.skip_letter(b'v');
        let (epoch, release) = reader.epoch_and_release()?;
        let pre = reader.word(&PRE_WORDS);
        let post = match reader.implicit_post() {
            Some(number) => Some(number),
            None => reader.word(&POST_WORDS).map(|(_, number)| number),
        };
        let dev = reader.word(&DEV_WORDS).map(|(_, number)| number);
        let local = reader.local();
        if !reader.rest.is_empty() {
            return Err(Reason::Unexpected(start + body.len() - reader.rest.len()));
        }
        Ok(Self { epoch, release, pre, post, dev, local })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        digits::compare(self.epoch, other.epoch)
            .then_with(|| compare_releases(self.release, other.release))
            .then_with(|| compare_pre(self.pre_key(), other.pre_key()))
            .then_with(|| match (self.post, other.post) {
                (Some(a), Some(b)) => digits::compare(a, b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            })
            .then_with(|| match (self.dev, other.dev) {
                (Some(a), Some(b)) => digits::compare(a, b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            })
            .then_with(|| match (self.local, other.local) {
                (Some(a), Some(b)) => compare_locals(a, b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            })
    }

    /// Where the version stands among the pre-releases of its release: a bare development release is before all of
    /// them, a final or post release behind.
    fn pre_key(&self) -> (u8, &'a [u8]) {
        match self.pre {
            Some((word, number)) => (1 + word, number),
            None if self.post.is_none() && self.dev.is_some() => (0, b""),
            None => (u8::MAX, b""),
        }
    }
}

fn compare_pre(a: (u8, &[u8]), b: (u8, &[u8])) -> Ordering {
    a.0.cmp(&b.0).then_with(|| digits::compare(a.1, b.1))
}

/// Numbers with dots between them, the shorter list padded with zeros.
fn compare_releases(a: &[u8], b: &[u8]) -> Ordering {
    if let Some(order) = digits::compare_where_they_differ(a, b) {
        return order;
    }
    let mut left = a.split(|byte| *byte == b'.');
    let mut right = b.split(|byte| *byte == b'.');
    loop {
        let (a, b) = (left.next(), right.next());
        if a.is_none() && b.is_none() {
            return Ordering::Equal;
        }
        let order = digits::compare(a.unwrap_or_default(), b.unwrap_or_default());
        if order.is_ne() {
            return order;
        }
    }
}

/// Local segments: numbers by value and after words, words without regard to case, the longer list is newer.
fn compare_locals(a: &[u8], b: &[u8]) -> Ordering {
    let mut left = a.split(|byte| is_separator(*byte));
    let mut right = b.split(|byte| is_separator(*byte));
    loop {
        let (a, b) = match (left.next(), right.next()) {
            (Some(a), Some(b)) => (a, b),
            (a, b) => return a.is_some().cmp(&b.is_some()),
        };
        let is_number = |segment: &[u8]| segment.iter().all(u8::is_ascii_digit);
        let lower = |byte: &u8| byte.to_ascii_lowercase();
        let order = match (is_number(a), is_number(b)) {
            (true, true) => digits::compare(a, b),
            (false, false) => a.iter().map(lower).cmp(b.iter().map(lower)),
            (a_number, b_number) => a_number.cmp(&b_number),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'.')
}

/// What is left to read. Every method either takes a whole part or leaves the rest as it was.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn skip_letter(&mut self, letter: u8) {
        if let Some((first, rest)) = self.rest.split_first()
            && first.eq_ignore_ascii_case(&letter)
        {
            self.rest = rest;
        }
    }

    fn digits(&mut self) -> &'a [u8] {
        let (run, rest) = digits::split_digits(self.rest);
        self.rest = rest;
        run
    }

    fn epoch_and_release(&mut self) -> Result<(&'a [u8], &'a [u8]), Reason> {
        let mut epoch: &[u8] = b"";
        let (number, rest) = digits::split_digits(self.rest);
        if let Some(rest) = rest.strip_prefix(b"!")
            && !number.is_empty()
        {
            (epoch, self.rest) = (number, rest);
        }
        let whole = self.rest;
        if self.digits().is_empty() {
            return Err(Reason::NoNumber);
        }
        while let [b'.', b'0'..=b'9', ..] = self.rest {
            self.rest = &self.rest[1..];
            self.digits();
        }
        Ok((epoch, &whole[..whole.len() - self.rest.len()]))
    }

    /// `[separator] word [separator] [number]`.
    fn word(&mut self, words: &[(&str, u8)]) -> Option<(u8, &'a [u8])> {
        let rest = skip_separator(self.rest);
        let (rest, rank) = words.iter().find_map(|(word, rank)| {
            let head = rest.get(..word.len())?;
            head.eq_ignore_ascii_case(word.as_bytes()).then_some((&rest[word.len()..], *rank))
        })?;
        self.rest = skip_separator(rest);
        Some((rank, self.digits()))
    }

    /// A post-release written as a bare number: `1.0-1`.
    fn implicit_post(&mut self) -> Option<&'a [u8]> {
        let [b'-', b'0'..=b'9', ..] = self.rest else {
            return None;
        };
        self.rest = &self.rest[1..];
        Some(self.digits())
    }

    /// `+` and segments of letters and digits, separated by one mark each.
    fn local(&mut self) -> Option<&'a [u8]> {
        let text = self.rest.strip_prefix(b"+")?;
        let (run, rest) = digits::split_run(text, |byte| byte.is_ascii_alphanumeric() || is_separator(byte));
        if run.split(|byte| is_separator(*byte)).any(<[u8]>::is_empty) {
            return None;
        }
        self.rest = rest;
        Some(run)
    }
}

fn skip_separator(text: &[u8]) -> &[u8] {
    match text.split_first() {
        Some((first, rest)) if is_separator(*first) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_older_than_the_pep_are_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("2004d"), Reason::Unexpected(4));
        assert_eq!(reason("1.0-final"), Reason::Unexpected(3));
        assert_eq!(reason("unknown"), Reason::NoNumber);
        assert_eq!(reason("!1.0"), Reason::NoNumber);
        assert_eq!(reason("1.0+"), Reason::Unexpected(3));
        assert_eq!(reason("1.0+a..b"), Reason::Unexpected(3));
        assert_eq!(reason("1.0.*"), Reason::Unexpected(3));
        assert_eq!(reason(" 1.0 .1"), Reason::Unexpected(4));
    }
}

//! Versions of Go modules as `golang.org/x/mod/semver` orders them, and those of Go itself.
//!
//! A module's version is semantic, with or without its leading `v`; `v1` and `v1.2` stand for `v1.0.0` and `v1.2.0`.
//! Pseudo-versions (`v0.0.0-20200101000000-abcdef123456`) order by their pre-release part, and `+incompatible` is build
//! metadata, so neither needs a rule of its own.
//!
//! The decision a reader may doubt: Go's own releases (`go1.21.3`, `1.20rc1`) are read as the semantic versions that
//! the Go vulnerability database writes for them (`1.21.3`, `1.20.0-rc.1`), so that both can be compared; Go's
//! distinction between the language `1.21` and the release `1.21.0` is lost, because no program is built by a language.
//! What follows the version of a custom toolchain (`go1.21.3-acme`, `go1.21.3 X:boringcrypto`) is dropped, as Go does.

use std::cmp::Ordering;

use crate::error::Reason;
use crate::semver::{self, Zeros};

/// A version of a module or of Go; `pre` is empty for a release.
pub(crate) struct Version<'a> {
    numbers: [&'a [u8]; 3],
    pre: &'a str,
    /// What follows `pre` without a dot: the `1` of Go's `rc1`.
    pre_number: &'a str,
}

impl<'a> Version<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Reason> {
        let (body, start) = match text.strip_prefix("go") {
            Some(release) => (release.split([' ', '\t', '-', '+']).next().unwrap_or(release), 2),
            None => (text.strip_prefix('v').unwrap_or(text), usize::from(text.starts_with('v'))),
        };
        let mut numbers: [&[u8]; 3] = [b"0"; 3];
        let (mut rest, mut count) = (body, 0);
        loop {
            let offset = start + body.len() - rest.len();
            (numbers[count], rest) = semver::read_number(rest, offset, Zeros::Refused)?;
            count += 1;
            match rest.strip_prefix('.') {
                Some(more) if count < 3 => rest = more,
                _ => break,
            }
        }
        let offset = start + body.len() - rest.len();
        if count == 2
            && start != 1
            && let Some((pre, pre_number)) = release_candidate(rest)
        {
            return Ok(Self { numbers, pre, pre_number });
        }
        if count < 3 && !rest.is_empty() {
            return Err(Reason::Unexpected(offset));
        }
        let (pre, _) = semver::suffixes(rest, offset, Zeros::Refused)?;
        Ok(Self { numbers, pre, pre_number: "" })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        semver::compare_numbers(self.numbers, other.numbers).then_with(|| match (self.pre, other.pre) {
            ("", "") => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            _ => semver::compare_identifiers(self.identifiers(), other.identifiers()),
        })
    }

    fn identifiers(&self) -> impl Iterator<Item = &'a str> {
        let number = (!self.pre_number.is_empty()).then_some(self.pre_number);
        self.pre.split('.').chain(number)
    }
}

/// `rc1` and `beta2`, in their two parts.
fn release_candidate(text: &str) -> Option<(&str, &str)> {
    let (word, number) = text.split_at_checked(text.find(|c: char| c.is_ascii_digit())?)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    (matches!(word, "rc" | "beta") && is_number).then_some((word, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_calls_invalid_is_unreadable() {
        let reason = |text| Version::parse(text).map(drop).unwrap_err();
        assert_eq!(reason("(devel)"), Reason::NoNumber);
        assert_eq!(reason("devel go1.22-abcdef"), Reason::NoNumber);
        assert_eq!(reason("vv1.2.3"), Reason::Unexpected(1));
        assert_eq!(reason("1.2-beta"), Reason::Unexpected(3));
        assert_eq!(reason("v1.2rc1"), Reason::Unexpected(4));
        assert_eq!(reason("1.2.3rc1"), Reason::Unexpected(5));
        assert_eq!(reason("1.20rc01"), Reason::Unexpected(4));
        assert_eq!(reason("1.02"), Reason::LeadingZero(2));
        assert_eq!(reason("1.2.3.4"), Reason::Unexpected(5));
        assert_eq!(reason(" 1.2.3"), Reason::NoNumber);
    }
}

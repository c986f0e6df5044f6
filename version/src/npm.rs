//! Versions of npm packages, as npm itself reads what is installed: node's `semver` in loose mode.
//!
//! What loose mode takes beyond [`crate::semver`]: any run of `v`, `=` and white space in front, leading zeros, and a
//! pre-release without its hyphen (`1.2.3beta`). Two of its readings are accidents and unreadable here: a lone hyphen
//! at the end (`1.2.3-`), and four numbers, of which loose mode cuts the third in two (`2.1.10.5` as `2.1.1-0.5`).

use crate::error::Reason;
use crate::semver::{self, Version, Zeros};

/// The most characters that node's `semver` looks at.
const MAX_TEXT: usize = 256;

pub(crate) fn parse(text: &str) -> Result<Version<'_>, Reason> {
    if text.len() > MAX_TEXT {
        return Err(Reason::TooLong(text.len()));
    }
    let body = text.trim_ascii_end();
    let body = body.trim_start_matches(|c: char| matches!(c, 'v' | '=') || c.is_ascii_whitespace());
    let start = text.trim_ascii_end().len() - body.len();
    let (numbers, rest) = semver::three_numbers(body, start, Zeros::Taken)?;
    let offset = start + body.len() - rest.len();
    let pre = if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let (pre, build) = rest.split_once('+').unwrap_or((rest, ""));
        semver::check_identifiers(pre, offset, "pre-release", Zeros::Taken)?;
        if pre.len() < rest.len() {
            semver::check_identifiers(build, offset + pre.len() + 1, "build metadata", Zeros::Taken)?;
        }
        pre
    } else {
        semver::suffixes(rest, offset, Zeros::Taken)?.0
    };
    let version = Version { numbers, pre };
    version.check_size(start)?;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_wildcards_and_broken_versions_are_unreadable() {
        let reason = |text| parse(text).map(drop).unwrap_err();
        assert_eq!(reason("*"), Reason::NoNumber);
        assert_eq!(reason("latest"), Reason::NoNumber);
        assert_eq!(reason("0"), Reason::Unexpected(1));
        assert_eq!(reason("1.x"), Reason::Unexpected(2));
        assert_eq!(reason("1.2.3.4"), Reason::Unexpected(5));
        assert_eq!(reason("1.2.3-"), Reason::EmptyPart("pre-release"));
        assert_eq!(reason("1.2.3beta+"), Reason::EmptyPart("build metadata"));
        assert_eq!(reason("v1.2.3-a_b"), Reason::Unexpected(8));
        assert!(parse("= v01.2.3beta.1+x ").is_ok());
    }
}

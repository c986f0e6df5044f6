//! Versions of Hex packages, as Elixir's `Version` reads and orders them: SemVer 2.0.0 to the letter, with nothing in
//! front and nothing around it, and numbers of any size.

use crate::error::Reason;
use crate::semver::Version;

pub(crate) fn parse(text: &str) -> Result<Version<'_>, Reason> {
    Version::parse_bare(text, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_elixir_refuses_is_unreadable() {
        let reason = |text| parse(text).map(drop).unwrap_err();
        assert_eq!(reason("v1.2.3"), Reason::NoNumber);
        assert_eq!(reason(" 1.2.3"), Reason::NoNumber);
        assert_eq!(reason("1.2"), Reason::Unexpected(3));
        assert_eq!(reason("1.2.3 "), Reason::Unexpected(5));
        assert_eq!(reason("1.2.3-01"), Reason::LeadingZero(6));
    }
}

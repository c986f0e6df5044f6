//! Version order: which of two versions is newer, and whether one lies in an affected range.
//!
//! What it is for: one file per scheme, each exact against the program that defines the scheme. What it is not
//! for: knowing packages, advisories or fixes. It is pure; only [`Scheme::Maven`] ever allocates.
//!
//! The decision a reader may doubt: there is no fallback. A text that its scheme cannot read is an error that names
//! the side and the reason, never "equal" and never "older", because either would silently turn an unknown
//! into "not vulnerable". [`Scheme::Generic`] exists for software whose scheme nobody has written down, and is only
//! used when it is asked for by name.

mod alpm;
mod apk;
mod composer;
mod composer_text;
mod cran;
mod dart;
mod deb;
mod digits;
mod error;
mod gem;
mod generic;
mod go;
mod hackage;
mod hex;
mod julia;
mod maven;
mod npm;
mod nuget;
mod parsed;
mod pep440;
mod range;
mod rpm;
mod scheme;
mod semver;
mod sort;

pub use error::{Reason, Side, VersionError};
pub use parsed::Parsed;
pub use range::in_range;
pub use scheme::{Scheme, UnknownScheme};
pub use sort::sort;

use std::cmp::Ordering;

/// The longest version that is looked at, in bytes. Real ones stay below 100; the bound keeps the work of one
/// comparison small whatever a foreign file claims to be a version.
pub const MAX_LENGTH: usize = 1024;

/// Compares two versions of one scheme. Whoever compares one version with many reads it once with
/// [`Parsed::parse`].
///
/// # Errors
/// [`VersionError`] if either side cannot be read; `a` is looked at first.
pub fn compare(scheme: Scheme, a: &str, b: &str) -> Result<Ordering, VersionError> {
    let a = read(scheme, a, Side::Left)?;
    let b = read(scheme, b, Side::Right)?;
    Ok(a.compare(&b))
}

/// Checks that `text` is a version of `scheme`.
///
/// # Errors
/// The reason why it is not.
pub fn check(scheme: Scheme, text: &str) -> Result<(), Reason> {
    Parsed::parse(scheme, text).map(drop)
}

/// [`Parsed::parse`], with an error that says which text it was.
fn read(scheme: Scheme, text: &str, side: Side) -> Result<Parsed<'_>, VersionError> {
    Parsed::parse(scheme, text).map_err(|reason| VersionError::new(scheme, side, text, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_version_is_an_error_that_names_the_side() {
        for scheme in Scheme::ALL {
            let left = compare(scheme, "", "1.0.0").unwrap_err();
            assert_eq!((left.side, left.reason), (Side::Left, Reason::Empty), "{scheme}");
            let right = compare(scheme, "1.0.0", " ").unwrap_err();
            assert_eq!((right.side, right.reason), (Side::Right, Reason::Empty), "{scheme}");
        }
        let error = compare(Scheme::Pep440, "1.0", "one").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the right version `one` is not a pep440 version: it does not start with a number"
        );
    }

    #[test]
    fn a_version_of_more_than_1024_bytes_is_refused_by_every_scheme() {
        let longer = "9".repeat(MAX_LENGTH + 1);
        for scheme in Scheme::ALL {
            assert_eq!(
                compare(scheme, "1.0.0", &longer).unwrap_err().reason,
                Reason::TooLong(1025),
                "{scheme}"
            );
        }
    }

    #[test]
    fn numbers_of_1024_digits_are_compared_where_the_reference_does() {
        use Scheme::{Alpm, Apk, Deb, Gem, Generic, Go, Maven, Pep440, Rpm};
        let long = "9".repeat(MAX_LENGTH);
        for scheme in [Deb, Apk, Rpm, Pep440, Maven, Gem, Go, Alpm, Generic] {
            assert_eq!(compare(scheme, &long, &long[1..]), Ok(Ordering::Greater), "{scheme}");
        }
    }
}

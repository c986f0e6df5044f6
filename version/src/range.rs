//! Whether a version lies in an affected range, as the OSV schema (1.6, "Evaluation") defines it.

use std::cmp::Ordering;

use model::{AffectedRange, Bound};

use crate::error::{Reason, Side, VersionError};
use crate::read;
use crate::scheme::Scheme;

/// Whether `version` lies in `range`: `introduced` is included and `None` is minus infinity, `Fixed` is excluded,
/// `LastAffected` is included, `Open` has no end. A range whose ends cross is empty.
///
/// A range without any bound holds every version, readable or not: a publisher who says "all versions" means
/// this one too.
///
/// A branch ([`crate::Parsed::is_branch`]) has no place in a range with bounds, and is refused as a version.
///
/// # Errors
/// [`VersionError`] if a side that the answer hangs on cannot be read. One readable bound that already excludes the
/// version is an answer, whatever the other one holds.
pub fn in_range(scheme: Scheme, version: &str, range: &AffectedRange) -> Result<bool, VersionError> {
    if range.introduced.is_none() && range.end == Bound::Open {
        return Ok(true);
    }
    let text = version;
    let version = read(scheme, text, Side::Version)?;
    if version.is_branch() {
        return Err(VersionError::new(scheme, Side::Version, text, Reason::Branch));
    }
    let order = |bound, side| read(scheme, bound, side).map(|bound| version.compare(&bound));
    let reaches = match &range.introduced {
        None => Ok(true),
        Some(bound) => order(bound, Side::Introduced).map(Ordering::is_ge),
    };
    if reaches == Ok(false) {
        return Ok(false);
    }
    let ends = match &range.end {
        Bound::Open => Ok(true),
        Bound::Fixed(bound) => order(bound, Side::Fixed).map(Ordering::is_lt),
        Bound::LastAffected(bound) => order(bound, Side::LastAffected).map(Ordering::is_le),
    };
    if ends == Ok(false) {
        return Ok(false);
    }
    Ok(reaches? && ends?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(introduced: Option<&str>, end: Bound) -> AffectedRange {
        AffectedRange { introduced: introduced.map(Into::into), end }
    }

    fn fixed(version: &str) -> Bound {
        Bound::Fixed(version.into())
    }

    fn held(range: &AffectedRange, versions: [&str; 5]) -> [bool; 5] {
        versions.map(|version| in_range(Scheme::Npm, version, range).unwrap())
    }

    const VERSIONS: [&str; 5] = ["0.0.1", "1.0.0", "1.5.0", "2.0.0", "3.0.0"];

    #[test]
    fn introduced_is_included_and_fixed_is_excluded() {
        let range = range(Some("1.0.0"), fixed("2.0.0"));
        assert_eq!(held(&range, VERSIONS), [false, true, true, false, false]);
    }

    #[test]
    fn last_affected_is_included_and_no_introduced_is_minus_infinity() {
        let range = range(None, Bound::LastAffected("2.0.0".into()));
        assert_eq!(held(&range, VERSIONS), [true, true, true, true, false]);
    }

    #[test]
    fn a_range_whose_ends_cross_holds_nothing() {
        let range = range(Some("2.0.0"), fixed("1.0.0"));
        assert_eq!(held(&range, VERSIONS), [false; 5]);
    }

    #[test]
    fn a_range_without_bounds_holds_even_an_unreadable_version() {
        assert_eq!(in_range(Scheme::Npm, "latest", &range(None, Bound::Open)), Ok(true));
    }

    #[test]
    fn a_branch_lies_in_no_range_and_outside_of_none() {
        let error = in_range(Scheme::Composer, "dev-main", &range(None, fixed("1.0"))).unwrap_err();
        assert_eq!((error.side, error.reason), (Side::Version, Reason::Branch));
        assert_eq!(in_range(Scheme::Composer, "dev-main", &range(None, Bound::Open)), Ok(true));
        assert_eq!(in_range(Scheme::Composer, "1.x-dev", &range(None, fixed("2.0"))), Ok(true));
    }

    #[test]
    fn an_unreadable_bound_is_an_error_unless_the_other_bound_excludes_the_version() {
        let broken_end = range(Some("1.0.0"), fixed("soon"));
        assert_eq!(in_range(Scheme::Npm, "1.0.0", &broken_end).unwrap_err().side, Side::Fixed);
        assert_eq!(in_range(Scheme::Npm, "0.9.0", &broken_end), Ok(false));
        let broken_start = range(Some("once"), fixed("2.0.0"));
        assert_eq!(in_range(Scheme::Npm, "1.0.0", &broken_start).unwrap_err().side, Side::Introduced);
        assert_eq!(in_range(Scheme::Npm, "2.0.0", &broken_start), Ok(false));
        assert_eq!(in_range(Scheme::Npm, "*", &broken_start).unwrap_err().side, Side::Version);
    }
}

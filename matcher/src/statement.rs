//! Whether one statement of a publisher is true for one version, and which version ends it.

use std::cmp::Ordering;

use model::{Affected, Bound, FixState};
use version::{Scheme, VersionError};

/// What a statement says of a version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    /// It does not apply.
    Outside,
    /// It applies; `fix` is the lowest version named that is newer than the installed one.
    Inside { fix: Option<&'a str> },
    /// It cannot be told: a version could not be read.
    Undecided(VersionError),
}

/// Applies `statement` to `version`: it must be one of the listed versions or lie in one of the ranges
/// (OSV schema 1.6, "Evaluation"). A statement of "not affected" never applies.
///
/// A listed version is equal if the scheme says so (`1.0` is `1.0.0` to Python), or if it is the same text, so that an
/// unreadable version can still be recognised. One range that holds the version outweighs another that cannot be
/// read.
pub(crate) fn judge<'a>(scheme: Scheme, version: &str, statement: &'a Affected) -> Verdict<'a> {
    if statement.state == FixState::NotAffected {
        return Verdict::Outside;
    }
    let mut unread = None;
    let mut fix = None;
    let mut inside = false;
    for range in &statement.ranges {
        match version::in_range(scheme, version, range) {
            Ok(true) => {
                inside = true;
                if let Bound::Fixed(bound) = &range.end {
                    fix = lower(scheme, fix, bound);
                }
            }
            Ok(false) => {}
            Err(error) => unread = unread.or(Some(error)),
        }
    }
    if !inside {
        match is_listed(scheme, version, &statement.versions) {
            Ok(listed) => inside = listed,
            Err(error) => unread = unread.or(Some(error)),
        }
    }
    match (inside, unread) {
        (true, _) => Verdict::Inside { fix: fix.or_else(|| any_later_fix(scheme, version, statement)) },
        (false, Some(error)) => Verdict::Undecided(error),
        (false, None) => Verdict::Outside,
    }
}

/// Whether `version` is in `list`. Entries that cannot be read are different from any version that can.
fn is_listed(scheme: Scheme, version: &str, list: &[String]) -> Result<bool, VersionError> {
    if list.iter().any(|entry| entry == version) {
        return Ok(true);
    }
    if list.is_empty() {
        return Ok(false);
    }
    version::compare(scheme, version, version)?;
    Ok(list.iter().any(|entry| version::compare(scheme, version, entry) == Ok(Ordering::Equal)))
}

/// The fix of a statement whose matching range names none (it is open, ends with a last affected version, or the version
/// is listed): the lowest fix named anywhere in the statement that is newer than `version`.
fn any_later_fix<'a>(scheme: Scheme, version: &str, statement: &'a Affected) -> Option<&'a str> {
    let bounds = statement.ranges.iter().filter_map(|range| match &range.end {
        Bound::Fixed(bound) => Some(bound.as_str()),
        _ => None,
    });
    bounds
        .chain(statement.fix_version.as_deref())
        .filter(|bound| version::compare(scheme, version, bound) == Ok(Ordering::Less))
        .fold(None, |lowest, bound| lower(scheme, lowest, bound))
}

/// The lower of two readable versions.
fn lower<'a>(scheme: Scheme, known: Option<&'a str>, other: &'a str) -> Option<&'a str> {
    match known {
        Some(known) if version::compare(scheme, other, known) != Ok(Ordering::Less) => Some(known),
        _ => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use model::{AffectedRange, Severity, SeverityRule};

    use super::*;

    fn statement(ranges: &[(Option<&str>, Bound)], versions: &[&str]) -> Affected {
        Affected {
            advisory: "TEST-1".into(),
            feed: "test".into(),
            ranges: ranges
                .iter()
                .map(|(introduced, end)| AffectedRange {
                    introduced: introduced.map(Into::into),
                    end: end.clone(),
                })
                .collect(),
            versions: versions.iter().map(|version| (*version).into()).collect(),
            state: FixState::Affected,
            fix_version: None,
            severity: Severity::DEFAULT,
            severity_rule: SeverityRule::Default,
        }
    }

    fn fixed(version: &str) -> Bound {
        Bound::Fixed(version.into())
    }

    fn judged<'a>(version: &str, statement: &'a Affected) -> Verdict<'a> {
        judge(Scheme::Pep440, version, statement)
    }

    const INSIDE_WITHOUT_FIX: Verdict<'_> = Verdict::Inside { fix: None };

    #[test]
    fn the_fix_is_the_end_of_the_range_that_holds_the_version() {
        let two = statement(&[(Some("1.0"), fixed("1.5")), (Some("2.0"), fixed("2.3"))], &[]);
        assert_eq!(judged("1.2", &two), Verdict::Inside { fix: Some("1.5") });
        assert_eq!(judged("2.2", &two), Verdict::Inside { fix: Some("2.3") });
        assert_eq!(judged("1.7", &two), Verdict::Outside);
        assert_eq!(judged("2.3", &two), Verdict::Outside);
    }

    #[test]
    fn of_overlapping_ranges_the_lowest_end_is_the_fix() {
        let both = statement(&[(None, fixed("2.0")), (Some("1.0"), fixed("1.5"))], &[]);
        assert_eq!(judged("1.2", &both), Verdict::Inside { fix: Some("1.5") });
    }

    #[test]
    fn a_listed_version_matches_in_normalised_form_and_takes_the_next_fix() {
        let listed = statement(&[(Some("1.0"), fixed("1.5")), (None, fixed("3.0rc1"))], &["4.0.0"]);
        assert_eq!(judged("4", &listed), INSIDE_WITHOUT_FIX);
        let listed = statement(&[(Some("5"), fixed("6"))], &["4.0.0", "oddity"]);
        assert_eq!(judged("4", &listed), Verdict::Inside { fix: Some("6") });
        assert_eq!(judged("4.1", &listed), Verdict::Outside);
        assert_eq!(judged("oddity", &listed), Verdict::Inside { fix: None });
    }

    #[test]
    fn an_unreadable_version_is_undecided_unless_every_version_is_affected() {
        let some = statement(&[(None, fixed("2.0"))], &[]);
        assert!(matches!(judged("unknown", &some), Verdict::Undecided(_)));
        let listed = statement(&[], &["1.0"]);
        assert!(matches!(judged("", &listed), Verdict::Undecided(_)));
        let all = statement(&[(None, Bound::Open)], &[]);
        assert_eq!(judged("unknown", &all), INSIDE_WITHOUT_FIX);
    }

    #[test]
    fn an_unreadable_bound_is_undecided_unless_another_range_holds_the_version() {
        let broken = statement(&[(None, fixed("when ready"))], &[]);
        assert!(matches!(judged("1.0", &broken), Verdict::Undecided(_)));
        let mixed = statement(&[(None, fixed("when ready")), (None, fixed("2.0"))], &[]);
        assert_eq!(judged("1.0", &mixed), Verdict::Inside { fix: Some("2.0") });
    }

    #[test]
    fn a_statement_of_not_affected_never_applies() {
        let mut denial = statement(&[(None, Bound::Open)], &["1.0"]);
        denial.state = FixState::NotAffected;
        assert_eq!(judged("1.0", &denial), Verdict::Outside);
    }

    #[test]
    fn a_last_affected_version_is_followed_by_the_fix_that_the_record_names() {
        let mut last = statement(&[(None, Bound::LastAffected("2.0".into()))], &[]);
        last.fix_version = Some("2.1".into());
        assert_eq!(judged("2.0", &last), Verdict::Inside { fix: Some("2.1") });
        assert_eq!(judged("2.0.1", &last), Verdict::Outside);
    }
}

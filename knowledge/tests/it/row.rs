//! Statements as they are judged in place: which versions they hold, and which fix they name.

use std::sync::Arc;

use knowledge::{Bundle, BundleAffected, Verdict};
use model::{Affected, AffectedRange, Bound, FixState, Namespace, Vulnerability};
use version::{Parsed, Scheme};

fn statement(ranges: &[(Option<&str>, Bound)], versions: &[&str]) -> Affected {
    let range = |(introduced, end): &(Option<&str>, Bound)| AffectedRange {
        introduced: introduced.map(Into::into),
        end: end.clone(),
    };
    Affected {
        advisory: "TEST-1".into(),
        ranges: ranges.iter().map(range).collect(),
        versions: versions.iter().map(|version| (*version).into()).collect(),
        state: FixState::Affected,
        ..Affected::default()
    }
}

fn fixed(version: &str) -> Bound {
    Bound::Fixed(version.into())
}

/// `outside`, `undecided`, `inside`, or `inside, FIX`.
fn judged(version: &str, affected: &Affected) -> String {
    let vulnerability = Arc::new(Vulnerability { qid: 7, id: "TEST-1".into(), ..Vulnerability::default() });
    let given = BundleAffected { affected: affected.clone(), vulnerability };
    let bundle = Bundle::of_statements(&[(Namespace("pypi".into()), "x".into(), given)]);
    let row = bundle.row("pypi", "x").unwrap();
    assert_eq!(row.statement(0).to_model(), *affected, "a statement comes out as it went in");
    let parsed = Parsed::parse(Scheme::Pep440, version).ok();
    let position = parsed.map(|parsed| row.position(Scheme::Pep440, &parsed));
    match row.statement(0).judge(position, version) {
        Verdict::Outside => "outside".into(),
        Verdict::Undecided => "undecided".into(),
        Verdict::Inside(None) => "inside".into(),
        Verdict::Inside(Some(fix)) => format!("inside, {}", row.text(fix.text)),
    }
}

#[test]
fn the_fix_is_the_end_of_the_range_that_holds_the_version() {
    let two = statement(&[(Some("1.0"), fixed("1.5")), (Some("2.0"), fixed("2.3"))], &[]);
    let versions = ["0.9", "1.0", "1.2", "1.5", "1.7", "2.2", "2.3"];
    let expected = ["outside", "inside, 1.5", "inside, 1.5", "outside", "outside", "inside, 2.3", "outside"];
    assert_eq!(versions.map(|version| judged(version, &two)), expected);
}

#[test]
fn of_overlapping_ranges_the_lowest_end_is_the_fix() {
    let both = statement(&[(None, fixed("2.0")), (Some("1.0"), fixed("1.5"))], &[]);
    assert_eq!(judged("1.2", &both), "inside, 1.5");
}

#[test]
fn a_listed_version_matches_in_normalised_form_and_takes_the_next_fix() {
    let listed = statement(&[(Some("1.0"), fixed("1.5")), (None, fixed("3.0rc1"))], &["4.0.0"]);
    assert_eq!(judged("4", &listed), "inside");
    let listed = statement(&[(Some("5"), fixed("6"))], &["4.0.0", "oddity"]);
    assert_eq!(judged("4", &listed), "inside, 6");
    assert_eq!(judged("4.1", &listed), "outside");
    assert_eq!(judged("oddity", &listed), "inside");
}

#[test]
fn an_unreadable_version_is_undecided_unless_every_version_is_affected() {
    assert_eq!(judged("unknown", &statement(&[(None, fixed("2.0"))], &[])), "undecided");
    assert_eq!(judged("", &statement(&[], &["1.0"])), "undecided");
    assert_eq!(judged("unknown", &statement(&[(None, Bound::Open)], &[])), "inside");
}

#[test]
fn an_unreadable_bound_is_undecided_unless_another_range_holds_or_its_other_end_excludes_the_version() {
    let broken = statement(&[(None, fixed("when ready"))], &[]);
    assert_eq!(judged("1.0", &broken), "undecided");
    let mixed = statement(&[(None, fixed("when ready")), (None, fixed("2.0"))], &[]);
    assert_eq!(judged("1.0", &mixed), "inside, 2.0");
    let late = statement(&[(Some("2.0"), fixed("when ready")), (Some("once"), fixed("1.0"))], &[]);
    assert_eq!(judged("1.0", &late), "outside");
    let last = statement(&[(None, Bound::LastAffected("some day".into()))], &[]);
    assert_eq!(judged("1.0", &last), "undecided");
}

#[test]
fn a_statement_that_does_not_count_never_applies() {
    let mut denial = statement(&[(None, Bound::Open)], &["1.0"]);
    denial.state = FixState::NotAffected;
    assert_eq!(judged("1.0", &denial), "outside");
    for standing in [model::Standing::Withdrawn, model::Standing::Rejected, model::Standing::Outranked] {
        let mut affected = statement(&[(None, Bound::Open)], &["1.0"]);
        affected.standing = standing;
        assert_eq!(judged("1.0", &affected), "outside", "{standing:?}");
    }
}

#[test]
fn a_last_affected_version_is_included_and_followed_by_the_fix_that_the_record_names() {
    let mut last = statement(&[(None, Bound::LastAffected("2.0".into()))], &[]);
    assert_eq!(judged("2.0", &last), "inside");
    last.fix_version = Some("2.1".into());
    assert_eq!(judged("2.0", &last), "inside, 2.1");
    assert_eq!(judged("2.0.0", &last), "inside, 2.1");
    assert_eq!(judged("2.0.1", &last), "outside");
}

#[test]
fn a_range_whose_ends_cross_holds_nothing() {
    let crossed = statement(&[(Some("2.0"), fixed("1.0"))], &[]);
    assert_eq!(["0.5", "1.0", "1.5", "2.0", "3.0"].map(|version| judged(version, &crossed)), ["outside"; 5]);
}

#[test]
fn module_architectures_and_reasons_are_kept() {
    let affected = Affected {
        module: Some("postgresql:12".into()),
        arches: vec!["x86_64".into(), "aarch64".into()],
        note: Some("Minor issue".into()),
        named: model::Named::Source,
        ..statement(&[], &["1.0"])
    };
    assert_eq!(judged("1.0", &affected), "inside");
}

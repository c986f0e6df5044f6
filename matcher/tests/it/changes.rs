//! What a new bundle does not touch is judged as before: random pairs of bundles, every package in both.

use std::sync::Arc;

use knowledge::{Bundle, BundleAffected, Changes};
use matcher::judge;
use model::{Affected, AffectedRange, Bound, Ecosystem, FixState, Namespace, Timestamp, Vulnerability};
use proptest::prelude::*;

use crate::make;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const NAMES: [&str; 3] = ["a", "b", "c"];

type Given = Vec<(Namespace, String, BundleAffected)>;

/// Package, number, title and fix of a statement; few of each, so that bundles agree in much.
fn any_statements() -> impl Strategy<Value = Vec<(usize, u32, u8, u8)>> {
    proptest::collection::vec((0..NAMES.len(), 0..4_u32, 0..2_u8, 1..4_u8), 0..6)
}

fn given(statements: &[(usize, u32, u8, u8)], ecosystem: Ecosystem) -> Given {
    let one = |&(name, qid, title, fix): &(usize, u32, u8, u8)| {
        let fix = format!("{fix}.0.0");
        let affected = Affected {
            advisory: format!("TEST-{qid}"),
            feed: "test".into(),
            ranges: vec![AffectedRange { introduced: None, end: Bound::Fixed(fix.clone()) }],
            state: FixState::Fixed,
            fix_version: Some(fix),
            ..Affected::default()
        };
        let title = format!("title {title}");
        let vulnerability =
            Vulnerability { qid, id: format!("TEST-{qid}"), title, ..Vulnerability::default() };
        let namespace = Namespace(ecosystem.as_str().to_owned());
        (
            namespace,
            NAMES[name].to_owned(),
            BundleAffected { affected, vulnerability: Arc::new(vulnerability) },
        )
    };
    statements.iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_package_that_is_not_touched_is_judged_as_before(
        old in any_statements(),
        new in any_statements(),
        other_namespace in any::<bool>(),
    ) {
        let new_ecosystem = if other_namespace { Ecosystem::Pypi } else { Ecosystem::Npm };
        let (old, new) = (
            Bundle::of_statements(&given(&old, Ecosystem::Npm)),
            Bundle::of_statements(&given(&new, new_ecosystem)),
        );
        let changes = Changes::between(&old, &new);
        for name in NAMES {
            for version in ["0.5.0", "1.0.0", "2.5.0", "9.0.0"] {
                let package = make::package(Ecosystem::Npm, name, version);
                if !changes.touches(&package) {
                    prop_assert_eq!(judge(&package, &old, NOW), judge(&package, &new, NOW));
                }
            }
        }
    }

    #[test]
    fn a_bundle_touches_nothing_of_itself(statements in any_statements()) {
        let bundle = Bundle::of_statements(&given(&statements, Ecosystem::Npm));
        let again = Bundle::of_statements(&given(&statements, Ecosystem::Npm));
        let changes = Changes::between(&bundle, &again);
        prop_assert_eq!(changes.rows(), 0);
        prop_assert!(NAMES.iter().all(|name| !changes.touches(&make::package(Ecosystem::Npm, name, "1.0.0"))));
    }
}

#[test]
fn a_changed_statement_touches_its_package_and_no_other() {
    let old = Bundle::of_statements(&given(&[(0, 1, 0, 1), (1, 2, 0, 1)], Ecosystem::Npm));
    let new = Bundle::of_statements(&given(&[(0, 1, 0, 2), (1, 2, 0, 1)], Ecosystem::Npm));
    let changes = Changes::between(&old, &new);
    let touched = NAMES.map(|name| changes.touches(&make::package(Ecosystem::Npm, name, "1.0.0")));
    assert_eq!(touched, [true, false, false]);
}

#[test]
fn a_changed_title_touches_every_package_that_has_to_do_with_it() {
    let old = Bundle::of_statements(&given(&[(0, 1, 0, 1), (1, 1, 0, 1), (2, 2, 0, 1)], Ecosystem::Npm));
    let new = Bundle::of_statements(&given(&[(0, 1, 1, 1), (1, 1, 1, 1), (2, 2, 0, 1)], Ecosystem::Npm));
    let changes = Changes::between(&old, &new);
    let touched = NAMES.map(|name| changes.touches(&make::package(Ecosystem::Npm, name, "1.0.0")));
    assert_eq!(touched, [true, true, false]);
}

//! First-found times of findings.

use model::Timestamp;
use store::{ChangeKind, DEFAULT_CUSTOMER, FindingRow, Rejudged, Store};

use crate::Backend;
use crate::build::report;

/// A store with one image of two packages; gives when they were first seen.
async fn with_two_packages(backend: &impl Backend) -> (Store, Timestamp) {
    let store = backend.open();
    let ack = store.put_report(DEFAULT_CUSTOMER, report(1, &["bash", "curl"])).await.unwrap();
    (store, ack.updated)
}

fn finding(package: u32, qid: u32, first_found: Timestamp, ended: Option<Timestamp>) -> FindingRow {
    FindingRow { package, qid, first_found, ended }
}

pub(crate) async fn first_findings_date_from_the_package_and_do_not_tick(backend: impl Backend) {
    let (store, created) = with_two_packages(&backend).await;
    store.record_first_judgement(vec![(1, u64::MAX, vec![7, 5]), (2, 0, Vec::new())]).await.unwrap();
    // a second process that judges the same package later changes nothing
    store.record_first_judgement(vec![(1, 3, vec![9])]).await.unwrap();
    assert_eq!(store.clock().await.unwrap(), created);
    let expected = [finding(1, 5, created, None), finding(1, 7, created, None)];
    assert_eq!(store.findings_of(&[2, 1, 1]).await.unwrap(), expected);
    assert_eq!(store.findings_after(None, 1).await.unwrap(), expected[..1]);
    assert_eq!(store.findings_after(Some((1, 5)), 10).await.unwrap(), expected[1..]);
    let rows = store.packages_after(None, 10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.fingerprint).collect::<Vec<_>>(), [Some(u64::MAX), Some(0)]);
    assert!(rows.iter().all(|row| row.changed == created));
    assert!(store.record_first_judgement(vec![(44, 1, Vec::new())]).await.is_err());
}

pub(crate) async fn a_rejudgement_opens_ends_and_reopens_findings_at_one_clock_value(backend: impl Backend) {
    let (store, created) = with_two_packages(&backend).await;
    store.record_first_judgement(vec![(1, 1, vec![5, 7])]).await.unwrap();
    let judged = |package, fingerprint, qids: &[u32]| Rejudged { package, fingerprint, qids: qids.to_vec() };
    let one =
        store.record_rejudgement("bundle b", vec![judged(1, 2, &[7, 8]), judged(2, 1, &[3])]).await.unwrap();
    assert!(one > created);
    let expected = [
        finding(1, 5, created, Some(one)),
        finding(1, 7, created, None),
        finding(1, 8, one, None),
        finding(2, 3, created, None),
    ];
    assert_eq!(store.findings_of(&[1, 2]).await.unwrap(), expected);
    let two = store.record_rejudgement("bundle c", vec![judged(1, 3, &[5])]).await.unwrap();
    // what comes back is found anew
    let expected =
        [finding(1, 5, two, None), finding(1, 7, created, Some(two)), finding(1, 8, one, Some(two))];
    assert_eq!(store.findings_of(&[1]).await.unwrap(), expected);

    let changes = store.changes_after(created, 10).await.unwrap();
    assert!(changes.iter().all(|change| change.kind == ChangeKind::Judgement && change.customer.is_nil()));
    let causes: Vec<_> = changes.iter().map(|change| (change.clock, &*change.cause)).collect();
    assert_eq!(causes, [(one, "bundle b"), (two, "bundle c")]);
    let changed = store.packages_changed_after(one, None, 10).await.unwrap();
    assert_eq!(changed.iter().map(|row| (row.id, row.changed)).collect::<Vec<_>>(), [(1, two)]);
    let both = store.packages_changed_after(created, None, 10).await.unwrap();
    assert_eq!(both.iter().map(|row| row.changed).collect::<Vec<_>>(), [two, one]);
}

pub(crate) async fn a_rejudgement_that_changes_nothing_does_not_tick(backend: impl Backend) {
    let (store, created) = with_two_packages(&backend).await;
    store.record_first_judgement(vec![(1, 1, vec![5])]).await.unwrap();
    let same = vec![Rejudged { package: 1, fingerprint: 1, qids: vec![5] }];
    assert_eq!(store.record_rejudgement("again", same).await.unwrap(), created);
    assert_eq!(store.record_rejudgement("nothing", Vec::new()).await.unwrap(), created);
    assert_eq!(store.changes_after(created, 10).await.unwrap(), []);
}

//! What sensors tell of the inside of containers.

use model::drift::{DriftFile, FileReason};
use model::{ContainerDetails, ContainerReport, Drift, DriftPackage, DriftReason, PackageRecord, Timestamp};
use store::{ContainerRecord, DEFAULT_CUSTOMER, Store, container_uuid};

use crate::Backend;
use crate::build::{container, package, report};

fn of(reason: DriftReason, name: &str, version: &str) -> DriftPackage {
    let mut record = PackageRecord { version: version.to_owned(), layer: None, ..package(name) };
    let before = (reason == DriftReason::Varied).then(|| Box::new(package(name)));
    if reason == DriftReason::Removed {
        record = package(name);
    }
    DriftPackage { reason, record, before, changed_at: None }
}

fn drifted(number: u32, seen_at: i64, packages: Vec<DriftPackage>) -> ContainerReport {
    let drift = Drift { checked_at: Timestamp(seen_at), packages, ..Drift::default() };
    let details = ContainerDetails { drift: Some(drift), ..ContainerDetails::default() };
    ContainerReport { observed_at: Timestamp(seen_at), details: Some(Box::new(details)), ..container(number) }
}

async fn stored(store: &Store, report: &ContainerReport) -> ContainerRecord {
    let uuid = container_uuid(DEFAULT_CUSTOMER, &report.id);
    store.container(DEFAULT_CUSTOMER, uuid).await.unwrap().unwrap()
}

/// Names and versions of what a container holds in place of its image's packages, sorted.
async fn held(store: &Store, record: &ContainerRecord) -> Vec<(String, String)> {
    let inventory = record.inventory.expect("it has one of its own");
    let entries = store.inventories(&[inventory]).await.unwrap().remove(0).entries;
    let packages = store.packages_after(None, 1_000).await.unwrap();
    let of = |number: u32| packages.iter().find(|row| row.id == number).unwrap().package.clone();
    let mut held: Vec<_> =
        entries.iter().map(|entry| of(entry.package)).map(|of| (of.name, of.version)).collect();
    held.sort();
    held
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect()
}

fn changes() -> Vec<DriftPackage> {
    vec![
        of(DriftReason::New, "jq", "1.6"),
        of(DriftReason::Removed, "sudo", ""),
        of(DriftReason::Varied, "curl", "2.0-1"),
    ]
}

pub(crate) async fn a_container_holds_its_image_with_what_it_changed(backend: impl Backend) {
    let store = backend.open();
    store.put_report(DEFAULT_CUSTOMER, report(1, &["base", "curl", "sudo"])).await.unwrap();
    let sent = drifted(1, 2_000, changes());
    store.put_containers(DEFAULT_CUSTOMER, vec![sent.clone()]).await.unwrap();
    let record = stored(&store, &sent).await;
    assert_eq!(held(&store, &record).await, pairs(&[("base", "1.0-1"), ("curl", "2.0-1"), ("jq", "1.6")]));
    assert_eq!(record.report.details, sent.details);
    assert_eq!(store::decode_inside(&record.inside_bytes).unwrap(), sent.details);
    assert_eq!(record.since.len(), 2);
    assert!(record.since.iter().all(|(_, clock)| *clock == record.updated));
    assert_eq!(store.verify(&mut |problem| panic!("{problem}")).await.unwrap().problems, 0);
}

pub(crate) async fn the_image_may_come_later_or_change(backend: impl Backend) {
    let store = backend.open();
    let sent = drifted(1, 2_000, changes());
    let first = store.put_containers(DEFAULT_CUSTOMER, vec![sent.clone()]).await.unwrap();
    assert_eq!(stored(&store, &sent).await.inventory, None);

    store.put_report(DEFAULT_CUSTOMER, report(1, &["curl", "sudo"])).await.unwrap();
    let record = stored(&store, &sent).await;
    assert_eq!(held(&store, &record).await, pairs(&[("curl", "2.0-1"), ("jq", "1.6")]));
    assert!(record.updated > first.updated);

    let mut more = report(1, &["curl", "sudo", "bash"]);
    more.scanned_at = Timestamp(9_000);
    store.put_report(DEFAULT_CUSTOMER, more).await.unwrap();
    let later = stored(&store, &sent).await;
    let expected = [("bash", "1.0-1"), ("curl", "2.0-1"), ("jq", "1.6")];
    assert_eq!(held(&store, &later).await, pairs(&expected));
    assert!(later.updated > record.updated);
}

pub(crate) async fn what_a_report_does_not_tell_stays(backend: impl Backend) {
    let store = backend.open();
    store.put_report(DEFAULT_CUSTOMER, report(1, &["curl", "sudo"])).await.unwrap();
    let sent = drifted(1, 2_000, changes());
    let first = store.put_containers(DEFAULT_CUSTOMER, vec![sent.clone()]).await.unwrap();

    let silent = ContainerReport { observed_at: Timestamp(3_000), ..container(1) };
    let again = drifted(1, 4_000, changes());
    let second = store.put_containers(DEFAULT_CUSTOMER, vec![silent, again]).await.unwrap();
    assert_eq!((second.changed, second.updated), (false, first.updated));
    assert_eq!(stored(&store, &sent).await.report.details, sent.details);

    let healed = drifted(1, 5_000, Vec::new());
    let third = store.put_containers(DEFAULT_CUSTOMER, vec![healed]).await.unwrap();
    let record = stored(&store, &sent).await;
    assert!(third.changed);
    assert_eq!((record.inventory, record.since.len()), (None, 0));
}

pub(crate) async fn inventories_of_containers_are_no_orphans(backend: impl Backend) {
    let store = backend.open();
    store.put_report(DEFAULT_CUSTOMER, report(1, &["curl", "sudo"])).await.unwrap();
    let sent = drifted(1, 2_000, changes());
    store.put_containers(DEFAULT_CUSTOMER, vec![sent.clone()]).await.unwrap();
    assert!(store.collect_inventories(1_000).await.unwrap() == 0);
    store.put_containers(DEFAULT_CUSTOMER, vec![drifted(1, 5_000, Vec::new())]).await.unwrap();
    assert!(store.collect_inventories(1_000).await.unwrap() == 1);
}

pub(crate) async fn hostile_details_are_refused_at_their_place(backend: impl Backend) {
    let store = backend.open();
    let refused = async |details: ContainerDetails, field: &str| {
        let report = ContainerReport { details: Some(Box::new(details)), ..container(1) };
        let error = store.put_containers(DEFAULT_CUSTOMER, vec![report]).await.unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    };
    let mut both = of(DriftReason::New, "jq", "1");
    both.before = Some(Box::new(package("jq")));
    let drift = |drift: Drift| ContainerDetails { drift: Some(drift), ..ContainerDetails::default() };
    let of_packages = |packages| drift(Drift { packages, ..Drift::default() });
    refused(of_packages(vec![both]), "[0].details.drift.packages[0].before").await;
    let nameless = of(DriftReason::New, "", "1");
    refused(of_packages(vec![nameless]), "[0].details.drift.packages[0].record.name").await;
    let file = DriftFile {
        path: "a".repeat(20_000),
        reason: FileReason::ExecutableAdded,
        size: 1,
        changed_at: None,
        owned_by: None,
    };
    refused(drift(Drift { files: vec![file], ..Drift::default() }), "[0].details.drift.files[0].path").await;
}

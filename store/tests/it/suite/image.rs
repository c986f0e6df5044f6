//! Reports become image records.

use model::{Ecosystem, Timestamp};
use store::{DEFAULT_CUSTOMER, StoreError};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::Backend;
use crate::build::{bookworm, package, package_names, reference, report, stored};

pub(crate) async fn the_same_report_again_changes_nothing(backend: impl Backend) {
    let store = backend.open();
    let mut sent = report(1, &["bash", "curl"]);
    sent.image.references = vec![reference("team/web:1")];
    sent.tags = vec!["prod".into()];
    let first = store.put_report(DEFAULT_CUSTOMER, sent.clone()).await.unwrap();
    let before = stored(&store, 1).await;
    let clock = store.clock().await.unwrap();
    let again = store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap();
    assert!(first.changed && !again.changed);
    assert_eq!((first.updated, &first.uuids), (again.updated, &again.uuids));
    assert_eq!(store.clock().await.unwrap(), clock);
    assert_eq!(stored(&store, 1).await, before);
    assert_eq!(store.changes_after(Timestamp(0), 10).await.unwrap().len(), 1);
    assert_eq!(before.created_at, before.updated);
}

pub(crate) async fn a_later_scan_of_the_same_content_moves_last_scanned(backend: impl Backend) {
    let store = backend.open();
    let first = store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap();
    let mut later = report(1, &["bash"]);
    later.scanned_at = Timestamp(2_000);
    let second = store.put_report(DEFAULT_CUSTOMER, later).await.unwrap();
    let image = stored(&store, 1).await;
    assert!(second.changed && second.updated > first.updated);
    assert_eq!(image.last_scanned, Timestamp(2_000));
    assert_eq!((image.created_at, image.updated), (first.updated, second.updated));
}

pub(crate) async fn packages_that_come_later_have_the_time_at_which_they_came(backend: impl Backend) {
    let store = backend.open();
    let mut clock = 1_000;
    let mut send = async |packages: &[&str]| {
        let mut sent = report(1, packages);
        clock += 1;
        sent.scanned_at = Timestamp(clock);
        store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap().updated
    };
    let since = async || stored(&store, 1).await.since.to_vec();
    send(&["bash", "curl"]).await;
    store.put_report(DEFAULT_CUSTOMER, report(2, &["zlib"])).await.unwrap();
    assert_eq!(since().await, []);
    let came = send(&["bash", "curl", "zlib"]).await;
    assert_eq!(since().await, [(3, came)]);
    send(&["bash", "curl", "zlib"]).await;
    assert_eq!(since().await, [(3, came)]);
    let dash = send(&["curl", "zlib", "dash"]).await;
    assert_eq!(since().await, [(3, came), (4, dash)]);
    let again = send(&["bash", "curl", "dash"]).await;
    assert_eq!(since().await, [(1, again), (4, dash)]);
    store.put_report(DEFAULT_CUSTOMER, report(1, &["old"])).await.unwrap();
    assert_eq!(since().await, [(1, again), (4, dash)]);
    let image = stored(&store, 1).await;
    assert_eq!(
        store.images_after(None, 10).await.unwrap().into_iter().find(|of| of.id == image.id),
        Some(image.clone())
    );
    assert_eq!(store.images_of(&[(image.customer, image.uuid)]).await.unwrap().first(), Some(&image));
    assert_eq!(store.verify(&mut |problem| panic!("{problem}")).await.unwrap().problems, 0);
    store.delete_images(DEFAULT_CUSTOMER, &[image.uuid]).await.unwrap();
    send(&["bash", "new"]).await;
    assert_eq!(since().await, []);
}

pub(crate) async fn an_older_report_adds_names_and_tags_and_nothing_else(backend: impl Backend) {
    let store = backend.open();
    let mut newer = report(1, &["bash", "curl"]);
    newer.scanned_at = Timestamp(2_000);
    newer.image.references = vec![reference("team/web:2")];
    store.put_report(DEFAULT_CUSTOMER, newer).await.unwrap();
    let before = stored(&store, 1).await;

    let mut older = report(1, &["dash"]);
    older.image.author = "someone else".into();
    assert!(store.put_report(DEFAULT_CUSTOMER, older.clone()).await.is_ok_and(|ack| !ack.changed));
    assert_eq!(stored(&store, 1).await, before);

    older.image.references = vec![reference("team/web:1")];
    older.source = "CICD".into();
    older.tags = vec!["old".into()];
    let ack = store.put_report(DEFAULT_CUSTOMER, older).await.unwrap();
    let after = stored(&store, 1).await;
    assert!(ack.changed && after.updated > before.updated);
    assert_eq!(after.inventory, before.inventory);
    assert_eq!(after.last_scanned, Timestamp(2_000));
    assert_eq!(after.document.facts.author, "");
    assert_eq!(after.document.facts.references, [reference("team/web:2"), reference("team/web:1")]);
    assert_eq!((after.sources, after.tags), (vec!["GENERAL".into(), "CICD".into()], vec!["old".to_owned()]));
    assert_eq!(store.packages_after(None, 10).await.unwrap().len(), 2, "dash is not of the newest report");
}

pub(crate) async fn names_and_sources_of_all_reports_are_united(backend: impl Backend) {
    let store = backend.open();
    for (time, source, name) in [(1, "GENERAL", "a:1"), (2, "REGISTRY", "a:1"), (3, "GENERAL", "b:1")] {
        let mut sent = report(1, &["bash"]);
        sent.scanned_at = Timestamp(time);
        sent.source = source.into();
        sent.image.references = vec![reference(name), reference(name)];
        store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap();
    }
    let image = stored(&store, 1).await;
    assert_eq!(image.sources, ["GENERAL", "REGISTRY"]);
    assert_eq!(image.document.facts.references, [reference("a:1"), reference("b:1")]);
}

pub(crate) async fn packages_are_shared_between_images_and_come_back_whole(backend: impl Backend) {
    let store = backend.open();
    let mut first = report(1, &["bash", "curl"]);
    let mut odd = package("büro\u{0}\"\n");
    odd.ecosystem = Ecosystem::Npm;
    odd.distro = None;
    odd.arch = None;
    odd.path = "srv/app/node_modules/b/package.json".into();
    odd.owned_by = Some("curl".into());
    first.packages.push(odd.clone());
    store.put_report(DEFAULT_CUSTOMER, first).await.unwrap();
    store.put_report(DEFAULT_CUSTOMER, report(2, &["curl", "bash", "bash"])).await.unwrap();
    store.put_report(DEFAULT_CUSTOMER, report(3, &["bash", "curl"])).await.unwrap();

    let rows = store.packages_after(None, 10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(store.packages_after(Some(2), 10).await.unwrap(), rows[2..]);
    assert_eq!(rows[2].package, odd.package());
    assert!(rows.iter().all(|row| row.created == row.changed && row.fingerprint.is_none()));
    let (one, two, three) = (stored(&store, 1).await, stored(&store, 2).await, stored(&store, 3).await);
    assert_eq!(two.inventory, three.inventory);
    assert_ne!(one.inventory, two.inventory);
    let inventories = store.inventories(&[two.inventory, one.inventory, two.inventory]).await.unwrap();
    assert_eq!(inventories.iter().map(|set| set.entries.len()).collect::<Vec<_>>(), [2, 3, 2]);
    let entry = &inventories[1].entries[2];
    assert_eq!(
        (entry.path.as_str(), entry.owned_by.as_deref(), entry.layer),
        (odd.path.as_str(), Some("curl"), Some(0))
    );
    assert!(matches!(store.inventory(&crate::build::digest(99)).await, Err(StoreError::NotFound { .. })));
}

pub(crate) async fn a_large_report_is_stored_whole(backend: impl Backend) {
    let store = backend.open();
    let names: Vec<String> = (0..5_037).map(|number| format!("package-{number:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    store.put_report(DEFAULT_CUSTOMER, report(1, &names[..1_234])).await.unwrap();
    store.put_report(DEFAULT_CUSTOMER, report(2, &names)).await.unwrap();
    assert_eq!(package_names(&store, &stored(&store, 2).await).await, names);
    assert!(store.packages_after(None, usize::MAX).await.unwrap().iter().map(|row| row.id).eq(1..=5_037));
    drop(store);
    // a process that has seen none of the packages yet finds their numbers in the database
    let store = backend.open();
    assert!(!store.put_report(DEFAULT_CUSTOMER, report(2, &names)).await.unwrap().changed);
}

pub(crate) async fn the_operating_system_is_an_entry_of_the_inventory(backend: impl Backend) {
    let store = backend.open();
    let mut sent = report(1, &["bash"]);
    sent.os_release = Some(bookworm());
    store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap();
    let image = stored(&store, 1).await;
    assert_eq!(package_names(&store, &image).await, ["bash", "debian"]);
    let rows = store.packages_after(None, 10).await.unwrap();
    let release = rows.iter().find(|row| row.package.ecosystem == Ecosystem::Os).unwrap();
    assert_eq!(release.package, bookworm().package());
    let inventory = store.inventory(&image.inventory).await.unwrap();
    let entry = inventory.entries.iter().find(|entry| entry.package == release.id).unwrap();
    assert_eq!((entry.path.as_str(), entry.layer), ("etc/os-release", None));
    assert_eq!(image.document.os_release, Some(bookworm()));
}

pub(crate) async fn two_customers_do_not_see_each_other(backend: impl Backend) {
    let store = backend.open();
    let other = Uuid::from_u128(77);
    let mine = store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap().uuids[0];
    let theirs = store.put_report(other, report(1, &["bash"])).await.unwrap().uuids[0];
    assert_ne!(mine, theirs);
    assert!(store.image(other, mine).await.unwrap().is_none());
    assert!(store.image(DEFAULT_CUSTOMER, theirs).await.unwrap().is_none());
    assert_eq!(store.images_after(None, 10).await.unwrap().len(), 2);
}

pub(crate) async fn pages_cover_every_image_once(backend: impl Backend) {
    let store = backend.open();
    for number in 0..23 {
        let mut sent = report(number, &["bash"]);
        sent.tags = vec![format!("n{}", number % 3)];
        let customer = if number % 2 == 0 { DEFAULT_CUSTOMER } else { Uuid::from_u128(9) };
        store.put_report(customer, sent).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.images_after(after, 5).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.customer, last.uuid));
        assert!(page.len() <= 5);
        seen.extend(page);
    }
    assert_eq!(seen.len(), 23);
    assert!(seen.is_sorted_by(|a, b| (a.customer, a.uuid) < (b.customer, b.uuid)));
    for image in seen {
        assert_eq!(store.image(image.customer, image.uuid).await.unwrap(), Some(image.clone()));
        assert_eq!(image.tags.len(), 1);
    }
}

pub(crate) async fn bad_reports_are_refused_at_their_place(backend: impl Backend) {
    let store = backend.open();
    type Spoil = fn(&mut model::ScanReport);
    let cases: [(&str, Spoil); 10] = [
        ("schema", |report| report.schema = 99),
        ("source", |report| report.source = "lower".into()),
        ("scannedAt", |report| report.scanned_at = Timestamp(i64::MAX)),
        ("packages[1].name", |report| report.packages[1].name.clear()),
        ("packages[0].version", |report| report.packages[0].version = "9".repeat(5_000)),
        ("packages[1].layer", |report| report.packages[1].layer = Some(1)),
        ("packages[0].ecosystem", |report| report.packages[0].ecosystem = Ecosystem::Os),
        ("tags[0]", |report| report.tags = vec!["a\nb".into()]),
        ("image.size", |report| report.image.size = u64::MAX),
        ("image.environment[0]", |report| report.image.environment[0] = "x".repeat(200_000)),
    ];
    for (place, spoil) in cases {
        let mut sent = report(1, &["bash", "curl"]);
        spoil(&mut sent);
        match store.put_report(DEFAULT_CUSTOMER, sent).await {
            Err(StoreError::Invalid { field, .. }) => assert_eq!(field, place),
            other => panic!("{place}: {other:?}"),
        }
    }
    assert_eq!(store.clock().await.unwrap(), Timestamp(0));
}

pub(crate) async fn a_bad_request_does_not_spoil_its_neighbours(backend: impl Backend) {
    let store = backend.open();
    let mut good = JoinSet::new();
    let mut bad = JoinSet::new();
    for number in 0..100 {
        let writer = store.clone();
        good.spawn(
            async move { writer.put_report(DEFAULT_CUSTOMER, report(number, &["bash", "new"])).await },
        );
        let writer = store.clone();
        bad.spawn(async move { writer.assign_tag(DEFAULT_CUSTOMER, "x", &[Uuid::from_u128(5)]).await });
    }
    let good = good.join_all().await;
    let bad = bad.join_all().await;
    assert!(good.iter().all(|ack| ack.as_ref().is_ok_and(|ack| ack.changed)));
    assert!(bad.iter().all(|ack| matches!(ack, Err(StoreError::NotFound { .. }))));
    assert_eq!(store.images_after(None, 200).await.unwrap().len(), 100);
    assert_eq!(store.packages_after(None, 10).await.unwrap().len(), 2);
}

pub(crate) async fn images_asked_for_by_key_come_in_the_order_of_the_keys(backend: impl Backend) {
    let store = backend.open();
    let mut keys = Vec::new();
    for number in 0..130 {
        let mut sent = report(number, &["bash"]);
        sent.tags = vec![format!("n{}", number % 7), "all".to_owned()];
        let customer = if number % 3 == 0 { Uuid::from_u128(9) } else { DEFAULT_CUSTOMER };
        keys.push((customer, store.put_report(customer, sent).await.unwrap().uuids[0]));
    }
    keys.push((DEFAULT_CUSTOMER, keys[0].1));
    let found = store.images_of(&keys).await.unwrap();
    assert!(found.iter().map(|image| (image.customer, image.uuid)).eq(keys[..130].iter().copied()));
    for (image, (customer, uuid)) in found.iter().zip(&keys) {
        assert_eq!(store.image(*customer, *uuid).await.unwrap().as_ref(), Some(image));
        assert_eq!(image.tags.len(), 2);
    }
    assert!(store.images_of(&[]).await.unwrap().is_empty());
    assert_eq!(store.images_of(&keys[4..5]).await.unwrap(), found[4..5]);
}

pub(crate) async fn documents_are_decoded_on_any_thread(backend: impl Backend) {
    let store = backend.open();
    let mut sent = report(1, &["bash"]);
    sent.image.references = vec![reference("team/web:1")];
    store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap();
    let image = stored(&store, 1).await;
    let bytes = image.document_bytes.clone();
    let decoded = std::thread::spawn(move || store::decode_image_document(&bytes)).join().unwrap().unwrap();
    let mut expected = image.document;
    expected.facts.references.clear();
    expected.facts.id = model::ImageId(model::Digest::from_bytes([0; 32]));
    assert_eq!(decoded, expected);
    let refused = store::decode_image_document(b"no document").unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
}

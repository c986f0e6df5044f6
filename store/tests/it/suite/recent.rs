//! What is kept of the last writes is what the database says, and the text of a report is the report.

use model::{Ecosystem, Timestamp};
use store::{DEFAULT_CUSTOMER, InventoryEntry, PlacedInventory, PreparedReport, image_uuid};
use tokio::task::JoinSet;

use crate::Backend;
use crate::build::{bookworm, reference, report, stored};

fn entries(of: &PlacedInventory) -> Vec<InventoryEntry> {
    let text = |place: u32| of.texts()[place as usize].clone();
    let entry = |entry: &store::DraftEntry| InventoryEntry {
        package: entry.package,
        layer: entry.layer,
        path: text(entry.path),
        owned_by: entry.owned_by.map(text),
        license: entry.license.map(text),
        found_by: text(entry.found_by),
        declared: entry.declared,
    };
    of.entries().iter().map(entry).collect()
}

pub(crate) async fn what_is_kept_is_what_the_database_says(backend: impl Backend) {
    let store = backend.open();
    store.keep_recent();
    // far ahead, so that requests of one commit share a clock value
    store.advance_clock(Timestamp(Timestamp::now().0 + 60_000)).await.unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..60_u32 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut sent = report(number % 20, &["bash", "curl", &format!("p{}", number % 7)]);
            sent.os_release = bookworm().into();
            sent.image.references = vec![reference(&format!("team/web:{number}"))];
            sent.packages[2].path = format!("usr/lib/p{}/x", number % 7);
            sent.scanned_at = Timestamp(1_000 + i64::from(number / 20));
            let ack = store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap();
            if number % 5 == 0 {
                store.assign_tag(DEFAULT_CUSTOMER, "blue", &ack.uuids).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let mut kept = 0;
    for number in 0..20 {
        let image = stored(&store, number).await;
        if let Some(recent) = store.recent_image(DEFAULT_CUSTOMER, image.uuid, image.updated) {
            assert_eq!(recent, image);
            kept += 1;
        }
        let placed = store.recent_inventory(&image.inventory).unwrap();
        assert_eq!(entries(&placed), store.inventory(&image.inventory).await.unwrap().entries);
        assert!(store.recent_image(DEFAULT_CUSTOMER, image.uuid, Timestamp(5)).is_none());
    }
    assert!(kept > 0, "nothing was kept");
    store.forget_recent(store.clock().await.unwrap());
    let image = stored(&store, 1).await;
    assert!(store.recent_image(DEFAULT_CUSTOMER, image.uuid, image.updated).is_none());
    assert!(store.recent_inventory(&image.inventory).is_none());
}

pub(crate) async fn the_text_of_a_report_is_stored_as_the_report(backend: impl Backend) {
    let store = backend.open();
    let mut sent = report(1, &["bash", "cürl\n\"quoted\"", "zlib"]);
    sent.os_release = bookworm().into();
    sent.packages[0].source = Some(model::SourcePackage { name: "s".into(), version: "1:2".into() });
    sent.packages[1].ecosystem = Ecosystem::Npm;
    sent.packages[1].distro = None;
    sent.packages[1].license = Some("MIT".into());
    sent.packages[2].declared = true;
    sent.image.references = vec![reference("team/web:1")];
    let json = serde_json::to_string(&sent).unwrap();
    let prepared = PreparedReport::of_text(DEFAULT_CUSTOMER, &json, |_| {}).unwrap().unwrap();
    let first = store.put_prepared(prepared).await.unwrap();
    assert_eq!(first.uuids, [image_uuid(DEFAULT_CUSTOMER, &sent.image.id)]);
    let again = store.put_report(DEFAULT_CUSTOMER, sent.clone()).await.unwrap();
    assert!(first.changed && !again.changed);

    let prepared = |json: &str| PreparedReport::of_text(DEFAULT_CUSTOMER, json, |_| {});
    assert!(prepared("{}").is_none() && prepared(&json.replace("\"packages\"", "\"parcels\"")).is_none());
    sent.packages[1].name = String::new();
    let refused = |outcome: Result<PreparedReport, store::StoreError>| outcome.err().unwrap().to_string();
    let of_text = refused(prepared(&serde_json::to_string(&sent).unwrap()).unwrap());
    assert_eq!(of_text, refused(PreparedReport::of(DEFAULT_CUSTOMER, sent)));
    assert!(of_text.contains("packages[1].name"), "{of_text}");
}

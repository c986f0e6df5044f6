//! Databases that were damaged by hand, on SQLite: every kind of damage is told at its place.

use model::{ContainerState, ImageId};
use store::{DEFAULT_CUSTOMER, DELETE_IMAGES, Fault, NewJob, Problem, Rejudged, Store, Verified, image_uuid};

use crate::Backend;
use crate::build::{container, digest, report};
use crate::sqlite::SqliteFile;

/// A store with some of everything.
pub(crate) async fn filled(backend: &impl Backend) -> Store {
    let store = backend.open();
    for number in 1..5 {
        let mut sent = report(number, &["bash", "curl"]);
        sent.tags = vec!["prod".into()];
        store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap();
    }
    store.record_first_judgement(vec![(1, 1, vec![5, 7])]).await.unwrap();
    let again = vec![Rejudged { package: 1, fingerprint: 2, qids: vec![7, 8] }];
    store.record_rejudgement("bundle b", again).await.unwrap();
    let mut gone = container(3);
    gone.state = ContainerState::Deleted;
    store.put_containers(DEFAULT_CUSTOMER, vec![container(1), container(2), gone]).await.unwrap();
    let images: Vec<_> =
        (3..5).map(|number| image_uuid(DEFAULT_CUSTOMER, &ImageId(digest(number)))).collect();
    store.delete_images(DEFAULT_CUSTOMER, &images).await.unwrap();
    let kind = DELETE_IMAGES.to_owned();
    let job = NewJob { customer: DEFAULT_CUSTOMER, kind, payload: "{}".into(), items: images };
    store.enqueue_job(job).await.unwrap();
    store.put_day(DEFAULT_CUSTOMER, "", 20_000, "{}").await.unwrap();
    store
}

/// What is wrong with a store, and what was looked at.
pub(crate) async fn problems(store: &Store) -> (Vec<Problem>, Verified) {
    let mut found = Vec::new();
    let verified = store.verify(&mut |problem| found.push(problem)).await.unwrap();
    assert_eq!(verified.problems, found.len() as u64);
    (found, verified)
}

#[tokio::test]
async fn every_damage_is_told_at_its_place() {
    type Check = fn(&Fault) -> bool;
    let cases: [(&str, &str, Check); 23] = [
        ("UPDATE image SET id = zeroblob(32) WHERE rowid = 1", "image", |fault| {
            matches!(fault, Fault::OtherUuid(_))
        }),
        ("UPDATE image SET document = x'01' WHERE rowid = 1", "image", |fault| {
            matches!(fault, Fault::Unreadable(_))
        }),
        ("UPDATE image SET updated = updated + 100000000", "image", |fault| {
            matches!(fault, Fault::BeyondClock(_))
        }),
        ("UPDATE image SET created_at = updated + 1", "image", |fault| *fault == Fault::TimesCrossed),
        ("UPDATE image SET cause = 77", "image", |fault| matches!(fault, Fault::Unreadable(_))),
        ("UPDATE image SET since = x'01' WHERE rowid = 1", "image", |fault| {
            matches!(fault, Fault::Unreadable(_))
        }),
        // one pair: package 2, or 9, came at clock value 1
        ("UPDATE image SET since = x'010202' WHERE rowid = 1", "image", |fault| {
            *fault == Fault::TimesCrossed
        }),
        ("UPDATE image SET since = x'010902' WHERE rowid = 1", "image", |fault| {
            *fault == Fault::NotInInventory(9)
        }),
        ("DELETE FROM inventory", "image", |fault| matches!(fault, Fault::NoInventory(_))),
        ("UPDATE inventory SET digest = zeroblob(32)", "inventory", |fault| {
            matches!(fault, Fault::OtherContent(_))
        }),
        ("DELETE FROM package WHERE id = 2", "inventory", |fault| *fault == Fault::NoPackage(2)),
        ("DELETE FROM package WHERE id = 1", "package", |fault| *fault == Fault::Gap(1)),
        ("DELETE FROM change WHERE kind = 3", "package", |fault| matches!(fault, Fault::NotLogged(_))),
        ("UPDATE container SET state = 3", "container", |fault| *fault == Fault::Contradicted("state")),
        ("UPDATE container SET id = zeroblob(32) WHERE rowid = 1", "container", |fault| {
            matches!(fault, Fault::OtherUuid(_))
        }),
        ("DELETE FROM container_image", "container", |fault| matches!(fault, Fault::Unreadable(_))),
        ("DELETE FROM tag", "image", |fault| *fault == Fault::NoTag("prod".into())),
        ("DELETE FROM tag WHERE name = 'web'", "container", |fault| *fault == Fault::NoTag("web".into())),
        ("UPDATE tag SET name = name || 'x'", "tag", |fault| matches!(fault, Fault::OtherUuid(_))),
        ("UPDATE change SET key = (SELECT uuid FROM image LIMIT 1) WHERE rowid_of = 1", "change", |fault| {
            *fault == Fault::NotDeleted
        }),
        ("UPDATE finding_first_seen SET ended = 1", "finding_first_seen", |fault| {
            *fault == Fault::TimesCrossed
        }),
        ("DELETE FROM job", "job_part", |fault| matches!(fault, Fault::NoOwner(_))),
        ("UPDATE fleet_day SET document = '{'", "fleet_day", |fault| matches!(fault, Fault::Unreadable(_))),
    ];
    for (damage, table, check) in cases {
        let file = SqliteFile::fresh();
        drop(filled(&file).await);
        let database = rusqlite::Connection::open(file.path()).unwrap();
        let damage = damage.replace("rowid_of = 1", "key = (SELECT key FROM change WHERE kind = 1 LIMIT 1)");
        assert!(database.execute(&damage, []).unwrap() > 0, "{damage}");
        drop(database);
        let (found, _) = problems(&file.open()).await;
        let told = found.iter().any(|problem| problem.table == table && check(&problem.fault));
        assert!(told, "{damage}: {found:?}");
    }
}

//! Starting from a saved index: when it is taken, when it is not, and that nobody can tell.

use std::path::Path;
use std::sync::Arc;

use fleet::{Bundle, Fleet, SavePace, Scope};
use store::{Store, StoreOptions};
use testkit::{ReportBuilder, container_report};

use crate::support::{Database, Says, bundle, catch_up, everything};

const OPENSSL: Says<'_> = ("openssl", "CVE-2024-0001", None, "high");
const ZLIB: Says<'_> = ("zlib", "CVE-2024-0002", Some("1.3"), "low");

async fn image(database: &Database, number: u64) {
    database.report(ReportBuilder::new(number).debian("openssl", "3.0").debian("zlib", "1.2").build()).await;
}

/// A database with a few records and an index saved of it.
async fn saved(by: &Arc<Bundle>) -> (Database, std::path::PathBuf) {
    let database = Database::new();
    let fleet = database.fleet(by).await;
    image(&database, 1).await;
    image(&database, 2).await;
    database.container(container_report(7, Some(1), "node-a", 5_000)).await;
    catch_up(&fleet, &database).await;
    let path = database.path("index/fleet.index");
    assert_eq!(fleet.unsaved(), None);
    let saved = fleet.save(&database.store, &path, SavePace::Gentle).await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), saved.bytes);
    assert_eq!(fleet.unsaved(), Some(0));
    (database, path)
}

/// Starts and compares with an index that is built; gives whether the saved one was taken.
async fn start(store: &Store, by: &Arc<Bundle>, path: &Path, older: Option<&Arc<Bundle>>) -> bool {
    let older = |id| older.filter(|of| of.id() == id).cloned();
    let started = Fleet::start_from(store.clone(), Arc::clone(by), path, older).await.unwrap();
    let built = Fleet::start(store.clone(), Arc::clone(by)).await.unwrap();
    assert_eq!(everything(&started, &Scope::Everything), everything(&built, &Scope::Everything));
    assert_eq!(started.stats(), built.stats());
    started.unsaved().is_some()
}

#[tokio::test]
async fn a_start_goes_on_from_a_saved_index() {
    let by = bundle(&[OPENSSL]);
    let (database, path) = saved(&by).await;
    assert!(start(&database.store, &by, &path, None).await);
    image(&database, 3).await;
    database.container(container_report(8, Some(3), "node-b", 6_000)).await;
    let database = database.reopen();
    assert!(start(&database.store, &by, &path, None).await);
}

#[tokio::test]
async fn another_bundle_judges_anew_whether_the_old_one_is_there_or_not() {
    let (first, second) = (bundle(&[OPENSSL]), bundle(&[ZLIB]));
    for is_there in [false, true] {
        let (database, path) = saved(&first).await;
        image(&database, 3).await;
        assert!(start(&database.store, &second, &path, is_there.then_some(&first)).await);
        assert!(start(&database.store, &first, &path, None).await, "and back");
    }
}

#[tokio::test]
async fn what_another_process_judged_meanwhile_is_judged_again() {
    let (first, second) = (bundle(&[OPENSSL]), bundle(&[OPENSSL, ZLIB]));
    let (database, path) = saved(&first).await;
    let other = Fleet::start(database.second_store(), first.clone()).await.unwrap();
    assert_eq!(other.set_bundle(second.clone()).await.unwrap(), 1);
    image(&database, 3).await;
    assert!(start(&database.store, &first, &path, None).await);
    assert!(start(&database.store, &second, &path, Some(&first)).await);
}

#[tokio::test]
async fn an_index_of_another_database_is_not_taken() {
    let by = bundle(&[OPENSSL]);
    let (_database, path) = saved(&by).await;
    let other = Database::new();
    image(&other, 9).await;
    assert!(!start(&other.store, &by, &path, None).await);
}

#[tokio::test]
async fn an_index_is_not_taken_after_an_older_backup_was_put_back() {
    let by = bundle(&[OPENSSL]);
    let (database, path) = saved(&by).await;
    let copy = |to: &str| {
        let backup = database.path(to);
        std::fs::remove_file(&backup).ok();
        database.store_copy(&backup);
        Store::open(&StoreOptions::new(backup)).unwrap()
    };
    let backup = copy("backup.db");
    let fleet = Fleet::start_from(database.store.clone(), by.clone(), &path, |_| None).await.unwrap();
    image(&database, 3).await;
    catch_up(&fleet, &database).await;
    fleet.save(&database.store, &path, SavePace::Fast).await.unwrap();
    assert!(start(&database.store, &by, &path, None).await);
    // the backup goes on by itself and its clock overtakes
    let report = ReportBuilder::new(4).debian("openssl", "1.0").build();
    backup.put_report(store::DEFAULT_CUSTOMER, report).await.unwrap();
    assert!(backup.clock().await.unwrap() > fleet.stats().clock);
    assert!(!start(&backup, &by, &path, None).await);
    // a backup that knows of the saved index may have it
    let later = copy("later.db");
    assert!(start(&later, &by, &path, None).await);
}

#[tokio::test]
async fn damage_and_leftovers_only_cost_time() {
    let by = bundle(&[OPENSSL]);
    let (database, path) = saved(&by).await;
    // a process was killed while it wrote the next one
    std::fs::write(path.with_extension("new"), "half of it").unwrap();
    assert!(start(&database.store, &by, &path, None).await);
    let bytes = std::fs::read(&path).unwrap();
    for damaged in [&bytes[..bytes.len() / 2], b"", b"plimsoll index 1 and no more than that"] {
        std::fs::write(&path, damaged).unwrap();
        assert!(!start(&database.store, &by, &path, None).await);
    }
    // in its place stands something that is no file
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(!start(&database.store, &by, &path, None).await);
    let fleet = database.fleet(&by).await;
    let refused = fleet.save(&database.store, &path, SavePace::Fast).await.unwrap_err().to_string();
    assert!(refused.contains("fleet.index"), "{refused}");
    // and a good one in the end
    std::fs::remove_dir(&path).unwrap();
    fleet.save(&database.store, &path, SavePace::Fast).await.unwrap();
    assert!(start(&database.store, &by, &path, None).await);
}

#[tokio::test]
async fn a_crash_between_the_note_and_the_file_leaves_the_one_before_good() {
    let by = bundle(&[OPENSSL]);
    let (database, path) = saved(&by).await;
    let before = std::fs::read(&path).unwrap();
    let fleet = Fleet::start_from(database.store.clone(), by.clone(), &path, |_| None).await.unwrap();
    image(&database, 3).await;
    catch_up(&fleet, &database).await;
    fleet.save(&database.store, &path, SavePace::Fast).await.unwrap();
    std::fs::write(&path, &before).unwrap();
    assert!(start(&database.store, &by, &path, None).await);
    // two copies back is too far: nobody can say what became of that one
    fleet.save(&database.store, &path, SavePace::Fast).await.unwrap();
    std::fs::write(&path, &before).unwrap();
    assert!(!start(&database.store, &by, &path, None).await);
}

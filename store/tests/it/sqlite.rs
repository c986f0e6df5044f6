//! What concerns SQLite alone: the file, its rights, its form, a full disk.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use store::{DEFAULT_CUSTOMER, Store, StoreError, StoreOptions};
use tempfile::TempDir;

use crate::Backend;
use crate::build::{report, stored};

/// A database file in a folder of its own.
pub(crate) struct SqliteFile {
    folder: TempDir,
}

impl SqliteFile {
    fn options(&self) -> StoreOptions {
        StoreOptions::new(self.path())
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("plimsoll.db")
    }
}

impl Backend for SqliteFile {
    fn fresh() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn open(&self) -> Store {
        Store::open(&self.options()).unwrap()
    }

    fn run_sql(&self, sql: &str) {
        rusqlite::Connection::open(self.path()).unwrap().execute_batch(sql).unwrap();
    }
}

#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    let file = SqliteFile::fresh();
    let store = file.open();
    store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(file.folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        names.push(entry.file_name());
    }
    assert!(names.len() >= 2, "{names:?}");
}

#[test]
fn programs_that_start_together_make_one_database() {
    for _ in 0..10 {
        let file = SqliteFile::fresh();
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| drop(file.open()));
            }
        });
        drop(file.open());
    }
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    let file = SqliteFile::fresh();
    drop(file.open());
    let database = rusqlite::Connection::open(file.path()).unwrap();
    database
        .execute("INSERT INTO schema_version (version, name, applied) VALUES (99, 'later', 0)", [])
        .unwrap();
    let refused = Store::open(&file.options()).unwrap_err();
    assert!(matches!(refused, StoreError::TooNew { found: 99, .. }), "{refused}");
    assert!(refused.to_string().contains("use a newer program"));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    let file = SqliteFile::fresh();
    std::fs::write(file.path(), "this is a text and no database, and long enough to be read as one").unwrap();
    let refused = Store::open(&file.options()).unwrap_err().to_string();
    assert!(refused.contains("plimsoll.db") && refused.contains("not a database"), "{refused}");
    let missing = StoreOptions::new(file.folder.path().join("none").join("plimsoll.db"));
    let refused = Store::open(&missing).unwrap_err().to_string();
    assert!(refused.contains("No such file"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_fails_what_does_not_fit_and_loses_nothing() {
    let file = SqliteFile::fresh();
    let store = file.open();
    store.limit_pages(120).await.unwrap();
    let mut acknowledged = Vec::new();
    let mut refused = Vec::new();
    for number in 0..400 {
        let own = format!("package-{number}");
        let mut sent = report(number, &["bash", &own]);
        sent.image.author = (0..200_u32)
            .map(|index| format!("{:x}", index.wrapping_mul(2_654_435_761 ^ number)))
            .take(60)
            .collect();
        match store.put_report(DEFAULT_CUSTOMER, sent.clone()).await {
            Ok(ack) => acknowledged.push((number, ack)),
            Err(StoreError::DiskFull) => refused.push(sent),
            Err(other) => panic!("{other}"),
        }
    }
    assert!(!acknowledged.is_empty() && refused.len() > 50, "{} {}", acknowledged.len(), refused.len());
    assert!(refused.iter().all(|_| StoreError::DiskFull.to_string().contains("disk is full")));
    for (number, ack) in &acknowledged {
        assert_eq!(stored(&store, *number).await.updated, ack.updated);
    }
    let images = store.images_after(None, 1_000).await.unwrap();
    assert_eq!(images.len(), acknowledged.len());
    assert_eq!(
        store.packages_after(None, 1_000).await.unwrap().len(),
        acknowledged.len() + 1,
        "nothing half-applied"
    );
    assert_eq!(store.changes_after(model::Timestamp(0), 1_000).await.unwrap().len(), acknowledged.len());

    store.limit_pages(1_000_000).await.unwrap();
    for sent in refused {
        assert!(store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap().changed);
    }
    assert_eq!(store.images_after(None, 1_000).await.unwrap().len(), 400);
    let rows = store.packages_after(None, 1_000).await.unwrap();
    assert!(rows.iter().map(|row| row.id).eq(1..=401), "numbers stay dense");
    drop(store);
    let database = rusqlite::Connection::open(file.path()).unwrap();
    let verdict: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}

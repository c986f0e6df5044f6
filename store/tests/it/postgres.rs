//! What concerns PostgreSQL alone: the way to it, and what happens when that breaks.

mod outage;
mod tls;

use model::Timestamp;
use store::{DEFAULT_CUSTOMER, NewAccount, Role, Store, StoreError, StoreOptions};
use testkit::postgres::{Cluster, Database, fresh_citus_database, fresh_database, is_there};
use tokio::task::JoinSet;

use crate::Backend;
use crate::build::{package, report};

/// A database on the server of this process.
pub(crate) struct PostgresDatabase(Database);

impl Backend for PostgresDatabase {
    fn is_there() -> bool {
        is_there()
    }

    fn fresh() -> Self {
        Self(fresh_database())
    }

    fn open(&self) -> Store {
        open(&self.0.url).unwrap()
    }

    fn run_sql(&self, sql: &str) {
        self.0.run_sql(sql);
    }
}

/// A database on a server with Citus.
pub(crate) struct CitusDatabase(Database);

impl Backend for CitusDatabase {
    fn is_there() -> bool {
        testkit::postgres::citus_is_there()
    }

    fn fresh() -> Self {
        Self(fresh_citus_database())
    }

    fn open(&self) -> Store {
        open(&self.0.url).unwrap()
    }

    fn run_sql(&self, sql: &str) {
        self.0.run_sql(sql);
    }
}

fn open(url: &str) -> Result<Store, StoreError> {
    Store::open(&StoreOptions::postgres(url).unwrap())
}

#[test]
fn programs_that_start_together_make_one_database() {
    if !is_there() {
        return;
    }
    for _ in 0..3 {
        let database = fresh_database();
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| drop(open(&database.url).unwrap()));
            }
        });
        drop(open(&database.url).unwrap());
    }
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    if !is_there() {
        return;
    }
    let cluster = Cluster::start(&[]);
    let database = cluster.fresh_database();
    drop(open(&database.url).unwrap());
    cluster.run_sql(
        &database.name,
        "INSERT INTO schema_version (version, name, applied) VALUES (99, 'later', 0)",
    );
    let refused = open(&database.url).unwrap_err();
    assert!(matches!(refused, StoreError::TooNew { found: 99, .. }), "{refused}");
}

#[test]
fn what_is_wrong_with_the_way_is_said_without_the_password() {
    if !is_there() {
        return;
    }
    let cluster = Cluster::start(&[]);
    let right = cluster.url("postgres");
    let port = cluster.port().to_string();
    let plain = "CREATE DATABASE plain ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'";
    cluster.run_sql("postgres", plain);
    for (url, told) in [
        (right.replace("throw-away", "wrong-word"), "password authentication failed"),
        (cluster.url("nowhere"), "database \"nowhere\" does not exist"),
        (right.replace(&port, "1"), "refused"),
        (right.replace("127.0.0.1", "host.invalid"), "host.invalid"),
        (format!("{right}?sslmode=require"), "does not support TLS"),
        (cluster.url("plain"), "ENCODING 'UTF8'"),
    ] {
        let refused = open(&url).unwrap_err();
        assert!(matches!(refused, StoreError::Open { .. }), "{refused:?}");
        let text = format!("{refused} {refused:?}");
        assert!(text.contains(told), "{told}: {text}");
        assert!(!text.contains("throw-away") && !text.contains("wrong-word"), "{text}");
    }
}

#[tokio::test]
async fn a_socket_file_and_an_address_lead_to_the_same_facts() {
    if !is_there() {
        return;
    }
    let cluster = Cluster::start(&[]);
    let database = cluster.fresh_database();
    let store = open(&cluster.socket_url(&database.name)).unwrap();
    store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap();
    assert_eq!(open(&database.url).unwrap().images_after(None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_text_with_a_nul_is_refused_as_on_sqlite_and_finds_nothing() {
    if !is_there() {
        return;
    }
    let stores = [open(&fresh_database().url).unwrap(), crate::sqlite::SqliteFile::fresh().open()];
    for store in stores {
        let refused = store.set_note("name", "a\0b").await.unwrap_err();
        assert!(matches!(refused, StoreError::Invalid { .. }), "{refused}");
        assert!(refused.to_string().contains("NUL"), "{refused}");
        assert_eq!(store.account("a\0b").await.unwrap(), None);
        store.set_note("name", "a").await.unwrap();
    }
}

#[tokio::test]
async fn a_package_with_very_long_names_is_one_package() {
    if !is_there() {
        return;
    }
    let database = fresh_database();
    let store = open(&database.url).unwrap();
    let mut state = 1_u64;
    let mut noise = |length: usize| -> String {
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'!' + (state >> 33) as u8 % 90)
        };
        (0..length).map(|_| next()).collect()
    };
    for number in 0..2 {
        let mut sent = report(number, &["bash"]);
        let mut long = package("long");
        (long.version, long.module) = (noise(4_000), Some(noise(4_000)));
        sent.packages.push(long.clone());
        store.put_report(DEFAULT_CUSTOMER, sent.clone()).await.unwrap();
        let mut again = report(number + 10, &["bash"]);
        again.packages.push(long);
        // another process, which has to look it up
        let other = open(&database.url).unwrap();
        other.put_report(DEFAULT_CUSTOMER, again).await.unwrap();
    }
    assert_eq!(store.packages_after(None, 10).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_request_among_many_fails_alone() {
    if !is_there() {
        return;
    }
    let store = open(&fresh_database().url).unwrap();
    let account = |name: &str| NewAccount {
        name: name.to_owned(),
        password: "long enough".to_owned(),
        role: Role::Reader,
        tags: Vec::new(),
    };
    store.create_account(account("known")).await.unwrap();
    let mut senders = JoinSet::new();
    for number in 0..60_u32 {
        let store = store.clone();
        let account = account("known");
        senders.spawn(async move {
            if number % 10 == 0 {
                let refused = store.create_account(account).await.unwrap_err();
                assert!(matches!(refused, StoreError::Exists { .. }), "{refused}");
            } else {
                let own = format!("package-{number}");
                store.put_report(DEFAULT_CUSTOMER, report(number, &["bash", &own])).await.unwrap();
            }
        });
    }
    senders.join_all().await;
    assert_eq!(store.images_after(None, 100).await.unwrap().len(), 54);
    let packages = store.packages_after(None, 100).await.unwrap();
    assert!(packages.iter().map(|row| row.id).eq(1..=55), "numbers are dense: {packages:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_of_several_writers_misses_nothing() {
    if !is_there() {
        return;
    }
    let database = fresh_database();
    let writers: Vec<Store> = (0..3).map(|_| open(&database.url).unwrap()).collect();
    let reader = open(&database.url).unwrap();
    let mut senders = JoinSet::new();
    for (place, store) in (0_u32..).zip(writers) {
        senders.spawn(async move {
            for number in 0..60 {
                let own = format!("package-{}", number % 7);
                let sent = report(place * 1_000 + number, &["bash", &own]);
                store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap();
            }
        });
    }
    let (mut clock, mut seen) = (Timestamp(0), 0);
    while seen < 180 {
        let done = senders.is_empty();
        let page = reader.changes_after(clock, 7).await.unwrap();
        assert!(
            page.first().is_none_or(|change| change.clock > clock),
            "nothing appears behind the follower"
        );
        seen += page.len();
        clock = page.last().map_or(clock, |change| change.clock);
        assert!(!(done && page.is_empty() && seen < 180), "{seen} of 180 were shown");
        while senders.try_join_next().is_some() {}
    }
    assert_eq!(seen, 180);
}

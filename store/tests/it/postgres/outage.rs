//! A database that goes away in the middle, and comes back.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use model::Timestamp;
use store::{Ack, DEFAULT_CUSTOMER, Store, StoreError};
use testkit::postgres::{Cluster, is_there};
use tokio::task::JoinSet;

use super::open;
use crate::build::{report, stored};

/// Breaks every connection to a database but the one that asks for it.
fn break_connections(cluster: &Cluster, database: &str) -> usize {
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' AND pid <> pg_backend_pid()"
    );
    cluster.run_sql(database, &sql).len()
}

/// Everything that was acknowledged is there with its clock value, and the log holds each image once.
async fn check(store: &Store, acks: &[(u32, Ack)]) {
    for (number, ack) in acks {
        let image = stored(store, *number).await;
        assert!(image.updated == ack.updated, "image {number} has {:?}, told was {ack:?}", image.updated);
    }
    let changes = store.changes_after(Timestamp(0), usize::MAX).await.unwrap();
    let keys: HashSet<_> = changes.iter().map(|change| change.key).collect();
    assert_eq!((changes.len(), keys.len()), (acks.len(), acks.len()));
    let packages = store.packages_after(None, usize::MAX).await.unwrap();
    assert!((1_u32..).zip(&packages).all(|(number, row)| row.id == number), "numbers are dense");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_break_again_and_again_lose_and_double_nothing() {
    if !is_there() {
        return;
    }
    let cluster = Arc::new(Cluster::start(&[]));
    let database = cluster.fresh_database();
    let store = open(&database.url).unwrap();
    let broken_enough = Arc::new(AtomicBool::new(false));
    let breaking = {
        let (cluster, enough, name) =
            (Arc::clone(&cluster), Arc::clone(&broken_enough), database.name.clone());
        std::thread::spawn(move || {
            let mut broken = 0;
            while broken < 15 {
                broken += break_connections(&cluster, &name);
                std::thread::sleep(Duration::from_millis(10));
            }
            enough.store(true, Ordering::Relaxed);
        })
    };
    let mut senders = JoinSet::new();
    for sender in 0..4_u32 {
        let (store, enough) = (store.clone(), Arc::clone(&broken_enough));
        senders.spawn(async move {
            let mut acks = Vec::new();
            for number in (sender * 100_000).. {
                if enough.load(Ordering::Relaxed) {
                    break;
                }
                let own = format!("package-{}", number % 30);
                let sent = report(number, &["bash", &own]);
                acks.push((number, store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap()));
            }
            acks
        });
    }
    let acks = senders.join_all().await.concat();
    breaking.join().unwrap();
    assert!(acks.iter().all(|(_, ack)| ack.changed), "what was kept is not told as known before");
    check(&store, &acks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_restart_is_waited_for_and_a_long_absence_is_told() {
    if !is_there() {
        return;
    }
    let mut cluster = Cluster::start(&[]);
    let database = cluster.fresh_database();
    let store = open(&database.url).unwrap();
    let mut acks = Vec::new();
    acks.push((1, store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap()));

    let mut cluster = tokio::task::spawn_blocking(move || {
        cluster.start_again();
        cluster
    })
    .await
    .unwrap();
    acks.push((2, store.put_report(DEFAULT_CUSTOMER, report(2, &["bash"])).await.unwrap()));
    assert_eq!(store.clock().await.unwrap(), acks[1].1.updated, "readers find the way back as well");

    cluster.stop();
    let started = Instant::now();
    let away = store.put_report(DEFAULT_CUSTOMER, report(3, &["bash"])).await.unwrap_err();
    assert!(matches!(away, StoreError::Away { .. }), "{away:?}");
    assert!(started.elapsed() >= Duration::from_secs(3), "a writer has patience: {:?}", started.elapsed());
    let started = Instant::now();
    let away = store.put_report(DEFAULT_CUSTOMER, report(3, &["bash"])).await.unwrap_err();
    assert!(
        matches!(away, StoreError::Away { .. }) && started.elapsed() < Duration::from_secs(2),
        "{away:?}"
    );
    let away = store.clock().await.unwrap_err();
    assert!(matches!(away, StoreError::Away { .. }), "{away:?}");

    let cluster = tokio::task::spawn_blocking(move || {
        cluster.start_again();
        cluster
    })
    .await
    .unwrap();
    acks.push((3, store.put_report(DEFAULT_CUSTOMER, report(3, &["bash"])).await.unwrap()));
    check(&store, &acks).await;
    drop(cluster);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_holds_the_clock_for_too_long_is_told_as_busy() {
    if !is_there() {
        return;
    }
    let cluster = Arc::new(Cluster::start(&[]));
    let database = cluster.fresh_database();
    let store = open(&database.url).unwrap();
    let holding = {
        let (cluster, name) = (Arc::clone(&cluster), database.name.clone());
        let hold = "BEGIN; SELECT now FROM clock FOR UPDATE; SELECT pg_sleep(13); COMMIT";
        std::thread::spawn(move || cluster.run_sql(&name, hold))
    };
    std::thread::sleep(Duration::from_millis(500));
    let busy = store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap_err();
    assert!(matches!(busy, StoreError::Busy), "{busy:?}");
    holding.join().unwrap();
    assert!(store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap().changed);
}

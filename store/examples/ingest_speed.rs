//! How fast reports and containers are taken in, durably, and how much room they take: `cargo xtask bench ingest`.
//!
//! The fleet is the one of the benches: real package names, some 300 packages an image, most of them known already,
//! and containers as Kubernetes makes them. Two thirds of the reports bring the inventory of an image before them.
//!
//! `PLIMSOLL_DATABASE` names an empty PostgreSQL database to fill in place of a SQLite file; then no sizes are told.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measuring program fails by panicking and prints figures"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use model::{ScanReport, Timestamp};
use store::{DEFAULT_CUSTOMER, Store, StoreOptions};
use testkit::fleet_builder::{Fleet, Sizes};
use tokio::task::JoinSet;

/// Senders at once.
const SENDERS: usize = 64;
/// Reports before the measuring begins, so that most packages are known.
const WARM: u64 = 1_000;
/// Containers in one request.
const BATCH: usize = 500;

/// The reports of the images from `first` on; of three, two have the packages of the third.
fn reports(fleet: &Fleet, first: u64, count: u64) -> Arc<Vec<ScanReport>> {
    let report = |number: u64| {
        let mut sent = fleet.image(number);
        let model = fleet.image(number - number % 3);
        if sent.image.layers.len() >= model.image.layers.len() {
            sent.os_release = model.os_release;
            sent.packages = model.packages;
        }
        sent
    };
    Arc::new((first..first + count).map(report).collect())
}

async fn send_all(store: &Store, reports: &Arc<Vec<ScanReport>>) {
    let next = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let (store, next, reports) = (store.clone(), Arc::clone(&next), Arc::clone(reports));
        senders.spawn(async move {
            while let Some(sent) = reports.get(next.fetch_add(1, Ordering::Relaxed)) {
                store.put_report(DEFAULT_CUSTOMER, sent.clone()).await.unwrap();
            }
        });
    }
    senders.join_all().await;
}

/// Milliseconds that this program has kept processors busy; 0 where the system does not tell.
fn processors() -> f64 {
    // proc(5): user and system time are the 14th and 15th fields, in hundredths of a second; the 2nd is in parentheses
    let told = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = told.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.map(|field| field.parse::<f64>().unwrap_or_default() * 10.0).sum()
}

/// Prints how many bytes of each table and index there are for each of `count` records.
fn sizes(path: &Path, what: &str, count: u64) {
    let database = rusqlite::Connection::open(path).unwrap();
    let mut statement =
        database.prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).unwrap();
    for (name, bytes) in rows.map(Result::unwrap).filter(|(_, bytes)| *bytes > 65_536) {
        println!("  {name}: {} bytes {what}", bytes / count as i64);
    }
}

/// Prints how fast containers are read.
async fn decode(store: &Store) {
    let started = Instant::now();
    let records = store.containers_after(None, 20_000).await.unwrap();
    println!("a container read in {} ns", started.elapsed().as_nanos() / records.len() as u128);
}

#[tokio::main]
async fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap());
    let (images, containers) = (numbers.next().unwrap_or(6_000), numbers.next().unwrap_or(20_000));
    let fleet = Fleet::new(7, Sizes { images: images + WARM, containers }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plimsoll.db");
    let options = match std::env::var("PLIMSOLL_DATABASE") {
        Ok(url) => StoreOptions::postgres(&url).unwrap(),
        Err(_) => StoreOptions::new(&path),
    };
    let store = Store::open(&options).unwrap();
    send_all(&store, &reports(&fleet, images, WARM)).await;
    let sent = reports(&fleet, 0, images);
    for round in ["new", "again"] {
        let (started, before) = (Instant::now(), processors());
        send_all(&store, &sent).await;
        let seconds = started.elapsed().as_secs_f64();
        let each = (processors() - before) / images as f64;
        println!("{round}: {each:.3} ms of processors a report, a clone of it included");
        let lead = store.clock().await.unwrap().0 - Timestamp::now().0;
        println!("{round}: {:.0} reports/s, clock {lead} ms ahead", images as f64 / seconds);
    }
    drop((store, sent));
    let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
    if bytes > 0 {
        println!("{} bytes an image", bytes / (images + WARM));
        sizes(&path, "an image", images + WARM);
    }

    let store = Store::open(&options).unwrap();
    let sent: Vec<_> = (0..containers).map(|number| fleet.container(number)).collect();
    let started = Instant::now();
    for batch in sent.chunks(BATCH) {
        store.put_containers(DEFAULT_CUSTOMER, batch.to_vec()).await.unwrap();
    }
    println!("{:.0} containers/s", containers as f64 / started.elapsed().as_secs_f64());
    decode(&store).await;
    drop(store);
    if bytes > 0 {
        let both = std::fs::metadata(&path).unwrap().len();
        println!("{} bytes a container", (both - bytes) / containers);
        sizes(&path, "a container", containers);
    }
}

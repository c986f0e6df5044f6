//! How fast reports and containers are taken in, durably: `cargo xtask bench ingest`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measuring program fails by panicking and prints figures"
)]

#[path = "../tests/it/build.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod build;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use model::{ContainerReport, DiffId, Label, LayerFacts, ScanReport, Timestamp};
use store::{DEFAULT_CUSTOMER, Store, StoreOptions};
use tokio::task::JoinSet;

use build::{bookworm, container, digest, package, reference, report};

const REPORTS: u32 = 6_000;
const SENDERS: u32 = 64;
const PACKAGES: u32 = 300;
const DICTIONARY: u32 = 20_000;
const CONTAINERS: u32 = 30_000;

/// An image with packages of the distribution and some of a language, which have paths of their own.
fn realistic(number: u32) -> ScanReport {
    let mut sent = report(number, &[]);
    sent.os_release = Some(bookworm());
    sent.image.references =
        vec![reference(&format!("registry.example.com/team-{}/service-{number}:1.0", number % 50))];
    sent.image.environment =
        vec!["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()];
    let layer = |index: u32| LayerFacts {
        diff_id: Some(DiffId(digest(if index < 4 {
            number % 100 * 10 + index
        } else {
            number * 100 + index
        }))),
        digest: None,
        size: 1_000_000,
        created_by: format!("RUN /bin/sh -c apt-get install -y package-{index}"),
        created: Some(Timestamp(1_700_000_000_000)),
        comment: "buildkit.dockerfile.v0".to_owned(),
    };
    sent.image.layers = (0..10).map(layer).collect();
    let mut state = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for index in 0..PACKAGES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let skewed = ((state >> 40) as u32 % DICTIONARY) * ((state >> 20) as u32 % 1_000) / 1_000;
        let mut record = package(&format!("package-name-{skewed}"));
        if index % 10 == 0 {
            record.path = format!("usr/lib/python3/dist-packages/package_{skewed}-1.0.dist-info/METADATA");
            record.layer = Some(5);
        }
        sent.packages.push(record);
    }
    sent
}

/// A container of a cluster, with the labels that its runtime gives it.
fn pod(number: u32) -> ContainerReport {
    let mut sent = container(number);
    let uid = digest(number).to_hex();
    sent.tags.clear();
    sent.image_id = Some(model::ImageId(digest(number % REPORTS)));
    sent.host.hostname = format!("node-{}.cluster.internal", number % 2_000);
    sent.created = Timestamp(1_700_000_000_000 + i64::from(number) * 977);
    sent.path = Some("/usr/bin/service".to_owned());
    sent.environment = vec!["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()];
    let label = |key: &str, value: String| Label { key: key.to_owned(), value };
    sent.labels = vec![
        label("io.kubernetes.container.name", format!("service-{}", number % 500)),
        label("io.kubernetes.pod.name", format!("service-{}-{}", number % 500, &uid[..10])),
        label("io.kubernetes.pod.namespace", format!("team-{}", number % 50)),
    ];
    sent
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plimsoll.db");
    let store = Store::open(&StoreOptions::new(&path)).unwrap();
    for number in 0..500 {
        store.put_report(DEFAULT_CUSTOMER, realistic(1_000_000 + number)).await.unwrap();
    }
    let reports: Arc<Vec<ScanReport>> = Arc::new((0..REPORTS).map(realistic).collect());
    for round in ["new", "again"] {
        let next = Arc::new(AtomicU32::new(0));
        let started = Instant::now();
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            let (store, next, reports) = (store.clone(), Arc::clone(&next), Arc::clone(&reports));
            senders.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(sent) = reports.get(number as usize) else { break };
                    store.put_report(DEFAULT_CUSTOMER, sent.clone()).await.unwrap();
                }
            });
        }
        senders.join_all().await;
        let seconds = started.elapsed().as_secs_f64();
        let lead = store.clock().await.unwrap().0 - Timestamp::now().0;
        println!("{round}: {:.0} reports/s, clock {lead} ms ahead", f64::from(REPORTS) / seconds);
    }
    drop(store);
    let images = std::fs::metadata(&path).unwrap().len();
    println!("{} bytes an image", images / u64::from(REPORTS + 500));

    let store = Store::open(&StoreOptions::new(&path)).unwrap();
    let started = Instant::now();
    let numbers: Vec<u32> = (0..CONTAINERS).collect();
    for batch in numbers.chunks(500) {
        let sent = batch.iter().map(|number| pod(*number)).collect();
        store.put_containers(DEFAULT_CUSTOMER, sent).await.unwrap();
    }
    println!("{:.0} containers/s", f64::from(CONTAINERS) / started.elapsed().as_secs_f64());
    drop(store);
    let both = std::fs::metadata(&path).unwrap().len();
    println!("{} bytes a container", (both - images) / u64::from(CONTAINERS));
}

//! What a fleet weighs in memory and what steps cost at the size it is made for. Ignored by default; run with
//! `cargo test --release -p plimsoll-fleet --lib facts::weigh -- --ignored --nocapture`.

use std::time::Instant;

use matcher::{Coverage, Judgement};
use model::container::HostFacts;
use model::{
    ContainerReport, ContainerState, DiffId, Digest, Ecosystem, ImageFacts, ImageId, Label, LayerFacts,
    Package, Reference, Timestamp,
};
use store::{
    ContainerRecord, DEFAULT_CUSTOMER, ImageDocument, ImageRecord, InventoryEntry, PackageRow,
    container_uuid, host_uuid, image_uuid,
};

use super::{Index, Put, Step, StoredContainer, StoredImage};
use crate::judge::Judged;
use crate::request::Scope;

const IMAGES: u64 = 300_000;
const CONTAINERS: u64 = 1_500_000;
const INVENTORIES: u64 = 30_000;
/// Bytes of documents, as the store aims at.
const IMAGE_BYTES: usize = 700;
const CONTAINER_BYTES: usize = 250;

/// Bytes of this process in memory.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_ascii_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4_096
}

fn digest(kind: &str, number: u64) -> Digest {
    Digest::of(format!("{kind}{number}").as_bytes())
}

fn put(index: &mut Index, id: u32, changed: i64) -> Put {
    let package = Package::new(Ecosystem::Pypi, format!("p{id}"), "1");
    let judgement = Judgement {
        findings: Vec::new(),
        coverage: Coverage::NotCovered,
        undecided: Vec::new(),
        fix_version: None,
        lifecycle: None,
    };
    let verdict = index.packages.verdict(Judged { judgement, stage: None, fingerprint: 0 });
    let (created, changed) = (Timestamp(1), Timestamp(changed));
    Put {
        row: PackageRow { id, package, created, changed, fingerprint: Some(0) },
        verdict,
        first_found: Vec::new(),
    }
}

fn image(index: &mut Index, number: u64, clock: i64) -> StoredImage {
    let id = ImageId(digest("image", number));
    let layer = |number: u64| LayerFacts {
        diff_id: Some(DiffId(digest("layer", number))),
        digest: None,
        size: 1,
        created_by: String::new(),
        created: None,
        comment: String::new(),
    };
    // ten layers, of which six are shared
    let layers = (0..6)
        .map(|of| layer(number % 500 * 10 + of))
        .chain((0..4).map(|of| layer((1 << 32) + number * 4 + of)));
    let label = |key: &str, value: String| Label { key: key.to_owned(), value };
    let facts = ImageFacts {
        layers: layers.collect(),
        references: vec![Reference {
            registry: "registry.example.com".into(),
            repository: format!("team-{}/app-{}", number % 40, number % 2_000),
            tag: Some(format!("1.{}.{}", number % 90, number / 2_000)),
            digest: Some(digest("manifest", number)),
        }],
        labels: vec![
            label("org.opencontainers.image.revision", digest("git", number).to_hex()[..40].to_owned()),
            label(
                "org.opencontainers.image.source",
                format!("https://git.example.com/app-{}", number % 2_000),
            ),
        ],
        created: Some(Timestamp(number as i64)),
        ..ImageFacts::new(id)
    };
    let kind = number % INVENTORIES;
    let entry = |package: u64| InventoryEntry {
        package: package as u32,
        layer: Some((package % 10) as u32),
        path: "var/lib/dpkg/status".into(),
        owned_by: None,
        license: None,
        found_by: "dpkg-status".into(),
        declared: false,
    };
    let mut entries: Vec<InventoryEntry> = (0..30).map(|of| entry((kind * 7 + of * 13) % 5_000)).collect();
    entries.sort_unstable();
    entries.dedup();
    let inventory =
        index.inventories.intern(&index.packages, [(digest("inventory", kind), entries)]).unwrap()[0];
    let record = ImageRecord {
        customer: DEFAULT_CUSTOMER,
        uuid: image_uuid(DEFAULT_CUSTOMER, &id),
        id,
        created_at: Timestamp(clock),
        updated: Timestamp(clock),
        last_scanned: Timestamp(clock),
        sources: vec!["CICD".into()],
        tags: vec![format!("team-{}", number % 40)],
        inventory: digest("inventory", kind),
        since: Box::default(),
        document: ImageDocument {
            facts,
            os_release: None,
            users: vec!["root".into(), "daemon".into(), "nobody".into()],
            scanner: String::new(),
            secrets: Vec::new(),
            unreadable: 0,
        },
        document_bytes: vec![number as u8; IMAGE_BYTES].into(),
    };
    StoredImage { record, inventory, cause: 1 }
}

fn container(number: u64, clock: i64) -> StoredContainer {
    let id = digest("container", number);
    let name =
        format!("k8s_app-{}_app-{}-7d9f8b-{:05x}_prod", number % 2_000, number % 2_000, number % 100_000);
    let hostname = format!("node-{}.example.com", number % 5_000);
    let label = |key: &str, value: String| Label { key: key.to_owned(), value };
    let report = ContainerReport {
        id,
        name,
        image_id: Some(ImageId(digest("image", number % IMAGES))),
        image_digest: Some(digest("manifest", number % IMAGES)),
        image_name: None,
        host: HostFacts {
            hostname: hostname.clone(),
            ip_address: Some("192.0.2.7".into()),
            ..HostFacts::default()
        },
        state: if number.is_multiple_of(5) { ContainerState::Deleted } else { ContainerState::Running },
        created: Timestamp(clock),
        state_changed: Timestamp(clock),
        observed_at: Timestamp(clock),
        path: Some("/usr/bin/app".into()),
        arguments: vec!["--config".into(), "/etc/app.toml".into()],
        environment: vec!["PATH=/usr/bin:/bin".into(), format!("APP=app-{}", number % 2_000)],
        labels: vec![
            label("io.kubernetes.pod.namespace", format!("ns-{}", number % 100)),
            label("app", format!("app-{}", number % 2_000)),
        ],
        ports: Vec::new(),
        privileged: Some(false),
        root: Some(true),
        mac_address: String::new(),
        ipv4: Some(format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255)),
        ipv6: None,
        source: "GENERAL".into(),
        tags: Vec::new(),
    };
    let record = ContainerRecord {
        customer: DEFAULT_CUSTOMER,
        uuid: container_uuid(DEFAULT_CUSTOMER, &id),
        updated: Timestamp(clock),
        created_at: Timestamp(clock),
        host_uuid: host_uuid(DEFAULT_CUSTOMER, &hostname),
        image_uuid: report.image_id.map(|id| image_uuid(DEFAULT_CUSTOMER, &id)),
        tags: Vec::new(),
        report,
        document_bytes: vec![number as u8; CONTAINER_BYTES].into(),
    };
    StoredContainer { record, cause: 2 }
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    eprintln!("{what}: {:.1} ms", started.elapsed().as_secs_f64() * 1_000.0);
    done
}

#[test]
#[ignore = "takes gigabytes and a minute"]
fn what_records_weigh_and_what_steps_cost() {
    let mut index = Index::default();
    let puts: Vec<Put> = (0..5_000).map(|id| put(&mut index, id, 1)).collect();
    index.put_packages(puts);
    for kind in 0..INVENTORIES {
        image(&mut index, kind, 1);
    }
    let before = resident();
    timed("300,000 images", || {
        for part in (0..IMAGES).collect::<Vec<_>>().chunks(2_000) {
            let images = part.iter().map(|number| image(&mut index, *number, 10 + *number as i64)).collect();
            index.load(images, Vec::new());
        }
    });
    let between = resident();
    timed("1,500,000 containers", || {
        for part in (0..CONTAINERS).collect::<Vec<_>>().chunks(2_000) {
            let containers =
                part.iter().map(|number| container(*number, 1_000_000 + *number as i64)).collect();
            index.load(Vec::new(), containers);
        }
    });
    timed("derived values", || index.finish_load());
    let after = resident();
    eprintln!("bytes an image: {}", (between - before) / IMAGES as usize);
    eprintln!("bytes a container: {} (orders of images included)", (after - between) / CONTAINERS as usize);

    let clock = 10_000_000;
    let held = index.clone();
    timed("one report", || {
        let images = vec![image(&mut index, 7, clock)];
        index.apply(Step { images, ..Step::default() });
    });
    let held_too = index.clone();
    let containers: Vec<StoredContainer> = (0..2_000).map(|of| container(of * 701, clock + 1)).collect();
    timed("2,000 containers all over", || index.apply(Step { containers, ..Step::default() }));
    let images: Vec<StoredImage> = (0..2_000).map(|of| image(&mut index, IMAGES + of, clock + 2)).collect();
    timed("2,000 new images", || index.apply(Step { images, ..Step::default() }));
    let judgements: Vec<Put> = (0..5_000).map(|id| put(&mut index, id, clock + 3)).collect();
    timed("everything judged anew", || index.apply(Step { judgements, ..Step::default() }));
    eprintln!("{} MB with three states held", resident() >> 20);
    drop((held, held_too));

    let tenant = index.tenant(DEFAULT_CUSTOMER).unwrap();
    let scope = Scope::Tags(["team-1".to_owned(), "team-2".to_owned()].into());
    let visible = timed("a scope of two tags", || tenant.visible(&scope));
    eprintln!("{} images, {} containers in it", visible.images.count(), visible.containers.count());
    let from = (Timestamp(i64::MIN), std::ops::Bound::Unbounded);
    let first = timed("the first page of containers", || {
        tenant.containers.rows().in_order(from, Timestamp(i64::MAX)).take(250).count()
    });
    assert_eq!(first, 250);
}

//! How long questions take at the size that the index is made for. Ignored by default; run with
//! `cargo test --release -p plimsoll-fleet --lib eval::measure -- --ignored --nocapture`.

use std::sync::Arc;
use std::time::Instant;

use matcher::{Coverage, Judgement};
use model::container::HostFacts;
use model::{
    Confidence, ContainerReport, ContainerState, Digest, Ecosystem, Finding, FixState, ImageFacts, ImageId,
    Label, NamespaceFamily, OsRelease, Package, Reference, Severity, SeverityRule, Timestamp, Vulnerability,
};
use qql::Entity;
use store::{ContainerRecord, DEFAULT_CUSTOMER, ImageDocument, ImageRecord, InventoryEntry, PackageRow};

use super::Search;
use super::tests::{Dice, condition};
use crate::aggregate::{By, group, summary, vulnerabilities};
use crate::facts::{Index, Put, StoredContainer, StoredImage};
use crate::judge::Judged;
use crate::request::Scope;

const PACKAGES: u64 = 200_000;
const VULNERABILITIES: u64 = 40_000;
const INVENTORIES: u64 = 100_000;
const NOW: i64 = 1_700_000_000_000;
const DAY: i64 = 86_400_000;

/// A number of records from the environment.
fn size(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn skewed(dice: &mut Dice, end: u64) -> u64 {
    let share = dice.below(1 << 30) as f64 / f64::from(1 << 30);
    (share.powi(3) * end as f64) as u64
}

fn digest(kind: u64, number: u64) -> Digest {
    let mut bytes = [0; 32];
    for (at, part) in bytes.chunks_mut(8).enumerate() {
        part.copy_from_slice(&Dice(kind << 40 ^ number << 3 ^ at as u64).below(u64::MAX).to_be_bytes());
    }
    Digest::from_bytes(bytes)
}

fn packages(index: &mut Index) {
    let dice = &mut Dice(1);
    let known: Vec<Arc<Vulnerability>> = (0..VULNERABILITIES)
        .map(|number| {
            Arc::new(Vulnerability {
                qid: number as u32 + 1,
                id: format!("CVE-20{:02}-{number}", number % 25),
                family: NamespaceFamily::Debian,
                title: format!("flaw {} in part {} of module {}", number % 31, number % 977, number / 977),
                known_exploited: (number % 50 == 0).then(Default::default),
                published: Some(Timestamp(NOW - (number as i64 % 2_000) * DAY)),
                ..Vulnerability::default()
            })
        })
        .collect();
    for first in (0..PACKAGES).step_by(5_000) {
        let puts: Vec<Put> = (first..first + 5_000)
            .map(|id| {
                let count = if dice.one_in(8) { 1 + dice.below(12) } else { 0 };
                let mut numbers: Vec<u64> =
                    (0..count).map(|_| (id / 20 * 7 + dice.below(30)) % VULNERABILITIES).collect();
                numbers.sort_unstable();
                numbers.dedup();
                let finding = |number: &u64| Finding {
                    vulnerability: Arc::clone(&known[*number as usize]),
                    advisory: "A".into(),
                    feed: "F".into(),
                    severity: Severity::new((number % 5 + 1) as u8).unwrap(),
                    severity_rule: SeverityRule::Cvss,
                    base_severity: Severity::MINIMAL,
                    raised_by: None,
                    risk: (number % 100 + 1) as u8,
                    state: FixState::Fixed,
                    fix_version: (id % 3 > 0).then(|| format!("9.{}", number % 40)),
                    confidence: if id % 40 == 0 { Confidence::Potential } else { Confidence::Confirmed },
                };
                let findings: Vec<Finding> = numbers.iter().map(finding).collect();
                let first_found =
                    findings.iter().map(|_| Some(Timestamp(NOW - dice.below(400) as i64 * DAY))).collect();
                let judgement = Judgement {
                    findings,
                    coverage: Coverage::Covered,
                    undecided: Vec::new(),
                    fix_version: None,
                    lifecycle: None,
                };
                let package = Package {
                    ecosystem: if id % 3 == 0 { Ecosystem::Npm } else { Ecosystem::Deb },
                    distro: None,
                    name: format!("lib{}-{}", id / 16, id % 2),
                    version: format!("{}.{}.{}", id % 7, id % 31, id % 101),
                    arch: Some("amd64".into()),
                    source: None,
                    module: None,
                    vendor: None,
                };
                let row = PackageRow {
                    id: id as u32,
                    package,
                    created: Timestamp(NOW - 400 * DAY),
                    changed: Timestamp(NOW - 400 * DAY),
                    fingerprint: Some(1),
                };
                let verdict = index.packages.verdict(Judged { judgement, stage: None, fingerprint: 1 });
                Put { row, verdict, first_found }
            })
            .collect();
        index.packages.put(puts);
    }
    index.packages.give_places();
}

fn inventories(index: &mut Index) -> Vec<u32> {
    let dice = &mut Dice(2);
    let mut numbers = Vec::new();
    for first in (0..INVENTORIES).step_by(2_000) {
        let contents: Vec<(Digest, Vec<InventoryEntry>)> = (first..first + 2_000)
            .map(|number| {
                // a base that many share, and packages of its own
                let base = skewed(dice, 300) * 100;
                let mut ids: Vec<u64> =
                    (base..base + 150).chain((0..130).map(|_| skewed(dice, PACKAGES))).collect();
                ids.sort_unstable();
                ids.dedup();
                let entry = |id: u64| InventoryEntry {
                    package: id as u32,
                    layer: Some((id % 4) as u32),
                    path: if id % 3 == 0 {
                        format!("app/node_modules/lib{}/package.json", id / 16)
                    } else {
                        "var/lib/dpkg/status".into()
                    },
                    owned_by: None,
                    license: None,
                    found_by: "f".into(),
                    declared: false,
                };
                (digest(1, number), ids.into_iter().map(entry).collect())
            })
            .collect();
        numbers.extend(index.inventories.intern(&index.packages, contents).unwrap());
    }
    numbers
}

fn image(dice: &mut Dice, number: u64) -> ImageRecord {
    let id = ImageId(digest(2, number));
    let mut facts = ImageFacts::new(id);
    let repository = skewed(dice, 20_000);
    facts.references = vec![Reference {
        registry: format!("registry{}.example.com", repository % 5),
        repository: format!("team{}/service-{repository}", repository % 400),
        tag: Some(format!("1.{}.{}", number % 40, number % 300)),
        digest: Some(digest(3, number)),
    }];
    facts.created = Some(Timestamp(NOW - dice.below(900) as i64 * DAY - dice.below(DAY as u64) as i64));
    facts.author = format!("author {}", dice.below(500));
    facts.architecture = Some("amd64".into());
    facts.size = dice.below(2_000_000_000);
    facts.labels = vec![
        Label { key: "maintainer".into(), value: format!("team{}", repository % 400) },
        Label {
            key: "org.opencontainers.image.revision".into(),
            value: format!("{:016x}", dice.below(u64::MAX)),
        },
    ];
    let systems =
        ["Debian Linux 12.5", "Ubuntu Linux 22.04", "Alpine Linux 3.18.4", "Red Hat Enterprise Linux 9.3"];
    ImageRecord {
        customer: DEFAULT_CUSTOMER,
        uuid: store::image_uuid(DEFAULT_CUSTOMER, &id),
        id,
        created_at: Timestamp(NOW - dice.below(400) as i64 * DAY),
        updated: Timestamp(NOW + number as i64),
        last_scanned: Timestamp(NOW - dice.below(30) as i64 * DAY),
        sources: vec!["CICD".into()],
        tags: if number % 10 == 0 { vec!["tenth".into()] } else { Vec::new() },
        inventory: digest(1, 0),
        since: Box::default(),
        document: ImageDocument {
            facts,
            os_release: Some(OsRelease {
                display_name: (*dice.pick(&systems)).into(),
                ..OsRelease::default()
            }),
            users: vec!["root".into(), format!("app{}", dice.below(50))],
            scanner: String::new(),
            secrets: Vec::new(),
            unreadable: 0,
        },
        document_bytes: Arc::default(),
    }
}

fn container(dice: &mut Dice, number: u64, images: u64) -> ContainerRecord {
    let id = digest(4, number);
    let image_id = ImageId(digest(2, skewed(dice, images)));
    let host = dice.below(20_000);
    let hostname = format!("node-{host}.prod.example.com");
    let states =
        [ContainerState::Running, ContainerState::Running, ContainerState::Stopped, ContainerState::Deleted];
    let report = ContainerReport {
        id,
        name: format!("k8s_app_service-{}-{:08x}", dice.below(20_000), dice.below(1 << 32)),
        image_id: Some(image_id),
        image_digest: None,
        image_name: None,
        host: HostFacts {
            hostname: hostname.clone(),
            ip_address: Some(format!("10.{}.{}.1", host / 250, host % 250)),
            ..HostFacts::default()
        },
        state: *dice.pick(&states),
        created: Timestamp(NOW - dice.below(90) as i64 * DAY - dice.below(DAY as u64) as i64),
        state_changed: Timestamp(NOW),
        observed_at: Timestamp(NOW - dice.below(10) as i64 * DAY),
        path: Some("/usr/bin/app".into()),
        arguments: vec!["--port".into(), format!("{}", 8_000 + dice.below(100))],
        environment: vec!["LANG=C".into()],
        labels: vec![Label { key: "app".into(), value: format!("service-{}", dice.below(20_000)) }],
        ports: Vec::new(),
        privileged: Some(dice.one_in(50)),
        root: Some(dice.one_in(2)),
        mac_address: String::new(),
        ipv4: Some(format!("172.17.{}.{}", dice.below(250), dice.below(250))),
        ipv6: None,
        source: "GENERAL".into(),
        tags: Vec::new(),
    };
    ContainerRecord {
        customer: DEFAULT_CUSTOMER,
        uuid: store::container_uuid(DEFAULT_CUSTOMER, &id),
        updated: Timestamp(NOW + number as i64),
        created_at: Timestamp(NOW - dice.below(90) as i64 * DAY),
        host_uuid: store::host_uuid(DEFAULT_CUSTOMER, &hostname),
        image_uuid: Some(store::image_uuid(DEFAULT_CUSTOMER, &image_id)),
        tags: Vec::new(),
        report,
        document_bytes: Arc::default(),
    }
}

fn fleet() -> Index {
    let (images, containers) = (size("IMAGES", 1_000_000), size("CONTAINERS", 5_000_000));
    let mut index = Index::default();
    packages(&mut index);
    lap("packages");
    let inventories = inventories(&mut index);
    lap("inventories");
    let dice = &mut Dice(3);
    for first in (0..images).step_by(50_000) {
        let stored = (first..(first + 50_000).min(images)).map(|number| StoredImage {
            record: image(dice, number),
            inventory: inventories[skewed(dice, INVENTORIES) as usize],
            cause: 0,
        });
        let stored = stored.collect();
        index.load(stored, Vec::new());
    }
    lap("images");
    for first in (0..containers).step_by(50_000) {
        let stored = (first..(first + 50_000).min(containers))
            .map(|number| StoredContainer { record: container(dice, number, images), cause: 0 });
        index.load(Vec::new(), stored.collect());
    }
    index.finish_load();
    lap("containers");
    index
}

#[expect(clippy::print_stdout, reason = "whoever runs it wants to read it")]
fn lap(what: &str) {
    println!("{what} made");
}

/// The median and the worst of several runs, in milliseconds.
#[expect(clippy::print_stdout, reason = "whoever runs it wants to read it")]
fn timed<T>(what: &str, mut run: impl FnMut() -> (T, u64)) {
    let mut times: Vec<f64> = Vec::new();
    let mut count = 0;
    for _ in 0..7 {
        let start = Instant::now();
        count = run().1;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let first = times[0];
    times.sort_by(f64::total_cmp);
    println!("{:8.2} ms, first {first:8.2}, most {:8.2}: {count:>8} {what}", times[3], times[6]);
}

const IMAGES: &[&str] = &[
    "",
    "operatingSystem:Ubuntu",
    "author:\"author 7\"",
    "repo.repository:team7",
    "repo.tag:1.4",
    "created>now-30d",
    "size>1000000000 and created<now-1y",
    "label:(key:maintainer and value:team7)",
    "label.value:00ff",
    "users:app7",
    "tags.name:tenth",
    "imagesInUse:[now-7d ... now]",
    "associatedContainersCount>3",
    "riskScore>=700",
    "qdsSeverity:CRITICAL",
    "host.hostname:node-77",
    "lastFoundOnHost.ipAddress:10.0.0.0/16",
    "sha:0000000000000000000000000000000000000000000000000000000000000000",
    "imageId:00*",
    "vulnerabilities.severity:5",
    "vulnerabilities.severity:4",
    "vulnerabilities.qid:[77, 78]",
    "vulnerabilities.cveids:CVE-2003-3",
    "vulnerabilities.title:\"module 7\"",
    "vulnerabilities.title:flaw",
    "vulnerabilities.patchAvailable:true",
    "vulnerabilities.threatIntel.activeAttacks:true",
    "vulnerabilities.typeDetected:POTENTIAL",
    "vulnerabilities.firstFound>now-30d",
    "vulnerabilities.lastFound>now-7d",
    "vulnerabilities.published>now-1y",
    "vulnerabilities.software.name:lib77",
    "vulnerabilities.software.packagePath:lib77",
    "vulnerabilities:(severity:5 and patchAvailable:true and threatIntel.activeAttacks:true)",
    "not vulnerabilities.severity:[4, 5]",
    "softwares.name:lib77",
    "softwares.name:`lib77-0:amd64`",
    "softwares.name:lib",
    "softwares:(name:lib77 and version:[1.*, 2.1.2])",
    "softwares.packagePath:lib77",
    "softwares.vulnerabilities.severity:5",
    "operatingSystem:Ubuntu and vulnerabilities.severity:5 and not tags.name:tenth",
];

const CONTAINERS: &[&str] = &[
    "",
    "state:RUNNING",
    "name:service",
    "name:k8s_app_service",
    "host.hostname:node-77",
    "ipv4:172.17.3.0/24",
    "created>now-7d",
    "arguments:8077",
    "label.value:service",
    "label:(key:app and value:\"service 77\")",
    "isRoot:true",
    "operatingSystem:Ubuntu",
    "imageId:00*",
    "vulnerabilities.severity:5",
    "vulnerabilities.cveids:CVE-2003-3",
    "vulnerabilities.firstFound>now-30d",
    "softwares.name:lib77",
    "riskScore>=700",
    "state:RUNNING and vulnerabilities:(severity:5 and patchAvailable:true and threatIntel.activeAttacks:true)",
];

const ORDERS: [(Entity, &[&str]); 2] = [
    (
        Entity::Image,
        &["created:desc", "updated:desc", "operatingSystem", "size", "riskScore:desc", "author", "uuid"],
    ),
    (
        Entity::Container,
        &["created:desc", "updated", "name", "name:desc", "host.hostname", "operatingSystem", "state"],
    ),
];

#[test]
#[ignore = "takes minutes and gigabytes"]
fn questions_at_full_size() {
    let index = fleet();
    let tenant = index.tenant(DEFAULT_CUSTOMER).unwrap();
    for scope in [Scope::Everything, Scope::Tags(["tenth".to_owned()].into())] {
        let search = Search::new(&index, tenant, tenant.visible(&scope));
        lap(&format!("{scope:?}"));
        for text in IMAGES {
            let asked = condition(text, Entity::Image, Timestamp(NOW));
            timed(&format!("images {text}"), || {
                let found = search.images(&asked);
                let count = found.count();
                (found, count)
            });
        }
        for text in CONTAINERS {
            let asked = condition(text, Entity::Container, Timestamp(NOW));
            timed(&format!("containers {text}"), || {
                let found = search.containers(&asked);
                let count = found.count();
                (found, count)
            });
        }
        for (entity, orders) in ORDERS {
            for text in orders {
                let order = qql::resolve_sort(text, entity).unwrap();
                for window in [50, 10_000] {
                    timed(&format!("{entity:?} by {text}, {window}"), || {
                        let found = match entity {
                            Entity::Image => search.first_images(&search.visible.images, order, window),
                            _ => search.first_containers(&search.visible.containers, order, window),
                        };
                        let count = found.len() as u64;
                        (found, count)
                    });
                }
            }
        }
        let (images, containers) = (&search.visible.images, &search.visible.containers);
        for by in [By::Severity, By::Package, By::PackageVersion, By::Vulnerability, By::Cve, By::Repository]
        {
            timed(&format!("group by {by:?}"), || {
                let groups = group(&search, by, images, containers, 10);
                let count = groups.count as u64;
                (groups, count)
            });
        }
        timed("summary", || (summary(&search, images, containers), 0));
        timed("vulnerabilities", || {
            let all = qql::Condition::All;
            let found = vulnerabilities(&search, &all, None, (images, containers), (0, 50));
            let count = found.count;
            (found, count)
        });
        timed("complete softwares.name", || {
            let field = qql::FieldId::Software(qql::fields::SoftwareField::Name);
            (qql::Values::frequent(&search, field, "lib7", 10), 0)
        });
    }
}

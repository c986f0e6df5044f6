//! Small random fleets, put into tables, and kept plainly beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use matcher::{Coverage, Judgement};
use model::advisory::{Cvss, KnownExploited};
use model::container::{HostFacts, PortMapping};
use model::{
    Confidence, ContainerReport, ContainerState, DiffId, Digest, Ecosystem, Finding, FixState, ImageFacts,
    ImageId, Label, LayerFacts, Lifecycle, LifecycleStage, NamespaceFamily, OsRelease, Package, Reference,
    SecretRecord, Severity, SeverityRule, Timestamp, Vulnerability,
};
use store::{ContainerRecord, DEFAULT_CUSTOMER, ImageDocument, ImageRecord, InventoryEntry, PackageRow};
use uuid::Uuid;

use crate::facts::{Index, Put, Step, StoredContainer, StoredImage};
use crate::judge::Judged;

pub(super) const WORDS: [&str; 6] = ["alpha", "beta", "lib-alpha", "Gamma 2", "delta_x", "beta1"];

/// A source of chance (splitmix64, public domain).
pub(in crate::eval) struct Dice(pub(in crate::eval) u64);

impl Dice {
    pub(in crate::eval) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    pub(in crate::eval) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(in crate::eval) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    pub(super) fn word(&mut self) -> String {
        (*self.pick(&WORDS)).to_owned()
    }

    pub(super) fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.one_in(3) { None } else { Some(make(self)) }
    }

    fn time(&mut self) -> Timestamp {
        Timestamp(1 + self.below(9) as i64)
    }

    fn several<T>(&mut self, most: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }
}

/// A package as the naive evaluation sees it.
#[derive(Clone)]
pub(super) struct PlainPackage {
    pub(super) row: PackageRow,
    pub(super) judgement: Judgement,
    pub(super) stage: Option<LifecycleStage>,
    pub(super) first_found: Vec<Timestamp>,
}

pub(super) struct World {
    pub(super) index: Index,
    pub(super) packages: Vec<PlainPackage>,
    /// In the order of software lists.
    pub(super) inventories: Vec<Vec<InventoryEntry>>,
    /// With the number of the inventory among `inventories`.
    pub(super) images: Vec<(ImageRecord, usize)>,
    pub(super) containers: Vec<ContainerRecord>,
}

fn vulnerabilities(dice: &mut Dice) -> Vec<Arc<Vulnerability>> {
    let mut all = Vec::new();
    for qid in [11, 12, 13, 14, 15, 15] {
        let is_dated = qid == 15;
        let id = if is_dated { format!("eol:{}", all.len()) } else { format!("CVE-2024-{qid}") };
        let attacked = dice.one_in(2);
        all.push(Arc::new(Vulnerability {
            qid,
            id,
            aliases: dice.several(1, |dice| format!("CVE-2023-{}", dice.below(3))),
            family: if is_dated { NamespaceFamily::Lifecycle } else { NamespaceFamily::Debian },
            title: format!("{} {}", dice.word(), dice.word()),
            cvss3: dice.maybe(|dice| Cvss {
                base: dice.below(100) as f32 / 10.0,
                vector: String::new(),
                source: String::new(),
            }),
            known_exploited: attacked.then(KnownExploited::default),
            published: dice.maybe(Dice::time),
            ..Vulnerability::default()
        }));
    }
    all
}

fn package(dice: &mut Dice, id: u32, known: &[Arc<Vulnerability>]) -> PlainPackage {
    let ecosystem =
        *dice.pick(&[Ecosystem::Deb, Ecosystem::Deb, Ecosystem::Npm, Ecosystem::Npm, Ecosystem::Os]);
    let package = Package {
        ecosystem,
        distro: None,
        name: format!("{}{}", dice.word().replace(' ', ""), id % 3),
        version: format!("{}.{id}", dice.below(3)),
        arch: dice.one_in(2).then(|| "amd64".to_owned()),
        source: None,
        module: None,
        vendor: None,
    };
    let mut qids = Vec::new();
    let mut findings: Vec<Finding> = Vec::new();
    for vulnerability in known {
        if dice.one_in(3) && !qids.contains(&vulnerability.qid) {
            qids.push(vulnerability.qid);
            findings.push(Finding {
                vulnerability: Arc::clone(vulnerability),
                advisory: "A".into(),
                feed: "F".into(),
                severity: Severity::new(3 + dice.below(3) as u8).unwrap(),
                severity_rule: SeverityRule::Cvss,
                base_severity: Severity::MINIMAL,
                raised_by: None,
                risk: 50 + dice.below(3) as u8 * 20,
                state: FixState::Fixed,
                fix_version: dice.maybe(|dice| format!("9.{}", dice.below(2))),
                confidence: *dice.pick(&[Confidence::Confirmed, Confidence::Potential]),
            });
        }
    }
    let created = dice.time();
    let changed = if dice.one_in(2) { created } else { Timestamp(created.0 + 1 + dice.below(5) as i64) };
    let lifecycle = dice.maybe(|dice| {
        Arc::new(Lifecycle {
            product: "p".into(),
            eol: dice.maybe(Dice::time),
            ga: dice.maybe(Dice::time),
            ..Lifecycle::default()
        })
    });
    let stage = lifecycle
        .as_ref()
        .map(|_| *dice.pick(&[LifecycleStage::Ga, LifecycleStage::Eol, LifecycleStage::Eos]));
    let first_found = findings.iter().map(|_| dice.time()).collect();
    let judgement = Judgement {
        findings,
        coverage: Coverage::Covered,
        undecided: Vec::new(),
        fix_version: dice.maybe(|dice| format!("9.{}", dice.below(2))),
        lifecycle,
    };
    let row = PackageRow { id, package, created, changed, fingerprint: Some(1) };
    PlainPackage { row, judgement, stage, first_found }
}

fn inventory(dice: &mut Dice, packages: &[PlainPackage]) -> Vec<InventoryEntry> {
    let mut entries = dice.several(7, |dice| InventoryEntry {
        package: dice.pick(packages).row.id,
        layer: dice.maybe(|dice| dice.below(2) as u32),
        path: if dice.one_in(3) { String::new() } else { format!("opt/{}", dice.word()) },
        owned_by: dice.one_in(4).then(|| "owner".to_owned()),
        license: None,
        found_by: "f".into(),
        declared: false,
    });
    entries.sort_by(|a, b| {
        let identity = |entry: &InventoryEntry| &packages[entry.package as usize].row.package;
        identity(a)
            .cmp(identity(b))
            .then_with(|| (&a.path, a.layer, &a.owned_by).cmp(&(&b.path, b.layer, &b.owned_by)))
    });
    entries.dedup();
    entries
}

fn digest(kind: &str, number: u64) -> Digest {
    Digest::of(format!("{kind}{number}").as_bytes())
}

fn labels(dice: &mut Dice) -> Vec<Label> {
    let mut labels = dice.several(2, |dice| Label { key: dice.word(), value: dice.word() });
    labels.sort_by(|a, b| a.key.cmp(&b.key));
    labels
}

fn image(dice: &mut Dice, number: u64, digest_of: Digest) -> ImageRecord {
    let id = ImageId(digest("image", number));
    let mut facts = ImageFacts::new(id);
    facts.references = dice.several(2, |dice| Reference {
        registry: dice.word(),
        repository: format!("team/{}", dice.word()),
        tag: dice.maybe(Dice::word),
        digest: dice.maybe(|dice| digest("manifest", dice.below(3))),
    });
    facts.created = dice.maybe(Dice::time);
    facts.author = dice.word();
    facts.architecture = dice.maybe(Dice::word);
    facts.docker_version = dice.maybe(Dice::word);
    facts.size = dice.below(5);
    facts.labels = labels(dice);
    facts.layers = dice.several(3, |dice| LayerFacts {
        diff_id: dice.maybe(|dice| DiffId(digest("layer", dice.below(3)))),
        digest: None,
        size: 0,
        created_by: String::new(),
        created: None,
        comment: String::new(),
    });
    let layers = facts.layers.iter().filter(|layer| layer.diff_id.is_some()).count() as u64;
    let secrets = dice.several(2, |dice| SecretRecord {
        path: dice.word(),
        line: dice.below(3) as u32,
        rule: dice.word(),
        title: dice.word(),
        severity: Severity::new(1 + dice.below(5) as u8).unwrap(),
        masked: String::new(),
        layer: (layers > 0 && dice.one_in(2)).then(|| dice.below(layers) as u32),
    });
    let os_release = dice.maybe(|dice| OsRelease { display_name: dice.word(), ..OsRelease::default() });
    let mut tags = dice.several(2, Dice::word);
    tags.sort();
    tags.dedup();
    let mut registries = dice.several(2, |dice| Uuid::from_u128(u128::from(dice.below(3)) + 1));
    registries.sort();
    registries.dedup();
    ImageRecord {
        customer: DEFAULT_CUSTOMER,
        uuid: store::image_uuid(DEFAULT_CUSTOMER, &id),
        id,
        created_at: dice.time(),
        updated: dice.time(),
        last_scanned: dice.time(),
        sources: dice.several(2, Dice::word),
        tags,
        registries,
        inventory: digest_of,
        since: Box::default(),
        document: ImageDocument {
            facts,
            os_release,
            users: dice.several(2, Dice::word),
            scanner: String::new(),
            secrets,
            unreadable: 0,
            build: None,
        },
        document_bytes: Arc::default(),
    }
}

fn container(dice: &mut Dice, number: u64, images: u64) -> ContainerRecord {
    let id = digest("container", number);
    let image_id = dice.maybe(|dice| ImageId(digest("image", dice.below(images + 1))));
    let hostname = dice.word();
    let host_uuid = store::host_uuid(DEFAULT_CUSTOMER, &hostname);
    let host = HostFacts {
        hostname,
        ip_address: dice.maybe(|dice| format!("10.0.0.{}", dice.below(3))),
        ipv6_address: None,
        architecture: dice.maybe(Dice::word),
    };
    let states =
        [ContainerState::Running, ContainerState::Stopped, ContainerState::Deleted, ContainerState::Unknown];
    let report = ContainerReport {
        id,
        name: dice.word(),
        image_id,
        image_digest: dice.maybe(|dice| digest("manifest", dice.below(3))),
        image_name: None,
        host,
        state: *dice.pick(&states),
        created: dice.time(),
        state_changed: dice.time(),
        observed_at: dice.time(),
        path: dice.maybe(Dice::word),
        arguments: dice.several(2, Dice::word),
        environment: dice.several(2, Dice::word),
        labels: labels(dice),
        ports: dice.several(2, |dice| PortMapping {
            host_ip: dice.maybe(|dice| format!("10.0.0.{}", dice.below(3))),
            host_port: dice.maybe(|dice| dice.below(3) as u16),
            port: dice.below(3) as u16,
            protocol: (*dice.pick(&["TCP", "UDP"])).to_owned(),
        }),
        privileged: dice.maybe(|dice| dice.one_in(2)),
        root: dice.maybe(|dice| dice.one_in(2)),
        mac_address: String::new(),
        ipv4: dice.maybe(|dice| format!("10.0.0.{}", dice.below(3))),
        ipv6: None,
        source: dice.word(),
        details: None,
        tags: Vec::new(),
    };
    ContainerRecord {
        customer: DEFAULT_CUSTOMER,
        uuid: store::container_uuid(DEFAULT_CUSTOMER, &id),
        updated: dice.time(),
        created_at: dice.time(),
        host_uuid,
        image_uuid: image_id.map(|id| store::image_uuid(DEFAULT_CUSTOMER, &id)),
        tags: dice.several(1, Dice::word),
        report,
        inside_bytes: Arc::default(),
        inventory: None,
        since: Box::default(),
    }
}

/// For a few images, when some of their packages came.
fn since(dice: &mut Dice, entries: &[InventoryEntry]) -> Box<[(u32, Timestamp)]> {
    if !dice.one_in(3) {
        return Box::default();
    }
    let came: BTreeMap<u32, Timestamp> = entries.iter().map(|entry| (entry.package, dice.time())).collect();
    came.into_iter().filter(|_| dice.one_in(2)).collect()
}

impl World {
    pub(super) fn of(seed: u64) -> Self {
        let dice = &mut Dice(seed);
        let known = vulnerabilities(dice);
        let packages: Vec<PlainPackage> = (0..10).map(|id| package(dice, id, &known)).collect();
        let inventories: Vec<Vec<InventoryEntry>> = (0..5).map(|_| inventory(dice, &packages)).collect();
        let images: Vec<(ImageRecord, usize)> = (0..12)
            .map(|number| {
                let inventory = dice.below(inventories.len() as u64) as usize;
                let mut record = image(dice, number, digest("inventory", inventory as u64));
                record.since = since(dice, &inventories[inventory]);
                (record, inventory)
            })
            .collect();
        let containers: Vec<ContainerRecord> =
            (0..20).map(|number| container(dice, number, images.len() as u64)).collect();
        let mut index = Index::default();
        let puts: Vec<Put> = packages
            .iter()
            .map(|package| {
                let PlainPackage { row, judgement, stage, first_found } = package.clone();
                let verdict = index.packages.verdict(Judged { judgement, stage, fingerprint: 1 });
                Put { row, verdict, first_found: first_found.into_iter().map(Some).collect() }
            })
            .collect();
        index.packages.put(puts);
        let contents =
            (0..).zip(&inventories).map(|(number, entries)| (digest("inventory", number), entries.clone()));
        let numbers = index.inventories.intern(&index.packages, contents).unwrap();
        let stored = |(record, inventory): &(ImageRecord, usize)| StoredImage {
            record: record.clone(),
            inventory: numbers[*inventory],
            cause: 0,
        };
        let step = Step {
            images: images.iter().map(stored).collect(),
            containers: containers
                .iter()
                .map(|record| StoredContainer { record: record.clone(), inventory: None, cause: 0 })
                .collect(),
            ..Step::default()
        };
        index.apply(step);
        Self { index, packages, inventories, images, containers }
    }
}

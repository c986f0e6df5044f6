//! A database in small: what the store would say, and how an index follows it.

use std::collections::{BTreeMap, BTreeSet};

use matcher::{Coverage, Judgement};
use model::container::HostFacts;
use model::{
    ContainerReport, ContainerState, DiffId, Digest, Ecosystem, ImageFacts, ImageId, LayerFacts, Package,
    Timestamp,
};
use store::{
    Change, ChangeKind, ContainerRecord, DEFAULT_CUSTOMER, ImageDocument, ImageRecord, InventoryEntry,
    PackageRow, Tombstone, container_uuid, host_uuid, image_uuid,
};
use uuid::Uuid;

use crate::facts::{Index, Put, Step, StoredContainer, StoredImage, cause_number};
use crate::judge::Judged;
use crate::request::Scope;

const PACKAGES: u32 = 5;
const RECORDS: u64 = 30;

/// A small source of numbers (splitmix64, public domain).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn registries(&mut self) -> Vec<Uuid> {
        (1..=self.below(3)).map(|number| Uuid::from_u128(number.into())).collect()
    }

    fn tags(&mut self) -> Vec<String> {
        let tags: &[&str] = match self.below(4) {
            0 => &[],
            1 => &["red"],
            2 => &["blue"],
            _ => &["blue", "red"],
        };
        tags.iter().map(|tag| (*tag).to_owned()).collect()
    }
}

/// Rows as the tables of the store hold them, and the clock.
pub(super) struct Database {
    clock: i64,
    /// When each package was last judged anew.
    packages: BTreeMap<u32, i64>,
    images: BTreeMap<Uuid, (ImageRecord, Vec<InventoryEntry>, &'static str)>,
    containers: BTreeMap<Uuid, (ContainerRecord, &'static str)>,
    /// Ends and judgements.
    log: BTreeMap<i64, Change>,
}

fn image_id(number: u64) -> ImageId {
    ImageId(Digest::of(&number.to_be_bytes()))
}

impl Database {
    pub(super) fn new() -> Self {
        let packages = (0..PACKAGES).map(|package| (package, 1)).collect();
        Self {
            clock: 1,
            packages,
            images: BTreeMap::new(),
            containers: BTreeMap::new(),
            log: BTreeMap::new(),
        }
    }

    pub(super) fn clock(&self) -> Timestamp {
        Timestamp(self.clock)
    }

    fn tick(&mut self) -> Timestamp {
        self.clock += 1;
        Timestamp(self.clock)
    }

    pub(super) fn happen(&mut self, chance: &mut Chance) {
        match chance.below(20) {
            0..=6 => {
                let numbers = (0..=chance.below(4)).map(|_| chance.below(RECORDS)).collect();
                self.store_images(&numbers, chance);
            }
            7..=12 => {
                let numbers = (0..=chance.below(4)).map(|_| chance.below(RECORDS)).collect();
                self.store_containers(&numbers, chance);
            }
            13 => self.delete_image(image_uuid(DEFAULT_CUSTOMER, &image_id(chance.below(RECORDS)))),
            14 => self.delete_container(container_uuid(DEFAULT_CUSTOMER, &image_id(chance.below(RECORDS)).0)),
            15..=16 => self.tag(chance),
            _ => self.judge(chance),
        }
    }

    /// Stores images, all by one value of the clock.
    pub(super) fn store_images(&mut self, numbers: &BTreeSet<u64>, chance: &mut Chance) {
        let clock = self.tick();
        for number in numbers {
            let id = image_id(*number);
            let uuid = image_uuid(DEFAULT_CUSTOMER, &id);
            let packages = chance.below(1 << PACKAGES);
            let before = self.images.get(&uuid);
            let since = before.map(|(record, content, _)| since(record, content, packages, clock));
            let known = before.map(|(record, ..)| (record.created_at, record.tags.clone()));
            let new_tags = if number % 3 == 0 { vec!["red".to_owned()] } else { vec!["blue".to_owned()] };
            let (created_at, tags) = known.unwrap_or((clock, new_tags));
            let record = ImageRecord {
                customer: DEFAULT_CUSTOMER,
                uuid,
                id,
                created_at,
                updated: clock,
                last_scanned: clock,
                sources: vec!["GENERAL".into()],
                tags,
                registries: chance.registries(),
                inventory: Digest::of(&packages.to_be_bytes()),
                since: since.unwrap_or_default(),
                document: document(id, chance),
                document_bytes: clock.0.to_be_bytes().as_slice().into(),
            };
            self.images.insert(uuid, (record, entries(packages), "report"));
            self.log.retain(|_, change| change.key != uuid);
        }
    }

    fn store_containers(&mut self, numbers: &BTreeSet<u64>, chance: &mut Chance) {
        let clock = self.tick();
        for number in numbers {
            let report = report(*number, clock, chance);
            let uuid = container_uuid(DEFAULT_CUSTOMER, &report.id);
            let known =
                self.containers.get(&uuid).map(|(record, _)| (record.created_at, record.tags.clone()));
            let (created_at, tags) = known.unwrap_or_else(|| (clock, chance.tags()));
            let record = ContainerRecord {
                customer: DEFAULT_CUSTOMER,
                uuid,
                updated: clock,
                created_at,
                host_uuid: host_uuid(DEFAULT_CUSTOMER, &report.host.hostname),
                image_uuid: report.image_id.map(|id| image_uuid(DEFAULT_CUSTOMER, &id)),
                tags,
                report,
                inside_bytes: [].into(),
                inventory: None,
                since: Box::default(),
            };
            self.containers.insert(uuid, (record, "container report"));
            self.log.retain(|_, change| change.key != uuid);
        }
    }

    fn bury(&mut self, clock: Timestamp, kind: ChangeKind, key: Uuid, tombstone: Tombstone) {
        let (customer, cause) = (DEFAULT_CUSTOMER, "deletion".into());
        let change = Change { clock, customer, kind, key, deleted: true, cause, tombstone: Some(tombstone) };
        self.log.insert(clock.0, change);
    }

    /// An image goes; its containers lose it.
    fn delete_image(&mut self, uuid: Uuid) {
        let Some((record, ..)) = self.images.remove(&uuid) else { return };
        let clock = self.tick();
        for (container, cause) in self.containers.values_mut() {
            if container.image_uuid == Some(uuid) {
                (container.updated, *cause) = (clock, "deletion of its image");
            }
        }
        let tombstone = Tombstone { id: record.id.0, tags: record.tags, image_tags: Vec::new() };
        self.bury(clock, ChangeKind::Image, uuid, tombstone);
    }

    fn delete_container(&mut self, uuid: Uuid) {
        let Some((record, _)) = self.containers.remove(&uuid) else { return };
        let clock = self.tick();
        let image = record.image_uuid.and_then(|uuid| self.images.get(&uuid));
        let image_tags = image.map(|(image, ..)| image.tags.clone()).unwrap_or_default();
        let tombstone = Tombstone { id: record.report.id, tags: record.tags, image_tags };
        self.bury(clock, ChangeKind::Container, uuid, tombstone);
    }

    /// Other tags for some record. The store only adds them; that they also go away is for later.
    fn tag(&mut self, chance: &mut Chance) {
        let clock = self.tick();
        let number = chance.below(RECORDS);
        if chance.below(2) == 0 {
            let uuid = image_uuid(DEFAULT_CUSTOMER, &image_id(number));
            if let Some((record, _, cause)) = self.images.get_mut(&uuid) {
                (record.tags, record.updated, *cause) = (chance.tags(), clock, "tag");
            }
        } else {
            let uuid = container_uuid(DEFAULT_CUSTOMER, &image_id(number).0);
            if let Some((record, cause)) = self.containers.get_mut(&uuid) {
                (record.tags, record.updated, *cause) = (chance.tags(), clock, "tag");
            }
        }
    }

    /// Judges some packages anew.
    fn judge(&mut self, chance: &mut Chance) {
        let clock = self.tick();
        for _ in 0..=chance.below(3) {
            let package = u32::try_from(chance.below(u64::from(PACKAGES))).unwrap();
            self.packages.insert(package, clock.0);
        }
        let change = Change {
            clock,
            customer: Uuid::nil(),
            kind: ChangeKind::Judgement,
            key: Uuid::nil(),
            deleted: false,
            cause: "bundle".into(),
            tombstone: None,
        };
        self.log.insert(clock.0, change);
    }

    /// The index built from nothing.
    pub(super) fn build(&self) -> Index {
        let mut index = Index::default();
        let puts: Vec<Put> =
            self.packages.iter().map(|(package, changed)| put(&mut index, *package, *changed)).collect();
        index.put_packages(puts);
        let mut images = self.stored_images(&mut index, i64::MIN, i64::MAX);
        let later = images.split_off(images.len() / 2);
        index.load(images, Vec::new());
        index.load(later, Vec::new());
        index.load(Vec::new(), self.stored_containers(i64::MIN, i64::MAX));
        index.load_changes(self.changes());
        index.finish_load();
        index.clock = self.clock();
        index
    }

    /// The whole change log.
    fn changes(&self) -> Vec<Change> {
        let change = |clock, kind, key, cause: &'static str| Change {
            clock,
            customer: DEFAULT_CUSTOMER,
            kind,
            key,
            deleted: false,
            cause: cause.into(),
            tombstone: None,
        };
        let images = self.images.values();
        let images = images.map(|(of, _, cause)| change(of.updated, ChangeKind::Image, of.uuid, cause));
        let containers = self.containers.values();
        let containers =
            containers.map(|(of, cause)| change(of.updated, ChangeKind::Container, of.uuid, cause));
        self.log.values().cloned().chain(images).chain(containers).collect()
    }

    /// Takes the index on by the next changes, about `most` of them.
    pub(super) fn follow(&self, index: &mut Index, most: usize) {
        let applied = index.clock.0;
        let mut clocks: Vec<i64> = self.log.range(applied + 1..).map(|(clock, _)| *clock).collect();
        clocks.extend(self.images.values().map(|(record, ..)| record.updated.0));
        clocks.extend(self.containers.values().map(|(record, _)| record.updated.0));
        clocks.retain(|clock| *clock > applied);
        clocks.sort_unstable();
        let upto = clocks.get(most - 1).copied().unwrap_or(self.clock);
        let mut next = index.clone();
        let judged = self.packages.iter().filter(|(_, changed)| **changed > applied && **changed <= upto);
        let puts: Vec<Put> = judged.map(|(package, changed)| put(&mut next, *package, *changed)).collect();
        let judgements = (!puts.is_empty()).then(|| {
            let (mut packages, judged) = (next.packages.clone(), puts.iter().map(|put| put.row.id).collect());
            packages.put(puts);
            (packages, judged)
        });
        let step = Step {
            judgements,
            images: self.stored_images(&mut next, applied, upto),
            containers: self.stored_containers(applied, upto),
            changes: self.log.range(applied + 1..=upto).map(|(_, change)| change.clone()).collect(),
        };
        next.apply(step);
        next.clock = Timestamp(upto);
        *index = next;
    }

    fn stored_images(&self, index: &mut Index, applied: i64, upto: i64) -> Vec<StoredImage> {
        let rows = self.images.values();
        rows.filter(|(record, ..)| record.updated.0 > applied && record.updated.0 <= upto)
            .map(|(record, entries, cause)| {
                let content = [(record.inventory, entries.clone())];
                let inventory = index.inventories.intern(&index.packages, content).unwrap()[0];
                // a start learns of causes from the log
                let cause = if applied == i64::MIN { 0 } else { cause_number(cause) };
                StoredImage { record: record.clone(), inventory, cause }
            })
            .collect()
    }

    fn stored_containers(&self, applied: i64, upto: i64) -> Vec<StoredContainer> {
        let rows = self.containers.values();
        rows.filter(|(record, _)| record.updated.0 > applied && record.updated.0 <= upto)
            .map(|(record, cause)| {
                let cause = if applied == i64::MIN { 0 } else { cause_number(cause) };
                StoredContainer { record: record.clone(), inventory: None, cause }
            })
            .collect()
    }

    /// The images that a scope shows, with the time when each was first stored.
    pub(super) fn images(&self, scope: &Scope) -> BTreeMap<Uuid, i64> {
        let records = self.images.values().map(|(record, ..)| record);
        let seen = records.filter(|record| shows(scope, &record.tags));
        seen.map(|record| (record.uuid, record.created_at.0)).collect()
    }

    /// The containers that a scope shows.
    pub(super) fn containers(&self, scope: &Scope) -> BTreeMap<Uuid, i64> {
        let records = self.containers.values().map(|(record, _)| record);
        let through_image = |record: &ContainerRecord| {
            let image = record.image_uuid.and_then(|uuid| self.images.get(&uuid));
            image.is_some_and(|(image, ..)| shows(scope, &image.tags))
        };
        let seen = records.filter(|record| shows(scope, &record.tags) || through_image(record));
        seen.map(|record| (record.uuid, record.created_at.0)).collect()
    }
}

fn shows(scope: &Scope, own: &[String]) -> bool {
    match scope {
        Scope::Everything => true,
        Scope::Tags(tags) => own.iter().any(|tag| tags.contains(tag)),
    }
}

fn put(index: &mut Index, id: u32, changed: i64) -> Put {
    let package = Package::new(Ecosystem::Pypi, format!("p{id}"), "1");
    let (created, changed) = (Timestamp(1), Timestamp(changed));
    let judgement = Judgement {
        findings: Vec::new(),
        coverage: Coverage::NotCovered,
        undecided: Vec::new(),
        fix_version: None,
        lifecycle: None,
    };
    let verdict = index.packages.verdict(Judged { judgement, stage: None, fingerprint: 0 });
    Put {
        row: PackageRow { id, package, created, changed, fingerprint: Some(0) },
        verdict,
        first_found: Vec::new(),
    }
}

fn entries(packages: u64) -> Vec<InventoryEntry> {
    let held = (0..PACKAGES).filter(|package| packages & (1 << package) != 0);
    let entry = |package| InventoryEntry {
        package,
        layer: None,
        path: String::new(),
        owned_by: None,
        license: None,
        found_by: String::new(),
        declared: false,
    };
    held.map(entry).collect()
}

fn document(id: ImageId, chance: &mut Chance) -> ImageDocument {
    let layer = |number: u64| LayerFacts {
        diff_id: Some(DiffId(Digest::of(&number.to_le_bytes()))),
        digest: None,
        size: 0,
        created_by: String::new(),
        created: None,
        comment: String::new(),
    };
    let layers = (0..chance.below(4)).map(|_| layer(chance.below(2))).collect();
    ImageDocument {
        facts: ImageFacts { layers, ..ImageFacts::new(id) },
        os_release: None,
        users: Vec::new(),
        scanner: String::new(),
        secrets: Vec::new(),
        unreadable: 0,
        build: None,
    }
}

fn report(number: u64, observed_at: Timestamp, chance: &mut Chance) -> ContainerReport {
    let host = HostFacts {
        hostname: format!("node-{}", chance.below(3)),
        ip_address: Some(format!("10.0.0.{}", chance.below(2))),
        ..HostFacts::default()
    };
    let states = [ContainerState::Running, ContainerState::Deleted, ContainerState::Unknown];
    ContainerReport {
        id: image_id(number).0,
        name: format!("c{number}"),
        image_id: (chance.below(5) > 0).then(|| image_id(chance.below(RECORDS / 3))),
        image_digest: None,
        image_name: None,
        host,
        state: states[usize::try_from(chance.below(3)).unwrap()],
        created: Timestamp(0),
        state_changed: observed_at,
        observed_at,
        path: None,
        arguments: Vec::new(),
        environment: Vec::new(),
        labels: Vec::new(),
        ports: Vec::new(),
        privileged: None,
        root: None,
        mac_address: String::new(),
        ipv4: None,
        ipv6: None,
        source: "GENERAL".into(),
        details: None,
        tags: Vec::new(),
    }
}

/// Since when an image has the packages that it did not have before.
fn since(
    before: &ImageRecord,
    content: &[InventoryEntry],
    packages: u64,
    clock: Timestamp,
) -> Box<[(u32, Timestamp)]> {
    let came = |entry: &InventoryEntry| match content.iter().any(|known| known.package == entry.package) {
        true => before.since.iter().find(|(package, _)| *package == entry.package).copied(),
        false => Some((entry.package, clock)),
    };
    let came: BTreeMap<u32, Timestamp> = entries(packages).iter().filter_map(came).collect();
    came.into_iter().collect()
}

//! The promises of the export cursor under writers that are faster than the reader.
//!
//! A whole world in one thread: records are stored, changed, deleted and judged anew between the pages of an export, and the
//! index is thrown away and built again. Every schedule follows from a number, so a failure can be repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use matcher::{Coverage, Judgement};
use model::{Digest, Ecosystem, ImageFacts, ImageId, Package, Timestamp};
use qql::fields::Entity;
use store::{ImageDocument, ImageRecord, Inventory, InventoryEntry, PackageRow};
use uuid::Uuid;

use crate::dictionary::PackageEntry;
use crate::eval::Predicate;
use crate::eval::cursor::Cursor;
use crate::follow::entry;
use crate::index::Index;
use crate::judge::Judged;
use crate::page::Source;
use crate::request::Scope;

const CUSTOMER: Uuid = Uuid::from_u128(1);
const PACKAGES: u32 = 5;

/// A small source of numbers (splitmix64, public domain).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// The database and the index over it.
struct World {
    clock: i64,
    packages: BTreeMap<u32, Arc<PackageEntry>>,
    images: BTreeMap<u64, (Arc<ImageRecord>, Arc<Inventory>)>,
    index: Index,
}

fn package(id: u32, changed: i64) -> Arc<PackageEntry> {
    let package = Package {
        ecosystem: Ecosystem::Pypi,
        distro: None,
        name: format!("p{id}"),
        version: "1".into(),
        arch: None,
        source: None,
        module: None,
        vendor: None,
    };
    let (created, changed) = (Timestamp(1), Timestamp(changed));
    let row = PackageRow { id, package, created, changed, fingerprint: Some(0) };
    let judgement = Judgement {
        findings: Vec::new(),
        coverage: Coverage::NotCovered,
        undecided: Vec::new(),
        fix_version: None,
        lifecycle: None,
    };
    Arc::new(entry(row, Judged { judgement, stage: None, fingerprint: 0 }, |_, _| None))
}

fn facts(id: ImageId) -> ImageFacts {
    ImageFacts {
        id,
        references: Vec::new(),
        created: None,
        author: String::new(),
        architecture: None,
        os: None,
        docker_version: None,
        size: 0,
        labels: Vec::new(),
        environment: Vec::new(),
        runtime: model::RuntimeFacts::default(),
        base: None,
        layers: Vec::new(),
    }
}

impl World {
    fn new() -> Self {
        let packages = (0..PACKAGES).map(|id| (id, package(id, 1))).collect();
        let mut world = Self { clock: 1, packages, images: BTreeMap::new(), index: Index::default() };
        world.restart();
        world
    }

    /// Builds the index from the database.
    fn restart(&mut self) {
        self.index = Index::default();
        self.index.put_packages(self.packages.values().cloned());
        for (record, inventory) in self.images.values() {
            self.index.put_image(Arc::clone(record), Arc::clone(inventory));
        }
        self.index.clock = Timestamp(self.clock);
    }

    fn tick(&mut self) -> Timestamp {
        self.clock += 1;
        self.index.clock = Timestamp(self.clock);
        self.index.clock
    }

    /// Stores images, all by one value of the clock.
    fn store(&mut self, numbers: &BTreeSet<u64>, chance: &mut Chance) {
        let clock = self.tick();
        for number in numbers {
            let id = ImageId(Digest::of(&number.to_be_bytes()));
            let packages = chance.below(1 << PACKAGES);
            let entries = (0..PACKAGES).filter(|package| packages & (1 << package) != 0).map(|package| {
                InventoryEntry {
                    package,
                    layer: None,
                    path: String::new(),
                    owned_by: None,
                    license: None,
                    found_by: String::new(),
                    declared: false,
                }
            });
            let digest = Digest::of(&packages.to_be_bytes());
            let inventory = Arc::new(Inventory { digest, entries: entries.collect() });
            let created_at = self.images.get(number).map_or(clock, |(known, _)| known.created_at);
            let record = Arc::new(ImageRecord {
                customer: CUSTOMER,
                uuid: Uuid::new_v3(&CUSTOMER, &number.to_be_bytes()),
                id,
                created_at,
                updated: clock,
                last_scanned: clock,
                sources: Vec::new(),
                tags: if number % 3 == 0 { Vec::new() } else { vec!["blue".into()] },
                inventory: digest,
                document: ImageDocument {
                    facts: facts(id),
                    os_release: None,
                    users: Vec::new(),
                    scanner: String::new(),
                    secrets: Vec::new(),
                    unreadable: 0,
                },
                document_bytes: Arc::default(),
            });
            self.index.put_image(Arc::clone(&record), Arc::clone(&inventory));
            self.images.insert(*number, (record, inventory));
        }
    }

    fn delete(&mut self, number: u64) {
        self.tick();
        if let Some((record, _)) = self.images.remove(&number) {
            self.index.remove_image(CUSTOMER, record.uuid);
        }
    }

    fn judge(&mut self, id: u32) {
        let clock = self.tick();
        let entry = package(id, clock.0);
        self.packages.insert(id, Arc::clone(&entry));
        self.index.put_judgements(vec![entry]);
    }

    fn happen(&mut self, chance: &mut Chance) {
        match chance.below(20) {
            0..=12 => {
                let numbers = (0..=chance.below(4)).map(|_| chance.below(30)).collect();
                self.store(&numbers, chance);
            }
            13..=14 => self.delete(chance.below(30)),
            15..=17 => self.judge(u32::try_from(chance.below(u64::from(PACKAGES))).unwrap()),
            18 => self.restart(),
            _ => {}
        }
    }

    /// One page: uuids with the versions returned, and the text of the next cursor.
    fn page(
        &self,
        scope: &Scope,
        filter: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> (Vec<(Uuid, i64)>, Option<String>) {
        let now = Timestamp(self.clock);
        let resolve =
            |text: &str| Predicate::of(Entity::Image, Some(&qql::parse(text).unwrap()), now).unwrap();
        let cursor = Cursor::of(cursor.map(|text| qql::parse(text).unwrap()).as_ref());
        let rest = Predicate::of_all(Entity::Image, &cursor.rest, now).unwrap();
        let source = Source {
            columns: &self.index.images,
            customer: CUSTOMER,
            visible: self.index.visible_images(CUSTOMER, scope),
            filter: resolve(filter),
        };
        let (page, next) = source.bulk(cursor, &rest, limit);
        let rows = page.into_iter().map(|position| self.index.images.at(position));
        (rows.map(|row| (row.uuid, row.updated.0)).collect(), next.map(|next| next.to_string()))
    }

    /// The records that a scope and a filter on uuids show, with the time when each was first stored.
    fn alive(&self, scope: &Scope, uuids_from: Uuid) -> BTreeMap<Uuid, i64> {
        let records = self.images.values().map(|(record, _)| record);
        records
            .filter(|record| match scope {
                Scope::Everything => true,
                Scope::Tags(tags) => record.tags.iter().any(|tag| tags.contains(tag)),
            })
            .filter(|record| record.uuid >= uuids_from)
            .map(|record| (record.uuid, record.created_at.0))
            .collect()
    }
}

/// Runs one schedule; panics if a promise is broken.
fn export(seed: u64) {
    let chance = &mut Chance(seed);
    let mut world = World::new();
    for _ in 0..chance.below(40) {
        world.happen(chance);
    }
    let scope = match chance.below(2) {
        0 => Scope::Everything,
        _ => Scope::Tags(BTreeSet::from(["blue".to_owned()])),
    };
    let from = if chance.below(3) == 0 { Uuid::from_u128(u128::MAX / 4) } else { Uuid::nil() };
    let filter = format!("uuid>={from}");
    let limit = 1 + usize::try_from(chance.below(5)).unwrap();
    // up to three times as many changes as a page holds
    let haste = chance.below(6 * limit as u64 + 1);

    let mut lives = world.alive(&scope, from);
    let mut existed = lives.len();
    let mut returned: BTreeMap<Uuid, BTreeSet<i64>> = BTreeMap::new();
    let mut cursor: Option<String> = None;
    for pages in 1.. {
        if pages == 2 {
            existed = existed.max(world.alive(&scope, from).len());
        }
        assert!(pages <= 2 * existed.div_ceil(limit) + 4, "seed {seed}: the export does not end");
        let (page, next) = world.page(&scope, &filter, cursor.as_deref(), limit);
        assert!(page.len() <= limit, "seed {seed}");
        assert!(!page.is_empty() || next.is_none(), "seed {seed}: an empty page has a link");
        for (uuid, version) in page {
            assert!(world.alive(&scope, from).contains_key(&uuid), "seed {seed}: {uuid} must not be seen");
            assert!(
                returned.entry(uuid).or_default().insert(version),
                "seed {seed}: {uuid} twice at {version}"
            );
        }
        cursor = next;
        if cursor.is_none() {
            break;
        }
        for _ in 0..haste {
            world.happen(chance);
            let now = world.alive(&scope, from);
            lives.retain(|uuid, stored| now.get(uuid) == Some(stored));
        }
    }
    for uuid in lives.keys() {
        assert!(returned.contains_key(uuid), "seed {seed}: {uuid} was lost");
    }
}

#[test]
fn an_export_returns_every_living_record_none_twice_at_a_version_and_ends_while_writers_are_faster() {
    let schedules =
        std::env::var("PLIMSOLL_SCHEDULES").ok().and_then(|number| number.parse().ok()).unwrap_or(1_000);
    // 6970: the record that the first link names changes before the second page is asked for
    (0..schedules).chain([6_970]).for_each(export);
}

#[test]
fn without_writers_an_export_is_in_order_and_returns_each_record_once() {
    let chance = &mut Chance(7);
    let mut world = World::new();
    for _ in 0..60 {
        world.happen(chance);
    }
    for limit in 1..8 {
        let mut rows = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let (page, next) = world.page(&Scope::Everything, "", cursor.as_deref(), limit);
            rows.extend(page.into_iter().map(|(uuid, version)| (version, uuid)));
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(rows.len(), world.images.len());
    }
}

#[test]
fn what_happens_out_of_scope_changes_no_letter_of_a_link() {
    let chance = &mut Chance(3);
    let (mut world, blue) = (World::new(), Scope::Tags(BTreeSet::from(["blue".to_owned()])));
    world.store(&(1..20).collect(), chance);
    let walk = |world: &World| {
        let mut links: Vec<String> = Vec::new();
        while let (_, Some(next)) = world.page(&blue, "", links.last().map(String::as_str), 3) {
            links.push(next);
        }
        links
    };
    let before = walk(&world);
    world.store(&BTreeSet::from([0, 3, 30, 33]), chance);
    assert_eq!(walk(&world), before);
    assert!(before.len() > 2 && before.last().is_some_and(|link| link.contains(" AND updated<=")));
}

#[test]
fn forged_cursors_are_answered_with_bounded_work_and_never_beyond_the_filter() {
    let chance = &mut Chance(11);
    let mut world = World::new();
    for _ in 0..60 {
        world.happen(chance);
    }
    let nil = Uuid::nil();
    for cursor in [
        format!("updated>={} AND not uuid: [{nil}] AND updated<={}", i64::MIN, i64::MAX),
        format!("updated>={} AND not uuid: [{nil}]", i64::MAX),
        format!(
            "(updated>{0} or (updated:{0} and uuid>{1})) AND updated<={2}",
            i64::MAX,
            Uuid::max(),
            i64::MIN
        ),
        format!("uuid>{} AND updated>{}", Uuid::max(), i64::MAX),
        format!("uuid>{nil} AND updated>{}", i64::MIN),
        "updated>5 and updated<5".to_owned(),
        "uuid:x".to_owned(),
    ] {
        let (page, _) = world.page(&Scope::Tags(BTreeSet::new()), "", Some(&cursor), 10);
        assert!(page.is_empty());
        let (page, _) = world.page(&Scope::Everything, "updated<0", Some(&cursor), 10);
        assert!(page.is_empty());
        let (page, _) = world.page(&Scope::Everything, "", Some(&cursor), 10);
        assert!(page.len() <= 10);
    }
}

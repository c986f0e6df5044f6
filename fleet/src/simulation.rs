//! The promises of the export cursor under writers that are faster than the reader.
//!
//! A whole world in one thread: records are stored, changed, deleted, stored again and judged anew between the pages of an
//! export, and the index is thrown away and built again. Every schedule follows from a number, so a failure can be repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Digest, Timestamp};
use store::DEFAULT_CUSTOMER;
use uuid::Uuid;

use crate::eval::cursor::Cursor;
use crate::facts::{Index, Rows};
use crate::page::Source;
use crate::request::Scope;
use crate::table::Bits;
use database::{Chance, Database};

#[path = "simulation/database.rs"]
mod database;

/// Images or containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Images,
    Containers,
}

/// The database and the index over it.
struct World {
    database: Database,
    index: Index,
}

/// One page: uuids with the versions returned, and the text of the next cursor.
type Page = (Vec<(Uuid, i64)>, Option<String>);

impl World {
    fn new() -> Self {
        let database = Database::new();
        let index = database.build();
        Self { database, index }
    }

    fn happen(&mut self, chance: &mut Chance) {
        match chance.below(40) {
            0 => self.index = self.database.build(),
            1..=2 => {}
            _ => self.database.happen(chance),
        }
    }

    /// Brings the index up to date, in steps of several changes.
    fn follow(&mut self, chance: &mut Chance) {
        while self.index.clock < self.database.clock() {
            let changes = 1 + usize::try_from(chance.below(6)).unwrap();
            // readers that hold the state before keep all of it
            let before = (chance.below(8) == 0).then(|| (self.index.clone(), dump(&self.index)));
            self.database.follow(&mut self.index, changes);
            // some go on from a saved one, which says the same
            if self.index.clock.0 % 61 == 0 {
                let again = again(&self.index);
                assert_eq!(dump(&again), dump(&self.index), "it was saved otherwise");
                self.index = again;
            }
            if let Some((state, seen)) = before {
                assert_eq!(dump(&state), seen, "a state that is held has changed");
            }
        }
    }

    fn rows(&self, kind: Kind) -> Option<Rows<'_>> {
        let tenant = self.index.tenant(DEFAULT_CUSTOMER)?;
        Some(match kind {
            Kind::Images => tenant.images.rows(),
            Kind::Containers => tenant.containers.rows(),
        })
    }

    fn page(&self, kind: Kind, scope: &Scope, from: Uuid, cursor: Option<&str>, limit: usize) -> Page {
        let (Some(rows), Some(tenant)) = (self.rows(kind), self.index.tenant(DEFAULT_CUSTOMER)) else {
            return (Vec::new(), None);
        };
        let visible = tenant.visible(scope);
        let visible = if kind == Kind::Images { visible.images } else { visible.containers };
        let mut listed = Bits::clone(&visible);
        listed.retain(|position| rows.uuid(position) >= from);
        let cursor = Cursor::of(cursor.map(|text| qql::parse(text).unwrap()).as_ref());
        let source = Source { rows, visible, listed: Arc::new(listed) };
        let (page, next) = source.bulk(cursor, limit);
        let page = page.into_iter().map(|position| (rows.uuid(position), rows.updated(position).0));
        (page.collect(), next.map(|next| next.to_string()))
    }

    /// The records that a scope and a filter on uuids show, with the time when each was first stored.
    fn alive(&self, kind: Kind, scope: &Scope, from: Uuid) -> BTreeMap<Uuid, i64> {
        let all = match kind {
            Kind::Images => self.database.images(scope),
            Kind::Containers => self.database.containers(scope),
        };
        all.into_iter().filter(|(uuid, _)| *uuid >= from).collect()
    }
}

fn blue() -> Scope {
    Scope::Tags(BTreeSet::from(["blue".to_owned()]))
}

/// The index after so many events.
pub(crate) fn example(seed: u64, events: u32) -> Index {
    let chance = &mut Chance(seed);
    let mut world = World::new();
    for _ in 0..events {
        world.database.happen(chance);
        world.follow(chance);
    }
    world.index
}

/// The same index, saved and read.
fn again(index: &Index) -> Index {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let head = crate::persist::Head {
        program: Digest::of(b""),
        database: Uuid::nil(),
        series: Uuid::nil(),
        copy: Uuid::nil(),
        clock: index.clock,
        judged_by: None,
    };
    crate::persist::write(&path, &head, index.clone(), crate::persist::Pace::Fast).unwrap();
    crate::persist::read(&path).unwrap()
}

/// Everything that an index says, in an order that does not depend on positions.
pub(crate) fn dump(index: &Index) -> String {
    let Some(tenant) = index.tenant(DEFAULT_CUSTOMER) else { return String::new() };
    let (images, containers) = (&tenant.images, &tenant.containers);
    let from = (Timestamp(i64::MIN), std::ops::Bound::Unbounded);
    let scopes = [Scope::Everything, blue(), Scope::Tags(BTreeSet::from(["red".to_owned()]))];
    let visible: Vec<_> = scopes.iter().map(|scope| tenant.visible(scope)).collect();
    let mut lines = vec![format!("{} images, {} containers", images.len(), containers.len())];
    for at in images.rows().in_order(from, Timestamp(i64::MAX)) {
        let hosts: Vec<_> =
            tenant.hosts_of(at).into_iter().map(|of| (tenant.hosts.name(of.host), of.last_seen)).collect();
        let last = images.last_container.get(at).map(|last| containers.uuid(*last));
        let base = images.base_of(at, &tenant.digests, |other| visible[1].images.contains(other));
        lines.push(format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {hosts:?} {last:?} {:?} {} {:?} {:?} {:?}",
            images.uuid(at),
            images.updated.get(at),
            images.own_updated.get(at),
            images.first_stored.get(at),
            images.tags.get(at).collect::<Vec<_>>(),
            images.associated_containers.get(at),
            images.associated_hosts.get(at),
            images.last_used.get(at),
            images.cause.get(at),
            images.inventory.get(at).map(|number| index.inventories.entries(*number).count()),
            images.in_use.contains(at),
            base.map(|(other, layers)| (images.uuid(other), layers)),
            visible.iter().map(|visible| visible.images.contains(at)).collect::<Vec<_>>(),
            (images.document.get(at), images.since(at).iter().collect::<Vec<_>>()),
        ));
    }
    for at in containers.rows().in_order(from, Timestamp(i64::MAX)) {
        let image = containers.image.get(at).filter(|image| images.live.contains(**image));
        lines.push(format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            containers.uuid(at),
            containers.updated.get(at),
            containers.own_updated.get(at),
            containers.first_stored.get(at),
            containers.state(at),
            image.map(|image| images.uuid(*image)),
            containers.named_image.get(at).and_then(|named| containers.named.uuids.get(*named)),
            containers.host.get(at).map(|host| (tenant.hosts.name(*host), tenant.hosts.ip(*host))),
            visible.iter().map(|visible| visible.containers.contains(at)).collect::<Vec<_>>(),
            containers.observed_at.get(at),
        ));
    }
    lines.extend(tenant.tombstones.after(Timestamp(0)).map(|end| format!("{end:?}")));
    lines.join("\n")
}

/// Runs one schedule; panics if a promise is broken.
fn export(seed: u64) {
    let chance = &mut Chance(seed);
    let mut world = World::new();
    for _ in 0..chance.below(40) {
        world.happen(chance);
    }
    world.follow(chance);
    let kind = if chance.below(2) == 0 { Kind::Images } else { Kind::Containers };
    let scope = if chance.below(2) == 0 { Scope::Everything } else { blue() };
    let from = if chance.below(3) == 0 { Uuid::from_u128(u128::MAX / 4) } else { Uuid::nil() };
    let limit = 1 + usize::try_from(chance.below(5)).unwrap();
    // up to three times as many changes as a page holds
    let haste = chance.below(6 * limit as u64 + 1);

    let mut lives = world.alive(kind, &scope, from);
    // also those out of the scope, which may come into it while the export goes on
    let all = |world: &World| world.alive(kind, &Scope::Everything, Uuid::nil()).len();
    let mut existed = all(&world);
    let mut returned: BTreeMap<Uuid, BTreeSet<i64>> = BTreeMap::new();
    let mut cursor: Option<String> = None;
    for pages in 1.. {
        let alive = world.alive(kind, &scope, from);
        if pages == 2 {
            existed = existed.max(all(&world));
        }
        assert!(pages <= 2 * existed.div_ceil(limit) + 4, "seed {seed}: the export does not end");
        let (page, next) = world.page(kind, &scope, from, cursor.as_deref(), limit);
        assert!(page.len() <= limit, "seed {seed}");
        assert!(!page.is_empty() || next.is_none(), "seed {seed}: an empty page has a link");
        for (uuid, version) in page {
            assert!(alive.contains_key(&uuid), "seed {seed}: {uuid} must not be seen");
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
            let now = world.alive(kind, &scope, from);
            lives.retain(|uuid, stored| now.get(uuid) == Some(stored));
        }
        world.follow(chance);
    }
    for uuid in lives.keys() {
        assert!(returned.contains_key(uuid), "seed {seed}: {uuid} was lost");
    }
    if seed.is_multiple_of(16) {
        assert_eq!(dump(&world.index), dump(&world.database.build()), "seed {seed}");
    }
}

#[test]
fn an_export_returns_every_living_record_none_twice_at_a_version_and_ends_while_writers_are_faster() {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let begin = number("PLIMSOLL_FIRST_SCHEDULE").unwrap_or(0);
    let schedules = begin + number("PLIMSOLL_SCHEDULES").unwrap_or(1_000);
    let threads = crate::threads::threads() as u64;
    std::thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || (begin + first..schedules).step_by(threads as usize).for_each(export));
        }
    });
}

#[test]
fn without_writers_an_export_is_in_order_and_returns_each_record_once() {
    let chance = &mut Chance(7);
    let mut world = World::new();
    for _ in 0..90 {
        world.happen(chance);
    }
    world.follow(chance);
    for (kind, limit) in
        [Kind::Images, Kind::Containers].into_iter().flat_map(|kind| (1..8).map(move |limit| (kind, limit)))
    {
        let mut rows = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let (page, next) = world.page(kind, &Scope::Everything, Uuid::nil(), cursor.as_deref(), limit);
            rows.extend(page.into_iter().map(|(uuid, version)| (version, uuid)));
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(rows.len(), world.alive(kind, &Scope::Everything, Uuid::nil()).len());
    }
}

#[test]
fn what_happens_out_of_scope_changes_no_letter_of_a_link() {
    let chance = &mut Chance(3);
    let mut world = World::new();
    world.database.store_images(&(1..20).collect(), chance);
    world.follow(chance);
    let walk = |world: &World| {
        let mut links: Vec<String> = Vec::new();
        let next = |links: &[String]| {
            world.page(Kind::Images, &blue(), Uuid::nil(), links.last().map(String::as_str), 3).1
        };
        while let Some(link) = next(&links) {
            links.push(link);
        }
        links
    };
    let before = walk(&world);
    world.database.store_images(&BTreeSet::from([0, 3, 30, 33]), chance);
    world.follow(chance);
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
    world.follow(chance);
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
        let nobody = Scope::Tags(BTreeSet::new());
        let (page, _) = world.page(Kind::Images, &nobody, Uuid::nil(), Some(&cursor), 10);
        assert!(page.is_empty());
        let (page, _) = world.page(Kind::Images, &Scope::Everything, Uuid::max(), Some(&cursor), 10);
        assert!(page.is_empty());
        let (page, _) = world.page(Kind::Images, &Scope::Everything, Uuid::nil(), Some(&cursor), 10);
        assert!(page.len() <= 10);
    }
}

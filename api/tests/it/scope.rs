//! An account sees what it would see if there were nothing else: every answer of every GET route equals that of a database
//! which holds only the records of the account's scope.
//!
//! The two databases are written in step with each other, each write at a clock value of its own, so that even times
//! are equal. What a scope's containers run belongs to it as their content, whether or not the image itself may be seen. The one
//! answer that differs is documented: a record out of scope is forbidden where one that nobody has is unknown.

use std::collections::BTreeSet;

use model::{Digest, Timestamp};
use serde_json::Value;
use testkit::oracle::{Dice, RandomFleet, Size, Step};

use crate::oracle_world::{Answer, Rows, World, bundle_of, random_scope, wants_postgres};
use crate::scope_routes::{Material, Route, routes};

/// How far ahead of the wall clock the databases are written, so that it has no say.
const AHEAD: i64 = 3_600_000;
/// Fleets of an ordinary run.
const FLEETS: usize = 3;
/// Targets of each route and fleet.
const TARGETS: usize = 12;

/// Who belongs to a scope: every record that was ever in it, and the images that such containers run.
struct Members {
    held: BTreeSet<Digest>,
}

impl Members {
    fn of(fleet: &RandomFleet, scope: &[String]) -> Self {
        let is_in = |tags: &[String]| tags.iter().any(|tag| scope.contains(tag));
        let mut seen = BTreeSet::new();
        for step in &fleet.steps {
            match step {
                Step::Report(report) if is_in(&report.tags) => drop(seen.insert(report.image.id.0)),
                Step::Containers(reports) => {
                    seen.extend(reports.iter().filter(|report| is_in(&report.tags)).map(|report| report.id));
                }
                Step::TagImage(tag, id) if scope.contains(tag) => drop(seen.insert(id.0)),
                Step::TagContainer(tag, id) if scope.contains(tag) => drop(seen.insert(*id)),
                _ => {}
            }
        }
        let containers = || {
            fleet.steps.iter().filter_map(|step| match step {
                Step::Containers(reports) => Some(reports),
                _ => None,
            })
        };
        // a tag of an image counts for its containers
        for report in containers().flatten() {
            if report.image_id.is_some_and(|image| seen.contains(&image.0)) {
                seen.insert(report.id);
            }
        }
        let mut held = seen.clone();
        for report in containers().flatten().filter(|report| seen.contains(&report.id)) {
            held.extend(report.image_id.map(|image| image.0));
        }
        Self { held }
    }

    /// What is left of a step; `None` if nothing is.
    fn part(&self, step: &Step) -> Option<Step> {
        match step {
            Step::Report(report) => self.held.contains(&report.image.id.0).then(|| step.clone()),
            Step::Containers(reports) => {
                let mut reports = reports.clone();
                reports.retain(|report| self.held.contains(&report.id));
                (!reports.is_empty()).then_some(Step::Containers(reports))
            }
            Step::TagImage(_, id) | Step::DeleteImage(id) => self.held.contains(&id.0).then(|| step.clone()),
            Step::TagContainer(_, id) | Step::DeleteContainer(id) => {
                self.held.contains(id).then(|| step.clone())
            }
        }
    }
}

/// A database with everything and one with the scope only, written in step.
async fn two_worlds(
    fleet: &RandomFleet,
    members: &Members,
    later_feeds: &[(String, String)],
    wants_postgres: bool,
) -> [World; 2] {
    let mut worlds =
        [World::empty(&fleet.feeds, wants_postgres).await, World::empty(&fleet.feeds, wants_postgres).await];
    let start = Timestamp::now().0 + AHEAD;
    let judged_anew = fleet.steps.len() * 2 / 3;
    for (step, at) in fleet.steps.iter().zip((start..).step_by(1_000)) {
        for world in &worlds {
            world.store.advance_clock(Timestamp(at)).await.unwrap();
        }
        // what is not done to the whole, such as the deletion of an image that a container needs, is not done to the part
        let is_done = worlds[0].send(step).await;
        if let Some(part) = members.part(step).filter(|_| is_done) {
            assert!(worlds[1].send(&part).await, "{part:?}");
        }
        if at == start + 1_000 * judged_anew as i64 {
            let bundle = bundle_of(later_feeds);
            for world in &worlds {
                world.catch_up().await;
                world.store.advance_clock(Timestamp(at + 500)).await.unwrap();
                world.fleet.set_bundle(std::sync::Arc::clone(&bundle)).await.unwrap();
            }
        }
    }
    for world in &worlds {
        world.catch_up().await;
    }
    worlds
}

/// An answer without the time at which an error happened.
fn comparable(answer: &Answer) -> (u16, Option<&str>, Vec<u8>) {
    let mut body = answer.body.clone();
    if answer.status >= 400
        && let Ok(mut json) = serde_json::from_slice::<Value>(&body)
    {
        json["timestamp"] = Value::Null;
        body = json.to_string().into_bytes();
    }
    (answer.status, answer.link.as_deref(), body)
}

fn difference(target: &str, whole: &Answer, part: &Answer) -> Option<String> {
    let (a, b) = (comparable(whole), comparable(part));
    if a == b {
        return None;
    }
    let at = a.2.iter().zip(&b.2).position(|(a, b)| a != b).unwrap_or(a.2.len().min(b.2.len()));
    let around = |body: &[u8]| {
        let from = at.saturating_sub(120);
        String::from_utf8_lossy(&body[from..body.len().min(at + 120)]).into_owned()
    };
    Some(format!(
        "{target}\n  whole: {} {:?} …{}…\n  scope: {} {:?} …{}…",
        a.0,
        a.1,
        around(&a.2),
        b.0,
        b.1,
        around(&b.2)
    ))
}

/// Asks both for random targets of a route; gives the first difference.
async fn compare(
    route: &Route,
    dice: &mut Dice,
    worlds: &[World; 2],
    material: &Material<'_>,
) -> Option<String> {
    for _ in 0..TARGETS {
        let Some(target) = route.target(dice, material) else { continue };
        if route.is_bulk() {
            let whole = worlds[0].walk("some", target.clone()).await;
            let part = worlds[1].walk("some", target).await;
            for ((target, whole), (_, part)) in whole.iter().zip(&part) {
                if let Some(found) = difference(target, whole, part) {
                    return Some(found);
                }
            }
            continue;
        }
        let (whole, part) = (worlds[0].get("some", &target).await, worlds[1].get("some", &target).await);
        if let Some(found) = difference(&target, &whole, &part) {
            return Some(found);
        }
    }
    None
}

/// A record out of scope is forbidden or unknown, in the same words whatever it is.
async fn hidden(
    route: &Route,
    dice: &mut Dice,
    world: &World,
    material: &Material<'_>,
    hidden: &[Digest],
) -> Option<String> {
    let mut words = BTreeSet::new();
    for id in hidden.iter().take(5) {
        let place = route.place(dice, material, Some(&id.to_hex()))?;
        let answer = world.get("some", &place.replace("v1.1", "v1.3").replace("v1.2", "v1.3")).await;
        if !matches!(answer.status, 403 | 404) {
            return Some(format!("{place} is out of scope, and answers {} {}", answer.status, answer.text()));
        }
        words.insert(comparable(&answer).2);
    }
    (words.len() > 1).then(|| format!("{} answers about hidden records differ", route.path))
}

async fn differences(seed: u64, size: Size) -> Vec<String> {
    let fleet = RandomFleet::new(seed, size);
    let mut dice = Dice::new(seed ^ 0x5c0be);
    let scope = random_scope(&mut dice, &fleet.tags);
    let members = Members::of(&fleet, &scope);
    let later_feeds = RandomFleet::new(seed ^ 0xfeed, Size { images: 0, containers: 0 }).feeds;
    let worlds = two_worlds(&fleet, &members, &later_feeds, wants_postgres(seed)).await;
    for world in &worlds {
        world.account("some", &scope).await;
    }
    worlds[0].account("all", &[]).await;
    let (all, rows) = (Rows::of(&worlds[0], "all").await, Rows::of(&worlds[0], "some").await);
    let mut found = Vec::new();
    let outside = outside(&all, &rows, &scope, &mut found);
    let material = Material { rows: &rows, tags: &fleet.tags, now: Timestamp::now().0 };
    for route in routes() {
        found.extend(compare(&route, &mut dice, &worlds, &material).await);
        if route.has_record() {
            let ids = if route.path.contains("{imageSha}") { &outside.0 } else { &outside.1 };
            found.extend(hidden(&route, &mut dice, &worlds[0], &material, ids).await);
        }
    }
    found.into_iter().map(|text| format!("seed {seed}, scope {scope:?}: {text}")).collect()
}

/// The ids of images and containers that there are and that the account does not see; whatever it sees or does not see
/// against its scope is told.
fn outside(all: &Rows, seen: &Rows, scope: &[String], found: &mut Vec<String>) -> (Vec<Digest>, Vec<Digest>) {
    let has_tag = |row: &Value| {
        let tags = row["assignedTags"].as_array().unwrap();
        tags.iter().any(|tag| scope.iter().any(|name| tag["name"] == *name))
    };
    let image_is_in =
        |row: &Value| all.images.iter().any(|image| image["uuid"] == row["imageUuid"] && has_tag(image));
    let mut unseen = (Vec::new(), Vec::new());
    for (rows, own, unseen) in
        [(&all.images, &seen.images, &mut unseen.0), (&all.containers, &seen.containers, &mut unseen.1)]
    {
        for row in rows {
            let (uuid, is_in) = (&row["uuid"], has_tag(row) || image_is_in(row));
            let is_seen = own.iter().any(|own| own["uuid"] == *uuid);
            if is_in != is_seen {
                found.push(format!("{uuid} is {} scope", if is_in { "in" } else { "out of" }));
            }
            if !is_in {
                unseen.push(Digest::from_hex(row["sha"].as_str().unwrap()).unwrap());
            }
        }
    }
    unseen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_sees_what_it_would_see_if_there_were_nothing_else() {
    let fleets = std::env::var("PLIMSOLL_SCOPES").map_or(FLEETS, |text| text.parse().unwrap());
    let first = std::env::var("PLIMSOLL_ORACLE_SEED").map_or(1, |text| text.parse().unwrap());
    let mut found = Vec::new();
    for seed in (first..).take(fleets) {
        found.extend(differences(seed, Size { images: 25, containers: 40 }).await);
        if found.len() > 20 {
            break;
        }
    }
    assert!(found.is_empty(), "{} answers differ:\n\n{}", found.len(), found.join("\n\n"));
}

//! Packages that came, went or have another version.

use model::{Drift, PackageRecord};
use proptest::prelude::*;

use super::*;

fn told(drift: &Drift) -> Vec<String> {
    assert!(drift.unreadable.is_empty(), "{drift:?}");
    let line = |package: &model::DriftPackage| {
        assert!(package.changed_at.is_some(), "{package:?}");
        let before =
            package.before.as_ref().map(|before| format!(" from {}", before.version)).unwrap_or_default();
        let layer = package.record.layer.map(|layer| format!(" in layer {layer}")).unwrap_or_default();
        format!("{:?} {} {}{before}{layer}", package.reason, package.record.name, package.record.version)
    };
    drift.packages.iter().map(line).collect()
}

#[test]
fn what_the_package_manager_did_is_told() {
    let world = debian();
    world.write(STATUS, 0o644, &(stanza("base", "1") + &stanza("tool", "2") + &stanza("extra", "1")));
    assert_eq!(told(&world.read()), ["New extra 1", "Varied tool 2 from 1"]);
    world.write(STATUS, 0o644, &stanza("tool", "1"));
    assert_eq!(told(&world.read()), ["Removed base 1 in layer 0"]);
    world.remove("var/lib/dpkg");
    assert_eq!(told(&world.read()), ["Removed base 1 in layer 0", "Removed tool 1 in layer 0"]);
}

#[test]
fn what_pip_and_npm_did_is_told() {
    let site = "usr/lib/python3.11/site-packages";
    let metadata = |name: &str, version: &str| format!("{site}/{name}-{version}.dist-info/METADATA");
    let text = |name: &str, version: &str| format!("Name: {name}\nVersion: {version}\n");
    let world = World::of(&[&[
        (&metadata("flask", "1.0"), 0o644, &text("flask", "1.0")),
        (&metadata("jinja2", "3.0"), 0o644, &text("Jinja2", "3.0")),
        ("app/node_modules/m/package.json", 0o644, "{\"name\":\"m\",\"version\":\"1.0.0\"}"),
    ]]);
    world.remove(&format!("{site}/flask-1.0.dist-info"));
    world.write(&metadata("flask", "1.1"), 0o644, &text("flask", "1.1"));
    world.write(&metadata("click", "8.0"), 0o644, &text("click", "8.0"));
    world.write("app/node_modules/m/package.json", 0o644, "{\"name\":\"m\",\"version\":\"1.0.1\"}");
    let expected = ["Varied m 1.0.1 from 1.0.0", "New click 8.0", "Varied flask 1.1 from 1.0"];
    let mut drift = told(&world.read());
    drift.sort_unstable();
    let mut expected = expected.map(str::to_owned);
    expected.sort_unstable();
    assert_eq!(drift, expected);
}

/// The law of the server: what the image has, without what went and what varied, with what came and what it became.
fn apply(image: &[PackageRecord], drift: &Drift) -> Vec<PackageRecord> {
    let mut records = image.to_vec();
    for package in &drift.packages {
        let gone = match package.reason {
            DriftReason::New => None,
            DriftReason::Removed => Some(&package.record),
            DriftReason::Varied => package.before.as_deref(),
        };
        if let Some(gone) = gone {
            let at = records.iter().position(|record| record == gone).expect("the image has it");
            records.swap_remove(at);
        }
        if package.reason != DriftReason::Removed {
            records.push(package.record.clone());
        }
    }
    without_places(records)
}

/// A root file system has no layers.
fn without_places(mut records: Vec<PackageRecord>) -> Vec<PackageRecord> {
    for record in &mut records {
        record.layer = None;
        record.license = None;
    }
    records.sort_unstable();
    records
}

#[derive(Clone, Debug)]
enum Step {
    Status(u8),
    List(u8),
    Module(usize, u8),
    Remove(usize),
    Replace(usize),
}

const PLACES: [&str; 8] = [
    "var/lib/dpkg/status",
    "var/lib/dpkg/info/a.list",
    "var/lib/dpkg",
    "app/node_modules/m/package.json",
    "app/node_modules/m",
    "app/node_modules/n/package.json",
    "app/node_modules",
    "app",
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..16_u8).prop_map(Step::Status),
        1 => (0..2_u8).prop_map(Step::List),
        4 => (prop_oneof![Just(3_usize), Just(5)], 0..3_u8).prop_map(|(place, version)| Step::Module(place, version)),
        3 => (0..PLACES.len()).prop_map(Step::Remove),
        1 => (0..PLACES.len()).prop_map(Step::Replace),
    ]
}

fn status(bits: u8) -> String {
    let names = (0..4).filter(|bit| bits >> bit & 1 == 1).map(|bit| char::from(b'a' + bit).to_string());
    names.map(|name| stanza(&name, &bits.to_string())).collect()
}

fn module(version: u8) -> String {
    format!("{{\"name\":\"m\",\"version\":\"{version}.0.0\"}}")
}

/// Does what a container might do; what stands in the way is removed first.
fn act(world: &World, step: &Step) {
    let clear = |path: &str| {
        let mut above = String::new();
        for part in path.split('/') {
            if !above.is_empty() {
                above.push('/');
            }
            above.push_str(part);
            let place = world.root().join(&above);
            let stands = std::fs::symlink_metadata(&place).map(|metadata| metadata.is_dir());
            match (stands, above == path) {
                (Ok(false), _) => std::fs::remove_file(&place).unwrap(),
                (Ok(true), true) => std::fs::remove_dir_all(&place).unwrap(),
                _ => {}
            }
        }
    };
    let put = |path: &str, content: &str| {
        clear(path);
        world.write(path, 0o644, content);
    };
    match step {
        Step::Status(bits) => put(STATUS, &status(*bits)),
        Step::List(which) => {
            put(PLACES[1], ["/app/node_modules/m/package.json\n", "/etc/a\n"][usize::from(*which)])
        }
        Step::Module(place, version) => put(PLACES[*place], &module(*version)),
        Step::Remove(place) => clear(PLACES[*place]),
        Step::Replace(place) => {
            clear(PLACES[*place]);
            let place = world.root().join(PLACES[*place]);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink("/nowhere", place).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..Default::default() })]

    #[test]
    fn drift_applied_to_the_image_gives_what_a_scan_of_the_whole_finds(
        bits in 0..16_u8,
        first in 0..3_u8,
        second in prop::option::of(0..3_u8),
        steps in prop::collection::vec(prop::collection::vec(step(), 1..4), 1..4),
    ) {
        let (status, module) = (status(bits), [module(first), module(second.unwrap_or(9))]);
        let lower = [
            (STATUS, 0o644, status.as_str()),
            (PLACES[1], 0o644, "/app/node_modules/m/package.json\n"),
            (PLACES[3], 0o644, module[0].as_str()),
        ];
        let above = [(PLACES[3], 0o644, module[1].as_str()), (PLACES[5], 0o644, module[1].as_str())];
        let world = match second {
            None => World::of(&[&lower]),
            Some(_) => World::of(&[&lower, &above]),
        };
        if !world.is_mounted() {
            return Ok(()); // no overlay mounts to be had: the laws of crate `catalog` stand alone
        }
        let mut memory = Memory::default();
        for steps in steps {
            steps.iter().for_each(|step| act(&world, step));
            let drift = read(&world.layer(), &world.image, &mut memory, &world.limits()).unwrap();
            prop_assert!(drift.unreadable.is_empty(), "{:?}", drift.unreadable);
            prop_assert_eq!(apply(world.image.packages(), &drift), without_places(world.scanned()));
        }
    }
}

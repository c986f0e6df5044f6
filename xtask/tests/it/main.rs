//! The architecture as a test: a crate may use only what stands above it, and only what its row allows.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the metadata has to fail")]

mod fuzz;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The rooms from the vocabulary to the program, and which of the rooms above each may use.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("version", &["model"]),
    ("image", &["model"]),
    ("catalog", &["model", "image"]),
    ("knowledge", &["model", "version"]),
    ("matcher", &["model", "version", "knowledge"]),
    ("sbom", &["model"]),
    ("qql", &["model"]),
    ("store", &["model"]),
    // docs/adr/0005: the index holds the bundle that it judges with, so it names the bundle's own type.
    ("fleet", &["model", "knowledge", "matcher", "qql", "store"]),
    ("api", &["model", "qql", "fleet", "store"]),
    ("sensor", &["model", "image", "catalog"]),
    (
        "server",
        &[
            "model",
            "version",
            "image",
            "catalog",
            "knowledge",
            "matcher",
            "sbom",
            "qql",
            "store",
            "fleet",
            "api",
        ],
    ),
    (
        "cli",
        &[
            "model",
            "version",
            "image",
            "catalog",
            "knowledge",
            "matcher",
            "sbom",
            "qql",
            "store",
            "fleet",
            "api",
            "sensor",
            "server",
        ],
    ),
    ("testkit", &["model", "image", "store"]),
    ("xtask", &[]),
];

/// What only tests may use, from anywhere.
const FOR_TESTS: &str = "testkit";

/// One use of a room by another.
struct Edge {
    from: String,
    to: String,
    dev: bool,
}

#[test]
fn crates_use_only_the_rooms_their_row_allows() {
    let rows: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let mut wrong = Vec::new();
    for edge in edges() {
        let row = rows.get(edge.from.as_str()).copied().unwrap_or_default();
        let allowed = row.contains(&edge.to.as_str()) || (edge.dev && is_allowed_for_tests(&edge));
        if !allowed {
            wrong.push(format!(
                "{} uses {}{}",
                edge.from,
                edge.to,
                if edge.dev { " (in tests)" } else { "" }
            ));
        }
    }
    assert!(wrong.is_empty(), "not allowed by the architecture:\n{}", wrong.join("\n"));
}

/// Tests may build on any room that stands above the tested one, and on the test kit.
fn is_allowed_for_tests(edge: &Edge) -> bool {
    let place = |name: &str| ROOMS.iter().position(|(room, _)| *room == name);
    edge.to == FOR_TESTS || place(&edge.to) < place(&edge.from)
}

#[test]
fn every_member_of_the_workspace_has_a_row() {
    for member in members() {
        assert!(
            ROOMS.iter().any(|(room, _)| *room == member),
            "crate `{member}` has no row in the table of rooms"
        );
    }
}

#[test]
fn the_table_itself_points_only_upwards() {
    for (index, (room, allowed)) in ROOMS.iter().enumerate() {
        for used in *allowed {
            let above = ROOMS[..index].iter().any(|(name, _)| name == used);
            assert!(above, "the row of `{room}` names `{used}`, which does not stand above it");
        }
    }
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The folder of a package is its room's name.
fn room_of(package: &Value) -> String {
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned()
}

fn members() -> Vec<String> {
    metadata()["packages"].as_array().unwrap().iter().map(room_of).collect()
}

fn edges() -> Vec<Edge> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let rooms: BTreeMap<&str, String> =
        packages.iter().map(|package| (package["name"].as_str().unwrap(), room_of(package))).collect();
    let mut edges = Vec::new();
    for package in packages {
        for dependency in package["dependencies"].as_array().unwrap() {
            let Some(to) = rooms.get(dependency["name"].as_str().unwrap()) else { continue };
            let dev = dependency["kind"] == "dev";
            edges.push(Edge { from: room_of(package), to: to.clone(), dev });
        }
    }
    assert!(!edges.is_empty(), "cargo metadata names no dependency between rooms");
    edges
}

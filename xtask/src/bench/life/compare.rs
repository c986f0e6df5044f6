//! Where a container as it is shown differs from what is true of it, in words: container, package, both sides.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::inside::{Python, Truth, normalised};
use super::shown::{Findings, Row, Shown};

/// How much was compared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Compared {
    pub(super) packages: usize,
    pub(super) files: usize,
}

/// Compares what the runtime says of a container, `None` if it has none by that id, with the record.
pub(super) fn state(runtime: Option<&Value>, record: &Value) -> Vec<String> {
    let mut told = Vec::new();
    let mut differ = |what: &str, runtime: &str, server: &Value| {
        if server.as_str() != Some(runtime) {
            told.push(format!("{what}: the runtime says {runtime}, the server {server}"));
        }
    };
    let Some(runtime) = runtime else {
        differ("state", "DELETED", &record["state"]);
        return told;
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let state = match runtime["State"]["Status"].as_str().unwrap_or_default() {
        "created" | "configured" => "CREATED",
        "running" => "RUNNING",
        "paused" => "PAUSED",
        "exited" | "stopped" | "dead" => "STOPPED",
        _ => "UNKNOWN",
    };
    differ("state", state, &record["state"]);
    differ("name", text(&runtime["Name"]).trim_start_matches('/'), &record["name"]);
    differ("image", text(&runtime["Image"]).trim_start_matches("sha256:"), &record["imageSha"]);
    differ("path", &text(&runtime["Path"]), &record["path"]);
    if runtime["Args"] != record["arguments"] {
        let (runtime, record) = (&runtime["Args"], &record["arguments"]);
        told.push(format!("arguments: the runtime says {runtime}, the server {record}"));
    }
    told
}

/// Compares what is in a container with what is shown of it; `image` is what the server shows of its image, `before` what was
/// true of a container that had changed nothing.
pub(super) fn content(
    truth: &Truth,
    shown: &Shown,
    image: &[Row],
    before: &Truth,
) -> (Vec<String>, Compared) {
    let mut told = Vec::new();
    debs(truth, shown, &mut told);
    let found = pythons(truth, shown, &mut told);
    npm(truth, shown, &mut told);
    let files = files(truth, shown, before, &mut told);
    drift(shown, image, &mut told);
    (told, Compared { packages: truth.debs.len() + found + truth.npm.len(), files })
}

/// Tells of each key that only one side has, or both with another value.
fn maps(
    what: &str,
    sides: [&str; 2],
    inside: &BTreeMap<String, String>,
    server: &BTreeMap<String, String>,
    told: &mut Vec<String>,
) {
    let names: BTreeSet<&String> = inside.keys().chain(server.keys()).collect();
    for name in names {
        let (inside, server) = (inside.get(name), server.get(name));
        if inside != server {
            let say = |value: Option<&String>| value.map_or("nothing", String::as_str).to_owned();
            told.push(format!(
                "{what} {name}: {} says {}, {} {}",
                sides[0],
                say(inside),
                sides[1],
                say(server)
            ));
        }
    }
}

fn debs(truth: &Truth, shown: &Shown, told: &mut Vec<String>) {
    let rows = shown.software.iter().filter(|row| row.path.is_none());
    let mut listed = BTreeMap::new();
    for row in rows {
        if let Some(twice) = listed.insert(row.name.clone(), row.version.clone()) {
            told.push(format!("deb {}: the server shows it twice, {twice} and {}", row.name, row.version));
        }
    }
    maps("deb", ["dpkg", "the server"], &truth.debs, &listed, told);
}

/// The file in a packed egg that says who it is. Python takes the egg for a directory of its own.
const IN_EGG: &str = ".egg!/EGG-INFO/PKG-INFO";

/// Whether a file says who a Python package is.
fn is_metadata(path: &str) -> bool {
    path.ends_with(".dist-info/METADATA")
        || path.ends_with(".egg-info/PKG-INFO")
        || path.ends_with(".egg-info")
        || path.ends_with(IN_EGG)
}

/// The directory that a Python package was found by in.
fn place(path: &str) -> &str {
    if path.ends_with(IN_EGG) {
        return path.strip_suffix("!/EGG-INFO/PKG-INFO").unwrap_or(path);
    }
    let folder = path.strip_suffix("/METADATA").or_else(|| path.strip_suffix("/PKG-INFO")).unwrap_or(path);
    folder.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Python's packages: every place where one says who it is, and for each Python what pip lists, which is the first of each
/// name along its path.
fn pythons(truth: &Truth, shown: &Shown, told: &mut Vec<String>) -> usize {
    let rows: Vec<(&Row, &str)> = shown
        .software
        .iter()
        .filter_map(|row| Some((row, row.path.as_deref().filter(|path| is_metadata(path))?)))
        .collect();
    if truth.pythons.is_empty() {
        return 0;
    }
    // what is in an egg no walk sees; pip is asked below
    let listed: BTreeSet<String> =
        rows.iter().map(|(_, path)| (*path).to_owned()).filter(|path| !path.ends_with(IN_EGG)).collect();
    for path in truth.metadata.difference(&listed) {
        told.push(format!("{path}: is there, and the server shows no package by it"));
    }
    for path in listed.difference(&truth.metadata) {
        told.push(format!("{path}: is not there, and the server shows a package by it"));
    }
    for python in &truth.pythons {
        let first = first_along(python, &rows);
        let what = format!("pip ({})", python.name);
        maps(&what, ["pip", "the server"], &python.packages, &first, told);
    }
    truth.metadata.len()
}

/// The first of each name along the path. Where one directory holds two versions, as `pip install --target` leaves them, pip takes
/// either: then it is the one that pip took.
fn first_along(python: &Python, rows: &[(&Row, &str)]) -> BTreeMap<String, String> {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for folder in &python.path {
        let mut here: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (row, _) in rows.iter().filter(|(_, path)| place(path) == folder) {
            here.entry(normalised(&row.name)).or_default().push(&row.version);
        }
        for (name, versions) in here {
            let taken =
                versions.iter().find(|version| python.packages.get(&name).is_some_and(|of| of == *version));
            let version = taken.or(versions.first()).map(|version| (*version).to_owned());
            first.entry(name).or_insert(version.unwrap_or_default());
        }
    }
    first
}

/// Where npm looks for packages in these containers; others are Debian's own.
const NPM_FOLDERS: [&str; 4] = [
    "srv/app/node_modules/",
    "opt/tool/node_modules/",
    "usr/lib/node_modules/",
    "usr/local/lib/node_modules/",
];

fn npm(truth: &Truth, shown: &Shown, told: &mut Vec<String>) {
    if truth.npm.is_empty() {
        return;
    }
    let is_npm = |path: &&str| NPM_FOLDERS.iter().any(|folder| path.starts_with(folder));
    let row = |row: &Row| {
        let path = row.path.as_deref().filter(is_npm)?.strip_suffix("/package.json")?;
        Some((path.to_owned(), format!("{} {}", row.name, row.version)))
    };
    let listed = shown.software.iter().filter_map(row).collect();
    let inside = truth.npm.iter().map(|(path, (name, version))| (path.clone(), format!("{name} {version}")));
    maps("npm", ["npm", "the server"], &inside.collect(), &listed, told);
}

/// Files: programs that came are those that are there and were not before, and files of packages that changed or went those that dpkg and
/// pip's records do not find as they were installed.
fn files(truth: &Truth, shown: &Shown, before: &Truth, told: &mut Vec<String>) -> usize {
    let with = |reasons: &[&str]| -> BTreeSet<String> {
        let files = shown.files.iter().filter(|(_, reason)| reasons.contains(&reason.as_str()));
        files.map(|(path, _)| path.clone()).collect()
    };
    let mut sets = |what: &str, by: &str, inside: &BTreeSet<String>, server: &BTreeSet<String>| {
        for path in inside.difference(server) {
            told.push(format!(
                "{what} {path}: {by} says so, the server {}",
                shown.files.get(path).map_or("nothing", String::as_str)
            ));
        }
        for path in server.difference(inside) {
            told.push(format!("{what} {path}: the server says so, {by} does not"));
        }
    };
    let added: BTreeSet<String> = truth.programs.difference(&before.files).cloned().collect();
    sets("program added", "the container", &added, &with(&["EXECUTABLE_ADDED"]));
    if let Some(damaged) = &truth.damaged {
        let files = |damaged: &BTreeSet<String>| -> BTreeSet<String> {
            damaged.iter().filter_map(|path| in_image(path, &before.files)).collect()
        };
        let known = before.damaged.as_ref().map(files).unwrap_or_default();
        let damaged = files(damaged).difference(&known).cloned().collect();
        let owned = with(&["OWNED_CHANGED", "OWNED_REMOVED"]);
        // of npm's packages nobody keeps a record of the files
        let owned = owned.into_iter().filter(|path| !path.contains("node_modules/")).collect();
        sets("file of a package", "verifying packages", &damaged, &owned);
    }
    let Some(changes) = &truth.changes else { return added.len() };
    for (path, reason) in &shown.files {
        let ancestors = path.match_indices('/').map(|(at, _)| &path[..at]).chain([path.as_str()]);
        let kinds: Vec<char> = ancestors.filter_map(|path| changes.get(path).copied()).collect();
        let is_told = match reason.as_str() {
            "EXECUTABLE_ADDED" => kinds.last() == Some(&'A'),
            "OWNED_REMOVED" => kinds.iter().any(|kind| matches!(kind, 'D' | 'C')),
            _ => kinds.contains(&'C') && changes.contains_key(path),
        };
        if !is_told {
            told.push(format!("{reason} {path}: the runtime's diff has {kinds:?} on the way there"));
        }
    }
    added.len() + truth.damaged.as_ref().map_or(0, BTreeSet::len)
}

/// A file of the image as it really lies; dpkg calls many by the links `/bin`, `/lib` and `/sbin`.
fn in_image(path: &str, files: &BTreeSet<String>) -> Option<String> {
    let places = [path.to_owned(), format!("usr/{path}")];
    places.into_iter().find(|place| files.contains(place))
}

/// The drift must be what tells the two software lists apart.
fn drift(shown: &Shown, image: &[Row], told: &mut Vec<String>) {
    let mut left: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    let mut both: Vec<&Row> = Vec::new();
    let same = |a: &Row, b: &Row| (&a.name, &a.version, &a.path) == (&b.name, &b.version, &b.path);
    for row in image {
        if shown.software.iter().any(|other| same(row, other)) {
            both.push(row);
        } else {
            left.entry(place_of(row)).or_default().push(&row.version);
        }
    }
    let mut expected = BTreeMap::from([("NEW", 0), ("REMOVED", 0), ("VARIED", 0)]);
    for row in shown.software.iter().filter(|row| !both.iter().any(|other| same(row, other))) {
        let former = left.get_mut(&place_of(row)).and_then(Vec::pop);
        *expected.entry(if former.is_some() { "VARIED" } else { "NEW" }).or_insert(0_u64) += 1;
    }
    *expected.entry("REMOVED").or_insert(0) +=
        left.values().map(|versions| versions.len() as u64).sum::<u64>();
    for (reason, count) in &expected {
        let server = shown.reasons.get(*reason).copied();
        if server != Some(*count) {
            told.push(format!("drift: {count} packages are {reason}, the server counts {server:?}"));
        }
    }
    let has_packages = expected.values().any(|count| *count > 0);
    let expected = has_packages || !shown.files.is_empty();
    if shown.record["isDrift"].as_bool() != Some(expected) {
        told.push(format!("isDrift should be {expected}, the server says {}", shown.record["isDrift"]));
    }
    let words = shown.record["drift"]["category"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let words: BTreeSet<&str> = words.collect();
    let should = [("Software", has_packages), ("File", !shown.files.is_empty())];
    let should: BTreeSet<&str> = should.into_iter().filter(|(_, is)| *is).map(|(word, _)| word).collect();
    if words != should {
        told.push(format!("drift.category should be {should:?}, the server says {words:?}"));
    }
}

/// What a package is called where it lies, whatever its version.
fn place_of(row: &Row) -> (String, String) {
    match row.path.as_deref() {
        Some(path) if is_metadata(path) => (normalised(&row.name), place(path).to_owned()),
        path => (row.name.clone(), path.unwrap_or_default().replace(&row.version, "*")),
    }
}

/// What must hold among a container's findings, its software and its line in the list.
pub(super) fn findings(shown: &Shown, found: &Findings, image: &Findings, line: &Value) -> Vec<String> {
    let mut told = Vec::new();
    let affected = shown.software.iter().filter(|row| row.counts.iter().any(|count| *count > 0));
    let affected: BTreeSet<(String, String)> =
        affected.map(|row| (row.name.clone(), row.version.clone())).collect();
    for (name, version) in affected.symmetric_difference(&found.software) {
        let by =
            if affected.contains(&(name.clone(), version.clone())) { "its software" } else { "a finding" };
        told.push(format!("{name} {version} is affected by {by} alone"));
    }
    let listed = super::shown::counts(&line["vulnerabilities"]);
    if listed != found.counts {
        told.push(format!("findings by severity: {:?}, in the list {listed:?}", found.counts));
    }
    if line["isDrift"] != shown.record["isDrift"] || line["state"] != shown.record["state"] {
        let (line, record) = (&line["isDrift"], &shown.record["isDrift"]);
        told.push(format!("isDrift or state differ between list ({line}) and record ({record})"));
    }
    let reason = |number: &u64| found.drift.get(number).map(String::as_str);
    for number in found.numbers.symmetric_difference(&image.numbers) {
        let expected = if found.numbers.contains(number) { "NEW" } else { "FIXED" };
        if reason(number) != Some(expected) {
            told.push(format!(
                "finding {number} should drift as {expected}, the server says {:?}",
                reason(number)
            ));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, version: &str, path: &str) -> Row {
        let path = (!path.is_empty()).then(|| path.to_owned());
        Row { name: name.to_owned(), version: version.to_owned(), path, counts: [0; 5] }
    }

    #[test]
    fn pip_shows_the_first_of_a_name_along_its_path() {
        let python = Python {
            name: "system".to_owned(),
            path: vec!["usr/local".to_owned(), "usr/lib".to_owned()],
            packages: BTreeMap::from([("zope-x".to_owned(), "2".to_owned())]),
        };
        let rows = [
            "usr/lib/zope.x-1.egg-info",
            "usr/local/Zope_X-1.dist-info/METADATA",
            "usr/local/zope_x-2.dist-info/METADATA",
        ];
        let rows = [row("zope.x", "1", rows[0]), row("Zope_X", "1", rows[1]), row("zope_x", "2", rows[2])];
        let rows: Vec<(&Row, &str)> =
            rows.iter().map(|row| (row, row.path.as_deref().unwrap_or_default())).collect();
        assert_eq!(
            first_along(&python, &rows),
            python.packages,
            "of two in one directory the one that pip took"
        );
        assert_eq!(first_along(&python, &rows[..2])["zope-x"], "1");
    }

    #[test]
    fn a_package_that_is_missing_or_too_much_is_told_with_both_sides() {
        let debs = BTreeMap::from([("sed:amd64".to_owned(), "4.9".to_owned())]);
        let truth = Truth { debs, ..Truth::default() };
        let software = vec![row("sed:amd64", "4.8", ""), row("tar:amd64", "1", "")];
        let shown = Shown { software, ..Shown::default() };
        let mut told = Vec::new();
        super::debs(&truth, &shown, &mut told);
        assert_eq!(
            told,
            [
                "deb sed:amd64: dpkg says 4.9, the server 4.8",
                "deb tar:amd64: dpkg says nothing, the server 1"
            ]
        );
    }

    #[test]
    fn dpkg_s_old_names_of_files_lead_to_where_they_lie() {
        let files = BTreeSet::from(["usr/bin/cat".to_owned(), "etc/x".to_owned()]);
        assert_eq!(in_image("bin/cat", &files).as_deref(), Some("usr/bin/cat"));
        assert_eq!(in_image("etc/x", &files).as_deref(), Some("etc/x"));
        assert_eq!(in_image("var/lib", &files), None, "a directory is no file");
    }
}

//! Bundles compiled from the real feeds, compared with a matcher that walks over the raw rows of the same files and knows
//! nothing of bundles, alias groups or findings. It shares the version order with the engine, which has
//! tests against the reference programs of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;

use knowledge::Bundle;
use matcher::judge;
use model::{Ecosystem, OsRelease, Package, Timestamp};
use serde_json::Value;
use version::{Scheme, compare};

use crate::make::{self, Feeds, shared};

const NOW: Timestamp = Timestamp(0);

fn read_json(path: &str) -> Value {
    let file = File::open(shared().join("data").join(path)).unwrap();
    if path.ends_with(".gz") {
        serde_json::from_reader(flate2::read::GzDecoder::new(file)).unwrap()
    } else {
        serde_json::from_reader(std::io::BufReader::new(file)).unwrap()
    }
}

/// The real file at `path`, compiled alone; `None`, with a line that says so, if the folder is not there.
fn bundle_of(path: &str) -> Option<Bundle> {
    let feeds = Feeds::new();
    if feeds.copy_real(path) {
        return Some(feeds.compile());
    }
    eprintln!("skipped: there is no {path}");
    None
}

fn found(package: &Package, bundle: &Bundle) -> BTreeSet<String> {
    judge(package, bundle, NOW).findings.into_iter().map(|finding| finding.vulnerability.id.clone()).collect()
}

/// Every version is tried that the rows name, and one older and one newer than all.
fn candidates<'a>(versions: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    versions.chain(["0.0.1", "99999"]).map(ToOwned::to_owned).collect()
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[test]
fn debian_findings_equal_those_of_a_walk_over_the_trackers_rows() {
    const PATH: &str = "debian/tracker-json-reconstructed-2026-11-22.json.gz";
    let Some(bundle) = bundle_of(PATH) else { return };
    let tracker = read_json(PATH);
    let (mut judged, mut findings) = (0, 0);
    for (codename, release) in [("bullseye", "debian:11"), ("bookworm", "debian:12"), ("trixie", "debian:13")]
    {
        for (source, entries) in object(&tracker) {
            let rows: Vec<(&String, &Value)> = object(entries)
                .filter_map(|(id, entry)| Some((id, entry["releases"].get(codename)?)))
                .collect();
            for version in candidates(rows.iter().filter_map(|(_, row)| row["fixed_version"].as_str())) {
                let affected = |row: &Value| match (row["status"].as_str(), row["fixed_version"].as_str()) {
                    (Some("resolved"), Some("0")) => false,
                    (Some("resolved"), Some(fixed)) => compare(Scheme::Deb, &version, fixed).unwrap().is_lt(),
                    _ => true,
                };
                let expected: BTreeSet<String> =
                    rows.iter().filter(|(_, row)| affected(row)).map(|(id, _)| (*id).clone()).collect();
                let package = make::os_package(Ecosystem::Deb, release, "binary", (source, &version));
                assert_eq!(found(&package, &bundle), expected, "{source} {version} in {release}");
                judged += 1;
                findings += expected.len();
            }
        }
    }
    eprintln!("{judged} packages, {findings} findings equal");
    assert!(judged > 100);
}

#[test]
fn alpine_findings_equal_those_of_a_walk_over_the_databases_rows() {
    const PATH: &str = "alpine-secdb/v3.18/main.json";
    let Some(bundle) = bundle_of(PATH) else { return };
    let (mut judged, mut findings) = (0, 0);
    for entry in read_json(PATH)["packages"].as_array().unwrap() {
        let origin = entry["pkg"]["name"].as_str().unwrap();
        let rows = &entry["pkg"]["secfixes"];
        for version in candidates(object(rows).map(|(version, _)| version.as_str())) {
            let mut expected = BTreeSet::new();
            for (fixed, ids) in object(rows).filter(|(fixed, _)| *fixed != "0") {
                if compare(Scheme::Apk, &version, fixed).is_ok_and(std::cmp::Ordering::is_lt) {
                    let ids = ids.as_array().into_iter().flatten().filter_map(Value::as_str);
                    // the plain entries only: what to make of `CVE-1 XSA-2` is the reader's business
                    expected.extend(
                        ids.filter(|id| id.starts_with("CVE-") && !id.contains(' ')).map(str::to_owned),
                    );
                }
            }
            let package = make::os_package(Ecosystem::Apk, "alpine:3.18", "binary", (origin, &version));
            let found = found(&package, &bundle);
            let missing: Vec<_> = expected.difference(&found).collect();
            assert!(missing.is_empty(), "{origin} {version}: {missing:?} are missing");
            let rows = rows.to_string();
            let plain = |id: &&String| id.starts_with("CVE-") && rows.contains(&format!("\"{id}\""));
            let surplus = found.difference(&expected).filter(plain);
            assert_eq!(surplus.collect::<Vec<_>>(), Vec::<&String>::new(), "{origin} {version}");
            judged += 1;
            findings += found.len();
        }
    }
    eprintln!("{judged} packages, {findings} findings equal");
    assert!(judged > 500);
}

#[test]
fn releases_are_past_their_end_of_life_when_the_real_calendar_says_so() {
    let Some(bundle) = bundle_of("endoflife/endoflife.date-products-2026-08-22.tar.gz") else { return };
    let now = Timestamp::parse("2026-11-22").unwrap();
    let is_ended = |id: &str, version: &str| {
        let release = OsRelease { id: id.into(), version_id: Some(version.into()), ..OsRelease::default() };
        let findings = judge(&release.package(), &bundle, now).findings;
        assert!(findings.iter().all(|finding| finding.vulnerability.title.contains("EOL")));
        !findings.is_empty()
    };
    for (id, version) in [("debian", "10"), ("alpine", "3.18.4"), ("ubuntu", "18.04"), ("centos", "7")] {
        assert!(is_ended(id, version), "{id} {version}");
    }
    for (id, version) in [("debian", "13"), ("ubuntu", "24.04"), ("rhel", "9.4")] {
        assert!(!is_ended(id, version), "{id} {version}");
    }
}

/// The raw rows of an OSV dump: package name to (record ids, affected entry).
fn osv_rows(path: &str, ecosystem: &str) -> BTreeMap<String, Vec<(BTreeSet<String>, Value)>> {
    let mut rows: BTreeMap<String, Vec<(BTreeSet<String>, Value)>> = BTreeMap::new();
    let mut archive = zip::ZipArchive::new(File::open(shared().join("data").join(path)).unwrap()).unwrap();
    for index in 0..archive.len() {
        let mut text = String::new();
        archive.by_index(index).unwrap().read_to_string(&mut text).unwrap();
        let Ok(record) = serde_json::from_str::<Value>(&text) else { continue };
        if record.get("withdrawn").is_some() {
            continue;
        }
        let aliases = record["aliases"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let ids: BTreeSet<String> = aliases.chain(record["id"].as_str()).map(str::to_owned).collect();
        for affected in record["affected"].as_array().into_iter().flatten() {
            if affected["package"]["ecosystem"] == ecosystem {
                let name =
                    affected["package"]["name"].as_str().unwrap().to_lowercase().replace(['_', '.'], "-");
                let name = if ecosystem == "PyPI" {
                    name
                } else {
                    affected["package"]["name"].as_str().unwrap().into()
                };
                rows.entry(name).or_default().push((ids.clone(), affected.clone()));
            }
        }
    }
    rows
}

/// OSV's own evaluation: walk over the events in version order and note whether the version is on.
fn osv_affects(scheme: Scheme, version: &str, affected: &Value) -> bool {
    let order = |a: &str, b: &str| match (a == "0", b == "0") {
        (true, true) => std::cmp::Ordering::Equal,
        (true, false) => std::cmp::Ordering::Less,
        (false, true) => std::cmp::Ordering::Greater,
        (false, false) => compare(scheme, a, b).unwrap_or(std::cmp::Ordering::Equal),
    };
    let mut listed = affected["versions"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if listed
        .any(|entry| entry == version || compare(scheme, entry, version) == Ok(std::cmp::Ordering::Equal))
    {
        return true;
    }
    affected["ranges"].as_array().into_iter().flatten().filter(|range| range["type"] != "GIT").any(|range| {
        let mut events: Vec<(&str, &str)> = Vec::new();
        for event in range["events"].as_array().into_iter().flatten() {
            events.extend(object(event).filter_map(|(kind, at)| Some((kind.as_str(), at.as_str()?))));
        }
        events.sort_by(|a, b| order(a.1, b.1));
        let mut on = false;
        for (kind, at) in events {
            match kind {
                "introduced" if order(version, at).is_ge() => on = true,
                "fixed" if order(version, at).is_ge() => on = false,
                "last_affected" if order(version, at).is_gt() => on = false,
                _ => {}
            }
        }
        on
    })
}

fn has_unreadable_bound(scheme: Scheme, affected: &Value) -> bool {
    let ranges = affected["ranges"].as_array().into_iter().flatten().filter(|range| range["type"] != "GIT");
    let mut events = ranges.flat_map(|range| range["events"].as_array().into_iter().flatten());
    events.any(|event| object(event).any(|(_, at)| version::check(scheme, at.as_str().unwrap()).is_err()))
}

/// Compares every `step`th package of a dump.
fn compare_with_osv(path: &str, name_in_osv: &str, ecosystem: Ecosystem, step: usize) {
    let Some(bundle) = bundle_of(path) else { return };
    let scheme = Scheme::of(ecosystem).unwrap();
    let (mut judged, mut matches) = (0, 0);
    for (name, rows) in osv_rows(path, name_in_osv).into_iter().step_by(step) {
        let mut versions = BTreeSet::new();
        for (_, affected) in &rows {
            let events = affected["ranges"].as_array().into_iter().flatten();
            let events = events.flat_map(|range| range["events"].as_array().into_iter().flatten());
            versions.extend(events.flat_map(|event| object(event).filter_map(|(_, at)| at.as_str())));
            versions.extend(
                affected["versions"].as_array().into_iter().flatten().filter_map(Value::as_str).take(3),
            );
        }
        // `0` is OSV's word for "before every version", not a version
        versions.remove("0");
        for version in candidates(versions.into_iter()) {
            if compare(scheme, &version, &version).is_err() {
                continue;
            }
            let judgement = judge(&make::package(ecosystem, &name, &version), &bundle, NOW);
            let findings = judgement.findings;
            // every row that applies must be behind a finding, and every finding must have a row that applies
            let mut explained = BTreeSet::new();
            for (ids, affected) in &rows {
                if !osv_affects(scheme, &version, affected) {
                    continue;
                }
                let named = findings.iter().filter(|finding| {
                    let vulnerability = &finding.vulnerability;
                    ids.contains(&vulnerability.id)
                        || vulnerability.aliases.iter().any(|alias| ids.contains(alias))
                });
                let named: BTreeSet<u32> = named.map(|finding| finding.vulnerability.qid).collect();
                // a row with a bound that nobody can read may be undecided instead
                let undecided = judgement.undecided.iter().any(|entry| ids.contains(&entry.vulnerability));
                assert!(!named.is_empty() || undecided, "{name} {version}: {ids:?} is missing");
                assert!(!undecided || has_unreadable_bound(scheme, affected), "{name} {version}: {ids:?}");
                matches += named.len();
                explained.extend(named);
            }
            for finding in &findings {
                let qid = finding.vulnerability.qid;
                assert!(
                    explained.contains(&qid),
                    "{name} {version}: {} has no row",
                    finding.vulnerability.id
                );
            }
            judged += 1;
        }
    }
    eprintln!("{name_in_osv}: {judged} packages, {matches} rows equal");
    assert!(judged > 100);
}

#[test]
fn npm_findings_equal_those_of_a_walk_over_the_osv_rows() {
    compare_with_osv("osv/npm/all.zip", "npm", Ecosystem::Npm, 1);
}

#[test]
fn maven_findings_equal_those_of_a_walk_over_the_osv_rows() {
    compare_with_osv("osv/Maven/all.zip", "Maven", Ecosystem::Maven, 2);
}

#[test]
fn python_findings_equal_those_of_a_walk_over_the_osv_rows() {
    compare_with_osv("osv/PyPI/all.zip", "PyPI", Ecosystem::Pypi, 20);
}

//! Real images: what is found equals what the package managers inside them say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{plimsoll, shared};

/// (ecosystem, name, version), names as their ecosystem compares them.
type Known = BTreeSet<(String, String, String)>;

fn fixture(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fixtures").join(name);
    assert!(path.exists(), "{} is missing: build the fixtures with `cargo xtask fixtures`", path.display());
    path
}

fn scan(source: &Path, arguments: &[&str]) -> Value {
    let cache = tempfile::tempdir().unwrap();
    let output = plimsoll()
        .arg("scan")
        .arg(source)
        .args(["--format", "json"])
        .args(arguments)
        .env("PLIMSOLL_CACHE_DIR", cache.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn normal(ecosystem: &str, name: &str) -> String {
    if ecosystem == "pypi" { model::purl::normalise_python(name) } else { name.to_owned() }
}

fn found(report: &Value, ecosystem: &str) -> Known {
    let packages = report["packages"].as_array().unwrap().iter();
    packages
        .filter(|package| package["ecosystem"] == ecosystem && package["arch"] != "source")
        .map(|package| {
            (ecosystem.to_owned(), normal(ecosystem, &text(&package["name"])), text(&package["version"]))
        })
        .collect()
}

fn truth(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixture(&format!("{name}.truth.json"))).unwrap()).unwrap()
}

fn told(truth: &Value, ecosystem: &str) -> Known {
    let packages = truth[ecosystem].as_array().unwrap().iter();
    packages
        .map(|package| {
            (ecosystem.to_owned(), normal(ecosystem, &text(&package["name"])), text(&package["version"]))
        })
        .collect()
}

/// The forms that every fixture comes in.
const FORMS: [&str; 3] = ["docker.tar", "oci", "oci-zstd"];

#[test]
fn all_forms_of_one_image_give_the_same_packages() {
    for name in ["debian-python", "node", "java"] {
        let reports = FORMS.map(|form| scan(&fixture(&format!("{name}.{form}")), &[]));
        for (form, report) in FORMS.iter().zip(&reports) {
            assert_eq!(report["packages"], reports[0]["packages"], "{name}.{form}");
            assert_eq!(report["image"]["id"], reports[0]["image"]["id"], "{name}.{form}");
        }
    }
}

#[test]
fn debian_packages_equal_those_of_dpkg_query_with_their_source_and_architecture() {
    for name in ["debian-python", "node", "java"] {
        let (report, truth) = (scan(&fixture(&format!("{name}.oci")), &[]), truth(name));
        assert_eq!(found(&report, "deb"), told(&truth, "deb"), "{name}");
        for told in truth["deb"].as_array().unwrap() {
            let package = report["packages"].as_array().unwrap().iter();
            let is_told = |package: &&Value| {
                package["ecosystem"] == "deb"
                    && package["name"] == told["name"]
                    && package["arch"] != "source"
            };
            let package = package.into_iter().find(is_told).unwrap();
            assert_eq!(package["arch"], told["arch"], "{name}: {told}");
            assert_eq!(package["source"]["name"], told["source"], "{name}: {told}");
            assert_eq!(package["source"]["version"], told["sourceVersion"], "{name}: {told}");
        }
    }
}

#[test]
fn python_packages_equal_those_of_pip_list_and_what_they_carry_inside_is_told_apart_by_its_path() {
    let mut report = scan(&fixture("debian-python.docker.tar"), &[]);
    let packages = report["packages"].as_array_mut().unwrap();
    let (vendored, installed): (Vec<Value>, Vec<Value>) =
        packages.drain(..).partition(|package| text(&package["path"]).contains("/_vendor/"));
    *packages = installed;
    assert_eq!(found(&report, "pypi"), told(&truth("debian-python"), "pypi"));
    let vendored: Vec<String> = vendored.iter().map(|package| text(&package["name"])).collect();
    assert_eq!(vendored, ["html5lib"], "bleach carries its own copy, which pip does not list");
}

#[test]
fn node_and_java_packages_hold_all_that_npm_and_the_jars_declare() {
    for (name, ecosystem) in [("node", "npm"), ("java", "maven")] {
        let report = scan(&fixture(&format!("{name}.oci-zstd")), &[]);
        let (found, told) = (found(&report, ecosystem), told(&truth(name), ecosystem));
        let missing: Vec<_> = told.difference(&found).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}

#[test]
fn what_an_upper_layer_removed_is_not_reported() {
    for name in ["debian-python", "node", "java"] {
        let (report, truth) = (scan(&fixture(&format!("{name}.oci")), &[]), truth(name));
        for absent in truth["absent"].as_array().unwrap() {
            let (ecosystem, gone) = (text(&absent["ecosystem"]), text(&absent["name"]));
            let still = found(&report, &ecosystem).into_iter().find(|(_, name, _)| *name == gone);
            assert_eq!(still, None, "{name}");
        }
    }
}

#[test]
fn old_packages_of_a_real_image_are_judged_against_the_real_feeds() {
    let feeds = shared().join("data");
    let report = scan(&fixture("debian-python.oci"), &["--feeds", feeds.to_str().unwrap()]);
    let findings = report["findings"].as_array().unwrap();
    let has = |id: &str, package: &str| {
        findings.iter().any(|finding| {
            let ids = std::iter::once(&finding["id"]).chain(finding["aliases"].as_array().unwrap());
            finding["package"]["name"].as_str().unwrap().eq_ignore_ascii_case(package)
                && ids.into_iter().any(|i| i == id)
        })
    };
    assert!(has("CVE-2018-18074", "requests"), "requests 2.19.1 leaks credentials on redirect");
    assert!(has("CVE-2019-11324", "urllib3"), "urllib3 1.24.1 accepts certificates it should not");
    assert!(findings.iter().any(|finding| finding["package"]["ecosystem"] == "deb"));
    for finding in findings {
        assert!((1..=5).contains(&finding["severity"].as_u64().unwrap()), "{finding}");
        assert!(finding["qid"].as_u64().unwrap() >= 10_000_000, "{finding}");
    }
}

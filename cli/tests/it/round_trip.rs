//! Bills of materials that were written come back in with the same packages and findings; those of others are judged as well.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::harness::plimsoll;
use crate::made::Made;

fn target(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(name)
}

fn fixture(name: &str) -> String {
    let path = target("fixtures").join(name);
    assert!(path.exists(), "{} is missing: build the fixtures with `cargo xtask fixtures`", path.display());
    path.to_str().unwrap().to_owned()
}

fn scan(made: &Made, source: &str, arguments: &[&str]) -> Value {
    let output = made.run(&[&[source, "--feeds", "feeds", "--format", "json"], arguments].concat());
    assert!(output.status.success(), "{source}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Findings as (vulnerability, package, version, fix, severity).
fn findings(report: &Value) -> BTreeSet<String> {
    let line = |finding: &Value| {
        let package = &finding["package"];
        [&finding["id"], &package["name"], &package["version"], &finding["fixVersion"], &finding["severity"]]
            .map(ToString::to_string)
            .join(" ")
    };
    report["findings"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn what_is_written_comes_back_with_the_same_packages_and_findings() {
    let made = Made::new();
    let images = ["debian-python.oci", "node.oci", "java.oci"].map(fixture);
    for source in images.iter().map(String::as_str).chain(["sbom:report.json"]) {
        let files = ["-o", "x.cdx.json", "-o", "x.spdx.json", "-o", "own.json"];
        let output = made.run(&[&[source, "--feeds", "feeds"][..], &files].concat());
        assert!(output.status.success(), "{source}: {}", String::from_utf8_lossy(&output.stderr));
        let first: Value = serde_json::from_str(&made.read("own.json")).unwrap();
        assert!(!findings(&first).is_empty(), "{source}");
        for (file, prefix) in
            [("x.cdx.json", "sbom:"), ("x.cdx.json", ""), ("x.spdx.json", ""), ("own.json", "")]
        {
            let again = scan(&made, &format!("{prefix}{file}"), &[]);
            assert_eq!(again["packages"], first["packages"], "{source} by {file}");
            assert_eq!(findings(&again), findings(&first), "{source} by {file}");
            assert_eq!(again["image"]["id"], first["image"]["id"], "{source} by {file}");
            assert_eq!(again["osRelease"], first["osRelease"], "{source} by {file}");
        }
    }
}

#[test]
fn a_bill_of_materials_is_read_from_standard_input_and_an_archive_is_not() {
    let made = Made::new();
    made.stdout(&["-o", "x.cdx.json"]);
    let piped = |bytes: &[u8]| {
        let mut child = plimsoll()
            .args(["scan", "-", "--format", "json", "--no-cache"])
            .current_dir(made.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The program may have refused it before everything is written.
        let _ = child.stdin.take().unwrap().write_all(bytes);
        child.wait_with_output().unwrap()
    };
    let output = piped(made.read("x.cdx.json").as_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let own: Value = serde_json::from_str(&made.stdout(&["--format", "json"])).unwrap();
    assert_eq!(report["packages"], own["packages"]);
    for (bytes, word) in [
        (&[0_u8; 4096][..], "no bill of materials"),
        (b"", "is empty"),
        (b"{\"a\": 1}", "none of CycloneDX"),
        (b"{\"bomFormat\": \"CycloneDX\",", "standard input"),
    ] {
        let output = piped(bytes);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(word), "{said}");
    }
}

#[test]
fn what_syft_found_is_judged_as_what_was_found_here() {
    let made = Made::new();
    for image in ["debian-python", "node", "java"] {
        let own = scan(&made, &fixture(&format!("{image}.oci")), &[]);
        assert!(debian(&own).len() > 50 && !findings(&own).is_empty(), "{image}");
        for form in ["syft", "cyclonedx", "spdx"] {
            let file = target("sboms").join(format!("{image}.syft.{form}.json"));
            assert!(file.exists(), "{} is missing: write it with `cargo xtask sboms`", file.display());
            let theirs = scan(&made, file.to_str().unwrap(), &[]);
            assert_eq!(debian(&theirs), debian(&own), "{image} {form}");
            assert_eq!(findings(&theirs), findings(&own), "{image} {form}");
        }
    }
}

/// The installed Debian packages. Syft lists one, too, that was removed and has left its settings behind.
fn debian(report: &Value) -> BTreeSet<String> {
    let packages = report["packages"].as_array().unwrap().iter();
    let installed = packages.filter(|package| {
        package["ecosystem"] == "deb" && package["arch"] != "source" && package["name"] != "netbase"
    });
    let line =
        |package: &Value| [&package["name"], &package["version"], &package["arch"]].map(ToString::to_string);
    installed.map(|package| line(package).join(" ")).collect()
}

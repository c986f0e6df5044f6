//! Statements out: what the scan has found, in the forms that the scan takes.

use std::path::Path;

use serde_json::Value;

use crate::harness::plimsoll;
use crate::small_feeds::{feeds, image};

fn scan(folder: &Path, arguments: &[&str]) -> Value {
    let output = plimsoll()
        .args(["scan", folder.join("web.tar").to_str().unwrap(), "--format", "json", "--feeds"])
        .arg(folder.join("feeds"))
        .args(arguments)
        .current_dir(folder)
        .env("PLIMSOLL_CACHE_DIR", folder.join("cache"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// What counts, as `id package`.
fn found(report: &Value, list: &str) -> Vec<String> {
    let name = |entry: &Value| {
        let finding = entry.get("finding").unwrap_or(entry);
        format!("{} {}", finding["id"].as_str().unwrap(), finding["package"]["name"].as_str().unwrap())
    };
    report[list].as_array().unwrap().iter().map(name).collect()
}

#[test]
fn statements_come_back_without_suppressing_what_is_affected() {
    let folder = tempfile::tempdir().unwrap();
    image(folder.path());
    feeds(folder.path());
    std::fs::write(
        folder.path().join("ignore.yaml"),
        "ignore:\n  - vulnerability: CVE-2024-1111\n    reason: never called\n",
    )
    .unwrap();
    let ignore = ["--ignore-file", "ignore.yaml"];
    let files = ["-o", "openvex=all.openvex.json", "-o", "csaf-vex=all.csaf.json", "--vex-all"];
    let first = scan(folder.path(), &[&ignore[..], &files].concat());
    assert_eq!(found(&first, "suppressed"), ["CVE-2024-1111 requests"]);
    for file in ["all.openvex.json", "all.csaf.json"] {
        let again = scan(folder.path(), &["--vex", file]);
        assert_eq!(found(&again, "findings"), found(&first, "findings"), "{file}");
        assert_eq!(found(&again, "suppressed"), found(&first, "suppressed"), "{file}");
        assert_eq!(again["suppressed"][0]["reason"], "never called", "{file}");
    }
    let open = scan(folder.path(), &["-o", "openvex=few.json", "-o", "openvex=same.json"]);
    assert_eq!(
        std::fs::read(folder.path().join("few.json")).unwrap(),
        std::fs::read(folder.path().join("same.json")).unwrap()
    );
    assert_eq!(found(&open, "suppressed"), Vec::<String>::new());
    let statuses = |name: &str| -> Vec<String> {
        let document = read(&folder.path().join(name));
        let word = |statement: &Value| statement["status"].as_str().unwrap().to_owned();
        let mut all: Vec<String> = document["statements"].as_array().unwrap().iter().map(word).collect();
        all.sort();
        all.dedup();
        all
    };
    assert_eq!(statuses("few.json"), ["affected"]);
    assert_eq!(statuses("all.openvex.json"), ["affected", "fixed", "not_affected"]);
}

#[test]
fn each_statement_says_what_to_do_or_why_nothing_has_to_be_done() {
    let folder = tempfile::tempdir().unwrap();
    image(folder.path());
    feeds(folder.path());
    scan(folder.path(), &["-o", "openvex=x.openvex.json", "-o", "csaf-vex=x.csaf.json", "--vex-all"]);
    let openvex = read(&folder.path().join("x.openvex.json"));
    let of = |id: &str| -> Vec<&Value> {
        let all = openvex["statements"].as_array().unwrap().iter();
        all.filter(|statement| statement["vulnerability"]["name"] == id).collect()
    };
    let mended = of("CVE-2024-0727");
    assert_eq!(mended.len(), 2, "one for each of the two packages, whose names differ");
    assert_eq!(mended[0]["action_statement"], "Update libssl3 to 3.0.13-1~deb12u1 or later.");
    let part = mended[0]["products"][0]["subcomponents"][0]["@id"].as_str().unwrap();
    assert!(part.starts_with("pkg:deb/debian/libssl3@3.0.11-1~deb12u2?"), "{part}");
    assert_eq!(of("CVE-2022-0778")[0]["status"], "fixed");
    assert_eq!(of("CVE-2020-0001")[0]["justification"], "vulnerable_code_not_present");
    assert!(of("PYSEC-2024-9").is_empty(), "nothing can be said of a withdrawn record");
    let csaf = read(&folder.path().join("x.csaf.json"));
    let entry = |id: &str| {
        let mut all = csaf["vulnerabilities"].as_array().unwrap().iter();
        all.find(|entry| entry["cve"] == id).unwrap().clone()
    };
    assert_eq!(entry("CVE-2024-4444")["remediations"][0]["category"], "no_fix_planned");
    assert_eq!(entry("CVE-2024-5555")["remediations"][0]["category"], "none_available");
    assert_eq!(entry("CVE-2024-0727")["product_status"]["known_affected"].as_array().unwrap().len(), 2);
    assert_eq!(entry("CVE-2020-0001")["flags"][0]["label"], "vulnerable_code_not_present");
}

#[test]
fn owned_packages_are_judged_apart_on_request_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    image(folder.path());
    feeds(folder.path());
    let plain = scan(folder.path(), &[]);
    let owned = scan(folder.path(), &["--owned"]);
    assert!(!found(&plain, "findings").contains(&"CVE-2024-2222 owned".to_owned()));
    let mut more = found(&owned, "findings");
    assert!(more.contains(&"CVE-2024-2222 owned".to_owned()), "{more:?}");
    more.retain(|name| name != "CVE-2024-2222 owned");
    assert_eq!(more, found(&plain, "findings"));
    let marked =
        owned["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == "CVE-2024-2222");
    assert_eq!(marked.unwrap()["package"]["ownedBy"], "python3-owned");
}

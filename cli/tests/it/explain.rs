//! `explain` says why something is reported, and why something else is not.

use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use crate::harness::plimsoll;
use crate::small_feeds::{feeds, image};

/// An image, feeds, and the cache that both fill.
struct Place {
    folder: tempfile::TempDir,
    image: PathBuf,
    feeds: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (image, feeds) = (image(folder.path()), feeds(folder.path()));
        Self { folder, image, feeds }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = plimsoll();
        command.arg("explain").arg(&self.image).args(arguments).arg("--feeds").arg(&self.feeds);
        command.env("PLIMSOLL_CACHE_DIR", self.folder.path().join("cache")).output().unwrap()
    }

    fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, what: &str) -> Value {
        serde_json::from_str(&self.text(&[what, "--format", "json"])).unwrap()
    }
}

#[track_caller]
fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn a_finding_is_told_with_its_evidence_its_record_and_what_was_compared() {
    let place = Place::new();
    let text = place.text(&["cve-2024-0727"]);
    holds(
        &text,
        &[
            "names      registry.example.com/team/web:1.4",
            "libssl3 3.0.11-1~deb12u2\n",
            "purl       pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12",
            "path       var/lib/dpkg/status",
            "layer      0, sha256:",
            "found by   dpkg-status",
            "source     openssl 3.0.11-1~deb12u2",
            "looked up  openssl 3.0.11-1~deb12u2 in debian:12, versions compared as dpkg does",
            "CVE-2024-0727, QID 93323991",
            "reported: by CVE-2024-0727 of feed debian the installed version is affected (3.0.11-1~deb12u2 < 3.0.13-1~deb12u1)",
            "severity   2 low, by Debian's urgency",
            "state      fixed in 3.0.13-1~deb12u1",
            "record     debian/json, sha256:",
            "rule       affected: before 3.0.13-1~deb12u1, of the source package",
            "compared   3.0.11-1~deb12u2 < 3.0.13-1~deb12u1",
        ],
    );
    assert_eq!(text.matches("reported: by").count(), 2, "libssl3 and openssl");
    assert!(!text.contains('\u{1b}'), "no colours into a pipe");
    let coloured = place.text(&["CVE-2024-0727", "--color", "always"]);
    assert!(coloured.contains("\u{1b}[31mreported: by"), "{coloured}");
}

#[test]
fn a_number_an_id_and_an_alias_ask_the_same() {
    let place = Place::new();
    let by_id = place.json("CVE-2024-1111");
    let qid = by_id["vulnerabilities"][0]["qid"].to_string();
    for what in [qid.as_str(), "ghsa-1111-2222-3333", "GHSA-1111-2222-3333"] {
        let other = place.json(what);
        assert_eq!(other["packages"], by_id["packages"], "{what}");
    }
    let about = &by_id["packages"][0];
    assert_eq!(
        about["compared"],
        serde_json::json!(
            {"namespace": "pypi", "scheme": "pep440", "name": "requests", "version": "2.19.1"}
        )
    );
    assert_eq!(about["places"][0]["layer"], 1);
    let said = &about["vulnerabilities"][0]["statements"][0];
    assert_eq!((said["outcome"].as_str(), said["decides"].as_bool()), (Some("applies"), Some(true)));
    assert_eq!(said["origins"][0]["file"], "osv/PyPI/GHSA-1111-2222-3333.json");
    assert_eq!(said["origins"][0]["modified"].as_i64(), Some(1_714_521_600_000));
}

#[test]
fn each_state_has_its_words() {
    let place = Place::new();
    holds(&place.text(&["CVE-2024-4444"]), &["state      will not be fixed", "note       "]);
    holds(
        &place.text(&["CVE-2024-5555"]),
        &["state      affected, no fix is known", "affected: every version"],
    );
    holds(&place.text(&["CVE-2022-0778"]), &["not reported: it is fixed since 3.0.2-1"]);
    holds(&place.text(&["CVE-2020-0001"]), &["not reported: the publisher says that it is not affected"]);
    holds(
        &place.text(&["PYSEC-2024-9"]),
        &["not reported: its publisher has withdrawn the record", "withdrawn 2024-06-01"],
    );
}

#[test]
fn a_foreign_package_and_an_owned_one_say_who_is_judged_instead() {
    let place = Place::new();
    holds(
        &place.text(&["CVE-2024-6666"]),
        &["vendor     NodeSource", "not covered: it was built by NodeSource"],
    );
    let text = place.text(&["CVE-2024-2222"]);
    holds(
        &text,
        &["part of    python3-owned", "not reported: part of python3-owned, which is judged in its place"],
    );
}

#[test]
fn a_vulnerability_of_other_packages_is_no_failure_and_names_them() {
    let text = Place::new().text(&["CVE-2024-7777"]);
    holds(&text, &["no statement on it speaks of a package of this image", "speaks of  curl in debian:12"]);
    holds(&text, &["but        1 package of the image is not covered"]);
}

#[test]
fn a_package_is_found_by_its_name_its_source_and_its_package_url() {
    let place = Place::new();
    let names = |what: &str| -> Vec<String> {
        let packages = place.json(what)["packages"].as_array().unwrap().clone();
        packages.iter().map(|about| about["package"]["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("openssl"), ["libssl3", "openssl"]);
    assert_eq!(names("libssl3"), ["libssl3"]);
    assert_eq!(names("Requests"), ["requests"]);
    assert_eq!(names("pkg:pypi/requests"), ["requests"]);
    assert_eq!(names("pkg:pypi/requests@2.19.1"), ["requests"]);
    assert_eq!(names("debian"), ["debian"]);
    let text = place.text(&["libssl3"]);
    holds(&text, &["fix of all 3.0.13-1~deb12u1", "2 not reported", "CVE-2020-0001 the publisher says"]);
}

#[test]
fn the_end_of_a_release_is_explained_by_its_dates() {
    let place = Place::new();
    let text = place.text(&["eol-debian-12"]);
    holds(&text, &["reported: debian 12: its end of life was 2022-09-10", "end of life 2022-09-10"]);
    let qid = place.json("EOL-debian-12")["vulnerabilities"][0]["qid"].to_string();
    assert_eq!(place.json(&qid)["packages"], place.json("EOL-debian-12")["packages"]);
}

#[test]
fn what_is_set_aside_says_by_whom() {
    let place = Place::new();
    let ignore = place.folder.path().join("ignore");
    std::fs::write(&ignore, "CVE-2024-0727\n").unwrap();
    let text = place.text(&["CVE-2024-0727", "--ignore-file", ignore.to_str().unwrap()]);
    holds(&text, &["set aside (else reported: by", "set aside  ignored"]);
}

#[test]
fn a_word_that_nothing_has_fails_and_names_what_is_alike() {
    let place = Place::new();
    for (what, part) in [
        ("opensl", "similar name: openssl"),
        ("CVE-2099-1", "no vulnerability of the data has this id"),
        ("7", "no vulnerability of the data has the number 7"),
        ("pkg:pypi/nothing", "the image holds no package pkg:pypi/nothing"),
        ("a\u{1b}[2Jb", "\\u{1b}[2Jb"),
    ] {
        let output = place.run(&[what]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{what}: {said}");
        assert!(said.contains(part), "{what}: {said}");
    }
    for wrong in [&["pkg:foo/bar"][..], &["--format", "yaml", "x"], &[]] {
        assert_eq!(place.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

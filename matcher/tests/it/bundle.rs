//! The whole way: small feeds compiled into a bundle, packages judged by it.

use knowledge::Bundle;
use matcher::{Coverage, Judgement, judge, judge_report};
use model::{
    Distro, Ecosystem, FixState, LifecycleStage, NamespaceFamily, OsRelease, Package, PackageRecord,
    ScanReport, Severity, Timestamp,
};
use serde_json::json;

use crate::make::{self, Feeds};

const NOW: Timestamp = Timestamp(1_700_000_000_000); // 2023-11-14

fn bundle() -> Bundle {
    let debian = json!({
        "openssl": {
            "CVE-2023-0001": {"releases": {
                "bookworm": {"status": "resolved", "fixed_version": "3.0.9-1", "urgency": "medium"},
                "buster": {"status": "open", "urgency": "end-of-life"},
            }},
            "CVE-2023-0002": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "0", "urgency": "low"}}},
            "CVE-2023-0003": {"releases": {"bookworm": {"status": "open", "urgency": "unimportant", "nodsa_reason": "ignored"}}},
        },
    });
    let alpine = json!({
        "distroversion": "v3.18", "reponame": "main",
        "packages": [{"pkg": {"name": "busybox", "secfixes": {"1.36.1-r1": ["CVE-2023-0004"], "0": ["CVE-2023-0005"]}}}],
    });
    let python = json!([
        {"id": "GHSA-1111-2222-3333", "aliases": ["CVE-2023-0006"], "affected": [{"package": {"ecosystem": "PyPI", "name": "Flask_Thing"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.2.5"}]}]}]},
        {"id": "PYSEC-2023-1", "aliases": ["CVE-2023-0006", "GHSA-1111-2222-3333"], "affected": [{"package": {"ecosystem": "PyPI", "name": "flask-thing"},
            "versions": ["2.2.0"], "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "2.0"}, {"fixed": "2.2.4"}]}]}]},
    ]);
    let lifecycle = json!({"schema_version": "1.2.0", "result": [
        {"name": "debian", "releases": [
            {"name": "12", "releaseDate": "2023-06-10", "isEol": false, "eolFrom": "2026-06-10"},
            {"name": "10", "releaseDate": "2019-07-06", "isEol": true, "eolFrom": "2022-09-10"},
        ]},
        {"name": "alpine-linux", "releases": [{"name": "3.18", "releaseDate": "2023-05-09", "isEol": false, "eolFrom": "2025-05-09"}]},
    ]});
    Feeds::new()
        .add("debian/json", &debian)
        .add("alpine-secdb/v3.18/main.json", &alpine)
        .add("endoflife/products-full.json", &lifecycle)
        .add_osv("PyPI", python.as_array().unwrap())
        .compile()
}

fn ids(judgement: &Judgement) -> Vec<(&str, FixState, Option<&str>)> {
    let findings = judgement.findings.iter();
    findings.map(|f| (f.vulnerability.id.as_str(), f.state, f.fix_version.as_deref())).collect()
}

fn release(id: &str, version: &str) -> Package {
    OsRelease { id: id.into(), version_id: Some(version.into()), ..OsRelease::default() }.package()
}

#[test]
fn a_debian_package_is_judged_by_its_release_and_source() {
    let bundle = bundle();
    let package = make::os_package(Ecosystem::Deb, "debian:12", "libssl3", ("openssl", "3.0.8-1"));
    let judgement = judge(&package, &bundle, NOW);
    assert_eq!(judgement.coverage, Coverage::Covered);
    assert_eq!(
        ids(&judgement),
        [("CVE-2023-0001", FixState::Fixed, Some("3.0.9-1")), ("CVE-2023-0003", FixState::WillNotFix, None),]
    );
    assert_eq!(judgement.fix_version.as_deref(), Some("3.0.9-1"));
    assert_eq!(judgement.findings[0].vulnerability.family, NamespaceFamily::Debian);
    let lifecycle = judgement.lifecycle.unwrap();
    assert_eq!((lifecycle.cycle.as_str(), lifecycle.stage(NOW)), ("12", LifecycleStage::Ga));

    let older = make::os_package(Ecosystem::Deb, "debian:10", "libssl1.1", ("openssl", "1.1.1n-0+deb10u1"));
    assert_eq!(ids(&judge(&older, &bundle, NOW)), [("CVE-2023-0001", FixState::EndOfLife, None)]);
}

#[test]
fn a_package_that_the_distribution_did_not_build_is_not_covered() {
    let bundle = bundle();
    let own = make::os_package(Ecosystem::Deb, "debian:12", "libssl3", ("openssl", "3.0.8-1"));
    let foreign = Package { vendor: Some("Example".into()), ..own.clone() };
    assert!(!judge(&own, &bundle, NOW).findings.is_empty());
    let judgement = judge(&foreign, &bundle, NOW);
    assert_eq!((judgement.coverage, judgement.findings.len()), (Coverage::NotCovered, 0));
}

#[test]
fn an_alpine_package_is_judged_by_its_origin() {
    let bundle = bundle();
    let package = make::os_package(Ecosystem::Apk, "alpine:3.18", "ssl_client", ("busybox", "1.36.1-r0"));
    let judgement = judge(&package, &bundle, NOW);
    assert_eq!(ids(&judgement), [("CVE-2023-0004", FixState::Fixed, Some("1.36.1-r1"))]);
    let fixed = make::os_package(Ecosystem::Apk, "alpine:3.18", "ssl_client", ("busybox", "1.36.1-r1"));
    assert_eq!(ids(&judge(&fixed, &bundle, NOW)), []);
}

#[test]
fn a_python_package_has_one_finding_for_an_alias_group() {
    let bundle = bundle();
    let judgement = judge(&make::package(Ecosystem::Pypi, "Flask.Thing", "2.2"), &bundle, NOW);
    assert_eq!(ids(&judgement), [("CVE-2023-0006", FixState::Fixed, Some("2.2.4"))]);
    assert_eq!(judgement.findings[0].advisory, "PYSEC-2023-1");
    let between = judge(&make::package(Ecosystem::Pypi, "flask-thing", "2.2.4"), &bundle, NOW);
    assert_eq!(between.findings[0].advisory, "GHSA-1111-2222-3333");
    assert_eq!(between.fix_version.as_deref(), Some("2.2.5"));
    let odd = judge(&make::package(Ecosystem::Pypi, "flask-thing", "2.x"), &bundle, NOW);
    assert_eq!((odd.findings.len(), odd.undecided.len()), (0, 1));
    assert_eq!(odd.undecided[0].vulnerability, "CVE-2023-0006");
}

#[test]
fn a_release_or_ecosystem_without_advisories_is_not_covered_and_not_clean() {
    let bundle = bundle();
    let packages = [
        make::os_package(Ecosystem::Deb, "debian:11", "x", ("openssl", "1")),
        make::os_package(Ecosystem::Deb, "ubuntu:22.04", "x", ("openssl", "1")),
        make::os_package(Ecosystem::Deb, "debian", "x", ("openssl", "1")),
        make::os_package(Ecosystem::Rpm, "rhel:9", "x", ("openssl", "1")),
        make::os_package(Ecosystem::Apk, "alpine:3.17", "x", ("busybox", "1")),
        make::package(Ecosystem::Npm, "x", "1.0.0"),
        make::package(Ecosystem::Golang, "x", "v1.0.0"),
        make::package(Ecosystem::Cargo, "x", "1.0.0"),
        make::package(Ecosystem::Gem, "x", "1.0.0"),
        make::package(Ecosystem::Composer, "x/y", "1.0.0"),
        make::package(Ecosystem::Nuget, "x", "1.0.0"),
        make::package(Ecosystem::Generic, "x", "1.0.0"),
    ];
    for package in packages {
        let judgement = judge(&package, &bundle, NOW);
        assert_eq!((judgement.coverage, judgement.findings.len()), (Coverage::NotCovered, 0), "{package:?}");
    }
    let covered = judge(&make::package(Ecosystem::Pypi, "unheard-of", "1.0"), &bundle, NOW);
    assert_eq!((covered.coverage, covered.findings.len()), (Coverage::Covered, 0));
}

#[test]
fn an_operating_system_past_its_end_of_life_is_a_finding_whose_title_says_so() {
    let bundle = bundle();
    let judgement = judge(&release("debian", "10"), &bundle, NOW);
    let [finding] = judgement.findings.as_slice() else { panic!("{judgement:?}") };
    assert!(finding.vulnerability.title.starts_with("EOL operating system: Debian 10 "));
    assert_eq!(finding.vulnerability.id, "EOL-debian-10");
    assert_eq!(finding.vulnerability.qid >> 26, NamespaceFamily::Lifecycle as u32);
    assert_eq!((finding.severity, finding.state), (Severity::URGENT, FixState::EndOfLife));

    assert!(judge(&release("debian", "12"), &bundle, NOW).findings.is_empty());
    let later = Timestamp::parse("2026-06-10").unwrap();
    assert_eq!(judge(&release("debian", "12"), &bundle, later).findings.len(), 1);
    let alpine = judge(&release("alpine", "3.18.4"), &bundle, later);
    assert!(alpine.findings[0].vulnerability.title.contains("Alpine Linux 3.18"));
    assert_eq!(judge(&release("plan9", "4"), &bundle, NOW).coverage, Coverage::NotCovered);
}

#[test]
fn a_report_is_judged_without_the_records_that_os_packages_own() {
    let debian = make::os_package(Ecosystem::Deb, "debian:10", "libssl1.1", ("openssl", "1.1.1n-0+deb10u1"));
    let python = make::package(Ecosystem::Pypi, "flask-thing", "2.2");
    let mut owned =
        PackageRecord::new(python.clone(), "usr/lib/python3/dist-packages/flask_thing-2.2.egg-info");
    owned.owned_by = Some("python3-flask-thing".into());
    let packages = vec![
        PackageRecord::new(debian, "var/lib/dpkg/status"),
        owned,
        PackageRecord::new(python.clone(), "app/a/flask_thing-2.2.dist-info/METADATA"),
        PackageRecord::new(python, "app/b/flask_thing-2.2.dist-info/METADATA"),
    ];
    let report: ScanReport = serde_json::from_value(json!({
        "schema": 1, "scanner": "test", "scannedAt": 0, "source": "GENERAL",
        "image": {"id": format!("sha256:{}", "0".repeat(64))},
        "packages": serde_json::to_value(packages).unwrap(),
        "osRelease": {"id": "debian", "versionId": "10", "displayName": "Debian Linux 10"},
    }))
    .unwrap();
    let judged = judge_report(&report, &bundle(), NOW);
    let indexes: Vec<usize> = judged.packages.iter().map(|(index, _)| *index).collect();
    assert_eq!(indexes, [0, 2, 3]);
    assert!(std::sync::Arc::ptr_eq(&judged.packages[1].1, &judged.packages[2].1));
    assert_eq!(judged.release.unwrap().findings.len(), 1);
    assert_eq!(report.os_release.unwrap().distro(), Distro::new("debian", "10"));
}

//! The real samples: counts as their publishers give them, and a few exact records.

use model::{FixState, NamespaceFamily, Severity, SeverityRule, Timestamp};

use crate::support::{Feeds, affected, only, ranges, shared, skipped, source};

/// Unpacks one member of a sample archive of odd formats.
pub(crate) fn format_sample(archive: &str, member: &str) -> Vec<u8> {
    use std::io::Read as _;
    let file = std::fs::File::open(shared().join("data/format-samples").join(archive)).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().to_string_lossy().ends_with(member) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            return bytes;
        }
    }
    panic!("{member} is not in the archive");
}

#[test]
fn the_reconstructed_tracker_is_read_whole() {
    let name = "debian/tracker-json-reconstructed-2026-11-22.json.gz";
    let (bundle, report) = Feeds::new().real(name).compile();
    let source = source(&report, name);
    assert_eq!((source.records, source.quarantined_count), (6810, 0));
    assert_eq!(source.date, Timestamp::parse("2026-11-22"));
    assert_eq!(report.vulnerabilities, 6110);
    let found = only(&bundle, "debian:11", "apache-log4j2", "CVE-2021-44228");
    assert_eq!((found.affected.state, ranges(&found)), (FixState::Fixed, "[..2.15.0-1~deb11u1)".into()));
    assert_eq!(found.affected.severity_rule, SeverityRule::Default);
    assert_eq!(found.vulnerability.qid, knowledge::qid(NamespaceFamily::Debian, "CVE-2021-44228"));
    let namespaces: Vec<&String> = bundle.manifest().namespaces.keys().collect();
    assert_eq!(namespaces, ["debian:11", "debian:12", "debian:13", "debian:sid"]);
}

#[test]
fn real_tracker_records_with_open_and_ignored_issues_are_read() {
    let (bundle, report) = Feeds::new()
        .file("debian/json", format_sample("debian-ubuntu.tar.gz", "debian-tracker-json/advisory.json"))
        .compile();
    assert_eq!(source(&report, "debian/json").quarantined_count, 0);
    let ignored = only(&bundle, "debian:11", "389-ds-base", "CVE-2016-5416");
    assert_eq!((ignored.affected.state, ranges(&ignored)), (FixState::WillNotFix, "[..)".into()));
    let open = only(&bundle, "debian:sid", "389-ds-base", "CVE-2016-5416");
    assert_eq!(open.affected.state, FixState::Affected);
    let clean = only(&bundle, "debian:11", "389-ds-base", "CVE-2012-0833");
    assert_eq!((clean.affected.state, clean.affected.severity), (FixState::NotAffected, Severity::MINIMAL));
    let temp = only(&bundle, "debian:11", "wordpress", "TEMP-0000000-0CA7E3");
    assert_eq!(temp.affected.state, FixState::NotAffected);
    let second = format_sample("debian-ubuntu.tar.gz", "debian-tracker-json-2/input/debian.json");
    let (bundle, report) = Feeds::new().file("debian/json", second).compile();
    // One package of that sample has a list where an object belongs.
    assert_eq!(source(&report, "debian/json").quarantined_count, 1);
    let ended = only(&bundle, "debian:10", "chromium", "CVE-2022-0456");
    assert_eq!((ended.affected.state, ended.affected.severity.get()), (FixState::EndOfLife, 3));
    let high = only(&bundle, "debian:9", "prototypejs", "CVE-2008-7220");
    assert_eq!((high.affected.severity.get(), high.affected.severity_rule), (4, SeverityRule::DebianUrgency));
}

#[test]
fn alpine_releases_are_read_whole() {
    let mut feeds = Feeds::new();
    for release in ["v3.2", "v3.17", "v3.18", "edge"] {
        for repository in ["main", "community"].into_iter().take(if release == "v3.2" { 1 } else { 2 }) {
            feeds = feeds.real(&format!("alpine-secdb/{release}/{repository}.json"));
        }
    }
    let (bundle, report) = feeds.real("alpine-secdb/alpine-secdb-yaml-2020-06-08.tar.gz").compile();
    assert_eq!(report.sources.len(), 8);
    let found = only(&bundle, "alpine:3.18", "aom", "CVE-2021-30473");
    assert_eq!(
        (ranges(&found), found.affected.fix_version.as_deref()),
        ("[..3.1.1-r0)".into(), Some("3.1.1-r0"))
    );
    let gnutls = only(&bundle, "alpine:3.18", "gnutls", "CVE-2020-11501");
    assert_eq!(gnutls.vulnerability.aliases, ["GNUTLS-SA-2020-03-31"]);
    assert!(!affected(&bundle, "alpine:edge", "busybox").is_empty());
    let bad: u64 = report.sources.iter().map(|source| source.quarantined_count).sum();
    assert!(bad <= 10, "{bad} values hold no identifier: {:?}", report.sources);
}

#[test]
fn threat_intelligence_joins_real_advisories() {
    let (bundle, report) = Feeds::new()
        .real("osv/Maven/all.zip")
        .real("kev/known_exploited_vulnerabilities.json")
        .real("kev/known_exploited_vulnerabilities.csv")
        .real("kev/known_exploited_vulnerabilities_schema.json")
        .real("epss/epss_scores-2026-08-16.csv.gz")
        .real("cvelist/2024-10-24_subset_CVEs.zip")
        .real("nvd/nvdcve-2.0-sample.json.gz")
        .real("nvd/api-page-example.json")
        .compile();
    let records = |path: &str| {
        let source = source(&report, path);
        assert_eq!(source.quarantined_count, 0, "{path}: {:?}", source.quarantined);
        source.records
    };
    assert_eq!(records("kev/known_exploited_vulnerabilities.json"), 1404);
    assert_eq!(records("epss/epss_scores-2026-08-16.csv.gz"), 360_142);
    assert_eq!(records("cvelist/2024-10-24_subset_CVEs.zip"), 4884);
    assert_eq!(records("nvd/nvdcve-2.0-sample.json.gz"), 212);
    assert!(records("nvd/api-page-example.json") > 0);
    assert_eq!(source(&report, "epss/epss_scores-2026-08-16.csv.gz").date, Timestamp::parse("2026-08-16"));
    let shiro = only(&bundle, "maven", "org.apache.shiro:shiro-core", "CVE-2016-4437");
    assert_eq!(shiro.affected.severity, Severity::URGENT);
    assert!(shiro.vulnerability.known_exploited.is_some());
    assert!(shiro.vulnerability.epss.unwrap().percentile > 0.99);
    let denial = only(&bundle, "maven", "struts:struts", "CVE-2006-1547");
    assert_eq!((denial.affected.base_severity.get(), denial.affected.severity.get()), (4, 5));
    assert_eq!(denial.affected.raised_by, Some(model::RaisedBy::KnownExploited));
}

#[test]
fn product_files_and_both_interfaces_give_the_same_dates() {
    let products = "endoflife/endoflife.date-products-2026-08-22.tar.gz";
    let v0 = "endoflife/endoflife.date-api-v0-2026-08-22.tar.gz";
    let (by_files, report) =
        Feeds::new().real(products).real("endoflife/release-data-2026-08-22.tar.gz").compile();
    let files = source(&report, products);
    assert_eq!((files.records, files.quarantined_count), (464, 0), "{:?}", files.quarantined);
    assert_eq!(files.date, Timestamp::parse("2026-08-22"));
    let (by_api, report) = Feeds::new().real(v0).compile();
    assert_eq!(source(&report, v0).quarantined_count, 0);
    for (product, cycle) in
        [("debian", "12"), ("alpine-linux", "3.18"), ("python", "3.11"), ("nodejs", "18"), ("debian", "9")]
    {
        let (a, b) = (by_files.lifecycle(product, cycle).unwrap(), by_api.lifecycle(product, cycle).unwrap());
        assert_eq!(a, b);
    }
    assert_eq!(by_files.lifecycle("debian", "12").unwrap().eol, Timestamp::parse("2026-07-11"));
    assert_eq!(by_files.lifecycle("alpine", "3.18").unwrap().cycle, "3.18");
    let full = format_sample("lifecycle.tar.gz", "endoflife-api-v1-full/happy/full");
    let (bundle, _) = Feeds::new().file("endoflife/products/full", full).compile();
    assert_eq!(bundle.lifecycle("ubuntu", "22.04").unwrap().eol, Timestamp::parse("2027-04-01"));
}

#[test]
fn the_whole_folder_of_samples_compiles() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("all.bundle");
    let report = knowledge::compile(&shared().join("data"), &output, &|_| {}).unwrap();
    let feeds: std::collections::BTreeSet<&str> = report.sources.iter().map(|source| source.feed).collect();
    let all = [
        "alpine",
        "alpine-yaml",
        "azure",
        "calendar",
        "cvelist",
        "debian",
        "debian-lists",
        "debian-oval",
        "endoflife",
        "epss",
        "exploitdb",
        "friendsofphp",
        "kev",
        "nodejs-security-wg",
        "nvd",
        "oracle",
        "osv",
        "photon",
        "redhat-csaf",
        "redhat-oval",
        "redhat-vex",
        "ruby-advisory-db",
        "suse-csaf",
        "suse-oval",
        "ubuntu-oval",
        "wolfi",
        "wolfi-advisories",
    ];
    assert_eq!(feeds.into_iter().collect::<Vec<_>>(), all);
    assert_eq!(skipped(&report, "osv/GitHub Actions/all.zip"), "ecosystem GitHub Actions is not used");
    assert_eq!(skipped(&report, "redhat-csaf/vex/changes.csv"), "the list of documents is not needed");
    let bundle = knowledge::Bundle::open(&output).unwrap();
    bundle.verify().unwrap();
    let again = folder.path().join("again.bundle");
    knowledge::compile(&shared().join("data"), &again, &|_| {}).unwrap();
    assert!(std::fs::read(&output).unwrap() == std::fs::read(&again).unwrap(), "compiled twice, equal bytes");
    // Counted by hand over the dumps: statements that name a range or a version; npm's also of the working group's records.
    assert_eq!(bundle.manifest().namespaces["pypi"].statements, 7099);
    assert_eq!(bundle.manifest().namespaces["npm"].statements, 291 + 490);
    let mut before = None;
    for vulnerability in bundle.vulnerabilities() {
        assert!(before < Some(vulnerability.qid), "{} is numbered twice", vulnerability.qid);
        assert!(!vulnerability.title.is_empty());
        before = Some(vulnerability.qid);
    }
    // The CVE list's words and ratings reach a distribution's statement.
    let httpd = affected(&bundle, "debian:11", "apache2");
    let httpd = httpd.iter().find(|found| found.vulnerability.id == "CVE-2006-20001").unwrap();
    assert_eq!(
        httpd.vulnerability.title,
        "Apache HTTP Server: mod_dav out of bounds read, or write of zero byte"
    );
}

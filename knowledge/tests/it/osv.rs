//! OSV: languages and distributions, on the real dumps and on small hand-written records.

use model::{FixState, Named, NamespaceFamily, SeverityRule, Standing, Timestamp};

use crate::support::{Feeds, affected, only, ranges, shared, skipped, source};

fn record(id: &str, rest: &str) -> String {
    format!(r#"{{"id": "{id}", "modified": "0001-01-01T00:00:00Z", {rest}}}"#)
}

const FOO: &str = r#""affected": [{"package": {"ecosystem": "PyPI", "name": "Foo.Bar"},
    "ranges": [{"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "abc"}]},
               {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.4"}, {"introduced": "2.0"}, {"last_affected": "2.10"}]}],
    "versions": ["1.0", "2.1"]},
    {"package": {"ecosystem": "Go", "name": "x"}, "versions": ["1"]}]"#;

#[test]
fn osv_records_of_one_flaw_share_a_vulnerability_and_keep_their_own_words() {
    let ghsa = record(
        "GHSA-aaaa-bbbb-cccc",
        &format!(
            r#""aliases": ["CVE-2021-0007", "PYSEC-2021-7"], "summary": " Foo\n is broken ", "database_specific": {{"severity": "MODERATE"}},
               "published": "2021-05-01T00:00:00Z", "references": [{{"type": "WEB", "url": "https://example.org/1"}}], {FOO}"#
        ),
    );
    let pysec = record(
        "PYSEC-2021-7",
        &format!(
            r#""aliases": ["CVE-2021-0007"], "details": "Other words. More.", "severity": null, "modified2": 1,
               "published": "2021-04-01T00:00:00Z", {FOO}"#
        ),
    );
    let withdrawn = record(
        "PYSEC-2021-8",
        &format!(r#""withdrawn": "2022-01-01T00:00:00Z", "aliases": ["CVE-2021-0008"], {FOO}"#),
    );
    let (bundle, report) =
        Feeds::new().osv("PyPI", &[&ghsa, "{\"id\": 5}", &pysec, "not json", &withdrawn]).compile();
    let found = affected(&bundle, "pypi", "foo-bar");
    assert_eq!(found.len(), 3);
    let (withdrawn, found) = (&found[2], &found[..2]);
    assert_eq!(
        (withdrawn.affected.advisory.as_str(), withdrawn.affected.standing),
        ("PYSEC-2021-8", Standing::Withdrawn)
    );
    assert!(std::sync::Arc::ptr_eq(&found[0].vulnerability, &found[1].vulnerability));
    let advisories = found.iter().map(|found| found.affected.advisory.as_str()).collect::<Vec<_>>();
    assert_eq!(advisories, ["GHSA-aaaa-bbbb-cccc", "PYSEC-2021-7"]);
    assert_eq!(ranges(&found[0]), "[..1.4) [2.0..2.10]");
    assert_eq!(found[0].affected.versions, ["1.0", "2.1"]);
    assert_eq!(
        (found[0].affected.state, found[0].affected.fix_version.as_deref()),
        (FixState::Fixed, Some("1.4"))
    );
    let vulnerability = &found[0].vulnerability;
    assert_eq!(vulnerability.title, "Foo is broken");
    assert_eq!(vulnerability.aliases, ["GHSA-aaaa-bbbb-cccc", "PYSEC-2021-7"]);
    assert_eq!(vulnerability.published, Timestamp::parse("2021-04-01"));
    assert_eq!(vulnerability.modified, None);
    for found in found {
        assert_eq!(
            (found.affected.severity.get(), found.affected.severity_rule),
            (3, SeverityRule::DatabaseRating)
        );
    }
    let source = source(&report, "osv/PyPI/all.zip");
    assert_eq!((source.records, source.quarantined_count, report.withdrawn), (3, 2, 1));
    assert_eq!(source.quarantined[0].record, "record-1.json");
}

#[test]
fn the_python_dump_is_read_whole_with_its_traps() {
    let (bundle, report) = Feeds::new().real("osv/PyPI/all.zip").compile();
    let source = source(&report, "osv/PyPI/all.zip");
    assert_eq!((source.records, source.quarantined_count, report.withdrawn), (7107, 0, 270));
    let django = affected(&bundle, "pypi", "django");
    let ghsa: Vec<_> =
        django.iter().filter(|found| found.affected.advisory == "GHSA-296w-6qhq-gf92").collect();
    assert_eq!(
        ghsa.iter().map(|found| ranges(found)).collect::<Vec<_>>(),
        ["[..1.4.14)", "[1.5..1.5.9)", "[1.6..1.6.6)"]
    );
    let vulnerability = &ghsa[0].vulnerability;
    assert_eq!(vulnerability.id, "CVE-2014-0481");
    assert_eq!(vulnerability.aliases, ["GHSA-296w-6qhq-gf92", "PYSEC-2014-5"]);
    assert_eq!(vulnerability.title, "Django denial of service via file upload naming");
    assert_eq!(vulnerability.cvss3.as_ref().unwrap().base, 8.7);
    let pysec = django.iter().find(|found| found.affected.advisory == "PYSEC-2014-5").unwrap();
    assert_eq!(pysec.vulnerability.qid, vulnerability.qid);
    assert!(bundle.vulnerabilities().all(|vulnerability| !vulnerability.title.is_empty()));
    // PYSEC-2021-114: its events cross, so that 2.11.7, which fixes 2.11.6, ends no range.
    let wagtail = only(&bundle, "pypi", "wagtail", "CVE-2021-29434");
    assert_eq!(ranges(&wagtail), "[..2.11.6] [2.12..2.12.4)");
    assert_eq!(wagtail.affected.fix_version.as_deref(), Some("2.11.7"));
}

#[test]
fn maven_and_npm_dumps_are_read_whole() {
    let (bundle, report) = Feeds::new()
        .real("osv/Maven/all.zip")
        .real("osv/npm/all.zip")
        .real("osv/GitHub Actions/all.zip")
        .compile();
    assert_eq!(source(&report, "osv/Maven/all.zip").records, 461);
    assert_eq!(source(&report, "osv/npm/all.zip").records, 186);
    assert_eq!(skipped(&report, "osv/GitHub Actions/all.zip"), "ecosystem GitHub Actions is not used");
    let tomcat = affected(&bundle, "maven", "org.apache.tomcat.embed:tomcat-embed-core");
    assert!(tomcat.iter().any(|found| found.vulnerability.id == "CVE-2020-1938"));
    // One record names two CVEs: it is listed under each, and they stay apart.
    let netty = affected(&bundle, "maven", "io.netty:netty-codec-http");
    let both: Vec<_> =
        netty.iter().filter(|found| found.affected.advisory == "GHSA-269q-hmxg-m83q").collect();
    let ids: Vec<_> = bundle
        .vulnerabilities()
        .filter(|vulnerability| vulnerability.aliases.iter().any(|alias| alias == "GHSA-269q-hmxg-m83q"))
        .map(|vulnerability| vulnerability.id)
        .collect();
    assert_eq!(ids, ["CVE-2021-21290", "CVE-2022-24823"]);
    assert_eq!(report.several_cves, 1);
    assert_eq!(both.len(), 2);
}

/// Records, quarantined ones and statements of every dump, counted over the dumps by a program of its own.
const COUNTS: [(&str, u64, &str, u64, u64); 13] = [
    ("Bitnami", 7444, "bitnami", 177, 7444),
    ("Go", 4311, "golang", 1377, 6160),
    ("Hex", 3, "hex", 3, 3),
    ("Maven", 461, "maven", 199, 1176),
    ("NuGet", 19, "nuget", 32, 67),
    ("Packagist", 12, "composer", 11, 19),
    ("Pub", 3, "pub", 3, 3),
    ("PyPI", 7107, "pypi", 1531, 7099),
    ("RubyGems", 27, "gem", 12, 34),
    ("SwiftURL", 3, "swift", 3, 3),
    ("crates.io", 1221, "cargo", 914, 1293),
    ("npm", 186, "npm", 116, 291),
    ("Wolfi", 1, "wolfi", 2, 2),
];

#[test]
fn every_language_is_read_whole() {
    let mut feeds = Feeds::new();
    for (ecosystem, ..) in COUNTS {
        feeds = feeds.real(&format!("osv/{ecosystem}/all.zip"));
    }
    let (bundle, report) = feeds.compile();
    for (ecosystem, records, namespace, packages, statements) in COUNTS {
        let source = source(&report, &format!("osv/{ecosystem}/all.zip"));
        assert_eq!((source.records, source.quarantined_count), (records, 0), "{ecosystem}");
        let counts = &bundle.manifest().namespaces[namespace];
        assert_eq!((counts.packages, counts.statements), (packages, statements), "{namespace}");
    }
    let library = only(&bundle, "golang", "stdlib", "CVE-2023-45288");
    assert_eq!(library.affected.advisory, "GO-2024-2687");
    assert_eq!(ranges(&library), "[..1.21.9) [1.22.0-0..1.22.2)");
    let dates = only(&bundle, "golang", "github.com/schollz/rwtxt", "CVE-2021-20848").vulnerability;
    assert_eq!((dates.modified, dates.published), (None, None), "the year 1 is no date");
    let swift = affected(&bundle, "swift", "github.com/grpc/grpc-swift");
    assert_eq!((swift.len(), ranges(&swift[0])), (1, "[..1.2.0)".into()));
    let unmaintained = affected(&bundle, "cargo", "stdweb");
    let note = unmaintained.iter().find_map(|found| found.affected.note.clone());
    assert_eq!(note.as_deref(), Some("unmaintained"));
    let malicious = &affected(&bundle, "npm", "bats-file")[0];
    assert_eq!((malicious.affected.severity.get(), ranges(malicious)), (5, "[..)".into()));
    // 2027 has not come when a dump of 2026 is made.
    let future = affected(&bundle, "pypi", "django");
    let future = future.iter().find(|found| found.affected.advisory == "PYSEC-2014-5").unwrap();
    assert!(future.vulnerability.modified < Timestamp::parse("2026-12-31"));
    assert!(bundle.vulnerabilities().all(|found| found.modified < Timestamp::parse("2026-12-31")));
}

#[test]
fn advisories_of_alma_linux_are_about_the_cves_they_fix() {
    let (bundle, report) = Feeds::new().real("osv/AlmaLinux/all.zip").compile();
    let source = source(&report, "osv/AlmaLinux/all.zip");
    assert_eq!((source.records, source.quarantined_count), (5637, 0));
    let found = affected(&bundle, "almalinux:9", "openssl-libs");
    assert!(found.iter().all(|found| found.affected.named == Named::Binary));
    let flaw = found.iter().find(|found| found.affected.advisory == "ALSA-2023:0946").unwrap();
    assert!(flaw.vulnerability.id.starts_with("CVE-2022-4"), "{}", flaw.vulnerability.id);
    assert_eq!(flaw.vulnerability.family, NamespaceFamily::Rhel);
    assert_eq!(flaw.vulnerability.title, "openssl security and bug fix update");
    assert_eq!(
        (flaw.affected.severity.get(), flaw.affected.severity_rule, flaw.affected.state),
        (3, SeverityRule::VendorRating, FixState::Fixed)
    );
    // 1197 advisories about bugs and new packages fix no vulnerability.
    let bugs = |found: &str| found.starts_with("ALBA-") || found.starts_with("ALEA-");
    let kept: std::collections::BTreeSet<String> = bundle
        .vulnerabilities()
        .flat_map(|found| std::iter::once(found.id).chain(found.aliases).collect::<Vec<_>>())
        .filter(|id| bugs(id))
        .collect();
    assert_eq!(kept.len(), 3, "{kept:?}");
    // Its summary says `container-tools`; what it fixes is in one stream of it alone.
    let podman = affected(&bundle, "almalinux:8", "podman");
    let podman = podman.iter().find(|found| found.affected.advisory == "ALSA-2024:4246").unwrap();
    assert_eq!(podman.affected.module.as_deref(), Some("container-tools:rhel8"));
    let ruby = affected(&bundle, "almalinux:8", "ruby");
    let modules: std::collections::BTreeSet<_> =
        ruby.iter().filter_map(|found| found.affected.module.as_deref()).collect();
    assert!(modules.contains("ruby:2.5") && modules.contains("ruby:3.1"), "{modules:?}");
}

#[test]
fn other_distributions_name_their_releases_and_streams() {
    let dumps = ["Alpine", "Chainguard", "Debian", "Red Hat", "Rocky Linux", "Ubuntu", "Wolfi", "openEuler"];
    let mut feeds = Feeds::new();
    for dump in dumps {
        feeds = feeds.real(&format!("osv/{dump}/all.zip"));
    }
    let (bundle, report) = feeds.compile();
    for dump in dumps {
        assert_eq!(source(&report, &format!("osv/{dump}/all.zip")).quarantined_count, 0, "{dump}");
    }
    let musl = only(&bundle, "alpine:3.18", "musl", "CVE-2025-26519");
    assert_eq!((ranges(&musl), musl.affected.named), ("[0.9.13..1.2.4-r3)".into(), Named::Source));
    let wolfi = only(&bundle, "wolfi", "nri-memcached", "CVE-2024-34156");
    assert_eq!(wolfi.vulnerability.aliases, ["CGA-2c2h-8fj5-55vx"]);
    let debian = only(&bundle, "debian:9", "openssl", "CVE-2022-1292");
    assert_eq!((debian.affected.advisory.as_str(), debian.affected.versions.len()), ("DLA-3008-1", 0));
    let curl = only(&bundle, "ubuntu:22.04", "curl", "CVE-2023-38545");
    assert_eq!(
        (curl.affected.advisory.as_str(), curl.affected.severity.get(), curl.affected.severity_rule),
        ("UBUNTU-CVE-2023-38545", 4, SeverityRule::VendorRating)
    );
    // A record without the kind of its rating is Ubuntu's all the same.
    let dpkg = only(&bundle, "ubuntu:14.04:esm", "dpkg", "CVE-2025-6297");
    assert_eq!((dpkg.affected.severity.get(), dpkg.affected.state), (2, FixState::Affected));
    assert!(dpkg.affected.note.unwrap().starts_with("Only leaves temp files around"));
    let wayland = affected(&bundle, "ubuntu:18.04", "wayland");
    let notices: Vec<_> = wayland.iter().map(|found| found.affected.advisory.as_str()).collect();
    assert_eq!(notices, ["UBUNTU-CVE-2021-3782", "USN-5614-1"]);
    assert!(wayland.iter().all(|found| found.vulnerability.id == "CVE-2021-3782"));
    let withdrawn = only(&bundle, "ubuntu:14.04", "a2ps", "CVE-2001-1593");
    assert_eq!(withdrawn.affected.standing, Standing::Withdrawn);
    let lfs = affected(&bundle, "rhel:8.6:aus", "git-lfs");
    let built: Vec<_> = lfs.iter().map(|found| (found.affected.arches.join(","), ranges(found))).collect();
    assert_eq!(built, [("x86_64".to_owned(), "[..0:2.13.3-3.el8_6.1)".to_owned())]);
    assert!(affected(&bundle, "rhel:8", "git-lfs").is_empty());
    let ruby = affected(&bundle, "rocky:9", "ruby");
    assert_eq!(ruby.len(), 3);
    assert!(ruby.iter().all(|found| found.affected.module.as_deref() == Some("ruby:3.3")));
    let booth = only(&bundle, "openEuler:22.03", "booth", "CVE-2024-3049");
    assert_eq!((booth.affected.named, booth.affected.severity.get()), (Named::Source, 4));
}

#[test]
fn single_records_and_archives_of_all_ecosystems_are_read() {
    let npm = record(
        "GHSA-aaaa-bbbb-cccc",
        r#""affected": [
        {"package": {"ecosystem": "npm", "name": "a"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.1"}]}]},
        {"package": {"ecosystem": "PyPI", "name": "b"}, "versions": ["1.0"]},
        {"package": {"ecosystem": "Android", "name": "c"}, "versions": ["1.0"]}]"#,
    );
    let (bundle, report) = Feeds::new().file("osv/npm/GHSA-aaaa-bbbb-cccc.json", &npm).compile();
    assert_eq!(source(&report, "osv/npm/GHSA-aaaa-bbbb-cccc.json").records, 1);
    assert_eq!(ranges(&affected(&bundle, "npm", "a")[0]), "[..1.0.1)");
    assert!(affected(&bundle, "pypi", "b").is_empty(), "PyPI has a folder of its own");
    let whole = Feeds::new().osv(".", &[&npm]).file("x/advisory-database-1.tar", tar(&npm));
    let (bundle, report) = whole.compile();
    for path in ["osv/all.zip", "x/advisory-database-1.tar"] {
        assert_eq!(source(&report, path).records, 1, "{path}");
    }
    assert_eq!((affected(&bundle, "npm", "a").len(), affected(&bundle, "pypi", "b").len()), (1, 1));
    assert_eq!(
        affected(&bundle, "pypi", "b")[0].vulnerability.family,
        NamespaceFamily::Pypi,
        "one record for each family"
    );
    assert!(Feeds::new().file("osv/npm/package.json", "[]").try_compile().is_err());
}

fn tar(record: &str) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(record.len() as u64);
    header.set_mode(0o644);
    let path = "advisory-database-1/advisories/github-reviewed/2024/01/GHSA-a/GHSA-a.json";
    archive.append_data(&mut header, path, record.as_bytes()).unwrap();
    archive.into_inner().unwrap()
}

#[test]
fn unknown_events_are_counted_and_the_known_ones_count() {
    let odd = record(
        "GHSA-1",
        r#""affected": [{"package": {"ecosystem": "npm", "name": "a"},
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"mended": "1.5.0"}, {"fixed": "2.0.0"}]}]}]"#,
    );
    let (bundle, report) = Feeds::new().osv("npm", &[&odd]).compile();
    let source = source(&report, "osv/npm/all.zip");
    assert_eq!((source.records, source.quarantined_count), (1, 1));
    assert_eq!(source.quarantined[0].reason, "an event of an unknown kind is passed over");
    assert_eq!(ranges(&affected(&bundle, "npm", "a")[0]), "[1.0.0..2.0.0)");
}

#[test]
fn the_recorded_samples_of_other_projects_are_read() {
    let archive = shared().join("data/format-samples/osv-ghsa.tar.gz");
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::open(archive).unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(folder.path()).unwrap();
    let mut feeds = Feeds::new();
    for (name, ecosystem) in
        [("osv-npm", "npm"), ("osv-go", "Go"), ("osv-crates", "crates.io"), ("osv-nuget", "NuGet")]
    {
        let bytes = std::fs::read(folder.path().join("osv-ghsa").join(name).join("all.zip")).unwrap();
        feeds = feeds.file(&format!("osv/{ecosystem}/all.zip"), bytes);
    }
    let database = std::fs::read(folder.path().join("osv-ghsa/ghsa-maven/main.tar.gz")).unwrap();
    let (bundle, report) = feeds.file("ghsa/advisory-database-main.tar.gz", database).compile();
    assert!(report.sources.iter().all(|source| source.quarantined_count == 0), "{:?}", report.sources);
    assert!(bundle.manifest().namespaces.contains_key("maven"));
}

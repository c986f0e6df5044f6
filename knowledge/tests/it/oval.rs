//! OVAL of every publisher: the real samples, whose tuples of definition, package, version and module a Python script over
//! the same files confirmed one by one, and small hand-written ones.

use knowledge::{Bundle, CompileReport};
use model::{FixState, Named, NamespaceFamily, Severity, SeverityRule, Timestamp};

use crate::real::format_sample;
use crate::support::{Feeds, affected, only, ranges, skipped, source};

fn rpm_sample(member: &str) -> Vec<u8> {
    format_sample("rpm-distros.tar.gz", member)
}

fn read(report: &CompileReport, path: &str) -> (&'static str, u64, u64) {
    let source = source(report, path);
    (source.feed, source.records, source.quarantined_count)
}

fn statements(bundle: &Bundle, namespace: &str) -> u64 {
    bundle.manifest().namespaces.get(namespace).map_or(0, |counts| counts.statements)
}

/// A definition with a criterion for openssl after one for the product.
fn document(prefix: &str, class: &str, metadata: &str, product: &str, package: &str, rest: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5">
        <generator><timestamp>2024-02-01T00:00:00</timestamp></generator><definitions>
        <definition id="oval:{prefix}:def:1" class="{class}"><metadata>{metadata}</metadata>
        <criteria operator="AND"><criterion test_ref="t1" comment="{product}"/>{package}</criteria></definition>
        </definitions>{rest}</oval_definitions>"#
    )
}

#[test]
fn the_samples_of_oracle_keep_ksplice_and_machines_apart() {
    let normal = "oval/oracle-linux-sample.oval.xml.bz2";
    let ksplice = "oval/oracle-linux-ksplice-sample.oval.xml.bz2";
    let (bundle, report) = Feeds::new().real(normal).real(ksplice).compile();
    assert_eq!(read(&report, normal), ("oracle", 3, 0));
    assert_eq!(read(&report, ksplice), ("oracle", 1, 0));
    // Both architectures were built twice, at different revisions.
    let mut rsyslog = affected(&bundle, "ol:7", "rsyslog");
    rsyslog.sort_by_key(|found| found.affected.arches.clone());
    let told: Vec<_> = rsyslog.iter().map(|found| (ranges(found), found.affected.arches.join(" "))).collect();
    assert_eq!(
        told,
        [
            ("[..8.24.0-57.0.4.el7_9.3)".to_owned(), "aarch64 noarch".to_owned()),
            ("[..8.24.0-57.0.1.el7_9.3)".to_owned(), "noarch x86_64".to_owned())
        ]
    );
    let first = &rsyslog[0];
    assert_eq!(
        (first.affected.advisory.as_str(), first.vulnerability.id.as_str()),
        ("ELSA-2022-4803", "CVE-2022-24903")
    );
    assert_eq!(
        (first.affected.base_severity.get(), first.affected.severity_rule),
        (4, SeverityRule::VendorRating)
    );
    assert_eq!(first.vulnerability.cvss3.as_ref().map(|cvss| cvss.base), Some(8.1));
    assert_eq!(first.vulnerability.published, Timestamp::parse("2022-05-31"));
    // One fix for all machines is not limited to any.
    let firefox = affected(&bundle, "ol:10", "firefox");
    assert!(
        firefox.iter().all(|found| found.affected.arches.is_empty() && !found.affected.ranges.is_empty())
    );
    assert_eq!(affected(&bundle, "ol:8", "openssl").len(), 0);
    let apart = only(&bundle, "ol:8:ksplice", "openssl", "CVE-2021-3450");
    assert_eq!(ranges(&apart), "[..2:1.1.1g-15.ksplice1.el8_3)");
    assert_eq!(apart.vulnerability.family, NamespaceFamily::Oracle);
    let module = rpm_sample("oracle-oval/com.oracle.elsa-all.xml.bz2");
    let (bundle, report) = Feeds::new().file("x/com.oracle.elsa-all.xml.bz2", module).compile();
    assert_eq!(read(&report, "x/com.oracle.elsa-all.xml.bz2"), ("oracle", 2, 0));
    let hivex = only(&bundle, "ol:8", "hivex", "CVE-2022-4144");
    assert_eq!(hivex.affected.module.as_deref(), Some("virt:kvm_utils"));
    assert_eq!(ranges(&hivex), "[..1.3.18-21.module+el8.7.0+21037+8ee66348)");
}

#[test]
fn azure_linux_is_read_whole_by_source_packages() {
    let (three, one) = ("azurelinux/azurelinux-3.0-oval.xml.gz", "azurelinux/cbl-mariner-1.0-oval.xml.gz");
    let (bundle, report) = Feeds::new().real(three).real(one).compile();
    assert_eq!(read(&report, three), ("azure", 1222, 0));
    assert_eq!(read(&report, one), ("azure", 2252, 0));
    assert_eq!(source(&report, three).date, Timestamp::parse("2024-10-10"));
    let fixed = only(&bundle, "azurelinux:3.0", "oath-toolkit", "CVE-2024-47191");
    assert_eq!((ranges(&fixed), fixed.affected.named), ("[..2.6.7-3.azl3)".into(), Named::Source));
    assert_eq!(fixed.affected.base_severity.get(), 4);
    // The file has a blank within this version.
    assert_eq!(ranges(&only(&bundle, "azurelinux:3.0", "golang", "CVE-2023-39323")), "[..1.20.10-1.azl3)");
    let open = only(&bundle, "mariner:1.0", "kernel", "CVE-2023-23039");
    assert_eq!((ranges(&open), open.affected.state), ("[..5.10.189.1-1.cm1]".into(), FixState::Affected));
    let text = rpm_sample("azurelinux-oval-2/mariner-truncated-2.0-oval.xml");
    let (bundle, _) =
        Feeds::new().file("a/cbl-mariner-2.0-oval.xml", &text).file("a/oval.xml", &text).compile();
    let golang = only(&bundle, "mariner:2.0", "golang", "CVE-2023-29404");
    assert_eq!(ranges(&golang), "[1.19.0.cm2..1.20.7-1.cm2)");
    let never = only(&bundle, "mariner:2.0", "glibc", "CVE-2023-0687");
    assert_eq!(
        (never.affected.state, never.affected.note.as_deref()),
        (FixState::NotAffected, Some("not applicable"))
    );
    let (_, report) =
        Feeds::new().file("a/cbl-mariner-2.0-oval.xml", &text).file("b/oval.xml", &text).compile();
    assert!(skipped(&report, "b/oval.xml").contains("does not tell the release"));
}

#[test]
fn the_samples_of_suse_are_read_with_products_and_positions() {
    let names = [
        ("oval/opensuse-leap-micro-5.3-2023-02-08.oval.xml.bz2", 103, 1),
        ("oval/opensuse-leap-micro-5.3-b-2023-02-08.oval.xml.bz2", 43, 0),
        ("oval/opensuse-leap-micro-5.3-c-2023-01-18.oval.xml.bz2", 32, 0),
        ("oval/sles15-sample-2021-07-16.oval.xml.bz2", 4, 0),
    ];
    let feeds = names.iter().fold(Feeds::new(), |feeds, (name, _, _)| feeds.real(name));
    let (bundle, report) = feeds.compile();
    for (name, records, quarantined) in names {
        assert_eq!(read(&report, name), ("suse-oval", records, quarantined));
    }
    let patched = affected(&bundle, "opensuse-leap-micro:5.3", "libpython3_6m1_0");
    let one = patched.iter().find(|found| found.vulnerability.id == "CVE-2019-18348").unwrap();
    assert_eq!(ranges(one), "[..3.6.15-150300.10.37.2)");
    assert_eq!((one.affected.advisory.as_str(), one.affected.base_severity.get()), ("CVE-2019-18348", 3));
    assert_eq!(one.vulnerability.cvss3.as_ref().map(|cvss| cvss.base), Some(6.1));
    let clean = only(&bundle, "sles:15", "kernel-source", "CVE-1999-0524");
    assert_eq!((clean.affected.state, ranges(&clean)), (FixState::NotAffected, String::new()));
    let restricted = only(&bundle, "sles:15:ltss", "kernel-default", "CVE-2021-29154");
    assert_eq!(ranges(&restricted), "[..4.12.14-150.72.1)");
    assert_eq!(restricted.affected.arches, ["aarch64", "ppc64le", "s390x", "x86_64"]);
    let (bundle, _) = Feeds::new()
        .file("s/a.xml.gz", rpm_sample("suse-oval/happy/suse.linux.enterprise.micro.5-affected.xml.gz"))
        .file("s/b.xml.gz", rpm_sample("suse-oval/happy/suse.linux.enterprise.server.9.xml.gz"))
        .file("s/c.xml.gz", rpm_sample("suse-oval/happy/opensuse.tumbleweed.xml.gz"))
        .compile();
    assert_eq!(statements(&bundle, "sle-micro:5.3"), 3);
    let vim = affected(&bundle, "sle-micro:5.5", "vim-small");
    assert_eq!(vim.iter().map(ranges).collect::<Vec<_>>(), ["[..9.0.1632-150500.20.3.1)"]);
    assert_eq!(ranges(&only(&bundle, "sles:9", "tar", "CVE-2001-1267")), "[..1.13.25-325.10)");
    assert_eq!(statements(&bundle, "opensuse-tumbleweed"), 6);
}

#[test]
fn the_samples_of_red_hat_are_read_with_modules_streams_and_positions() {
    let (old, eight) =
        ("oval/redhat-all-2019-07-23.oval.xml.bz2", "oval/redhat-rhel8-2019-11-13.oval.xml.bz2");
    let sample = "oval/redhat-rhel8-sample-2024-01-17.oval.xml.bz2";
    let (bundle, report) = Feeds::new().real(old).real(eight).real(sample).compile();
    assert_eq!(read(&report, old), ("redhat-oval", 327, 0));
    assert_eq!(read(&report, eight), ("redhat-oval", 129, 0));
    assert_eq!(read(&report, sample), ("redhat-oval", 10, 0));
    let htdig = affected(&bundle, "rhel:3", "htdig");
    let told: Vec<_> = htdig.iter().map(|f| (f.affected.advisory.as_str(), ranges(f))).collect();
    assert!(told.contains(&("RHBA-2007:0026", "[..2:3.1.6-7.el3)".to_owned())), "{told:?}");
    let firefox = affected(&bundle, "rhel:8", "firefox");
    let own = firefox.iter().find(|found| found.affected.advisory == "RHSA-2019:0966").unwrap();
    assert_eq!((ranges(own), own.affected.named), ("[..60.6.1-1.el8)".into(), Named::Binary));
    // Each CVE of an advisory keeps its own rating, score and weaknesses.
    let severity = |cve: &str| {
        let mut of_cve = firefox.iter().filter(|found| found.vulnerability.id == cve);
        of_cve
            .find(|found| found.affected.advisory == "RHSA-2019:0966")
            .map(|found| found.affected.base_severity.get())
    };
    assert_eq!(
        ["CVE-2018-18506", "CVE-2019-9788", "CVE-2019-9793"].map(severity),
        [Some(3), Some(5), Some(4)]
    );
    let base = |cve: &str| {
        let found = firefox.iter().find(|found| found.vulnerability.id == cve).unwrap();
        (found.vulnerability.cvss3.as_ref().map(|cvss| cvss.base), found.vulnerability.cwes.join(" "))
    };
    assert_eq!(base("CVE-2018-18506"), (Some(6.1), "CWE-200".to_owned()));
    assert_eq!(base("CVE-2019-9788"), (Some(8.8), "CWE-120".to_owned()));
    let mut modules: Vec<_> = affected(&bundle, "rhel:8", "pg_repack")
        .into_iter()
        .filter(|found| found.vulnerability.id == "CVE-2023-5869")
        .map(|found| (found.affected.module.clone().unwrap_or_default(), ranges(&found)))
        .collect();
    modules.sort();
    let expected = [
        ("postgresql:12", "[..1.4.6-3.module+el8.9.0+19330+c97ddbdf)"),
        ("postgresql:13", "[..1.4.6-3.module+el8.9.0+20664+9c30cf7f)"),
    ];
    assert_eq!(modules[..2], expected.map(|(module, range)| (module.to_owned(), range.to_owned())));
    // The advisories of 2019 name the module in their title alone.
    let judy = affected(&bundle, "rhel:8", "Judy");
    assert_eq!(judy[0].affected.module.as_deref(), Some("mariadb:10.3"));
    let nine = rpm_sample("RHEL9/rhel-9-including-unpatched.oval.xml.bz2");
    let engine = rpm_sample("RHEL8/ansible-2-including-unpatched.oval.xml.bz2");
    let (bundle, _) = Feeds::new()
        .file("r/nine.xml.bz2", nine)
        .file("r/ansible-2-including-unpatched.oval.xml.bz2", engine)
        .compile();
    let tar = only(&bundle, "rhel:9", "tar", "CVE-2005-2541");
    assert_eq!(
        (tar.affected.state, tar.affected.note.as_deref()),
        (FixState::WillNotFix, Some("Will not fix"))
    );
    assert_eq!(
        (ranges(&tar), tar.vulnerability.title.as_str()),
        ("[..)".into(), "tar: does not properly warn the user when extracting setuid or setgid files")
    );
    assert_eq!(only(&bundle, "rhel:9", "zlib-devel", "CVE-2002-0059").affected.state, FixState::NotAffected);
    // Two advisories, one of them on two CVEs; and what is not fixed, which only the file's name places.
    assert_eq!(statements(&bundle, "rhel:8:ansible_engine-2.9"), 6);
    assert_eq!(statements(&bundle, "rhel:8:ansible-2"), 6);
    assert_eq!(statements(&bundle, "rhel:8"), 0);
}

#[test]
fn the_samples_of_the_others_are_read_whole() {
    let (photon, debian) =
        ("oval/photon-3-2020-02-20.oval.xml.bz2", "oval/debian-bullseye-sample-2022-07-12.oval.xml.bz2");
    let (bundle, report) = Feeds::new()
        .real(photon)
        .real(debian)
        .file("alma/org.almalinux.alsa-9.xml.bz2", rpm_sample("alma-oval/org.almalinux.alsa-9.xml.bz2"))
        .compile();
    assert_eq!(read(&report, photon), ("photon", 222, 0));
    let sqlite = only(&bundle, "photon:3.0", "sqlite-libs", "CVE-2019-16168");
    assert_eq!(
        (sqlite.affected.advisory.as_str(), ranges(&sqlite)),
        ("PHSA:00001:3.0:0036", "[..3.27.2-5.ph3)".into())
    );
    // Version 0 stands for "open" and for "never affected" in Debian's OVAL.
    assert_eq!(read(&report, debian), ("debian-oval", 3, 1));
    assert_eq!(source(&report, debian).quarantined[0].record, "CVE-2016-5416");
    let php: Vec<_> = affected(&bundle, "debian:11", "php7.4").iter().map(ranges).collect();
    assert_eq!(php.first().map(String::as_str), Some("[..7.4.30-1+deb11u1)"));
    let npm = affected(&bundle, "almalinux:9", "npm");
    assert!(npm.iter().all(|found| found.affected.module.as_deref() == Some("nodejs:18")) && !npm.is_empty());
}

#[test]
fn the_samples_of_canonical_name_source_packages_and_streams() {
    let old = "oval/ubuntu-bionic-sample-2020-05-11.oval.xml.bz2";
    let sample = |name: &str| format_sample("debian-ubuntu.tar.gz", &format!("ubuntu-oval/{name}"));
    let (bundle, report) = Feeds::new()
        .real(old)
        .file("u/a.xml.bz2", sample("oci.com.ubuntu.jammy.cve.oval.xml.bz2"))
        .file("u/b.xml.bz2", sample("oci.com.ubuntu.fips-updates_jammy.pkg.oval.xml.bz2"))
        .file("u/c.xml.bz2", sample("oci.com.ubuntu.jammy.usn.oval.xml.bz2"))
        .compile();
    assert_eq!(read(&report, old), ("ubuntu-oval", 2, 0));
    let potrace = only(&bundle, "ubuntu:18.04", "potrace", "CVE-2016-8703");
    assert_eq!((ranges(&potrace), potrace.affected.named), ("[..1.14-2)".into(), Named::Source));
    assert_eq!(potrace.affected.base_severity.get(), 3);
    let openssh = only(&bundle, "ubuntu:22.04", "openssh", "CVE-2023-48795");
    assert_eq!(ranges(&openssh), "[..1:8.9p1-3ubuntu0.5)");
    let fips = only(&bundle, "ubuntu:22.04:fips-updates", "openssh", "CVE-2023-48795");
    assert_eq!(ranges(&fips), "[..1:8.9p1-3ubuntu0.5)");
    let notice = only(&bundle, "ubuntu:22.04", "libssh-gcrypt-4", "CVE-2023-48795");
    assert_eq!((notice.affected.named, notice.affected.advisory.as_str()), (Named::Binary, "USN-6561-1"));
    assert_eq!(statements(&bundle, "ubuntu:22.04"), 7);
}

#[test]
fn a_branch_that_is_not_understood_says_nothing_and_is_reported() {
    let metadata = r#"<title>ELSA-2024-1: x security update (LOW)</title><reference source="elsa" ref_id="ELSA-2024-1"/>
        <reference source="CVE" ref_id="CVE-2024-0001"/><advisory><severity>LOW</severity></advisory>"#;
    let package = r#"<criteria operator="OR"><criterion test_ref="t2" comment="good is earlier than 0:2-1"/>
        <criteria operator="AND"><criterion test_ref="t3" comment="the moon is full"/>
        <criterion test_ref="t4" comment="bad is earlier than 0:2-1"/></criteria></criteria>"#;
    let text = document("com.oracle.elsa", "patch", metadata, "Oracle Linux 8 is installed", package, "");
    let (bundle, report) = Feeds::new().file("o/elsa.xml", text).compile();
    assert_eq!(read(&report, "o/elsa.xml"), ("oracle", 1, 1));
    assert!(source(&report, "o/elsa.xml").quarantined[0].reason.contains("the moon is full"));
    assert_eq!(ranges(&only(&bundle, "ol:8", "good", "CVE-2024-0001")), "[..2-1)");
    assert!(affected(&bundle, "ol:8", "bad").is_empty());
}

#[test]
fn a_test_is_believed_more_than_its_comment() {
    let metadata = r#"<title>CVE-2024-0001</title><advisory><severity>Critical</severity></advisory>"#;
    let rest = r#"<tests><rpminfo_test id="t2"><object object_ref="o2"/><state state_ref="s2"/></rpminfo_test></tests>
        <objects><rpminfo_object id="o2"><name>zlib</name></rpminfo_object></objects>
        <states><rpminfo_state id="s2"><evr operation="less than">1:5-1</evr></rpminfo_state></states>"#;
    let package = r#"<criterion test_ref="t2" comment="zlib-5-1 is installed"/>"#;
    let product = "SUSE Linux Enterprise Server 15 SP4 is installed";
    let text = document("org.opensuse.security", "vulnerability", metadata, product, package, rest);
    let (bundle, _) = Feeds::new().file("s/suse.xml", text).compile();
    let found = only(&bundle, "sles:15.4", "zlib", "CVE-2024-0001");
    assert_eq!((ranges(&found), found.affected.severity), ("[..1:5-1)".into(), Severity::URGENT));
}

#[test]
fn a_file_cut_short_leaves_nothing_behind() {
    let metadata = "<title>CVE-2024-0001</title>";
    let package = r#"<criterion test_ref="t2" comment="zlib-5-1 is installed"/>"#;
    let text = document(
        "org.opensuse.security",
        "vulnerability",
        metadata,
        "openSUSE Leap 15.4 is installed",
        package,
        "",
    );
    let (bundle, report) = Feeds::new()
        .file("a/whole.xml", &text)
        .file("b/cut.xml", text[..text.len() - 30].replace("CVE-2024-0001", "CVE-2024-0002"))
        .compile();
    let reason = skipped(&report, "b/cut.xml");
    assert!(reason.starts_with("it cannot be read as suse-oval: "), "{reason}");
    let found = affected(&bundle, "opensuse-leap:15.4", "zlib");
    assert_eq!(found.iter().map(|f| f.vulnerability.id.as_str()).collect::<Vec<_>>(), ["CVE-2024-0001"]);
}

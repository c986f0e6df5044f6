//! Update notices of RPM repositories: the real samples, whose statements a Python script over the same files confirmed one by
//! one (1,224 of advisory, CVE, release, package, architecture, version and module stream), and small hand-written ones.

use std::fs;
use std::path::Path;

use knowledge::{Bundle, CompileReport};
use model::{FixState, Named, NamespaceFamily, Standing, Timestamp};

use crate::support::{Feeds, affected, only, ranges, shared, skipped, source};

/// Unpacks a folder of the samples of RPM distributions and compiles it.
fn sample(folder: &str) -> (Bundle, CompileReport) {
    let feeds = Feeds::new();
    let archive = fs::File::open(shared().join("data/format-samples/rpm-distros.tar.gz")).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let inside =
            path.strip_prefix("./").unwrap_or(&path).strip_prefix("rpm-distros").unwrap_or(&path).to_owned();
        if inside.starts_with(folder) && entry.header().entry_type().is_file() {
            let target = feeds.path().join(&inside);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            entry.unpack(target).unwrap();
        }
    }
    feeds.compile()
}

/// How many statements there are in each namespace.
fn counts(bundle: &Bundle) -> Vec<(String, u64)> {
    bundle.manifest().namespaces.iter().map(|(name, counts)| (name.clone(), counts.statements)).collect()
}

fn expected(counts: &[(&str, u64)]) -> Vec<(String, u64)> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn amazons_notices_of_every_release_are_read_whole() {
    let (bundle, report) = sample("amazon-updateinfo");
    let all = [
        ("amzn:2", 197),
        ("amzn:2018.03", 1),
        ("amzn:2022", 8),
        ("amzn:2023", 49),
        ("amzn:2:kernel-5.15", 13),
    ];
    assert_eq!(counts(&bundle), expected(&all));
    assert_eq!(
        skipped(&report, "amazon-updateinfo/repomd_valid.xml"),
        "a repository's table of contents is not needed"
    );

    let first = only(&bundle, "amzn:2018.03", "httpd-devel", "CVE-2011-3192");
    assert_eq!(
        (first.affected.advisory.as_str(), ranges(&first)),
        ("ALAS-2011-1", "[..2.2.21-1.18.amzn1)".into())
    );
    assert_eq!(
        (first.affected.arches.as_slice(), first.affected.named),
        (&["i686".to_owned()][..], Named::Binary)
    );
    assert_eq!((first.affected.state, first.affected.base_severity.get()), (FixState::Fixed, 3));
    assert_eq!(first.vulnerability.published, Timestamp::parse("2011-09-27T22:46:00Z"));
    assert_eq!(first.vulnerability.modified, Timestamp::parse("2014-09-14T14:25:00Z"));
    assert_eq!(first.vulnerability.family, NamespaceFamily::Amazon);
    assert_eq!(first.vulnerability.references[0], "https://alas.aws.amazon.com/ALAS-2011-1.html");

    let rsyslog = only(&bundle, "amzn:2023", "rsyslog", "CVE-2022-24903");
    assert_eq!(rsyslog.affected.arches, ["aarch64", "i686", "x86_64"]);
    assert_eq!(
        (ranges(&rsyslog), rsyslog.affected.base_severity.get()),
        ("[..8.2204.0-3.amzn2023.0.2)".into(), 4)
    );
    let vim = only(&bundle, "amzn:2022", "vim-common-debuginfo", "CVE-2021-3778");
    assert_eq!(vim.affected.fix_version.as_deref(), Some("2:8.2.3512-1.amzn2022"));
    let toolkit = only(&bundle, "amzn:2023", "libnvidia-container-tools", "CVE-2025-23359");
    assert_eq!(toolkit.affected.advisory, "ALAS2023NVIDIA-2025-001");
}

#[test]
fn a_topics_kernel_is_not_compared_with_the_cores() {
    let (bundle, _) = sample("amazon-updateinfo");
    let topic = only(&bundle, "amzn:2", "kernel", "CVE-2022-1015");
    assert_eq!(ranges(&topic), "[5.15..5.15.43-20.123.amzn2)");
    assert_eq!(topic.affected.note.as_deref(), Some("Extras topic kernel-5.15"));
    let core = only(&bundle, "amzn:2", "kernel", "CVE-2017-5754");
    assert_eq!((ranges(&core), core.affected.base_severity.get()), ("[..4.9.76-38.79.amzn2)".into(), 5));
    // A package of the topic that does not carry its version stays apart.
    let patch = affected(&bundle, "amzn:2:kernel-5.15", "kernel-livepatch-5.15.43-20.123");
    assert_eq!(patch.len(), 13);
}

#[test]
fn rockys_notices_and_errata_are_read_whole() {
    let (bundle, report) = sample("rocky-updateinfo");
    assert_eq!(counts(&bundle), expected(&[("rocky:8", 1), ("rocky:9", 2)]));
    let openssl = only(&bundle, "rocky:8", "openssl", "CVE-2022-0778");
    assert_eq!(
        (openssl.affected.advisory.as_str(), ranges(&openssl)),
        ("RLSA-2022:1234", "[..1:1.1.1k-6.el8_5)".into())
    );
    // The notice names no module; the list of modules beside it does.
    let mariadb = only(&bundle, "rocky:9", "mariadb", "CVE-2022-47015");
    assert_eq!(mariadb.affected.module.as_deref(), Some("mariadb:10.5"));
    assert_eq!(ranges(&mariadb), "[..3:10.5.16-2.module+el9.1.0+13358+56c3b6a3)");
    let repository = "rocky-updateinfo/corruptcrc/pub/rocky/9/BaseOS/x86_64/os/repodata";
    assert!(skipped(&report, &format!("{repository}/corrupt-updateinfo.xml.gz")).contains("checksum"));
    let odd = source(
        &report,
        "rocky-updateinfo/badid/pub/rocky/9/BaseOS/x86_64/os/repodata/badid-updateinfo.xml.gz",
    );
    assert_eq!((odd.records, odd.quarantined[0].record.as_str()), (0, "NOT-A-VALID-ADVISORY-ID"));

    let (bundle, report) = sample("rocky-updateinfo-2");
    assert_eq!(counts(&bundle), expected(&[("rocky:8", 6)]));
    let ruby = only(&bundle, "rocky:8", "rubygem-abrt", "CVE-2019-8324");
    assert_eq!(
        (ruby.affected.module.as_deref(), ruby.affected.arches.as_slice()),
        (Some("ruby:2.6"), &["noarch".to_owned()][..])
    );
    assert_eq!(source(&report, "rocky-updateinfo-2/fixtures/happy/updateinfo.xml").records, 4);

    let (bundle, report) = sample("rocky-errata");
    assert_eq!(counts(&bundle), expected(&[("rocky:10", 11)]));
    let delve = only(&bundle, "rocky:10", "delve", "CVE-2025-58183");
    assert_eq!(
        (ranges(&delve), delve.affected.arches.join(" ")),
        ("[..1.25.2-1.el10_1)".into(), "aarch64 ppc64le x86_64".into())
    );
    assert_eq!(source(&report, "rocky-errata/happy/page2.json").records, 1);
}

#[test]
fn almalinux_notices_and_errata_are_read_whole() {
    let (bundle, _) = sample("alma-updateinfo");
    assert_eq!(counts(&bundle), expected(&[("almalinux:9", 2)]));
    let nodejs = only(&bundle, "almalinux:9", "nodejs", "CVE-2023-44487");
    assert_eq!((ranges(&nodejs), nodejs.affected.base_severity.get()), ("[..1:18.18.2-1.el9)".into(), 3));

    let (bundle, _) = sample("alma-errata-2");
    assert_eq!(counts(&bundle), expected(&[("almalinux:8", 13)]));
    // Its builds for 8.3 and for 8.4 are listed; who has the older one is not affected either.
    let iscsi = only(&bundle, "almalinux:8", "libiscsi", "CVE-2019-11135");
    assert_eq!(
        (iscsi.affected.module.as_deref(), ranges(&iscsi)),
        (Some("virt:rhel"), "[..1.18.0-8.module_el8.3.0+2048+e7a0a3ea)".into())
    );

    let (bundle, report) = sample("alma-errata");
    assert_eq!(counts(&bundle), expected(&[("almalinux:8", 72)]));
    let streams = affected(&bundle, "almalinux:8", "Judy")
        .into_iter()
        .filter(|found| found.vulnerability.id == "CVE-2019-2510");
    let mut streams: Vec<String> = streams.map(|found| found.affected.module.unwrap_or_default()).collect();
    streams.dedup();
    assert_eq!(streams, ["mariadb-devel:10.3", "mariadb:10.3", "mariadb:10.5"]);
    assert_eq!(
        source(&report, "alma-errata/errata.full.json").date,
        Timestamp::parse("2022-04-28T10:46:58Z")
    );
}

#[test]
fn fedoras_notices_are_read_in_every_compression() {
    let (bundle, report) = sample("fedora-updateinfo");
    assert_eq!(counts(&bundle), [], "the only notice about security lists no package");
    let mut files: Vec<(&str, u64)> = report
        .sources
        .iter()
        .map(|source| (source.path.extension().unwrap().to_str().unwrap(), source.records))
        .collect();
    files.sort_unstable();
    assert_eq!(files, [("bz2", 1), ("xz", 1), ("zst", 1)]);
}

/// A notice of Fedora with one package, `rest` behind its title.
fn fedora(id: &str, head: &str, rest: &str) -> String {
    format!(
        r#"<update {head} version="2.0"><id>{id}</id><title>nginx-1.0-1</title><issued date="2024-02-27 02:07:15"/>{rest}</update>"#
    )
}

const PACKAGE: &str = r#"<pkglist><collection short="F39"><name>Fedora 39</name>
    <package name="nginx" version="1.0" release="1.fc39" epoch="1" arch="x86_64"/>
    <package name="nginx" version="1.0" release="1.fc39" epoch="1" arch="src"/></collection></pkglist>"#;

#[test]
fn fedoras_flaws_are_named_by_bugs_and_unreleased_fixes_stay_apart() {
    let bugs = r#"<release>Fedora 39</release><severity>Important</severity><references>
        <reference id="1" type="bugzilla" title="CVE-2024-1001 nginx: flaw &amp; more [fedora-39]" href="https://bugzilla.redhat.com/1"/>
        <reference id="2" type="bugzilla" title="nginx 1.0 is out"/></references>"#;
    let list = [
        fedora("FEDORA-2024-aaaaaaaaaa", r#"type="security" status="stable""#, &format!("{bugs}{PACKAGE}")),
        fedora("FEDORA-2024-bbbbbbbbbb", r#"type="security" status="testing""#, &format!("{bugs}{PACKAGE}")),
        fedora("FEDORA-2024-cccccccccc", r#"type="bugfix" status="stable""#, &format!("{bugs}{PACKAGE}")),
        fedora(
            "FEDORA-2024-dddddddddd",
            r#"type="security" status="stable""#,
            &format!("<description>Mends CVE-2024-1002.</description>{PACKAGE}"),
        ),
        fedora("FEDORA-2024-eeeeeeeeee", r#"type="security" status="stable""#, PACKAGE),
    ];
    let (bundle, report) = Feeds::new()
        .file("updates/39/updateinfo.xml", format!("<updates>{}</updates>", list.concat()))
        .compile();
    let found = only(&bundle, "fedora:39", "nginx", "CVE-2024-1001");
    assert_eq!(
        (found.affected.advisory.as_str(), ranges(&found)),
        ("FEDORA-2024-aaaaaaaaaa", "[..1:1.0-1.fc39)".into())
    );
    assert_eq!(
        (found.affected.base_severity.get(), found.affected.arches.as_slice()),
        (4, &["x86_64".to_owned()][..])
    );
    let testing = only(&bundle, "fedora:39:testing", "nginx", "CVE-2024-1001");
    assert_eq!(testing.affected.advisory, "FEDORA-2024-bbbbbbbbbb");
    assert_eq!(
        only(&bundle, "fedora:39", "nginx", "CVE-2024-1002").affected.advisory,
        "FEDORA-2024-dddddddddd"
    );
    let unnamed = only(&bundle, "fedora:39", "nginx", "FEDORA-2024-eeeeeeeeee");
    assert_eq!(unnamed.affected.base_severity.get(), 3);
    let file = source(&report, "updates/39/updateinfo.xml");
    assert_eq!((file.feed, file.records, file.quarantined_count), ("updateinfo", 5, 0));
}

/// A notice of Rocky Linux about `package`.
fn rocky(id: &str, head: &str, release: &str, package: &str) -> String {
    format!(
        r#"<update {head}><id>{id}</id><updated date="2024-02-27 02:07:15"/><release>{release}</release><severity>Moderate</severity>
           <references><reference id="CVE-2024-1001" type="cve"/></references>
           <pkglist><collection short="x"><name>x</name>{package}</collection></pkglist></update>"#
    )
}

#[test]
fn what_cannot_be_told_is_set_aside_and_what_was_taken_back_never_applies() {
    let package = |release: &str| {
        format!(r#"<package name="a" version="1" release="{release}" epoch="0" arch="x86_64"/>"#)
    };
    let security = r#"type="security" status="final""#;
    let list = [
        rocky("RLSA-2024:0001", security, "", &package("1")),
        rocky("RLSA-2024:0002", security, "Rocky Linux 9", &package("2.module+el9.1.0+13358+56c3b6a3")),
        rocky("RLSA-2024:0003", r#"type="security" status="retracted""#, "Rocky Linux 9", &package("3.el9")),
        rocky("ELSA-2024-0004", security, "Oracle Linux 9", &package("4.el9")),
        rocky("RXSA-2024:0005", security, "Rocky Linux 9", &package("5.el9.cloud")),
        rocky(
            "RLSA-2024:0006",
            security,
            "Rocky Linux 9",
            r#"<package name="a b" version="1" release="1" arch="x86_64"/>"#,
        ),
        rocky(
            "RLSA-2024:0007",
            security,
            "Rocky Linux 9",
            r#"<package name="b" version="" release="1" arch="x86_64"/>"#,
        ),
        rocky("RLSA-2024:0008", security, "Rocky Linux 9", "<module name=\"m\"/>"),
        rocky("RLSA-2024:0009", security, "Rocky Linux 9", "<package"),
    ];
    let text = format!("<updates>{}</updates>", list.concat());
    let (bundle, report) = Feeds::new().file("errata/updateinfo.xml", text).compile();
    let file = source(&report, "errata/updateinfo.xml");
    let aside: Vec<&str> = file.quarantined.iter().map(|aside| aside.reason.as_str()).collect();
    assert_eq!(aside.len(), 7, "{aside:?}");
    assert_eq!(aside[0], "the release that it is about is nowhere told");
    assert!(aside[1].starts_with("it was built for a module"), "{}", aside[1]);
    assert_eq!(file.quarantined[2].record, "ELSA-2024-0004");
    let withdrawn = only(&bundle, "rocky:9", "a", "CVE-2024-1001");
    assert_eq!(
        (withdrawn.affected.advisory.as_str(), withdrawn.affected.standing),
        ("RLSA-2024:0003", Standing::Withdrawn)
    );
    assert_eq!(affected(&bundle, "rocky:9:sig-cloud", "a").len(), 1);
}

#[test]
fn a_list_cut_short_is_left_out_and_named() {
    let whole =
        format!("<updates>{}</updates>", fedora("FEDORA-2024-aaaaaaaaaa", r#"type="security""#, PACKAGE));
    let (_, report) = Feeds::new()
        .file("whole/updateinfo.xml", &whole)
        .file("cut/updateinfo.xml", &whole[..whole.len() - 12])
        .compile();
    assert_eq!(skipped(&report, "cut/updateinfo.xml"), "it cannot be read as updateinfo: it was cut short");
    assert_eq!(report.sources[0].path, Path::new("whole/updateinfo.xml"));
}

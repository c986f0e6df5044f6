//! SUSE's CSAF documents: the real sample, whose statements a Python script over the same documents confirmed one by one,
//! and a small hand-written one.

use model::{FixState, Named};

use crate::real::format_sample;
use crate::support::{Feeds, affected, only, ranges, source};

const SAMPLE: &str = "suse-csaf/csaf-suse-sample.tar.zst";

#[test]
fn advisories_and_vex_are_read_whole() {
    let (bundle, report) = Feeds::new().real(SAMPLE).compile();
    let sample = source(&report, SAMPLE);
    assert_eq!((sample.feed, sample.records, sample.quarantined_count), ("suse-csaf", 6, 0));
    let statements = |namespace: &str| bundle.manifest().namespaces[namespace].statements;
    let counts = ["sles:15.4", "sles:12.5", "sles:15.1:ltss", "opensuse-tumbleweed"].map(statements);
    assert_eq!(counts, [25, 23, 71, 31]);

    let samba = only(&bundle, "opensuse-tumbleweed", "samba-client-libs", "CVE-2023-5568");
    assert_eq!((samba.affected.state, samba.affected.named), (FixState::Fixed, Named::Binary));
    assert_eq!(ranges(&samba), "[..4.19.2+git.322.7e9201cef5-1.1)");
    assert_eq!((samba.affected.feed.as_str(), samba.affected.base_severity.get()), ("suse-vex", 3));
    let micro = only(&bundle, "sl-micro:6.0", "samba-client-libs", "CVE-2023-5568");
    assert_eq!(ranges(&micro), "[..4.19.4+git.339.acf1ccaa02-1.22)");
    let clean = only(&bundle, "sles:15.4", "samba-client-libs", "CVE-2023-5568");
    assert_eq!((clean.affected.state, ranges(&clean)), (FixState::NotAffected, String::new()));
    let rating = samba.vulnerability.cvss3.as_ref().unwrap();
    assert_eq!((rating.base, rating.source.as_str()), (6.5, "suse"));

    // A module of SLES; the rating differs between the CVEs of one update.
    let severity = |cve: &str| {
        let found = only(&bundle, "sles:15.1", "helm-mirror", cve);
        assert_eq!(
            (ranges(&found), found.affected.advisory.as_str()),
            ("[..0.2.1-1.7.1)".into(), "SUSE-SU-2019:0048-2")
        );
        found.affected.base_severity.get()
    };
    assert_eq!(["CVE-2018-16873", "CVE-2018-16874", "CVE-2018-16875"].map(severity), [4, 3, 3]);
    let bind = only(&bundle, "sles:11.2:ltss", "bind", "CVE-2012-1667");
    assert_eq!((bind.affected.arches.len(), ranges(&bind)), (0, "[..9.9.4P2-0.6.1)".into()));
    assert!(bundle.manifest().namespaces.keys().all(|namespace| !namespace.contains("packagehub")));
}

#[test]
fn the_publishers_own_archive_is_read_with_its_oddities() {
    // A document whose name and id are those of an error page, with true content, beside digests and signatures.
    let archive = format_sample("rpm-distros.tar.gz", "suse-csaf-small/csaf.tar.bz2");
    let (bundle, report) = Feeds::new().file("suse-csaf/csaf.tar.bz2", archive).compile();
    let archive = source(&report, "suse-csaf/csaf.tar.bz2");
    assert_eq!((archive.feed, archive.records, archive.quarantined_count), ("suse-csaf", 3, 0));
    let statements = |namespace: &str| bundle.manifest().namespaces[namespace].statements;
    let counts = ["sles:12", "sles:12.1", "sled:12.1", "sles:11.1:ltss", "sles:11.2:ltss"].map(statements);
    assert_eq!(counts, [1207, 1188, 1134, 378, 56]);
    let qt = only(&bundle, "sles:12.1", "libqt4", "CVE-2010-4180");
    assert_eq!((ranges(&qt), qt.affected.advisory.as_str()), ("[..4.8.6-7.1)".into(), "SUSE-SU-403"));
}

#[test]
fn unfixed_packages_and_versions_in_lists_of_unfixed_ones_are_read() {
    let part = |id: &str| format!(r#"{{"product": {{"product_id": "{id}", "name": "{id}"}}}}"#);
    let products =
        ["SUSE Linux Enterprise Server 15 SP4", "java-11-openjdk", "kernel-default-5.14.21-150400.24.1"];
    let tree: Vec<String> = products.iter().map(|id| part(id)).collect();
    let relationship = |component: &str| {
        format!(
            r#"{{"full_product_name": {{"product_id": "s:{component}"}}, "product_reference": "{component}",
                "relates_to_product_reference": "{}"}}"#,
            products[0]
        )
    };
    let document = format!(
        r#"{{"document": {{"publisher": {{"namespace": "https://www.suse.com/"}}, "tracking": {{"id": "CVE-2024-1111"}},
                "aggregate_severity": {{"text": "important"}}}},
            "product_tree": {{"branches": [{}], "relationships": [{}, {}]}},
            "vulnerabilities": [{{"cve": "CVE-2024-1111", "product_status": {{"known_affected": ["s:java-11-openjdk", "s:{}"]}}}}]}}"#,
        tree.join(","),
        relationship(products[1]),
        relationship(products[2]),
        products[2],
    );
    let (bundle, _) = Feeds::new().file("suse-csaf/csaf-vex/cve-2024-1111.json", document).compile();
    for package in ["java-11-openjdk", "kernel-default"] {
        let found = affected(&bundle, "sles:15.4", package);
        assert_eq!(found.len(), 1, "{package}");
        assert_eq!((found[0].affected.state, ranges(&found[0])), (FixState::Affected, "[..)".into()));
        assert_eq!(found[0].affected.base_severity.get(), 4);
    }
}

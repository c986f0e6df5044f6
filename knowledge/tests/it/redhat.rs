//! Red Hat's CSAF documents: the real samples, whose statements a Python script over the same documents confirmed one by
//! one, and small hand-written ones.

use knowledge::{Bundle, BundleAffected};
use model::{FixState, Named};

use crate::support::{Feeds, affected, ranges, skipped, source};

const VEX: &str = "redhat-csaf/csaf_vex_sample.tar.zst";
const ADVISORIES: &str = "redhat-csaf/csaf_advisories_sample.tar.zst";

/// Every statement about a CVE, a package and a release, as one line each.
fn said(bundle: &Bundle, namespace: &str, package: &str, cve: &str) -> Vec<String> {
    let mut found = affected(bundle, namespace, package);
    found.retain(|found| found.vulnerability.id == cve);
    let mut lines: Vec<String> = found.iter().map(line).collect();
    lines.sort();
    lines
}

fn line(found: &BundleAffected) -> String {
    let affected = &found.affected;
    let named = if affected.named == Named::Source { "source" } else { "binary" };
    let module = affected.module.as_deref().unwrap_or("-");
    let note = affected.note.as_deref().unwrap_or("-");
    let severity = affected.base_severity.get();
    format!("{named} {module} {:?} {} {severity} {note}", affected.state, ranges(found))
}

#[test]
fn vex_documents_of_every_generation_are_read_whole() {
    let (bundle, report) = Feeds::new().real(VEX).compile();
    let vex = source(&report, VEX);
    assert_eq!((vex.feed, vex.records, vex.quarantined_count), ("redhat-vex", 78, 0));
    let statements = |namespace: &str| bundle.manifest().namespaces[namespace].statements;
    let counts = ["rhel:7", "rhel:8", "rhel:9", "rhel:10", "rhel:8.6:eus"].map(statements);
    assert_eq!(counts, [144, 883, 628, 59, 187]);

    // Binary packages with a fix, packages whose fix is deferred, packages out of support, and a clean source.
    let openssl = |namespace: &str, package: &str| said(&bundle, namespace, package, "CVE-2024-0727");
    assert_eq!(openssl("rhel:9", "openssl-libs"), ["binary - Fixed [..1:3.0.7-27.el9) 2 RHSA-2024:2447"]);
    let deferred = "FixDeferred [..) 2 Fix deferred";
    assert_eq!(
        openssl("rhel:8", "openssl"),
        [format!("binary - {deferred}"), format!("source - {deferred}")]
    );
    let ended = "EndOfLife [..) 2 Out of support scope";
    assert_eq!(openssl("rhel:6", "openssl"), [format!("binary - {ended}"), format!("source - {ended}")]);
    assert_eq!(openssl("rhel:9", "shim"), ["source - NotAffected  2 vulnerable code not present"]);

    // Modules, in a document of each of two generations.
    let postgresql = said(&bundle, "rhel:8", "postgresql", "CVE-2024-7348");
    assert_eq!(postgresql.len(), 8);
    assert_eq!(
        postgresql[1],
        "binary postgresql:13 Fixed [..13.16-1.module+el8.10.0+22213+5adc94fe) 4 RHSA-2024:6018"
    );
    assert_eq!(
        said(&bundle, "rhel:8", "ruby", "CVE-2019-16161"),
        ["source ruby:2.5 WillNotFix [..) 2 Will not fix", "source ruby:2.6 WillNotFix [..) 2 Will not fix"]
    );
    let collections = said(&bundle, "rhel:7:software_collections", "rh-ruby25-ruby", "CVE-2019-16161");
    assert_eq!(collections, ["source - WillNotFix [..) 2 Will not fix"]);

    // The documents of 2026: a later minor release that has not got the fix yet does not undo it.
    let fixed = "Fixed [..3.9.18-3.el9_4.5) 3 RHSA-2024:6163";
    assert_eq!(
        said(&bundle, "rhel:9", "python3.9", "CVE-2024-6923"),
        [format!("binary - {fixed}"), format!("source - {fixed}")]
    );
    assert!(said(&bundle, "rhel:10.0:eus", "firefox-x11", "CVE-2026-7323").is_empty());
    let firefox = said(&bundle, "rhel:10.0:eus", "firefox", "CVE-2026-7323");
    assert_eq!(firefox[0], "binary - Fixed [..140.10.1-1.el10_0) 4 RHSA-2026:22408");
}

#[test]
fn minor_releases_of_one_release_are_fixed_each_by_its_own_version() {
    let (bundle, _) = Feeds::new().real(VEX).compile();
    let libcurl = said(&bundle, "rhel:9", "libcurl", "CVE-2023-38545");
    assert_eq!(
        libcurl,
        ["binary - Fixed [..7.76.1-23.el9_2.4) [7.76.1-23.el9_3..7.76.1-26.el9_3.2) 4 RHSA-2023:6745"]
    );
    let extended = said(&bundle, "rhel:9.0:eus", "libcurl", "CVE-2023-38545");
    assert_eq!(extended, ["binary - Fixed [..7.76.1-14.el9_0.9) 4 RHSA-2023:5700"]);
}

#[test]
fn advisories_of_both_forms_are_read_whole() {
    let (bundle, report) = Feeds::new().real(ADVISORIES).compile();
    let advisories = source(&report, ADVISORIES);
    assert_eq!((advisories.feed, advisories.records, advisories.quarantined_count), ("redhat-csaf", 44, 0));
    // One update says of two CVEs how grave each is, and that the documentation has neither.
    let bind = |package: &str, cve: &str| said(&bundle, "rhel:6:els", package, cve);
    let fix = "Fixed [..32:9.8.2-0.68.rc1.el6_10.17)";
    let clean = "vulnerable code not present";
    assert_eq!(
        bind("bind", "CVE-2021-25220"),
        [format!("binary - {fix} 3 RHSA-2025:23414"), format!("source - NotAffected  3 {clean}")]
    );
    assert_eq!(
        bind("bind", "CVE-2025-40778"),
        [format!("binary - {fix} 4 RHSA-2025:23414"), format!("source - NotAffected  4 {clean}")]
    );
    assert_eq!(bind("bind-chroot", "CVE-2025-40778"), [format!("binary - NotAffected  4 {clean}")]);
    let found = affected(&bundle, "rhel:6:els", "bind");
    let advisory = |found: &BundleAffected| found.affected.advisory.clone();
    assert!(found.iter().all(|found| advisory(found) == "RHSA-2025:23414"));
    assert_eq!(found[0].vulnerability.aliases, ["RHSA-2025:23414"]);
    // A module that packages are part of by a chain of two relationships; a name without a package URL.
    assert_eq!(
        said(&bundle, "rhel:8.6:aus", "python39-pip", "CVE-2024-6345"),
        ["binary python39:3.9 Fixed [..20.2.4-7.module+el8.6.0+13003+6bb2c488) 4 RHSA-2024:6220"]
    );
    assert_eq!(
        said(&bundle, "rhel:7.6:aus", "telnet-server", "CVE-2020-10188"),
        ["binary - Fixed [..1:0.17-65.el7_6) 4 RHSA-2022:0011"]
    );
}

#[test]
fn a_vulnerability_has_the_publishers_words_ratings_and_pages() {
    let (bundle, _) = Feeds::new().real(VEX).compile();
    let found = affected(&bundle, "rhel:9", "openssl-libs");
    let vulnerability =
        &found.iter().find(|found| found.vulnerability.id == "CVE-2024-0727").unwrap().vulnerability;
    assert_eq!(vulnerability.title, "openssl: denial of service via null dereference");
    let rating = vulnerability.cvss3.as_ref().unwrap();
    assert_eq!((rating.base, rating.source.as_str()), (5.5, "redhat"));
    assert_eq!(vulnerability.cwes, ["CWE-476"]);
    assert_eq!(vulnerability.references[0], "https://access.redhat.com/security/cve/CVE-2024-0727");
    assert!(vulnerability.references.contains(&"https://access.redhat.com/errata/RHSA-2024:2447".to_owned()));
    assert_eq!(vulnerability.published, model::Timestamp::parse("2024-01-22"));
}

/// A VEX document about `openssl` in RHEL 9 and in OpenShift.
fn document(id: &str, vulnerabilities: &str) -> String {
    let product = |id: &str, helper: &str| {
        format!(
            r#"{{"product": {{"product_id": "{id}", "name": "{id}", "product_identification_helper": {{{helper}}}}}}}"#
        )
    };
    let relationship = |product: &str, component: &str| {
        format!(
            r#"{{"category": "default_component_of", "full_product_name": {{"product_id": "{product}:{component}", "name": "x"}},
                "product_reference": "{component}", "relates_to_product_reference": "{product}"}}"#
        )
    };
    let products = [
        product("nine", r#""cpe": "cpe:/o:redhat:enterprise_linux:9""#),
        product("shift", r#""cpe": "cpe:/a:redhat:openshift:4.12::el9""#),
        product("openssl", r#""purl": "pkg:rpm/redhat/openssl?arch=src""#),
        product("fix", r#""purl": "pkg:rpm/redhat/openssl-libs@3.0.7-1.el9?arch=x86_64&epoch=1""#),
        product("arm", r#""purl": "pkg:rpm/redhat/openssl-libs@3.0.7-2.el9?arch=aarch64&epoch=1""#),
        product("image", r#""purl": "pkg:oci/ose-console?repository_url=registry.redhat.io""#),
    ];
    let relationships = ["openssl", "fix", "arm", "image"].map(|component| relationship("nine", component));
    format!(
        r#"{{"document": {{"category": "csaf_vex", "publisher": {{"name": "Red Hat Product Security", "namespace": "https://www.redhat.com"}},
            "tracking": {{"id": "{id}", "current_release_date": "2025-01-01T00:00:00Z", "initial_release_date": "0001-01-01T00:00:00Z"}}}},
            "product_tree": {{"branches": [{{"branches": [{}]}}], "relationships": [{}, {}]}},
            "vulnerabilities": [{vulnerabilities}]}}"#,
        products.join(","),
        relationships.join(","),
        relationship("shift", "openssl"),
    )
}

#[test]
fn states_reasons_and_architectures_of_a_hand_written_document() {
    let vulnerabilities = r#"{"cve": "CVE-2024-1111",
        "product_status": {"under_investigation": ["nine:openssl"], "known_affected": ["shift:openssl", "nine:image", "nine", "nowhere"]}},
        {"cve": "CVE-2024-2222", "product_status": {"fixed": ["nine:fix", "nine:arm"]}},
        {"product_status": 5},
        {"cve": "CVE-2024-3333", "title": "[REJECTED CVE] not a flaw", "product_status": {"known_affected": ["nine:openssl"]}}"#;
    let (bundle, report) = Feeds::new()
        .file("redhat-csaf/advisories/2024/rhsa-2024_1.json", document("RHSA-2024:1", vulnerabilities))
        .compile();
    let path = "redhat-csaf/advisories/2024/rhsa-2024_1.json";
    let report = source(&report, path);
    assert_eq!((report.records, report.quarantined_count), (1, 1));
    assert_eq!(report.quarantined[0].record, "RHSA-2024:1 vulnerability 2");
    assert_eq!(said(&bundle, "rhel:9", "openssl", "CVE-2024-1111"), ["source - UnderInvestigation [..) 3 -"]);
    let by_arch: Vec<_> = affected(&bundle, "rhel:9", "openssl-libs")
        .iter()
        .map(|found| (found.affected.arches.clone(), ranges(found), found.affected.state))
        .collect();
    let fixed = |arch: &str, range: &str| (vec![arch.to_owned()], range.to_owned(), FixState::Fixed);
    assert_eq!(by_arch, [fixed("x86_64", "[..1:3.0.7-1.el9)"), fixed("aarch64", "[..1:3.0.7-2.el9)")]);
    assert_eq!(bundle.manifest().namespaces.keys().collect::<Vec<_>>(), ["rhel:9"]);
}

#[test]
fn documents_of_others_and_lists_beside_documents_are_named() {
    let stranger =
        document("CVE-2024-1111", "").replace("redhat.com", "example.org").replace("Red Hat", "Some");
    let (_, report) = Feeds::new()
        .file("redhat-csaf/vex/2024/cve-2024-1111.json", stranger)
        .file("redhat-csaf/vex/2024/cve-2024-2222.json", document("CVE-2024-2222", ""))
        .file("redhat-csaf/vex/changes.csv", "\"2024/cve-2024-2222.json\",\"2024-01-01\"")
        .file("redhat-csaf/vex/csaf_vex_2026-08-16.tar.zst.asc", "-")
        .compile();
    assert_eq!(
        skipped(&report, "redhat-csaf/vex/2024/cve-2024-1111.json"),
        "it cannot be read as redhat-vex: its publisher `Some Product Security` is not known"
    );
    assert_eq!(skipped(&report, "redhat-csaf/vex/changes.csv"), "the list of documents is not needed");
    assert_eq!(
        skipped(&report, "redhat-csaf/vex/csaf_vex_2026-08-16.tar.zst.asc"),
        "signatures and digests are not checked"
    );
    assert_eq!(source(&report, "redhat-csaf/vex/2024/cve-2024-2222.json").records, 1);
}

#[test]
fn remarks_without_end_about_one_large_group_take_no_time() {
    let members = vec![r#""nine:openssl""#; 100_000].join(",");
    let remark = r#"{"category": "no_fix_planned", "details": "Will not fix", "group_ids": ["g"]}"#;
    let remarks = vec![remark; 20_000].join(",");
    let vulnerability = format!(
        r#"{{"cve": "CVE-2024-1111", "product_status": {{"known_affected": ["nine:openssl"]}}, "remediations": [{remarks}]}}"#
    );
    let many = format!("{}{vulnerability}", "{},".repeat(30_000));
    let text = |vulnerabilities: &str| {
        let groups = format!(
            r#""product_tree": {{"product_groups": [{{"group_id": "g", "product_ids": [{members}]}}],"#
        );
        document("CVE-2024-1111", vulnerabilities).replacen(r#""product_tree": {"#, &groups, 1)
    };
    let (bundle, report) = Feeds::new()
        .file("redhat-csaf/vex/2024/cve-2024-1111.json", text(&vulnerability))
        .file("redhat-csaf/vex/2024/cve-2024-2222.json", text(&many))
        .compile();
    assert_eq!(
        said(&bundle, "rhel:9", "openssl", "CVE-2024-1111"),
        ["source - WillNotFix [..) 3 Will not fix"]
    );
    let many = source(&report, "redhat-csaf/vex/2024/cve-2024-2222.json");
    assert_eq!(many.quarantined[0].reason, "it has more than 20000 vulnerabilities");
}

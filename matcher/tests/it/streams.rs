//! Restricted update streams: hand-written VEX documents in Red Hat's form, judged and explained.

use knowledge::Bundle;
use matcher::{Coverage, Judgement, Outcome, explain, judge};
use model::{Ecosystem, Package, Timestamp};
use serde_json::{Value, json};

use crate::make::{Feeds, os_package};

const NOW: Timestamp = Timestamp(1_750_000_000_000);

/// A document about openssl on the releases of 8 with these states of products, `release:component`.
fn document(cve: &str, status: &Value) -> Value {
    let product = |id: &str, helper: Value| json!({"product": {"product_id": id, "name": id, "product_identification_helper": helper}});
    let releases = [
        ("plain", "cpe:/o:redhat:enterprise_linux:8::baseos"),
        ("eus", "cpe:/o:redhat:rhel_eus:8.6::baseos"),
        ("tus", "cpe:/o:redhat:rhel_tus:8.6::baseos"),
    ];
    let components = [
        ("openssl", "pkg:rpm/redhat/openssl?arch=src"),
        ("libs", "pkg:rpm/redhat/openssl-libs"),
        ("el8_6", "pkg:rpm/redhat/openssl-libs@1.1.1k-7.el8_6?arch=x86_64&epoch=1"),
        ("el8_7", "pkg:rpm/redhat/openssl-libs@1.1.1k-9.el8_7?arch=x86_64&epoch=1"),
    ];
    let mut branches: Vec<Value> =
        releases.iter().map(|(id, cpe)| product(id, json!({"cpe": cpe}))).collect();
    branches.extend(components.iter().map(|(id, purl)| product(id, json!({"purl": purl}))));
    let pairs =
        releases.iter().flat_map(|(release, _)| components.iter().map(move |(part, _)| (*release, *part)));
    let relationships: Vec<Value> = pairs
        .map(|(release, part)| {
            json!({"category": "default_component_of", "product_reference": part, "relates_to_product_reference": release,
                "full_product_name": {"name": part, "product_id": format!("{release}:{part}")}})
        })
        .collect();
    json!({
        "document": {"category": "csaf_vex",
            "publisher": {"name": "Red Hat Product Security", "namespace": "https://www.redhat.com"},
            "tracking": {"id": cve, "current_release_date": "2025-01-01T00:00:00Z", "initial_release_date": "2023-01-01T00:00:00Z"}},
        "product_tree": {"branches": [{"branches": branches}], "relationships": relationships},
        "vulnerabilities": [{"cve": cve, "product_status": status}],
    })
}

fn bundle() -> Bundle {
    let documents = [
        ("CVE-2023-0001", json!({"fixed": ["eus:el8_6", "plain:el8_7"]})),
        ("CVE-2023-0002", json!({"fixed": ["plain:el8_7"]})),
        ("CVE-2023-0003", json!({"known_affected": ["plain:libs", "plain:openssl"]})),
        ("CVE-2023-0004", json!({"known_not_affected": ["eus:libs"], "known_affected": ["plain:libs"]})),
        ("CVE-2023-0005", json!({"fixed": ["tus:el8_6"]})),
    ];
    let feeds = Feeds::new();
    for (cve, status) in &documents {
        let path = format!("redhat-csaf/vex/2023/{}.json", cve.to_lowercase());
        feeds.add(&path, &document(cve, status));
    }
    feeds.compile()
}

fn libs(distro: &str) -> Package {
    let mut package = os_package(Ecosystem::Rpm, distro, "openssl-libs", ("openssl", "1:1.1.1k-6.el8_5"));
    package.arch = Some("x86_64".to_owned());
    package
}

fn found(bundle: &Bundle, distro: &str) -> String {
    let Judgement { findings, coverage, .. } = judge(&libs(distro), bundle, NOW);
    assert_eq!(coverage, Coverage::Covered);
    let shown = findings.iter().map(|finding| {
        let number = finding.vulnerability.id.rsplit('-').next().unwrap();
        format!("{number} {}", finding.fix_version.as_deref().unwrap_or("-"))
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[test]
fn each_stream_is_judged_by_its_own_fixes_and_by_what_the_release_leaves_open() {
    let bundle = bundle();
    let (eus, plain) = ("1:1.1.1k-7.el8_6", "1:1.1.1k-9.el8_7");
    assert_eq!(found(&bundle, "rhel:8"), format!("0001 {plain}, 0002 {plain}, 0003 -, 0004 -"));
    assert_eq!(found(&bundle, "rhel:8.6:eus"), format!("0001 {eus}, 0003 -"));
    assert_eq!(found(&bundle, "rhel:8.6:tus"), format!("0001 {eus}, 0003 -, 0005 {eus}"));
    // of a stream that no document names, what the release leaves open is known
    assert_eq!(found(&bundle, "rhel:8.4:eus"), "0003 -, 0004 -");
}

#[test]
fn an_explanation_says_whose_word_it_is() {
    let bundle = bundle();
    let explanation = explain(&libs("rhel:8.6:eus"), &bundle, NOW, &[]);
    assert_eq!(explanation.compared.as_ref().unwrap().namespace, "rhel:8.6:eus");
    let of = |number: usize| {
        let reasoning = &explanation.vulnerabilities[number];
        let said = reasoning.statements.iter();
        let mut said: Vec<_> = said
            .map(|said| (said.namespace.as_deref().unwrap_or("own"), said.outcome, said.because.as_str()))
            .collect();
        said.sort();
        (reasoning.because.as_str(), said)
    };
    let ahead = "of rhel:8: it is a fix that does not come to rhel:8.6:eus";
    let (because, said) = of(0);
    assert!(because.starts_with("reported: by CVE-2023-0001 of feed redhat-vex the installed"), "{because}");
    assert_eq!(
        said,
        [("own", Outcome::Applies, "the version is affected"), ("rhel:8", Outcome::OtherStream, ahead)]
    );
    assert_eq!(of(1), (&*format!("not reported: {ahead}"), vec![("rhel:8", Outcome::OtherStream, ahead)]));
    let (because, said) = of(2);
    assert!(because.starts_with("reported: by CVE-2023-0003 of feed redhat-vex on rhel:8 the"), "{because}");
    let binary = "of rhel:8: a statement about the binary package itself outweighs it";
    assert_eq!(
        said,
        [
            ("rhel:8", Outcome::Applies, "of rhel:8: the version is affected"),
            ("rhel:8", Outcome::Outweighed, binary)
        ]
    );
    let own = "of rhel:8: what is said of the package's own stream goes before it";
    assert_eq!(of(3).1[1], ("rhel:8", Outcome::OtherStream, own));
    assert_eq!(of(3).1[0].1, Outcome::NotAffected);
}

#[test]
fn a_new_statement_on_the_release_touches_the_packages_of_its_streams() {
    let old = bundle();
    let feeds = Feeds::new();
    feeds.add(
        "redhat-csaf/vex/2023/cve-2023-0003.json",
        &document("CVE-2023-0003", &json!({"known_affected": ["plain:openssl"]})),
    );
    let changes = knowledge::Changes::between(&old, &feeds.compile());
    assert!(changes.touches(&libs("rhel:8.6:eus")));
    assert!(changes.touches(&libs("rhel:8.4:eus")));
}

#[test]
fn the_real_documents_say_of_each_stream_which_version_brings_the_fix() {
    let feeds = Feeds::new();
    if !feeds.copy_real("redhat-csaf/csaf_vex_sample.tar.zst") {
        eprintln!("skipped: there is no sample of Red Hat's documents");
        return;
    }
    let bundle = feeds.compile();
    let found = |distro: &str, name: &str, version: &str| {
        let package = os_package(Ecosystem::Rpm, distro, name, (name, version));
        let fixes = judge(&package, &bundle, NOW).findings.into_iter().map(|finding| {
            format!("{} {}", finding.vulnerability.id, finding.fix_version.unwrap_or_default())
        });
        fixes.collect::<Vec<_>>()
    };
    let gnutls = |distro: &str| found(distro, "gnutls", "3.6.16-5.el8_6.4");
    assert_eq!(gnutls("rhel:8"), ["CVE-2024-28834 3.6.16-8.el8_9.3"]);
    assert_eq!(gnutls("rhel:8.6:eus"), [""; 0]);
    let libxml2 = |distro: &str| found(distro, "libxml2", "2.9.7-13.el8_6.3");
    assert_eq!(libxml2("rhel:8.6:eus"), ["CVE-2023-28484 2.9.7-13.el8_6.4"]);
    assert_eq!(libxml2("rhel:8"), ["CVE-2023-28484 2.9.7-16.el8_8.1", "CVE-2024-56171 2.9.7-19.el8_10"]);
}

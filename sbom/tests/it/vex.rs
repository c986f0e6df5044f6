//! Exploitability statements of all three forms, and for what they hold.

use model::{
    Digest, Distro, Ecosystem, ImageFacts, ImageId, Package, PackageRecord, Reference, SourcePackage,
};
use sbom::Limits;
use sbom::vex::{self, Justification, Status, VexDocument};
use serde_json::{Value, json};

fn read(document: &Value) -> VexDocument {
    vex::read(document.to_string().as_bytes(), &Limits::default()).unwrap()
}

fn image() -> ImageFacts {
    let mut image = ImageFacts::new(ImageId(Digest::of(b"config")));
    let name = format!("registry.example.com/team/app:1.0@{}", Digest::of(b"manifest"));
    image.references = vec![Reference::parse(&name).unwrap(), Reference::parse("alpine:3.18").unwrap()];
    image.architecture = Some("amd64".into());
    image
}

fn libssl() -> PackageRecord {
    let mut package = Package::new(Ecosystem::Deb, "libssl3", "1:3.0.11-1");
    package.distro = Some(Distro::new("debian", "12"));
    package.arch = Some("amd64".into());
    package.source = Some(SourcePackage { name: "openssl".into(), version: "1:3.0.11-1".into() });
    PackageRecord::new(package, "var/lib/dpkg/status")
}

fn openvex(statements: &Value) -> Value {
    json!({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex-1", "author": "Team",
        "timestamp": "2024-01-01T00:00:00Z", "version": 1, "statements": statements})
}

/// Whether a statement about `product` holds for the package.
fn holds(product: &Value) -> bool {
    let statement =
        json!([{"vulnerability": {"name": "CVE-2024-0001"}, "status": "fixed", "products": [product]}]);
    let document = read(&openvex(&statement));
    document.statements.iter().any(|statement| statement.applies(&libssl(), &["CVE-2024-0001"], &image()))
}

#[test]
fn a_product_is_known_by_package_url_digest_or_reference() {
    let (config, manifest, other) = (Digest::of(b"config"), Digest::of(b"manifest"), Digest::of(b"other"));
    let by_id = |id: &str| holds(&json!({"@id": id}));
    let yes = [
        "pkg:deb/debian/libssl3@1:3.0.11-1?arch=amd64&distro=debian-12".to_owned(),
        "pkg:deb/debian/libssl3@3.0.11-1?epoch=1".to_owned(),
        "pkg:deb/debian/libssl3".to_owned(),
        "pkg:deb/libssl3?distro=debian-12.5".to_owned(),
        "pkg:deb/debian/openssl@1:3.0.11-1?arch=source".to_owned(),
        format!("pkg:oci/app@{manifest}?repository_url=registry.example.com/team/app&tag=1.0&arch=amd64"),
        format!("pkg:oci/app@{config}"),
        "pkg:oci/alpine?repository_url=docker.io/library/alpine".to_owned(),
        "pkg:docker/alpine@3.18".to_owned(),
        "registry.example.com/team/app:1.0".to_owned(),
        "registry.example.com/team/app".to_owned(),
        config.to_string(),
        manifest.to_string(),
    ];
    for id in yes {
        assert!(by_id(&id), "{id}");
    }
    let no = [
        "pkg:deb/debian/libssl3@1:3.0.11-2".to_owned(),
        "pkg:deb/debian/libssl3?arch=arm64".to_owned(),
        "pkg:deb/debian/libssl3?distro=debian-11".to_owned(),
        "pkg:deb/ubuntu/libssl3".to_owned(),
        "pkg:deb/debian/openssl".to_owned(),
        "pkg:apk/alpine/libssl3".to_owned(),
        format!("pkg:oci/app@{other}"),
        "pkg:oci/app?repository_url=registry.example.com/other/app".to_owned(),
        "pkg:oci/app?tag=2.0".to_owned(),
        "pkg:oci/app?arch=arm64".to_owned(),
        "pkg:docker/alpine@3.19".to_owned(),
        "registry.example.com/team/app:2.0".to_owned(),
        other.to_string(),
        "https://example.com/products/app".to_owned(),
        "libssl3".to_owned(),
    ];
    for id in no {
        assert!(!by_id(&id), "{id}");
    }
}

#[test]
fn a_part_of_an_image_is_meant_and_not_the_image_as_a_whole() {
    let app = "registry.example.com/team/app:1.0";
    let part = |purl: &str| holds(&json!({"@id": app, "subcomponents": [{"@id": purl}]}));
    assert!(part("pkg:deb/debian/libssl3"));
    assert!(part("pkg:deb/debian/libssl3@1:3.0.11-1"));
    assert!(!part("pkg:deb/debian/zlib1g"));
    // A part that nothing names must not widen the statement to everything.
    assert!(!part("the crypto thing"));
    assert!(!holds(&json!({"@id": "pkg:deb/debian/libssl3", "subcomponents": [{"@id": "pkg:npm/inner"}]})));
    let hash = json!({"@id": "urn:x", "hashes": {"sha-256": Digest::of(b"config").to_hex()}});
    assert!(holds(&hash));
    assert!(holds(&json!({"@id": "https://example.com/app", "identifiers": {"purl": "pkg:oci/app"}})));
}

#[test]
fn the_last_statement_by_time_wins_and_a_document_gives_its_time_to_statements_without() {
    let statement = |status: &str, time: Option<&str>| {
        let mut statement = json!({"vulnerability": {"name": "CVE-2024-0001", "aliases": ["GHSA-x"]}, "status": status,
            "products": [{"@id": "pkg:deb/debian/libssl3"}]});
        time.iter().for_each(|time| statement["timestamp"] = json!(time));
        statement
    };
    let later = statement("not_affected", Some("2024-03-01T00:00:00Z"));
    let document = read(&openvex(&json!([
        statement("affected", Some("2024-02-01T00:00:00Z")),
        later,
        statement("fixed", None)
    ])));
    let judge = |documents: &[VexDocument], id: &str| {
        vex::judge(documents, &libssl(), &[id], &image()).map(|statement| statement.status)
    };
    assert_eq!(judge(std::slice::from_ref(&document), "CVE-2024-0001"), Some(Status::NotAffected));
    assert_eq!(judge(std::slice::from_ref(&document), "ghsa-X"), Some(Status::NotAffected));
    assert_eq!(judge(std::slice::from_ref(&document), "CVE-2024-0002"), None);
    // Of equals the last document wins.
    let second = read(&openvex(&json!([statement("under_investigation", Some("2024-03-01T00:00:00Z"))])));
    assert_eq!(judge(&[document, second], "CVE-2024-0001"), Some(Status::UnderInvestigation));
}

#[test]
fn what_cannot_be_understood_in_openvex_is_listed_and_the_rest_counts() {
    let good = json!({"vulnerability": {"name": "CVE-1"}, "status": "not_affected", "justification": "vulnerable_code_not_present",
        "impact_statement": "not built", "products": [{"@id": "pkg:npm/a@1"}, {"@id": "https://example.com/app"}]});
    let statements = json!([good, {"status": "fixed"}, {"vulnerability": "CVE-2", "status": "unaffected"},
        {"vulnerability": "CVE-3", "status": "fixed", "products": ["an app"]}, 7, {"vulnerability": "CVE-4", "status": "affected"}]);
    let document = read(&openvex(&statements));
    assert_eq!((document.id.as_str(), document.author.as_str()), ("https://example.com/vex-1", "Team"));
    let first = &document.statements[0];
    assert_eq!(
        (first.justification, first.detail.as_str()),
        (Some(Justification::VulnerableCodeNotPresent), "not built")
    );
    assert_eq!(first.products.len(), 1);
    // No product at all speaks of whatever it is applied to.
    assert!(document.statements[1].applies(&libssl(), &["CVE-4"], &image()));
    assert_eq!(document.statements.len(), 2);
    let notes: Vec<String> =
        document.unreadable.iter().map(|note| format!("{}: {}", note.path, note.reason)).collect();
    assert_eq!(
        notes,
        [
            "statements[0].products[1]: `https://example.com/app` names no package URL, digest or image",
            "statements[1]: names no vulnerability",
            "statements[2]: `unaffected` is no status",
            "statements[3].products[0]: `an app` names no package URL, digest or image",
            "statements[3]: none of its products can be told",
            "statements[4]: does not have the expected shape: invalid type: integer `7`, expected struct RawStatement",
        ]
    );
}

#[test]
fn csaf_products_are_found_through_branches_relationships_and_groups() {
    let product = |id: &str, purl: &str| json!({"product": {"product_id": id, "name": id, "product_identification_helper": {"purl": purl}}});
    let related = |id: &str, part: &str, whole: &str| {
        json!({"category": "default_component_of", "product_reference": part, "relates_to_product_reference": whole,
            "full_product_name": {"product_id": id, "name": id}})
    };
    let document = json!({
        "document": {"category": "csaf_vex", "csaf_version": "2.0", "publisher": {"name": "Vendor"},
            "tracking": {"id": "VEX-7", "current_release_date": "2024-05-01T00:00:00Z"}},
        "product_tree": {
            "branches": [{"name": "Vendor", "branches": [product("ssl", "pkg:deb/debian/libssl3"), product("app", "pkg:oci/app")]}],
            "full_product_names": [{"product_id": "words", "name": "Release 9"}],
            "relationships": [related("app:ssl", "ssl", "app"), related("words:ssl", "ssl", "words")],
            "product_groups": [{"group_id": "g", "product_ids": ["app:ssl"]}],
        },
        "vulnerabilities": [{"cve": "CVE-2024-0001", "ids": [{"system_name": "x", "text": "X-1"}],
            "product_status": {"known_not_affected": ["app:ssl", "words:ssl"], "recommended": ["app"]},
            "flags": [{"label": "component_not_present", "group_ids": ["g"]}],
            "threats": [{"category": "impact", "details": "not shipped", "product_ids": ["app:ssl"]}]}],
    });
    let document = read(&document);
    let [statement] = document.statements.as_slice() else { panic!("{document:?}") };
    assert_eq!(statement.vulnerabilities, ["CVE-2024-0001", "X-1"]);
    assert_eq!(
        (statement.status, statement.justification),
        (Status::NotAffected, Some(Justification::ComponentNotPresent))
    );
    assert_eq!((statement.detail.as_str(), statement.document.as_str()), ("not shipped", "VEX-7"));
    assert_eq!(statement.timestamp.unwrap().to_rfc3339(), "2024-05-01T00:00:00.000Z");
    assert!(statement.applies(&libssl(), &["CVE-2024-0001"], &image()));
    assert!(!statement.applies(&libssl(), &["CVE-2024-0001"], &ImageFacts::new(ImageId(Digest::of(b"x")))));
    let notes: Vec<&str> = document.unreadable.iter().map(|note| note.reason.as_str()).collect();
    assert_eq!(notes, ["1 products are named by words only"]);
}

#[test]
fn cyclonedx_speaks_of_components_of_its_own_image_and_of_linked_documents() {
    let analysed = |reference: &str, state: &str| {
        json!({"id": "CVE-2024-0001", "references": [{"id": "GHSA-x", "source": {}}], "affects": [{"ref": reference}],
            "analysis": {"state": state, "justification": "requires_environment", "detail": "why", "lastUpdated": "2024-05-01T00:00:00Z"}})
    };
    let document = |vulnerability: Value, digest: Digest| {
        read(&json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": "urn:uuid:1",
            "metadata": {"component": {"bom-ref": "root", "type": "container", "name": "x", "version": digest.to_string()}},
            "components": [{"bom-ref": "c1", "purl": "pkg:deb/debian/libssl3"}],
            "vulnerabilities": [vulnerability, {"id": "CVE-2"}]}))
    };
    let holds = |reference: &str, digest: Digest| {
        let document = document(analysed(reference, "false_positive"), digest);
        document.statements.iter().any(|statement| statement.applies(&libssl(), &["GHSA-x"], &image()))
    };
    let (own, other) = (Digest::of(b"manifest"), Digest::of(b"other"));
    let linked = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:deb/debian/libssl3@1%3A3.0.11-1";
    assert!(holds("c1", own) && holds("root", own) && holds(linked, own) && holds(linked, other));
    assert!(!holds("c1", other) && !holds("root", other) && !holds("c2", own));
    let document = document(analysed("c1", "resolved"), own);
    let statement = &document.statements[0];
    assert_eq!(statement.status, Status::Fixed);
    assert_eq!(statement.justification, Some(Justification::VulnerableCodeCannotBeControlledByAdversary));
    assert_eq!(document.statements.len(), 1);
}

#[test]
fn a_bill_of_materials_without_statements_is_no_vex_document() {
    for text in
        [r#"{"bomFormat": "CycloneDX", "specVersion": "1.5"}"#, r#"{"spdxVersion": "SPDX-2.3"}"#, "{}"]
    {
        let error = vex::read(text.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), "the document is none of OpenVEX, CSAF VEX or CycloneDX VEX");
    }
}

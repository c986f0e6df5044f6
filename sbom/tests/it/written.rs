//! The shape of what is written: what other programs look for, and what must never be in it.

use model::{
    Distro, Ecosystem, ImageFacts, ImageId, Label, OsRelease, Package, PackageRecord, ScanReport,
    SecretRecord, Severity, SourcePackage, Timestamp,
};
use sbom::vex::{Justification, Status};
use sbom::{PlacedFinding, Subject, Suppression};
use serde_json::{Value, json};

use crate::schema::finding;
use crate::{cyclonedx, spdx};

fn report() -> ScanReport {
    let mut image = ImageFacts::new(ImageId(model::Digest::of(b"config")));
    image.environment = vec!["TOKEN=hunter2".into()];
    let label = |key: &str, value: &str| Label { key: key.into(), value: value.into() };
    image.labels = vec![label("password", "hunter2"), label("team", "blue")];
    let mut openssl = Package::new(Ecosystem::Deb, "libssl3", "3.0.11-1+b1");
    openssl.distro = Some(Distro::new("debian", "12"));
    openssl.source = Some(SourcePackage { name: "openssl".into(), version: "3.0.11-1".into() });
    let mut owned = PackageRecord::new(Package::new(Ecosystem::Npm, "@a/b", "1"), "usr/lib/x/package.json");
    (owned.owned_by, owned.declared, owned.license) =
        (Some("libssl3".into()), true, Some("LicenseRef-mine OR MIT".into()));
    let secret = SecretRecord {
        path: "config:label/password".into(),
        line: 0,
        rule: "password".into(),
        title: "a password".into(),
        severity: Severity::URGENT,
        masked: "hun****".into(),
        layer: None,
    };
    ScanReport {
        schema: 1,
        scanner: "plimsoll/0.1.0".into(),
        scanned_at: Timestamp(1_714_521_600_123),
        source: "CICD".into(),
        image,
        os_release: Some(OsRelease {
            id: "debian".into(),
            version_id: Some("12".into()),
            ..OsRelease::default()
        }),
        users: Vec::new(),
        packages: vec![PackageRecord::new(openssl, "var/lib/dpkg/status"), owned],
        secrets: vec![secret],
        unreadable: Vec::new(),
        tags: Vec::new(),
        build: None,
    }
}

fn value(text: &str) -> Value {
    assert!(text.ends_with("}\n"));
    serde_json::from_str(text).unwrap()
}

#[test]
fn no_document_holds_a_secret_the_environment_or_the_value_of_a_label_that_is_one() {
    for text in [cyclonedx(&report()), spdx(&report())] {
        assert!(!text.contains("hunter2") && !text.contains("hun****") && !text.contains("TOKEN"), "{text}");
        assert!(text.contains("blue"));
    }
}

#[test]
fn cyclonedx_says_in_standard_fields_what_other_programs_look_for() {
    let document = value(&cyclonedx(&report()));
    assert_eq!(document["metadata"]["timestamp"], "2024-05-01T00:00:00Z");
    assert_eq!(
        document["metadata"]["tools"]["components"],
        json!([{"type": "application", "name": "plimsoll", "version": "0.1.0"}])
    );
    let [release, libssl, owned] = document["components"].as_array().unwrap().as_slice() else {
        panic!("{document}")
    };
    assert_eq!((&release["type"], &release["version"]), (&json!("operating-system"), &json!("12")));
    let purl = "pkg:deb/debian/libssl3@3.0.11-1%2Bb1?distro=debian-12&upstream=openssl%403.0.11-1";
    assert_eq!(libssl["purl"], purl);
    assert_eq!(libssl["evidence"]["occurrences"], json!([{"location": "var/lib/dpkg/status"}]));
    assert_eq!(
        (&owned["group"], &owned["name"], &owned["scope"]),
        (&json!("@a"), &json!("b"), &json!("optional"))
    );
    assert_eq!(owned["licenses"], json!([{"expression": "LicenseRef-mine OR MIT"}]));
    let dependencies = json!([
        {"ref": "image", "dependsOn": ["release", "package-0"]},
        {"ref": "package-0", "dependsOn": ["package-1"]},
    ]);
    assert_eq!(document["dependencies"], dependencies);
    assert_eq!(document.get("vulnerabilities"), None);
}

#[test]
fn findings_are_vulnerabilities_and_equal_judgements_one_entry() {
    let (critical, other) = (finding("CVE-2024-0001", 5), finding("CVE-2024-0002", 1));
    let why = Suppression {
        status: Status::NotAffected,
        justification: Some(Justification::VulnerableCodeNotInExecutePath),
        detail: "never called",
    };
    let placed = |subject, finding, suppressed| PlacedFinding { subject, finding, suppressed };
    let findings = [
        placed(Subject::Package(0), &critical, None),
        placed(Subject::Package(1), &critical, None),
        placed(Subject::Release, &other, Some(why)),
        placed(Subject::Package(9), &other, None),
    ];
    let mut out = Vec::new();
    sbom::write_cyclonedx(&report(), Some(&findings), &mut out).unwrap();
    let document = value(std::str::from_utf8(&out).unwrap());
    let [first, second] = document["vulnerabilities"].as_array().unwrap().as_slice() else {
        panic!("{document}")
    };
    assert_eq!(first["affects"], json!([{"ref": "package-0"}, {"ref": "package-1"}]));
    assert_eq!(
        first["ratings"][0],
        json!({"source": {"name": "debian"}, "severity": "critical", "method": "other"})
    );
    assert_eq!(first["ratings"][1]["method"], "CVSSv31");
    assert_eq!(first["ratings"][1]["score"].to_string(), "9.8");
    assert_eq!(first["recommendation"], "update to 1:2.0-1");
    assert_eq!(first["published"], "2023-11-14T22:13:20Z");
    assert_eq!(first["advisories"], json!([{"url": "https://example.com/a?b=c"}]));
    assert_eq!(second["affects"], json!([{"ref": "release"}]));
    let analysis =
        json!({"state": "not_affected", "justification": "code_not_reachable", "detail": "never called"});
    assert_eq!(second["analysis"], analysis);
}

#[test]
fn spdx_links_what_an_os_package_owns_and_defines_every_own_licence() {
    let document = value(&spdx(&report()));
    let related = |relationship: &Value| {
        ["spdxElementId", "relationshipType", "relatedSpdxElement"]
            .map(|key| relationship[key].as_str().unwrap().to_owned())
            .join(" ")
    };
    let relationships: Vec<String> =
        document["relationships"].as_array().unwrap().iter().map(related).collect();
    assert_eq!(
        relationships,
        [
            "SPDXRef-DOCUMENT DESCRIBES SPDXRef-Image",
            "SPDXRef-Image CONTAINS SPDXRef-OperatingSystem",
            "SPDXRef-Image CONTAINS SPDXRef-Package-0",
            "SPDXRef-Package-0 CONTAINS SPDXRef-Package-1",
        ]
    );
    assert_eq!(document["hasExtractedLicensingInfos"][0]["licenseId"], "LicenseRef-mine");
    assert_eq!(document["packages"][2]["sourceInfo"], "built package from: openssl 3.0.11-1");
}

#[test]
fn a_document_of_our_own_with_suppressed_findings_is_read_back_as_statements() {
    let found = finding("CVE-2024-0001", 5);
    let why = Suppression { status: Status::NotAffected, justification: None, detail: "accepted" };
    let findings = [PlacedFinding { subject: Subject::Package(0), finding: &found, suppressed: Some(why) }];
    let mut out = Vec::new();
    let report = report();
    sbom::write_cyclonedx(&report, Some(&findings), &mut out).unwrap();
    let document = sbom::vex::read(&out, &sbom::Limits::default()).unwrap();
    let statement = sbom::vex::judge(
        std::slice::from_ref(&document),
        &report.packages[0],
        &["CVE-2024-0001"],
        &report.image,
    );
    assert_eq!(statement.unwrap().detail, "accepted");
    assert_eq!(
        sbom::vex::judge(
            std::slice::from_ref(&document),
            &report.packages[1],
            &["CVE-2024-0001"],
            &report.image
        ),
        None
    );
}

//! Documents of other programs in their odder shapes: nothing is lost silently.

use model::{Ecosystem, ScanReport};
use sbom::{Limits, SbomError};
use serde_json::{Value, json};

use crate::{notes, read};

fn bom(components: &Value) -> ScanReport {
    read(&json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components}).to_string())
}

fn lines(report: &ScanReport) -> Vec<String> {
    let line = |record: &model::PackageRecord| {
        let distro = record.distro.as_ref().map(|distro| format!(" [{distro}]")).unwrap_or_default();
        let source = record.source.as_ref().map(|source| format!(" of {} {}", source.name, source.version));
        format!(
            "{} {} {}{distro}{}",
            record.ecosystem,
            record.name,
            record.version,
            source.unwrap_or_default()
        )
    };
    report.packages.iter().map(line).collect()
}

#[test]
fn components_that_cannot_be_understood_are_listed_by_their_place() {
    let report = bom(&json!([
        {"type": "library", "name": "left-pad", "version": "1.3.0", "purl": "pkg:npm/left-pad@1.3.0"},
        {"type": "library", "version": "1"},
        {"type": "library", "name": "checkout", "purl": "pkg:github/actions/checkout@v4"},
        {"type": "library", "name": ["no", "word"]},
        "nonsense",
        {"type": "file", "name": "/bin/sh"},
        {"type": "file", "name": "/bin/ls"},
        {"type": "library", "name": "outer", "purl": "pkg:npm/outer@1", "properties": "odd", "licenses": {"id": "MIT"},
         "components": [{"type": "library", "purl": "pkg:npm/%40x/inner@2"}, {"type": "library"}]},
        {"type": "library", "name": "plain", "version": 7},
    ]));
    assert_eq!(lines(&report), ["npm @x/inner 2", "npm left-pad 1.3.0", "npm outer 1", "generic plain 7"]);
    assert_eq!(
        notes(&report),
        [
            "components[1]: has neither a name nor a package URL",
            "components[2]: packages of type `github` are not known",
            "components[3]: does not have the expected shape: invalid type: sequence, expected a word",
            "components[4]: does not have the expected shape: invalid type: string \"nonsense\", expected struct Component",
            "components[7].properties: does not have the expected shape: invalid type: string \"odd\", expected a sequence",
            "components[7].licenses: does not have the expected shape: invalid type: map, expected a sequence",
            "components[7].components[1]: has neither a name nor a package URL",
            "components[5]: 2 of kind `file`, this the first: no package",
        ]
    );
}

#[test]
fn a_release_of_any_program_is_the_one_that_advisories_name() {
    let component =
        |name: &str, version: &str| json!({"type": "operating-system", "name": name, "version": version});
    let rpm = json!({"type": "library", "name": "bash", "version": "5.1.8-9.el9", "purl": "pkg:rpm/redhat/bash@5.1.8-9.el9?arch=x86_64&distro=redhat-9.4"});
    let report = bom(&json!([rpm, component("redhat", "9.4")]));
    assert_eq!(lines(&report), ["rpm bash 5.1.8-9.el9 [rhel:9]"]);
    let apk = |distro: &str| json!({"name": "zlib", "purl": format!("pkg:apk/alpine/zlib@1.3-r0{distro}")});
    let of = |components: Value| {
        let report = bom(&components);
        (lines(&report), report.os_release.map(|release| release.display_name))
    };
    // from the component; from the package alone; from nobody
    let named = Some("Alpine Linux 3.18.4".to_owned());
    let line = |distro: &str| vec![format!("apk zlib 1.3-r0{distro} of zlib 1.3-r0")];
    assert_eq!(of(json!([component("alpine", "3.18.4"), apk("")])), (line(" [alpine:3.18]"), named));
    assert_eq!(
        of(json!([apk("?distro=3.18.4")])),
        (line(" [alpine:3.18]"), Some("Alpine Linux 3.18".to_owned()))
    );
    assert_eq!(of(json!([apk("")])), (line(""), None));
    // another release than the image's own stays what it is
    let foreign =
        of(json!([component("alpine", "3.18.4"), {"purl": "pkg:deb/debian/bash@5?distro=debian-12"}]));
    assert_eq!(foreign.0, ["deb bash 5 [debian:12] of bash 5"]);
}

#[test]
fn the_epoch_of_a_source_rpm_is_that_of_the_package_with_its_version() {
    let purl = |name: &str, version: &str, epoch: &str, source: &str| json!({"purl": format!("pkg:rpm/rhel/{name}@{version}?upstream={source}{epoch}")});
    let report = bom(&json!([
        purl("bind-license", "9.16-1.el9", "&epoch=32", "bind-9.16-1.el9.src.rpm"),
        purl("perl-libs", "5.32-1.el9", "&epoch=4", "perl-5.32-1.el9.src.rpm"),
        purl("perl-Errno", "1.30-1.el9", "", "perl-5.32-1.el9.src.rpm"),
    ]));
    assert_eq!(
        lines(&report),
        [
            "rpm bind-license 32:9.16-1.el9 of bind 32:9.16-1.el9",
            "rpm perl-Errno 1.30-1.el9 of perl 4:5.32-1.el9",
            "rpm perl-libs 4:5.32-1.el9 of perl 4:5.32-1.el9",
        ]
    );
}

#[test]
fn what_only_a_lock_file_speaks_of_is_declared_and_not_counted_beside_the_installed_one() {
    let npm = |name: &str, kind: &str| json!({"purl": format!("pkg:npm/{name}@1"), "properties": [{"name": "aquasecurity:trivy:PkgType", "value": kind}]});
    let report = bom(&json!([npm("both", "npm"), npm("both", "node-pkg"), npm("locked", "npm")]));
    let declared: Vec<(&str, bool)> =
        report.packages.iter().map(|record| (record.name.as_str(), record.declared)).collect();
    assert_eq!(declared, [("both", false), ("locked", true)]);
}

#[test]
fn spdx_2_2_names_what_it_describes_in_a_list_and_licences_by_their_own_words() {
    let report = read(
        &json!({
            "spdxVersion": "SPDX-2.2", "SPDXID": "SPDXRef-DOCUMENT", "documentDescribes": ["SPDXRef-app"],
            "creationInfo": {"created": "2024-05-01T00:00:00Z", "creators": ["Organization: x", "Tool: some-tool-1.2"]},
            "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-0af", "extractedText": "…", "name": "Public Domain"}],
            "packages": [
                {"SPDXID": "SPDXRef-app", "name": "registry.example.com/app:1.0"},
                {"SPDXID": "SPDXRef-1", "name": "six", "versionInfo": "1.16", "licenseDeclared": "MIT OR LicenseRef-0af",
                 "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": "pkg:pypi/six@1.16"}]},
                {"SPDXID": "SPDXRef-2", "name": "unknown-thing", "versionInfo": "2", "licenseDeclared": "NOASSERTION", "licenseConcluded": "NONE"},
            ],
        })
        .to_string(),
    );
    assert_eq!(lines(&report), ["pypi six 1.16", "generic unknown-thing 2"]);
    assert_eq!(report.packages[0].license.as_deref(), Some("MIT OR LicenseRef-Public-Domain"));
    assert_eq!(report.packages[1].license, None);
    assert_eq!(report.image.references[0].repository, "app");
    assert_eq!(report.scanner, "some-tool/1.2");
    assert_eq!(report.scanned_at.to_rfc3339(), "2024-05-01T00:00:00.000Z");
}

#[test]
fn older_syft_documents_are_read() {
    let report = read(
        &json!({
            "artifacts": [{"id": "1", "name": "zlib", "version": "1.2-r0", "type": "apk", "foundBy": "apkdb-cataloger",
                "locations": [{"path": "/lib/apk/db/installed", "layerID": format!("sha256:{}", "ab".repeat(32))}],
                "licenses": ["Zlib"], "purl": "pkg:alpine/zlib@1.2-r0?arch=x86_64",
                "metadataType": "ApkMetadata", "metadata": {"originPackage": "zlib", "architecture": "x86_64"}}],
            "source": {"type": "image", "target": {"imageID": format!("sha256:{}", "cd".repeat(32)), "tags": ["alpine:3.12"],
                "layers": [{"digest": format!("sha256:{}", "ab".repeat(32)), "size": 5}]}},
            "distro": {"name": "alpine", "version": "3.12.0", "idLike": ""},
            "descriptor": {"name": "syft", "version": "0.40.0"}, "schema": {"version": "2.0.0"},
        })
        .to_string(),
    );
    assert_eq!(lines(&report), ["apk zlib 1.2-r0 [alpine:3.12] of zlib 1.2-r0"]);
    let record = &report.packages[0];
    assert_eq!(
        (record.path.as_str(), record.layer, record.ecosystem),
        ("lib/apk/db/installed", Some(0), Ecosystem::Apk)
    );
    assert_eq!(report.image.id.to_string(), format!("sha256:{}", "cd".repeat(32)));
    assert!(report.unreadable.is_empty(), "{:?}", report.unreadable);
}

#[test]
fn a_document_within_an_attestation_is_taken_out_of_it() {
    let bom =
        json!({"bomFormat": "CycloneDX", "specVersion": "1.4", "components": [{"purl": "pkg:npm/a@1"}]});
    let statement = json!({"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://cyclonedx.org/bom", "predicate": bom});
    assert_eq!(lines(&read(&statement.to_string())), ["npm a 1"]);
}

#[test]
fn the_same_document_gives_the_same_image_and_another_one_another() {
    let one = bom(&json!([{"purl": "pkg:npm/a@1"}]));
    assert_eq!(bom(&json!([{"purl": "pkg:npm/a@1"}])).image.id, one.image.id);
    assert_ne!(bom(&json!([{"purl": "pkg:npm/a@2"}])).image.id, one.image.id);
    let of_manifest = |time: &str| {
        let component =
            json!({"type": "container", "name": "app:1", "version": format!("sha256:{}", "ef".repeat(32))});
        let metadata = json!({"timestamp": time, "component": component});
        read(&json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": metadata}).to_string()).image
    };
    let (first, second) = (of_manifest("2024-01-01T00:00:00Z"), of_manifest("2025-01-01T00:00:00Z"));
    assert_eq!(first.id, second.id);
    assert_eq!(first.references[0].digest.unwrap().to_hex(), "ef".repeat(32));
}

#[test]
fn what_is_not_read_is_refused_in_words() {
    let refused = |text: &str| match sbom::read(text.as_bytes(), &Limits::default()) {
        Err(error) => error.to_string(),
        Ok(_) => "read".to_owned(),
    };
    let cases = [
        (
            "<?xml version=\"1.0\"?><bom/>",
            "XML is not read; write the document as CycloneDX JSON or SPDX JSON",
        ),
        (
            "SPDXVersion: SPDX-2.3\n",
            "SPDX in the tag-value form is not read; write the document as SPDX JSON",
        ),
        (
            r#"{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}"#,
            "SPDX 3 is not read; write the document as SPDX 2.3 or CycloneDX",
        ),
        (
            r#"{"bomFormat": "CycloneDX", "specVersion": "2.0"}"#,
            "CycloneDX 2.0 is not read; known are the versions 1.2, 1.3, 1.4, 1.5, 1.6, 1.7",
        ),
        (r#"{"spdxVersion": "SPDX-2.0"}"#, "`SPDX-2.0` is not read; known are SPDX-2.2 and SPDX-2.3"),
        (
            r#"{"payload": "e30=", "payloadType": "x"}"#,
            "a signed envelope is not read; take the document out of it first",
        ),
        (
            r#"{"@context": "https://openvex.dev/ns/v0.2.0"}"#,
            "the document holds statements on exploitability and is no bill of materials",
        ),
        ("{}", "the document is none of CycloneDX, SPDX, Syft or Plimsoll JSON"),
        ("{", "the JSON document cannot be read: EOF while parsing an object at line 1 column 1"),
    ];
    for (text, expected) in cases {
        assert_eq!(refused(text), expected, "{text}");
    }
    let small = Limits { bytes: 10, ..Limits::default() };
    assert!(matches!(sbom::read(&[b' '; 11], &small), Err(SbomError::TooLarge { bytes: 11, most: 10 })));
    assert!(sbom::looks_like_document(b"\xef\xbb\xbf  {\"") && !sbom::looks_like_document(b"\x1f\x8b"));
}

//! Writes SPDX 2.3 (spdx.github.io/spdx-spec/v2.3, schemas/spdx-schema.json).
//!
//! The decision a reader may doubt: the purpose of the release is `OPERATING_SYSTEM`, as the schema spells it, and not with
//! the hyphen of the specification's text; both are read.

use std::collections::BTreeSet;
use std::io::Write;

use model::{DiffId, OsRelease, PackageRecord, ScanReport};
use serde::Serialize;

use super::read::ANNOTATION;
use crate::property::{self, Pair};
use crate::{SbomError, license, stamp};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-Image";
const RELEASE: &str = "SPDXRef-OperatingSystem";
const NO_ASSERTION: &str = "NOASSERTION";
/// What stands for a time that no calendar has: the field must be there.
const NO_TIME: &str = "1970-01-01T00:00:00Z";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    document_namespace: Option<String>,
    creation_info: CreationInfo,
    packages: Vec<Package<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    has_extracted_licensing_infos: Vec<ExtractedLicense<'a>>,
    relationships: Vec<Relationship>,
}

#[derive(Serialize)]
struct CreationInfo {
    created: String,
    creators: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    name: &'a str,
    #[serde(rename = "SPDXID")]
    id: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    version_info: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<String>,
    download_location: &'static str,
    files_analyzed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum>,
    #[serde(skip_serializing_if = "String::is_empty")]
    source_info: String,
    license_concluded: &'static str,
    license_declared: &'a str,
    copyright_text: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef>,
    primary_package_purpose: &'static str,
    annotations: Vec<Annotation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: &'static str,
    checksum_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Annotation {
    annotation_date: String,
    annotation_type: &'static str,
    annotator: String,
    comment: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExtractedLicense<'a> {
    license_id: &'a str,
    extracted_text: String,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: &'static str,
    related_spdx_element: String,
}

/// Writes the document and a line end.
pub(crate) fn write(report: &ScanReport, out: &mut dyn Write) -> Result<(), SbomError> {
    let name = stamp::image_name(report);
    let created = stamp::seconds(report.scanned_at).unwrap_or_else(|| NO_TIME.to_owned());
    let layers: Vec<DiffId> = report.image.layers.iter().filter_map(|layer| layer.diff_id).collect();
    let mut packages = vec![image(report, &name, &created)?];
    if let Some(release) = &report.os_release {
        packages.push(operating_system(release, &created)?);
    }
    for (index, record) in report.packages.iter().enumerate() {
        packages.push(package(index, record, &layers, &created)?);
    }
    let mut document = Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        name: &name,
        document_namespace: None,
        creation_info: CreationInfo { created: created.clone(), creators: creators(report) },
        packages,
        has_extracted_licensing_infos: extracted(report),
        relationships: relationships(report),
    };
    document.document_namespace = Some(format!("urn:uuid:{}", stamp::uuid_of(&document)?));
    serde_json::to_writer(&mut *out, &document)?;
    writeln!(out).map_err(SbomError::Write)
}

/// This program, and the one that looked if it is another.
fn creators(report: &ScanReport) -> Vec<String> {
    let own = tool();
    let scanner = format!("Tool: {}", one_line(&report.scanner.replacen('/', "-", 1)));
    if scanner == own || report.scanner.is_empty() { vec![own] } else { vec![scanner, own] }
}

fn tool() -> String {
    format!("Tool: {}-{}", stamp::PROGRAM.0, stamp::PROGRAM.1)
}

/// A text for a field that takes one line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn annotation(pairs: &[Pair], date: &str) -> Result<Vec<Annotation>, SbomError> {
    let comment = format!("{ANNOTATION}{}", serde_json::to_string(pairs)?);
    let annotation_date = date.to_owned();
    Ok(vec![Annotation { annotation_date, annotation_type: "OTHER", annotator: tool(), comment }])
}

fn plain<'a>(name: &'a str, id: String, purpose: &'static str, annotations: Vec<Annotation>) -> Package<'a> {
    Package {
        name,
        id,
        version_info: "",
        supplier: None,
        download_location: NO_ASSERTION,
        files_analyzed: false,
        checksums: Vec::new(),
        source_info: String::new(),
        license_concluded: NO_ASSERTION,
        license_declared: NO_ASSERTION,
        copyright_text: NO_ASSERTION,
        external_refs: Vec::new(),
        primary_package_purpose: purpose,
        annotations,
    }
}

fn image<'a>(report: &ScanReport, name: &'a str, date: &str) -> Result<Package<'a>, SbomError> {
    let checksum = Checksum { algorithm: "SHA256", checksum_value: report.image.id.0.to_hex() };
    let annotations = annotation(&property::of_report(report), date)?;
    Ok(Package { checksums: vec![checksum], ..plain(name, IMAGE.to_owned(), "CONTAINER", annotations) })
}

fn operating_system<'a>(release: &'a OsRelease, date: &str) -> Result<Package<'a>, SbomError> {
    let annotations = annotation(&property::of_release(release), date)?;
    let version_info = release.version_id.as_deref().unwrap_or_default();
    Ok(Package { version_info, ..plain(&release.id, RELEASE.to_owned(), "OPERATING_SYSTEM", annotations) })
}

fn reference_of(index: usize) -> String {
    format!("SPDXRef-Package-{index}")
}

fn package<'a>(
    index: usize,
    record: &'a PackageRecord,
    layers: &[DiffId],
    date: &str,
) -> Result<Package<'a>, SbomError> {
    let mut own = property::of_record(record, layers);
    if !record.path.is_empty() {
        own.push((property::PATH.to_owned(), record.path.clone()));
    }
    let license = record.license.as_deref();
    let is_fit = |text: &&str| license::is_expression(text) && !matches!(*text, "NONE" | NO_ASSERTION);
    if let Some(text) = license.filter(|text| !is_fit(text)) {
        own.push((property::LICENSE.to_owned(), text.to_owned()));
    }
    let vendor = record.vendor.as_deref().map(one_line).filter(|vendor| !vendor.trim().is_empty());
    let purl = ExternalRef {
        reference_category: "PACKAGE-MANAGER",
        reference_type: "purl",
        reference_locator: stamp::purl_of(record),
    };
    let source = record
        .source
        .as_ref()
        .map(|source| format!("built package from: {} {}", source.name, source.version));
    let purpose = if record.arch.as_deref() == Some("source") { "SOURCE" } else { "LIBRARY" };
    Ok(Package {
        version_info: &record.version,
        supplier: vendor.map(|vendor| format!("Organization: {vendor}")),
        source_info: source.unwrap_or_default(),
        license_declared: license.filter(is_fit).unwrap_or(NO_ASSERTION),
        external_refs: vec![purl],
        ..plain(&record.name, reference_of(index), purpose, annotation(&own, date)?)
    })
}

/// Every word of a licence that is no identifier has to be defined.
fn extracted(report: &ScanReport) -> Vec<ExtractedLicense<'_>> {
    let expressions = report.packages.iter().filter_map(|record| record.license.as_deref());
    let words: BTreeSet<&str> =
        expressions.filter(|text| license::is_expression(text)).flat_map(license::references_in).collect();
    words
        .into_iter()
        .map(|license_id| {
            let name = license_id.strip_prefix("LicenseRef-").unwrap_or(license_id);
            ExtractedLicense {
                license_id,
                extracted_text: format!("the package names its licence `{name}`"),
                name,
            }
        })
        .collect()
}

fn relationships(report: &ScanReport) -> Vec<Relationship> {
    let related = |from: &str, relationship_type, to: String| Relationship {
        spdx_element_id: from.to_owned(),
        relationship_type,
        related_spdx_element: to,
    };
    let mut all = vec![related(DOCUMENT, "DESCRIBES", IMAGE.to_owned())];
    all.extend(report.os_release.iter().map(|_| related(IMAGE, "CONTAINS", RELEASE.to_owned())));
    for (index, owner) in stamp::owners(&report.packages).into_iter().enumerate() {
        let from = owner.map_or_else(|| IMAGE.to_owned(), reference_of);
        all.push(related(&from, "CONTAINS", reference_of(index)));
    }
    all
}

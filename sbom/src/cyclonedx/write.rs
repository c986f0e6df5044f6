//! Writes CycloneDX 1.6 (cyclonedx.org/schema/bom-1.6.schema.json).

use std::collections::BTreeMap;
use std::io::Write;

use model::report::limits;
use model::{DiffId, PackageRecord, ScanReport};
use serde::Serialize;

use super::vulnerability::{self, Vulnerability};
use crate::property::{self, Pair};
use crate::purl::encode;
use crate::{PlacedFinding, SbomError, identity, license, stamp};

/// The longest version that the schema takes.
const MAX_VERSION: usize = 1_024;

/// The reference of the image.
const IMAGE: &str = "image";
/// The reference of the operating system release.
pub(super) const RELEASE: &str = "release";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component<'a>>,
    dependencies: Vec<Dependency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vulnerabilities: Option<Vec<Vulnerability<'a>>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    tools: Tools<'a>,
    component: Component<'a>,
}

#[derive(Serialize)]
struct Tools<'a> {
    components: Vec<Component<'a>>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component<'a> {
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<Supplier<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    group: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<LicenseChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Supplier<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum LicenseChoice<'a> {
    Expression(&'a str),
    License { name: &'a str },
}

#[derive(Serialize)]
struct Evidence<'a> {
    occurrences: [Occurrence<'a>; 1],
}

#[derive(Serialize)]
struct Occurrence<'a> {
    location: &'a str,
}

#[derive(Serialize)]
pub(super) struct Property {
    name: String,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    depends_on: Vec<String>,
}

/// Writes the document and a line end.
pub(crate) fn write(
    report: &ScanReport,
    findings: Option<&[PlacedFinding<'_>]>,
    out: &mut dyn Write,
) -> Result<(), SbomError> {
    let name = stamp::image_name(report);
    let layers: Vec<DiffId> = report.image.layers.iter().filter_map(|layer| layer.diff_id).collect();
    let release = report.os_release.as_ref().map(release);
    let packages = report.packages.iter().enumerate().map(|(index, record)| package(index, record, &layers));
    let mut document = Document {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: None,
        version: 1,
        metadata: Metadata {
            timestamp: stamp::seconds(report.scanned_at),
            tools: Tools { components: tools(report) },
            component: image(report, &name),
        },
        components: release.into_iter().chain(packages).collect(),
        dependencies: dependencies(report),
        vulnerabilities: findings.map(|findings| vulnerability::list(report, findings)),
    };
    document.serial_number = Some(format!("urn:uuid:{}", stamp::uuid_of(&document)?));
    serde_json::to_writer(&mut *out, &document)?;
    writeln!(out).map_err(SbomError::Write)
}

/// The program that looked, and this one if it is another.
fn tools(report: &ScanReport) -> Vec<Component<'_>> {
    let tool = |(name, version)| Component { kind: "application", name, version, ..Component::default() };
    let scanner = report.scanner.split_once('/').unwrap_or((&report.scanner, ""));
    let mut tools = vec![scanner];
    if scanner != stamp::PROGRAM {
        tools.push(stamp::PROGRAM);
    }
    tools.into_iter().filter(|(_, version)| version.len() <= MAX_VERSION).map(tool).collect()
}

fn properties(pairs: Vec<Pair>) -> Vec<Property> {
    pairs.into_iter().map(|(name, value)| Property { name, value }).collect()
}

fn image<'a>(report: &'a ScanReport, name: &'a str) -> Component<'a> {
    let hash = Hash { alg: "SHA-256", content: report.image.id.0.to_hex() };
    Component {
        reference: Some(IMAGE.to_owned()),
        kind: "container",
        name,
        hashes: vec![hash],
        purl: report.image.references.iter().find_map(image_purl),
        properties: properties(property::of_report(report)),
        ..Component::default()
    }
}

/// `pkg:oci/NAME@DIGEST?repository_url=…&tag=…` (package-url types, `oci`); only a manifest digest makes one.
fn image_purl(reference: &model::Reference) -> Option<String> {
    let digest = reference.digest?.to_string();
    let name = reference.repository.rsplit('/').next()?.to_lowercase();
    let address = format!("{}/{}", reference.registry, reference.repository);
    let mut purl =
        format!("pkg:oci/{}@{}?repository_url={}", encode(&name), encode(&digest), encode(&address));
    reference.tag.iter().for_each(|tag| purl.extend(["&tag=", &encode(tag)]));
    Some(purl)
}

fn release(release: &model::OsRelease) -> Component<'_> {
    let version = release.version_id.as_deref().unwrap_or_default();
    Component {
        reference: Some(RELEASE.to_owned()),
        kind: "operating-system",
        name: &release.id,
        version: if version.len() > MAX_VERSION { "" } else { version },
        description: &release.display_name,
        properties: properties(property::of_release(release)),
        ..Component::default()
    }
}

/// The reference of the package with an index.
pub(super) fn reference_of(index: usize) -> String {
    format!("package-{index}")
}

fn package<'a>(index: usize, record: &'a PackageRecord, layers: &[DiffId]) -> Component<'a> {
    let (group, name) = identity::split(record.ecosystem, &record.name);
    let mut own = property::of_record(record, layers);
    let version = if record.version.len() > MAX_VERSION {
        own.push((property::VERSION.to_owned(), record.version.clone()));
        ""
    } else {
        &record.version
    };
    let choice = record.license.as_deref().map(|text| match license::is_expression(text) {
        true => LicenseChoice::Expression(text),
        false => {
            own.push((property::LICENSE.to_owned(), text.to_owned()));
            LicenseChoice::License { name: text }
        }
    });
    let location = Occurrence { location: &record.path };
    Component {
        reference: Some(reference_of(index)),
        kind: "library",
        supplier: record.vendor.as_deref().map(|name| Supplier { name }),
        group,
        name,
        version,
        scope: record.declared.then_some("optional"),
        licenses: choice.into_iter().collect(),
        purl: Some(stamp::purl_of(record)),
        evidence: (!record.path.is_empty()).then_some(Evidence { occurrences: [location] }),
        properties: properties(own),
        ..Component::default()
    }
}

/// The image holds its release and all packages that nothing else holds; an OS package holds what it owns.
fn dependencies(report: &ScanReport) -> Vec<Dependency> {
    let mut parts: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut top: Vec<String> = report.os_release.iter().map(|_| RELEASE.to_owned()).collect();
    for (index, owner) in stamp::owners(&report.packages).into_iter().enumerate() {
        match owner {
            Some(owner) => parts.entry(owner).or_default().push(reference_of(index)),
            None => top.push(reference_of(index)),
        }
    }
    let image = Dependency { reference: IMAGE.to_owned(), depends_on: top };
    let owning = parts
        .into_iter()
        .map(|(owner, parts)| Dependency { reference: reference_of(owner), depends_on: parts });
    std::iter::once(image).chain(owning).collect()
}

/// Cuts at the end of a character what the report's own bounds would not let back in.
pub(super) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(limits::WORD)]
}

//! Writes OpenVEX 0.2.0 (github.com/openvex/spec, `OPENVEX-SPEC.md`).

use std::collections::BTreeMap;
use std::io::Write;

use model::ScanReport;
use serde::Serialize;

use super::{Position, Products};
use crate::vex::{Justification, Status};
use crate::{SbomError, stamp};

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@id")]
    id: String,
    author: &'static str,
    timestamp: &'a str,
    version: u32,
    tooling: String,
    statements: Vec<Statement<'a>>,
}

#[derive(Serialize)]
struct Statement<'a> {
    vulnerability: Vulnerability<'a>,
    products: [Product<'a>; 1],
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact_statement: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_statement: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_notes: Option<&'a str>,
}

#[derive(Serialize)]
struct Vulnerability<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'a str>,
}

#[derive(Clone, Serialize)]
struct Product<'a> {
    #[serde(rename = "@id")]
    id: &'a str,
    hashes: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subcomponents: Vec<Part<'a>>,
}

#[derive(Clone, Serialize)]
struct Part<'a> {
    #[serde(rename = "@id")]
    id: &'a str,
}

pub(super) fn write(
    report: &ScanReport,
    positions: &BTreeMap<Position, Products>,
    out: &mut dyn Write,
) -> Result<(), SbomError> {
    let time = super::time_of(report);
    let image =
        super::image_purl(report).unwrap_or_else(|| format!("urn:plimsoll:image:{}", report.image.id));
    let hashes = BTreeMap::from([("sha-256", report.image.id.0.to_hex())]);
    let product = Product { id: &image, hashes, subcomponents: Vec::new() };
    let mut document = Document {
        context: "https://openvex.dev/ns/v0.2.0",
        id: String::new(),
        author: "Plimsoll",
        timestamp: &time,
        version: 1,
        tooling: stamp::PROGRAM.0.to_owned() + "/" + stamp::PROGRAM.1,
        statements: positions.iter().flat_map(|(position, on)| statements(position, on, &product)).collect(),
    };
    document.id = format!("urn:uuid:{}", stamp::uuid_of(&document)?);
    serde_json::to_writer(&mut *out, &document)?;
    out.write_all(b"\n").map_err(SbomError::Write)
}

/// One on the packages, and one on the image itself: without parts a product is meant as a whole.
fn statements<'a>(position: &'a Position, on: &'a Products, image: &Product<'a>) -> Vec<Statement<'a>> {
    let parts: Vec<Part<'a>> = on.iter().flatten().map(|id| Part { id }).collect();
    let mut products = Vec::new();
    if !parts.is_empty() {
        products.push(Product { subcomponents: parts, ..image.clone() });
    }
    if on.contains(&None) {
        products.push(image.clone());
    }
    products.into_iter().map(|product| statement(position, product)).collect()
}

fn statement<'a>(position: &'a Position, product: Product<'a>) -> Statement<'a> {
    let detail = Some(position.detail.as_str()).filter(|detail| !detail.is_empty());
    let is = |status| detail.filter(|_| position.status == status);
    Statement {
        vulnerability: Vulnerability {
            name: &position.id,
            aliases: position.aliases.iter().map(String::as_str).collect(),
        },
        products: [product],
        status: position.status.as_str(),
        justification: position
            .justification
            .filter(|_| position.status == Status::NotAffected)
            .map(Justification::as_str),
        impact_statement: is(Status::NotAffected),
        action_statement: is(Status::Affected),
        status_notes: is(Status::Fixed).or(is(Status::UnderInvestigation)),
    }
}

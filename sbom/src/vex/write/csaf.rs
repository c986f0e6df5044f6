//! Writes the VEX profile of CSAF 2.0 (docs.oasis-open.org/csaf/csaf/v2.0, sections 3 and 4.5).
//!
//! All that is said of one id is one entry, because the standard allows a CVE only once in a document (test 6.1.23).

use std::collections::BTreeMap;
use std::io::Write;

use model::ScanReport;
use serde::Serialize;

use super::{Position, Products};
use crate::vex::{Justification, Status};
use crate::{SbomError, stamp};

/// The product that is the image as a whole.
const IMAGE: &str = "image";
/// Where this program has its home as far as documents need one.
const NAMESPACE: &str = "https://plimsoll.invalid";

#[derive(Serialize)]
struct Csaf<'a> {
    document: Head<'a>,
    product_tree: Tree<'a>,
    vulnerabilities: Vec<Vulnerability<'a>>,
}

#[derive(Serialize)]
struct Head<'a> {
    category: &'static str,
    csaf_version: &'static str,
    title: String,
    publisher: Publisher,
    tracking: Tracking<'a>,
}

#[derive(Serialize)]
struct Publisher {
    category: &'static str,
    name: &'static str,
    namespace: &'static str,
}

#[derive(Serialize)]
struct Tracking<'a> {
    id: String,
    status: &'static str,
    version: &'static str,
    initial_release_date: &'a str,
    current_release_date: &'a str,
    revision_history: [Revision<'a>; 1],
    generator: Generator,
}

#[derive(Serialize)]
struct Revision<'a> {
    date: &'a str,
    number: &'static str,
    summary: &'static str,
}

#[derive(Serialize)]
struct Generator {
    engine: Engine,
}

#[derive(Serialize)]
struct Engine {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Tree<'a> {
    full_product_names: Vec<FullName<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relationships: Vec<Relationship<'a>>,
}

#[derive(Serialize)]
struct FullName<'a> {
    product_id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_identification_helper: Option<Helper<'a>>,
}

#[derive(Serialize)]
struct Helper<'a> {
    purl: &'a str,
}

#[derive(Serialize)]
struct Relationship<'a> {
    category: &'static str,
    product_reference: String,
    relates_to_product_reference: &'static str,
    full_product_name: FullName<'a>,
}

#[derive(Default, Serialize)]
struct Vulnerability<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cve: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ids: Vec<OtherId<'a>>,
    notes: Vec<Note>,
    product_status: BTreeMap<&'static str, Vec<&'a str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<Flag<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    threats: Vec<Detail<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remediations: Vec<Detail<'a>>,
}

#[derive(PartialEq, Serialize)]
struct OtherId<'a> {
    system_name: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct Note {
    category: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Flag<'a> {
    label: &'static str,
    product_ids: Vec<&'a str>,
}

/// A threat or a remediation.
#[derive(Serialize)]
struct Detail<'a> {
    category: &'static str,
    details: &'a str,
    product_ids: Vec<&'a str>,
}

pub(super) fn write(
    report: &ScanReport,
    positions: &BTreeMap<Position, Products>,
    out: &mut dyn Write,
) -> Result<(), SbomError> {
    let time = super::time_of(report);
    let image = super::image_purl(report);
    // Numbered in the order of their package URLs.
    let mut ids: BTreeMap<&str, String> =
        positions.values().flatten().flatten().map(|purl| (purl.as_str(), String::new())).collect();
    for (number, id) in ids.values_mut().enumerate() {
        *id = format!("image:{number}");
    }
    let mut csaf = Csaf {
        document: head(report, &time),
        product_tree: tree(report, image.as_deref(), &ids),
        vulnerabilities: vulnerabilities(positions, &ids),
    };
    csaf.document.tracking.id = format!("plimsoll-{}", stamp::uuid_of(&csaf)?);
    serde_json::to_writer(&mut *out, &csaf)?;
    out.write_all(b"\n").map_err(SbomError::Write)
}

fn head<'a>(report: &ScanReport, time: &'a str) -> Head<'a> {
    Head {
        category: "csaf_vex",
        csaf_version: "2.0",
        title: format!("What is known about vulnerabilities in {}", stamp::image_name(report)),
        publisher: Publisher { category: "user", name: "Plimsoll", namespace: NAMESPACE },
        tracking: Tracking {
            id: String::new(),
            status: "final",
            version: "1",
            initial_release_date: time,
            current_release_date: time,
            revision_history: [Revision { date: time, number: "1", summary: "First version" }],
            generator: Generator { engine: Engine { name: stamp::PROGRAM.0, version: stamp::PROGRAM.1 } },
        },
    }
}

fn tree<'a>(report: &ScanReport, image: Option<&'a str>, ids: &BTreeMap<&'a str, String>) -> Tree<'a> {
    let name = stamp::image_name(report);
    let helper = image.map(|purl| Helper { purl });
    let whole =
        FullName { product_id: IMAGE.to_owned(), name: name.clone(), product_identification_helper: helper };
    let part = |id: &str| id.replacen("image:", "package:", 1);
    let parts = ids.iter().map(|(purl, id)| FullName {
        product_id: part(id),
        name: (*purl).to_owned(),
        product_identification_helper: Some(Helper { purl }),
    });
    let relationship = |(purl, id): (&&str, &String)| Relationship {
        category: "default_component_of",
        product_reference: part(id),
        relates_to_product_reference: IMAGE,
        full_product_name: FullName {
            product_id: id.clone(),
            name: format!("{purl} in {name}"),
            product_identification_helper: None,
        },
    };
    Tree {
        full_product_names: std::iter::once(whole).chain(parts).collect(),
        relationships: ids.iter().map(relationship).collect(),
    }
}

fn vulnerabilities<'a>(
    positions: &'a BTreeMap<Position, Products>,
    ids: &'a BTreeMap<&'a str, String>,
) -> Vec<Vulnerability<'a>> {
    let mut all: BTreeMap<&str, Vulnerability<'a>> = BTreeMap::new();
    for (position, on) in positions {
        let products: Vec<&str> = on
            .iter()
            .map(|purl| {
                purl.as_ref().map_or(IMAGE, |purl| ids.get(purl.as_str()).map_or(IMAGE, String::as_str))
            })
            .collect();
        all.entry(&position.id).or_default().add(position, products);
    }
    all.into_values().collect()
}

impl<'a> Vulnerability<'a> {
    fn add(&mut self, position: &'a Position, products: Vec<&'a str>) {
        if is_cve(&position.id) {
            self.cve = Some(&position.id);
        }
        let all = std::iter::once(position.id.as_str()).chain(position.aliases.iter().map(String::as_str));
        for text in all.filter(|id| self.cve != Some(*id) && !id.is_empty()) {
            let id = OtherId { system_name: system_of(text), text };
            if !self.ids.contains(&id) {
                self.ids.push(id);
            }
        }
        if self.notes.is_empty() {
            let text = format!("{} in the packages of this image", position.id);
            self.notes.push(Note { category: "description", text });
        }
        let status = match position.status {
            Status::Affected => "known_affected",
            Status::NotAffected => "known_not_affected",
            Status::Fixed => "fixed",
            Status::UnderInvestigation => "under_investigation",
        };
        let list = self.product_status.entry(status).or_default();
        list.extend(&products);
        list.sort_unstable();
        list.dedup();
        let has_words = !position.detail.is_empty();
        match position.status {
            Status::Affected => {
                let category = match (position.has_fix, position.is_final) {
                    (true, _) => "vendor_fix",
                    (_, true) => "no_fix_planned",
                    _ => "none_available",
                };
                self.remediations.push(Detail { category, details: &position.detail, product_ids: products });
            }
            Status::NotAffected => {
                if let Some(label) = position.justification.map(Justification::as_str) {
                    self.flags.push(Flag { label, product_ids: products.clone() });
                }
                if has_words {
                    let details = &position.detail;
                    self.threats.push(Detail { category: "impact", details, product_ids: products });
                }
            }
            Status::Fixed | Status::UnderInvestigation => {}
        }
    }
}

/// What the schema takes as a CVE: four digits of year, four or more of number.
fn is_cve(id: &str) -> bool {
    let parts = id.strip_prefix("CVE-").and_then(|rest| rest.split_once('-'));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    parts.is_some_and(|(year, number)| year.len() == 4 && number.len() >= 4 && digits(year) && digits(number))
}

/// Who gave the id.
fn system_of(id: &str) -> &'static str {
    const KNOWN: [(&str, &str); 8] = [
        ("CVE-", "CVE"),
        ("GHSA-", "GitHub Advisory Database"),
        ("PYSEC-", "PyPI Advisory Database"),
        ("RUSTSEC-", "RustSec"),
        ("GO-", "Go Vulnerability Database"),
        ("DSA-", "Debian"),
        ("DLA-", "Debian"),
        ("EOL-", "End of life"),
    ];
    KNOWN.iter().find(|(prefix, _)| id.starts_with(prefix)).map_or("Other", |(_, name)| name)
}

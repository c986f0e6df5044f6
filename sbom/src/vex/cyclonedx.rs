//! CycloneDX as VEX (cyclonedx.org/capabilities/vex): the analysis of vulnerabilities in the components of this or another document.

use std::collections::HashMap;

use model::{Digest, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Justification, Product, Statement, Status, VexDocument};
use crate::SbomError;
use crate::identity::short;
use crate::json::{Parts, Word, entry};
use crate::purl::decode;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow, default)]
    serial_number: Word<'a>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    components: Parts<'a>,
    #[serde(borrow, default)]
    vulnerabilities: Parts<'a>,
}

#[derive(Default, Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    timestamp: Word<'a>,
    #[serde(borrow)]
    component: Option<&'a RawValue>,
    #[serde(borrow)]
    supplier: Option<Named<'a>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    name: Word<'a>,
}

#[derive(Deserialize)]
struct Component<'a> {
    #[serde(borrow, default, rename = "bom-ref")]
    reference: Word<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Word<'a>,
    #[serde(borrow, default)]
    name: Word<'a>,
    #[serde(borrow, default)]
    version: Word<'a>,
    #[serde(borrow, default)]
    purl: Word<'a>,
    #[serde(borrow, default)]
    properties: Parts<'a>,
    #[serde(borrow, default)]
    components: Parts<'a>,
}

#[derive(Deserialize)]
struct Property<'a> {
    #[serde(borrow, default)]
    name: Word<'a>,
    #[serde(borrow, default)]
    value: Word<'a>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, default)]
    id: Word<'a>,
    #[serde(borrow, default)]
    references: Vec<Alias<'a>>,
    #[serde(borrow)]
    analysis: Option<Analysis<'a>>,
    #[serde(borrow, default)]
    affects: Vec<Affect<'a>>,
    #[serde(borrow, default)]
    updated: Word<'a>,
}

#[derive(Deserialize)]
struct Alias<'a> {
    #[serde(borrow, default)]
    id: Word<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analysis<'a> {
    #[serde(borrow, default)]
    state: Word<'a>,
    #[serde(borrow, default)]
    justification: Word<'a>,
    #[serde(borrow, default)]
    detail: Word<'a>,
    #[serde(borrow, default)]
    first_issued: Word<'a>,
    #[serde(borrow, default)]
    last_updated: Word<'a>,
}

#[derive(Deserialize)]
struct Affect<'a> {
    #[serde(borrow, default, rename = "ref")]
    reference: Word<'a>,
}

/// What references of the document mean.
struct Products {
    /// The image or other subject, by its reference.
    subject: Option<(String, Product)>,
    purls: HashMap<String, String>,
}

/// Levels of components within components.
const DEPTH: usize = 16;

pub(super) fn read(bytes: &[u8]) -> Result<VexDocument, SbomError> {
    let document: Document<'_> =
        serde_json::from_slice(bytes).map_err(|error| SbomError::malformed("CycloneDX", &error))?;
    if document.vulnerabilities.entries.is_empty() {
        return Err(SbomError::UnknownVex);
    }
    let metadata = document.metadata.map(entry::<Metadata<'_>>).and_then(Result::ok).unwrap_or_default();
    let author = metadata.supplier.as_ref().map(|supplier| supplier.name.text()).unwrap_or_default();
    let mut made = VexDocument::new(document.serial_number.text(), author);
    let subject = metadata.component.and_then(|raw| entry::<Component<'_>>(raw).ok());
    let products = Products {
        subject: subject.map(|component| (component.reference.text().to_owned(), subject_of(&component))),
        purls: purls(document.components),
    };
    let time = Timestamp::parse(metadata.timestamp.text());
    for (index, raw) in document.vulnerabilities.entries.iter().enumerate() {
        let place = format!("vulnerabilities[{index}]");
        match entry(raw)
            .and_then(|raw: Vulnerability<'_>| statement(&raw, &products, time, &place, &mut made))
        {
            Ok(Some(statement)) => made.add(statement),
            // Listed without a position on it.
            Ok(None) => {}
            Err(reason) => made.note(place, reason),
        }
    }
    Ok(made)
}

/// What names the subject of the document; empty if it is no image and no package.
fn subject_of(component: &Component<'_>) -> Product {
    let mut product = Product::default();
    let own = ["plimsoll:image:id", "aquasecurity:trivy:ImageID"];
    let read = component.properties.entries.iter().filter_map(|raw| entry::<Property<'_>>(raw).ok());
    let ids = read.filter(|property| own.contains(&property.name.text()));
    product.digests.extend(ids.filter_map(|property| property.value.text().parse::<Digest>().ok()));
    if let Ok(digest) = component.version.text().parse::<Digest>() {
        product.digests.push(digest);
    }
    if !component.purl.text().is_empty() {
        product.name(component.purl.text());
    } else if component.kind.text() == "container" && product.digests.is_empty() {
        product.name(component.name.text());
    }
    product
}

fn purls(list: Parts<'_>) -> HashMap<String, String> {
    let mut purls = HashMap::new();
    let mut waiting = vec![(list, 0)];
    while let Some((list, depth)) = waiting.pop() {
        for component in list.entries.into_iter().filter_map(|raw| entry::<Component<'_>>(raw).ok()) {
            let (reference, purl) = (component.reference.text(), component.purl.text());
            if !reference.is_empty() && !purl.is_empty() {
                purls.insert(reference.to_owned(), purl.to_owned());
            }
            if !component.components.entries.is_empty() && depth < DEPTH {
                waiting.push((component.components, depth + 1));
            }
        }
    }
    purls
}

fn statement(
    raw: &Vulnerability<'_>,
    products: &Products,
    time: Option<Timestamp>,
    place: &str,
    document: &mut VexDocument,
) -> Result<Option<Statement>, String> {
    let Some(analysis) = raw.analysis.as_ref().filter(|analysis| !analysis.state.text().is_empty()) else {
        return Ok(None);
    };
    let state = analysis.state.text();
    let status = match state {
        "not_affected" | "false_positive" => Status::NotAffected,
        "resolved" | "resolved_with_pedigree" => Status::Fixed,
        "exploitable" => Status::Affected,
        "in_triage" => Status::UnderInvestigation,
        other => return Err(format!("`{}` is no state", short(other))),
    };
    let ids = std::iter::once(&raw.id).chain(raw.references.iter().map(|alias| &alias.id)).map(Word::text);
    let vulnerabilities: Vec<String> = ids.filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if vulnerabilities.is_empty() {
        return Err("names no vulnerability".to_owned());
    }
    let mut meant = Vec::new();
    for (index, affect) in raw.affects.iter().enumerate() {
        match products.of(affect.reference.text()) {
            Some(product) => meant.push(product),
            None => {
                let reason =
                    format!("`{}` names no package URL, digest or image", short(affect.reference.text()));
                document.note(format!("{place}.affects[{index}]"), reason);
            }
        }
    }
    if meant.is_empty() {
        return Err("none of its products can be told".to_owned());
    }
    let times = [&analysis.last_updated, &analysis.first_issued, &raw.updated];
    Ok(Some(Statement {
        vulnerabilities,
        products: meant,
        status,
        justification: justification_of(analysis.justification.text()),
        detail: analysis.detail.text().to_owned(),
        timestamp: times.into_iter().find_map(|word| Timestamp::parse(word.text())).or(time),
        document: document.id.clone(),
    }))
}

impl Products {
    /// The product of a reference: the subject, a component, a package URL, or an element of another document (BOM-Link).
    fn of(&self, reference: &str) -> Option<Product> {
        if let Some((own, subject)) = &self.subject
            && own == reference
            && !reference.is_empty()
        {
            return Some(subject.clone()).filter(|subject| !subject.is_empty());
        }
        let linked = reference.strip_prefix("urn:cdx:").and_then(|link| link.split_once('#'));
        let linked = linked.map(|(_, element)| decode(element).into_owned());
        let reference = linked.as_deref().unwrap_or(reference);
        let purl = match self.purls.get(reference) {
            Some(purl) => purl.clone(),
            None if reference.starts_with("pkg:") => reference.to_owned(),
            None => return None,
        };
        let image = self.subject.as_ref().map(|(_, subject)| subject).filter(|subject| !subject.is_empty());
        match image.filter(|_| linked.is_none() && !purl.starts_with("pkg:oci/")) {
            Some(image) => Some(Product { subcomponents: vec![purl], ..image.clone() }),
            None => Some(Product { purls: vec![purl], ..Product::default() }),
        }
    }
}

/// The nearest word; "requires_…" means that what the attacker would need is not there.
fn justification_of(word: &str) -> Option<Justification> {
    match word {
        "code_not_present" => Some(Justification::VulnerableCodeNotPresent),
        "code_not_reachable" => Some(Justification::VulnerableCodeNotInExecutePath),
        "requires_configuration" | "requires_dependency" | "requires_environment" => {
            Some(Justification::VulnerableCodeCannotBeControlledByAdversary)
        }
        "protected_by_compiler"
        | "protected_at_runtime"
        | "protected_at_perimeter"
        | "protected_by_mitigating_control" => Some(Justification::InlineMitigationsAlreadyExist),
        _ => None,
    }
}

//! OpenVEX 0.2.0 (github.com/openvex/spec, `OPENVEX-SPEC.md`), and the words instead of objects of the versions before.

use std::collections::BTreeMap;

use model::{Digest, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Justification, Product, Statement, Status, VexDocument};
use crate::SbomError;
use crate::identity::short;
use crate::json::{Parts, Word, entry};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default, rename = "@id")]
    id: Word<'a>,
    #[serde(borrow, default)]
    author: Word<'a>,
    #[serde(borrow, default)]
    timestamp: Word<'a>,
    #[serde(borrow, default)]
    statements: Parts<'a>,
}

#[derive(Deserialize)]
struct RawStatement<'a> {
    #[serde(borrow)]
    vulnerability: Option<&'a RawValue>,
    #[serde(borrow, default)]
    products: Parts<'a>,
    #[serde(borrow, default)]
    status: Word<'a>,
    #[serde(borrow, default)]
    justification: Word<'a>,
    #[serde(borrow, default)]
    impact_statement: Word<'a>,
    #[serde(borrow, default)]
    action_statement: Word<'a>,
    #[serde(borrow, default)]
    status_notes: Word<'a>,
    #[serde(borrow, default)]
    timestamp: Word<'a>,
    #[serde(borrow, default)]
    last_updated: Word<'a>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, default)]
    name: Word<'a>,
    #[serde(borrow, default, rename = "@id")]
    id: Word<'a>,
    #[serde(borrow, default)]
    aliases: Vec<Word<'a>>,
}

#[derive(Deserialize)]
struct Component<'a> {
    #[serde(borrow, default, rename = "@id")]
    id: Word<'a>,
    #[serde(borrow, default)]
    identifiers: BTreeMap<String, Word<'a>>,
    #[serde(borrow, default)]
    hashes: BTreeMap<String, Word<'a>>,
    #[serde(borrow, default)]
    subcomponents: Parts<'a>,
}

pub(super) fn read(bytes: &[u8]) -> Result<VexDocument, SbomError> {
    let document: Document<'_> =
        serde_json::from_slice(bytes).map_err(|error| SbomError::malformed("OpenVEX", &error))?;
    let mut made = VexDocument::new(document.id.text(), document.author.text());
    let time = Timestamp::parse(document.timestamp.text());
    if document.statements.left_out > 0 {
        made.note("statements", format!("{} further entries are left out", document.statements.left_out));
    }
    for (index, raw) in document.statements.entries.iter().enumerate() {
        let place = format!("statements[{index}]");
        match entry(raw).and_then(|raw: RawStatement<'_>| statement(&raw, &place, time, &mut made)) {
            Ok(statement) => made.add(statement),
            Err(reason) => made.note(place, reason),
        }
    }
    Ok(made)
}

fn statement(
    raw: &RawStatement<'_>,
    place: &str,
    time: Option<Timestamp>,
    document: &mut VexDocument,
) -> Result<Statement, String> {
    let vulnerabilities = vulnerabilities(raw)?;
    let word = raw.status.text();
    let status = match word {
        "not_affected" => Status::NotAffected,
        "affected" => Status::Affected,
        "fixed" => Status::Fixed,
        "under_investigation" => Status::UnderInvestigation,
        other => return Err(format!("`{}` is no status", short(other))),
    };
    let mut products = Vec::new();
    for (index, raw) in raw.products.entries.iter().enumerate() {
        let place = format!("{place}.products[{index}]");
        match product(raw) {
            Ok((product, unknown)) => {
                for name in unknown {
                    document
                        .note(&*place, format!("`{}` names no package URL, digest or image", short(&name)));
                }
                // Parts that nothing names must not make the statement one about the whole product.
                products.extend(product);
            }
            Err(reason) => document.note(place, reason),
        }
    }
    if products.is_empty() && !raw.products.entries.is_empty() {
        return Err("none of its products can be told".to_owned());
    }
    let texts = [&raw.impact_statement, &raw.action_statement, &raw.status_notes];
    let detail = texts.into_iter().map(Word::text).find(|text| !text.is_empty()).unwrap_or_default();
    let times = [&raw.last_updated, &raw.timestamp];
    Ok(Statement {
        vulnerabilities,
        products,
        status,
        justification: justification_of(raw.justification.text()),
        detail: detail.to_owned(),
        timestamp: times.into_iter().find_map(|word| Timestamp::parse(word.text())).or(time),
        document: document.id.clone(),
    })
}

/// An object since 0.2, a word before.
fn vulnerabilities(raw: &RawStatement<'_>) -> Result<Vec<String>, String> {
    let raw = raw.vulnerability.ok_or("names no vulnerability")?;
    let mut ids: Vec<String> = match entry::<Word<'_>>(raw) {
        Ok(word) => vec![word.text().to_owned()],
        Err(_) => {
            let Vulnerability { name, id, aliases } = entry(raw)?;
            // The `@id` may be the address of a page whose last part is the name.
            let last = id.text().rsplit('/').next().unwrap_or_default();
            let name = if name.text().is_empty() { last } else { name.text() };
            std::iter::once(name).chain(aliases.iter().map(Word::text)).map(str::to_owned).collect()
        }
    };
    ids.retain(|id| !id.is_empty());
    if ids.is_empty() { Err("names no vulnerability".to_owned()) } else { Ok(ids) }
}

/// The product, `None` if nothing names it or its parts, and the names that say nothing to us.
fn product(raw: &RawValue) -> Result<(Option<Product>, Vec<String>), String> {
    let mut product = Product::default();
    let mut unknown = Vec::new();
    if let Ok(word) = entry::<Word<'_>>(raw) {
        if !product.name(word.text()) {
            unknown.push(word.text().to_owned());
        }
        return Ok(((!product.is_empty()).then_some(product), unknown));
    }
    let component: Component<'_> = entry(raw)?;
    for name in names(&component) {
        if !product.name(name) {
            unknown.push(name.to_owned());
        }
    }
    let sha256 = component.hashes.iter().filter(|(name, _)| matches!(name.as_str(), "sha-256" | "sha256"));
    product.digests.extend(sha256.filter_map(|(_, value)| Digest::from_hex(value.text()).ok()));
    for raw in &component.subcomponents.entries {
        match entry::<Word<'_>>(raw) {
            Ok(word) => parts(&mut product, [word.text()], &mut unknown),
            Err(_) => {
                let part: Component<'_> = entry(raw)?;
                parts(&mut product, names(&part), &mut unknown);
            }
        }
    }
    let parts_are_lost = product.subcomponents.is_empty() && !component.subcomponents.entries.is_empty();
    // A second name that says nothing is no loss while the first says it all.
    if !product.is_empty() && !parts_are_lost {
        unknown.clear();
    }
    Ok(((!product.is_empty() && !parts_are_lost).then_some(product), unknown))
}

fn names<'a>(component: &'a Component<'_>) -> impl Iterator<Item = &'a str> {
    let identifiers =
        component.identifiers.iter().filter(|(kind, _)| kind.as_str() == "purl").map(|(_, word)| word.text());
    std::iter::once(component.id.text()).chain(identifiers).filter(|name| !name.is_empty())
}

fn parts<'a>(product: &mut Product, names: impl IntoIterator<Item = &'a str>, unknown: &mut Vec<String>) {
    for name in names {
        match name.starts_with("pkg:") {
            true => product.subcomponents.push(name.to_owned()),
            false => unknown.push(name.to_owned()),
        }
    }
}

/// The word of OpenVEX and CSAF; `None` for others.
pub(super) fn justification_of(word: &str) -> Option<Justification> {
    Justification::ALL.into_iter().find(|known| known.as_str() == word)
}

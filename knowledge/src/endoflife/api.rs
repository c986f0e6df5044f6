//! endoflife.date's APIs: v1 `products/full` (<https://endoflife.date/docs/api/v1/>) and v0 `api/<product>.json`.

use model::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Dates, Form, Plain, When, add};
use crate::product::{Product, ProductKind};
use crate::record::FileHarvest;

#[derive(Deserialize)]
struct Full<'a> {
    #[serde(default)]
    generated_at: Option<String>,
    #[serde(borrow, deserialize_with = "crate::json::list")]
    result: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct FullProduct {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    identifiers: Vec<Identifier>,
    #[serde(default)]
    releases: Vec<FullRelease>,
}

#[derive(Deserialize)]
struct Identifier {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FullRelease {
    name: String,
    #[serde(default)]
    release_date: When,
    #[serde(default)]
    eoas_from: When,
    #[serde(default)]
    is_eol: Option<bool>,
    #[serde(default)]
    eol_from: When,
    #[serde(default)]
    eoes_from: When,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cycle {
    cycle: Plain,
    #[serde(default)]
    release_date: When,
    #[serde(default)]
    support: When,
    #[serde(default)]
    eol: When,
    #[serde(default)]
    extended_support: When,
}

/// Reads `products/full` and adds its products; gives the time when it was made.
pub(super) fn read_full(text: &str, out: &mut FileHarvest<'_>) -> Result<Option<Timestamp>, String> {
    let full: Full<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    for raw in full.result {
        match serde_json::from_str::<FullProduct>(raw.get()) {
            Ok(product) => add(full_product(product), Form::ApiFull, out),
            Err(error) => out.quarantine(raw.get(), error),
        }
    }
    Ok(full.generated_at.as_deref().and_then(Timestamp::parse))
}

fn full_product(product: FullProduct) -> Product {
    let name = product.name;
    let cycle = |release: FullRelease| {
        let eol = match (release.eol_from, release.is_eol) {
            (When::Unknown, Some(true)) => When::Ended,
            (eol, _) => eol,
        };
        let (released, eoas, eoes) = (release.release_date, release.eoas_from, release.eoes_from);
        Dates { released, eoas, eol, eoes }.lifecycle(&name, release.name)
    };
    let cycles = product.releases.into_iter().map(cycle).collect();
    let purls = product.identifiers.into_iter().filter(|id| id.kind == "purl").map(|id| id.id);
    Product {
        label: product.label,
        kind: product.category.as_deref().map_or(ProductKind::Unknown, ProductKind::of_category),
        aliases: product.aliases,
        purls: purls.collect(),
        cycles,
        name,
        ..Product::default()
    }
}

/// Reads one product of v0; `None` if the document is not a product (the list of all products is in the same folder).
pub(super) fn read_v0(stem: &str, text: &str) -> Result<Option<Product>, String> {
    if stem == "all" {
        return Ok(None);
    }
    let cycles: Vec<Cycle> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let cycles = cycles.into_iter().map(|cycle| {
        let (released, eoas, eoes) = (cycle.release_date, cycle.support, cycle.extended_support);
        Dates { released, eoas, eol: cycle.eol, eoes }.lifecycle(stem, cycle.cycle.0)
    });
    Ok(Some(Product { name: stem.to_owned(), cycles: cycles.collect(), ..Product::default() }))
}

//! endoflife.date's APIs: v1 `products/full` (<https://endoflife.date/docs/api/v1/>) and v0 `api/<product>.json`.

use model::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Form, When, add, lifecycle};
use crate::record::{FileHarvest, Product};

#[derive(Deserialize)]
struct Full<'a> {
    #[serde(default)]
    generated_at: Option<String>,
    #[serde(borrow)]
    result: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct FullProduct {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    releases: Vec<FullRelease>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FullRelease {
    name: String,
    #[serde(default)]
    release_date: Option<String>,
    #[serde(default)]
    is_eol: Option<bool>,
    #[serde(default)]
    eol_from: Option<String>,
    #[serde(default)]
    eoes_from: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cycle {
    cycle: serde_json::Value,
    #[serde(default)]
    release_date: Option<String>,
    #[serde(default)]
    eol: serde_json::Value,
    #[serde(default)]
    extended_support: serde_json::Value,
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
        let eol = match (release.eol_from.as_deref(), release.is_eol) {
            (Some(date), _) => When::of_text(date),
            (None, Some(true)) => When::Ended,
            (None, _) => When::Unknown,
        };
        let extended = release.eoes_from.as_deref().map_or(When::Unknown, When::of_text);
        lifecycle(&name, release.name, release.release_date.as_deref(), &eol, &extended)
    };
    let cycles = product.releases.into_iter().map(cycle).collect();
    Product { name, aliases: product.aliases, cycles, precedence: 0 }
}

/// Reads one product of v0; `None` if the document is not a product (the list of all products is in the same folder).
pub(super) fn read_v0(stem: &str, text: &str) -> Result<Option<Product>, String> {
    if stem == "all" {
        return Ok(None);
    }
    let cycles: Vec<Cycle> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let cycles = cycles.into_iter().map(|cycle| {
        let extended = when(&cycle.extended_support);
        lifecycle(stem, plain(&cycle.cycle), cycle.release_date.as_deref(), &when(&cycle.eol), &extended)
    });
    Ok(Some(Product { name: stem.to_owned(), aliases: Vec::new(), cycles: cycles.collect(), precedence: 0 }))
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn when(value: &serde_json::Value) -> When {
    When::of_text(&plain(value))
}

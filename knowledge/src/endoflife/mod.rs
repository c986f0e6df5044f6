//! Product lifecycles of endoflife.date, in its three published forms: the product files (YAML front matter in a tar),
//! API v1 (`products/full`) and API v0 (a tar of `api/<product>.json`).
//!
//! If a product is in more than one of them, v1 is taken before the product files, those before v0.

mod api;
mod product;

use std::collections::BTreeMap;

use model::{Lifecycle, Timestamp};

use crate::input::{FeedFile, LIMITS, for_each_tar_member, read_document};
use crate::record::{FileHarvest, Product};
use crate::registry::Recognised;
use crate::text::is_id;

pub(crate) const FEED: &str = "endoflife";

/// `ID`s of os-release that neither the product's name nor its aliases give.
const OS_IDS: [(&str, &str); 6] = [
    ("alpine-linux", "alpine"),
    ("amazon-linux", "amzn"),
    ("centos-stream", "centos-stream"),
    ("opensuse", "opensuse-leap"),
    ("oracle-linux", "ol"),
    ("rocky-linux", "rocky"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    ApiFull,
    ProductFiles,
    ApiV0,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    if file.name.starts_with("release-data") {
        return Recognised::NotUsed("release dates of single versions are not used yet".into());
    }
    Recognised::when(form(file).is_some())
}

fn form(file: &FeedFile) -> Option<Form> {
    let ours = file.name.contains("endoflife")
        || file.parents.iter().rev().take(3).any(|name| name.contains("endoflife"));
    let tar = file.is("tar") || file.is("tgz");
    match file.name.as_str() {
        _ if !ours => None,
        "full" | "full.json" | "products-full.json" => Some(Form::ApiFull),
        name if tar && name.contains("products") => Some(Form::ProductFiles),
        name if tar && name.contains("api-v0") => Some(Form::ApiV0),
        _ => None,
    }
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let date = file.date();
    match form(file).ok_or("its form is not known")? {
        Form::ApiFull => {
            let text = read_document(&file.path, &LIMITS)?;
            let generated = api::read_full(&text, out)?;
            out.date = generated.or(date);
        }
        Form::ProductFiles => {
            let wanted = |name: &str| name.contains("products/") && name.ends_with(".md");
            for_each_tar_member(&file.path, &LIMITS, out, wanted, |name, text, out| {
                match product::read(stem(name), text) {
                    Ok(product) => add(product, Form::ProductFiles, out),
                    Err(reason) => out.quarantine(name, reason),
                }
            })?;
            out.date = date;
        }
        Form::ApiV0 => {
            let wanted = |name: &str| name.contains("api/") && name.ends_with(".json");
            for_each_tar_member(&file.path, &LIMITS, out, wanted, |name, text, out| {
                match api::read_v0(stem(name), text) {
                    Ok(Some(product)) => add(product, Form::ApiV0, out),
                    Ok(None) => {}
                    Err(reason) => out.quarantine(name, reason),
                }
            })?;
            out.date = date;
        }
    }
    Ok(())
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Adds a product; cycles without a name are left out.
fn add(mut product: Product, form: Form, out: &mut FileHarvest<'_>) {
    if !is_id(&product.name) {
        return out.quarantine(&product.name, "it is no product name");
    }
    product.precedence = form as u8;
    product.cycles.retain(|cycle| is_id(&cycle.cycle));
    product.aliases.retain(|alias| is_id(alias));
    let ids = OS_IDS.iter().filter(|(name, _)| *name == product.name).map(|(_, id)| (*id).to_owned());
    product.aliases.extend(ids);
    out.records += 1;
    let products: &mut BTreeMap<String, Product> = &mut out.harvest.products;
    products.insert(product.name.clone(), product);
}

/// A date, or a plain "yes, ended" / "no".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum When {
    #[default]
    Unknown,
    No,
    Ended,
    On(Timestamp),
}

impl When {
    fn of_text(text: &str) -> Self {
        match text.trim() {
            "true" => Self::Ended,
            "false" => Self::No,
            date => Timestamp::parse(date).map_or(Self::Unknown, Self::On),
        }
    }

    fn date(&self) -> Option<Timestamp> {
        match self {
            Self::On(date) => Some(*date),
            _ => None,
        }
    }
}

/// Makes the lifecycle of a cycle. End of extended support counts only where there is such support.
fn lifecycle(product: &str, cycle: String, released: Option<&str>, eol: &When, extended: &When) -> Lifecycle {
    Lifecycle {
        product: product.to_owned(),
        cycle,
        ga: released.and_then(|date| Timestamp::parse(date.trim())),
        eol: eol.date(),
        eos: extended.date(),
        ended: *eol == When::Ended,
    }
}

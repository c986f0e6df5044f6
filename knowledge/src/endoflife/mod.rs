//! Product lifecycles of endoflife.date, in its four published forms: API v1 (`products/full`), the product files (YAML
//! front matter in a tar), API v0 (a tar of `api/<product>.json`), and the release data that the files are made of.
//!
//! If a product is in more than one of them, v1 is taken before the product files, those before v0, that before the
//! release data. Where a distribution publishes a calendar of its own, that wins over all of them for its releases
//! (see [`crate::calendar`]): endoflife.date copies it, by hand and later.
//!
//! The decision a reader may doubt: "extended support" that is only said to exist, or to be over, has no date and is left
//! out; an "end of life" without a date is kept, because it alone tells that there will be no more fixes.

mod api;
mod product;
mod release_data;

use model::{Lifecycle, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use crate::input::{FeedFile, LIMITS, for_each_tar_member, read_document};
use crate::product::Product;
use crate::record::FileHarvest;
use crate::registry::Recognised;
use crate::text::is_id;

pub(crate) const FEED: &str = "endoflife";

/// The forms, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    ApiFull,
    ProductFiles,
    ApiV0,
    ReleaseData,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
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
        name if tar && name.starts_with("release-data") => Some(Form::ReleaseData),
        _ => None,
    }
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let date = file.date();
    let form = form(file).ok_or("its form is not known")?;
    out.date = date;
    match form {
        Form::ApiFull => {
            let text = read_document(&file.path, &LIMITS)?;
            let generated = api::read_full(&text, out)?;
            out.date = generated.or(date);
            Ok(())
        }
        Form::ProductFiles => read_members(file, form, out, ("products/", ".md"), |stem, text| {
            product::read(stem, text).map(Some)
        }),
        Form::ApiV0 => read_members(file, form, out, ("api/", ".json"), api::read_v0),
        Form::ReleaseData => read_members(file, form, out, ("releases/", ".json"), release_data::read),
    }
}

/// Reads one product from each member of a tar file; `place` is a part of the folder's name and the ending.
fn read_members<'a>(
    file: &FeedFile,
    form: Form,
    out: &mut FileHarvest<'a>,
    place: (&str, &str),
    read: impl Fn(&str, &str) -> Result<Option<Product>, String>,
) -> Result<(), String> {
    let wanted = |name: &str| name.contains(place.0) && name.ends_with(place.1);
    for_each_tar_member(&file.path, &LIMITS, out, wanted, |name, text, out| match read(stem(name), text) {
        Ok(Some(product)) => add(product, form, out),
        Ok(None) => {}
        Err(reason) => out.quarantine(name, reason),
    })
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
    product.cycles.retain(|cycle| is_id(&cycle.cycle));
    product.aliases.retain(|alias| is_id(alias));
    out.records += 1;
    out.harvest.products.add(product, form as u8);
}

/// A date, or a plain "yes, ended" / "no".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

    fn date(self) -> Option<Timestamp> {
        match self {
            Self::On(date) => Some(date),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Plain::deserialize(deserializer).map(|plain| Self::of_text(&plain.0))
    }
}

/// The dates of a cycle as the publisher names them.
#[derive(Clone, Copy, Debug, Default)]
struct Dates {
    released: When,
    eoas: When,
    eol: When,
    eoes: When,
}

impl Dates {
    fn lifecycle(self, product: &str, cycle: String) -> Lifecycle {
        Lifecycle {
            product: product.to_owned(),
            cycle,
            ga: self.released.date(),
            eoas: self.eoas.date(),
            eol: self.eol.date(),
            eos: self.eoes.date(),
            ended: self.eol == When::Ended,
            ..Lifecycle::default()
        }
    }
}

/// A scalar as text, whatever the document's language takes it for.
#[derive(Clone, Debug, Default)]
struct Plain(String);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PlainVisitor;

        impl Visitor<'_> for PlainVisitor {
            type Value = Plain;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a scalar")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Plain, E> {
                Ok(Plain(text.to_owned()))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Plain, E> {
                Ok(Plain(value.to_string()))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Plain, E> {
                Ok(Plain(value.to_string()))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Plain, E> {
                Ok(Plain(value.to_string()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Plain, E> {
                Ok(Plain(value.to_string()))
            }

            fn visit_unit<E: Error>(self) -> Result<Plain, E> {
                Ok(Plain::default())
            }
        }

        deserializer.deserialize_any(PlainVisitor)
    }
}

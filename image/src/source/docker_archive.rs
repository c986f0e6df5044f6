//! docker-archive: a tar with `manifest.json`, as `docker save`, podman and skopeo write it.
//!
//! Layers are normally plain tars whose digest is the diff-id. Newer archives are OCI layouts as well and
//! name their blobs by digest; `manifest.json` is still what is read, since it holds the full names.

use std::path::Path;

use model::{Digest, ImageId};
use serde::Deserialize;

use super::archive::Archive;
use super::files::Files;
use super::layers::{StoredLayer, assemble};
use super::{OpenOptions, oci_layout};
use crate::blob::{Blob, FileRun};
use crate::config::Config;
use crate::error::{ImageError, Place};
use crate::open::OpenImage;
use crate::select::{Choice, references, select};

const MANIFEST: &str = "manifest.json";

/// One image in `manifest.json` (moby `image/tarexport`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// Opens the image that the options choose.
pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<OpenImage, ImageError> {
    let archive = Archive::open(path, &options.limits)?;
    let items = read_manifest(path, &archive, options)?;
    let offers = read_offers(path, &archive, items, options)?;
    let choices: Vec<Choice> = offers.iter().map(|offer| offer.choice.clone()).collect();
    let index = match select(path, &choices, options.reference.as_deref(), options.platform.as_ref()) {
        // the index of a newer archive may hold platforms that manifest.json leaves out
        Err(ImageError::NoPlatform { .. }) if archive.holds("index.json") => {
            return oci_layout::open(&Files::Archive { path: path.to_owned(), archive }, options);
        }
        result => result?,
    };
    let Offer { choice, item, .. } = &offers[index];
    let (place, _, bytes) = read_config(path, &archive, item, options)?;
    let config = Config::parse(&bytes, &place)?;
    let layers = find_layers(path, &archive, item)?;
    let id = ImageId(choice.digests[0]);
    assemble(config, id, &place, references(&choice.names, None), layers, options)
}

/// An image of the archive under all its names.
struct Offer {
    choice: Choice,
    item: Item,
    /// Where its config lies.
    config: FileRun,
}

/// Reads every config once, and keeps none: an archive may list the same one very often.
fn read_offers(
    path: &Path,
    archive: &Archive,
    items: Vec<Item>,
    options: &OpenOptions,
) -> Result<Vec<Offer>, ImageError> {
    let mut offers: Vec<Offer> = Vec::new();
    for mut item in items {
        let names = item.repo_tags.take().unwrap_or_default();
        let config = archive.find(&item.config);
        if let Some(known) = offers.iter_mut().find(|offer| Some(&offer.config) == config.as_ref()) {
            known.choice.names.extend(names);
            continue;
        }
        let (place, config, bytes) = read_config(path, archive, &item, options)?;
        let platform = Config::parse(&bytes, &place)?.platform();
        let choice = Choice { group: offers.len(), names, digests: vec![Digest::of(&bytes)], platform };
        offers.push(Offer { choice, item, config });
    }
    Ok(offers)
}

fn read_manifest(path: &Path, archive: &Archive, options: &OpenOptions) -> Result<Vec<Item>, ImageError> {
    let not_an_image =
        |reason: &str| ImageError::NotAnImage { path: path.to_owned(), reason: reason.to_owned() };
    let Some(blob) = archive.find(MANIFEST) else {
        return Err(match archive.holds("repositories") {
            true => {
                not_an_image("it was saved by a docker older than 1.10, without manifest.json; save it again")
            }
            false => not_an_image("the tar holds no manifest.json"),
        });
    };
    let place = Place::new(path, MANIFEST);
    let bytes = blob.read_document(&place, &options.limits)?;
    let items: Vec<Item> = serde_json::from_slice(&bytes)
        .map_err(|error| ImageError::Metadata { place, reason: error.to_string() })?;
    if items.is_empty() {
        return Err(not_an_image("its manifest.json lists no image"));
    }
    if items.len() > options.limits.max_descriptors {
        let (limit, value) = ("max_descriptors", options.limits.max_descriptors as u64);
        return Err(ImageError::Limit { place: Place::new(path, MANIFEST), limit, value, offset: 0 });
    }
    Ok(items)
}

/// Reads an image's config and holds it against the digest that it may be named by.
fn read_config(
    path: &Path,
    archive: &Archive,
    item: &Item,
    options: &OpenOptions,
) -> Result<(Place, FileRun, Vec<u8>), ImageError> {
    let place = Place::new(path, format!("config `{}`", item.config));
    let blob = archive.find(&item.config).ok_or_else(|| ImageError::Missing { place: place.clone() })?;
    let bytes = blob.read_document(&place, &options.limits)?;
    if let Some(expected) = digest_in_name(&item.config) {
        let found = Digest::of(&bytes);
        if found != expected {
            return Err(ImageError::DigestMismatch { place, expected, found });
        }
    }
    Ok((place, blob, bytes))
}

fn find_layers(path: &Path, archive: &Archive, item: &Item) -> Result<Vec<StoredLayer>, ImageError> {
    let find = |name: &String| {
        let place = Place::new(path, format!("layer `{name}`"));
        let blob = archive.find(name).ok_or_else(|| ImageError::Missing { place: place.clone() })?;
        // other names are digests at times and ids of old at others; the diff-id covers those
        let digest = name.strip_prefix("blobs/sha256/").and_then(|hex| Digest::from_hex(hex).ok());
        Ok(StoredLayer { place, blob: Blob::File(blob), digest })
    };
    item.layers.iter().flatten().map(find).collect()
}

/// The digest that a config is named by: `<hex>.json` (docker, skopeo), `sha256:<hex>` (Go's container
/// registry library) or `blobs/sha256/<hex>`.
fn digest_in_name(name: &str) -> Option<Digest> {
    let name = name.strip_prefix("blobs/sha256/").or_else(|| name.strip_prefix("sha256:")).unwrap_or(name);
    Digest::from_hex(name.strip_suffix(".json").unwrap_or(name)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_taken_from_names_that_are_digests_only() {
        let hex = "0f".repeat(32);
        for name in [format!("{hex}.json"), format!("sha256:{hex}"), format!("blobs/sha256/{hex}")] {
            assert_eq!(digest_in_name(&name).unwrap().to_hex(), hex, "{name}");
        }
        for name in [format!("{hex}/layer.json"), "config.json".to_owned(), format!("{hex}{hex}.json")] {
            assert_eq!(digest_in_name(&name), None, "{name}");
        }
    }
}

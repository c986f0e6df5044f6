//! Podman's storage (containers/storage `images.go`, `layers.go`, `containers.go`): `DRIVER-images/images.json`,
//! `DRIVER-layers/layers.json`, `DRIVER-containers/containers.json`, and the driver's directories.
//!
//! Several storages may belong together: images of an additional store are the lower layers of containers in
//! the user's own. So layers are looked up in all of them.

use std::collections::HashMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use model::Digest;
use serde::Deserialize;

use super::super::OpenOptions;
use super::super::layers::UnpackedLayer;
use super::locate::{PodmanPlaces, Surroundings};
use super::names::{Named, find_container, find_image};
use super::root::Root;
use super::unpacked::{Container, Unpacked, layer};
use super::{Engine, StorageError};
use crate::directory::{Form, Names};
use crate::error::{ImageError, Place};
use crate::manifest::Document;
use crate::open::OpenImage;

/// Opens the image called `name`.
pub(super) fn open_image(
    name: &str,
    options: &OpenOptions,
    surroundings: &Surroundings,
) -> Result<OpenImage, ImageError> {
    let stores = Stores::open(options, surroundings)?;
    let named: Vec<Named> = stores.images.iter().map(|(_, record)| record.named()).collect();
    let index = find_image(stores.own()?, &named, name)?;
    let (store, record) = &stores.images[index];
    stores.image(*store, record)?.open(&stores.stores[*store].root, options)
}

/// Opens the container called `name` over its image.
pub(super) fn open_container(
    name: &str,
    options: &OpenOptions,
    surroundings: &Surroundings,
) -> Result<OpenImage, ImageError> {
    let stores = Stores::open(options, surroundings)?;
    let containers = &stores.containers;
    let named: Vec<Named> = containers
        .iter()
        .map(|(_, record)| Named { names: record.names(), ids: vec![record.id.clone()] })
        .collect();
    let (store, record) = &containers[find_container(stores.own()?, &named, name)?];
    let Store { root, driver, form } = &stores.stores[*store];
    let gone = || root.gone(format!("the file system of container {}", record.id));
    let (_, own) = stores.layers.get(&record.layer).ok_or_else(gone)?;
    let top = driver.directory(root, &record.layer)?.ok_or_else(gone)?;
    let image = stores.images.iter().find(|(_, image)| image.id == record.image);
    let unpacked = match image {
        Some((store, image)) => stores.image(*store, image)?,
        None => stores.removed_image(root, record, own.parent.as_deref())?,
    };
    let name = record.names().into_iter().next().unwrap_or_default();
    let container = Container { id: record.id.clone(), name, top, form: *form };
    Ok(container.over(unpacked.open(root, options)?, root))
}

/// An entry of `images.json`.
#[derive(Deserialize)]
struct ImageRecord {
    id: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    names: Option<Vec<String>>,
    /// The top layer; empty for an image without layers.
    #[serde(default)]
    layer: String,
}

impl ImageRecord {
    fn named(&self) -> Named {
        let mut ids = vec![self.id.clone()];
        ids.extend(self.digest.strip_prefix("sha256:").map(str::to_owned));
        Named { names: self.names.clone().unwrap_or_default(), ids }
    }
}

/// An entry of `layers.json`.
#[derive(Deserialize)]
struct LayerRecord {
    id: String,
    #[serde(default)]
    parent: Option<String>,
    #[serde(default, rename = "diff-digest")]
    diff_digest: Option<String>,
    #[serde(default, rename = "diff-size")]
    diff_size: Option<i64>,
}

/// An entry of `containers.json`.
#[derive(Deserialize)]
struct ContainerRecord {
    id: String,
    #[serde(default)]
    names: Option<Vec<String>>,
    #[serde(default)]
    image: String,
    #[serde(default)]
    layer: String,
}

impl ContainerRecord {
    fn names(&self) -> Vec<String> {
        self.names.clone().unwrap_or_default()
    }
}

/// A storage driver whose layers are directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Driver {
    Overlay,
    Vfs,
}

impl Driver {
    fn name(self) -> &'static str {
        match self {
            Self::Overlay => "overlay",
            Self::Vfs => "vfs",
        }
    }

    /// How its directories are to be read. Where a mount program is in use, layers are unpacked with whiteouts
    /// by name, too (containers/storage `drivers/overlay/overlay.go`, `getWhiteoutFormat`).
    fn form(self, root: &Root) -> Result<Form, ImageError> {
        if self == Self::Vfs {
            return Ok(Form::Whole);
        }
        let has_program = root.line(&["overlay", ".has-mount-program"])?.is_some_and(|line| line == "true");
        Ok(Form::Overlay(if has_program { Names::Fuse } else { root.marks() }))
    }

    fn directory(self, root: &Root, layer: &str) -> Result<Option<PathBuf>, ImageError> {
        match self {
            Self::Vfs => root.directory(&["vfs", "dir", layer]),
            Self::Overlay if root.directory(&["overlay", layer, "composefs-data"])?.is_some() => {
                Err(root.unsupported("composefs"))
            }
            Self::Overlay => root.directory(&["overlay", layer, "diff"]),
        }
    }
}

/// One storage with one driver.
struct Store {
    root: Root,
    driver: Driver,
    form: Form,
}

/// All storages, their records together with the number of the store that each is in.
struct Stores {
    stores: Vec<Store>,
    images: Vec<(usize, ImageRecord)>,
    layers: HashMap<String, (usize, LayerRecord)>,
    containers: Vec<(usize, ContainerRecord)>,
}

impl Stores {
    fn open(options: &OpenOptions, surroundings: &Surroundings) -> Result<Self, ImageError> {
        let places = match &options.storage.root {
            Some(root) => PodmanPlaces { graph_root: root.clone(), image_stores: Vec::new() },
            None => surroundings.podman(),
        };
        let own = Root::open(Engine::Podman, &places.graph_root, &options.limits)?;
        let further = places.image_stores.iter().filter(|path| path.exists());
        let further = further.map(|path| Root::open(Engine::Podman, path, &options.limits));
        let mut stores =
            Self { stores: Vec::new(), images: Vec::new(), layers: HashMap::new(), containers: Vec::new() };
        for root in std::iter::once(Ok(own)).chain(further) {
            stores.add(&root?)?;
        }
        Ok(stores)
    }

    /// Reads the records of every driver of a storage.
    fn add(&mut self, root: &Root) -> Result<(), ImageError> {
        let folders = root.list(&[])?;
        let before = self.stores.len();
        for driver in [Driver::Overlay, Driver::Vfs] {
            let name = driver.name();
            if !folders.iter().any(|folder| folder.starts_with(&format!("{name}-"))) {
                continue;
            }
            let store = self.stores.len();
            self.stores.push(Store { root: root.clone(), driver, form: driver.form(root)? });
            let [images, layers, containers] =
                ["images", "layers", "containers"].map(|kind| format!("{name}-{kind}"));
            for record in records(root, &images, &["images.json"])? {
                let record: ImageRecord = record;
                // the same image may lie in an additional storage as well
                if !self.images.iter().any(|(_, known)| known.id == record.id) {
                    self.images.push((store, record));
                }
            }
            let found = records(root, &layers, &["layers.json", "volatile-layers.json"])?;
            self.layers.extend(found.map(|record: LayerRecord| (record.id.clone(), (store, record))));
            let files = ["containers.json", "volatile-containers.json"];
            self.containers.extend(records(root, &containers, &files)?.map(|record| (store, record)));
        }
        let other = folders.iter().find_map(|folder| folder.strip_suffix("-images"));
        match other {
            Some(driver) if self.stores.len() == before => Err(root.unsupported(driver)),
            _ => Ok(()),
        }
    }

    /// The storage that errors speak of.
    fn own(&self) -> Result<&Root, ImageError> {
        let none = || {
            let (engine, path) = (Engine::Podman, PathBuf::from("containers/storage"));
            StorageError::NoStorage { engine, path, hint: engine.save() }.into()
        };
        self.stores.first().map(|store| &store.root).ok_or_else(none)
    }

    fn image(&self, store: usize, record: &ImageRecord) -> Result<Unpacked, ImageError> {
        let root = &self.stores[store].root;
        let folder = format!("{}-images", self.stores[store].driver.name());
        let data = |key: &str| root.read(&[folder.as_str(), record.id.as_str(), &file_name(key)]);
        let place = Place::new(&root.path, format!("manifest of image {}", record.id));
        let manifest = data("manifest")?.ok_or_else(|| root.gone(format!("the {}", place.item)))?;
        let Document::Manifest { config, .. } = Document::parse(&manifest, &place)? else {
            return Err(ImageError::Metadata {
                place,
                reason: "an index where a manifest is due".to_owned(),
            });
        };
        let id = config.digest(&place)?;
        let place = Place::new(&root.path, format!("config {id}"));
        let bytes = data(&id.to_string())?.ok_or_else(|| root.gone(format!("the config of image {id}")))?;
        let found = Digest::of(&bytes);
        if found != id {
            return Err(ImageError::DigestMismatch { place, expected: id, found });
        }
        let layers = self.chain(root, Some(record.layer.as_str()).filter(|layer| !layer.is_empty()))?;
        let names = record.names.clone().unwrap_or_default();
        let manifest = Some(Digest::of(&manifest));
        Ok(Unpacked { id, names, manifest, config: Some((bytes, place)), layers })
    }

    /// What is left of an image that was removed while it had containers.
    fn removed_image(
        &self,
        root: &Root,
        record: &ContainerRecord,
        top: Option<&str>,
    ) -> Result<Unpacked, ImageError> {
        let place = Place::new(&root.path, format!("container {}", record.id));
        let id = Digest::from_hex(&record.image);
        let id = id.map_err(|source| ImageError::Digest { place, source })?;
        let layers = self.chain(root, top.filter(|layer| !layer.is_empty()))?;
        Ok(Unpacked { id, names: Vec::new(), manifest: None, config: None, layers })
    }

    /// The layers from `top` down, then turned round: lowest first.
    fn chain(&self, root: &Root, top: Option<&str>) -> Result<Vec<(Digest, UnpackedLayer)>, ImageError> {
        let mut layers = Vec::new();
        let mut next = top;
        while let Some(id) = next {
            let gone = || root.gone(format!("layer {id}"));
            let (store, record) = self.layers.get(id).ok_or_else(gone)?;
            if layers.len() >= self.layers.len() {
                return Err(root.gone("the end of a chain of layers"));
            }
            let Store { root, driver, form } = &self.stores[*store];
            let place = || Place::new(&root.path, format!("layer {id}"));
            let Some(digest) = &record.diff_digest else {
                let reason = "its record has no diff-digest".to_owned();
                return Err(ImageError::Metadata { place: place(), reason });
            };
            let diff_id = digest.parse().map_err(|source| ImageError::Digest { place: place(), source })?;
            let path = driver.directory(root, id)?.ok_or_else(gone)?;
            let size = record.diff_size.and_then(|size| u64::try_from(size).ok()).filter(|size| *size > 0);
            layers.push(layer(root, diff_id, path, *form, size));
            next = record.parent.as_deref().filter(|parent| !parent.is_empty());
        }
        layers.reverse();
        Ok(layers)
    }
}

/// The entries of lists that may be absent, or `null` as an empty list of Go is written.
fn records<T: serde::de::DeserializeOwned>(
    root: &Root,
    folder: &str,
    files: &[&str],
) -> Result<impl Iterator<Item = T> + use<T>, ImageError> {
    let mut all: Vec<T> = Vec::new();
    for file in files {
        let list: Option<Option<Vec<T>>> = root.json(&[folder, file])?;
        all.extend(list.flatten().into_iter().flatten());
    }
    Ok(all.into_iter())
}

/// The name of the file that keeps a piece of data of this key (containers/storage `images.go`,
/// `makeBigDataBaseName`).
fn file_name(key: &str) -> String {
    match key.bytes().all(|byte| matches!(byte, b'.' | b'0'..=b'9' | b'a'..=b'z')) {
        true => key.to_owned(),
        false => format!("={}", BASE64_STANDARD.encode(key)),
    }
}

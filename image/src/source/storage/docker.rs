//! Docker's data root with its own image store (moby `image/fs.go`, `image/store.go`, `layer/filestore.go`,
//! `reference/store.go`): `image/DRIVER/repositories.json`, `imagedb`, `layerdb`, and the driver's directories.
//!
//! Where Docker keeps images in containerd, its default from version 29 on, they are looked for there, in the
//! namespace `moby`.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use model::{Digest, ImageId};
use serde::Deserialize;

use super::super::OpenOptions;
use super::locate::Surroundings;
use super::names::{Named, chain_ids, find_container, find_image};
use super::root::Root;
use super::unpacked::{Container, Unpacked, layer};
use super::{Engine, StorageError, containerd};
use crate::config::Config;
use crate::directory::{Form, Names};
use crate::error::{ImageError, Place};
use crate::open::OpenImage;

/// Opens the image called `name`.
pub(super) fn open_image(
    name: &str,
    options: &OpenOptions,
    surroundings: &Surroundings,
) -> Result<OpenImage, ImageError> {
    let root = root(options, surroundings)?;
    let images = Images::list(&root)?;
    match find_image(&root, &images.named, name) {
        Ok(index) => images.open(index, &root, options),
        Err(StorageError::NotFound { engine, kind, path, wanted, mut names }) => {
            // the other image store that Docker may use; what it says only counts if it has the image
            match containerd::open_of_docker(name, &root.path, options, surroundings) {
                Ok(Some(image)) => return Ok(image),
                Err(ImageError::Storage(StorageError::NotFound { names: more, .. })) => names.extend(more),
                Ok(None) => {}
                Err(error) => return Err(error),
            }
            Err(StorageError::NotFound { engine, kind, path, wanted, names }.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Opens the container called `name` over its image.
pub(super) fn open_container(
    name: &str,
    options: &OpenOptions,
    surroundings: &Surroundings,
) -> Result<OpenImage, ImageError> {
    let root = root(options, surroundings)?;
    let mut records = Vec::new();
    for id in root.list(&["containers"])? {
        match root.json::<ContainerRecord>(&["containers", &id, "config.v2.json"]) {
            Ok(Some(record)) => records.push(record),
            // a container that is being made or removed has no record
            Ok(None) => {}
            // the broken record of another one costs nothing
            Err(ImageError::Metadata { .. }) if id != name => {}
            Err(error) => return Err(error),
        }
    }
    let named: Vec<Named> = records
        .iter()
        .map(|record| Named { names: vec![record.name().to_owned()], ids: vec![record.id.clone()] })
        .collect();
    let record = &records[find_container(&root, &named, name)?];
    let driver = record.driver.as_str();
    let place = Place::new(&root.path, format!("container {}", record.id));
    let image: Digest = match record.image.parse() {
        Ok(digest) => digest,
        Err(source) => return Err(ImageError::Digest { place, source }),
    };
    let mounts = ["image", driver, "layerdb", "mounts", &record.id];
    let line = |name: &str| root.line(&[&mounts[..], &[name]].concat());
    let Some(mount) = line("mount-id")? else {
        return Err(match Driver::of(driver, &root) {
            Some(_) => root.gone(format!("the file system of container {}", record.id)),
            None => root.unsupported(driver),
        });
    };
    let chain = line("parent")?;
    let driver = Driver::of(driver, &root).ok_or_else(|| root.unsupported(driver))?;
    let images = Images::list(&root)?;
    let known = images.all.iter().position(|known| known.driver == driver && known.id == image);
    let unpacked = match known {
        Some(index) => images.unpacked(index, &root)?,
        None => driver.removed_image(&root, image, chain)?,
    };
    let Some(top) = driver.directory(&root, &mount)? else {
        return Err(root.gone(format!("the file system of container {}", record.id)));
    };
    let (id, name, form) = (record.id.clone(), record.name().to_owned(), driver.form);
    Ok(Container { id, name, top, form }.over(unpacked.open(&root, options)?, &root))
}

fn root(options: &OpenOptions, surroundings: &Surroundings) -> Result<Root, ImageError> {
    let path = options.storage.root.clone().unwrap_or_else(|| surroundings.docker());
    Root::open(Engine::Docker, &path, &options.limits)
}

/// `config.v2.json` of a container.
#[derive(Deserialize)]
struct ContainerRecord {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Name", default)]
    name: String,
    #[serde(rename = "Image", default)]
    image: String,
    #[serde(rename = "Driver", default)]
    driver: String,
}

impl ContainerRecord {
    fn name(&self) -> &str {
        self.name.strip_prefix('/').unwrap_or(&self.name)
    }
}

/// `repositories.json`: for each repository its names with the ids of their images.
#[derive(Deserialize)]
struct Repositories {
    #[serde(rename = "Repositories", default)]
    repositories: BTreeMap<String, BTreeMap<String, String>>,
}

/// A storage driver whose layers are directories.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Driver {
    name: &'static str,
    form: Form,
}

impl Driver {
    fn of(name: &str, root: &Root) -> Option<Self> {
        let (name, form) = match name {
            "overlay2" => ("overlay2", Form::Overlay(root.marks())),
            "fuse-overlayfs" => ("fuse-overlayfs", Form::Overlay(Names::Fuse)),
            "vfs" => ("vfs", Form::Whole),
            _ => return None,
        };
        Some(Self { name, form })
    }

    /// The directory of a layer or of what a container wrote.
    fn directory(&self, root: &Root, cache_id: &str) -> Result<Option<PathBuf>, ImageError> {
        match self.form {
            Form::Whole => root.directory(&[self.name, "dir", cache_id]),
            _ => root.directory(&[self.name, cache_id, "diff"]),
        }
    }

    /// The layer with this chain id, and the chain id of the one below.
    fn layer(
        &self,
        root: &Root,
        chain: &Digest,
    ) -> Result<((Digest, super::super::layers::UnpackedLayer), Option<Digest>), ImageError> {
        let hex = chain.to_hex();
        let line = |name: &str| root.line(&["image", self.name, "layerdb", "sha256", &hex, name]);
        let gone = || root.gone(format!("layer {chain}"));
        let place = || Place::new(&root.path, format!("layer {chain}"));
        let digest = |text: String| {
            text.parse::<Digest>().map_err(|source| ImageError::Digest { place: place(), source })
        };
        let diff_id = digest(line("diff")?.ok_or_else(gone)?)?;
        let parent = line("parent")?.map(digest).transpose()?;
        let size = line("size")?.and_then(|size| size.parse().ok());
        let cache_id = line("cache-id")?.ok_or_else(gone)?;
        let path = self.directory(root, &cache_id)?.ok_or_else(gone)?;
        Ok((layer(root, diff_id, path, self.form, size), parent))
    }

    /// What is left of an image that was removed while it had containers: its layers.
    fn removed_image(&self, root: &Root, id: Digest, chain: Option<String>) -> Result<Unpacked, ImageError> {
        let mut next = chain.and_then(|chain| chain.parse().ok());
        let mut layers = Vec::new();
        while let Some(chain) = next {
            // a chain id is a digest over all below it, so that only a forged record can lead into a circle
            if layers.len() >= MAX_LAYERS {
                return Err(root.gone("the end of a chain of layers"));
            }
            let (found, parent) = self.layer(root, &chain)?;
            layers.push(found);
            next = parent;
        }
        layers.reverse();
        Ok(Unpacked { id, names: Vec::new(), manifest: None, config: None, layers })
    }
}

/// Docker itself allows 125 over each other.
const MAX_LAYERS: usize = 1_000;

/// The images of all drivers.
struct Images {
    all: Vec<Known>,
    named: Vec<Named>,
}

struct Known {
    driver: Driver,
    id: Digest,
}

impl Images {
    /// Lists the images of every driver that was ever used, with their names.
    fn list(root: &Root) -> Result<Self, ImageError> {
        let mut images = Self { all: Vec::new(), named: Vec::new() };
        let mut unsupported = None;
        let drivers = root.list(&["image"])?;
        for name in &drivers {
            let Some(driver) = Driver::of(name, root) else {
                unsupported = Some(name.clone());
                continue;
            };
            let records: Option<Repositories> = root.json(&["image", name, "repositories.json"])?;
            let records =
                records.into_iter().flat_map(|records| records.repositories.into_values()).flatten();
            let mut names: HashMap<Digest, Vec<String>> = HashMap::new();
            for (name, id) in records {
                if let Ok(id) = id.parse() {
                    names.entry(id).or_default().push(name);
                }
            }
            for hex in root.list(&["image", name, "imagedb", "content", "sha256"])? {
                let Ok(id) = Digest::from_hex(&hex) else { continue };
                images.named.push(Named { names: names.remove(&id).unwrap_or_default(), ids: vec![hex] });
                images.all.push(Known { driver: driver.clone(), id });
            }
        }
        match unsupported {
            Some(driver) if images.all.is_empty() => Err(root.unsupported(driver)),
            _ => Ok(images),
        }
    }

    fn open(&self, index: usize, root: &Root, options: &OpenOptions) -> Result<OpenImage, ImageError> {
        self.unpacked(index, root)?.open(root, options)
    }

    fn unpacked(&self, index: usize, root: &Root) -> Result<Unpacked, ImageError> {
        let Known { driver, id } = &self.all[index];
        let place = Place::new(&root.path, format!("config {id}"));
        let hex = id.to_hex();
        let bytes = root.read(&["image", driver.name, "imagedb", "content", "sha256", &hex])?;
        let bytes = bytes.ok_or_else(|| root.gone(format!("the config of image {id}")))?;
        let found = Digest::of(&bytes);
        if found != *id {
            return Err(ImageError::DigestMismatch { place, expected: *id, found });
        }
        let diff_ids = Config::parse(&bytes, &place)?.diff_ids(&place)?;
        let chain = chain_ids(diff_ids.into_iter().map(|diff_id| diff_id.0));
        let layers: Vec<_> =
            chain.iter().map(|chain| Ok(driver.layer(root, chain)?.0)).collect::<Result<_, ImageError>>()?;
        let names = &self.named[index].names;
        // names with a digest are those that the image was pulled by
        let pulled = names.iter().find_map(|name| name.split_once('@')?.1.parse().ok());
        let names = names.iter().filter(|name| !name.contains('@')).cloned().collect();
        Ok(Unpacked { id: ImageId(*id).0, names, manifest: pulled, config: Some((bytes, place)), layers })
    }
}

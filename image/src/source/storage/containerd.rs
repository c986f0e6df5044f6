//! containerd's metadata (containerd `metadata/buckets.go`) and content store.
//!
//! `meta.db` holds, below `v1` and the namespace: images by name with the digest of their index or manifest,
//! snapshots with the names that the snapshotter knows them by, and containers. The blobs lie in the content
//! store, and an image is read from them just as from an OCI layout. Only layers whose blobs were discarded
//! (`discard_unpacked_layers`) come from the snapshotter's directories.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::{DiffId, Digest};

use super::super::OpenOptions;
use super::super::files::Files;
use super::super::layers::UnpackedLayer;
use super::super::oci_layout;
use super::locate::Surroundings;
use super::names::{Named, chain_ids, find_container, find_image};
use super::root::Root;
use super::snapshots::Snapshots;
use super::unpacked::{Container, layer};
use super::{Engine, StorageError};
use crate::bolt::{self, Bolt, Bucket};
use crate::error::ImageError;
use crate::open::OpenImage;

const METADATA: [&str; 2] = ["io.containerd.metadata.v1.bolt", "meta.db"];
const CONTENT: &str = "io.containerd.content.v1.content";

/// Namespaces that are looked in first, in this order: those of ctr and nerdctl, Kubernetes, Docker.
const FIRST: [&str; 3] = ["default", "k8s.io", DOCKER];

/// The namespace that Docker uses.
const DOCKER: &str = "moby";

/// Labels that hold the name of a container: of nerdctl, and of Kubernetes.
const NAME_LABELS: [&str; 2] = ["nerdctl/name", "io.kubernetes.container.name"];

/// Opens the image called `name`.
pub(super) fn open_image(
    name: &str,
    options: &OpenOptions,
    surroundings: &Surroundings,
) -> Result<OpenImage, ImageError> {
    let path = options.storage.root.clone().unwrap_or_else(|| surroundings.containerd());
    let root = Root::open(Engine::Containerd, &path, &options.limits)?;
    let images = Images::list(&root, options.storage.namespace.as_deref())?;
    images.open(find_image(&root, &images.named(), name)?, &root, options)
}

/// Opens the image called `name` of a Docker that keeps its images in containerd: in one that it started
/// itself, below its data root, or in the system's. `None` if there is no such containerd.
pub(super) fn open_of_docker(
    name: &str,
    data_root: &Path,
    options: &OpenOptions,
    surroundings: &Surroundings,
) -> Result<Option<OpenImage>, ImageError> {
    let own = data_root.join("containerd/daemon");
    let system = options.storage.root.is_none().then(|| surroundings.containerd());
    let has_records = |path: &PathBuf| path.join(METADATA.join("/")).exists();
    let Some(path) = [Some(own), system].into_iter().flatten().find(has_records) else { return Ok(None) };
    let root = Root::open(Engine::Containerd, &path, &options.limits)?;
    let images = Images::list(&root, Some(DOCKER))?;
    images.open(find_image(&root, &images.named(), name)?, &root, options).map(Some)
}

/// Opens the container called `name` over its image.
pub(super) fn open_container(
    name: &str,
    options: &OpenOptions,
    surroundings: &Surroundings,
) -> Result<OpenImage, ImageError> {
    let path = options.storage.root.clone().unwrap_or_else(|| surroundings.containerd());
    let root = Root::open(Engine::Containerd, &path, &options.limits)?;
    let namespace = options.storage.namespace.as_deref();
    let containers = read(&root, |bolt| containers(bolt, namespace))?;
    let named: Vec<Named> = containers
        .iter()
        .map(|record| Named { names: record.names.clone(), ids: vec![record.id.clone()] })
        .collect();
    let record = &containers[find_container(&root, &named, name)?];
    let gone = || root.gone(format!("the file system of container {}", record.id));
    let snapshots = Snapshots { root: &root, namespace: &record.namespace };
    let (top, form, parent) =
        snapshots.find(Some(&record.snapshotter), &record.snapshot)?.ok_or_else(gone)?;
    let images = Images::list(&root, Some(&record.namespace))?;
    let image = images.with_chain(&record.image, parent.as_deref(), &root, options)?;
    let image = image.ok_or_else(|| root.gone(format!("the image of container {}", record.id)))?;
    let name = record.names.first().unwrap_or(&record.id).clone();
    Ok(Container { id: record.id.clone(), name, top, form }.over(image, &root))
}

/// Reads `meta.db`.
pub(super) fn read<T>(
    root: &Root,
    read: impl FnMut(&Bolt) -> Result<T, ImageError>,
) -> Result<T, ImageError> {
    let Some(path) = root.file(&METADATA)? else {
        let (engine, path) = (root.engine, root.path.join(METADATA.join("/")));
        return Err(StorageError::NoStorage { engine, path, hint: engine.save() }.into());
    };
    match bolt::read(&path, read) {
        Err(ImageError::Io { source, .. }) => Err(root.failed(&path, source)),
        result => result,
    }
}

/// The images of the namespaces by the digest that they point to.
struct Images {
    all: Vec<(Digest, ImageRecord)>,
}

struct ImageRecord {
    namespace: String,
    names: Vec<String>,
}

impl Images {
    fn list(root: &Root, namespace: Option<&str>) -> Result<Self, ImageError> {
        let found = read(root, |bolt| {
            let mut found: BTreeMap<(usize, Digest), ImageRecord> = BTreeMap::new();
            for (order, (namespace, bucket)) in namespaces(bolt, namespace)?.into_iter().enumerate() {
                let Some(images) = bucket.bucket(b"images")? else { continue };
                for (name, image) in images.buckets()? {
                    let target = image.bucket(b"target")?;
                    let digest = target.map(|target| target.text(b"digest")).transpose()?.flatten();
                    let Some(digest) = digest.and_then(|digest| digest.parse().ok()) else { continue };
                    let record = found
                        .entry((order, digest))
                        .or_insert_with(|| ImageRecord { namespace: namespace.clone(), names: Vec::new() });
                    record.names.push(String::from_utf8_lossy(&name).into_owned());
                }
            }
            Ok(found)
        })?;
        // the same image in several namespaces is one, and that of the first is as good as any
        let mut all: Vec<(Digest, ImageRecord)> = Vec::new();
        for ((_, digest), record) in found {
            match all.iter_mut().find(|(known, _)| *known == digest) {
                Some((_, known)) => known.names.extend(record.names),
                None => all.push((digest, record)),
            }
        }
        for (_, record) in &mut all {
            record.names.sort();
            record.names.dedup();
        }
        Ok(Self { all })
    }

    fn named(&self) -> Vec<Named> {
        let named = |(digest, record): &(Digest, ImageRecord)| {
            // Kubernetes gives each image a second name, the digest of its config
            let config = record.names.iter().filter_map(|name| name.strip_prefix("sha256:"));
            let ids = std::iter::once(digest.to_hex()).chain(config.map(str::to_owned)).collect();
            let names = record.names.iter().filter(|name| !name.starts_with("sha256:")).cloned().collect();
            Named { names, ids }
        };
        self.all.iter().map(named).collect()
    }

    fn open(&self, index: usize, root: &Root, options: &OpenOptions) -> Result<OpenImage, ImageError> {
        let (digest, record) = &self.all[index];
        let Some(content) = root.directory(&[CONTENT])? else {
            return Err(root.gone("the content store"));
        };
        let names = record.names.iter().filter(|name| !name.starts_with("sha256:"));
        let descriptor = |name: &String| {
            let annotations = serde_json::json!({ "io.containerd.image.name": name });
            serde_json::json!({ "digest": digest.to_string(), "annotations": annotations })
        };
        let mut manifests: Vec<_> = names.map(descriptor).collect();
        if manifests.is_empty() {
            manifests.push(serde_json::json!({ "digest": digest.to_string() }));
        }
        let listed = serde_json::json!({ "manifests": manifests }).to_string();
        let snapshots = Snapshots { root, namespace: &record.namespace };
        let unpacked = |diff_ids: &[DiffId], number: usize| discarded(&snapshots, diff_ids, number);
        let options = OpenOptions { reference: None, ..options.clone() };
        let image = oci_layout::open_listed(&Files::Store(content), listed.as_bytes(), &unpacked, &options);
        image.map_err(|error| match error {
            ImageError::Missing { place } => root.gone(place.item),
            ImageError::Io { place, source } => root.failed(&place.path, source),
            other => other,
        })
    }

    /// The image called `name`, if its layers are those that end in the chain id `parent`; else any with these
    /// layers, for names move on while containers stay.
    fn with_chain(
        &self,
        name: &str,
        parent: Option<&str>,
        root: &Root,
        options: &OpenOptions,
    ) -> Result<Option<OpenImage>, ImageError> {
        let is_named = |index: &usize| self.all[*index].1.names.iter().any(|known| known == name);
        let mut order: Vec<usize> = (0..self.all.len()).collect();
        order.sort_by_key(|index| !is_named(index));
        for index in order {
            let image = match self.open(index, root, options) {
                Ok(image) => image,
                Err(error) if is_named(&index) => return Err(error),
                Err(_) => continue,
            };
            let diff_ids = image.facts.layers.iter().filter_map(|layer| layer.diff_id);
            let chain = chain_ids(diff_ids.map(|diff_id| diff_id.0));
            if chain.last().map(Digest::to_string).as_deref() == parent.filter(|parent| !parent.is_empty()) {
                return Ok(Some(image));
            }
        }
        Ok(None)
    }
}

/// A layer whose blob was discarded after it was unpacked: snapshots are named by the chain id.
fn discarded(
    snapshots: &Snapshots<'_>,
    diff_ids: &[DiffId],
    number: usize,
) -> Result<Option<UnpackedLayer>, ImageError> {
    let chain = chain_ids(diff_ids.iter().map(|diff_id| diff_id.0));
    let (Some(chain), Some(diff_id)) = (chain.get(number), diff_ids.get(number)) else { return Ok(None) };
    let found = snapshots.find(None, &chain.to_string())?;
    Ok(found.map(|(path, form, _)| layer(snapshots.root, diff_id.0, path, form, None).1))
}

/// The namespaces to look in, the likely ones first.
fn namespaces<'b>(bolt: &'b Bolt, only: Option<&str>) -> Result<Vec<(String, Bucket<'b>)>, ImageError> {
    let Some(all) = bolt.bucket(&[b"v1"])? else { return Ok(Vec::new()) };
    let all = all.buckets()?.into_iter();
    let mut all: Vec<_> =
        all.map(|(name, bucket)| (String::from_utf8_lossy(&name).into_owned(), bucket)).collect();
    all.retain(|(name, _)| only.is_none_or(|only| only == name));
    all.sort_by_key(|(name, _)| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    Ok(all)
}

struct ContainerRecord {
    namespace: String,
    id: String,
    names: Vec<String>,
    image: String,
    snapshotter: String,
    snapshot: String,
}

fn containers(bolt: &Bolt, namespace: Option<&str>) -> Result<Vec<ContainerRecord>, ImageError> {
    let mut found = Vec::new();
    for (namespace, bucket) in namespaces(bolt, namespace)? {
        let Some(containers) = bucket.bucket(b"containers")? else { continue };
        for (id, container) in containers.buckets()? {
            let text = |key: &str| Ok::<_, ImageError>(container.text(key.as_bytes())?.unwrap_or_default());
            let labels = container.bucket(b"labels")?;
            let labels = labels.map(|labels| labels.values()).transpose()?.unwrap_or_default();
            let names =
                labels.iter().filter(|(key, _)| NAME_LABELS.iter().any(|name| name.as_bytes() == key));
            let id = String::from_utf8_lossy(&id).into_owned();
            let names = names.map(|(_, value)| String::from_utf8_lossy(value).into_owned());
            found.push(ContainerRecord {
                namespace: namespace.clone(),
                names: names.chain([id.clone()]).collect(),
                id,
                image: text("image")?,
                snapshotter: text("snapshotter")?,
                snapshot: text("snapshotKey")?,
            });
        }
    }
    Ok(found)
}

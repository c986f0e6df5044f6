//! From an engine's records to an open image, and a container's own layer on top of it.

use std::path::PathBuf;

use model::{DiffId, Digest, ImageId, LayerFacts};

use super::super::OpenOptions;
use super::super::layers::{UnpackedLayer, assemble};
use super::root::Root;
use crate::config::Config;
use crate::directory::{Form, LayerDirectory};
use crate::error::{ImageError, Place};
use crate::open::OpenImage;
use crate::select::{Choice, references, select};

/// An image as the records of a storage describe it.
pub(super) struct Unpacked {
    pub(super) id: Digest,
    pub(super) names: Vec<String>,
    /// The digest of its manifest, if known.
    pub(super) manifest: Option<Digest>,
    /// The config document; `None` if the image was removed and only its containers are left.
    pub(super) config: Option<(Vec<u8>, Place)>,
    /// The layers with the diff-ids that the storage claims for them, lowest first.
    pub(super) layers: Vec<(Digest, UnpackedLayer)>,
}

impl Unpacked {
    /// Puts the image together. The diff-ids of the config and those of the layers must be the same.
    pub(super) fn open(self, root: &Root, options: &OpenOptions) -> Result<OpenImage, ImageError> {
        let (config, place) = match &self.config {
            Some((bytes, place)) => (Config::parse(bytes, place)?, place.clone()),
            None => self.lost_config(root)?,
        };
        let claimed: Vec<Digest> = config.diff_ids(&place)?.into_iter().map(|id| id.0).collect();
        for (expected, (found, layer)) in claimed.iter().zip(&self.layers) {
            if expected != found {
                let (place, expected, found) = (layer.place.clone(), *expected, *found);
                return Err(ImageError::DigestMismatch { place, expected, found });
            }
        }
        let (names, digests, platform) = (self.names.clone(), vec![self.id], config.platform());
        let choice = Choice { group: 0, names, digests, platform };
        select(&root.path, &[choice], None, options.platform.as_ref())?;
        let layers = self.layers.into_iter().map(|(_, layer)| layer).collect();
        let references = references(&self.names, self.manifest);
        assemble(config, ImageId(self.id), &place, references, layers, options)
    }

    fn lost_config(&self, root: &Root) -> Result<(Config, Place), ImageError> {
        let diff_ids: Vec<String> = self.layers.iter().map(|(digest, _)| digest.to_string()).collect();
        let text = serde_json::json!({ "rootfs": { "diff_ids": diff_ids } }).to_string();
        let place = Place::new(&root.path, format!("image {}", self.id));
        Ok((Config::parse(text.as_bytes(), &place)?, place))
    }
}

/// A layer in a directory of a storage.
pub(super) fn layer(
    root: &Root,
    diff_id: Digest,
    path: PathBuf,
    form: Form,
    size: Option<u64>,
) -> (Digest, UnpackedLayer) {
    let place = Place::new(&root.path, format!("layer {diff_id}"));
    (diff_id, UnpackedLayer { place, directory: LayerDirectory { path, form, size }, digest: None })
}

/// A container over its image.
pub(super) struct Container {
    /// Its full id.
    pub(super) id: String,
    /// The name that it was found by, or its first one.
    pub(super) name: String,
    /// The directory that it writes to.
    pub(super) top: PathBuf,
    pub(super) form: Form,
}

impl Container {
    /// Lays the container over its image.
    ///
    /// The result is not the image, and must not take the image's place in a server: its id is made from the
    /// ids of image and container, so that it is the same at every scan. There is no tar of the top layer,
    /// and the diff-id that the report needs to speak of the layer is made in the same way.
    pub(super) fn over(self, image: OpenImage, root: &Root) -> OpenImage {
        let made_up =
            |what: &str| Digest::of(format!("plimsoll {what}\0{}\0{}", image.facts.id.0, self.id).as_bytes());
        let (id, diff_id) = (ImageId(made_up("container")), DiffId(made_up("container layer")));
        let place = Place::new(&root.path, format!("container {}", self.id));
        let directory = LayerDirectory { path: self.top, form: self.form, size: None };
        let layer = UnpackedLayer { place, directory, digest: None }.source(diff_id);
        let short = self.id.get(..12).unwrap_or(&self.id);
        let facts = LayerFacts {
            diff_id: Some(diff_id),
            digest: None,
            size: 0,
            created_by: format!("{} container {} ({short})", root.engine, self.name),
            created: None,
            comment: "what the container changed".to_owned(),
        };
        image.with_top(id, facts, layer)
    }
}

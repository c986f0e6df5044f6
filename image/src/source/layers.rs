//! From config and stored layers to an open image; the part that all forms share.

use model::{DiffId, Digest, ImageId, Reference};

use super::OpenOptions;
use crate::blob::{Blob, FileRun};
use crate::config::Config;
use crate::directory::LayerDirectory;
use crate::error::{ImageError, Place};
use crate::layer::{Content, LayerSource};
use crate::open::OpenImage;
use crate::stream::{Check, Compression};

/// A layer's blob and what the source says of it.
pub(super) struct StoredLayer {
    pub(super) place: Place,
    pub(super) blob: Blob,
    /// The digest of the stored bytes, if the source names one.
    pub(super) digest: Option<Digest>,
}

/// A layer that a container store keeps unpacked.
pub(super) struct UnpackedLayer {
    pub(super) place: Place,
    pub(super) directory: LayerDirectory,
    /// The digest of the blob that it was unpacked from, if the store names it.
    pub(super) digest: Option<Digest>,
}

/// A layer in either form.
pub(super) enum AnyLayer {
    Stored(StoredLayer),
    Unpacked(UnpackedLayer),
}

impl From<StoredLayer> for AnyLayer {
    fn from(layer: StoredLayer) -> Self {
        Self::Stored(layer)
    }
}

impl From<UnpackedLayer> for AnyLayer {
    fn from(layer: UnpackedLayer) -> Self {
        Self::Unpacked(layer)
    }
}

/// Puts an image together.
pub(super) fn assemble<L: Into<AnyLayer>>(
    config: Config,
    id: ImageId,
    place: &Place,
    references: Vec<Reference>,
    stored: Vec<L>,
    options: &OpenOptions,
) -> Result<OpenImage, ImageError> {
    let diff_ids = config.diff_ids(place)?;
    if diff_ids.len() != stored.len() {
        let (config, manifest) = (diff_ids.len(), stored.len());
        return Err(ImageError::LayerCount { place: place.clone(), config, manifest });
    }
    if stored.len() > options.limits.max_layers {
        let (limit, value) = ("max_layers", options.limits.max_layers as u64);
        return Err(ImageError::Limit { place: place.clone(), limit, value, offset: 0 });
    }
    let mut facts = config.into_facts(id, &diff_ids);
    facts.references = references;
    let mut described = facts.layers.iter_mut().filter(|layer| layer.diff_id.is_some());
    let mut layers = Vec::with_capacity(stored.len());
    for (stored, diff_id) in stored.into_iter().zip(diff_ids) {
        let stored = stored.into();
        if let Some(facts) = described.next() {
            facts.digest = match &stored {
                AnyLayer::Stored(layer) => layer.digest,
                AnyLayer::Unpacked(layer) => layer.digest,
            };
        }
        layers.push(match stored {
            AnyLayer::Stored(stored) => layer(stored, diff_id.0, options.verify)?,
            AnyLayer::Unpacked(unpacked) => unpacked.source(diff_id),
        });
    }
    Ok(OpenImage::of_layers(facts, place.path.clone(), layers, options.limits.clone()))
}

impl UnpackedLayer {
    /// The layer under the diff-id that is claimed for it.
    pub(super) fn source(self, diff_id: DiffId) -> LayerSource {
        LayerSource {
            digest: None,
            diff_id: Some(diff_id),
            compression: None,
            check: Check::Nothing,
            content: Content::Directory(self.directory),
            place: self.place,
        }
    }
}

fn layer(stored: StoredLayer, diff_id: Digest, verify: bool) -> Result<LayerSource, ImageError> {
    let StoredLayer { place, blob, digest, .. } = stored;
    let compression = match &blob {
        Blob::File(run) => Some(recognise(run, &place)?),
        // a layer that is known from before must not cost a request
        Blob::Remote(_) => None,
    };
    let digest = match (compression, digest) {
        // stored as it is: there is only one digest, and both documents must state the same
        (Some(Compression::None), Some(digest)) if digest != diff_id => {
            return Err(ImageError::DigestMismatch { place, expected: diff_id, found: digest });
        }
        (Some(Compression::None), _) => Some(diff_id),
        (_, digest) => digest,
    };
    let check = match digest {
        _ if !verify => Check::Nothing,
        Some(digest) => Check::Stored(digest),
        None => Check::Uncompressed(diff_id),
    };
    Ok(LayerSource {
        digest,
        diff_id: Some(model::DiffId(diff_id)),
        compression,
        check,
        content: Content::Stored(blob),
        place,
    })
}

fn recognise(run: &FileRun, place: &Place) -> Result<Compression, ImageError> {
    let head =
        run.head(Compression::HEAD).map_err(|source| ImageError::Io { place: place.clone(), source })?;
    Compression::recognise(&head).map_err(|form| ImageError::UnsupportedLayer { place: place.clone(), form })
}

//! An image whose documents were read and whose layers can be.

use std::path::{Path, PathBuf};

use model::{ImageFacts, ImageId, LayerFacts};

use crate::blob::Blob;
use crate::entry::{LayerSummary, LayerVisitor};
use crate::error::ImageError;
use crate::layer::{Content, LayerJob, LayerOutcome, LayerSource, read_parts};
use crate::limits::Limits;
use crate::source::{Origin, Pulled, root_fs};

/// An opened image. It holds no open file: every layer is opened when it is read, so several threads can each
/// read one.
#[derive(Clone, Debug)]
pub struct OpenImage {
    /// What the documents say. The sizes of image and layers are 0: they are known once the layers were read.
    pub facts: ImageFacts,
    path: PathBuf,
    layers: Vec<LayerSource>,
    limits: Limits,
    origin: Option<Origin>,
}

impl OpenImage {
    pub(crate) fn of_layers(
        facts: ImageFacts,
        path: PathBuf,
        layers: Vec<LayerSource>,
        limits: Limits,
    ) -> Self {
        Self { facts, path, layers, limits, origin: None }
    }

    /// The same layers with a further one on top, as another image.
    pub(crate) fn with_top(mut self, id: ImageId, facts: LayerFacts, layer: LayerSource) -> Self {
        self.facts.id = id;
        self.facts.layers.push(facts);
        self.layers.push(layer);
        self
    }

    /// Keeps hold of the registry that the layers come from.
    pub(crate) fn set_origin(&mut self, origin: Origin) {
        self.origin = Some(origin);
    }

    /// What was got from the registry so far, documents and layers; `None` if the image is from none.
    pub fn pulled(&self) -> Option<Pulled> {
        let (bytes, requests) = self.origin.as_ref()?.traffic();
        let asked = |layer: &&LayerSource| match &layer.content {
            Content::Stored(Blob::Remote(blob)) => blob.was_asked(),
            _ => false,
        };
        Some(Pulled { bytes, requests, layers: self.layers.iter().filter(asked).count() })
    }

    /// The archive or directory; for a root file system without links and relative parts. For an image of a
    /// registry its name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many layers there are. A root file system counts as one.
    pub fn layer_count(&self) -> usize {
        self.layers.len()
    }

    /// What is known of a layer, 0 being the lowest.
    ///
    /// # Panics
    /// If `index` is not below [`Self::layer_count`].
    pub fn layer(&self, index: usize) -> &LayerSource {
        &self.layers[index]
    }

    /// Whether this is a directory and no image.
    pub fn is_root_fs(&self) -> bool {
        self.layers.iter().any(|layer| layer.content == Content::RootFs)
    }

    /// Gives every entry of a layer to `visitor`. An error stops the layer, but the entries given before
    /// stand.
    pub fn read_layer(
        &self,
        index: usize,
        visitor: &mut dyn LayerVisitor,
    ) -> Result<LayerSummary, ImageError> {
        let outcome = self.read_layer_partly(index, visitor);
        match outcome.error {
            None => Ok(outcome.summary),
            Some(error) => Err(error),
        }
    }

    /// Gives every entry of a layer to `visitor`, and fetches of the contents those that it
    /// [wants](LayerVisitor::wants), and those that are too short to be left out. `None` if the layer has no
    /// table of contents or if most of it is wanted. After an error, or `None`, the layer is to be read
    /// whole, and what `visitor` has got is worth nothing.
    ///
    /// The entries and contents are those of a whole reading; of the stored blob, what was not fetched is
    /// not verified.
    pub fn read_layer_parts(
        &self,
        index: usize,
        visitor: &mut dyn LayerVisitor,
    ) -> Result<Option<LayerSummary>, ImageError> {
        let Some(layer) = self.layers.get(index) else {
            return Err(ImageError::NoSuchLayer { index, count: self.layers.len() });
        };
        match &layer.content {
            Content::Stored(Blob::Remote(blob)) => {
                read_parts(blob, &layer.place, index as u32, &self.limits, visitor)
            }
            _ => Ok(None),
        }
    }

    /// The same, but keeps the summary of a layer that could be read in part only.
    pub fn read_layer_partly(&self, index: usize, visitor: &mut dyn LayerVisitor) -> LayerOutcome {
        let Some(layer) = self.layers.get(index) else {
            let error = ImageError::NoSuchLayer { index, count: self.layers.len() };
            return LayerOutcome { summary: LayerSummary::default(), error: Some(error) };
        };
        let blob = match &layer.content {
            Content::Stored(blob) => blob,
            Content::RootFs => return root_fs::walk(&self.path, &self.limits, visitor),
            Content::Directory(directory) => return directory.read(index as u32, &self.limits, visitor),
        };
        let job = LayerJob {
            blob,
            place: layer.place.clone(),
            compression: layer.compression,
            check: layer.check,
            diff_id: layer.diff_id,
            index: index as u32,
            limits: &self.limits,
        };
        job.run(visitor)
    }
}

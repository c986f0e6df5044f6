//! Layers and root file systems that are directories.
//!
//! What it is for: giving the entries of a directory to a visitor as the tar of the same layer would give
//! them. What it is not for: finding the directory; that is the sources'.
//!
//! The decision a reader may doubt: a layer directory has no digest that could be checked. What a store says
//! of it (diff-id, size) is handed on as its word, the layer counts as unverified, and no result of it is
//! kept in or taken from a cache (docs/adr/0007).

mod capability;
mod file;
mod marks;
mod walk;

use std::collections::HashMap;
use std::path::PathBuf;

pub(crate) use marks::OverlayNames as Names;
pub use marks::{OverlayMarks, OverlayNames, read_overlay_marks};
pub(crate) use walk::{Tree, walk};

use crate::entry::LayerVisitor;
use crate::layer::LayerOutcome;
use crate::limits::Limits;

/// A layer that a container store keeps unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerDirectory {
    /// Where it is, without symbolic links.
    pub(crate) path: PathBuf,
    /// How it says what it removes.
    pub(crate) form: Form,
    /// Bytes of the layer as the store counts them; `None` counts the files.
    pub(crate) size: Option<u64>,
}

impl LayerDirectory {
    /// Gives every entry to `visitor`. `layer` is the number of the layer in its image.
    pub(crate) fn read(&self, layer: u32, limits: &Limits, visitor: &mut dyn LayerVisitor) -> LayerOutcome {
        let (root, form) = (self.path.as_path(), self.form);
        let tree = Tree { root, form, layer: Some(layer), excluded: HashMap::new(), limits };
        let mut outcome = walk(&tree, visitor);
        if let Some(size) = self.size {
            outcome.summary.uncompressed_bytes = size;
        }
        outcome
    }
}

/// How a directory stands to the layers below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A file system of its own.
    RootFs,
    /// All that the image shows up to this layer (vfs of Docker and podman, containerd's `native`).
    Whole,
    /// What was changed, with the marks of an overlay file system.
    Overlay(Names),
}

#[cfg(test)]
mod tests;

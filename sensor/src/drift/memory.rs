//! What is remembered of a container from one look to the next.

use std::collections::HashMap;

use catalog::{FileFacts, UpperLayer};
use image::OverlayNames;
use model::Drift;

use super::Fingerprint;

/// Files of one container that are remembered; further ones are read at every look at which anything changed.
const MAX_FILES: usize = 200_000;

/// What the last look at a container saw, so that the next one reads only what changed since. Empty at first; lost, it costs
/// one reading of the whole writable layer.
#[derive(Debug, Default)]
pub struct Memory {
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) drift: Drift,
    /// By hash of the path.
    pub(super) files: HashMap<u64, Remembered>,
    /// The layer, if it changes what is installed.
    pub(super) upper: Option<UpperLayer>,
    pub(super) names: Option<OverlayNames>,
}

/// A file as it was seen.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    /// Size, times and number.
    pub(super) stamp: u64,
    pub(super) facts: Option<FileFacts>,
    pub(super) judged: Judged,
    /// Whether it is a program or a script, or was one in the image.
    pub(super) is_program: bool,
}

/// What a file of the layer is beside the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// Neither a program nor anything that belongs to a package, or the same as in the image.
    Nothing,
    /// A file where the image has a directory.
    OverDirectory,
    /// A program that the image does not hold.
    Added,
    /// Another content than the image has.
    Changed,
}

impl Memory {
    /// What the last look found; `None` before the first one.
    pub fn drift(&self) -> Option<&Drift> {
        self.fingerprint.is_some().then_some(&self.drift)
    }

    /// The container's layer as packages see it, if it changes what is installed.
    pub(crate) fn upper(&self) -> Option<&UpperLayer> {
        self.upper.as_ref()
    }

    /// About how much memory it takes, apart from the drift itself.
    pub fn bytes(&self) -> usize {
        let facts: usize =
            self.files.values().filter_map(|file| file.facts.as_ref()).map(FileFacts::bytes).sum();
        facts + self.files.capacity() * (size_of::<Remembered>() + size_of::<u64>() + 1)
    }

    pub(super) fn keep(files: &mut HashMap<u64, Remembered>, path: u64, file: Remembered) {
        if files.len() < MAX_FILES {
            files.insert(path, file);
        }
    }
}

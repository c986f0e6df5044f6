//! A visitor that keeps everything, and short ways to an opened image.

use std::io::Read;
use std::path::Path;

use image::{
    Entry, EntryKind, ImageError, LayerOutcome, LayerVisitor, Limits, OpenImage, OpenOptions, Source,
};
use testkit::{ImageBuilder, LayerBuilder};

/// An entry as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: EntryKind,
    pub(crate) link: Option<Vec<u8>>,
    pub(crate) size: u64,
    pub(crate) mode: u32,
    pub(crate) content: Vec<u8>,
}

/// Which contents to read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    All,
    Nothing,
    /// A few bytes of each, which leaves the reader in the middle.
    Some,
}

pub(crate) struct Collect {
    pub(crate) reading: Reading,
    pub(crate) seen: Vec<Seen>,
    pub(crate) progress: u64,
    pub(crate) read_errors: usize,
}

impl Collect {
    pub(crate) fn new(reading: Reading) -> Self {
        Self { reading, seen: Vec::new(), progress: 0, read_errors: 0 }
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.seen.iter().map(|seen| String::from_utf8_lossy(&seen.path).into_owned()).collect()
    }
}

impl LayerVisitor for Collect {
    fn entry(&mut self, entry: &Entry<'_>, content: &mut dyn Read) {
        let mut bytes = Vec::new();
        let result = match self.reading {
            Reading::All => content.read_to_end(&mut bytes),
            Reading::Nothing => Ok(0),
            Reading::Some => content.take(3).read_to_end(&mut bytes),
        };
        self.read_errors += usize::from(result.is_err());
        self.seen.push(Seen {
            path: entry.path.to_vec(),
            kind: entry.kind,
            link: entry.link.map(<[u8]>::to_vec),
            size: entry.size,
            mode: entry.mode,
            content: bytes,
        });
    }

    fn progress(&mut self, stored_bytes: u64) {
        self.progress += stored_bytes;
    }
}

pub(crate) fn open(path: &Path) -> Result<OpenImage, ImageError> {
    open_with(path, &OpenOptions::default())
}

pub(crate) fn open_with(path: &Path, options: &OpenOptions) -> Result<OpenImage, ImageError> {
    image::open(&Source::detect(path.to_str().unwrap())?, options)
}

/// All entries of all layers, in order.
pub(crate) fn read_all(image: &OpenImage) -> Vec<Vec<Seen>> {
    (0..image.layer_count())
        .map(|index| {
            let mut collect = Collect::new(Reading::All);
            let summary = image.read_layer(index, &mut collect).unwrap();
            assert_eq!(summary.notes, [], "layer {index}");
            assert!(summary.verified || image.is_root_fs(), "layer {index}");
            assert_eq!(summary.entries as usize, collect.seen.len());
            collect.seen
        })
        .collect()
}

/// Reads a single layer through a docker-archive.
pub(crate) fn read_one(layer: LayerBuilder, reading: Reading) -> (Collect, LayerOutcome) {
    read_image(&ImageBuilder::new().layer(layer), reading, Limits::default())
}

pub(crate) fn read_image(image: &ImageBuilder, reading: Reading, limits: Limits) -> (Collect, LayerOutcome) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    image.write_docker_archive(&path).unwrap();
    let image = open_with(&path, &OpenOptions { limits, ..OpenOptions::default() }).unwrap();
    let mut collect = Collect::new(reading);
    let outcome = image.read_layer_partly(0, &mut collect);
    (collect, outcome)
}

/// The notes as `path: reason`.
pub(crate) fn notes(outcome: &LayerOutcome) -> Vec<String> {
    outcome.summary.notes.iter().map(|note| format!("{}: {}", note.path, note.reason)).collect()
}

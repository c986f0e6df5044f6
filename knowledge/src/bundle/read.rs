//! Opening and checking a bundle.

use std::cmp::Ordering;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use model::Digest;

use super::Bundle;
use super::format::{self, Frame, FrameError};
use super::lifecycle::Lifecycles;
use super::map::Bytes;
use super::table::{Layout, compare_pair};
use super::write::Content;
use crate::error::KnowledgeError;
use crate::qid::Registry;

/// A table section of an open bundle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Section {
    range: Range<usize>,
    layout: Layout,
}

impl Section {
    pub(super) fn open(file: &[u8], frame: &Frame, section: format::Section) -> Option<Self> {
        let range = frame.section(section);
        let layout = Layout::read(file.get(range.clone())?)?;
        Some(Self { range, layout })
    }

    /// The whole section.
    pub(super) fn bytes<'a>(&self, file: &'a [u8]) -> &'a [u8] {
        file.get(self.range.clone()).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.layout.len()
    }

    pub(crate) fn key<'a>(&self, file: &'a [u8], index: usize) -> Option<&'a [u8]> {
        self.layout.key(file.get(self.range.clone())?, index)
    }

    pub(crate) fn blob<'a>(&self, file: &'a [u8], index: usize) -> Option<&'a [u8]> {
        self.layout.blob(file.get(self.range.clone())?, index)
    }

    pub(crate) fn find(&self, file: &[u8], order: impl Fn(&[u8]) -> Ordering) -> Option<usize> {
        self.layout.find(file.get(self.range.clone())?, order)
    }

    /// The blob of a `first NUL second` key.
    pub(crate) fn pair<'a>(&self, file: &'a [u8], first: &str, second: &str) -> Option<&'a [u8]> {
        let index = self.find(file, |stored| compare_pair(stored, first, second))?;
        self.blob(file, index)
    }

    /// The pairs of all keys that are text.
    #[cfg(fuzzing)]
    pub(crate) fn pairs<'a>(&'a self, file: &'a [u8]) -> impl Iterator<Item = (String, String)> + 'a {
        (0..self.len()).filter_map(move |index| {
            let (first, second) = std::str::from_utf8(self.key(file, index)?).ok()?.split_once('\0')?;
            Some((first.to_owned(), second.to_owned()))
        })
    }
}

impl Bundle {
    /// Maps a bundle file and checks its frame: magic, format, length, header checksum, section bounds.
    ///
    /// The content's checksum is not computed here (see [`Self::verify`]), so that opening takes the same few
    /// milliseconds for any size.
    pub fn open(path: &Path) -> Result<Self, KnowledgeError> {
        Self::of_bytes(Bytes::map(path)?, path)
    }

    /// A bundle that knows nothing: for a server without data. It covers no namespace.
    pub fn empty() -> Self {
        let content = Content {
            manifest: super::Manifest { builder: crate::BUILDER.to_owned(), ..Default::default() },
            vulnerabilities: &[],
            packages: &[],
            lifecycles: &super::write::Lifecycles::default(),
            registry: &Registry::default(),
            records: &std::collections::BTreeMap::new(),
        };
        let bytes = content.encode().expect("an empty bundle can be encoded");
        Self::of_bytes(Bytes::Owned(bytes), Path::new("empty bundle"))
            .expect("an empty bundle is well formed")
    }

    pub(super) fn of_bytes(bytes: Bytes, path: &Path) -> Result<Self, KnowledgeError> {
        let damaged = |reason: String| KnowledgeError::Damaged { path: path.to_owned(), reason };
        let file = bytes.as_slice();
        let frame = Frame::read(file).map_err(|error| match error {
            FrameError::Newer(found) => {
                KnowledgeError::Newer { path: path.to_owned(), found, known: format::FORMAT }
            }
            FrameError::Damaged(reason) => damaged(reason),
        })?;
        let manifest = serde_json::from_slice(&file[frame.section(format::Section::Manifest)])
            .map_err(|error| damaged(format!("its manifest cannot be read: {error}")))?;
        let open = |section| {
            Section::open(file, &frame, section)
                .ok_or_else(|| damaged(format!("its table of {section:?} does not fit its section")))
        };
        let advisories = open(format::Section::Advisories)?;
        let vulnerabilities = open(format::Section::Vulnerabilities)?;
        let products = open(format::Section::Lifecycles)?;
        let lifecycles = Lifecycles::new(products, open(format::Section::LifecycleNames)?);
        let registry = open(format::Section::Registry)?;
        let decoded = std::iter::repeat_with(OnceLock::new).take(vulnerabilities.len()).collect();
        let predictions = open(format::Section::Predictions)?;
        let records = open(format::Section::Records)?;
        let index = frame.section(format::Section::AdvisoryIndex);
        let (id, manifest): (_, super::Manifest) = (frame.content, manifest);
        let covered =
            manifest.namespaces.keys().map(|name| (name.clone(), crate::lookup::scheme_of(name))).collect();
        let date = manifest.sources.iter().filter_map(|source| source.date).max();
        Ok(Self {
            bytes,
            id,
            manifest,
            advisories,
            vulnerabilities,
            lifecycles,
            registry,
            predictions,
            records,
            index,
            covered,
            date,
            decoded,
        })
    }

    /// Opens bytes that are in memory.
    #[cfg(fuzzing)]
    pub(crate) fn of_owned(bytes: Vec<u8>, path: &Path) -> Result<Self, KnowledgeError> {
        Self::of_bytes(Bytes::Owned(bytes), path)
    }

    /// The `namespace, package` keys of the statements.
    #[cfg(fuzzing)]
    pub(crate) fn advisory_names(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.advisories.pairs(self.bytes.as_slice())
    }

    /// The `list, name` keys of the products.
    #[cfg(fuzzing)]
    pub(crate) fn lifecycle_names(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.lifecycles.pairs(self.bytes.as_slice())
    }

    /// Computes the checksum over the whole content and compares it with the stored one.
    pub fn verify(&self) -> Result<(), KnowledgeError> {
        let found = Digest::of(&self.bytes.as_slice()[format::HEADER..]);
        if found == self.id {
            return Ok(());
        }
        Err(KnowledgeError::Damaged {
            path: Path::new("bundle").to_owned(),
            reason: format!("its content has {found} instead of {}", self.id),
        })
    }
}

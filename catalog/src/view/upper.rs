//! A layer that somebody else walks: what its files say, and what it hides.

use std::io::Read;
use std::sync::Arc;

use image::{Entry, EntryKind};

use super::evidence_bytes;
use crate::facts::Evidence;
use crate::path::{ancestors, hash};
use crate::registry::{self, CATALOGERS, Input};
use crate::rpm;

/// The cataloger that asks for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted(usize);

/// The cataloger that asks for a regular file, if any does.
pub fn wanted_file(path: &[u8], mode: u32, size: u64) -> Option<Wanted> {
    let entry = Entry { path, kind: EntryKind::File, size, link: None, mode };
    registry::wanted_entry(&entry, false).map(Wanted)
}

/// Whether the first bytes of a file are those of a program, a shared library or a script.
pub fn is_program(head: &[u8]) -> bool {
    head.starts_with(b"\x7fELF") || head.starts_with(b"#!")
}

/// What a file says. Copies share their content.
#[derive(Clone, Debug)]
pub struct FileFacts(Arc<Evidence>);

impl FileFacts {
    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        evidence_bytes(&self.0)
    }
}

/// Reads a file that is wanted; `None` if it says nothing. Never fails: what could not be read is in
/// [`UpperLayer::notes`].
pub fn read_file(wanted: Wanted, path: &[u8], size: u64, content: &mut dyn Read) -> Option<FileFacts> {
    let facts = registry::read(wanted.0, Input { path, size, content });
    (!facts.is_empty())
        .then(|| FileFacts(Arc::new(Evidence { path: path.to_vec(), cataloger: wanted.0 as u8, facts })))
}

/// A layer, put together by whoever walks it; each path comes once.
#[derive(Clone, Debug, Default)]
pub struct UpperLayer {
    pub(super) catalog: UpperCatalog,
}

/// The same words as in [`crate::facts::LayerCatalog`]; all lists are sorted once it is finished.
#[derive(Clone, Debug, Default)]
pub(super) struct UpperCatalog {
    pub(super) evidence: Vec<Arc<Evidence>>,
    pub(super) hides: Vec<u64>,
    pub(super) opaque: Vec<u64>,
    pub(super) directories: Vec<u64>,
}

impl UpperCatalog {
    pub(super) fn hides_path(&self, path: &[u8]) -> bool {
        let holds = |hashes: &[u64], hash: &u64| hashes.binary_search(hash).is_ok();
        let own = hash(path);
        holds(&self.hides, &own)
            || holds(&self.directories, &own)
            || ancestors(path).map(hash).any(|hash| holds(&self.hides, &hash) || holds(&self.opaque, &hash))
    }
}

impl UpperLayer {
    /// A layer that holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a directory.
    pub fn directory(&mut self, path: &[u8]) {
        self.catalog.directories.push(hash(path));
    }

    /// Hides what the image holds in a directory; empty for all that the image holds.
    pub fn opaque(&mut self, path: &[u8]) {
        self.catalog.opaque.push(hash(path));
    }

    /// Takes a path of the image away.
    pub fn whiteout(&mut self, path: &[u8]) {
        self.catalog.hides.push(hash(path));
    }

    /// Adds what is no directory, and what it says if it is a file that says something.
    pub fn entry(&mut self, path: &[u8], facts: Option<FileFacts>) {
        self.catalog.hides.push(hash(path));
        self.catalog.evidence.extend(facts.map(|facts| facts.0));
    }

    /// Ends the walk; to be called before the layer is laid on an image.
    pub fn finish(&mut self) {
        let catalog = &mut self.catalog;
        for hashes in [&mut catalog.hides, &mut catalog.opaque, &mut catalog.directories] {
            hashes.sort_unstable();
            hashes.dedup();
        }
        catalog.evidence.sort_by(|a, b| a.path.cmp(&b.path));
    }

    /// Whether the layer itself has something at `path` that is no directory, or takes it away; once it is finished.
    pub fn holds(&self, path: &[u8]) -> bool {
        self.catalog.hides.binary_search(&hash(path)).is_ok()
    }

    /// What could not be read of the files, with their paths.
    pub fn notes(&self) -> impl Iterator<Item = (&[u8], &str)> {
        let evidence = self.catalog.evidence.iter();
        evidence.flat_map(|evidence| evidence.facts.notes.iter().map(|note| (&*evidence.path, note.as_str())))
    }

    /// Logs beside databases whose last changes were not read; as pairs of log and database.
    pub fn unread_logs(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let logs = self.catalog.evidence.iter();
        let logs = logs.filter(|evidence| rpm::is_unread_log(&evidence.path, &evidence.facts));
        logs.map(|log| (log.path.clone(), log.path.strip_suffix(b"-wal").unwrap_or_default().to_vec()))
            .collect()
    }

    /// Puts the log at `log` and its database at `database` together, both given with their content.
    pub fn apply_log(&mut self, (log, content): (&[u8], &[u8]), (database, bytes): (&[u8], Vec<u8>)) {
        let Some(facts) = rpm::read_with_log(bytes, content) else { return };
        let cataloger = CATALOGERS.iter().position(|cataloger| cataloger.name == rpm::DATABASE.name);
        let cataloger = cataloger.unwrap_or_default() as u8;
        self.catalog.evidence.retain(|evidence| evidence.path != log && evidence.path != database);
        self.replace(Evidence { path: database.to_vec(), cataloger, facts });
    }

    fn replace(&mut self, evidence: Evidence) {
        self.catalog.evidence.push(Arc::new(evidence));
        self.catalog.evidence.sort_by(|a, b| a.path.cmp(&b.path));
    }
}

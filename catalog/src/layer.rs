//! The pass over one layer: parses interesting files as they stream by, remembers of all others a hash.
//!
//! Within a layer the order of entries counts: a later entry replaces an earlier one of the same path, and a
//! later file or link at a directory's path removes what lay under it. That is settled here, so that
//! composition need only know layers as wholes. Whiteouts are not part of that order: they act on lower
//! layers alone, wherever in their own layer they stand (OCI image-layer specification, "Whiteouts").

use std::collections::HashMap;
use std::io::Read;

use image::{Entry, EntryKind, LayerSummary, LayerVisitor};

use crate::facts::{Evidence, Facts, HardLink, LayerCatalog, Note};
use crate::path::{ancestors, hash};
use crate::registry::{self, Input};
use crate::scan::Progress;

/// Interesting files that are read in one layer.
const MAX_EVIDENCE: usize = 1_000_000;

/// Packages and owned paths that are kept of one layer.
const MAX_FACTS: usize = 2_000_000;

/// Hard links of one layer that are kept until their content is found.
const MAX_LINKS: usize = 200_000;

/// Collects the facts of one layer.
pub(crate) struct LayerPass<'a> {
    progress: &'a dyn Progress,
    with_secrets: bool,
    /// Hashes of the entries that are not directories, in their order; a position in it is a point in time.
    entries: Vec<u64>,
    removed: Vec<u64>,
    opaque: Vec<u64>,
    /// Hash of the path and when it came last. All of them: which lower file is a program is not in its name.
    directories: HashMap<u64, usize>,
    found: HashMap<Vec<u8>, Seen>,
    links: Vec<PendingLink>,
    /// Whether a program or a file with secrets was kept. Its path may come again as something that says nothing.
    has_sparse: bool,
    /// Packages and owned paths in `found`.
    kept: usize,
    left_out: u64,
}

struct Seen {
    at: usize,
    cataloger: usize,
    facts: Facts,
}

/// A hard link with an interesting name whose target was not kept.
pub(crate) struct PendingLink {
    /// Its place among the entries that are not directories.
    pub at: usize,
    /// The link.
    pub link: HardLink,
    /// The cataloger that asks for it.
    pub cataloger: usize,
    /// Whether an entry of the target's path stands before it in the same layer. One that comes later replaces what
    /// the link was made to.
    pub is_local: bool,
}

impl<'a> LayerPass<'a> {
    /// Starts a pass, which looks for secrets if `with_secrets`.
    pub(crate) fn new(progress: &'a dyn Progress, with_secrets: bool) -> Self {
        Self {
            progress,
            with_secrets,
            entries: Vec::new(),
            removed: Vec::new(),
            opaque: Vec::new(),
            directories: HashMap::new(),
            found: HashMap::new(),
            links: Vec::new(),
            has_sparse: false,
            kept: 0,
            left_out: 0,
        }
    }

    fn interesting(&mut self, entry: &Entry<'_>, at: usize, cataloger: usize, content: &mut dyn Read) {
        if self.found.len() >= MAX_EVIDENCE || self.kept >= MAX_FACTS {
            self.left_out += 1;
            return;
        }
        match entry.kind {
            EntryKind::File => {
                let facts = registry::read(cataloger, Input { path: entry.path, size: entry.size, content });
                if facts.is_empty() && registry::is_sparse(cataloger) {
                    self.forget(entry.path);
                } else {
                    self.keep(entry.path, Seen { at, cataloger, facts });
                }
            }
            EntryKind::HardLink => {
                let target = entry.link.unwrap_or_default();
                match self.found.get(target).filter(|seen| seen.cataloger == cataloger) {
                    Some(seen) => {
                        let facts = seen.facts.clone();
                        self.keep(entry.path, Seen { at, cataloger, facts });
                    }
                    // Its content was looked into under its own name, if that asks for it.
                    None if registry::is_secrets(cataloger) => self.forget(entry.path),
                    None if self.links.len() >= MAX_LINKS => self.left_out += 1,
                    None => {
                        self.found.remove(entry.path);
                        let link = HardLink { path: entry.path.to_vec(), target: target.to_vec() };
                        self.links.push(PendingLink { at, link, cataloger, is_local: false });
                    }
                }
            }
            _ => {
                self.found.remove(entry.path);
            }
        }
    }

    fn keep(&mut self, path: &[u8], seen: Seen) {
        let owned: usize =
            seen.facts.owners.iter().map(|owner| owner.paths.len() + owner.programs.len() / 2).sum();
        self.kept += seen.facts.packages.len() + seen.facts.covered.len() + seen.facts.secrets.len() + owned;
        self.has_sparse |= registry::is_sparse(seen.cataloger);
        self.found.insert(path.to_vec(), seen);
    }

    /// A second name of a program is one, too, whatever mode the archive gives to the link.
    fn program_link(&self, entry: &Entry<'_>) -> Option<usize> {
        let target = entry.link.filter(|_| self.has_sparse && entry.kind == EntryKind::HardLink)?;
        let cataloger = self.found.get(target)?.cataloger;
        registry::is_program(cataloger).then_some(cataloger)
    }

    /// Something else has taken the place of what may be a program or have had secrets.
    fn forget(&mut self, path: &[u8]) {
        if self.has_sparse {
            self.found.remove(path);
        }
    }

    /// Ends the pass. Gives the layer's catalog and the hard links whose content has yet to be found.
    pub(crate) fn finish(mut self, summary: LayerSummary) -> (LayerCatalog, Vec<PendingLink>) {
        let last = self.last_entries();
        let is_alive = |path: &[u8], at: usize| {
            let replaced = |path: &[u8]| last.get(&hash(path)).is_some_and(|position| *position > at);
            !replaced(path) && !ancestors(path).any(replaced)
        };
        let directories = &self.directories;
        let is_directory_later = |path: &[u8], at: usize| {
            !directories.is_empty() && directories.get(&hash(path)).is_some_and(|when| *when > at)
        };

        let mut evidence: Vec<Evidence> = Vec::new();
        for (path, seen) in self.found {
            if !seen.facts.is_empty() && is_alive(&path, seen.at) && !is_directory_later(&path, seen.at) {
                evidence.push(Evidence { path, cataloger: seen.cataloger as u8, facts: seen.facts });
            }
        }
        let mut links = self.links;
        links.retain(|link| {
            is_alive(&link.link.path, link.at) && !is_directory_later(&link.link.path, link.at)
        });

        tell_local(&mut links, &self.entries);
        let mut hides = self.entries;
        hides.append(&mut self.removed);
        sort_unique(&mut hides);
        // A program in this layer was looked into under its first name, which a link has to follow.
        links.retain(|link| !(link.is_local && registry::is_program(link.cataloger)));
        evidence.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let mut opaque = self.opaque;
        sort_unique(&mut opaque);
        let mut directories: Vec<u64> = self.directories.into_keys().collect();
        sort_unique(&mut directories);
        let mut notes: Vec<Note> = summary
            .notes
            .into_iter()
            .map(|note| Note { path: note.path.into_bytes(), reason: note.reason })
            .collect();
        if self.left_out > 0 {
            let reason =
                format!("{} files of package managers are left out, too many in one layer", self.left_out);
            notes.push(Note { path: Vec::new(), reason });
        }
        let size = summary.uncompressed_bytes;
        let catalog =
            LayerCatalog { evidence, hides, opaque, directories, foreign_links: Vec::new(), notes, size };
        (catalog, links)
    }

    /// For each path that decides whether some evidence survives: the position of its last entry.
    fn last_entries(&self) -> HashMap<u64, usize> {
        let mut last: HashMap<u64, usize> = HashMap::new();
        let links = self.links.iter().map(|link| link.link.path.as_slice());
        for path in self.found.keys().map(Vec::as_slice).chain(links) {
            last.insert(hash(path), 0);
            for ancestor in ancestors(path) {
                // The ancestors of a known ancestor are known.
                if last.insert(hash(ancestor), 0).is_some() {
                    break;
                }
            }
        }
        for (position, entry) in self.entries.iter().enumerate() {
            if let Some(known) = last.get_mut(entry) {
                *known = position;
            }
        }
        last
    }
}

impl LayerVisitor for LayerPass<'_> {
    fn entry(&mut self, entry: &Entry<'_>, content: &mut dyn Read) {
        match entry.kind {
            EntryKind::Whiteout => self.removed.push(hash(entry.path)),
            EntryKind::Opaque => self.opaque.push(hash(entry.path)),
            EntryKind::Directory => {
                self.directories.insert(hash(entry.path), self.entries.len());
            }
            EntryKind::File | EntryKind::Symlink | EntryKind::HardLink | EntryKind::Other => {
                let at = self.entries.len();
                self.entries.push(hash(entry.path));
                let wanted = registry::wanted_entry(entry, self.with_secrets);
                match wanted.or_else(|| self.program_link(entry)) {
                    Some(cataloger) => self.interesting(entry, at, cataloger, content),
                    None => self.forget(entry.path),
                }
            }
        }
    }

    fn wants(&self, entry: &Entry<'_>) -> bool {
        registry::wanted_entry(entry, self.with_secrets).is_some()
    }

    fn progress(&mut self, stored_bytes: u64) {
        self.progress.advance(stored_bytes);
    }
}

/// Finds out which links have their target before them in the layer.
fn tell_local(links: &mut [PendingLink], entries: &[u64]) {
    if links.is_empty() {
        return;
    }
    let mut first: HashMap<u64, usize> =
        links.iter().map(|link| (hash(&link.link.target), usize::MAX)).collect();
    for (position, entry) in entries.iter().enumerate().rev() {
        if let Some(known) = first.get_mut(entry) {
            *known = position;
        }
    }
    for link in links {
        link.is_local = first.get(&hash(&link.link.target)).is_some_and(|position| *position < link.at);
    }
}

fn sort_unique(hashes: &mut Vec<u64>) {
    hashes.sort_unstable();
    hashes.dedup();
}

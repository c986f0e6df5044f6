//! The walk over a writable layer as it lies on the disk.

use std::io;

use image::OverlayNames;

use super::DriftError;
use super::folder::{Folder, Kind, Listing, Meta};
use super::limits::Budget;

/// An entry of the layer.
pub(super) struct Entry<'w> {
    /// From the root of the layer, without leading slash.
    pub(super) path: &'w [u8],
    /// Its last component.
    pub(super) name: &'w [u8],
    /// The directory that holds it.
    pub(super) folder: &'w Folder,
    pub(super) meta: Meta,
}

/// What to make of a directory that was come upon.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Below {
    Walk,
    Leave,
}

/// Whoever is shown the entries.
pub(super) trait Walker {
    /// Takes an entry; of a directory it says whether to go on below.
    fn entry(&mut self, entry: &Entry<'_>, budget: &mut Budget<'_>) -> Result<Below, DriftError>;
}

struct Level {
    folder: Folder,
    listing: Listing,
    /// Bytes of its path.
    length: usize,
}

/// Shows every entry below `root` to `walker`, a directory before what it holds, in no further order. What vanishes in
/// between is not shown.
pub(super) fn walk(root: Folder, walker: &mut dyn Walker, budget: &mut Budget<'_>) -> Result<(), DriftError> {
    let listing = root.list().map_err(|error| DriftError::of(budget.path(), error))?;
    let mut levels = vec![Level { folder: root, listing, length: 0 }];
    let mut path: Vec<u8> = Vec::new();
    while let Some(level) = levels.last_mut() {
        path.truncate(level.length);
        let name = match level.listing.next() {
            None => {
                levels.pop();
                continue;
            }
            Some(Err(error)) => {
                note_failure(budget, &path, "cannot be listed", &error);
                levels.pop();
                continue;
            }
            Some(Ok(name)) => name,
        };
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(&name);
        budget.count()?;
        let meta = match level.folder.meta(&name) {
            Ok(meta) => meta,
            Err(error) => {
                note_failure(budget, &path, "cannot be looked at", &error);
                continue;
            }
        };
        if path.len() > budget.limits.max_path {
            budget.note(&path[..256.min(path.len())], "a path longer than is read");
            continue;
        }
        let entry = Entry { path: &path, name: &name, folder: &level.folder, meta };
        let below = walker.entry(&entry, budget)?;
        if meta.kind != Kind::Directory || below == Below::Leave {
            continue;
        }
        if levels.len() > budget.limits.max_depth {
            budget.note(&path, "lies deeper than is read");
            continue;
        }
        match open(&levels[levels.len() - 1].folder, &name, path.len()) {
            Ok(level) => levels.push(level),
            Err(error) => note_failure(budget, &path, "cannot be listed", &error),
        }
    }
    Ok(())
}

fn open(folder: &Folder, name: &[u8], length: usize) -> io::Result<Level> {
    let folder = folder.open(name)?;
    let listing = folder.list()?;
    Ok(Level { folder, listing, length })
}

/// What vanished or was replaced since it was listed is no failure.
pub(super) fn note_failure(budget: &mut Budget<'_>, path: &[u8], what: &str, error: &io::Error) {
    if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
        budget.note(path, format!("{what}: {error}"));
    }
}

/// The beginning of the name of a file that is a mark of fuse-overlayfs.
const MARK: &[u8] = b".wh.";

/// What a name says by itself where files are marks.
pub(super) enum Named<'n> {
    /// The name of a file.
    File,
    /// Its directory hides what is below.
    Opaque,
    /// The name that is gone.
    Gone(&'n [u8]),
    /// Bookkeeping, or a mark of nothing.
    Nothing,
}

/// Reads a name as fuse-overlayfs does, if `names` asks for it.
pub(super) fn named(name: &[u8], names: Option<OverlayNames>) -> Named<'_> {
    if !names.is_some_and(OverlayNames::has_file_names) {
        return Named::File;
    }
    match name.strip_prefix(MARK) {
        None => Named::File,
        Some(b".wh..opq") => Named::Opaque,
        Some(b"" | b"." | b"..") => Named::Nothing,
        Some(rest) if rest.starts_with(MARK) => Named::Nothing,
        Some(rest) => Named::Gone(rest),
    }
}

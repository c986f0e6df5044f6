//! Containers whose file system is a whole copy of the image's (`vfs`, containerd's `native`): the two are compared by what
//! their directories say, so a look costs as much as the image has files.

use std::io;

use super::DriftError;
use super::folder::{Folder, Kind, Meta};
use super::limits::Budget;
use super::look::Look;
use super::lower::join;
use super::walk::{Below, Entry, Walker, note_failure, walk};

/// Two directories of the same path.
struct Pair {
    path: Vec<u8>,
    copy: Folder,
    parent: Folder,
}

/// Shows to `look` what `copy` has changed of `parent`, as an overlay would hold it.
pub(super) fn compare(
    copy: Folder,
    parent: Folder,
    look: &mut Look<'_>,
    budget: &mut Budget<'_>,
) -> Result<(), DriftError> {
    let mut open = vec![Pair { path: Vec::new(), copy, parent }];
    while let Some(pair) = open.pop() {
        let (own, former) = match (names(&pair.copy, budget)?, names(&pair.parent, budget)?) {
            (Ok(own), Ok(former)) => (own, former),
            (Err(error), _) | (_, Err(error)) => {
                note_failure(budget, &pair.path, "cannot be listed", &error);
                continue;
            }
        };
        for name in former.iter().filter(|name| own.binary_search(name).is_err()) {
            look.whiteout(&join(&pair.path, name));
        }
        for name in &own {
            let below = entry(&pair, name, look, budget)?;
            if let Some(below) = below {
                if below.path.iter().filter(|byte| **byte == b'/').count() < budget.limits.max_depth {
                    open.push(below);
                } else {
                    budget.note(&below.path, "lies deeper than is read");
                }
            }
        }
    }
    Ok(())
}

/// Takes one name of the copy; gives a directory that both have.
fn entry(
    pair: &Pair,
    name: &[u8],
    look: &mut Look<'_>,
    budget: &mut Budget<'_>,
) -> Result<Option<Pair>, DriftError> {
    let path = join(&pair.path, name);
    if path.len() > budget.limits.max_path {
        budget.note(&path[..256.min(path.len())], "a path longer than is read");
        return Ok(None);
    }
    let Ok(meta) = pair.copy.meta(name) else { return Ok(None) };
    let former = pair.parent.meta(name).ok();
    if former.is_some_and(|former| is_same(&meta, &former)) {
        return Ok(None);
    }
    if meta.kind == Kind::Directory && former.is_some_and(|former| former.kind == Kind::Directory) {
        return match (pair.copy.open(name), pair.parent.open(name)) {
            (Ok(copy), Ok(parent)) => Ok(Some(Pair { path, copy, parent })),
            (Err(error), _) | (_, Err(error)) => {
                note_failure(budget, &path, "cannot be listed", &error);
                Ok(None)
            }
        };
    }
    let shown = Entry { path: &path, name, folder: &pair.copy, meta };
    if look.entry(&shown, budget)? == Below::Walk && meta.kind == Kind::Directory {
        match pair.copy.open(name) {
            Ok(folder) => walk(folder, &mut Under { path: &path, look }, budget)?,
            Err(error) => note_failure(budget, &path, "cannot be listed", &error),
        }
    }
    Ok(None)
}

/// A copy keeps size, mode and time of a file.
fn is_same(copy: &Meta, parent: &Meta) -> bool {
    copy.kind != Kind::Directory
        && copy.kind == parent.kind
        && (copy.size, copy.mode, copy.modified) == (parent.size, parent.mode, parent.modified)
}

/// A directory that the image does not have, walked with its whole path.
struct Under<'u, 'l> {
    path: &'u [u8],
    look: &'u mut Look<'l>,
}

impl Walker for Under<'_, '_> {
    fn entry(&mut self, entry: &Entry<'_>, budget: &mut Budget<'_>) -> Result<Below, DriftError> {
        let path = join(self.path, entry.path);
        let Entry { name, folder, meta, .. } = *entry;
        self.look.entry(&Entry { path: &path, name, folder, meta }, budget)
    }
}

/// The names in a directory, sorted.
fn names(folder: &Folder, budget: &mut Budget<'_>) -> Result<io::Result<Vec<Vec<u8>>>, DriftError> {
    let listing = match folder.list() {
        Ok(listing) => listing,
        Err(error) => return Ok(Err(error)),
    };
    let mut names = Vec::new();
    for name in listing {
        budget.count()?;
        match name {
            Ok(name) => names.push(name),
            Err(error) => return Ok(Err(error)),
        }
    }
    names.sort_unstable();
    Ok(Ok(names))
}

//! The files of a drift: programs that came or changed, and files of packages that changed or went.

use std::collections::{BTreeMap, HashSet};

use catalog::UpperLayer;
use model::{DRIFT_FILES, DriftFile, DriftPackage, DriftReason, FileReason, Timestamp};

use super::image::ImageState;
use super::lower::Lower;

/// Files that are weighed; more of them are counted.
const MAX_WEIGHED: usize = 200_000;

/// A file of the layer, or one that the layer takes away.
#[derive(Debug)]
pub(super) struct Suspect {
    pub(super) path: Vec<u8>,
    pub(super) what: What,
    pub(super) size: u64,
    pub(super) changed_at: Option<Timestamp>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A program that the image does not hold.
    Added,
    /// Another content; `true` if it is or was a program.
    Changed(bool),
    /// In the image only.
    Gone,
}

/// Files to be weighed, bounded.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    pub(super) all: Vec<Suspect>,
    pub(super) left_out: u64,
}

impl Suspects {
    pub(super) fn add(&mut self, suspect: Suspect) {
        if self.all.len() < MAX_WEIGHED {
            self.all.push(suspect);
        } else {
            self.left_out += 1;
        }
    }
}

/// Chooses what is told, sorted by path, and counts what is left out. What a package of the drift explains is told by the
/// package: the files of one that was removed or has another version are not listed once more.
pub(super) fn weigh(
    suspects: Suspects,
    packages: &[DriftPackage],
    image: &ImageState,
    lower: &mut Lower,
    upper: &UpperLayer,
) -> (Vec<DriftFile>, u64) {
    let explained = explained(packages);
    let mut files: BTreeMap<Vec<u8>, (bool, DriftFile)> = BTreeMap::new();
    let mut added: Vec<Suspect> = Vec::new();
    for suspect in suspects.all {
        if suspect.what == What::Added {
            added.push(suspect);
            continue;
        }
        let owner = image.owner(&suspect.path, lower);
        if owner.as_ref().is_some_and(|owner| explained.contains(owner.as_str())) {
            continue;
        }
        let reason = match (suspect.what, &owner) {
            (What::Gone, Some(_)) => FileReason::OwnedRemoved,
            (What::Changed(_), Some(_)) => FileReason::OwnedChanged,
            (What::Changed(true), None) => FileReason::ExecutableChanged,
            _ => continue,
        };
        files.insert(suspect.path.clone(), (true, told(suspect, reason, owner)));
    }
    // whose package came along with them is known well enough to be left out first
    let paths: Vec<&[u8]> = added.iter().map(|suspect| suspect.path.as_slice()).collect();
    let owners = match packages.is_empty() {
        true => vec![None; paths.len()],
        false => image.view.owners(Some(upper), &paths),
    };
    for (suspect, owner) in added.into_iter().zip(owners) {
        let first = owner.is_none();
        files.insert(suspect.path.clone(), (first, told(suspect, FileReason::ExecutableAdded, owner)));
    }
    let (mut chosen, rest): (Vec<_>, Vec<_>) = files.into_values().partition(|(first, _)| *first);
    chosen.extend(rest);
    let left_out = suspects.left_out + chosen.len().saturating_sub(DRIFT_FILES) as u64;
    chosen.truncate(DRIFT_FILES);
    let mut chosen: Vec<DriftFile> = chosen.into_iter().map(|(_, file)| file).collect();
    chosen.sort_unstable();
    (chosen, left_out)
}

fn told(suspect: Suspect, reason: FileReason, owned_by: Option<String>) -> DriftFile {
    let path = String::from_utf8_lossy(&suspect.path).into_owned();
    DriftFile { path, reason, size: suspect.size, changed_at: suspect.changed_at, owned_by }
}

/// Names of the packages of the image that are gone or have another version.
fn explained(packages: &[DriftPackage]) -> HashSet<&str> {
    let changed = packages.iter().filter(|package| package.reason != DriftReason::New);
    let before = changed.clone().filter_map(|package| package.before.as_ref());
    before
        .map(|before| before.name.as_str())
        .chain(changed.map(|package| package.record.name.as_str()))
        .collect()
}

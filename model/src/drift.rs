//! What a container holds beyond its image: told by its own writable layer alone.

use serde::{Deserialize, Serialize};

use crate::package::Ecosystem;
use crate::report::PackageRecord;
use crate::time::Timestamp;

/// How many [`Drift::files`] a report holds at most; the rest is counted in [`Drift::files_left_out`].
pub const DRIFT_FILES: usize = 1_000;

/// How many packages a report names as in use at most.
pub const IN_USE_PACKAGES: usize = 100_000;

/// The difference of a container to its image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Drift {
    /// When the writable layer was read.
    pub checked_at: Timestamp,
    /// Packages that differ, sorted by (record, before).
    pub packages: Vec<DriftPackage>,
    /// Files that matter and differ, sorted by path; at most [`DRIFT_FILES`].
    pub files: Vec<DriftFile>,
    /// How many files more there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub files_left_out: u64,
    /// What could not be read, in words with its path; the rest stands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
}

impl Drift {
    /// Whether the container differs from its image in anything that is told here.
    pub fn is_any(&self) -> bool {
        !self.packages.is_empty() || !self.files.is_empty()
    }

    /// The kinds of things that differ, in the API's words: `Software`, `File`.
    pub fn categories(&self) -> impl Iterator<Item = &'static str> {
        let kinds = [("Software", !self.packages.is_empty()), ("File", !self.files.is_empty())];
        kinds.into_iter().filter(|(_, there)| *there).map(|(word, _)| word)
    }

    /// Why packages differ, each reason once.
    pub fn reasons(&self) -> impl Iterator<Item = DriftReason> + '_ {
        let is_there = |reason: &DriftReason| self.packages.iter().any(|package| package.reason == *reason);
        DriftReason::ALL.into_iter().filter(is_there)
    }

    /// Whether it says the same as another, whenever it was read.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.packages == other.packages
            && self.files == other.files
            && self.files_left_out == other.files_left_out
            && self.unreadable == other.unreadable
    }
}

/// Why a package differs (`csapi.md` §8.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DriftReason {
    /// In the container only.
    New,
    /// In the image only.
    Removed,
    /// In both, with different versions.
    Varied,
}

impl DriftReason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::New, Self::Removed, Self::Varied];

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Removed => "REMOVED",
            Self::Varied => "VARIED",
        }
    }
}

/// A package that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DriftPackage {
    /// Why it is named.
    pub reason: DriftReason,
    /// As the container has it; as the image has it if it was removed. `layer` is `None` for what the container has.
    pub record: PackageRecord,
    /// As the image has it, of a package that varies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<PackageRecord>>,
    /// When the file that proves it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
}

/// Why a file is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FileReason {
    /// A program or script that the image does not hold.
    ExecutableAdded,
    /// A program or script of the image that nobody's package owns, with other content.
    ExecutableChanged,
    /// A file of a package of the image, with other content.
    OwnedChanged,
    /// A file of a package of the image that is gone.
    OwnedRemoved,
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DriftFile {
    /// Without leading slash.
    pub path: String,
    /// Why it is told.
    pub reason: FileReason,
    /// Its size in bytes; 0 if it is gone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub size: u64,
    /// When it was last changed, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// The name of the package that owns it: of the image's, and of an executable that was added of the container's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<String>,
}

/// A package of which a process of the container has run or mapped a file, or opened one that proves it, since it was started.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InUsePackage {
    /// See [`crate::Package::ecosystem`].
    pub ecosystem: Ecosystem,
    /// See [`crate::Package::name`].
    pub name: String,
    /// See [`crate::Package::version`].
    pub version: String,
    /// [`PackageRecord::path`] of the record that is meant.
    pub path: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The directory of Python packages that a package lies in, by the path that proves it; `None` if that is no
/// directory with a package's own name in it.
pub fn python_site(path: &str) -> Option<&str> {
    let is_own = |part: &str| [".dist-info", ".egg-info", ".egg"].iter().any(|end| part.ends_with(end));
    let mut start = 0;
    for part in path.split('/') {
        if is_own(part) {
            return Some(&path[..start]);
        }
        start += part.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::python_site;

    #[test]
    fn the_directory_of_a_python_package_is_told_by_the_path_that_proves_it() {
        let site = "usr/lib/python3/site-packages/";
        for file in [
            "Click-7.0.dist-info/METADATA",
            "a.egg-info",
            "a.egg-info/PKG-INFO",
            "a-1-py3.egg/EGG-INFO/PKG-INFO",
        ] {
            assert_eq!(python_site(&format!("{site}{file}")), Some(site), "{file}");
        }
        assert_eq!(python_site("srv/app/requirements.txt"), None);
    }
}

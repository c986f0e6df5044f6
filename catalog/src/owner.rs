//! The files of an OS package, cut down to those that language packages may be found in.
//!
//! The decision a reader may doubt: which files are programs is told by their mode and content, which no file list
//! knows, and a list may stream by before or after them. So of every path where programs lie a hash is kept, eight
//! bytes each, and compared when all layers are composed.

use crate::facts::{Facts, Owner};
use crate::path::{hash, without_merged_usr};
use crate::registry::is_language_file;

/// Paths, and hashes of paths, that are kept of one package.
const MAX_PATHS: usize = 200_000;

/// Hashes that are kept of one file, however many packages it lists.
const MAX_PROGRAMS: usize = 4_000_000;

/// Where file lists have most of their lines and no programs: data for any processor, headers, settings.
const NO_PROGRAMS: [&[u8]; 4] = [b"usr/share/", b"usr/include/", b"usr/src/", b"etc/"];

/// Collects the files of one package.
#[derive(Default)]
pub(crate) struct OwnedFiles {
    paths: Vec<Vec<u8>>,
    programs: Vec<u64>,
    /// Whether data and settings are asked for, too.
    is_whole: bool,
}

impl OwnedFiles {
    /// Starts a list that keeps as much as `facts` asks for.
    pub(crate) fn of(facts: &Facts) -> Self {
        Self { is_whole: facts.all_files, ..Self::default() }
    }

    /// Looks at one path, given without leading slash.
    pub(crate) fn add(&mut self, path: &[u8]) {
        if is_language_file(path) && self.paths.len() < MAX_PATHS {
            self.paths.push(path.to_vec());
        }
        let may_be_program = || self.is_whole || !NO_PROGRAMS.iter().any(|place| path.starts_with(place));
        if self.programs.len() < MAX_PATHS && may_be_program() {
            self.programs.push(hash(without_merged_usr(path)));
        }
    }

    /// Keeps what was collected as the files of `package`.
    pub(crate) fn finish(mut self, package: &str, facts: &mut Facts) {
        if self.paths.is_empty() && self.programs.is_empty() {
            return;
        }
        self.programs.sort_unstable();
        self.programs.dedup();
        self.programs.truncate(MAX_PROGRAMS.saturating_sub(facts.programs));
        facts.programs += self.programs.len();
        let package = package.to_owned();
        facts.owners.push(Owner { package, paths: self.paths, programs: self.programs });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_one_file_are_bounded_however_many_packages_it_lists() {
        let mut facts = Facts::default();
        for package in 0..30_u32 {
            let mut files = OwnedFiles::default();
            for number in 0..MAX_PATHS as u32 {
                let path = [package.to_le_bytes(), number.to_le_bytes()].concat();
                files.add(&[b"x/".as_slice(), &path].concat());
            }
            files.finish("a", &mut facts);
        }
        let kept: usize = facts.owners.iter().map(|owner| owner.programs.len()).sum();
        assert_eq!(kept, MAX_PROGRAMS);
    }
}

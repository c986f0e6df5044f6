//! Which OS package owns any file at all, settings and documents included.
//!
//! A scan keeps of file lists only where programs and language packages may lie, since that is all it asks. Whether a
//! container changed what a package ships is asked seldom and of few images, so the lists are read again then, whole.

use std::io::Read;

use super::ImageView;
use crate::path::{hash, text, without_merged_usr};
use crate::registry::{self, Input};
use crate::report;

/// File lists that are read of one image.
const MAX_LISTS: usize = 100_000;

/// Stands for a path in [`AllOwners`]; the same for `lib/x` and `usr/lib/x`.
fn path_key(path: &[u8]) -> u64 {
    hash(without_merged_usr(path))
}

/// The owners of all files of an image's OS packages.
#[derive(Clone, Debug, Default)]
pub struct AllOwners {
    names: Vec<String>,
    /// Key of the path and index of the owner's name, sorted.
    owners: Vec<(u64, u32)>,
}

impl AllOwners {
    /// Reads the file lists of `view`'s image. `open` gives the content of a file of the image, `None` if there is none.
    pub fn read(view: &ImageView, mut open: impl FnMut(&[u8]) -> Option<(u64, Box<dyn Read>)>) -> Self {
        let mut all = Self::default();
        for path in lists(view).iter().take(MAX_LISTS) {
            let Some(cataloger) = registry::wanted(path) else { continue };
            let Some((size, mut content)) = open(path) else { continue };
            let facts = registry::read_whole(cataloger, Input { path, size, content: &mut content });
            for owner in facts.owners {
                let name = all.names.len() as u32;
                all.owners.extend(owner.programs.iter().map(|path| (*path, name)));
                all.names.push(owner.package);
            }
        }
        for diversion in report::all_diversions(&view.alone()) {
            all.divert(diversion.from, diversion.to, &diversion.by);
        }
        all.owners.sort_unstable();
        all
    }

    fn divert(&mut self, from: u64, to: u64, by: &str) {
        for (path, name) in &mut self.owners {
            if *path == from && self.names[*name as usize] != by {
                *path = to;
            }
        }
    }

    /// Name of the package that owns the file at `path`.
    pub fn owner(&self, path: &[u8]) -> Option<&str> {
        let key = path_key(path);
        let at = self.owners.partition_point(|(path, _)| *path < key);
        let (_, name) = self.owners.get(at).filter(|(path, _)| *path == key)?;
        self.names.get(*name as usize).map(String::as_str)
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        let names: usize = self.names.iter().map(|name| size_of::<String>() + name.len()).sum();
        names + self.owners.len() * size_of::<(u64, u32)>()
    }
}

/// Where the file lists of an image's OS packages lie, whether a scan found anything in them or not.
fn lists(view: &ImageView) -> Vec<Vec<u8>> {
    use model::Ecosystem::{Alpm, Apk, Deb, Ebuild, Opkg, Rpm};
    let mut paths: Vec<Vec<u8>> = Vec::new();
    for record in view.packages() {
        let folder = record.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        match record.ecosystem {
            Deb if record.path == "var/lib/dpkg/status" => {
                let arch = record.arch.as_deref().unwrap_or_default();
                paths.push(format!("{folder}/info/{}.list", record.name).into_bytes());
                paths.push(format!("{folder}/info/{}:{arch}.list", record.name).into_bytes());
            }
            Opkg => paths.push(format!("{folder}/info/{}.list", record.name).into_bytes()),
            Alpm => paths.push(format!("{folder}/files").into_bytes()),
            Ebuild => paths.push(format!("{folder}/CONTENTS").into_bytes()),
            Apk | Rpm => paths.push(record.path.clone().into_bytes()),
            _ => {}
        }
    }
    paths.sort_unstable();
    paths.dedup();
    // a name that is no UTF-8 cannot be opened by its text
    paths.retain(|path| !text(path).contains(char::REPLACEMENT_CHARACTER));
    paths
}

//! The writable layer of a container of CRI-O, which keeps its containers as podman does (containers/storage, driver `overlay`).
//!
//! CRI-O does not tell the layer's id, but the specification says where the root file system is mounted: in a directory of
//! the layer. Beside it are what the container wrote, and a file that lists the layers below.

use std::path::{Path, PathBuf};

use crate::runtime::WritableLayer;

/// Layers of one image that are looked at.
const MAX_LAYERS: usize = 1000;

/// Bytes of the list of layers: each takes some 30.
const MAX_LIST: u64 = 64 << 10;

/// The layer whose directory `root` lies in. `None` if it is not one of this form.
pub(super) fn layer(root: &Path) -> Option<WritableLayer> {
    if root.file_name()? != "merged" || !root.is_absolute() {
        return None;
    }
    let directory = root.parent()?;
    let storage = directory.parent()?.canonicalize().ok()?;
    let upper = directory.join("diff");
    if !upper.is_dir() {
        return None;
    }
    let list = directory.join("lower");
    let text = match list.metadata() {
        Ok(metadata) if metadata.len() > MAX_LIST => return None,
        Ok(_) => std::fs::read_to_string(&list).ok()?,
        Err(_) => String::new(),
    };
    let names = text.trim_end().split(':').filter(|name| !name.is_empty()).take(MAX_LAYERS);
    let lower: Option<Vec<PathBuf>> = names.map(|name| inside(&storage, name)).collect();
    Some(WritableLayer::Overlay { upper, lower: lower? })
}

/// The directory that a link of the storage leads to; one that leads out of it is not followed.
fn inside(storage: &Path, name: &str) -> Option<PathBuf> {
    let path = storage.join(name).canonicalize().ok()?;
    path.starts_with(storage).then_some(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn storage(lower: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let overlay = folder.path().canonicalize().unwrap().join("overlay");
        for layer in ["top", "one", "two"] {
            fs::create_dir_all(overlay.join(layer).join("diff")).unwrap();
        }
        fs::create_dir(overlay.join("l")).unwrap();
        symlink("../one/diff", overlay.join("l/ONE")).unwrap();
        symlink("../two/diff", overlay.join("l/TWO")).unwrap();
        symlink("/etc", overlay.join("l/OUT")).unwrap();
        fs::write(overlay.join("top/lower"), lower).unwrap();
        (folder, overlay)
    }

    #[test]
    fn layers_are_found_beside_the_mounted_root() {
        let (_folder, overlay) = storage("l/TWO:l/ONE");
        let upper = overlay.join("top/diff");
        let lower = ["two/diff", "one/diff"].map(|name| overlay.join(name)).to_vec();
        assert_eq!(layer(&overlay.join("top/merged")), Some(WritableLayer::Overlay { upper, lower }));
        let upper = overlay.join("one/diff");
        let alone = WritableLayer::Overlay { upper, lower: Vec::new() };
        assert_eq!(layer(&overlay.join("one/merged")), Some(alone));
    }

    #[test]
    fn a_link_that_leads_out_of_the_storage_is_not_followed() {
        let (_folder, overlay) = storage("l/OUT");
        assert_eq!(layer(&overlay.join("top/merged")), None);
    }

    #[test]
    fn another_form_of_storage_has_no_layer() {
        let (_folder, overlay) = storage("");
        assert_eq!(layer(&overlay.join("top")), None);
        assert_eq!(layer(&overlay.join("gone/merged")), None);
        assert_eq!(layer(Path::new("merged")), None);
    }
}

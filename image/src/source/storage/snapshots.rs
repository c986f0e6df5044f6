//! Directories of containerd's snapshotters (containerd `snapshots/storage/bolt.go`, `snapshots/overlay`,
//! `snapshots/native`).
//!
//! `meta.db` maps a snapshot's name in a namespace to the name that the snapshotter knows, and the
//! snapshotter's own `metadata.db` maps that to a number, which is the name of the directory.

use std::path::PathBuf;

use super::containerd;
use super::root::Root;
use crate::bolt;
use crate::directory::Form;
use crate::error::ImageError;

/// The snapshots of one namespace.
pub(super) struct Snapshots<'r> {
    pub(super) root: &'r Root,
    pub(super) namespace: &'r str,
}

/// Snapshotters whose snapshots are directories.
const SNAPSHOTTERS: [&str; 3] = ["overlayfs", "fuse-overlayfs", "native"];

/// The directory of a snapshot, how it is to be read, and the name of the snapshot below.
pub(super) type Snapshot = (PathBuf, Form, Option<String>);

impl Snapshots<'_> {
    /// The snapshot called `name`, of the snapshotter or of any; `None` if there is none.
    pub(super) fn find(&self, snapshotter: Option<&str>, name: &str) -> Result<Option<Snapshot>, ImageError> {
        let known = containerd::read(self.root, |bolt| {
            let path: [&[u8]; 3] = [b"v1", self.namespace.as_bytes(), b"snapshots"];
            let Some(all) = bolt.bucket(&path)? else { return Ok(Vec::new()) };
            let mut known = Vec::new();
            for (owner, snapshots) in all.buckets()? {
                let owner = String::from_utf8_lossy(&owner).into_owned();
                if snapshotter.is_some_and(|wanted| wanted != owner) {
                    continue;
                }
                let Some(snapshot) = snapshots.bucket(name.as_bytes())? else { continue };
                let own = snapshot.text(b"name")?.unwrap_or_default();
                known.push((owner, own, snapshot.text(b"parent")?));
            }
            Ok(known)
        })?;
        let mut other = None;
        for (owner, own, parent) in known {
            if !SNAPSHOTTERS.contains(&owner.as_str()) {
                other = Some(owner);
                continue;
            }
            if let Some((path, form)) = self.directory(&owner, &own)? {
                return Ok(Some((path, form, parent)));
            }
        }
        match other {
            Some(owner) => Err(self.root.unsupported(owner)),
            None => Ok(None),
        }
    }

    fn directory(&self, snapshotter: &str, name: &str) -> Result<Option<(PathBuf, Form)>, ImageError> {
        let folder = format!("io.containerd.snapshotter.v1.{snapshotter}");
        let Some(records) = self.root.file(&[&folder, "metadata.db"])? else { return Ok(None) };
        let id = bolt::read(&records, |bolt| {
            let path: [&[u8]; 3] = [b"v1", b"snapshots", name.as_bytes()];
            let snapshot = bolt.bucket(&path)?;
            Ok(snapshot.map(|snapshot| snapshot.get(b"id")).transpose()?.flatten())
        });
        let id = match id {
            Err(ImageError::Io { source, .. }) => return Err(self.root.failed(&records, source)),
            id => id?,
        };
        let Some(id) = id.and_then(|id| number(&id)) else { return Ok(None) };
        let id = id.to_string();
        let (path, form) = match snapshotter {
            "native" => (self.root.directory(&[&folder, "snapshots", &id])?, Form::Whole),
            "overlayfs" => {
                let path = self.root.directory(&[&folder, "snapshots", &id, "fs"])?;
                (path, Form::Overlay(self.root.marks()))
            }
            _ => {
                let path = self.root.directory(&[&folder, "snapshots", &id, "fs"])?;
                (path, Form::Overlay(crate::directory::Names::Fuse))
            }
        };
        Ok(path.map(|path| (path, form)))
    }
}

/// A number in groups of seven bits, the lowest first (Go `binary.PutUvarint`).
fn number(bytes: &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_snapshots_are_read_as_go_writes_them() {
        assert_eq!(number(&[6]), Some(6));
        assert_eq!(number(&[0x80, 0xc0, 0x01]), Some(24_576));
        assert_eq!(number(&[0xff; 9]), None);
        assert_eq!(number(&[]), None);
    }
}

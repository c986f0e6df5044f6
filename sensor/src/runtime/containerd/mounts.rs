//! Where a container writes, by the mounts of its snapshot.

use std::path::PathBuf;

use super::message::SnapshotMount;
use crate::runtime::WritableLayer;

/// What the mounts of a snapshot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Where it writes.
    Layer(WritableLayer),
    /// A whole copy of the image in this directory; what it was copied from is not in the mounts.
    Copy(PathBuf),
}

/// Reads the mounts of the active snapshot of a container. `None` if they are of a kind that changes cannot be read off: block
/// devices, btrfs and zfs volumes.
pub(crate) fn writable(snapshotter: &str, mounts: &[SnapshotMount]) -> Option<Told> {
    let [mount] = mounts else { return None };
    // `overlay`, and `fuse3.fuse-overlayfs` of the snapshotter of that name
    if mount.kind == "overlay" || mount.kind.ends_with("fuse-overlayfs") {
        let option = |name: &str| mount.options.iter().find_map(|option| option.strip_prefix(name));
        let upper = directory(option("upperdir=")?)?;
        let lower = split(option("lowerdir=").unwrap_or_default());
        let lower: Option<Vec<PathBuf>> = lower.iter().map(|path| directory(path)).collect();
        return Some(Told::Layer(WritableLayer::Overlay { upper, lower: lower? }));
    }
    if mount.kind != "bind" || mount.options.iter().any(|option| option == "ro") {
        return None;
    }
    let source = directory(&mount.source)?;
    Some(match snapshotter {
        "native" => Told::Copy(source),
        // an overlay over nothing is mounted as it is: all that is there was written by the container
        _ => Told::Layer(WritableLayer::Overlay { upper: source, lower: Vec::new() }),
    })
}

/// An absolute path. A relative one would be looked for in the sensor's own directory.
fn directory(path: &str) -> Option<PathBuf> {
    path.starts_with('/').then(|| PathBuf::from(path))
}

/// Splits `lowerdir`, in which a backslash keeps a colon from ending a path.
fn split(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut path = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => path.extend(letters.next()),
            ':' => paths.push(std::mem::take(&mut path)),
            letter => path.push(letter),
        }
    }
    paths.push(path);
    paths.retain(|path| !path.is_empty());
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(kind: &str, source: &str, options: &[&str]) -> SnapshotMount {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        SnapshotMount { kind: kind.to_owned(), source: source.to_owned(), options }
    }

    #[test]
    fn an_overlay_names_where_it_writes_and_what_is_below_uppermost_first() {
        let options = [
            "index=off",
            "workdir=/s/3/work",
            "upperdir=/s/3/fs",
            "lowerdir=/s/2/fs:/s/1/f\\:s",
            "userxattr",
        ];
        for kind in ["overlay", "fuse3.fuse-overlayfs"] {
            let told = writable("overlayfs", &[mount(kind, "overlay", &options)]);
            let lower = ["/s/2/fs", "/s/1/f:s"].map(PathBuf::from).to_vec();
            let layer = WritableLayer::Overlay { upper: PathBuf::from("/s/3/fs"), lower };
            assert_eq!(told, Some(Told::Layer(layer)));
        }
    }

    #[test]
    fn an_overlay_over_nothing_is_a_bind_mount_of_what_it_writes() {
        let told = writable("overlayfs", &[mount("bind", "/s/3/fs", &["rw", "rbind"])]);
        let layer = WritableLayer::Overlay { upper: PathBuf::from("/s/3/fs"), lower: Vec::new() };
        assert_eq!(told, Some(Told::Layer(layer)));
    }

    #[test]
    fn a_native_snapshot_is_a_copy() {
        let told = writable("native", &[mount("bind", "/n/7", &["rbind", "rw"])]);
        assert_eq!(told, Some(Told::Copy(PathBuf::from("/n/7"))));
    }

    #[test]
    fn what_is_no_directory_of_changes_is_none() {
        let none = |mounts: &[SnapshotMount]| assert_eq!(writable("overlayfs", mounts), None);
        none(&[]);
        none(&[mount("ext4", "/dev/mapper/x", &[])]);
        none(&[mount("overlay", "overlay", &["lowerdir=/s/1/fs"])]);
        none(&[mount("overlay", "overlay", &["upperdir=fs", "lowerdir=/s/1/fs"])]);
        none(&[mount("bind", "/s/3/fs", &["ro", "rbind"])]);
        none(&[mount("bind", "/a", &["rw"]), mount("bind", "/b", &["rw"])]);
    }
}

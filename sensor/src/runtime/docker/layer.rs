//! Where a container writes, out of what the daemon says of its storage driver, and where it says nothing out of the driver's own
//! records.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::facts::{Facts, Flavour};
use super::record::GraphDriver;
use crate::runtime::WritableLayer;

/// Bytes of a driver's record: podman keeps those of all layers in one file.
const MAX_RECORD: u64 = 64 << 20;
/// Bytes of a list of mounts.
const MAX_MOUNTS: u64 = 4 << 20;

/// The writable layer, if the daemon says where it is.
pub(super) fn told(graph: &GraphDriver) -> Option<WritableLayer> {
    graph.data.as_ref().and_then(overlay)
}

/// The writable layer of a container of which the daemon does not say it. Reads files.
pub(super) fn look_up(
    facts: &Facts,
    driver: Option<&str>,
    id: &str,
    process: Option<u32>,
) -> Option<WritableLayer> {
    let root = facts.root.as_deref()?;
    match driver {
        Some("vfs") => match facts.flavour {
            Flavour::Docker => copy_of_docker(root, id),
            Flavour::Podman => copy_of_podman(root, id),
        },
        // Docker over containerd's snapshots says nothing of them, but the kernel does while the container runs
        _ if facts.is_containerd_store => {
            let mounts = read(Path::new(&format!("/proc/{}/mountinfo", process?)), MAX_MOUNTS)?;
            of_mounts(&mounts, Path::is_dir)
        }
        _ => None,
    }
}

fn overlay(data: &BTreeMap<String, Option<String>>) -> Option<WritableLayer> {
    let of = |key: &str| data.get(key)?.as_deref().filter(|value| !value.is_empty());
    let upper = absolute(of("UpperDir")?)?;
    // the driver joins them with colons, so that no path with one can be used with it
    let lower = of("LowerDir").unwrap_or_default().split(':').filter(|path| !path.is_empty());
    Some(WritableLayer::Overlay { upper, lower: lower.map(absolute).collect::<Option<_>>()? })
}

/// A path from the root that does not go back up.
fn absolute(text: &str) -> Option<PathBuf> {
    let path = PathBuf::from(text);
    let is_plain = path.is_absolute() && !path.components().any(|part| part == Component::ParentDir);
    is_plain.then_some(path)
}

/// Docker's `vfs`: each layer is a directory with a whole file system. A container's is copied from that of its `-init` layer, which
/// is the image with the mount points that Docker makes in every container.
fn copy_of_docker(root: &Path, id: &str) -> Option<WritableLayer> {
    let mounts = root.join("image/vfs/layerdb/mounts").join(plain(id)?);
    let line = |name: &str| {
        let text = read(&mounts.join(name), MAX_RECORD)?;
        plain(text.trim()).map(|name| root.join("vfs/dir").join(name))
    };
    Some(WritableLayer::Copy { root: line("mount-id")?, parent: line("init-id")? })
}

/// Podman's `vfs`: records of containers and layers are lists in one file each.
fn copy_of_podman(root: &Path, id: &str) -> Option<WritableLayer> {
    #[derive(Deserialize)]
    struct Container {
        id: String,
        layer: String,
    }
    #[derive(Deserialize)]
    struct Layer {
        id: String,
        parent: Option<String>,
    }
    fn list<T: serde::de::DeserializeOwned>(folder: &Path, names: [&str; 2]) -> impl Iterator<Item = T> {
        let of = |name: &str| {
            let text = read(&folder.join(name), MAX_RECORD)?;
            serde_json::from_str::<Option<Vec<T>>>(&text).ok()?
        };
        names.map(of).into_iter().flatten().flatten()
    }
    let containers = root.join("vfs-containers");
    let mut containers = list::<Container>(&containers, ["containers.json", "volatile-containers.json"]);
    let layer = containers.find(|container| container.id == id)?.layer;
    let layers = root.join("vfs-layers");
    let mut layers = list::<Layer>(&layers, ["layers.json", "volatile-layers.json"]);
    let parent = layers.find(|known| known.id == layer)?.parent?;
    let directory = |name: &str| plain(name).map(|name| root.join("vfs/dir").join(name));
    Some(WritableLayer::Copy { root: directory(&layer)?, parent: directory(&parent)? })
}

/// A name that leads nowhere else.
fn plain(name: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!name.is_empty() && name.bytes().all(is_plain)).then_some(name)
}

/// A file of text; `None` if it is not there, no file, or longer than that.
fn read(path: &Path, most: u64) -> Option<String> {
    let file =
        std::fs::File::open(path).ok().filter(|file| file.metadata().is_ok_and(|data| data.is_file()))?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= most).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// The overlay that a process has as its root, out of its `mountinfo` (proc(5)).
fn of_mounts(mounts: &str, is_directory: impl Fn(&Path) -> bool) -> Option<WritableLayer> {
    let options = mounts.lines().rev().find_map(|line| {
        let (point, kind) = line.split_once(" - ")?;
        let is_root = point.split(' ').nth(4) == Some("/");
        let mut rest = kind.splitn(3, ' ');
        (is_root && rest.next() == Some("overlay")).then(|| rest.nth(1))?
    })?;
    let mut upper = None;
    let mut lower = Vec::new();
    for option in split(options, ',') {
        match option.split_once('=') {
            Some(("upperdir", path)) => upper = Some(plain_text(path)),
            Some(("lowerdir", paths)) => lower.extend(split(paths, ':').map(plain_text)),
            Some(("lowerdir+", path)) => lower.push(plain_text(path)),
            _ => {}
        }
    }
    let upper = absolute(&upper?)?;
    // many layers are mounted by short names, from the directory that all of them lie in
    let relative = lower.iter().find(|path| !path.starts_with('/'));
    let base = match relative {
        Some(path) => upper.ancestors().skip(1).find(|base| is_directory(&base.join(path)))?,
        None => Path::new("/"),
    };
    let lower = lower.iter().map(|path| absolute(base.join(path).to_str()?)).collect::<Option<_>>()?;
    Some(WritableLayer::Overlay { upper, lower })
}

/// Splits where the separator is not behind a backslash.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_escaped = false;
    text.split(move |letter| {
        let is_cut = letter == separator && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        is_cut
    })
}

/// Takes back `\040` for a space and `\:` for a colon.
fn plain_text(text: &str) -> String {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let octal = tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let octal = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        (plain, rest) = match (first, octal, tail) {
            (b'\\', Some(byte), _) => (push(plain, byte), &tail[3..]),
            (b'\\', None, [next, tail @ ..]) => (push(plain, *next), tail),
            _ => (push(plain, *first), tail),
        };
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn push(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "a979ee950e639492563f2dd7caa231adc5fc3fe5714f1d82a23cc2f8bbcda22f";

    fn facts(flavour: Flavour, root: &Path) -> Facts {
        Facts { root: Some(root.to_owned()), ..Facts::of(flavour) }
    }

    #[test]
    fn what_the_daemon_says_of_an_overlay_is_taken_as_it_is() {
        let graph: GraphDriver = serde_json::from_str(
            r#"{"Name":"overlay2","Data":{"UpperDir":"/r/overlay2/a/diff","LowerDir":"/r/overlay2/a-init/diff:/r/overlay2/b/diff",
                "MergedDir":null}}"#,
        )
        .unwrap();
        let found = told(&graph).unwrap();
        let lower = ["/r/overlay2/a-init/diff", "/r/overlay2/b/diff"].map(PathBuf::from).to_vec();
        assert_eq!(found, WritableLayer::Overlay { upper: "/r/overlay2/a/diff".into(), lower });
        for data in [r#"{"UpperDir":"a/diff"}"#, r#"{"UpperDir":"/a/../b"}"#, r#"{"UpperDir":""}"#, "{}"] {
            let graph = GraphDriver { name: None, data: serde_json::from_str(data).unwrap() };
            assert_eq!(told(&graph), None, "{data}");
        }
    }

    #[test]
    fn a_whole_copy_is_found_with_what_it_was_copied_from() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let docker = facts(Flavour::Docker, folder.path());
        assert_eq!(look_up(&docker, Some("vfs"), ID, None), None);
        write(&format!("image/vfs/layerdb/mounts/{ID}/mount-id"), "abc\n");
        write(&format!("image/vfs/layerdb/mounts/{ID}/init-id"), "abc-init");
        let at = |name: &str| folder.path().join("vfs/dir").join(name);
        let expected = WritableLayer::Copy { root: at("abc"), parent: at("abc-init") };
        assert_eq!(look_up(&docker, Some("vfs"), ID, None), Some(expected));
        write(&format!("image/vfs/layerdb/mounts/{ID}/init-id"), "../../etc");
        assert_eq!(look_up(&docker, Some("vfs"), ID, None), None);

        let podman = facts(Flavour::Podman, folder.path());
        write("vfs-containers/containers.json", &format!(r#"[{{"id":"{ID}","layer":"top"}}]"#));
        write("vfs-layers/layers.json", r#"[{"id":"low"},{"id":"top","parent":"low"}]"#);
        let expected = WritableLayer::Copy { root: at("top"), parent: at("low") };
        assert_eq!(look_up(&podman, Some("vfs"), ID, None), Some(expected));
        write("vfs-layers/layers.json", "null");
        assert_eq!(look_up(&podman, Some("vfs"), ID, None), None);
    }

    #[test]
    fn the_kernel_tells_the_layers_of_a_running_process() {
        let mounts = "22 1 8:1 / /boot rw - ext4 /dev/sda1 rw\n\
            601 512 0:54 / / rw,relatime - overlay overlay rw,lowerdir=9/fs:7\\040b/fs,upperdir=/c/s/10/fs,workdir=/c/s/10/work\n\
            602 601 0:57 / /proc rw - proc proc rw\n";
        let found = of_mounts(mounts, |path| path == Path::new("/c/s/9/fs")).unwrap();
        let lower = vec![PathBuf::from("/c/s/9/fs"), PathBuf::from("/c/s/7 b/fs")];
        assert_eq!(found, WritableLayer::Overlay { upper: "/c/s/10/fs".into(), lower });
        assert_eq!(of_mounts(mounts, |_| false), None);
        let newer = "1 1 0:5 / / rw - overlay overlay rw,lowerdir+=/a\\,b,lowerdir+=/c,upperdir=/u";
        let WritableLayer::Overlay { lower, .. } = of_mounts(newer, |_| false).unwrap() else { panic!() };
        assert_eq!(lower, [PathBuf::from("/a,b"), PathBuf::from("/c")]);
    }

    proptest! {
        #[test]
        fn no_list_of_mounts_makes_the_reader_fall_over(text in "[ /:,=\\\\a-c0-9\n-]{0,80}") {
            let line = format!("1 1 0:5 / / rw - overlay o rw,lowerdir={text},upperdir=/{text}");
            let _ = of_mounts(&line, |_| true);
            let _ = of_mounts(&text, |_| true);
        }
    }
}

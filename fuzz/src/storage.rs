//! Storages of container engines around fuzzed bytes.

use std::path::{Path, PathBuf};

use image::{OpenOptions, Source, StorageOptions};
use model::Digest;

use crate::folder;
use crate::images::read_all;

/// Names that are asked for; the seeds have them.
const NAME: &str = "web:1";
const CONTAINER: &str = "box";

/// Where a meta page of bbolt has its magic number and its checksum.
const MAGIC_AT: usize = 16;
const CHECKSUM_AT: usize = 72;

/// `database` as the records of a containerd and of its snapshotter, with the checksums of its meta pages made right.
pub fn read_bolt(database: &[u8]) {
    let root = folder().join("containerd");
    let database = sealed(database);
    write(&root.join("io.containerd.metadata.v1.bolt/meta.db"), &database);
    write(&root.join("io.containerd.snapshotter.v1.overlayfs/metadata.db"), &database);
    write(&root.join("io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs/etc/passwd"), b"root");
    write(&root.join("io.containerd.content.v1.content/blobs/sha256/none"), b"");
    open(&root, &format!("containerd:{NAME}"));
    open(&root, &format!("containerd-container:{CONTAINER}"));
}

/// Documents of a Docker or podman storage, parted by lines `%%`, the first byte of all choosing the engine. The words
/// `CONFIG` and `LAYER` stand for the digests of the config and of the layer in hex.
pub fn open_documents(bytes: &[u8]) {
    let Some((engine, rest)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let mut parts = text.split("\n%%\n");
    let layer = Digest::of(b"layer").to_hex();
    let config = parts.next().unwrap_or_default().replacen("LAYER", &layer, 16);
    let id = Digest::of(config.as_bytes()).to_hex();
    let mut part =
        || parts.next().unwrap_or_default().replacen("LAYER", &layer, 16).replacen("CONFIG", &id, 16);
    let root = folder().join("storage");
    let _ = std::fs::remove_dir_all(&root);
    let put = |path: &str, text: &str| write(&root.join(path), text.as_bytes());
    if engine.is_ascii_digit() {
        put(&format!("image/overlay2/imagedb/content/sha256/{id}"), &config);
        put("image/overlay2/repositories.json", &part());
        put(&format!("containers/{id}/config.v2.json"), &part());
        for name in ["diff", "cache-id", "size", "parent"] {
            let text = part();
            if !text.is_empty() {
                put(&format!("image/overlay2/layerdb/sha256/{layer}/{name}"), &text);
            }
        }
        put(&format!("image/overlay2/layerdb/mounts/{id}/mount-id"), &part());
        put(&format!("image/overlay2/layerdb/mounts/{id}/parent"), &part());
        put("overlay2/abc/diff/etc/passwd", "root");
        open(&root, &format!("docker:{NAME}"));
        open(&root, &format!("docker-container:{CONTAINER}"));
    } else {
        // the name of the config's file: `=` and `sha256:…` in base64
        put(&format!("overlay-images/{id}/={}", base64(format!("sha256:{id}").as_bytes())), &config);
        put(&format!("overlay-images/{id}/manifest"), &part());
        put("overlay-images/images.json", &part());
        put("overlay-layers/layers.json", &part());
        put("overlay-containers/containers.json", &part());
        put("overlay/abc/diff/etc/passwd", "root");
        open(&root, &format!("podman:{NAME}"));
        open(&root, &format!("podman-container:{CONTAINER}"));
    }
}

fn open(root: &Path, source: &str) {
    let storage = StorageOptions { root: Some(PathBuf::from(root)), namespace: None };
    let options = OpenOptions { storage, ..OpenOptions::default() };
    let source = Source::detect(source).expect("the prefix is known");
    if let Ok(image) = image::open(&source, &options) {
        read_all(&image);
    }
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("the path has a folder")).expect("the folder can be made");
    std::fs::write(path, bytes).expect("the file can be written");
}

/// A copy whose meta pages have right checksums (FNV-1a), which no fuzzer guesses.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in [0, 512, 1024, 4096] {
        let Some(page) = bytes.get_mut(at..at + CHECKSUM_AT + 8) else { continue };
        let checksum = page[MAGIC_AT..CHECKSUM_AT].iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        page[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let part = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = part(0) << 16 | part(1) << 8 | part(2);
        for index in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * index) & 63) as usize];
            text.push(if index > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

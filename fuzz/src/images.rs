//! Images around fuzzed bytes.

use std::io::Read;

use image::{Entry, LayerVisitor, OpenImage, OpenOptions, Source};
use model::{Digest, Distro, Ecosystem, Reference};
use testkit::{Blobs, LayerBuilder};

use crate::folder;

/// The size of a tar block.
const BLOCK: usize = 512;

/// A copy whose tar headers have right checksums, which no fuzzer guesses. Bytes that end in `!` stay as they are, so
/// that wrong checksums are seen too.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.last() == Some(&b'!') {
        return bytes;
    }
    for block in bytes.chunks_exact_mut(BLOCK).filter(|block| &block[257..262] == b"ustar") {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    bytes
}

/// A tar with one file.
pub fn tar_of(path: &str, content: &[u8]) -> Vec<u8> {
    LayerBuilder::new().file(path, content).build()
}

/// Reads `stored` as the only layer of an image. What the layer holds depends on the bytes alone.
pub fn read_layer(stored: &[u8]) {
    let Some(image) = open_written(&layout_of(stored), "oci-archive") else { return };
    let outcome = image.read_layer_partly(0, &mut Looker::default());
    let again = image.read_layer_partly(0, &mut Looker { skips: true, ..Looker::default() });
    assert_eq!(outcome.summary.entries, again.summary.entries, "skipping contents changes the entries");
    assert_eq!(outcome.error.is_some(), again.error.is_some(), "skipping contents changes the outcome");
}

/// Scans an image with `stored` as its only layer. The report can be written, read and sent to a server.
pub fn scan(stored: &[u8]) {
    let Some(image) = open_written(&layout_of(stored), "oci-archive") else { return };
    let options = catalog::ScanOptions { threads: 1, ..catalog::ScanOptions::default() };
    let Ok(report) = catalog::scan(&image, &options) else { return };
    let text = serde_json::to_vec(&report).expect("a report can be written");
    assert_eq!(serde_json::from_slice::<model::ScanReport>(&text).expect("a report can be read"), report);
    store::fuzzing::check_report(&report).expect("a server takes what a scan gives");
}

/// Opens `tar` as an archive of that kind and reads all layers.
pub fn open_archive(kind: &str, tar: &[u8]) {
    let path = folder().join("archive");
    std::fs::write(&path, tar).expect("the archive can be written");
    let _ = Source::detect(&path.display().to_string());
    if let Some(image) = open_written(tar, kind) {
        read_all(&image);
    }
}

/// `manifest.json` and a config, parted by a line `%%`, in an archive.
pub fn open_docker_documents(bytes: &[u8]) {
    let (manifest, config) = split(bytes);
    let layer = LayerBuilder::new().file("etc/passwd", "root:x:0:0::/:/bin/sh\n").build();
    let mut blobs = Blobs::default();
    blobs.put("manifest.json", manifest);
    blobs.put("config.json", named(config, &[("DIFF", &layer)]));
    blobs.put("layer.tar", layer);
    if let Some(image) = open_written(&blobs.to_tar(), "docker-archive") {
        read_all(&image);
    }
}

/// `index.json`, a manifest and a config, parted by lines `%%`, in a layout. The words `MANIFEST`, `CONFIG`, `LAYER` and
/// `DIFF` stand for the digests that a fuzzer cannot guess.
pub fn open_oci_documents(bytes: &[u8]) {
    let (index, rest) = split(bytes);
    let (manifest, config) = split(rest);
    let layer = LayerBuilder::new().file("etc/passwd", "root:x:0:0::/:/bin/sh\n").build();
    let config = named(config, &[("DIFF", &layer)]);
    let manifest = named(manifest, &[("CONFIG", &config), ("LAYER", &layer)]);
    let index = named(index, &[("MANIFEST", &manifest), ("CONFIG", &config)]);
    let mut blobs = Blobs::default();
    blobs.put("index.json", index);
    for blob in [manifest, config, layer] {
        blobs.put_blob(&blob);
    }
    if let Some(image) = open_written(&blobs.to_tar(), "oci-archive") {
        read_all(&image);
    }
}

/// Every reader of a name. A name that is read and printed is read as the same.
pub fn read_names(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = (Reference::parse(text), text.parse::<image::Platform>(), Digest::from_hex(text));
    let _ = (text.parse::<Ecosystem>(), model::Timestamp::parse(text), model::purl::normalise_python(text));
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string().parse(), Ok(digest));
    }
    // every text names some release
    let Ok(distro) = text.parse::<Distro>();
    assert_eq!(distro.to_string().parse(), Ok(distro));
}

/// An OCI layout with `stored` as the only layer.
fn layout_of(stored: &[u8]) -> Vec<u8> {
    let index = br#"{"manifests":[{"digest":"MANIFEST"}]}"#;
    let manifest = br#"{"config":{"digest":"CONFIG"},"layers":[{"digest":"LAYER"}]}"#;
    let config = named(
        br#"{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["DIFF"]}}"#,
        &[("DIFF", stored)],
    );
    let manifest = named(manifest, &[("CONFIG", &config), ("LAYER", stored)]);
    let mut blobs = Blobs::default();
    blobs.put("index.json", named(index, &[("MANIFEST", &manifest)]));
    for blob in [&manifest, &config, stored] {
        blobs.put_blob(blob);
    }
    blobs.to_tar()
}

fn open_written(tar: &[u8], kind: &str) -> Option<OpenImage> {
    let path = folder().join("image");
    std::fs::write(&path, tar).expect("the image can be written");
    let source = Source::detect(&format!("{kind}:{}", path.display())).ok()?;
    image::open(&source, &OpenOptions::default()).ok()
}

pub(crate) fn read_all(image: &OpenImage) {
    for index in 0..image.layer_count().min(8) {
        let _ = image.read_layer_partly(index, &mut Looker::default());
    }
}

/// What is before and after the first line `%%`.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    const MARK: &[u8] = b"\n%%\n";
    match bytes.windows(MARK.len()).position(|part| part == MARK) {
        Some(at) => (&bytes[..at], &bytes[at + MARK.len()..]),
        None => (bytes, b"{}"),
    }
}

/// `document` with words replaced by the digests of what they stand for.
fn named(document: &[u8], words: &[(&str, &[u8])]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(document) else { return document.to_vec() };
    let mut text = text.to_owned();
    for (word, content) in words {
        // growth is bounded: a short text full of words would not be a fair input
        text = text.replacen(word, &Digest::of(content).to_string(), 64);
    }
    text.into_bytes()
}

/// Reads every content, or every other one, and holds entries against what the interface promises.
#[derive(Default)]
struct Looker {
    skips: bool,
    entries: u64,
}

impl LayerVisitor for Looker {
    fn entry(&mut self, entry: &Entry<'_>, content: &mut dyn Read) {
        self.entries += 1;
        let bad = |part: &[u8]| part.is_empty() || part == b"." || part == b"..";
        assert!(
            !entry.path.split(|&byte| byte == b'/').any(bad),
            "{:?} is not normal",
            entry.path.escape_ascii()
        );
        if self.skips && self.entries % 2 == 0 {
            return;
        }
        let mut count = 0;
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = content.read(&mut buffer) {
            count += read as u64;
        }
        assert!(count <= entry.size, "more content than the entry's size");
    }
}

//! Folders of feeds around fuzzed bytes, and what a compiled bundle owes its readers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use knowledge::Bundle;

use crate::folder;

/// An advisory that speaks of the CVE that the seeds speak of; facts about others are not kept.
const COMPANION: &str = r#"{"packages": [{"pkg": {"name": "openssl", "secfixes": {"3.0-r0": ["CVE-2024-0001 GHSA-aaaa-bbbb-cccc"]}}}]}"#;

/// Compiles a folder with `content` at `path` and one small advisory beside it. A bundle that comes of it is whole.
pub fn compile(path: &str, content: &[u8]) {
    let root = folder().join("feeds");
    write(&root.join("alpine-secdb/v3.17/main.json"), COMPANION.as_bytes());
    write(&root.join(path), content);
    let output: PathBuf = folder().join("made.bundle");
    let report = knowledge::compile(&root, &output, &|_| {}).expect("the advisory beside it is good");
    let bundle = Bundle::open(&output).expect("what was compiled can be opened");
    bundle.verify().expect("what was compiled is whole");
    assert_eq!(bundle.vulnerabilities().count() as u64, report.vulnerabilities);
    knowledge::fuzzing::look_everywhere(&bundle);
}

/// Opens bytes as a bundle, as they are and with a right checksum, and asks it everything.
pub fn open_bundle(bytes: &[u8]) {
    let opened =
        [knowledge::fuzzing::open(bytes.to_vec()), knowledge::fuzzing::open_resealed(bytes.to_vec())];
    opened.iter().flatten().for_each(knowledge::fuzzing::look_everywhere);
}

/// Applies bytes as a delta to a small bundle, and unpacks them as a packed bundle.
pub fn apply_delta(bytes: &[u8]) {
    static OLD: OnceLock<Bundle> = OnceLock::new();
    let old = OLD.get_or_init(|| {
        let root = folder().join("base");
        write(&root.join("alpine-secdb/v3.17/main.json"), COMPANION.as_bytes());
        let output = folder().join("base.bundle");
        knowledge::compile(&root, &output, &|_| {}).expect("the advisory is good");
        Bundle::open(&output).expect("what was compiled can be opened")
    });
    knowledge::fuzzing::apply_delta(old, bytes);
    knowledge::fuzzing::unpack(bytes);
}

/// Reads bytes as a signature and as keys.
pub fn read_signature(bytes: &[u8]) {
    knowledge::fuzzing::read_signature(&String::from_utf8_lossy(bytes));
}

/// A zip with one member, stored as it is.
pub fn zip_of(name: &str, content: &[u8]) -> Vec<u8> {
    let sizes = [crc32(content), content.len() as u32, content.len() as u32];
    let mut common = vec![10, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    sizes.iter().for_each(|number| common.extend(number.to_le_bytes()));
    common.extend((name.len() as u16).to_le_bytes());
    let mut zip = b"PK\x03\x04".to_vec();
    zip.extend(&common);
    zip.extend([0; 2]);
    zip.extend(name.bytes());
    zip.extend(content);
    let directory = zip.len() as u32;
    zip.extend(b"PK\x01\x02\x0a\x00");
    zip.extend(&common);
    zip.extend([0; 16]);
    zip.extend(name.bytes());
    let length = zip.len() as u32 - directory;
    zip.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    zip.extend(length.to_le_bytes());
    zip.extend(directory.to_le_bytes());
    zip.extend([0; 2]);
    zip
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

fn write(path: &Path, content: &[u8]) {
    if fs::write(path, content).is_err() {
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("folders can be made");
        fs::write(path, content).expect("files can be written");
    }
}

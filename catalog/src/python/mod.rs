//! Python distributions: the metadata files that installers leave beside the code.
//!
//! Any such file counts, wherever it lies. `pip list` shows only those in a directory of `sys.path`; a copy
//! inside another package (`setuptools/_vendor/…`) is code that runs all the same, and is reported with its
//! own path.

mod parse_metadata;

use crate::path::{name, parent};
use crate::registry::Cataloger;

/// `*.dist-info/METADATA`, `*.egg-info/PKG-INFO`, `*.egg/EGG-INFO/PKG-INFO` and `*.egg-info` as a file.
pub(crate) const METADATA: Cataloger =
    Cataloger { name: "python-metadata", version: 1, language: true, wants, read: parse_metadata::read };

/// Directories that begin with `~` are what an interrupted installer leaves behind; pip ignores them, too.
fn wants(path: &[u8], file: &[u8]) -> bool {
    match file {
        b"METADATA" => holder_ends_with(path, b".dist-info"),
        b"PKG-INFO" => holder_ends_with(path, b".egg-info") || holder_ends_with(path, b"EGG-INFO"),
        _ => file.ends_with(b".egg-info") && !file.starts_with(b"~"),
    }
}

fn holder_ends_with(path: &[u8], suffix: &[u8]) -> bool {
    let holder = name(parent(path));
    holder.ends_with(suffix) && !holder.starts_with(b"~")
}

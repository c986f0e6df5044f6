//! Python distributions: the metadata files that installers leave beside the code, and lock files.
//!
//! Any metadata file counts, wherever it lies. `pip list` shows only those in a directory of `sys.path`; a copy
//! inside another package (`setuptools/_vendor/…`) is code that runs all the same, and is reported with its
//! own path.

mod egg;
mod parse_metadata;
mod parse_pdm_lock;
mod parse_pipfile_lock;
mod parse_poetry_lock;
mod parse_pylock;
pub(crate) mod parse_requirements;
mod parse_uv_lock;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::path::{name, parent};
use crate::registry::Cataloger;
pub(crate) use egg::EGG;

/// `*.dist-info/METADATA`, `*.egg-info/PKG-INFO`, `*.egg/EGG-INFO/PKG-INFO` and `*.egg-info` as a file.
pub(crate) const METADATA: Cataloger =
    Cataloger { name: "python-metadata", version: 2, language: true, wants, read: parse_metadata::read };

/// Lock files of pip, Pipenv, Poetry, PDM and uv.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "python-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    match name {
        b"Pipfile.lock" => Some(parse_pipfile_lock::read),
        b"poetry.lock" => Some(parse_poetry_lock::read),
        b"uv.lock" => Some(parse_uv_lock::read),
        b"pdm.lock" => Some(parse_pdm_lock::read),
        _ if parse_pylock::is_pylock(name) => Some(parse_pylock::read),
        _ if parse_requirements::is_requirements(name) => Some(parse_requirements::read),
        _ => None,
    }
}

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

//! Conda environments: the record that conda, mamba and pixi keep of each package they install.
//!
//! The decision a reader may doubt: a Python package that conda brought is reported a second time, as the Python package
//! that its own metadata proves, and is not marked as owned. Advisories speak of the Python package alone, and an owned
//! record is not judged.

mod parse_conda_lock;
mod parse_environment;
mod parse_record;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::path::{name, parent};
use crate::registry::Cataloger;

/// `conda-meta/<name>-<version>-<build>.json` of an environment. The package cache (`pkgs/`) is not installed.
pub(crate) const RECORD: Cataloger = Cataloger {
    name: "conda-meta",
    version: 1,
    language: true,
    wants: |path, file| file.ends_with(b".json") && name(parent(path)) == b"conda-meta",
    read: parse_record::read,
};

/// Exported environments and lock files of conda-lock.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "conda-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    match name {
        b"environment.yml" | b"environment.yaml" => Some(parse_environment::read),
        b"conda-lock.yml" | b"conda-lock.yaml" => Some(parse_conda_lock::read),
        _ => None,
    }
}

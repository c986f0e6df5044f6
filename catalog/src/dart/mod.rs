//! Dart packages that are run from source: pub's cache, and what a project was resolved to.
//!
//! Programs compiled ahead of time leave no trace of their packages.

mod parse_package_config;
mod parse_pubspec;
mod parse_pubspec_lock;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::path::{name, parent};
use crate::registry::Cataloger;

/// `hosted/<server>/<name>-<version>/pubspec.yaml` in pub's cache.
pub(crate) const PUBSPEC: Cataloger = Cataloger {
    name: "dart-pubspec",
    version: 1,
    language: true,
    wants: |path, file| file == b"pubspec.yaml" && is_hosted(parent(path)),
    read: parse_pubspec::read,
};

/// `.dart_tool/package_config.json`: what a project uses, whether or not the cache is in the image.
pub(crate) const PACKAGE_CONFIG: Cataloger = Cataloger {
    name: "dart-package-config",
    version: 1,
    language: false,
    wants: |path, file| file == b"package_config.json" && name(parent(path)) == b".dart_tool",
    read: parse_package_config::read,
};

fn is_hosted(folder: &[u8]) -> bool {
    name(parent(parent(folder))) == b"hosted"
}

/// Name and version of `<name>-<version>`: names hold no hyphen.
fn split(folder: &str) -> Option<(&str, &str)> {
    let (name, version) = folder.split_once('-')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_version =
        version.starts_with(|first: char| first.is_ascii_digit()) && crate::word::is_version(version);
    (is_name && is_version).then_some((name, version))
}

/// Lock files of pub.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "dart-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    (name == b"pubspec.lock").then_some(parse_pubspec_lock::read as Reader)
}

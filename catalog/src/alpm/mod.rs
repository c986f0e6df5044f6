//! Arch Linux packages: the local database of pacman, one folder per installed package.

mod parse_local;

use crate::path::parent;
use crate::registry::Cataloger;

/// `var/lib/pacman/local/<name>-<version>-<release>/desc`.
pub(crate) const DESCRIPTION: Cataloger = Cataloger {
    name: "alpm-desc",
    version: 2,
    language: false,
    wants: |path, name| name == b"desc" && is_in_package(path),
    read: parse_local::read_description,
};

/// `var/lib/pacman/local/<name>-<version>-<release>/files`.
pub(crate) const FILES: Cataloger = Cataloger {
    name: "alpm-files",
    version: 1,
    language: false,
    wants: |path, name| name == b"files" && is_in_package(path),
    read: parse_local::read_files,
};

fn is_in_package(path: &[u8]) -> bool {
    path.starts_with(b"var/lib/pacman/local/") && parent(parent(path)) == b"var/lib/pacman/local"
}

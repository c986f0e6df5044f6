//! Gentoo packages: Portage's database of installed packages, one folder per package, whose name says it all.

mod parse_installed;
mod parse_license;

use crate::path::parent;
use crate::registry::Cataloger;

/// `var/db/pkg/<category>/<name>-<version>/PF`.
pub(crate) const INSTALLED: Cataloger = Cataloger {
    name: "portage-installed",
    version: 1,
    language: false,
    wants: |path, name| name == b"PF" && is_in_package(path),
    read: parse_installed::read,
};

/// `var/db/pkg/<category>/<name>-<version>/CONTENTS`.
pub(crate) const CONTENTS: Cataloger = Cataloger {
    name: "portage-contents",
    version: 1,
    language: false,
    wants: |path, name| name == b"CONTENTS" && is_in_package(path),
    read: parse_installed::read_contents,
};

/// `var/db/pkg/<category>/<name>-<version>/LICENSE`.
pub(crate) const LICENSE: Cataloger = Cataloger {
    name: "portage-license",
    version: 1,
    language: false,
    wants: |path, name| name == b"LICENSE" && is_in_package(path),
    read: parse_license::read,
};

fn is_in_package(path: &[u8]) -> bool {
    path.starts_with(b"var/db/pkg/") && parent(parent(parent(path))) == b"var/db/pkg"
}

//! Debian packages: the `status` database, its one-file-per-package form in distroless images, file lists, and what they
//! do not tell: diverted paths and licences.

mod components;
mod parse_copyright;
mod parse_diversions;
mod parse_list;
mod parse_status;

pub(crate) use parse_list::read as read_file_list;
pub(crate) use parse_status::read_opkg as read_opkg_status;

use crate::path::parent;
use crate::registry::Cataloger;

/// `var/lib/dpkg/status` and the files of `var/lib/dpkg/status.d`.
pub(crate) const STATUS: Cataloger = Cataloger {
    name: "dpkg-status",
    version: 3,
    language: false,
    wants: |path, name| {
        path.starts_with(b"var/lib/dpkg/status")
            && (path == b"var/lib/dpkg/status"
                || (parent(path) == b"var/lib/dpkg/status.d" && !name.ends_with(b".md5sums")))
    },
    read: parse_status::read,
};

/// `var/lib/dpkg/info/*.list`.
pub(crate) const FILE_LIST: Cataloger = Cataloger {
    name: "dpkg-list",
    version: 2,
    language: false,
    wants: |path, name| {
        path.starts_with(b"var/lib/dpkg/info/")
            && name.ends_with(b".list")
            && parent(path) == b"var/lib/dpkg/info"
    },
    read: parse_list::read,
};

/// `usr/share/doc/<package>/copyright`.
pub(crate) const COPYRIGHT: Cataloger = Cataloger {
    name: "dpkg-copyright",
    version: 1,
    language: false,
    wants: |path, name| name == b"copyright" && package_of_copyright(path).is_some(),
    read: parse_copyright::read,
};

/// `var/lib/dpkg/diversions`.
pub(crate) const DIVERSIONS: Cataloger = Cataloger {
    name: "dpkg-diversions",
    version: 1,
    language: false,
    wants: |path, name| name == b"diversions" && path == b"var/lib/dpkg/diversions",
    read: parse_diversions::read,
};

/// The package whose copyright file lies at `path`.
pub(crate) fn package_of_copyright(path: &[u8]) -> Option<&[u8]> {
    let package = path.strip_prefix(b"usr/share/doc/")?.strip_suffix(b"/copyright")?;
    (!package.is_empty() && !package.contains(&b'/')).then_some(package)
}

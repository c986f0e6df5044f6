//! Debian packages: the `status` database, its one-file-per-package form in distroless images, and file lists.

mod components;
mod parse_list;
mod parse_status;

pub(crate) use parse_list::read as read_file_list;
pub(crate) use parse_status::read_opkg as read_opkg_status;

use crate::path::parent;
use crate::registry::Cataloger;

/// `var/lib/dpkg/status` and the files of `var/lib/dpkg/status.d`.
pub(crate) const STATUS: Cataloger = Cataloger {
    name: "dpkg-status",
    version: 2,
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

//! Packages of opkg (OpenWrt, Yocto builds), whose database has dpkg's form and is read by its parsers.

use crate::dpkg;
use crate::path::parent;
use crate::registry::Cataloger;

/// `usr/lib/opkg/status` and `var/lib/opkg/status`.
pub(crate) const STATUS: Cataloger = Cataloger {
    name: "opkg-status",
    version: 2,
    language: false,
    wants: |path, name| name == b"status" && matches!(path, b"usr/lib/opkg/status" | b"var/lib/opkg/status"),
    read: dpkg::read_opkg_status,
};

/// `info/*.list` beside the database.
pub(crate) const FILE_LIST: Cataloger = Cataloger {
    name: "opkg-list",
    version: 1,
    language: false,
    wants: |path, name| {
        name.ends_with(b".list") && matches!(parent(path), b"usr/lib/opkg/info" | b"var/lib/opkg/info")
    },
    read: dpkg::read_file_list,
};

#[cfg(test)]
mod tests {
    use model::Ecosystem;

    use crate::registry::{Input, read, wanted};

    #[test]
    fn installed_packages_are_read_and_a_source_that_is_a_path_is_not_taken_for_a_package() {
        let text = "Package: busybox\nVersion: 1.36.1-1\nDepends: libc\nStatus: install user installed\n\
                    Architecture: x86_64\nLicense: GPL-2.0\nSource: package/utils/busybox\n\n\
                    Package: gone\nVersion: 1\nStatus: deinstall user not-installed\n";
        let path = b"usr/lib/opkg/status";
        let facts = read(wanted(path).unwrap(), Input { path, size: 0, content: &mut text.as_bytes() });
        assert_eq!(facts.packages.len(), 1);
        let found = &facts.packages[0];
        assert_eq!((found.ecosystem, found.name.as_str()), (Ecosystem::Opkg, "busybox"));
        assert_eq!((found.version.as_str(), &found.source), ("1.36.1-1", &None));
        assert_eq!(found.license.as_deref(), Some("GPL-2.0-only"));
        let path = b"usr/lib/opkg/info/lua-jar.list";
        let facts = read(wanted(path).unwrap(), Input { path, size: 0, content: &mut &b"/opt/a.jar\n"[..] });
        assert_eq!(facts.owners[0].package, "lua-jar");
    }
}

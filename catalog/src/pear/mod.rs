//! PHP packages that the PEAR installer has installed: those of PEAR, and extensions of PECL.
//!
//! The decision a reader may doubt: a package of PEAR is named as Packagist names it (`pear/archive_tar`), where the same
//! code is published today and where advisories speak of it. One of another channel has the name by which Composer
//! reaches it (`pear-<channel>/<name>`). An extension is a program in C that no registry of PHP lists: it is a generic
//! package below `pecl/`.

mod parse_registry;
mod serialised;

use crate::registry::Cataloger;

/// `.registry/<name>.reg` and `.registry/.channel.<server>/<name>.reg`.
pub(crate) const REGISTRY: Cataloger = Cataloger {
    name: "pear-registry",
    version: 1,
    language: true,
    wants: |path, file| file.ends_with(b".reg") && channel(path).is_some(),
    read: parse_registry::read,
};

/// The server that a registry file's place tells; `pear.php.net` has no folder of its own.
fn channel(path: &[u8]) -> Option<&[u8]> {
    use crate::path::{name, parent};
    let folder = parent(path);
    if name(folder) == b".registry" {
        return Some(b"pear.php.net");
    }
    name(folder).strip_prefix(b".channel.").filter(|_| name(parent(folder)) == b".registry")
}

//! RPM packages: the databases of rpm in all four stores, and the lists that distroless images have instead.
//!
//! A store keeps one header per installed package, keyed by a number. The stores differ only in how they lay
//! those headers out in a file, so each store is a function that hands out header after header, and one
//! reader makes packages of them. All are read by hand from the file in memory: no database library is linked,
//! nothing is written to disk, and a damaged page costs the packages on it and no others.
//!
//! Beside them lie the content sets of Red Hat's images, which tell the update stream of all packages.
//!
//! `gpg-pubkey` entries are keys that rpm keeps among its packages; they are left out.

mod bdb;
mod bytes;
pub(crate) mod content_sets;
mod evr;
mod header;
mod log;
mod ndb;
mod parse_database;
mod parse_manifest;
mod sqlite;

pub(crate) use parse_database::{is_unread_log, read_with_log};

use crate::path::parent;
use crate::registry::Cataloger;

/// The database in whichever store: `Packages`, `Packages.db`, `rpmdb.sqlite`.
pub(crate) const DATABASE: Cataloger = Cataloger {
    name: "rpm-database",
    version: 2,
    language: false,
    wants: |path, name| {
        matches!(name, b"Packages" | b"Packages.db" | b"rpmdb.sqlite" | b"rpmdb.sqlite-wal")
            && matches!(parent(path), b"var/lib/rpm" | b"usr/lib/sysimage/rpm" | b"usr/share/rpm")
    },
    read: parse_database::read,
};

/// `var/lib/rpmmanifest/container-manifest-2` of distroless images; `container-manifest-1` says less of the
/// same packages.
pub(crate) const MANIFEST: Cataloger = Cataloger {
    name: "rpm-manifest",
    version: 2,
    language: false,
    wants: |path, name| {
        name == b"container-manifest-2" && path == b"var/lib/rpmmanifest/container-manifest-2"
    },
    read: parse_manifest::read,
};

/// The repositories that an image of Red Hat's was built from.
pub(crate) const CONTENT_SETS: Cataloger = Cataloger {
    name: "content-sets",
    version: 1,
    language: false,
    wants: |path, name| name.ends_with(b".json") && parent(path) == b"root/buildinfo/content_manifests",
    read: content_sets::read,
};

/// Largest database that is read; it is held in memory as a whole, because its pages refer to each other.
pub(crate) const MAX_DATABASE: u64 = 512 << 20;
/// Packages kept of one database.
const MAX_PACKAGES: usize = 500_000;

/// Takes header after header, or what is wrong with one. `false` asks the store to stop.
type Sink<'a> = dyn FnMut(Result<&[u8], Damage>) -> bool + 'a;

/// What is wrong with a store, or with one entry of it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Damage {
    /// The file begins like none of the stores.
    #[error("no store that rpm writes")]
    UnknownStore,
    /// The file's head contradicts itself.
    #[error("database head is damaged: {0}")]
    Head(&'static str),
    /// Something points outside of the file, or into a page of another kind.
    #[error("page {page} of the database is damaged: {reason}")]
    Page {
        /// Its number, in the store's own count.
        page: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// The entry at this offset is not what it must be.
    #[error("entry at byte {offset} of the database is damaged: {reason}")]
    Entry {
        /// Offset in the file.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// Entries share pages, as no database does.
    #[error("entries of the database overlap, the rest is left out")]
    Overlap,
    /// The package's header is damaged.
    #[error("header of a package is damaged: {0}")]
    Header(&'static str),
    /// There is no table of packages.
    #[error("there is no table `Packages` in the database")]
    NoTable,
}

/// How many more bytes of entries may be put together: an honest file holds each byte once, so a file whose
/// entries sum up to more than its own size is made of cycles or shared chains.
struct Budget(usize);

impl Budget {
    fn of(file: &[u8]) -> Self {
        Self(file.len())
    }

    fn take(&mut self, bytes: usize) -> Result<(), Damage> {
        self.0 = self.0.checked_sub(bytes).ok_or(Damage::Overlap)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

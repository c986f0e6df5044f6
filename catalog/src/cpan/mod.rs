//! Perl distributions that were installed from CPAN.
//!
//! Three files tell of them: what cpanm keeps in `.meta/` (the distribution's own metadata and the installer's record),
//! and `perllocal.pod`, to which MakeMaker appends. Modules of a distribution's packages leave none of these; they are
//! listed as the OS packages that they are. The decision a reader may doubt: `.packlist` is not read, because it lists
//! files without a version, and the version assigned in a module need not be the distribution's.

mod license;
mod parse_meta;
mod parse_perllocal;
mod parse_snapshot;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::path::{name, parent};
use crate::registry::Cataloger;

/// `.meta/<distribution>-<version>/MYMETA.json`.
pub(crate) const META: Cataloger = Cataloger {
    name: "perl-meta",
    version: 1,
    language: true,
    wants: |path, file| file == b"MYMETA.json" && is_record(path),
    read: parse_meta::read_meta,
};

/// `.meta/<distribution>-<version>/install.json`.
pub(crate) const INSTALL: Cataloger = Cataloger {
    name: "perl-install",
    version: 1,
    language: true,
    wants: |path, file| file == b"install.json" && is_record(path),
    read: parse_meta::read_install,
};

/// `perllocal.pod`.
pub(crate) const LOCAL: Cataloger = Cataloger {
    name: "perl-local",
    version: 1,
    language: true,
    wants: |_, file| file == b"perllocal.pod",
    read: parse_perllocal::read,
};

fn is_record(path: &[u8]) -> bool {
    name(parent(parent(path))) == b".meta"
}

/// The key under which the records of one installation meet: `perllocal.pod` knows the main module alone, whose name is
/// often not that of the distribution (`LWP` of `libwww-perl`).
pub(crate) fn module_key(module: &str, version: &str) -> Vec<u8> {
    format!("perl:{}@{version}", module.replace("::", "-")).into_bytes()
}

/// Lock files of Carton.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "perl-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    (name == b"cpanfile.snapshot").then_some(parse_snapshot::read as Reader)
}

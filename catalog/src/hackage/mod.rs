//! Haskell packages: the databases of GHC, which GHC, Cabal and Stack keep one file a package in.
//!
//! Programs that were built from them leave nothing. The decision a reader may doubt: GHC's own packages are listed, too;
//! they are published on Hackage and have advisories there.

mod parse_conf;
mod parse_freeze;
mod parse_stack_lock;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::path::{name, parent};
use crate::registry::Cataloger;

/// `package.conf.d/*.conf`, `package.db/*.conf` of Cabal's store and `pkgdb/*.conf` of Stack.
pub(crate) const PACKAGE: Cataloger = Cataloger {
    name: "ghc-package",
    version: 1,
    language: true,
    wants: |path, file| file.ends_with(b".conf") && is_database(name(parent(path))),
    read: parse_conf::read,
};

fn is_database(folder: &[u8]) -> bool {
    folder == b"package.db" || folder == b"pkgdb" || folder.ends_with(b"package.conf.d")
}

/// Lock files of Cabal and Stack.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "haskell-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    match name {
        b"cabal.project.freeze" => Some(parse_freeze::read),
        b"stack.yaml.lock" => Some(parse_stack_lock::read),
        _ => None,
    }
}

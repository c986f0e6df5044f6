//! PHP packages: the list that Composer keeps of what it installed, and lock files.

mod parse_installed;
mod parse_lock;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::path::{name, parent};
use crate::registry::Cataloger;

/// `composer/installed.json` in the vendor directory, whatever that is called.
pub(crate) const INSTALLED: Cataloger = Cataloger {
    name: "composer-installed",
    version: 2,
    language: true,
    wants: |path, file| file == b"installed.json" && name(parent(path)) == b"composer",
    read: parse_installed::read,
};

/// Lock files of Composer.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "composer-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    (name == b"composer.lock").then_some(parse_lock::read as Reader)
}

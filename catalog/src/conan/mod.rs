//! C and C++ packages of Conan, which leave no other trace in what is built from them than the lock file.

mod parse_lock;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::registry::Cataloger;

/// `conan.lock`.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "conan-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    (name == b"conan.lock").then_some(parse_lock::read as Reader)
}

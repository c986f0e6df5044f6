//! Rust crates that a source tree declares. What a program was really built with is in the program itself (module `binary`).

mod parse_lock;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::registry::Cataloger;

/// `Cargo.lock`.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "rust-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    (name == b"Cargo.lock").then_some(parse_lock::read as Reader)
}

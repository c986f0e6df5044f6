//! Swift packages that a source tree declares. Programs built from them keep no list of them.

mod parse_resolved;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::registry::Cataloger;

/// `Package.resolved`.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "swift-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    (name == b"Package.resolved").then_some(parse_resolved::read as Reader)
}

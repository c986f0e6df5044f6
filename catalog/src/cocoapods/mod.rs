//! Packages of CocoaPods that a source tree declares.

mod parse_podfile_lock;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::registry::Cataloger;

/// `Podfile.lock`.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "cocoapods-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    (name == b"Podfile.lock").then_some(parse_podfile_lock::read as Reader)
}

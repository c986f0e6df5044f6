//! Ruby gems: the specification that RubyGems writes for each installed gem, default gems of Ruby included,
//! and lock files.
//!
//! Only files in a directory `specifications` count; a `.gemspec` among a gem's own files is a source, and may stand
//! for a gem that is not installed.

mod parse_gemspec;
mod parse_lock;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::path::{name, parent};
use crate::registry::Cataloger;

/// `specifications/*.gemspec` and `specifications/default/*.gemspec`.
pub(crate) const SPECIFICATION: Cataloger = Cataloger {
    name: "gem-specification",
    version: 2,
    language: true,
    wants: |path, name| name.ends_with(b".gemspec") && is_installed(path),
    read: parse_gemspec::read,
};

/// Lock files of Bundler.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "gem-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    matches!(name, b"Gemfile.lock" | b"gems.locked").then_some(parse_lock::read as Reader)
}

fn is_installed(path: &[u8]) -> bool {
    let holder = parent(path);
    match name(holder) {
        b"specifications" => true,
        b"default" => name(parent(holder)) == b"specifications",
        _ => false,
    }
}

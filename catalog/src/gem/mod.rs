//! Ruby gems: the specification that RubyGems writes for each installed gem, default gems of Ruby included.
//!
//! Only files in a directory `specifications` count; a `.gemspec` among a gem's own files is a source, and may stand
//! for a gem that is not installed.

mod parse_gemspec;

use crate::path::{name, parent};
use crate::registry::Cataloger;

/// `specifications/*.gemspec` and `specifications/default/*.gemspec`.
pub(crate) const SPECIFICATION: Cataloger = Cataloger {
    name: "gem-specification",
    version: 1,
    language: true,
    wants: |path, name| name.ends_with(b".gemspec") && is_installed(path),
    read: parse_gemspec::read,
};

fn is_installed(path: &[u8]) -> bool {
    let holder = parent(path);
    match name(holder) {
        b"specifications" => true,
        b"default" => name(parent(holder)) == b"specifications",
        _ => false,
    }
}

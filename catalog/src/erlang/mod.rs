//! Applications of the Erlang runtime, Elixir's among them: the resource file of each, and what Hex keeps beside it.
//!
//! The decision a reader may doubt: an application is one of Hex only if Hex's own metadata (or a lock file) say so. OTP's
//! own applications and those of unpublished programs look the same, and a name that is taken on Hex by something else
//! would be judged by the wrong advisories.

mod parse_app;
mod parse_archive;
mod parse_hex;
mod parse_lock;
mod term;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::path::{has_suffix, name, parent};
use crate::registry::Cataloger;

/// `ebin/<name>.app`.
pub(crate) const APPLICATION: Cataloger = Cataloger {
    name: "erlang-app",
    version: 1,
    language: true,
    wants: |path, file| is_resource(path, file),
    read: parse_app::read,
};

/// `<name>-<version>.ez`: an application packed as a zip archive, from which the runtime loads it.
pub(crate) const ARCHIVE: Cataloger = Cataloger {
    name: "erlang-archive",
    version: 1,
    language: true,
    wants: |_, file| has_suffix(file, b".ez"),
    read: parse_archive::read,
};

/// `hex_metadata.config`: what Hex packs with a package.
pub(crate) const HEX: Cataloger = Cataloger {
    name: "hex-metadata",
    version: 1,
    language: true,
    wants: |_, file| file == b"hex_metadata.config",
    read: parse_hex::read,
};

fn is_resource(path: &[u8], file: &[u8]) -> bool {
    file.ends_with(b".app") && name(parent(path)) == b"ebin"
}

/// Lock files of Mix and Rebar. The sources of a dependency lie in `deps/` with their own.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "hex-lock",
    version: 1,
    language: true,
    wants: |path, file| lock_reader(file).is_some() && is_own(path) && name(parent(parent(path))) != b"deps",
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    match name {
        b"mix.lock" => Some(parse_lock::read_mix),
        b"rebar.lock" => Some(parse_lock::read_rebar),
        _ => None,
    }
}

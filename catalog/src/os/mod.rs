//! The operating system's own files: its release and its accounts.
//!
//! `etc/os-release` is a link to `usr/lib/os-release` on most systems, so both are read and the choice is made
//! when the image is composed ([`release::choose`]).

mod parse_older;
mod parse_passwd;
mod parse_release;
pub(crate) mod release;

use crate::path::parent;
use crate::registry::Cataloger;

/// Largest release file that is read.
const MAX_RELEASE: u64 = 64 << 10;
/// Largest account file that is read.
const MAX_PASSWD: u64 = 4 << 20;

/// `os-release`, `alpine-release`, `debian_version` and the files that older systems have instead.
pub(crate) const RELEASE: Cataloger = Cataloger {
    name: "os-release",
    version: 2,
    language: false,
    wants: |path, name| match path.first() {
        Some(b'e') if path.len() < 24 => {
            matches!(path, b"etc/os-release" | b"etc/alpine-release" | b"etc/debian_version")
                || (parent(path) == b"etc" && parse_older::FILES.iter().any(|file| file.as_bytes() == name))
        }
        Some(b'u') => path == b"usr/lib/os-release",
        _ => false,
    },
    read: parse_release::read,
};

/// Account names of `etc/passwd`.
pub(crate) const USERS: Cataloger = Cataloger {
    name: "users",
    version: 1,
    language: false,
    wants: |path, _| path == b"etc/passwd",
    read: parse_passwd::read,
};

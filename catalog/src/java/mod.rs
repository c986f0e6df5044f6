//! Java archives: `jar`, `war`, `ear` and their relatives, nested in each other, in any case of letters.
//!
//! An archive's directory is at its end, so an archive is held in memory while it is read; that is the one
//! kind of file for which this is so. All limits of [`Limits`] count per outermost file.

mod classes;
mod identify;
mod known;
mod manifest;
mod parse_archive;
mod parse_gradle_lockfile;
mod parse_project;
mod parse_sbt_lock;
mod pom;
pub(crate) mod zip;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::path::has_suffix;
use crate::registry::Cataloger;

/// Java archives by suffix.
pub(crate) const ARCHIVE: Cataloger = Cataloger {
    name: "java-archive",
    version: 3,
    language: true,
    wants: |_, name| is_archive(name),
    read: parse_archive::read,
};

/// Lock files of Gradle and sbt, and projects of Maven.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "java-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    match name {
        b"pom.xml" => Some(parse_project::read),
        _ if name.ends_with(b".lockfile") => Some(parse_gradle_lockfile::read),
        _ if name.ends_with(b".sbt.lock") => Some(parse_sbt_lock::read),
        _ => None,
    }
}

/// Suffixes of Java archives: libraries, web, enterprise, persistence, service and resource archives, Jenkins plug-ins,
/// archives of Karaf, NiFi and Liferay.
const SUFFIXES: [&[u8]; 11] =
    [b".jar", b".war", b".ear", b".par", b".sar", b".rar", b".kar", b".nar", b".hpi", b".jpi", b".lpkg"];

/// Whether a file name is that of a Java archive.
fn is_archive(name: &[u8]) -> bool {
    match name.last() {
        Some(b'r' | b'R' | b'i' | b'I' | b'g' | b'G') => {
            SUFFIXES.iter().any(|suffix| has_suffix(name, suffix))
        }
        _ => false,
    }
}

/// What one outermost archive may cost.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Size of the archive itself and of each nested one, in bytes.
    archive: u64,
    /// Sum of all bytes that are inflated, or searched as nested archives that lie there unpacked.
    bytes: u64,
    /// Archives that are opened, nested ones included.
    archives: usize,
    /// Directory entries that are looked at, nested ones included.
    members: u64,
    /// Levels of archives in archives, the outermost included.
    depth: usize,
    /// Size of a text member (`pom.properties`, manifest) that is read.
    text: u64,
    /// Packages that are kept.
    packages: usize,
}

const LIMITS: Limits = Limits {
    archive: 512 << 20,
    bytes: 2 << 30,
    archives: 20_000,
    members: 4_000_000,
    depth: 8,
    text: 1 << 20,
    packages: 100_000,
};

/// Every text reader of this folder on the same bytes.
#[cfg(fuzzing)]
pub(crate) fn fuzzing(content: &[u8]) {
    let _ = (pom::parse_properties(content), pom::parse_xml(content), manifest::parse(content));
}

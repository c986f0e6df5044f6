//! Update notices of RPM repositories (`repodata/*updateinfo.xml*`) of Amazon Linux, Fedora, EPEL, Rocky Linux and AlmaLinux,
//! and the same notices as JSON (AlmaLinux's `errata.json` and `errata.full.json`, the pages of Rocky's errata service).
//!
//! The form has no specification; what counts is what createrepo_c and libdnf write and read
//! (<https://github.com/rpm-software-management/createrepo_c>, `src/updateinfo.c`). Only notices of type `security` say something,
//! the others are counted. Other publishers' notices are set aside: nobody here knows what their releases are called.
//!
//! The decision a reader may doubt: the list is cut into its `<update>` elements by searching the text before any of it is
//! parsed. So one malformed notice costs itself alone, and the digest of a notice is that of the publisher's own bytes.

mod advisory;
mod convert;
mod errata;
mod modules;
mod parse;
mod release;

use crate::input::{FeedFile, LIMITS, read_document};
use crate::record::FileHarvest;
use crate::registry::Recognised;

pub(crate) const FEED: &str = "updateinfo";

/// Endings of compressed files.
const COMPRESSED: [&str; 4] = [".gz", ".xz", ".zst", ".bz2"];

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let name = plain_name(file).to_ascii_lowercase();
    if name.starts_with("repomd") && name.ends_with(".xml") {
        return Recognised::NotUsed("a repository's table of contents is not needed".into());
    }
    if name.contains("updateinfo") && name.ends_with(".xml") || is_errata(file) {
        return Recognised::Yes;
    }
    if name.ends_with("modules.yaml") && file.folder() == "repodata" {
        return Recognised::NotUsed("it is read together with the update notices beside it".into());
    }
    Recognised::No
}

/// The file's name without an ending for compression.
fn plain_name(file: &FeedFile) -> &str {
    COMPRESSED.iter().find_map(|ending| file.name.strip_suffix(ending)).unwrap_or(&file.name)
}

/// Whether it holds errata as JSON: AlmaLinux's names are plain, pages of Rocky's service are known by their folders.
fn is_errata(file: &FeedFile) -> bool {
    let name = plain_name(file);
    let folders = || file.parents.iter().map(|folder| folder.to_ascii_lowercase());
    let rocky = folders().any(|folder| folder.contains("rocky"));
    let errata = name.contains("errata") || folders().any(|folder| folder.contains("errata"));
    matches!(name, "errata.json" | "errata.full.json") || rocky && errata && name.ends_with(".json")
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let text = read_document(&file.path, &LIMITS)?;
    let mut reading = convert::Reading::new(file);
    if plain_name(file).ends_with(".json") {
        errata::for_each(&text, out, |raw, advisory, out| reading.add(raw, advisory, out))?;
    } else {
        parse::for_each(&text, out, |raw, advisory, out| reading.add(raw, advisory, out))?;
    }
    out.date = file.date().or(reading.newest());
    Ok(())
}

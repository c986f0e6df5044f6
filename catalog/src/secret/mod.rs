//! Credentials that somebody left in an image: in files that are settings, sources or keys, and in the image's config.
//!
//! What it is not for: what packages ship, the same for every user of them. Their directories are not looked into
//! ([`place`]), and what an OS package owns is dropped when the layers are composed. A credential itself is never kept:
//! [`search`] gives it masked.
//!
//! The decision a reader may doubt: names and places decide which files are searched, not contents. Searching every
//! file would cost as much as decompressing them all; a token in a file called `data.bin` is missed.

mod allow;
pub(crate) mod config;
mod container;
mod named;
mod place;
mod reference;
mod rule;
mod scrub;
mod search;
mod shape;
mod table;
mod table_tokens;
#[cfg(test)]
mod tests;

pub use container::mask_container;
pub use reference::reference_page;
pub(crate) use scrub::scrub;

use crate::facts::Facts;
use crate::registry::{Cataloger, Input};
use crate::text::{Problem, read_all};

/// Files that may hold credentials.
pub(crate) const SECRETS: Cataloger = Cataloger {
    name: "secrets",
    version: 1,
    language: false,
    wants: |path, name| place::kind(path, name).is_some(),
    read,
};

/// Larger files are data and not settings, sources or keys.
const MAX_FILE: u64 = 1 << 20;

fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let kind = place::kind(input.path, crate::path::name(input.path));
    let Some(kind) = kind.filter(|_| input.size <= MAX_FILE) else { return Ok(()) };
    let text = read_all(input.content, input.size, MAX_FILE)?;
    search::file(&text, kind, input.path, facts);
    Ok(())
}

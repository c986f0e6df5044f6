//! The list that cargo-auditable leaves in a Rust program: JSON, compressed with zlib, in a section `.dep-v0`
//! (rust-secure-code, cargo-auditable, "Parsing").
//!
//! Crates that only the build ran are left out: nothing of them is in the program.

use flate2::read::ZlibDecoder;
use model::Ecosystem;
use serde::Deserialize;

use super::layout::Table;
use super::stream::Stream;
use crate::facts::{Facts, Found};
use crate::text::Problem;

/// Bytes kept of what an ELF file holds behind all that is loaded: this many of its begin, and as many of its end.
pub(super) const MAX_TAIL: u64 = 8 << 20;
/// Largest section.
const MAX_SECTION: u64 = 8 << 20;
/// Bytes of JSON that are read; 500 crates have 60,000.
const MAX_JSON: u64 = 16 << 20;
/// Longest name or version.
const MAX_WORD: usize = 1_024;
const SECTION: &[u8] = b".dep-v0";

#[derive(Deserialize)]
struct List {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    #[serde(default)]
    kind: Option<String>,
}

/// Reads the section at this offset and of this size.
pub(super) fn read_section(
    stream: &mut Stream<'_>,
    (offset, size): (u64, u64),
    facts: &mut Facts,
) -> Result<(), Problem> {
    if size > MAX_SECTION {
        return Err(Problem::TooLarge { size, limit: MAX_SECTION });
    }
    if stream.skip_to(offset)? { parse(&stream.take(size as usize)?, facts) } else { Ok(()) }
}

/// Reads what is not loaded, and the section if it is there. That of a program with its debug data may be larger than
/// is kept: then its begin, where the section lies, and its end with the table are kept.
pub(super) fn read_tail(stream: &mut Stream<'_>, table: &Table, facts: &mut Facts) -> Result<(), Problem> {
    let from = table.loaded_end;
    if !stream.skip_to(from)? {
        return Ok(());
    }
    let first = stream.take(MAX_TAIL as usize)?;
    let table_from = table.offset.saturating_sub(MAX_TAIL / 2).max(from + first.len() as u64);
    let section = if (first.len() as u64) < MAX_TAIL {
        table.find(SECTION, &first, from)
    } else if stream.skip_to(table_from)? {
        // The names lie beside the table.
        table.find(SECTION, &stream.take(MAX_TAIL as usize)?, table_from)
    } else {
        None
    };
    let Some((offset, size)) = section else { return Ok(()) };
    let begin = offset.checked_sub(from).and_then(|begin| usize::try_from(begin).ok());
    let bytes = begin.and_then(|begin| first.get(begin..)?.get(..usize::try_from(size).ok()?));
    match bytes {
        Some(bytes) => parse(bytes, facts),
        None => Err(Problem::Malformed(format!(
            "section .dep-v0 lies more than {MAX_TAIL} bytes behind the loaded data, or is loaded itself"
        ))),
    }
}

fn parse(compressed: &[u8], facts: &mut Facts) -> Result<(), Problem> {
    let json = std::io::Read::take(ZlibDecoder::new(compressed), MAX_JSON);
    let list: List = serde_json::from_reader(std::io::BufReader::new(json))
        .map_err(|error| Problem::Malformed(format!("section .dep-v0 cannot be read: {error}")))?;
    for package in list.packages {
        let is_word =
            |text: &str| !text.is_empty() && text.len() <= MAX_WORD && !text.contains(char::is_control);
        if package.kind.as_deref() != Some("build") && is_word(&package.name) && is_word(&package.version) {
            facts.packages.push(Found::language(Ecosystem::Cargo, package.name, package.version));
        }
    }
    Ok(())
}

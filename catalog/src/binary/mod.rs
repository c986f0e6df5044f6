//! Programs that name what they were built from: Go's build information, and the list that cargo-auditable leaves in
//! Rust programs. ELF, PE and Mach-O. And well-known programs and libraries that tell their own version ([`known`]).
//!
//! What it is not for: programs without such a record, whose parts nobody can tell without guessing.
//!
//! The decision a reader may doubt: a program is never held in memory, and is read once, forward, although all three
//! formats are made for seeking. The headers at the front tell where the writable data begin, and Go's record lies
//! there. Of ELF only the sections that are not loaded, cargo-auditable's among them, are found through a table at the
//! end; what lies between the last loaded byte and that table is small in a program that is shipped, and is kept up to
//! [`audit::MAX_TAIL`].

mod audit;
mod bytes;
mod elf;
mod evidence;
mod go_info;
mod go_modules;
mod go_strings;
mod known;
mod layout;
mod macho;
mod pe;
mod stream;
#[cfg(test)]
pub(crate) mod tests;

use std::io::Read;

use image::EntryKind;
use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::path::{self, has_suffix};
use crate::registry::{Cataloger, Input};
use crate::text::Problem;
use evidence::Searched;
use layout::Format;
use stream::Stream;

/// Files with an executable bit, and whatever their mode those called `*.exe` or as a well-known program or library.
pub(crate) const PROGRAM: Cataloger = Cataloger {
    name: "program",
    version: 3,
    language: false,
    wants: |_, name| {
        matches!(name.last(), Some(b'e' | b'E')) && has_suffix(name, b".exe") || known::is_known(name)
    },
    read,
};

/// The smallest file that is looked into: no program with a record is smaller than its headers.
const MIN_SIZE: u64 = 128;

/// Bytes of one program that are read. A sparse file may claim any size at no cost.
const MAX_PROGRAM: u64 = 4 << 30;

/// Whether an entry may be a program by its kind, mode and size alone.
pub(crate) fn is_program(kind: EntryKind, mode: u32, size: u64) -> bool {
    match kind {
        EntryKind::File => mode & 0o111 != 0 && size >= MIN_SIZE,
        // The archive states no size for a link.
        EntryKind::HardLink => mode & 0o111 != 0,
        _ => false,
    }
}

/// Reads a program. Scripts cost four bytes, programs of no known format no more, and what only looks like one of the
/// formats is passed over without a note.
fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut magic = [0; 4];
    match input.content.read_exact(&mut magic) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
        other => other?,
    }
    let Some(format) = Format::of(magic) else { return Ok(()) };
    let mut searched = Searched::new(input.content, path::name(input.path));
    let outcome = read_parts(format, magic, input.size, &mut searched, facts);
    for (name, version) in searched.finish()? {
        facts.packages.push(Found::language(Ecosystem::Generic, name, version));
    }
    outcome
}

/// Reads the record that the program's linker left.
fn read_parts(
    format: Format,
    magic: [u8; 4],
    size: u64,
    content: &mut dyn Read,
    facts: &mut Facts,
) -> Result<(), Problem> {
    let mut content = content.take(MAX_PROGRAM);
    let mut stream = Stream::new(&mut content, &magic);
    let Some(layout) = format.layout(stream.fill(stream::WINDOW)?) else { return Ok(()) };
    if let Some(section) = layout.audit {
        return audit::read_section(&mut stream, section, facts);
    }
    if let Some(info) = go_info::find(&mut stream, &layout)? {
        go_modules::packages(&info, facts);
        return Ok(());
    }
    if let Some(table) = &layout.sections {
        audit::read_tail(&mut stream, table, facts)?;
    }
    if facts.packages.is_empty() && size > MAX_PROGRAM {
        return Err(Problem::TooLarge { size, limit: MAX_PROGRAM });
    }
    Ok(())
}

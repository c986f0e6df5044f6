//! What the head of a program tells of where its parts lie.

use memchr::memmem;

use super::{elf, macho, pe};

/// The format of a program.
#[derive(Clone, Copy)]
pub(super) enum Format {
    Elf,
    Pe,
    MachO,
}

impl Format {
    /// The format that begins with these bytes.
    pub(super) fn of(magic: [u8; 4]) -> Option<Self> {
        match magic {
            [0x7f, b'E', b'L', b'F'] => Some(Self::Elf),
            [b'M', b'Z', _, _] => Some(Self::Pe),
            [0xce | 0xcf, 0xfa, 0xed, 0xfe] | [0xfe, 0xed, 0xfa, 0xce | 0xcf] => Some(Self::MachO),
            _ => None,
        }
    }

    /// Reads the head of a program; `None` if it is none, or has no parts that are loaded.
    pub(super) fn layout(self, head: &[u8]) -> Option<Layout> {
        let mut layout = match self {
            Self::Elf => elf::layout(head),
            Self::Pe => pe::layout(head),
            Self::MachO => macho::layout(head),
        }?;
        layout.ranges.sort_unstable_by_key(|range| range.offset);
        layout.data.retain(|range| range.size > 0);
        layout.data.sort_unstable_by_key(|range| range.offset);
        layout.marked = is_marked(head);
        Some(layout)
    }
}

/// A part of the file that is loaded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    /// Where it begins in the file.
    pub offset: u64,
    /// Its bytes in the file.
    pub size: u64,
    /// Where its first byte comes to lie in memory.
    pub address: u64,
}

/// Where the parts of a program lie.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// What is loaded, by offset.
    pub ranges: Vec<Range>,
    /// The writable parts, by offset; Go's build information lies in one of them.
    pub data: Vec<Range>,
    /// Offset and size of cargo-auditable's section, where the head tells it.
    pub audit: Option<(u64, u64)>,
    /// The table of sections of an ELF file.
    pub sections: Option<Table>,
    /// Whether the head carries the mark of Go's linker.
    pub marked: bool,
}

/// The table of sections at the end of an ELF file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// The first byte behind all that is loaded.
    pub loaded_end: u64,
    /// Where the table begins.
    pub offset: u64,
    /// Number of sections.
    pub count: u16,
    /// Which section holds the names.
    pub names: u16,
    /// Whether the file is one of 64 bits.
    pub wide: bool,
    /// Whether the most significant byte comes first.
    pub big: bool,
}

impl Layout {
    /// The place in the file of an address in memory.
    pub(super) fn offset_of(&self, address: u64) -> Option<u64> {
        self.ranges.iter().find_map(|range| {
            let into = address.checked_sub(range.address).filter(|into| *into < range.size)?;
            range.offset.checked_add(into)
        })
    }
}

/// Go's linker marks a program with a note (type 4, owner `Go`) in ELF, else with a text before the first function.
/// The mark alone proves nothing; without it the search through the read-only parts is spared.
fn is_marked(head: &[u8]) -> bool {
    [&b"\x04\0\0\0Go\0\0"[..], b"\0\0\0\x04Go\0\0", b"\xff Go build ID: \""]
        .iter()
        .any(|mark| memmem::find(head, mark).is_some())
}

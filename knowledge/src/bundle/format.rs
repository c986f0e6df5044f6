//! The frame of a bundle file: header and section table.
//!
//! ```text
//! offset  size  what (integers are little-endian)
//!      0     8  magic "PLIMBNDL"
//!      8     4  format version
//!     12     4  number of sections
//!     16     8  length of the whole file
//!     24    32  SHA-256 of everything after the header: the bundle's id
//!     56    32  SHA-256 of bytes 0..56 and of the section table
//!     88  24*n  section table: tag (4), zero (4), offset from the start of the file (8), length (8)
//!      …        the sections
//! ```
//!
//! Opening checks the frame only, which takes the same time for any size; the digest over the content is
//! checked by [`crate::Bundle::verify`] when a bundle arrives from outside.

use model::Digest;
use sha2::{Digest as _, Sha256};

/// The first bytes of every bundle.
pub(crate) const MAGIC: [u8; 8] = *b"PLIMBNDL";

/// The newest format that this program writes and reads. Raised whenever a stored type changes its form,
/// `model::Vulnerability` and `model::Lifecycle` included.
pub(crate) const FORMAT: u32 = 3;

pub(crate) const HEADER: usize = 88;
pub(crate) const TABLE_ENTRY: usize = 24;
const MAX_SECTIONS: usize = 64;

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Section {
    /// The manifest as JSON.
    Manifest = 1,
    /// Table: `namespace NUL package` → a row, see [`super::row`].
    Advisories = 2,
    /// Table: number (big-endian) → vulnerability.
    Vulnerabilities = 3,
    /// Table: product → its cycles.
    Lifecycles = 4,
    /// Table: `family|id` → number.
    Registry = 5,
    /// Hash index over the keys of `Advisories`.
    AdvisoryIndex = 6,
    /// Table: number (big-endian) → exploit prediction, apart because it changes daily.
    Predictions = 7,
    /// Table: `feed NUL advisory` → where a record came from.
    Records = 8,
    /// Table: `list NUL name` → position in `Lifecycles` (4), 1 if it is a guess (1).
    LifecycleNames = 9,
}

impl Section {
    /// All kinds.
    const ALL: [Self; 9] = [
        Self::Manifest,
        Self::Advisories,
        Self::Vulnerabilities,
        Self::Lifecycles,
        Self::Registry,
        Self::AdvisoryIndex,
        Self::Predictions,
        Self::Records,
        Self::LifecycleNames,
    ];

    /// The kind of this number.
    pub(crate) fn of(tag: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|section| *section as u32 == tag)
    }
}

/// Puts sections into one file image; equal sections give equal bytes.
pub(crate) fn assemble(sections: &[(Section, Vec<u8>)]) -> Vec<u8> {
    let table_end = HEADER + TABLE_ENTRY * sections.len();
    let total = table_end + sections.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    let mut file = Vec::with_capacity(total);
    file.resize(HEADER, 0);
    let mut offset = table_end;
    for (section, bytes) in sections {
        file.extend((*section as u32).to_le_bytes());
        file.extend(0_u32.to_le_bytes());
        file.extend((offset as u64).to_le_bytes());
        file.extend((bytes.len() as u64).to_le_bytes());
        offset += bytes.len();
    }
    for (_, bytes) in sections {
        file.extend(bytes);
    }
    let count = u32::try_from(sections.len()).expect("a bundle has a handful of sections");
    file[0..8].copy_from_slice(&MAGIC);
    file[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    file[12..16].copy_from_slice(&count.to_le_bytes());
    file[16..24].copy_from_slice(&(total as u64).to_le_bytes());
    let content: [u8; 32] = Sha256::digest(&file[HEADER..]).into();
    file[24..56].copy_from_slice(&content);
    let frame = frame_digest(&file[..56], &file[HEADER..table_end]);
    file[56..88].copy_from_slice(&frame);
    file
}

/// A frame that was checked: sections are known to lie inside the file.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) content: Digest,
    sections: Vec<(u32, usize, usize)>,
}

/// Why a frame is refused.
#[derive(Debug)]
pub(crate) enum FrameError {
    Newer(u32),
    Damaged(String),
}

impl Frame {
    /// Checks magic, format, length, frame digest and section bounds.
    pub(crate) fn read(file: &[u8]) -> Result<Self, FrameError> {
        let damaged = |reason: String| Err(FrameError::Damaged(reason));
        if file.len() < HEADER {
            return damaged(format!("it has {} bytes, less than a header", file.len()));
        }
        if file[0..8] != MAGIC {
            return damaged("it does not start with a bundle's magic".into());
        }
        let format = u32_at(file, 8);
        if format > FORMAT {
            return Err(FrameError::Newer(format));
        }
        if format != FORMAT {
            return damaged(format!("format {format} is not known"));
        }
        let total = u64_at(file, 16);
        if total != file.len() as u64 {
            return damaged(format!("it has {} of {total} bytes", file.len()));
        }
        let count = u32_at(file, 12) as usize;
        let table_end = HEADER + TABLE_ENTRY * count.min(MAX_SECTIONS);
        if count > MAX_SECTIONS || table_end > file.len() {
            return damaged(format!("a table of {count} sections does not fit"));
        }
        if frame_digest(&file[..56], &file[HEADER..table_end])[..] != file[56..88] {
            return damaged("the checksum of its header does not match".into());
        }
        let mut content = [0_u8; 32];
        content.copy_from_slice(&file[24..56]);
        let mut sections = Vec::with_capacity(count);
        for index in 0..count {
            let entry = HEADER + TABLE_ENTRY * index;
            let (tag, start, length) =
                (u32_at(file, entry), u64_at(file, entry + 8), u64_at(file, entry + 16));
            let end = start.checked_add(length).filter(|end| *end <= total && start >= table_end as u64);
            match end {
                Some(end) => sections.push((tag, start as usize, end as usize)),
                None => return damaged(format!("section {tag} at byte {start} does not fit")),
            }
        }
        Ok(Self { content: Digest::from_bytes(content), sections })
    }

    /// The sections in the order in which they lie: kind, first byte, byte after the last.
    pub(crate) fn sections(&self) -> &[(u32, usize, usize)] {
        &self.sections
    }

    /// Where a section lies; empty if the file has none of that kind.
    pub(crate) fn section(&self, section: Section) -> std::ops::Range<usize> {
        self.sections
            .iter()
            .find(|(tag, _, _)| *tag == section as u32)
            .map_or(0..0, |&(_, start, end)| start..end)
    }
}

/// Makes magic, format, length and checksum of a header right; `file` is at least a header long.
#[cfg(fuzzing)]
pub(crate) fn reseal(file: &mut [u8]) {
    let total = file.len() as u64;
    file[0..8].copy_from_slice(&MAGIC);
    file[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    file[16..24].copy_from_slice(&total.to_le_bytes());
    let sections = (u32_at(file, 12) as usize).min(MAX_SECTIONS);
    let table_end = (HEADER + TABLE_ENTRY * sections).min(file.len());
    let frame = frame_digest(&file[..56], &file[HEADER..table_end]);
    file[56..88].copy_from_slice(&frame);
}

fn frame_digest(header: &[u8], table: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(header);
    digest.update(table);
    digest.finalize().into()
}

/// Reads four bytes; out of range reads as zero, callers have checked the bounds.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |slice| u32::from_le_bytes([slice[0], slice[1], slice[2], slice[3]]))
}

/// Reads eight bytes; see [`u32_at`].
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | (u64::from(u32_at(bytes, at + 4)) << 32)
}

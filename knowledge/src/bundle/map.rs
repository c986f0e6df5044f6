//! The bytes of a bundle: a file mapped into memory, or a buffer.
//!
//! This is the only place in Plimsoll with unsafe code. The decision a reader may doubt: a mapped file that
//! someone truncates while it is mapped kills the process on access. Bundles are therefore never
//! written in place: they are made beside, synced and renamed, and an old one lives on until unmapped.

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use crate::error::KnowledgeError;

/// Immutable bytes that may be shared between threads.
#[derive(Debug)]
pub(crate) enum Bytes {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Bytes {
    /// Maps a file read-only. An empty file gives an empty buffer, as it cannot be mapped.
    #[expect(unsafe_code, reason = "mapping a file is unsafe by nature; see the module's words")]
    pub(crate) fn map(path: &Path) -> Result<Self, KnowledgeError> {
        let file = File::open(path).map_err(KnowledgeError::io("open", path))?;
        let metadata = file.metadata().map_err(KnowledgeError::io("read", path))?;
        if !metadata.is_file() {
            return Err(KnowledgeError::Damaged { path: path.to_owned(), reason: "it is not a file".into() });
        }
        if metadata.len() == 0 {
            return Ok(Self::Owned(Vec::new()));
        }
        // SAFETY: the map is read-only, and bundle files are replaced by rename and never changed in place,
        // so the bytes stay as they are for as long as the map lives.
        let map = unsafe { Mmap::map(&file) }.map_err(KnowledgeError::io("map", path))?;
        Ok(Self::Mapped(map))
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

//! How a layer is stored, told from its first bytes.
//!
//! The media type in the manifest is not asked: builders get it wrong, and runtimes look at the bytes as
//! well.

use crate::tar::is_header;

/// How the bytes of a layer are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// As the tar stream itself.
    None,
    /// gzip (RFC 1952), possibly of several members.
    Gzip,
    /// zstd (RFC 8878), possibly of several frames.
    Zstd,
}

impl Compression {
    /// How many of the first bytes [`Self::recognise`] wants to see.
    pub(crate) const HEAD: u64 = 512;

    /// Looks at the first bytes; a form that cannot be read is an error with its name.
    pub(crate) fn recognise(head: &[u8]) -> Result<Self, &'static str> {
        if head.starts_with(&[0x1f, 0x8b]) {
            return Ok(Self::Gzip);
        }
        if is_zstd_frame(head) {
            return Ok(Self::Zstd);
        }
        // the marks of the rest are letters that a file name may begin with
        if is_header(head) {
            return Ok(Self::None);
        }
        if head.starts_with(b"\xfd7zXZ\0") {
            return Err("compressed with xz");
        }
        if head.starts_with(b"BZh") {
            return Err("compressed with bzip2");
        }
        Ok(Self::None)
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Whether `head` begins a zstd frame or a skippable frame (RFC 8878 §3.1.1, §3.1.2).
pub(crate) fn is_zstd_frame(head: &[u8]) -> bool {
    matches!(head, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

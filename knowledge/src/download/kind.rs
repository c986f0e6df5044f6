//! What a file must look like, so that an error page or a cut file never replaces a good one.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::input::{LIMITS, open_decompressed};

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Gzip,
    Zip,
    Bzip2,
    Xz,
    Zstd,
    Xml,
    /// Lists and tables: anything but a page.
    Text,
    /// A directory listing for people.
    Page,
}

/// As many bytes of the beginning are looked at.
pub(super) const HEAD: usize = 64;

impl Kind {
    /// Whether a file may begin so; `head` are its first [`HEAD`] bytes, or all of it.
    pub(crate) fn fits(self, head: &[u8]) -> bool {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let lower = text.to_ascii_lowercase();
        let page = [&b"<!doctype html"[..], b"<html", b"<head", b"<body"];
        match self {
            Self::Json => matches!(text.first(), Some(b'{' | b'[')),
            Self::Gzip => head.starts_with(&[0x1f, 0x8b]),
            Self::Zip => head.starts_with(b"PK"),
            Self::Bzip2 => head.starts_with(b"BZh"),
            Self::Xz => head.starts_with(b"\xfd7zXZ\0"),
            Self::Zstd => head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]),
            Self::Xml => text.starts_with(b"<") && !page.iter().any(|page| lower.starts_with(page)),
            Self::Text => !text.is_empty() && !text.starts_with(b"<"),
            Self::Page => !text.is_empty(),
        }
    }

    /// Whether the file has its end too: a length that a server announced wrongly cuts it where nobody notices.
    pub(crate) fn is_whole(self, path: &Path) -> Result<(), String> {
        let cut = || Err("it is cut short".to_owned());
        match self {
            Self::Json if !matches!(last_byte(path)?, Some(b'}' | b']')) => cut(),
            Self::Xml if last_byte(path)? != Some(b'>') => cut(),
            Self::Json | Self::Xml | Self::Text | Self::Page => Ok(()),
            Self::Zip => {
                let file = File::open(path).map_err(|error| error.to_string())?;
                match zip::ZipArchive::new(file) {
                    Ok(_) => Ok(()),
                    Err(error) => Err(format!("it is no whole archive: {error}")),
                }
            }
            Self::Gzip | Self::Bzip2 | Self::Xz | Self::Zstd => unpacks(path),
        }
    }
}

/// Unpacks to the end, where checksums are, within the bounds of reading.
fn unpacks(path: &Path) -> Result<(), String> {
    let mut reader = open_decompressed(path)?.take(LIMITS.archive);
    let bytes = std::io::copy(&mut reader, &mut std::io::sink())
        .map_err(|error| format!("it does not unpack: {error}"))?;
    if bytes == LIMITS.archive {
        return Err(format!("it unpacks to {} bytes or more", LIMITS.archive));
    }
    Ok(())
}

/// The last byte that is no white space, within the last 64 bytes.
fn last_byte(path: &Path) -> Result<Option<u8>, String> {
    let io = |error: std::io::Error| error.to_string();
    let mut file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(64))).map_err(io)?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).map_err(io)?;
    Ok(tail.trim_ascii_end().last().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_page_fits_no_kind() {
        use Kind::{Bzip2, Gzip, Json, Text, Xml, Xz, Zip, Zstd};
        for kind in [Json, Gzip, Zip, Bzip2, Xz, Zstd, Xml, Text] {
            for page in ["<!DOCTYPE html>", " \n<html lang='en'>", "\u{feff}<!doctype html>", ""] {
                assert!(!kind.fits(page.as_bytes()), "{kind:?} {page}");
            }
        }
        assert!(Json.fits(b"\n {") && Json.fits(b"\xef\xbb\xbf{"));
        assert!(Xml.fits(b"<?xml version='1.0'?>") && Xml.fits(b"<repomd xmlns=''>"));
        assert!(Text.fits(b"id,file,codes"));
    }

    #[test]
    fn a_file_without_its_end_is_not_whole() {
        let whole = |kind: Kind, bytes: &[u8]| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), bytes).unwrap();
            kind.is_whole(file.path()).is_ok()
        };
        assert!(whole(Kind::Json, b"{\"a\": [1]}\n") && !whole(Kind::Json, b"{\"a\": [1"));
        assert!(whole(Kind::Xml, b"<a></a>\n") && !whole(Kind::Xml, b"<a></a"));
        let packed = zstd::encode_all(&b"some text"[..], 1).unwrap();
        assert!(whole(Kind::Zstd, &packed) && !whole(Kind::Zstd, &packed[..packed.len() - 3]));
        assert!(!whole(Kind::Zip, b"PK\x03\x04 and no directory"));
    }
}

//! The zip directory (PKWARE APPNOTE 6.3.10) of an archive in memory, and its members on demand.
//!
//! Not a general zip reader: it looks at names without copying them and inflates only what it is asked for,
//! since a jar of thirty thousand classes holds three members of interest. Bytes before the archive (launch
//! scripts) and behind it (padding) are tolerated, because Java tolerates them.

use std::io::Read;

const END: &[u8; 4] = b"PK\x05\x06";
const END64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR64: &[u8; 4] = b"PK\x06\x07";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
const LOCAL: &[u8; 4] = b"PK\x03\x04";

/// Candidates for the end record that are tried, from the back.
const MAX_CANDIDATES: usize = 64;

/// Why an archive or a member cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ZipError {
    /// No end record leads to a directory.
    #[error("no zip directory found")]
    NoDirectory,
    /// The directory breaks off or holds something else.
    #[error("zip directory is broken at byte {offset}")]
    Directory {
        /// Offset in the archive.
        offset: usize,
    },
    /// The member's header is not where the directory says.
    #[error("member has no header at byte {offset}")]
    Member {
        /// Offset in the archive.
        offset: u64,
    },
    /// Encrypted, or packed by a method that Java does not know.
    #[error("member is encrypted or packed with method {0}")]
    Method(u16),
    /// More bytes than allowed.
    #[error("member is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The packed bytes are broken.
    #[error("member cannot be inflated: {0}")]
    Inflate(#[from] std::io::Error),
}

/// An archive whose directory was found.
pub(crate) struct Archive<'a> {
    bytes: &'a [u8],
    directory: &'a [u8],
    directory_at: usize,
    /// Bytes in front of the archive, which offsets do not count.
    shift: u64,
}

/// One entry of the directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    /// Name with `/` between its parts.
    pub name: &'a [u8],
    /// Size when inflated, as the directory states it.
    pub size: u64,
    /// CRC-32 of the inflated bytes, as the directory states it.
    pub crc: u32,
    encrypted: bool,
    method: u16,
    packed: u64,
    offset: u64,
}

impl<'a> Archive<'a> {
    /// Finds the directory of the archive in `bytes`.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, ZipError> {
        let mut end = bytes.len();
        for _ in 0..MAX_CANDIDATES {
            let Some(at) = memchr::memmem::rfind(&bytes[..end], END) else { break };
            if let Some(archive) = Self::with_end(bytes, at) {
                return Ok(archive);
            }
            end = at + END.len() - 1;
        }
        Err(ZipError::NoDirectory)
    }

    fn with_end(bytes: &'a [u8], at: usize) -> Option<Self> {
        let record = bytes.get(at..at + 22)?;
        let (mut size, mut offset) = (u64::from(u32_at(record, 12)), u64::from(u32_at(record, 16)));
        let mut directory_end = at;
        // Any field of the old record may be the one that is full; one that is not tells nothing about the
        // others.
        if let Some(record_at) = find_end64(bytes, at) {
            let record = &bytes[record_at..record_at + 56];
            (size, offset) = (u64_at(record, 40), u64_at(record, 48));
            directory_end = record_at;
        }
        let size = usize::try_from(size).ok()?;
        let directory_at = directory_end.checked_sub(size)?;
        let shift = (directory_at as u64).checked_sub(offset)?;
        let directory = &bytes[directory_at..directory_end];
        if !directory.is_empty() && !directory.starts_with(CENTRAL) {
            return None;
        }
        Some(Self { bytes, directory, directory_at, shift })
    }

    /// The entries in the order of the directory; ends after the first error.
    pub(crate) fn members(&self) -> impl Iterator<Item = Result<Member<'a>, ZipError>> + use<'a> {
        let (directory, directory_at) = (self.directory, self.directory_at);
        let mut at = 0;
        std::iter::from_fn(move || {
            if at >= directory.len() {
                return None;
            }
            match parse_central(&directory[at..]) {
                Some((member, length)) => {
                    at += length;
                    Some(Ok(member))
                }
                None => {
                    let offset = directory_at + at;
                    at = directory.len();
                    Some(Err(ZipError::Directory { offset }))
                }
            }
        })
    }

    /// The bytes of a member as they lie in the archive, if it is stored without packing.
    pub(crate) fn stored(&self, member: &Member<'_>) -> Result<Option<&'a [u8]>, ZipError> {
        if member.encrypted || member.method != 0 {
            return Ok(None);
        }
        self.packed(member).map(Some)
    }

    /// Inflates a member of at most `limit` bytes into `bytes`, which is empty; what came before an error
    /// stays there.
    pub(crate) fn inflate(
        &self,
        member: &Member<'_>,
        limit: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<(), ZipError> {
        if member.encrypted || !matches!(member.method, 0 | 8) {
            return Err(ZipError::Method(member.method));
        }
        if member.size > limit {
            return Err(ZipError::TooLarge { limit });
        }
        let packed = self.packed(member)?;
        if member.method == 0 {
            bytes.extend_from_slice(&packed[..packed.len().min(limit as usize + 1)]);
        } else {
            // The stated size may lie: room is made as bytes come, beyond what packed bytes of this number
            // usually give.
            let usual = (packed.len() as u64).saturating_mul(4).min(member.size);
            bytes.try_reserve(usual as usize).map_err(std::io::Error::other)?;
            flate2::read::DeflateDecoder::new(packed).take(limit + 1).read_to_end(bytes)?;
        }
        if bytes.len() as u64 > limit {
            return Err(ZipError::TooLarge { limit });
        }
        Ok(())
    }

    fn packed(&self, member: &Member<'_>) -> Result<&'a [u8], ZipError> {
        let broken = ZipError::Member { offset: member.offset };
        let slice = || {
            let start = usize::try_from(member.offset.checked_add(self.shift)?).ok()?;
            let header = self.bytes.get(start..start.checked_add(30)?)?;
            if !header.starts_with(LOCAL) {
                return None;
            }
            let data = start + 30 + usize::from(u16_at(header, 26)) + usize::from(u16_at(header, 28));
            self.bytes.get(data..data.checked_add(usize::try_from(member.packed).ok()?)?)
        };
        slice().ok_or(broken)
    }
}

/// The zip64 end record, by its locator in front of the end record, or else directly in front of that.
fn find_end64(bytes: &[u8], end: usize) -> Option<usize> {
    let locator = end.checked_sub(20)?;
    if !bytes[locator..].starts_with(LOCATOR64) {
        return None;
    }
    let is_record =
        |at: usize| bytes.get(at..at.checked_add(56)?).filter(|record| record.starts_with(END64)).map(|_| at);
    let stated = usize::try_from(u64_at(&bytes[locator..], 8)).ok().and_then(is_record);
    stated.or_else(|| is_record(locator.checked_sub(56)?))
}

fn parse_central(bytes: &[u8]) -> Option<(Member<'_>, usize)> {
    let header = bytes.get(..46)?;
    if !header.starts_with(CENTRAL) {
        return None;
    }
    let (name, extra, comment) =
        (usize::from(u16_at(header, 28)), usize::from(u16_at(header, 30)), usize::from(u16_at(header, 32)));
    let length = 46 + name + extra + comment;
    let mut member = Member {
        name: bytes.get(46..46 + name)?,
        size: u64::from(u32_at(header, 24)),
        crc: u32_at(header, 16),
        encrypted: u16_at(header, 8) & 1 == 1,
        method: u16_at(header, 10),
        packed: u64::from(u32_at(header, 20)),
        offset: u64::from(u32_at(header, 42)),
    };
    widen(&mut member, bytes.get(46 + name..46 + name + extra)?);
    bytes.get(..length).map(|_| (member, length))
}

/// Takes the 64-bit values of the zip64 extra field (id 1), which holds only those that do not fit elsewhere.
fn widen(member: &mut Member<'_>, mut extra: &[u8]) {
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let length = usize::from(u16_at(head, 2));
        let Some((mut body, after)) = rest.split_at_checked(length) else { return };
        if u16_at(head, 0) == 1 {
            for value in [&mut member.size, &mut member.packed, &mut member.offset] {
                if *value == 0xffff_ffff {
                    let Some((wide, more)) = body.split_at_checked(8) else { return };
                    *value = u64_at(wide, 0);
                    body = more;
                }
            }
        }
        extra = after;
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use ::zip::write::SimpleFileOptions;

    use super::*;

    fn zip(members: &[(&str, &[u8], bool)]) -> Vec<u8> {
        let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content, stored) in members {
            let method =
                if *stored { ::zip::CompressionMethod::Stored } else { ::zip::CompressionMethod::Deflated };
            writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn inflate(archive: &Archive<'_>, member: &Member<'_>, limit: u64) -> Result<Vec<u8>, ZipError> {
        let mut bytes = Vec::new();
        archive.inflate(member, limit, &mut bytes).map(|()| bytes)
    }

    fn names(bytes: &[u8]) -> Vec<String> {
        let archive = Archive::open(bytes).unwrap();
        archive.members().map(|member| crate::path::text(member.unwrap().name)).collect()
    }

    #[test]
    fn members_are_listed_and_inflated() {
        let bytes = zip(&[("a/b", b"packed packed packed", false), ("c", b"plain", true)]);
        let archive = Archive::open(&bytes).unwrap();
        let members: Vec<_> = archive.members().map(Result::unwrap).collect();
        assert_eq!(inflate(&archive, &members[0], 100).unwrap(), b"packed packed packed");
        assert_eq!(archive.stored(&members[1]).unwrap(), Some(&b"plain"[..]));
        assert!(matches!(inflate(&archive, &members[0], 5), Err(ZipError::TooLarge { limit: 5 })));
    }

    #[test]
    fn zeros_and_scripts_around_the_archive_do_not_hide_its_directory() {
        let inner = zip(&[("a", b"x", true)]);
        let zeros = vec![0_u8; 200_000];
        for bytes in [
            [&zeros[..], &inner].concat(),
            [&inner[..], &zeros].concat(),
            [&b"#!/bin/sh\nexec java -jar $0\n"[..], &inner].concat(),
            [&inner[..], b"PK\x05\x06 not an end record, but it looks like one"].concat(),
        ] {
            assert_eq!(names(&bytes), ["a"]);
            let archive = Archive::open(&bytes).unwrap();
            let member = archive.members().next().unwrap().unwrap();
            assert_eq!(inflate(&archive, &member, 10).unwrap(), b"x");
        }
    }

    #[test]
    fn broken_archives_are_errors_wherever_they_break() {
        let bytes = zip(&[("a", b"some content", false), ("b", b"x", true)]);
        for cut in 0..bytes.len() {
            let _ = Archive::open(&bytes[..cut]).map(|archive| archive.members().count());
            let mut flipped = bytes.clone();
            flipped[cut] ^= 0xff;
            if let Ok(archive) = Archive::open(&flipped) {
                for member in archive.members().flatten() {
                    let _ = inflate(&archive, &member, 1 << 20);
                }
            }
        }
        assert!(matches!(Archive::open(b""), Err(ZipError::NoDirectory)));
        assert!(matches!(Archive::open(&[0; 100]), Err(ZipError::NoDirectory)));
    }
}

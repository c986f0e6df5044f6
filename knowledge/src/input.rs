//! Reading feed files within bounds: plain or compressed documents (gzip, bzip2, xz, zstd), zip and tar archives.
//!
//! Whatever a file claims about its size, no more than the limits is ever held or decompressed.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use model::Timestamp;

use crate::record::FileHarvest;
use crate::tar_name::Names;

/// The most that is read of anything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of one document after decompression.
    pub(crate) document: u64,
    /// Bytes of one archive member after decompression.
    pub(crate) member: u64,
    /// Members of one archive.
    pub(crate) members: usize,
    /// Bytes of all members of one archive together, after decompression.
    pub(crate) archive: u64,
}

/// Sizes of the largest real feeds (Debian's tracker 70 MB, an OSV record some MB, npm's dump above 200,000
/// records, the CVE list 3 GB) with room to grow. A document and its copy while it grows stay below a gibibyte.
pub(crate) const LIMITS: Limits =
    Limits { document: 512 << 20, member: 64 << 20, members: 4_000_000, archive: 32 << 30 };

/// Kibibytes that an xz file may ask for; `xz -9` needs 65 MiB. zstd has such a limit of its own, 128 MiB.
const XZ_MEMORY: u32 = 256 << 10;

/// A file that was found below the folder that is compiled.
#[derive(Clone, Debug)]
pub(crate) struct FeedFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Relative to the folder, with forward slashes.
    pub(crate) relative: String,
    /// Names of the folders above it, outermost first, those above the compiled folder included, so that a
    /// feed is recognised whether its own folder or a folder of feeds is given.
    pub(crate) parents: Vec<String>,
    /// Its own name.
    pub(crate) name: String,
}

impl FeedFile {
    /// The name of the folder that holds it.
    pub(crate) fn folder(&self) -> &str {
        self.parents.last().map_or("", String::as_str)
    }

    /// Whether the name ends in `.extension` or `.extension.gz`.
    pub(crate) fn is(&self, extension: &str) -> bool {
        let name = self.name.strip_suffix(".gz").unwrap_or(&self.name);
        name.strip_suffix(extension).is_some_and(|rest| rest.ends_with('.'))
    }

    /// When the publisher changed it last: from the note that the download left beside it, else a
    /// `yyyy-mm-dd` in its name.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        crate::download::Sidecar::read(&self.path)
            .and_then(|sidecar| sidecar.modified())
            .or_else(|| date_in_name(&self.name))
    }
}

/// The last `yyyy-mm-dd` in a file name.
pub(crate) fn date_in_name(name: &str) -> Option<Timestamp> {
    let last = name.len().checked_sub(10)?;
    (0..=last).rev().filter_map(|at| name.get(at..at + 10)).find_map(Timestamp::parse)
}

/// Reads a document, decompressed if it is compressed, as text.
///
/// A byte order mark is dropped, UTF-16 is converted; bytes that are no UTF-8 become replacement characters,
/// because one wrong letter in one description must not cost a whole feed.
pub(crate) fn read_document(path: &Path, limits: &Limits) -> Result<String, String> {
    let reader = open_decompressed(path)?;
    read_bounded(reader, limits.document).map(decode_text).map_err(|error| error.to_string())
}

/// Opens a regular file; a pipe or a device would never end.
pub(crate) fn open(path: &Path) -> Result<File, String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no regular file".into());
    }
    File::open(path).map_err(|error| error.to_string())
}

/// Opens a file; one that starts like gzip, bzip2, xz or zstd is decompressed on the way, joined members included.
///
/// The first bytes decide and not the name: mirrors and downloads rename files.
pub(crate) fn open_decompressed(path: &Path) -> Result<Box<dyn Read>, String> {
    let mut reader = BufReader::with_capacity(1 << 16, open(path)?);
    let head = reader.fill_buf().map_err(|error| error.to_string())?;
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(MultiGzDecoder::new(reader)));
    }
    if head.starts_with(b"BZh") {
        return Ok(Box::new(bzip2::bufread::MultiBzDecoder::new(reader)));
    }
    if head.starts_with(b"\xfd7zXZ\0") {
        return Ok(Box::new(lzma_rust2::XzReader::new_mem_limit(reader, true, XZ_MEMORY)));
    }
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let decoder = zstd::stream::read::Decoder::with_buffer(reader).map_err(|error| error.to_string())?;
        return Ok(Box::new(decoder));
    }
    Ok(Box::new(reader))
}

/// Reads all of `reader`; more than `limit` bytes are an error.
pub(crate) fn read_bounded(reader: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let most = limit.saturating_add(1);
    let mut reader = reader.take(most);
    let mut bytes = Vec::new();
    loop {
        // Grown by hand: room is never doubled beyond the limit.
        let left = usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(bytes.len());
        let step = if left <= bytes.len().saturating_mul(2) { left } else { bytes.len().max(1 << 16) };
        bytes.reserve_exact(step);
        if reader.by_ref().take(step as u64).read_to_end(&mut bytes)? < step || step == left {
            break;
        }
    }
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("it holds more than {limit} bytes")));
    }
    Ok(bytes)
}

/// See [`read_document`].
pub(crate) fn decode_text(bytes: Vec<u8>) -> String {
    let utf16 = |big: bool| {
        let units = bytes[2..].chunks_exact(2).map(move |pair| {
            if big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) }
        });
        let letters =
            || char::decode_utf16(units.clone()).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        let mut text = String::with_capacity(letters().map(char::len_utf8).sum());
        text.extend(letters());
        text
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => utf16(false),
        [0xfe, 0xff, ..] => utf16(true),
        [0xef, 0xbb, 0xbf, rest @ ..] => lossy(rest),
        _ => String::from_utf8(bytes).unwrap_or_else(|error| lossy(error.as_bytes())),
    }
}

/// Text of bytes that need not be text. A replacement character takes three bytes, so where hardly anything is text,
/// question marks stand for all that is not ASCII: no file becomes three times as large in memory.
fn lossy(bytes: &[u8]) -> String {
    let most = 1000 + bytes.len() / 8;
    let wrong = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).take(most + 1).count();
    let mut text = String::with_capacity(bytes.len() + wrong * char::REPLACEMENT_CHARACTER.len_utf8());
    if wrong > most {
        text.extend(bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }));
        return text;
    }
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

/// Opens a zip file and reads its directory.
pub(crate) fn open_zip(path: &Path) -> Result<zip::ZipArchive<BufReader<File>>, String> {
    zip::ZipArchive::new(BufReader::with_capacity(1 << 16, open(path)?))
        .map_err(|error| format!("it cannot be read as zip: {error}"))
}

/// Calls `visit` with name and text of every member of a zip file whose name `wanted` accepts.
///
/// A member that cannot be read is quarantined under its name; a file without a readable directory is an error.
pub(crate) fn for_each_zip_member<'a>(
    path: &Path,
    limits: &Limits,
    out: &mut FileHarvest<'a>,
    wanted: impl Fn(&str) -> bool,
    mut visit: impl FnMut(&str, &str, &mut FileHarvest<'a>),
) -> Result<(), String> {
    let mut archive = open_zip(path)?;
    if archive.len() > limits.members {
        return Err(format!("it has {} members, more than {}", archive.len(), limits.members));
    }
    let mut budget = limits.archive;
    let mut packed = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    for index in 0..archive.len() {
        let mut member = match archive.by_index(index) {
            Ok(member) => member,
            Err(error) => {
                out.quarantine(&format!("member {index}"), error);
                continue;
            }
        };
        let name = match member.name() {
            Ok(name) => name.into_owned(),
            Err(error) => {
                out.quarantine(&format!("member {index}"), error);
                continue;
            }
        };
        if !wanted(&name) {
            continue;
        }
        // members that share their bytes make a small file as large as anybody likes
        packed = packed.checked_sub(member.compressed_size()).ok_or("its members overlap")?;
        let bytes = match read_bounded(&mut member, limits.member.min(budget)) {
            Ok(bytes) => bytes,
            Err(_) if budget < limits.member => {
                return Err(format!("its members hold more than {} bytes", limits.archive));
            }
            Err(error) => {
                out.quarantine(&name, error);
                continue;
            }
        };
        budget -= bytes.len() as u64;
        visit(&name, &decode_text(bytes), out);
    }
    Ok(())
}

/// Calls `visit` with name and text of every regular member of a tar file (compressed or plain) that `wanted` accepts.
///
/// A member that is too large is quarantined; a broken archive is an error.
pub(crate) fn for_each_tar_member<'a>(
    path: &Path,
    limits: &Limits,
    out: &mut FileHarvest<'a>,
    wanted: impl Fn(&str) -> bool,
    mut visit: impl FnMut(&str, &str, &mut FileHarvest<'a>),
) -> Result<(), String> {
    let mut archive = tar::Archive::new(open_decompressed(path)?.take(limits.archive));
    let entries = archive.entries().map_err(|error| error.to_string())?;
    let mut names = Names::default();
    for (index, entry) in entries.raw(true).enumerate() {
        if index >= limits.members {
            return Err(format!("it has more than {} members", limits.members));
        }
        let mut entry = entry.map_err(|error| format!("member {index}: {error}"))?;
        let name = names.of(&mut entry).map_err(|error| format!("member {index}: {error}"))?;
        let Some(name) = name.filter(|name| wanted(name)) else { continue };
        match read_bounded(&mut entry, limits.member) {
            Ok(bytes) => visit(&name, &decode_text(bytes), out),
            Err(error) if entry.size() > limits.member => out.quarantine(&name, error),
            Err(error) => return Err(format!("{name}: {error}")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::io::Write as _;

    use super::*;

    const SMALL: Limits = Limits { document: 1000, member: 1000, members: 3, archive: 2500 };

    fn temporary(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zip_of(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, bytes) in members {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn a_gzip_bomb_stops_at_the_limit() {
        let bomb = gzip(&vec![b' '; 1_000_000]);
        assert!(bomb.len() < 2000, "the bomb is small: {}", bomb.len());
        let error = read_document(temporary(&bomb).path(), &SMALL).unwrap_err();
        assert!(error.contains("more than 1000 bytes"), "{error}");
    }

    #[test]
    fn a_gzip_document_cut_short_is_refused() {
        let whole = gzip(b"{\"a\": 1}");
        assert!(read_document(temporary(&whole[..whole.len() - 6]).path(), &SMALL).is_err());
        assert_eq!(read_document(temporary(&whole).path(), &SMALL).unwrap(), "{\"a\": 1}");
    }

    /// `{}` as `xz -C crc32` writes it with a dictionary of 64 MiB, and the bytes that ask for 1 GiB instead.
    const XZ: &[u8] =
        b"\xfd7zXZ\0\0\x01\x69\x22\xde\x36\x02\0\x21\x01\x1c\0\0\0\x10\xcf\x58\xcc\x01\0\x01{}\0\0\0\
        \x43\xbf\xa6\xa3\0\x01\x16\x02\xd0\x61\x10\xd2\x90\x42\x99\x0d\x01\0\0\0\0\x01YZ";
    const XZ_ASKS_FOR_A_GIBIBYTE: [u8; 8] = [0x24, 0, 0, 0, 0x5e, 0x1f, 0xc7, 0xf9];

    #[test]
    fn an_xz_file_that_asks_for_too_much_memory_is_refused() {
        assert_eq!(read_document(temporary(XZ).path(), &SMALL).unwrap(), "{}");
        let mut greedy = XZ.to_vec();
        greedy[16..24].copy_from_slice(&XZ_ASKS_FOR_A_GIBIBYTE);
        let error = read_document(temporary(&greedy).path(), &SMALL).unwrap_err();
        assert!(error.contains("mem_limit"), "{error}");
    }

    /// 100,000 blanks, as `xz -0` packs them.
    const XZ_BOMB: [u8; 148] = [
        0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01, 0x0c,
        0x00, 0x00, 0x00, 0x8f, 0x98, 0x41, 0x9c, 0xe1, 0x86, 0x9f, 0x00, 0x53, 0x5d, 0x00, 0x10, 0x6f, 0xfb,
        0xbf, 0xfe, 0xa3, 0xb1, 0x5e, 0xe5, 0xf8, 0x3f, 0xb2, 0xaa, 0x26, 0x55, 0xf8, 0x68, 0x70, 0x41, 0x70,
        0x15, 0x0f, 0x8d, 0xfd, 0x1e, 0x4c, 0x1b, 0x8a, 0x42, 0xb7, 0x19, 0xf4, 0x69, 0x18, 0x71, 0xae, 0x66,
        0x23, 0x8a, 0x8a, 0x4d, 0x2f, 0xa3, 0x0d, 0xd9, 0x7f, 0xa6, 0xe3, 0x8c, 0x23, 0x11, 0x53, 0xe0, 0x59,
        0x18, 0xc5, 0x75, 0x8a, 0xe2, 0x77, 0xf8, 0xb6, 0x94, 0x7f, 0x0c, 0x6a, 0xc0, 0xde, 0x74, 0x49, 0x64,
        0xe2, 0xe9, 0x5c, 0x53, 0xb2, 0x04, 0xd6, 0xb1, 0xf5, 0x97, 0x00, 0x00, 0x00, 0x00, 0x1f, 0xc9, 0xb8,
        0x69, 0xf4, 0x27, 0x67, 0x2a, 0x00, 0x01, 0x6f, 0xa0, 0x8d, 0x06, 0x00, 0x00, 0x90, 0xe4, 0x6e, 0x51,
        0xb1, 0xc4, 0x67, 0xfb, 0x02, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a,
    ];

    /// One letter with a dictionary of 512 MiB, which is only claimed.
    const XZ_GREEDY: [u8; 60] = [
        0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01, 0x22,
        0x00, 0x00, 0x00, 0x82, 0x40, 0xac, 0xdc, 0x01, 0x00, 0x00, 0x78, 0x00, 0x00, 0x00, 0x00, 0x45, 0xae,
        0xef, 0x83, 0xf8, 0xee, 0x16, 0x0a, 0x00, 0x01, 0x19, 0x01, 0xa5, 0x2c, 0x81, 0xcc, 0x1f, 0xb6, 0xf3,
        0x7d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a,
    ];

    #[test]
    fn bombs_of_every_compression_stop_at_the_limit_and_cut_ones_are_refused() {
        let blanks = vec![b' '; 100_000];
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        bzip2.write_all(&blanks).unwrap();
        let zstd = zstd::stream::encode_all(blanks.as_slice(), 3).unwrap();
        for bomb in [bzip2.finish().unwrap(), zstd, XZ_BOMB.to_vec()] {
            let error = read_document(temporary(&bomb).path(), &SMALL).unwrap_err();
            assert!(error.contains("more than 1000 bytes"), "{error}");
            let roomy = Limits { document: 100_000, ..SMALL };
            assert_eq!(read_document(temporary(&bomb).path(), &roomy).unwrap().len(), 100_000);
            assert!(read_document(temporary(&bomb[..bomb.len() - 8]).path(), &roomy).is_err());
        }
        assert!(read_document(temporary(&XZ_GREEDY).path(), &SMALL).is_err());
    }

    #[test]
    fn byte_order_marks_and_wrong_bytes_are_survived() {
        assert_eq!(decode_text(b"\xef\xbb\xbfabc".to_vec()), "abc");
        assert_eq!(decode_text(b"\xff\xfea\0b\0".to_vec()), "ab");
        assert_eq!(decode_text(b"caf\xe9".to_vec()), "caf\u{fffd}");
        let text = decode_text(b"a\xe9".repeat(100_000));
        assert_eq!((text.len(), &text[..4]), (200_000, "a?a?"), "what is no text does not grow");
    }

    #[test]
    fn a_zip_member_that_is_a_bomb_is_quarantined_and_the_others_are_read() {
        let bytes = zip_of(&[
            ("a.json", b"one".to_vec()),
            ("bomb.json", vec![0; 100_000]),
            ("c.json", b"two".to_vec()),
        ]);
        let file = temporary(&bytes);
        let wanted = HashSet::new();
        let mut out = FileHarvest::new(&wanted);
        let mut seen = Vec::new();
        for_each_zip_member(
            file.path(),
            &SMALL,
            &mut out,
            |_| true,
            |name, text, _| {
                seen.push(format!("{name}={text}"));
            },
        )
        .unwrap();
        assert_eq!(seen, ["a.json=one", "c.json=two"]);
        assert_eq!((out.quarantined_count, out.quarantined[0].record.as_str()), (1, "bomb.json"));
    }

    #[test]
    fn a_zip_whose_members_share_their_bytes_is_refused() {
        let whole = zip_of(&[("a.json", vec![b' '; 900]), ("b.json", vec![b' '; 900])]);
        let names = std::cell::RefCell::new(Vec::new());
        let read = |bytes: &[u8]| {
            let wanted = HashSet::new();
            let visit =
                |name: &str, _: &str, _: &mut FileHarvest<'_>| names.borrow_mut().push(name.to_owned());
            for_each_zip_member(
                temporary(bytes).path(),
                &SMALL,
                &mut FileHarvest::new(&wanted),
                |_| true,
                visit,
            )
        };
        read(&whole).unwrap();
        assert_eq!(names.take(), ["a.json", "b.json"]);
        // the directory's entries claim three times the file's length each
        let mut greedy = whole.clone();
        let at: Vec<usize> =
            (0..whole.len() - 4).filter(|&at| whole[at..].starts_with(b"PK\x01\x02")).collect();
        for at in &at {
            let claim = u32::try_from(whole.len() * 3 / 4).unwrap();
            greedy[at + 20..at + 24].copy_from_slice(&claim.to_le_bytes());
        }
        assert_eq!((at.len(), read(&greedy).is_err()), (2, true));
    }

    #[test]
    fn a_pipe_is_refused_at_once() {
        assert_eq!(open(Path::new("/dev/null")).map(drop), Err("it is no regular file".into()));
    }

    #[test]
    fn a_zip_with_too_many_or_too_large_members_together_is_refused() {
        let wanted = HashSet::new();
        let many: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| (*name, Vec::new())).collect();
        let large: Vec<_> = ["a", "b", "c"].iter().map(|name| (*name, vec![7; 900])).collect();
        for members in [many, large] {
            let file = temporary(&zip_of(&members));
            let mut out = FileHarvest::new(&wanted);
            assert!(for_each_zip_member(file.path(), &SMALL, &mut out, |_| true, |_, _, _| {}).is_err());
        }
        let mut out = FileHarvest::new(&wanted);
        let cut = zip_of(&[("a", vec![1; 10])]);
        let file = temporary(&cut[..cut.len() - 10]);
        assert!(for_each_zip_member(file.path(), &SMALL, &mut out, |_| true, |_, _, _| {}).is_err());
    }

    #[test]
    fn the_last_date_in_a_name_is_its_date() {
        assert_eq!(date_in_name("tracker-json-2026-11-22.json.gz"), Timestamp::parse("2026-11-22"));
        assert_eq!(date_in_name("a-2026-99-99.json"), None);
        assert_eq!(date_in_name("short"), None);
    }
}

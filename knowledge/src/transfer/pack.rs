//! Bundles packed by zstd.
//!
//! The decision a reader may doubt: what comes out is bounded twice, by the length that the bundle itself names in its first
//! bytes and by a limit, and goes to a file and not into memory; so a bomb costs neither memory nor much time.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use super::MAX_BUNDLE;
use crate::bundle::format::{MAGIC, u64_at};
use crate::bundle::write::{part_path, rename_synced};
use crate::error::KnowledgeError;

const LEVEL: i32 = 9;
/// Windows above 128 MiB are not opened.
pub(super) const WINDOW: u32 = 27;

/// Packs a file; gives the packed size.
///
/// # Errors
/// If one file cannot be read or the other not written.
pub fn pack(from: &Path, to: &Path) -> Result<u64, KnowledgeError> {
    let mut input = File::open(from).map_err(KnowledgeError::io("open", from))?;
    let length = input.metadata().map_err(KnowledgeError::io("read", from))?.len();
    let part = part_path(to);
    let packed = (|| {
        let mut encoder = zstd::Encoder::new(BufWriter::new(File::create(&part)?), LEVEL)?;
        encoder.include_checksum(true)?;
        encoder.include_contentsize(true)?;
        encoder.set_pledged_src_size(Some(length))?;
        std::io::copy(&mut input, &mut encoder)?;
        let file = encoder.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        file.metadata().map(|metadata| metadata.len())
    })();
    let size = packed.map_err(|source| {
        let _ = fs::remove_file(&part);
        KnowledgeError::Io { action: "write", path: part.clone(), source }
    })?;
    rename_synced(&part, to)?;
    Ok(size)
}

/// Unpacks a bundle into a file; gives its size.
///
/// # Errors
/// If it cannot be read, is cut short, damaged or no bundle, or grows beyond what it says of itself.
pub fn unpack(from: &Path, to: &Path) -> Result<u64, KnowledgeError> {
    let input = File::open(from).map_err(KnowledgeError::io("open", from))?;
    let unusable =
        |reason: String| KnowledgeError::Unusable { path: from.to_owned(), what: "packed bundle", reason };
    let output = File::create(to).map_err(KnowledgeError::io("write", to))?;
    unpack_into(BufReader::new(input), &mut BufWriter::new(output)).map_err(unusable)
}

pub(crate) fn unpack_into(input: impl Read, output: &mut impl Write) -> Result<u64, String> {
    let damaged = |error: std::io::Error| format!("it cannot be unpacked: {error}");
    let mut decoder = zstd::Decoder::new(input).map_err(damaged)?;
    decoder.window_log_max(WINDOW).map_err(damaged)?;
    let mut head = [0_u8; 24];
    decoder.read_exact(&mut head).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            "it is cut short, or holds less than a bundle's header".to_owned()
        }
        _ => damaged(error),
    })?;
    if head[..8] != MAGIC {
        return Err("what is packed in it is no bundle".into());
    }
    let length = u64_at(&head, 16);
    if !(24..=MAX_BUNDLE).contains(&length) {
        return Err(format!("its bundle claims {length} bytes, and {MAX_BUNDLE} are the limit"));
    }
    output.write_all(&head).map_err(|error| error.to_string())?;
    let mut buffer = vec![0_u8; 1 << 16];
    let mut written = 24_u64;
    loop {
        let count = decoder.read(&mut buffer).map_err(damaged)?;
        if count == 0 {
            break;
        }
        written += count as u64;
        if written > length {
            return Err(format!("it holds more than the {length} bytes that its bundle claims"));
        }
        output.write_all(&buffer[..count]).map_err(|error| format!("it cannot be written: {error}"))?;
    }
    if written != length {
        return Err(format!("it holds {written} of the {length} bytes that its bundle claims"));
    }
    output.flush().map_err(|error| format!("it cannot be written: {error}"))?;
    Ok(written)
}

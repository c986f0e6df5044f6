//! Compression of reports, the same on the disk and on the wire.

use std::io::{self, Read as _};

/// Compresses, with a checksum.
pub(crate) fn pack(bytes: &[u8], level: i32) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), level)?;
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(Some(bytes.len() as u64))?;
    io::Write::write_all(&mut encoder, bytes)?;
    encoder.finish()
}

/// Decompresses; an error if more than `most` bytes come out.
pub(crate) fn unpack(bytes: &[u8], most: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    zstd::stream::read::Decoder::with_buffer(bytes)?.take(most as u64 + 1).read_to_end(&mut out)?;
    match out.len() > most {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_too_much_does_not() {
        let text = b"report ".repeat(1_000);
        let packed = pack(&text, 3).unwrap();
        assert!(packed.len() < 200);
        assert_eq!(unpack(&packed, 7_000).unwrap(), text);
        assert!(unpack(&packed, 6_999).is_err());
        assert!(unpack(&packed[..packed.len() - 1], 7_000).is_err());
    }
}

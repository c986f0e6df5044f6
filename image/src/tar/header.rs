//! The 512-byte header block (POSIX.1-1988 ustar, GNU tar manual "Basic Tar Format").

use super::number::parse_number;

/// Bytes of a block.
pub(super) const BLOCK: usize = 512;

/// The fields of a header that matter here; names are taken by [`append_name`] and [`append_link`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) typeflag: u8,
    pub(super) size: u64,
    pub(super) mode: u32,
    /// A GNU sparse header that is continued in the blocks behind it.
    pub(super) sparse_continues: bool,
}

impl Header {
    /// Reads a block that is not all zeros.
    pub(super) fn parse(block: &[u8]) -> Result<Self, &'static str> {
        if !checksum_matches(block) {
            return Err("the header checksum is wrong");
        }
        let size = parse_number(&block[124..136]).ok_or("the size is not a number")?;
        let typeflag = block[156];
        Ok(Self {
            typeflag,
            size,
            mode: parse_number(&block[100..108]).unwrap_or(0) as u32 & 0o7777,
            sparse_continues: typeflag == b'S' && is_gnu(block) && block[482] != 0,
        })
    }
}

/// Whether `bytes` begin with a tar header.
pub(crate) fn is_header(bytes: &[u8]) -> bool {
    bytes.len() >= BLOCK && !is_zero(&bytes[..BLOCK]) && checksum_matches(&bytes[..BLOCK])
}

/// Whether the block marks the end.
pub(super) fn is_zero(block: &[u8]) -> bool {
    // the first byte of a real header is the first of a name, so this mostly ends at once
    block[0] == 0 && block.iter().all(|&byte| byte == 0)
}

/// Appends the path that the header holds.
pub(super) fn append_name(block: &[u8], out: &mut Vec<u8>) {
    if &block[257..263] == b"ustar\0" {
        // star keeps times behind a shorter prefix and marks that at the end
        let prefix = if &block[508..512] == b"tar\0" { &block[345..476] } else { &block[345..500] };
        let prefix = until_nul(prefix);
        if !prefix.is_empty() {
            out.extend_from_slice(prefix);
            out.push(b'/');
        }
    }
    out.extend_from_slice(until_nul(&block[..100]));
}

/// Appends the link target that the header holds.
pub(super) fn append_link(block: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(until_nul(&block[157..257]));
}

pub(super) fn until_nul(field: &[u8]) -> &[u8] {
    memchr::memchr(0, field).map_or(field, |end| &field[..end])
}

fn is_gnu(block: &[u8]) -> bool {
    &block[257..265] == b"ustar  \0"
}

/// The sum of all bytes with the checksum field taken as spaces; old writers summed signed bytes.
fn checksum_matches(block: &[u8]) -> bool {
    let Some(stored) = parse_number(&block[148..156]) else { return false };
    let field: u32 = block[148..156].iter().map(|&byte| u32::from(byte)).sum();
    let all: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    if u64::from(all - field + 8 * u32::from(b' ')) == stored {
        return true;
    }
    let high = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte >= 0x80).count() as i64;
    let negative = high(block) - high(&block[148..156]);
    let signed = i64::from(all - field + 8 * u32::from(b' ')) - 256 * negative;
    i64::try_from(stored).is_ok_and(|stored| stored == signed)
}

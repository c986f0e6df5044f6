//! Write-ahead logs of SQLite around fuzzed bytes (sqlite.org/fileformat2.html, section 4).

/// Bytes of the log's head and of each frame's.
const HEAD: usize = 32;
const FRAME_HEAD: usize = 24;

/// A copy whose salts and running checksums are right, which no fuzzer guesses. Bytes that end in `!` stay as they are, so
/// that wrong checksums are seen too.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.len() < HEAD || bytes.last() == Some(&b'!') {
        return bytes;
    }
    let (head, frames) = bytes.split_at_mut(HEAD);
    let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let is_big = number(0) & 1 == 1;
    let page = number(8) as usize;
    let salt: Vec<u8> = head[16..24].to_vec();
    let mut sums = add((0, 0), &head[..24], is_big);
    put(sums, &mut head[24..]);
    if (512..=64 << 10).contains(&page) {
        for frame in frames.chunks_exact_mut(FRAME_HEAD + page) {
            sums = add(add(sums, &frame[..8], is_big), &frame[FRAME_HEAD..], is_big);
            frame[8..16].copy_from_slice(&salt);
            put(sums, &mut frame[16..FRAME_HEAD]);
        }
    }
    bytes
}

fn add((mut first, mut second): (u32, u32), bytes: &[u8], is_big: bool) -> (u32, u32) {
    for pair in bytes.chunks_exact(8) {
        let number = |at: usize| {
            let bytes = [pair[at], pair[at + 1], pair[at + 2], pair[at + 3]];
            if is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        };
        first = first.wrapping_add(number(0)).wrapping_add(second);
        second = second.wrapping_add(number(4)).wrapping_add(first);
    }
    (first, second)
}

fn put((first, second): (u32, u32), place: &mut [u8]) {
    place[..4].copy_from_slice(&first.to_be_bytes());
    place[4..].copy_from_slice(&second.to_be_bytes());
}

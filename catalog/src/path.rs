//! Paths inside an image as byte strings without leading slash: hashes, ancestors, merged `/usr`.
//!
//! Paths stay bytes until the report is written: an image may hold names that are no UTF-8, and two of them
//! that differ must not become equal by being replaced with the same mark.

/// A 64-bit hash of a path; stable over versions and machines, because it is stored in the layer cache.
///
/// Folded 128-bit multiplication over 8-byte words. It stands for a path among at most some millions in one
/// layer, so that an accidental collision is out of the question. It is not meant to resist an author of
/// collisions: whoever builds the image can hide a package by far simpler means.
pub(crate) fn hash(path: &[u8]) -> u64 {
    const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
    const KEY: u64 = 0xd6e8_feb8_6659_fd93;
    let mut state = SEED ^ path.len() as u64;
    let mut words = path.chunks_exact(8);
    for word in &mut words {
        let word = u64::from_le_bytes(word.try_into().expect("chunks of eight bytes"));
        state = fold(state ^ word, KEY);
    }
    let mut last = [0_u8; 8];
    let rest = words.remainder();
    last[..rest.len()].copy_from_slice(rest);
    fold(fold(state ^ u64::from_le_bytes(last), KEY), SEED)
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The proper ancestors of `path`, nearest first; the last one is the root, the empty path.
pub(crate) fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(path).filter(|path| !path.is_empty());
    std::iter::from_fn(move || {
        let parent = parent(rest?);
        rest = Some(parent).filter(|parent| !parent.is_empty());
        Some(parent)
    })
}

/// The directory that holds `path`; empty for the root.
pub(crate) fn parent(path: &[u8]) -> &[u8] {
    match memchr::memrchr(b'/', path) {
        Some(slash) => &path[..slash],
        None => b"",
    }
}

/// The last component of `path`.
pub(crate) fn name(path: &[u8]) -> &[u8] {
    match memchr::memrchr(b'/', path) {
        Some(slash) => &path[slash + 1..],
        None => path,
    }
}

/// Takes away the `usr/` that a merged `/usr` adds, so that `lib/x` and `usr/lib/x` compare equal.
pub(crate) fn without_merged_usr(path: &[u8]) -> &[u8] {
    let Some(rest) = path.strip_prefix(b"usr/") else { return path };
    let first = rest.split(|byte| *byte == b'/').next().unwrap_or_default();
    let merged: [&[u8]; 6] = [b"lib", b"bin", b"sbin", b"lib64", b"lib32", b"libx32"];
    if merged.contains(&first) { rest } else { path }
}

/// The path as text for a report; bytes that are no UTF-8 become the replacement character.
pub(crate) fn text(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

/// Whether `path` ends with `suffix`, letters in any case; `suffix` is given in lower case.
pub(crate) fn has_suffix(path: &[u8], suffix: &[u8]) -> bool {
    path.len() >= suffix.len() && path[path.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ancestors_end_with_the_root() {
        let of = |path: &str| ancestors(path.as_bytes()).map(text).collect::<Vec<_>>();
        assert_eq!(of("a/b/c"), ["a/b", "a", ""]);
        assert_eq!(of("a"), [""]);
        assert!(of("").is_empty());
    }

    #[test]
    fn the_hash_tells_apart_paths_that_differ_in_length_or_in_one_byte() {
        let paths: [&[u8]; 7] =
            [b"", b"\0", b"a", b"a\0", b"usr/lib/a", b"usr/lib/b", b"usr/lib/a\0\0\0\0\0\0\0"];
        let hashes: std::collections::BTreeSet<u64> = paths.iter().map(|path| hash(path)).collect();
        assert_eq!(hashes.len(), paths.len());
        assert_eq!(hash(b"etc/passwd"), hash(b"etc/passwd"));
    }

    #[test]
    fn merged_usr_paths_compare_equal_and_others_stay() {
        assert_eq!(without_merged_usr(b"usr/lib/x"), b"lib/x");
        assert_eq!(without_merged_usr(b"usr/libexec/x"), b"usr/libexec/x");
        assert_eq!(without_merged_usr(b"usr/share/x"), b"usr/share/x");
    }
}

//! A hash index over the keys of a table, so that a lookup touches two places instead of halving its way.
//!
//! ```text
//! slots × 8: upper half of the key's hash (4), row + 1 (4); zero is an empty slot
//! ```
//!
//! The number of slots is a power of two and at least twice that of keys; a taken slot sends the search to the next. The
//! decision a reader may doubt: FNV-1a, which anybody can make collide. The keys come from feeds, the index is
//! built once, and a search never takes more steps than there are slots.

use super::format::u32_at;
use super::table::Layout;

const SLOT: usize = 8;

/// Hashes the parts of a key as if they were joined.
pub(crate) fn hash(parts: &[&[u8]]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().flat_map(|part| part.iter()) {
        state = (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    // the upper bits of FNV know little of the last bytes
    state ^ (state >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Builds the index of a finished table.
pub(crate) fn build(table: &[u8]) -> Vec<u8> {
    let Some(layout) = Layout::read(table).filter(|layout| layout.len() > 0) else { return Vec::new() };
    let slots = (layout.len() * 2).next_power_of_two();
    let mut index = vec![0_u8; slots * SLOT];
    for row in 0..layout.len() {
        let key = layout.key(table, row).unwrap_or_default();
        let hash = hash(&[key]);
        let mut slot = hash as usize & (slots - 1);
        while u32_at(&index, slot * SLOT + 4) != 0 {
            slot = (slot + 1) & (slots - 1);
        }
        let at = slot * SLOT;
        index[at..at + 4].copy_from_slice(&((hash >> 32) as u32).to_le_bytes());
        index[at + 4..at + 8].copy_from_slice(&(row as u32 + 1).to_le_bytes());
    }
    index
}

/// The rows whose key may be the wanted one, nearest first; the caller compares the key.
pub(crate) fn candidates(index: &[u8], hash: u64) -> impl Iterator<Item = usize> + '_ {
    let slots = index.len() / SLOT;
    let mask = slots.wrapping_sub(1);
    let upper = (hash >> 32) as u32;
    (0..slots)
        .map(move |step| ((hash as usize).wrapping_add(step) & mask) * SLOT)
        .map(move |at| (u32_at(index, at), u32_at(index, at + 4)))
        .take_while(|(_, row)| *row != 0)
        .filter(move |(found, _)| *found == upper)
        .map(|(_, row)| row as usize - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bundle::table::TableWriter;

    proptest! {
        #[test]
        fn every_key_is_among_its_candidates(keys: std::collections::BTreeSet<Vec<u8>>, other: Vec<u8>) {
            let mut writer = TableWriter::default();
            keys.iter().for_each(|key| writer.add(key, b"").unwrap());
            let table = writer.finish();
            let index = build(&table);
            let layout = Layout::read(&table).unwrap();
            let find = |key: &[u8]| {
                candidates(&index, hash(&[key])).find(|&row| layout.key(&table, row) == Some(key))
            };
            for (row, key) in keys.iter().enumerate() {
                prop_assert_eq!(find(key), Some(row));
            }
            prop_assert_eq!(find(&other).is_some(), keys.contains(&other));
        }

        #[test]
        fn a_damaged_index_ends_every_search(bytes: Vec<u8>, hash: u64) {
            prop_assert!(candidates(&bytes, hash).count() <= bytes.len());
        }
    }

    #[test]
    fn a_key_in_parts_has_the_hash_of_the_whole() {
        assert_eq!(hash(&[b"debian:12", b"\0", b"openssl"]), hash(&[b"debian:12\0openssl"]));
    }
}

//! A sorted table of keys and blobs inside one section, searched in place.
//!
//! ```text
//! count (8) · length of the key text (8) · count × entry · key text · blobs
//! entry: key offset (4) · key length (4) · blob offset (8) · blob length (4) · zero (4)
//! ```
//!
//! Offsets are relative to the key text and to the blobs. Every read is checked against the section, so a
//! damaged table answers "not there" instead of reaching outside.

use std::cmp::Ordering;

use crate::bundle::format::{u32_at, u64_at};
use crate::error::KnowledgeError;

const HEAD: usize = 16;
/// What a row takes besides its key and blob.
pub(crate) const ENTRY: usize = 24;

/// Builds a table; keys must be added in ascending byte order.
#[derive(Debug, Default)]
pub(crate) struct TableWriter {
    entries: Vec<u8>,
    text: Vec<u8>,
    blobs: Vec<u8>,
    count: u64,
}

impl TableWriter {
    /// Adds a key and its blob.
    pub(crate) fn add(&mut self, key: &[u8], blob: &[u8]) -> Result<(), KnowledgeError> {
        let limit = |_| KnowledgeError::Encode { what: "table", reason: "it grew beyond 4 GiB".into() };
        let key_offset = u32::try_from(self.text.len()).map_err(limit)?;
        let key_length = u32::try_from(key.len()).map_err(limit)?;
        let blob_length = u32::try_from(blob.len()).map_err(limit)?;
        self.entries.extend(key_offset.to_le_bytes());
        self.entries.extend(key_length.to_le_bytes());
        self.entries.extend((self.blobs.len() as u64).to_le_bytes());
        self.entries.extend(blob_length.to_le_bytes());
        self.entries.extend(0_u32.to_le_bytes());
        self.text.extend(key);
        self.blobs.extend(blob);
        self.count += 1;
        Ok(())
    }

    /// The finished section.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut section = Vec::with_capacity(HEAD + self.entries.len() + self.text.len() + self.blobs.len());
        section.extend(self.count.to_le_bytes());
        section.extend((self.text.len() as u64).to_le_bytes());
        section.extend(&self.entries);
        section.extend(&self.text);
        section.extend(&self.blobs);
        section
    }
}

/// Where the parts of a table lie in its section.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Layout {
    count: usize,
    text: usize,
    blobs: usize,
}

impl Layout {
    /// Checks that the table's head fits its section. An empty section is an empty table.
    pub(crate) fn read(section: &[u8]) -> Option<Self> {
        if section.is_empty() {
            return Some(Self::default());
        }
        if section.len() < HEAD {
            return None;
        }
        let count = usize::try_from(u64_at(section, 0)).ok()?;
        let text_length = usize::try_from(u64_at(section, 8)).ok()?;
        let text = count.checked_mul(ENTRY)?.checked_add(HEAD)?;
        let blobs = text.checked_add(text_length)?;
        (blobs <= section.len()).then_some(Self { count, text, blobs })
    }

    /// The number of keys; at most a 24th of the section's bytes.
    pub(crate) fn len(self) -> usize {
        self.count
    }

    /// The key at `index`.
    pub(crate) fn key(self, section: &[u8], index: usize) -> Option<&[u8]> {
        let entry = self.entry(index)?;
        let start = self.text.checked_add(u32_at(section, entry) as usize)?;
        let end = start.checked_add(u32_at(section, entry + 4) as usize)?;
        section.get(start..end).filter(|_| end <= self.blobs)
    }

    /// The blob at `index`.
    pub(crate) fn blob(self, section: &[u8], index: usize) -> Option<&[u8]> {
        let entry = self.entry(index)?;
        let start = self.blobs.checked_add(usize::try_from(u64_at(section, entry + 8)).ok()?)?;
        let end = start.checked_add(u32_at(section, entry + 16) as usize)?;
        section.get(start..end)
    }

    /// Finds a key by halving; `order` compares a stored key with the wanted one.
    pub(crate) fn find(self, section: &[u8], order: impl Fn(&[u8]) -> Ordering) -> Option<usize> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match order(self.key(section, middle)?) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    fn entry(self, index: usize) -> Option<usize> {
        (index < self.count).then(|| HEAD + index * ENTRY)
    }
}

/// Compares a stored `first NUL second` key with a wanted pair, without building the wanted key.
pub(crate) fn compare_pair(stored: &[u8], first: &str, second: &str) -> Ordering {
    let wanted = first.bytes().chain(std::iter::once(0)).chain(second.bytes());
    stored.iter().copied().cmp(wanted)
}

/// Joins a pair into a key.
pub(crate) fn pair_key(first: &str, second: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(first.len() + second.len() + 1);
    key.extend(first.as_bytes());
    key.push(0);
    key.extend(second.as_bytes());
    key
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn table(entries: &BTreeMap<Vec<u8>, Vec<u8>>) -> Vec<u8> {
        let mut writer = TableWriter::default();
        for (key, blob) in entries {
            writer.add(key, blob).unwrap();
        }
        writer.finish()
    }

    proptest! {
        #[test]
        fn every_key_is_found_with_its_blob(entries: BTreeMap<Vec<u8>, Vec<u8>>, other: Vec<u8>) {
            let section = table(&entries);
            let layout = Layout::read(&section).unwrap();
            for (key, blob) in &entries {
                let index = layout.find(&section, |stored| stored.cmp(key)).unwrap();
                prop_assert_eq!(layout.blob(&section, index).unwrap(), &blob[..]);
            }
            let found = layout.find(&section, |stored| stored.cmp(&other)).is_some();
            prop_assert_eq!(found, entries.contains_key(&other));
        }

        #[test]
        fn damaged_tables_never_panic(entries: BTreeMap<Vec<u8>, Vec<u8>>, at: usize, value: u8, cut: usize) {
            let mut section = table(&entries);
            let at = at % section.len();
            section[at] = value;
            section.truncate(section.len() - cut % section.len());
            if let Some(layout) = Layout::read(&section) {
                for index in 0..layout.len().min(1000) {
                    let _ = (layout.key(&section, index), layout.blob(&section, index));
                }
                let _ = layout.find(&section, |stored| stored.cmp(b"key"));
            }
        }
    }

    #[test]
    fn pairs_compare_like_their_joined_keys() {
        let key = pair_key("debian:12", "openssl");
        assert_eq!(compare_pair(&key, "debian:12", "openssl"), Ordering::Equal);
        assert_eq!(compare_pair(&key, "debian:12", "openssm"), Ordering::Less);
        assert_eq!(compare_pair(&key, "debian:1", "zlib"), Ordering::Greater);
    }
}

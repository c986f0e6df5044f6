//! The version resource of a Windows module (Microsoft, "PE Format", section "The .rsrc Section", and "VS_VERSIONINFO").
//!
//! What it is not for: other resources. Every offset is one inside the section that was read; what points out of it ends
//! the search.

use std::collections::BTreeMap;

/// Number of the resource type of versions, `RT_VERSION`.
const VERSION: u32 = 16;
/// Marks an entry of a resource directory that points to a further directory.
const DIRECTORY: u32 = 0x8000_0000;
/// Entries of one directory, and strings, that are looked at.
const MAX_ENTRIES: usize = 4_096;
/// Longest text that is kept, in UTF-16 units.
const MAX_TEXT: usize = 512;

/// The strings of the version resource in a section that begins at `address`; those of the first language.
pub(super) fn strings(section: &[u8], address: u32) -> Option<BTreeMap<String, String>> {
    let mut offset = entry(section, 0, Some(VERSION))?;
    // below the type come a directory of names and one of languages
    for _ in 0..2 {
        if offset & DIRECTORY == 0 {
            return None;
        }
        offset = entry(section, (offset & !DIRECTORY) as usize, None)?;
    }
    if offset & DIRECTORY != 0 {
        return None;
    }
    let data = offset as usize;
    let start = u32_at(section, data)?.checked_sub(address)? as usize;
    let size = u32_at(section, data.checked_add(4)?)? as usize;
    let resource = section.get(start..start.checked_add(size)?.min(section.len()))?;

    let root = Block::at(resource, 0).filter(|root| root.key == "VS_VERSION_INFO")?;
    let mut strings = BTreeMap::new();
    for info in root.children().filter(|block| block.key == "StringFileInfo") {
        let Some(table) = info.children().next() else { continue };
        for text in table.children() {
            let value = text.value_text();
            strings.entry(text.key).or_insert(value);
        }
    }
    Some(strings)
}

/// The target of the directory's entry with that number, or of its first one.
fn entry(section: &[u8], directory: usize, number: Option<u32>) -> Option<u32> {
    let named = usize::from(u16_at(section, directory.checked_add(12)?)?);
    let numbered = usize::from(u16_at(section, directory.checked_add(14)?)?);
    let entries = (0..(named + numbered).min(MAX_ENTRIES)).map(|index| directory + 16 + index * 8);
    for at in entries {
        if number.is_none_or(|number| u32_at(section, at) == Some(number)) {
            return u32_at(section, at + 4);
        }
    }
    None
}

/// One of the nested blocks: length, length of the value, kind, a key in UTF-16, the value, further blocks.
struct Block<'a> {
    resource: &'a [u8],
    key: String,
    value: usize,
    value_end: usize,
    end: usize,
}

impl<'a> Block<'a> {
    /// The block at an offset of the resource.
    fn at(resource: &'a [u8], at: usize) -> Option<Self> {
        let length = usize::from(u16_at(resource, at)?);
        let value_length = usize::from(u16_at(resource, at + 2)?);
        let is_text = u16_at(resource, at + 4)? == 1;
        let end = (at + length).min(resource.len());
        let (key, after) = text(resource.get(..end)?, at + 6)?;
        let value = aligned(after).min(end);
        let bytes = if is_text { value_length * 2 } else { value_length };
        Some(Self { resource, key, value, value_end: (value + bytes).min(end), end })
    }

    /// The blocks inside.
    fn children(&self) -> impl Iterator<Item = Block<'a>> {
        let (resource, end) = (self.resource, self.end);
        let mut at = aligned(self.value_end);
        std::iter::from_fn(move || {
            let block = Block::at(resource, at).filter(|block| at < end && block.end > at + 6)?;
            at = aligned(block.end);
            Some(block)
        })
        .take(MAX_ENTRIES)
    }

    /// The value as text. Its stated length is in characters or in bytes, as the compiler pleased; the end mark decides.
    fn value_text(&self) -> String {
        text(&self.resource[..self.end], self.value)
            .map(|(text, _)| text.trim().to_owned())
            .unwrap_or_default()
    }
}

/// UTF-16 up to its end mark or the end of the bytes, and the offset behind it.
fn text(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let units: Vec<u16> = bytes
        .get(start..)?
        .chunks_exact(2)
        .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
        .take_while(|unit| *unit != 0)
        .take(MAX_TEXT)
        .collect();
    Some((String::from_utf16_lossy(&units), start + (units.len() + 1) * 2))
}

fn aligned(offset: usize) -> usize {
    offset.next_multiple_of(4)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes)
}

/// Writes such a section, for tests.
#[cfg(test)]
pub(super) fn section_of(strings: &[(&str, &str)], address: u32) -> Vec<u8> {
    fn block(key: &str, value: &[u8], is_text: bool, children: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![0; 6];
        bytes.extend(key.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        bytes.resize(aligned(bytes.len()), 0);
        bytes.extend(value);
        for child in children {
            bytes.resize(aligned(bytes.len()), 0);
            bytes.extend(child);
        }
        let length = bytes.len() as u16;
        bytes[0..2].copy_from_slice(&length.to_le_bytes());
        let units = if is_text { value.len() / 2 } else { value.len() } as u16;
        bytes[2..4].copy_from_slice(&units.to_le_bytes());
        bytes[4] = u8::from(is_text);
        bytes
    }
    let texts: Vec<Vec<u8>> = strings
        .iter()
        .map(|(key, value)| {
            let value: Vec<u8> = value.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
            block(key, &value, true, &[])
        })
        .collect();
    let info = block("StringFileInfo", b"", true, &[block("000004b0", b"", true, &texts)]);
    let version = block("VS_VERSION_INFO", &[0; 52], false, &[info]);
    let directory = |number: u32, target: u32| {
        let mut bytes = vec![0; 14];
        bytes.extend(1_u16.to_le_bytes());
        bytes.extend(number.to_le_bytes());
        bytes.extend(target.to_le_bytes());
        bytes
    };
    let mut section = directory(VERSION, DIRECTORY | 24);
    section.extend(directory(1, DIRECTORY | 48));
    section.extend(directory(0, 72));
    section.extend((address + 88).to_le_bytes());
    section.extend((version.len() as u32).to_le_bytes());
    section.extend([0; 8]);
    section.extend(version);
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strings_of_a_resource_are_read() {
        let section =
            section_of(&[("ProductName", "Ünï"), ("ProductVersion", "13.0.1+abc"), ("Empty", "")], 0x4000);
        let strings = strings(&section, 0x4000).unwrap();
        assert_eq!(strings["ProductName"], "Ünï");
        assert_eq!(strings["ProductVersion"], "13.0.1+abc");
        assert_eq!(strings["Empty"], "");
    }

    #[test]
    fn no_cut_and_no_flipped_byte_makes_the_reader_fail() {
        let section = section_of(&[("FileVersion", "1.2.3.4")], 0);
        for at in 0..section.len() {
            let _ = strings(&section[..at], 0);
            for byte in [0, 0x7f, 0xff] {
                let mut odd = section.clone();
                odd[at] = byte;
                let _ = strings(&odd, 0);
            }
        }
        assert_eq!(strings(b"", 0), None);
        assert_eq!(strings(&section, u32::MAX), None);
    }
}

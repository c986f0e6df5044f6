//! The table of contents of a zstd:chunked layer (containers/storage, `pkg/chunked`).
//!
//! Such a layer is an ordinary zstd layer whose frames begin and end where the content of a file does, with a
//! table behind the last one that says where that is. The manifest names place and digest of the table, so it
//! is as trustworthy as the manifest.

use model::Digest;
use serde::Deserialize;

use crate::entry::{Entry, EntryKind};
use crate::manifest::Descriptor;
use crate::tar::{Cleaned, Member, clean};
use crate::whiteout::{Mark, reduce};

/// Bytes of a table, uncompressed, that are read; a layer with a larger one is read whole.
const MAX_TABLE: u64 = 32 << 20;

/// The head of the skippable frame around the table.
const FRAME_HEAD: u64 = 8;

/// Where a layer's table is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TocPlace {
    pub(super) offset: u64,
    pub(super) length: u64,
    /// Bytes of the table, uncompressed.
    pub(super) size: u64,
    /// Digest of the compressed table.
    pub(super) checksum: Digest,
}

impl TocPlace {
    /// Reads the annotations of a layer; `None` if it has none or they make no sense.
    pub(crate) fn of(layer: &Descriptor, blob_size: u64) -> Option<Self> {
        // the second is what tools wrote until 2022
        let annotation = |key: &str| {
            let prefixes = ["io.github.containers", "io.containers"];
            prefixes.iter().find_map(|prefix| layer.annotation(&format!("{prefix}.zstd-chunked.{key}")))
        };
        let checksum = annotation("manifest-checksum")?.parse().ok()?;
        let position = annotation("manifest-position")?;
        let numbers: Vec<u64> = position.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
        // the last is the form of the table; there is one
        let [offset, length, size, 1] = numbers[..] else { return None };
        let fits = offset >= FRAME_HEAD
            && offset.checked_add(length).is_some_and(|end| end <= blob_size)
            && (1..=MAX_TABLE).contains(&length)
            && (1..=MAX_TABLE).contains(&size);
        fits.then_some(Self { offset, length, size, checksum })
    }

    /// Where the frames of the tar stream end.
    pub(super) fn data_end(&self) -> u64 {
        self.offset - FRAME_HEAD
    }
}

#[derive(Deserialize)]
struct Table {
    version: u64,
    entries: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    link_name: String,
    #[serde(default)]
    mode: u32,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    end_offset: u64,
}

/// Where the content of a file is in the stored blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Payload {
    pub(super) start: u64,
    pub(super) end: u64,
    /// Bytes of the content and their digest.
    pub(super) size: u64,
    pub(super) digest: Digest,
}

/// What the table says of one member of the tar stream.
#[derive(Debug)]
pub(super) struct Item {
    typeflag: u8,
    name: String,
    link: String,
    size: u64,
    mode: u32,
    pub(super) payload: Option<Payload>,
}

/// Reads a table; `None` if it is of an unknown form, or if its places are not in order within the data.
pub(super) fn parse(json: &[u8], data_end: u64) -> Option<Vec<Item>> {
    let table: Table = serde_json::from_slice(json).ok()?;
    if table.version != 1 {
        return None;
    }
    let mut items = Vec::new();
    let mut before = 0;
    // further chunks of a file have rows of their own, within the place of the first
    for row in table.entries.into_iter().filter(|row| row.kind != "chunk") {
        let typeflag = match row.kind.as_str() {
            "reg" => b'0',
            "hardlink" => b'1',
            "symlink" => b'2',
            "char" => b'3',
            "block" => b'4',
            "dir" => b'5',
            "fifo" => b'6',
            _ => return None,
        };
        let payload = match typeflag == b'0' && row.size > 0 {
            true => {
                let (start, end) = (row.offset, row.end_offset);
                if start < before || end <= start || end > data_end {
                    return None;
                }
                before = end;
                Some(Payload { start, end, size: row.size, digest: row.digest.parse().ok()? })
            }
            false => None,
        };
        let (name, link, size, mode) = (row.name, row.link_name, row.size, row.mode);
        items.push(Item { typeflag, name, link, size, mode, payload });
    }
    Some(items)
}

impl Item {
    /// Whether the visitor asks for the content.
    pub(super) fn is_wanted(&self, wants: &dyn Fn(&Entry<'_>) -> bool) -> bool {
        let mut path = Vec::new();
        let named = matches!(clean(self.name.as_bytes(), &mut path), Cleaned::Path | Cleaned::Resolved);
        if !named || reduce(&mut path) != Mark::No {
            return false;
        }
        let kind = EntryKind::File;
        wants(&Entry { path: &path, kind, size: self.size, link: None, mode: self.mode & 0o7777 })
    }

    /// Whether the tar stream has the same member here.
    pub(super) fn is(&self, member: &Member, path: &[u8], link: &[u8]) -> bool {
        let typeflag = if member.is_file() { b'0' } else { member.typeflag };
        let (mut own, mut other) = (Vec::new(), Vec::new());
        let mut same = |a: &[u8], b: &[u8]| clean(a, &mut own) == clean(b, &mut other) && own == other;
        typeflag == self.typeflag
            && (typeflag != b'0' || member.size == self.size)
            && member.mode == self.mode & 0o7777
            && same(self.name.as_bytes(), path)
            && match typeflag {
                b'1' => same(self.link.as_bytes(), link),
                b'2' => self.link.as_bytes() == link,
                _ => true,
            }
    }
}

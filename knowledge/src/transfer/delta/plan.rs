//! The plan of a delta: how each section of the new bundle is made.
//!
//! It is a row of postcard values: the signature of the new bundle, as text, if it has one; the number of sections; for
//! each its kind and one of [`How`]; a table is followed by [`Step`]s up to [`Step::End`]. They are read one by one, so
//! that a plan never takes more memory than its own bytes.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::bundle::format::Frame;
use crate::bundle::stored::StoredOrigin;
use crate::bundle::table::Layout;
use crate::bundle::{Manifest, format};

/// How a section is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum How {
    /// It is the old one.
    Same,
    /// It is built from the new advisories.
    Index,
    /// So many blob bytes.
    Whole(u64),
    /// The old table with changes.
    Table,
}

/// One change of a table; each goes on where the one before has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step<'a> {
    /// So many rows stay.
    Keep(u64),
    /// So many rows go.
    Drop(u64),
    /// So many rows get new blobs of this length.
    Replace(u64, u64),
    /// A new row with this key and a blob of this length.
    Insert(&'a [u8], u64),
    /// The table is done; rows that were not spoken of go.
    End,
}

/// Reads the values of a plan in order.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn next<T: Deserialize<'a>>(&mut self) -> Result<T, String> {
        let (value, rest) =
            postcard::take_from_bytes(self.0).map_err(|error| format!("its plan cannot be read: {error}"))?;
        self.0 = rest;
        Ok(value)
    }
}

/// A section of the old bundle as the new one is compared with it.
pub(super) struct OldTable<'a> {
    section: &'a [u8],
    layout: Layout,
    /// Where the files of the old manifest are in the new one, if this table speaks of them and they have moved.
    moved: Option<Vec<u32>>,
}

impl<'a> OldTable<'a> {
    pub(super) fn new(section: &'a [u8], moved: Option<Vec<u32>>) -> Result<Self, String> {
        let layout = Layout::read(section).ok_or("a table of the old bundle does not fit its section")?;
        Ok(Self { section, layout, moved })
    }

    pub(super) fn len(&self) -> usize {
        self.layout.len()
    }

    pub(super) fn key(&self, row: usize) -> &'a [u8] {
        self.layout.key(self.section, row).unwrap_or_default()
    }

    /// The blob as it lies in the old bundle.
    pub(super) fn stored(&self, row: usize) -> &'a [u8] {
        self.layout.blob(self.section, row).unwrap_or_default()
    }

    /// The blob as the new bundle would have it if nothing but places of files had changed.
    pub(super) fn blob(&self, row: usize) -> std::borrow::Cow<'a, [u8]> {
        let stored = self.stored(row);
        let Some(places) = &self.moved else { return stored.into() };
        let renumbered = postcard::from_bytes::<Vec<StoredOrigin>>(stored).and_then(|mut origins| {
            origins.iter_mut().for_each(|origin| origin.renumber(places));
            postcard::to_stdvec(&origins)
        });
        renumbered.map_or(stored.into(), Into::into)
    }
}

/// The places of the old manifest's files in the new one; `None` if they are the same. Only origins of records are by place.
pub(super) fn moved(section: format::Section, old: &Manifest, new: Option<&Manifest>) -> Option<Vec<u32>> {
    let new = new.filter(|_| section == format::Section::Records)?;
    let places: HashMap<&str, u32> = new.sources.iter().map(|source| source.path.as_str()).zip(0..).collect();
    let moved =
        old.sources.iter().map(|source| places.get(source.path.as_str()).copied().unwrap_or(u32::MAX));
    let moved: Vec<u32> = moved.collect();
    (!moved.iter().copied().eq(0..moved.len() as u32)).then_some(moved)
}

/// The bytes of a section; none if the bundle has none of that kind.
pub(super) fn section_of<'a>(file: &'a [u8], frame: &Frame, section: format::Section) -> &'a [u8] {
    file.get(frame.section(section)).unwrap_or_default()
}

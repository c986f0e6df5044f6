//! The header of a package (rpm's `docs/manual/format_header.md`) as databases keep it, without the magic that
//! a package file puts in front: two counts, an index of sixteen-byte entries, the data that they point into.
//! All numbers are big-endian.
//!
//! Only the fields that are asked for are looked at. An entry that stands twice counts as it stands last: rpm
//! adds a changed field behind the signed region and lets it replace the one within.

use super::Damage;
use super::bytes::{Order, u32_at};

/// Index entries of one header; the limit that rpm itself has.
const MAX_ENTRIES: usize = 0xffff;

/// Tags of `rpmtag.h`.
pub(super) mod tag {
    pub(in crate::rpm) const NAME: u32 = 1000;
    pub(in crate::rpm) const VERSION: u32 = 1001;
    pub(in crate::rpm) const RELEASE: u32 = 1002;
    pub(in crate::rpm) const EPOCH: u32 = 1003;
    pub(in crate::rpm) const VENDOR: u32 = 1011;
    pub(in crate::rpm) const LICENSE: u32 = 1014;
    pub(in crate::rpm) const PACKAGER: u32 = 1015;
    pub(in crate::rpm) const ARCH: u32 = 1022;
    pub(in crate::rpm) const OLD_FILE_NAMES: u32 = 1027;
    pub(in crate::rpm) const SOURCE_RPM: u32 = 1044;
    pub(in crate::rpm) const DIR_INDEXES: u32 = 1116;
    pub(in crate::rpm) const BASE_NAMES: u32 = 1117;
    pub(in crate::rpm) const DIR_NAMES: u32 = 1118;
    pub(in crate::rpm) const MODULARITY_LABEL: u32 = 5096;
}

const INT32: u32 = 4;
const STRING: u32 = 6;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;

/// A header, not copied.
#[derive(Clone, Copy)]
pub(super) struct Header<'a> {
    index: &'a [u8],
    data: &'a [u8],
}

/// One field: its type, how many values it has, and the data from its first value on.
struct Field<'a> {
    kind: u32,
    count: usize,
    data: &'a [u8],
}

impl<'a> Header<'a> {
    /// Looks at the counts alone. Bytes behind the header are allowed.
    pub(super) fn parse(blob: &'a [u8]) -> Result<Self, Damage> {
        let number = |at| u32_at(blob, at, Order::Big).map(|number| number as usize);
        let (Some(entries), Some(bytes)) = (number(0), number(4)) else {
            return Err(Damage::Header("shorter than its own counts"));
        };
        if entries == 0 || entries > MAX_ENTRIES {
            return Err(Damage::Header("impossible number of entries"));
        }
        let data = 8 + entries * 16;
        let whole = blob.get(8..data).zip(blob.get(data..data.saturating_add(bytes)));
        let (index, data) = whole.ok_or(Damage::Header("shorter than its own counts say"))?;
        Ok(Self { index, data })
    }

    fn field(&self, tag: u32) -> Option<Field<'a>> {
        let wanted = tag.to_be_bytes();
        let entry = self.index.chunks_exact(16).rev().find(|entry| entry[..4] == wanted)?;
        let number = |at| u32_at(entry, at, Order::Big);
        let data = self.data.get(number(8)? as usize..)?;
        Some(Field { kind: number(4)?, count: number(12)? as usize, data })
    }

    /// A text, or the first one of several. `None` when it is missing, empty, or not ended.
    pub(super) fn text(&self, tag: u32) -> Option<&'a [u8]> {
        self.texts(tag).next().filter(|text| !text.is_empty())
    }

    /// A number, or the first one of several.
    pub(super) fn number(&self, tag: u32) -> Option<u32> {
        self.numbers(tag).next()
    }

    /// All texts of a field, as far as they are ended by a zero byte.
    pub(super) fn texts(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let field = self.field(tag).filter(|field| matches!(field.kind, STRING | STRING_ARRAY | I18N_STRING));
        let (mut rest, count) = field.map_or((&[][..], 0), |field| (field.data, field.count));
        std::iter::from_fn(move || {
            let end = memchr::memchr(0, rest)?;
            let text = &rest[..end];
            rest = &rest[end + 1..];
            Some(text)
        })
        .take(count)
    }

    /// All numbers of a field, as far as there is data.
    pub(super) fn numbers(&self, tag: u32) -> impl Iterator<Item = u32> + use<'a> {
        let field = self.field(tag).filter(|field| field.kind == INT32);
        let (data, count) = field.map_or((&[][..], 0), |field| (field.data, field.count));
        data.chunks_exact(4).take(count).filter_map(|number| u32_at(number, 0, Order::Big))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpm::tests::HeaderBuilder;

    #[test]
    fn a_field_that_stands_twice_counts_as_it_stands_last() {
        let blob = HeaderBuilder::new().text(tag::NAME, "old").text(tag::NAME, "new").build();
        assert_eq!(Header::parse(&blob).unwrap().text(tag::NAME), Some(&b"new"[..]));
    }

    #[test]
    fn fields_of_another_type_and_fields_that_point_outside_are_none() {
        let mut blob = HeaderBuilder::new().text(tag::NAME, "bash").number(tag::EPOCH, 3).build();
        let header = Header::parse(&blob).unwrap();
        assert_eq!(header.number(tag::EPOCH), Some(3));
        assert_eq!(header.number(tag::NAME), None);
        assert_eq!(header.text(tag::EPOCH), None);
        assert_eq!(header.text(tag::ARCH), None);
        blob[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(Header::parse(&blob).unwrap().text(tag::NAME), None);
    }

    #[test]
    fn counts_that_are_larger_than_the_blob_are_refused() {
        let good = HeaderBuilder::new().text(tag::NAME, "bash").build();
        for at in [0, 4] {
            let mut blob = good.clone();
            blob[at..at + 4].copy_from_slice(&0x00ff_ffff_u32.to_be_bytes());
            assert!(Header::parse(&blob).is_err());
        }
        assert!(Header::parse(&good[..good.len() - 1]).is_err());
        assert!(Header::parse(&[]).is_err());
        let mut many = good;
        many[20..24].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(Header::parse(&many).unwrap().texts(tag::NAME).count(), 1);
    }
}

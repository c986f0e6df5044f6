//! How documents and inventories become small byte columns, and back.
//!
//! A stored value is one byte that names its form, the length of its content (4 bytes, little endian) and a
//! zstd frame. Documents are JSON, because fields are added over the years. They are compressed against a
//! sample of their own kind, which spares every small document the names of its fields. A sample is part of the
//! stored form: it is never edited, a better one gets a new form.

use std::cell::RefCell;
use std::io;

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{self, CParameter};

use crate::error::{Result, StoreError};

/// The longest content that is read back; no report that passes validation comes near it.
const MAX_CONTENT: usize = 1 << 30;
const HEADER: usize = 5;
const FORMS: usize = 7;
/// What every zstd frame begins with (RFC 8878, 3.1.1); a bare one is stored without it.
const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();

/// The forms of a stored value; the number is its first byte and never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Form {
    /// Compressed alone.
    Plain = 1,
    /// Compressed against the first sample of an image document.
    Image = 2,
    /// Compressed against the first sample of a container document.
    Container = 3,
    /// A container as columns, see [`crate::packed_columns`]: compressed against a trained sample, without a header.
    ContainerColumns = 4,
    /// A container in parts, see [`crate::packed`]: likewise.
    ContainerParts = 5,
    /// An image's document as columns, see [`crate::packed_image`]: compressed against a trained sample, without a header.
    ImageColumns = 6,
    /// An inventory as columns, see [`crate::packed_inventory`]: likewise.
    InventoryColumns = 7,
}

impl Form {
    const ALL: [Self; FORMS] = [
        Self::Plain,
        Self::Image,
        Self::Container,
        Self::ContainerColumns,
        Self::ContainerParts,
        Self::ImageColumns,
        Self::InventoryColumns,
    ];

    /// How hard the compressor tries; reading is equally fast.
    const fn level(self) -> i32 {
        match self {
            // the time of the processors bounds the whole ingest
            Self::Plain | Self::Image | Self::Container | Self::ImageColumns | Self::InventoryColumns => 3,
            // there are millions of them
            Self::ContainerColumns | Self::ContainerParts => 6,
        }
    }

    const fn sample(self) -> &'static [u8] {
        match self {
            Self::Plain => b"",
            Self::Image => include_bytes!("codec/image.v1.json"),
            Self::Container => include_bytes!("codec/container.v1.json"),
            Self::ContainerColumns => include_bytes!("codec/container.v2.dictionary"),
            Self::ContainerParts => include_bytes!("codec/container.v3.dictionary"),
            Self::ImageColumns => include_bytes!("codec/image.v2.dictionary"),
            Self::InventoryColumns => include_bytes!("codec/inventory.v2.dictionary"),
        }
    }
}

/// Compresses and expands; keeps the state of the compressor, so that one is made for each thread of work.
pub(crate) struct Codec {
    compressors: [Option<Compressor<'static>>; FORMS],
    decompressors: [Option<Decompressor<'static>>; FORMS],
}

impl Codec {
    /// Makes one; nothing is allocated before it is used.
    pub(crate) const fn new() -> Self {
        Self { compressors: [const { None }; FORMS], decompressors: [const { None }; FORMS] }
    }

    /// Packs `content`.
    pub(crate) fn pack(&mut self, form: Form, content: &[u8]) -> Result<Vec<u8>> {
        let failed = |error: std::io::Error| StoreError::damaged("compression", error);
        let length = u32::try_from(content.len())
            .ok()
            .filter(|length| *length as usize <= MAX_CONTENT)
            .ok_or_else(|| StoreError::invalid("report", "is larger than 1 GiB"))?;
        let frame = self.compressor(form).and_then(|it| it.compress(content)).map_err(failed)?;
        let mut packed = Vec::with_capacity(HEADER + frame.len());
        packed.push(form as u8);
        packed.extend_from_slice(&length.to_le_bytes());
        packed.extend_from_slice(&frame);
        Ok(packed)
    }

    /// Gives the content of a stored value; `what` names it in the error.
    pub(crate) fn unpack(&mut self, what: &str, packed: &[u8]) -> Result<Vec<u8>> {
        let Some((&[number, a, b, c, d], frame)) = packed.split_first_chunk::<HEADER>() else {
            return Err(StoreError::damaged(what, "is shorter than its header"));
        };
        let form = Form::ALL.into_iter().find(|form| *form as u8 == number);
        let form = form.ok_or_else(|| StoreError::damaged(what, format!("has the unknown form {number}")))?;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > MAX_CONTENT {
            return Err(StoreError::damaged(what, format!("claims {length} bytes")));
        }
        let content = self.decompressor(form).and_then(|it| it.decompress(frame, length));
        let content = content.map_err(|error| StoreError::damaged(what, error))?;
        if content.len() != length {
            let found = content.len();
            return Err(StoreError::damaged(
                what,
                format!("has {found} bytes where its header says {length}"),
            ));
        }
        Ok(content)
    }
}

impl Codec {
    fn compressor(&mut self, form: Form) -> io::Result<&mut Compressor<'static>> {
        let slot = &mut self.compressors[form as usize - 1];
        match slot {
            Some(compressor) => Ok(compressor),
            None => {
                let mut compressor = Compressor::with_dictionary(form.level(), form.sample())?;
                compressor.set_parameter(CParameter::DictIdFlag(false))?;
                Ok(slot.insert(compressor))
            }
        }
    }

    fn decompressor(&mut self, form: Form) -> io::Result<&mut Decompressor<'static>> {
        let slot = &mut self.decompressors[form as usize - 1];
        match slot {
            Some(decompressor) => Ok(decompressor),
            None => Ok(slot.insert(Decompressor::with_dictionary(form.sample())?)),
        }
    }

    /// Compresses small `content` to a frame without form, length and magic number.
    pub(crate) fn pack_bare(&mut self, form: Form, content: &[u8]) -> Result<Vec<u8>> {
        let frame = self.compressor(form).and_then(|it| it.compress(content));
        let mut frame = frame.map_err(|error| StoreError::damaged("compression", error))?;
        if !frame.starts_with(&MAGIC) {
            return Err(StoreError::damaged("compression", "gave a frame without a magic number"));
        }
        frame.drain(..MAGIC.len());
        Ok(frame)
    }

    /// Gives the content of what [`Self::pack_bare`] made; `what` names it in the error.
    pub(crate) fn unpack_bare(&mut self, what: &str, form: Form, frame: &[u8]) -> Result<Vec<u8>> {
        let mut whole = Vec::with_capacity(MAGIC.len() + frame.len());
        whole.extend_from_slice(&MAGIC);
        whole.extend_from_slice(frame);
        let length = match zstd_safe::get_frame_content_size(&whole) {
            Ok(Some(length)) if length <= MAX_CONTENT as u64 => length as usize,
            Ok(Some(length)) => return Err(StoreError::damaged(what, format!("claims {length} bytes"))),
            Ok(None) | Err(_) => return Err(StoreError::damaged(what, "does not say its length")),
        };
        let content = self.decompressor(form).and_then(|it| it.decompress(&whole, length));
        content.map_err(|error| StoreError::damaged(what, error))
    }
}

thread_local! {
    static HERE: RefCell<Codec> = const { RefCell::new(Codec::new()) };
}

/// Runs `work` with a codec of this thread's own, for callers that have none.
pub(crate) fn with_codec<T>(work: impl FnOnce(&mut Codec) -> T) -> T {
    HERE.with_borrow_mut(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_comes_back_in_every_form() {
        let mut codec = Codec::new();
        for form in Form::ALL {
            for content in [&b""[..], b"{}", &[7; 100_000]] {
                let packed = codec.pack(form, content).unwrap();
                assert_eq!(codec.unpack("it", &packed).unwrap(), content);
            }
        }
    }

    #[test]
    fn damaged_values_are_refused_by_name() {
        let mut codec = Codec::new();
        let packed = codec.pack(Form::Plain, b"some content of a document").unwrap();
        for cut in 0..packed.len() {
            let error = codec.unpack("image x", &packed[..cut]).unwrap_err().to_string();
            assert!(error.contains("image x"), "{error}");
        }
        let mut huge = packed.clone();
        huge[1..5].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(codec.unpack("x", &huge).is_err());
        let mut unknown = packed;
        unknown[0] = 9;
        assert!(codec.unpack("x", &unknown).unwrap_err().to_string().contains("unknown form 9"));
    }
}

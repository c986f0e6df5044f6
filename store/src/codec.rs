//! How documents and inventories become small byte columns, and back.
//!
//! A stored value is one byte that names its form, the length of its content (4 bytes, little endian) and a
//! zstd frame. Documents are JSON, because fields are added over the years. They are compressed against a
//! sample of their own kind, which spares every small document the names of its fields. A sample is part of the
//! stored form: it is never edited, a better one gets a new form.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

use crate::error::{Result, StoreError};

/// The longest content that is read back; no report that passes validation comes near it.
const MAX_CONTENT: usize = 1 << 30;
const LEVEL: i32 = 3;
const HEADER: usize = 5;

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
}

impl Form {
    const ALL: [Self; 3] = [Self::Plain, Self::Image, Self::Container];

    const fn sample(self) -> &'static [u8] {
        match self {
            Self::Plain => b"",
            Self::Image => include_bytes!("codec/image.v1.json"),
            Self::Container => include_bytes!("codec/container.v1.json"),
        }
    }
}

/// Compresses and expands; keeps the state of the compressor, so that one is made for each thread of work.
pub(crate) struct Codec {
    compressors: [Option<Compressor<'static>>; 3],
    decompressors: [Option<Decompressor<'static>>; 3],
}

impl Codec {
    /// Makes one; nothing is allocated before it is used.
    pub(crate) const fn new() -> Self {
        Self { compressors: [const { None }; 3], decompressors: [const { None }; 3] }
    }

    /// Packs `content`.
    pub(crate) fn pack(&mut self, form: Form, content: &[u8]) -> Result<Vec<u8>> {
        let failed = |error: std::io::Error| StoreError::damaged("compression", error);
        let length = u32::try_from(content.len())
            .ok()
            .filter(|length| *length as usize <= MAX_CONTENT)
            .ok_or_else(|| StoreError::invalid("report", "is larger than 1 GiB"))?;
        let slot = &mut self.compressors[form as usize - 1];
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(Compressor::with_dictionary(LEVEL, form.sample()).map_err(failed)?),
        };
        let frame = compressor.compress(content).map_err(failed)?;
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
        let slot = &mut self.decompressors[form as usize - 1];
        let decompressor = match slot {
            Some(decompressor) => decompressor,
            None => slot.insert(
                Decompressor::with_dictionary(form.sample())
                    .map_err(|error| StoreError::damaged(what, error))?,
            ),
        };
        let content =
            decompressor.decompress(frame, length).map_err(|error| StoreError::damaged(what, error))?;
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

thread_local! {
    static HERE: RefCell<Codec> = const { RefCell::new(Codec::new()) };
}

/// [`Codec::unpack`] with a codec of this thread's own, for callers that have none.
pub(crate) fn unpack_here(what: &str, packed: &[u8]) -> Result<Vec<u8>> {
    HERE.with_borrow_mut(|codec| codec.unpack(what, packed))
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

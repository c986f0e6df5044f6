//! The uncompressed bytes of one layer, bounded and held against its digest.

use model::{DiffId, Digest};
use sha2::{Digest as _, Sha256};

use super::compression::Compression;
use super::gzip::Gzip;
use super::stored::Stored;
use super::window::Supply;
use super::zstd::Zstd;
use crate::blob::Blob;
use crate::error::{ImageError, Place};
use crate::limits::Limits;

/// Which bytes must have which digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// The blob as stored.
    Stored(Digest),
    /// The tar stream within; for compressed layers whose blob digest nobody states.
    Uncompressed(Digest),
    /// None: uncompressed layers are then seeked through.
    Nothing,
}

enum Decoder {
    Plain,
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
}

/// A layer's stream.
pub(crate) struct LayerStream<'l> {
    stored: Stored,
    decoder: Decoder,
    check: Check,
    hasher: Option<Sha256>,
    produced: u64,
    limits: &'l Limits,
    /// What is odd about the compressed stream.
    pub(crate) notes: Vec<String>,
}

impl<'l> LayerStream<'l> {
    pub(crate) fn open(
        blob: &Blob,
        place: Place,
        compression: Option<Compression>,
        check: Check,
        limits: &'l Limits,
    ) -> Result<Self, ImageError> {
        // bytes that are stored as they are have one digest, whatever it is called
        let check = match (compression, check) {
            (Some(Compression::None), Check::Uncompressed(digest)) => Check::Stored(digest),
            (_, check) => check,
        };
        let mut stored = Stored::open(blob, place, matches!(check, Check::Stored(_)))?;
        let compression = match compression {
            Some(compression) => compression,
            None => {
                let recognised = Compression::recognise(stored.peek(Compression::HEAD as usize)?);
                recognised.map_err(|form| {
                    let place = stored.place().clone();
                    ImageError::UnsupportedLayer { place, form }
                })?
            }
        };
        let decoder = match compression {
            Compression::None => Decoder::Plain,
            Compression::Gzip => Decoder::Gzip(Box::new(Gzip::new())),
            Compression::Zstd => Decoder::Zstd(Box::new(Zstd::new(&stored, limits)?)),
        };
        let hasher = matches!(check, Check::Uncompressed(_)).then(Sha256::new);
        Ok(Self { stored, decoder, check, hasher, produced: 0, limits, notes: Vec::new() })
    }

    /// Bytes that are stored as they are have one digest, and both documents must state the same.
    pub(crate) fn check_diff_id(&self, diff_id: Option<DiffId>) -> Result<(), ImageError> {
        match (&self.decoder, self.check, diff_id) {
            (Decoder::Plain, Check::Stored(found), Some(DiffId(expected))) if expected != found => {
                Err(ImageError::DigestMismatch { place: self.stored.place().clone(), expected, found })
            }
            _ => Ok(()),
        }
    }

    /// Uncompressed bytes given so far.
    pub(crate) fn uncompressed_bytes(&self) -> u64 {
        self.produced
    }

    /// Compares the digest once the end was reached; whether there was one to compare.
    pub(crate) fn verify(&mut self) -> Result<bool, ImageError> {
        let uncompressed = self.hasher.take().map(|hasher| Digest::from_bytes(hasher.finalize().into()));
        let (expected, found) = match self.check {
            Check::Stored(expected) => (expected, self.stored.finish()),
            Check::Uncompressed(expected) => (expected, uncompressed),
            Check::Nothing => return Ok(false),
        };
        match found {
            Some(found) if found == expected => Ok(true),
            Some(found) => {
                let place = self.stored.place().clone();
                Err(ImageError::DigestMismatch { place, expected, found })
            }
            None => Ok(false),
        }
    }

    fn check_limits(&self) -> Result<(), ImageError> {
        let limits = self.limits;
        let exceeded = if self.produced > limits.max_layer_bytes {
            ("max_layer_bytes", limits.max_layer_bytes)
        } else if self.produced > limits.ratio_floor
            && self.produced / self.stored.read_bytes().max(1) > limits.max_ratio
        {
            ("max_ratio", limits.max_ratio)
        } else {
            return Ok(());
        };
        let (limit, value) = exceeded;
        let place = self.stored.place().clone();
        Err(ImageError::Limit { place, limit, value, offset: self.produced })
    }
}

impl Supply for LayerStream<'_> {
    fn fill(&mut self, out: &mut [u8]) -> Result<usize, ImageError> {
        let count = match &mut self.decoder {
            Decoder::Plain => self.stored.read_direct(out)?,
            Decoder::Gzip(gzip) => gzip.fill(&mut self.stored, out, &mut self.notes)?,
            Decoder::Zstd(zstd) => zstd.fill(&mut self.stored, out, &mut self.notes)?,
        };
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&out[..count]);
        }
        self.produced += count as u64;
        self.check_limits()?;
        Ok(count)
    }

    fn skip(&mut self, count: u64) -> Result<u64, ImageError> {
        let Decoder::Plain = self.decoder else { return Ok(0) };
        let passed = self.stored.skip(count)?;
        self.produced += passed;
        self.check_limits()?;
        Ok(passed)
    }

    fn stored_bytes(&self) -> u64 {
        self.stored.read_bytes()
    }

    fn place(&self) -> &Place {
        self.stored.place()
    }
}

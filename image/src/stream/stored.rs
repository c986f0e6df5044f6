//! The stored bytes of a blob: read in large pieces, counted and digested on the way.

use std::io::Read as _;

use model::Digest;
use sha2::{Digest as _, Sha256};

use crate::blob::{Blob, BlobReader};
use crate::error::{ImageError, Place};

const BUFFER: usize = 128 << 10;

/// Reads a blob from its beginning to its end.
pub(crate) struct Stored {
    inner: BlobReader,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    hasher: Option<Sha256>,
    read: u64,
    place: Place,
}

impl Stored {
    /// Opens the blob; `digested` asks for [`Self::finish`] to give its digest.
    pub(crate) fn open(blob: &Blob, place: Place, digested: bool) -> Result<Self, ImageError> {
        let inner = blob.open().map_err(|source| ImageError::Io { place: place.clone(), source })?;
        let hasher = digested.then(Sha256::new);
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Ok(Self { inner, buffer, start: 0, end: 0, hasher, read: 0, place })
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Bytes read from the blob.
    pub(crate) fn read_bytes(&self) -> u64 {
        self.read
    }

    /// Position of the next byte that [`Self::available`] gives.
    pub(crate) fn position(&self) -> u64 {
        self.read - (self.end - self.start) as u64
    }

    /// The bytes that are at hand, read on if there are none; empty only at the end of the blob.
    pub(crate) fn available(&mut self) -> Result<&[u8], ImageError> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            self.read_more()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// The next bytes: `count` of them, or fewer at the end of the blob. `count` is small against the buffer.
    pub(crate) fn peek(&mut self, count: usize) -> Result<&[u8], ImageError> {
        while self.end - self.start < count {
            if self.buffer.len() - self.start < count {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            if !self.read_more()? {
                break;
            }
        }
        let end = self.end.min(self.start + count);
        Ok(&self.buffer[self.start..end])
    }

    /// Marks bytes that were given as used.
    pub(crate) fn consume(&mut self, count: usize) {
        debug_assert!(self.start + count <= self.end);
        self.start += count;
    }

    /// The next byte; the end of the blob is an error.
    pub(crate) fn byte(&mut self) -> Result<u8, ImageError> {
        match self.available()?.first() {
            Some(&byte) => {
                self.consume(1);
                Ok(byte)
            }
            None => Err(self.truncated()),
        }
    }

    /// Reads straight into `out`, after what is left in the buffer; 0 at the end of the blob.
    pub(crate) fn read_direct(&mut self, out: &mut [u8]) -> Result<usize, ImageError> {
        if self.start < self.end {
            let count = out.len().min(self.end - self.start);
            out[..count].copy_from_slice(&self.buffer[self.start..self.start + count]);
            self.start += count;
            return Ok(count);
        }
        let count = read_retrying(&mut self.inner, out, &self.place)?;
        if count == 0 {
            return self.check_end().map(|()| 0);
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&out[..count]);
        }
        self.read += count as u64;
        Ok(count)
    }

    /// Passes over up to `count` bytes by seeking; 0 if their digest is asked for.
    pub(crate) fn skip(&mut self, count: u64) -> Result<u64, ImageError> {
        if self.hasher.is_some() || self.start != self.end {
            return Ok(0);
        }
        let place = &self.place;
        let passed =
            self.inner.skip(count).map_err(|source| ImageError::Io { place: place.clone(), source })?;
        self.read += passed;
        Ok(passed)
    }

    /// Reads what is left; gives whether any of it was not zero.
    pub(crate) fn drain(&mut self) -> Result<bool, ImageError> {
        let mut any = false;
        loop {
            let bytes = self.available()?;
            if bytes.is_empty() {
                return Ok(any);
            }
            any = any || bytes.iter().any(|&byte| byte != 0);
            let count = bytes.len();
            self.consume(count);
        }
    }

    /// The digest of all bytes, once the end was reached; `None` if it was not asked for.
    pub(crate) fn finish(&mut self) -> Option<Digest> {
        self.hasher.take().map(|hasher| Digest::from_bytes(hasher.finalize().into()))
    }

    pub(crate) fn truncated(&self) -> ImageError {
        ImageError::Truncated { place: self.place.clone(), offset: self.read }
    }

    pub(crate) fn corrupt(&self, reason: impl Into<String>) -> ImageError {
        let (place, offset) = (self.place.clone(), self.position());
        ImageError::Corrupt { place, offset, reason: reason.into() }
    }

    fn read_more(&mut self) -> Result<bool, ImageError> {
        let free = &mut self.buffer[self.end..];
        let count = read_retrying(&mut self.inner, free, &self.place)?;
        if count == 0 {
            return self.check_end().map(|()| false);
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&free[..count]);
        }
        self.end += count;
        self.read += count as u64;
        Ok(true)
    }

    /// The file must not end before the blob does.
    fn check_end(&self) -> Result<(), ImageError> {
        match self.inner.remaining() {
            0 => Ok(()),
            _ => Err(self.truncated()),
        }
    }
}

fn read_retrying(inner: &mut BlobReader, out: &mut [u8], place: &Place) -> Result<usize, ImageError> {
    loop {
        match inner.read(out) {
            Ok(count) => return Ok(count),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(ImageError::Io { place: place.clone(), source }),
        }
    }
}

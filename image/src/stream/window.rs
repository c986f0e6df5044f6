//! The window through which a tar walk looks at a stream.

use std::path::Path;

use crate::blob::{FileReader, FileRun};
use crate::error::{ImageError, Place};

/// Where a window gets its bytes.
pub(crate) trait Supply {
    /// Writes the next bytes to the front of `out`; 0 at the end of the stream.
    fn fill(&mut self, out: &mut [u8]) -> Result<usize, ImageError>;
    /// Passes over up to `count` bytes without producing them; 0 if it cannot.
    fn skip(&mut self, count: u64) -> Result<u64, ImageError>;
    /// Stored bytes read so far.
    fn stored_bytes(&self) -> u64;
    /// What the stream is.
    fn place(&self) -> &Place;
}

/// A buffer over a supply: bytes are looked at in place and passed over without being copied.
pub(crate) struct Window<'s> {
    supply: &'s mut dyn Supply,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    position: u64,
}

impl<'s> Window<'s> {
    /// A window of `capacity` bytes, at least 1 KiB.
    pub(crate) fn new(supply: &'s mut dyn Supply, capacity: usize) -> Self {
        debug_assert!(capacity >= 1024);
        Self { supply, buffer: vec![0; capacity].into_boxed_slice(), start: 0, end: 0, position: 0 }
    }

    /// Position in the stream of the next byte.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    pub(crate) fn place(&self) -> &Place {
        self.supply.place()
    }

    pub(crate) fn stored_bytes(&self) -> u64 {
        self.supply.stored_bytes()
    }

    /// The next `count` bytes, fewer only at the end of the stream. `count` must not exceed the capacity.
    pub(crate) fn peek(&mut self, count: usize) -> Result<&[u8], ImageError> {
        if self.end - self.start < count {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            while self.end < count {
                let added = self.supply.fill(&mut self.buffer[self.end..])?;
                if added == 0 {
                    break;
                }
                self.end += added;
            }
        }
        let end = self.end.min(self.start + count);
        Ok(&self.buffer[self.start..end])
    }

    /// Marks bytes that were given as used.
    pub(crate) fn consume(&mut self, count: usize) {
        debug_assert!(self.start + count <= self.end);
        self.start += count;
        self.position += count as u64;
    }

    /// Passes over up to `count` bytes; fewer only at the end of the stream.
    pub(crate) fn skip(&mut self, count: u64) -> Result<u64, ImageError> {
        let mut left = count;
        while left > 0 {
            let here = (self.end - self.start) as u64;
            if here > 0 {
                let step = here.min(left);
                self.consume(step as usize);
                left -= step;
                continue;
            }
            let passed = self.supply.skip(left)?;
            self.position += passed;
            left -= passed;
            if passed == 0 && self.peek(1)?.is_empty() {
                break;
            }
        }
        Ok(count - left)
    }

    /// Reads into `out`; 0 at the end of the stream. Large reads go past the buffer.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> Result<usize, ImageError> {
        if self.start == self.end && out.len() >= self.buffer.len() {
            let count = self.supply.fill(out)?;
            self.position += count as u64;
            return Ok(count);
        }
        let bytes = self.peek(1)?;
        if bytes.is_empty() {
            return Ok(0);
        }
        let count = out.len().min(self.end - self.start);
        out[..count].copy_from_slice(&self.buffer[self.start..self.start + count]);
        self.consume(count);
        Ok(count)
    }

    /// Passes over the rest of the stream; the position of the first byte that is not zero, if any.
    pub(crate) fn drain(&mut self) -> Result<Option<u64>, ImageError> {
        let mut first = None;
        while !self.peek(1)?.is_empty() {
            let bytes = &self.buffer[self.start..self.end];
            if first.is_none() {
                first = bytes.iter().position(|&byte| byte != 0).map(|at| self.position + at as u64);
            }
            self.consume(self.end - self.start);
        }
        Ok(first)
    }
}

/// An archive file as a supply: what is passed over is seeked over.
pub(crate) struct FileSupply {
    reader: FileReader,
    place: Place,
    read: u64,
}

impl FileSupply {
    pub(crate) fn open(path: &Path) -> Result<Self, ImageError> {
        let place = Place::whole(path);
        let failed = |source| ImageError::Io { place: Place::whole(path), source };
        let size = std::fs::metadata(path).map_err(failed)?.len();
        let blob = FileRun { path: path.to_owned(), offset: 0, size, kept: None };
        Ok(Self { reader: blob.open().map_err(failed)?, place, read: 0 })
    }
}

impl Supply for FileSupply {
    fn fill(&mut self, out: &mut [u8]) -> Result<usize, ImageError> {
        use std::io::Read as _;
        let count =
            self.reader.read(out).map_err(|source| ImageError::Io { place: self.place.clone(), source })?;
        self.read += count as u64;
        Ok(count)
    }

    fn skip(&mut self, count: u64) -> Result<u64, ImageError> {
        self.reader.skip(count).map_err(|source| ImageError::Io { place: self.place.clone(), source })
    }

    fn stored_bytes(&self) -> u64 {
        self.read
    }

    fn place(&self) -> &Place {
        &self.place
    }
}

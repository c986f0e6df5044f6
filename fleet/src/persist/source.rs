//! Reading: every block is held against its checksum before a byte of it is believed.

use std::fs::File;
use std::io::{self, Read as _};

use super::Plain;
use super::sink::BLOCK;

/// The most bytes that a block may say it has: what a sink never exceeds.
const MAX_BLOCK: usize = 3 * BLOCK;

/// Why a file is not taken for the index.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PersistError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Bytes are not as they were written.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// It is whole and of no use.
    #[error("it does not fit: {0}")]
    Other(&'static str),
}

/// Reads values from a file.
pub(crate) struct Source {
    file: File,
    block: Vec<u8>,
    at: usize,
    /// Bytes of the file that were not read yet: nothing can hold more things than that.
    rest: u64,
}

impl Source {
    pub(crate) fn new(file: File) -> Result<Self, PersistError> {
        let rest = file.metadata()?.len();
        Ok(Self { file, block: Vec::new(), at: 0, rest })
    }

    /// One value.
    pub(crate) fn one<T: Plain>(&mut self) -> Result<T, PersistError> {
        if self.block.len() - self.at >= T::SIZE {
            self.at += T::SIZE;
            return Ok(T::take(&self.block[self.at - T::SIZE..self.at]));
        }
        let mut bytes = vec![0; T::SIZE];
        self.fill(&mut bytes)?;
        Ok(T::take(&bytes))
    }

    /// The number of things that follow, each of which takes at least `size` bytes.
    pub(crate) fn count(&mut self, size: usize) -> Result<usize, PersistError> {
        let count: u64 = self.one()?;
        let room = self.rest + (self.block.len() - self.at) as u64;
        match usize::try_from(count) {
            Ok(fits) if count.saturating_mul(size as u64) <= room => Ok(fits),
            _ => Err(PersistError::Damaged("it tells of more than it holds")),
        }
    }

    /// Values of which there are `count`, in pieces as they lie in the blocks.
    pub(crate) fn plain<T: Plain>(&mut self, count: usize, mut each: impl FnMut(T)) -> Result<(), PersistError> {
        let mut left = count;
        while left > 0 {
            let whole = ((self.block.len() - self.at) / T::SIZE).min(left);
            if whole == 0 {
                each(self.one()?);
                left -= 1;
                continue;
            }
            let bytes = &self.block[self.at..self.at + whole * T::SIZE];
            bytes.chunks_exact(T::SIZE).for_each(|bytes| each(T::take(bytes)));
            self.at += whole * T::SIZE;
            left -= whole;
        }
        Ok(())
    }

    /// Bytes with their number before them.
    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, PersistError> {
        let count = self.count(1)?;
        let mut bytes = vec![0; count];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// Text with its length before it.
    pub(crate) fn text(&mut self) -> Result<String, PersistError> {
        String::from_utf8(self.bytes()?).map_err(|_| PersistError::Damaged("a text is not UTF-8"))
    }

    /// Fails if anything follows.
    pub(crate) fn finish(self) -> Result<(), PersistError> {
        let is_over = self.at == self.block.len() && self.rest == 0;
        is_over.then_some(()).ok_or(PersistError::Damaged("something follows its end"))
    }

    fn fill(&mut self, mut out: &mut [u8]) -> Result<(), PersistError> {
        while !out.is_empty() {
            if self.at == self.block.len() {
                self.next_block()?;
            }
            let count = out.len().min(self.block.len() - self.at);
            let (now, later) = out.split_at_mut(count);
            now.copy_from_slice(&self.block[self.at..self.at + count]);
            self.at += count;
            out = later;
        }
        Ok(())
    }

    fn next_block(&mut self) -> Result<(), PersistError> {
        let mut head = [0; 8];
        self.file.read_exact(&mut head)?;
        let (length, checksum): (u32, u32) = Plain::take(&head);
        let length = length as usize;
        if length == 0 || length > MAX_BLOCK || length as u64 + 8 > self.rest {
            return Err(PersistError::Damaged("a block has an impossible length"));
        }
        self.block.resize(length, 0);
        self.file.read_exact(&mut self.block)?;
        self.rest -= length as u64 + 8;
        self.at = 0;
        if crc32fast::hash(&self.block) != checksum {
            return Err(PersistError::Damaged("a checksum is wrong"));
        }
        Ok(())
    }
}

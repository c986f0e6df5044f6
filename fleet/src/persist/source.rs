//! Reading: every block is held against its checksum before a byte of it is believed.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

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
    /// Nothing, if all there is lies in the block.
    file: Option<File>,
    block: Vec<u8>,
    at: usize,
    /// Bytes of the file that were not read yet: nothing can hold more things than that.
    rest: u64,
}

impl Source {
    /// Reads `length` bytes of a file from a place on.
    pub(crate) fn new(mut file: File, place: u64, length: u64) -> Result<Self, PersistError> {
        let is_inside =
            place.checked_add(length).is_some_and(|end| file.metadata().is_ok_and(|of| end <= of.len()));
        if !is_inside {
            return Err(PersistError::Damaged("it is shorter than it says"));
        }
        file.seek(SeekFrom::Start(place))?;
        Ok(Self { file: Some(file), block: Vec::new(), at: 0, rest: length })
    }

    /// Reads what lies in one block, whose checksum nobody asks for.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn of_block(block: Vec<u8>) -> Self {
        Self { file: None, block, at: 0, rest: 0 }
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
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.room_for(count, size)
    }

    /// The same number, if so many things of at least `size` bytes can follow.
    pub(crate) fn room_for(&self, count: usize, size: usize) -> Result<usize, PersistError> {
        let room = self.rest + (self.block.len() - self.at) as u64;
        let fits = (count as u64).saturating_mul(size as u64) <= room;
        fits.then_some(count).ok_or(PersistError::Damaged("it tells of more than it holds"))
    }

    /// So many values.
    pub(crate) fn many<T: Plain>(&mut self, count: usize) -> Result<Vec<T>, PersistError> {
        let mut values = Vec::with_capacity(self.room_for(count, T::SIZE)?);
        while values.len() < count {
            let whole = ((self.block.len() - self.at) / T::SIZE).min(count - values.len());
            if whole == 0 {
                values.push(self.one()?);
                continue;
            }
            let bytes = &self.block[self.at..self.at + whole * T::SIZE];
            values.extend(bytes.chunks_exact(T::SIZE).map(T::take));
            self.at += whole * T::SIZE;
        }
        Ok(values)
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

    /// A value in postcard, of which these are the bytes.
    pub(crate) fn decoded<T>(value: postcard::Result<T>) -> Result<T, PersistError> {
        value.map_err(|_| PersistError::Damaged("a value cannot be decoded"))
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
        let Some(file) = self.file.as_mut().filter(|_| self.rest >= 8) else {
            return Err(PersistError::Damaged("it ends too early"));
        };
        let mut head = [0; 8];
        file.read_exact(&mut head)?;
        let (length, checksum): (u32, u32) = Plain::take(&head);
        let length = length as usize;
        if length == 0 || length > MAX_BLOCK || length as u64 > self.rest - 8 {
            return Err(PersistError::Damaged("a block has an impossible length"));
        }
        self.block.resize(length, 0);
        file.read_exact(&mut self.block)?;
        self.rest -= length as u64 + 8;
        self.at = 0;
        if crc32fast::hash(&self.block) != checksum {
            return Err(PersistError::Damaged("a checksum is wrong"));
        }
        Ok(())
    }
}

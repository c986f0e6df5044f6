//! Writing: blocks with their length and checksum.

use std::fs::File;
use std::io::{self, Write as _};

use super::Plain;

/// Bytes of a block; each carries a checksum of its own.
pub(super) const BLOCK: usize = 1 << 20;

/// Writes values to a file.
pub(crate) struct Sink {
    file: File,
    block: Vec<u8>,
    written: u64,
}

impl Sink {
    pub(crate) fn new(file: File) -> Self {
        Self { file, block: Vec::with_capacity(BLOCK + 64), written: 0 }
    }

    /// Writes values without their number.
    pub(crate) fn plain<T: Plain>(&mut self, values: &[T]) -> io::Result<()> {
        for value in values {
            value.put(&mut self.block);
            if self.block.len() >= BLOCK {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Writes a number of things.
    pub(crate) fn count(&mut self, count: usize) -> io::Result<()> {
        self.plain(&[count as u64])
    }

    /// Writes bytes with their number.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.count(bytes.len())?;
        for part in bytes.chunks(BLOCK) {
            self.block.extend_from_slice(part);
            if self.block.len() >= BLOCK {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Writes what is left and makes it durable; gives the file's length.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.flush()?;
        self.file.sync_all()?;
        Ok(self.written)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let mut head = Vec::with_capacity(8);
        (self.block.len() as u32).put(&mut head);
        crc32fast::hash(&self.block).put(&mut head);
        self.file.write_all(&head)?;
        self.file.write_all(&self.block)?;
        self.written += (head.len() + self.block.len()) as u64;
        self.block.clear();
        Ok(())
    }
}

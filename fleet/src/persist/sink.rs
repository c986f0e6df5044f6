//! Writing: blocks with their length and checksum.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::Plain;

/// Bytes of a block; each carries a checksum of its own.
pub(super) const BLOCK: usize = 1 << 20;

/// Values that are written before a look at whether the block is full.
const PART: usize = 1_024;

/// Blocks after which a writer that has time brings them to the disk, so that nobody else's commit waits for all of them.
const SYNC: u32 = 16;

/// How fast to write.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace<'f> {
    /// As fast as possible.
    Fast,
    /// At most half of the time, so that readers have the processors and the disk; given up as soon as this is set.
    Gentle(&'f AtomicBool),
}

/// Writes values to a file.
pub(crate) struct Sink<'f> {
    file: File,
    block: Vec<u8>,
    written: u64,
    blocks: u32,
    pace: Pace<'f>,
    resumed: Instant,
}

impl<'f> Sink<'f> {
    pub(crate) fn new(file: File, pace: Pace<'f>) -> Self {
        let block = Vec::with_capacity(BLOCK + BLOCK / 8);
        Self { file, block, written: 0, blocks: 0, pace, resumed: Instant::now() }
    }

    /// Writes bytes outside of any block, of which there must be none open.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Writes values without their number.
    pub(crate) fn plain<T: Plain>(&mut self, values: &[T]) -> io::Result<()> {
        for part in values.chunks(PART) {
            part.iter().for_each(|value| value.put(&mut self.block));
            self.flush_full()?;
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
            self.flush_full()?;
        }
        Ok(())
    }

    /// Ends the block and tells how long the file is now: what comes next can be read from here.
    pub(super) fn place(&mut self) -> io::Result<u64> {
        self.flush()?;
        Ok(self.written)
    }

    /// Makes all of it durable; gives the file's length.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.flush()?;
        self.file.sync_all()?;
        Ok(self.written)
    }

    fn flush_full(&mut self) -> io::Result<()> {
        if self.block.len() >= BLOCK { self.flush() } else { Ok(()) }
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
        self.rest()
    }

    /// Gives way to others.
    fn rest(&mut self) -> io::Result<()> {
        let Pace::Gentle(stop) = self.pace else { return Ok(()) };
        self.blocks += 1;
        if self.blocks.is_multiple_of(SYNC) {
            self.file.sync_data()?;
        }
        if stop.load(Ordering::Relaxed) {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "another one is written instead"));
        }
        std::thread::sleep(self.resumed.elapsed());
        self.resumed = Instant::now();
        Ok(())
    }
}

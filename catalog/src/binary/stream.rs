//! A program as a window that moves forward over it.

use std::io::Read;

use crate::text::Problem;

/// Bytes in the window. The headers of all formats are looked for in the first window.
pub(super) const WINDOW: usize = 64 << 10;

/// A program that is read forward.
pub(super) struct Stream<'a> {
    source: &'a mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    position: u64,
}

impl<'a> Stream<'a> {
    /// Goes on with `source`, of which `read` was read before.
    pub(super) fn new(source: &'a mut dyn Read, read: &[u8]) -> Self {
        let mut buffer = vec![0; WINDOW];
        buffer[..read.len()].copy_from_slice(read);
        Self { source, buffer, start: 0, end: read.len(), position: 0 }
    }

    /// Where in the file the window begins.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The window, with at least `count` bytes, at most [`WINDOW`], unless the file ends before.
    pub(super) fn fill(&mut self, count: usize) -> Result<&[u8], Problem> {
        let count = count.min(WINDOW);
        if self.end - self.start < count {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < count {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Moves the window's begin forward by `count` bytes, at most its length.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.position += count as u64;
    }

    /// Moves to `offset`. `false` if that lies behind, or beyond the end of the file.
    pub(super) fn skip_to(&mut self, offset: u64) -> Result<bool, Problem> {
        while self.position < offset {
            let window = self.fill(1)?.len();
            if window == 0 {
                return Ok(false);
            }
            self.consume(usize::try_from(offset - self.position).map_or(window, |left| left.min(window)));
        }
        Ok(self.position == offset)
    }

    /// The next `count` bytes, fewer at the end of the file. The caller has bounded `count`; memory grows with what
    /// is there.
    pub(super) fn take(&mut self, count: usize) -> Result<Vec<u8>, Problem> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let window = self.fill(1)?;
            if window.is_empty() {
                break;
            }
            let part = window.len().min(count - taken.len());
            taken.extend_from_slice(&window[..part]);
            self.consume(part);
        }
        Ok(taken)
    }
}

//! Reading foreign text within limits: lines of a stream, whole small files, header blocks.
//!
//! A line longer than the limit ends the file. That is what stops a sparse file of zeros, which is one
//! endless line, after its first megabyte.

use std::io::Read;

/// Longest line that is read, in bytes.
pub(crate) const MAX_LINE: usize = 1 << 20;

/// How the message begins where a file's bytes cannot be had.
pub(crate) const CONTENT_UNREADABLE: &str = "content cannot be read";

/// Why a file could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// The file is larger than its kind may be.
    #[error("file of {size} bytes is larger than the limit of {limit} bytes")]
    TooLarge {
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// One line is longer than [`MAX_LINE`].
    #[error("line {line} is longer than {MAX_LINE} bytes")]
    LineTooLong {
        /// Counted from 1.
        line: u64,
    },
    /// The layer's stream broke off.
    #[error("{CONTENT_UNREADABLE}: {0}")]
    Read(#[from] std::io::Error),
    /// Not what the name promises.
    #[error("{0}")]
    Malformed(String),
}

/// Lines of a stream, without their line ends, one buffer for all of them.
pub(crate) struct Lines<'a> {
    source: &'a mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    left: u64,
    limit: u64,
    line: u64,
}

impl<'a> Lines<'a> {
    /// Reads at most `limit` bytes of `source`.
    pub(crate) fn new(source: &'a mut dyn Read, limit: u64) -> Self {
        Self { source, buffer: vec![0; 32 << 10], start: 0, end: 0, left: limit, limit, line: 0 }
    }

    /// The number of the line that was given last, counted from 1.
    pub(crate) fn number(&self) -> u64 {
        self.line
    }

    /// The next line, `None` at the end. A carriage return before the line end is cut off, and so is a byte order mark
    /// before the first line.
    pub(crate) fn next_line(&mut self) -> Result<Option<&[u8]>, Problem> {
        let mut searched = 0;
        let (from, to) = loop {
            let fresh = &self.buffer[self.start + searched..self.end];
            if let Some(at) = memchr::memchr(b'\n', fresh) {
                let from = self.start;
                let to = from + searched + at;
                self.start = to + 1;
                break (from, to);
            }
            searched = self.end - self.start;
            if searched > MAX_LINE {
                return Err(Problem::LineTooLong { line: self.line + 1 });
            }
            if self.fill()? == 0 {
                if searched == 0 {
                    return Ok(None);
                }
                let from = self.start;
                self.start = self.end;
                break (from, self.end);
            }
        };
        self.line += 1;
        let line = &self.buffer[from..to];
        let line = if self.line == 1 { without_mark(line) } else { line };
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    fn fill(&mut self) -> Result<usize, Problem> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let count = read_some(self.source, &mut self.buffer[self.end..])?;
        if count as u64 > self.left {
            return Err(Problem::TooLarge { size: self.limit + 1, limit: self.limit });
        }
        self.left -= count as u64;
        self.end += count;
        Ok(count)
    }
}

fn read_some(source: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, Problem> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            other => return Ok(other?),
        }
    }
}

/// Reads a whole file of at most `limit` bytes; `size` is what the archive says of it, and is not trusted.
pub(crate) fn read_all(source: &mut dyn Read, size: u64, limit: u64) -> Result<Vec<u8>, Problem> {
    if size > limit {
        return Err(Problem::TooLarge { size, limit });
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size as usize).map_err(std::io::Error::other)?;
    let count = source.take(limit + 1).read_to_end(&mut bytes)? as u64;
    if count > limit {
        return Err(Problem::TooLarge { size: count, limit });
    }
    Ok(bytes)
}

/// The bytes without a UTF-8 byte order mark.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Splits `Key: value` at the first colon; the value is trimmed. `None` without a colon or with an empty key.
pub(crate) fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line).filter(|at| *at > 0)?;
    Some((&line[..colon], line[colon + 1..].trim_ascii()))
}

/// A value as text; bytes that are no UTF-8 become the replacement character.
pub(crate) fn owned(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], limit: u64) -> Result<Vec<String>, Problem> {
        let mut source = text;
        let mut reader = Lines::new(&mut source, limit);
        let mut all = Vec::new();
        while let Some(line) = reader.next_line()? {
            all.push(owned(line));
        }
        Ok(all)
    }

    #[test]
    fn lines_are_cut_at_line_ends_and_the_last_needs_none() {
        assert_eq!(lines(b"a\r\n\nb", 100).unwrap(), ["a", "", "b"]);
        assert!(lines(b"", 100).unwrap().is_empty());
        assert_eq!(lines(b"\xef\xbb\xbfa\n\xef\xbb\xbfb", 100).unwrap(), ["a", "\u{feff}b"]);
        let long = vec![b'x'; 100_000];
        assert_eq!(lines(&long, 1 << 20).unwrap()[0].len(), 100_000);
    }

    #[test]
    fn an_endless_line_is_given_up_after_a_megabyte() {
        let mut zeros = std::io::repeat(0).take(1 << 40);
        let mut reader = Lines::new(&mut zeros, u64::MAX);
        assert!(matches!(reader.next_line(), Err(Problem::LineTooLong { line: 1 })));
        assert!(zeros.limit() > (1 << 40) - (8 << 20), "only a few megabytes may be read");
    }

    #[test]
    fn a_stream_that_is_larger_than_the_limit_is_refused() {
        assert!(matches!(lines(b"a\nb\nc\n", 3), Err(Problem::TooLarge { .. })));
        assert!(matches!(read_all(&mut &b"abcd"[..], 4, 3), Err(Problem::TooLarge { size: 4, limit: 3 })));
        assert!(matches!(read_all(&mut &b"abcd"[..], 1, 3), Err(Problem::TooLarge { .. })));
    }
}

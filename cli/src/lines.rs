//! Lines of standard input, answered as they come: for programs that stand in a pipeline.
//!
//! Answers are handed on whenever the input pauses, so that somebody who asks one question at a time gets an
//! answer before the next. No line is held beyond a bound; what is longer is one line that is known to be too long.

use std::io::{self, BufRead, Write};

use anyhow::Context as _;

/// A whole line, without its end.
pub(crate) struct Line {
    /// Counted from 1.
    pub(crate) number: usize,
    /// Without line feed and carriage return; `None` for a line that is too long.
    pub(crate) text: Option<Vec<u8>>,
}

/// Calls `answer` for every line of `input`; the end of the input ends the last line.
pub(crate) fn for_each_line<W: Write>(
    input: &mut impl BufRead,
    output: &mut W,
    longest: usize,
    mut answer: impl FnMut(Line, &mut W) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut lines = Lines { longest, number: 0, line: Vec::new(), too_long: false };
    loop {
        // What was read is answered before the next read may wait.
        output.flush().context("cannot write to standard output")?;
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            chunk => chunk.context("cannot read standard input")?,
        };
        let read = chunk.len();
        let at_end = chunk.is_empty();
        let mut rest = chunk;
        while let Some(line) = lines.take(&mut rest, at_end) {
            answer(line, output).context("cannot write to standard output")?;
        }
        if at_end {
            return Ok(());
        }
        input.consume(read);
    }
}

/// Puts lines together from what is read at a time.
struct Lines {
    longest: usize,
    number: usize,
    line: Vec<u8>,
    too_long: bool,
}

impl Lines {
    /// The next line that ends in `rest`; what belongs to a later end is kept.
    fn take(&mut self, rest: &mut &[u8], at_end: bool) -> Option<Line> {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        let room = self.longest.saturating_sub(self.line.len());
        self.too_long |= part.len() > room;
        self.line.extend_from_slice(&part[..part.len().min(room)]);
        *rest = after.get(1..).unwrap_or_default();
        let unfinished = at_end && (self.too_long || !self.line.is_empty());
        if end.is_none() && !unfinished {
            return None;
        }
        self.number += 1;
        let mut text = std::mem::take(&mut self.line);
        if text.last() == Some(&b'\r') {
            text.pop();
        }
        let text = (!std::mem::take(&mut self.too_long)).then_some(text);
        Some(Line { number: self.number, text })
    }
}

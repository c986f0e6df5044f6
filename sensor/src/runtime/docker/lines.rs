//! Lines out of chunks of bytes, in bounded memory.
//!
//! Engines end every event with a newline. Cutting there rather than counting braces means that garbage costs its own line
//! and nothing after it.

/// Bytes of a line that is kept. A container's labels come with each of its events, and Kubernetes puts whole documents
/// into labels.
pub(super) const MAX_LINE: usize = 1 << 20;
/// Bytes without a newline after which nobody waits for one any more.
const ENDLESS: u64 = 64 << 20;

/// The part of a line that came last.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
    /// Bytes of the line so far that were thrown away, if it is longer than anybody wants.
    skipped: u64,
}

/// A line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// It was longer than [`MAX_LINE`].
    TooLong,
}

/// There is no end of a line in sight.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endless;

impl Lines {
    /// Takes a chunk and hands on the lines that end in it; empty lines are left out.
    pub(super) fn push(&mut self, chunk: &[u8], mut take: impl FnMut(Line<'_>)) -> Result<(), Endless> {
        let mut rest = chunk;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (head, tail) = rest.split_at(end);
            rest = &tail[1..];
            self.end_line(head, &mut take);
        }
        self.keep(rest);
        if self.skipped > ENDLESS { Err(Endless) } else { Ok(()) }
    }

    /// The line that the stream ended in.
    pub(super) fn finish(&mut self, mut take: impl FnMut(Line<'_>)) {
        self.end_line(&[], &mut take);
    }

    fn end_line(&mut self, head: &[u8], take: &mut impl FnMut(Line<'_>)) {
        if self.partial.is_empty() && self.skipped == 0 && head.len() <= MAX_LINE {
            hand_on(head, take);
            return;
        }
        self.keep(head);
        if self.skipped > 0 {
            take(Line::TooLong);
        } else {
            hand_on(&self.partial, take);
        }
        self.skipped = 0;
        self.partial.clear();
        // one long line is no reason to hold its room for ever
        self.partial.shrink_to(MAX_LINE / 16);
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.skipped == 0 && self.partial.len() + bytes.len() <= MAX_LINE {
            self.partial.extend_from_slice(bytes);
            return;
        }
        self.skipped += (self.partial.len() + bytes.len()) as u64;
        self.partial = Vec::new();
    }
}

fn hand_on(line: &[u8], take: &mut impl FnMut(Line<'_>)) {
    let line = line.trim_ascii();
    if !line.is_empty() {
        take(Line::Whole(line));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines_of(chunks: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        let mut take = |line: Line<'_>| {
            found.push(match line {
                Line::Whole(bytes) => Some(bytes.to_vec()),
                Line::TooLong => None,
            });
        };
        for chunk in chunks {
            lines.push(chunk, &mut take).unwrap();
        }
        lines.finish(&mut take);
        found
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_the_bytes_are_cut(chunks in prop::collection::vec(prop::collection::vec(
            prop_oneof![Just(b'\n'), Just(b'\r'), Just(b' '), any::<u8>()], 0..20), 0..20))
        {
            prop_assert_eq!(lines_of(&[chunks.concat()]), lines_of(&chunks));
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_one_is_read() {
        let chunks: Vec<Vec<u8>> = [vec![vec![b'x'; 1 << 19]; 3], vec![b"\nnext\n".to_vec()]].concat();
        assert_eq!(lines_of(&chunks), [None, Some(b"next".to_vec())]);
        let at_once = [chunks.concat()];
        assert_eq!(lines_of(&at_once), [None, Some(b"next".to_vec())]);
        let longest = [vec![vec![b'x'; MAX_LINE]], vec![b"\n".to_vec()]].concat();
        assert_eq!(lines_of(&longest)[0].as_ref().map(Vec::len), Some(MAX_LINE));
    }

    #[test]
    fn bytes_without_an_end_are_given_up_and_never_held() {
        let mut lines = Lines::default();
        let chunk = vec![b'x'; 1 << 20];
        let taken = (0..200).take_while(|_| lines.push(&chunk, |_| panic!("no line ended")).is_ok()).count();
        assert!((60..70).contains(&taken), "{taken}");
        assert!(lines.partial.capacity() <= MAX_LINE);
    }
}

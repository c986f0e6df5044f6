//! gzip, of one member or many (RFC 1952).
//!
//! The checksum of a member is not computed: the whole blob is held against a SHA-256 digest anyway, and the
//! second pass over the uncompressed bytes would buy nothing. The length in the trailer is compared, as that
//! is free.

use flate2::{Decompress, FlushDecompress, Status};

use super::stored::Stored;
use crate::error::ImageError;

enum Phase {
    /// Before the first member.
    Start,
    /// Within the deflate stream of a member.
    Body,
    /// After a member.
    Between,
    /// Nothing more will come.
    Done,
}

/// The state of one gzip stream.
pub(super) struct Gzip {
    inflate: Decompress,
    phase: Phase,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { inflate: Decompress::new(false), phase: Phase::Start }
    }

    /// Decompresses into `out`; 0 at the end. What follows the last member is added to `notes` unless it is
    /// zeros.
    pub(super) fn fill(
        &mut self,
        stored: &mut Stored,
        out: &mut [u8],
        notes: &mut Vec<String>,
    ) -> Result<usize, ImageError> {
        loop {
            match self.phase {
                Phase::Done => return Ok(0),
                Phase::Start => self.begin_member(stored)?,
                Phase::Between => self.next_member(stored, notes)?,
                Phase::Body => {
                    let count = self.inflate(stored, out)?;
                    if count > 0 {
                        return Ok(count);
                    }
                }
            }
        }
    }

    fn inflate(&mut self, stored: &mut Stored, out: &mut [u8]) -> Result<usize, ImageError> {
        let input = stored.available()?;
        let at_end = input.is_empty();
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let result = self.inflate.decompress(input, out, FlushDecompress::None);
        let consumed = (self.inflate.total_in() - before_in) as usize;
        let produced = (self.inflate.total_out() - before_out) as usize;
        stored.consume(consumed);
        let status = match result {
            Ok(status) => status,
            Err(error) => {
                let reason = error.message().unwrap_or("not a deflate stream");
                return Err(stored.corrupt(format!("gzip: {reason}")));
            }
        };
        if status == Status::StreamEnd {
            self.end_member(stored)?;
        } else if produced == 0 && at_end {
            return Err(stored.truncated());
        } else if produced == 0 && consumed == 0 {
            return Err(stored.corrupt("gzip: the stream does not go on"));
        }
        Ok(produced)
    }

    fn begin_member(&mut self, stored: &mut Stored) -> Result<(), ImageError> {
        let mut fixed = [0_u8; 10];
        for byte in &mut fixed {
            *byte = stored.byte()?;
        }
        let [0x1f, 0x8b, method, flags, ..] = fixed else {
            return Err(stored.corrupt("gzip: no member header"));
        };
        if method != 8 || flags & 0xe0 != 0 {
            return Err(stored.corrupt("gzip: unknown compression method or flags"));
        }
        let [_, header_crc, extra, name, comment] = [0, 1, 2, 3, 4].map(|bit| flags & (1 << bit) != 0);
        if extra {
            let length = usize::from(stored.byte()?) | usize::from(stored.byte()?) << 8;
            for _ in 0..length {
                stored.byte()?;
            }
        }
        for present in [name, comment] {
            while present && stored.byte()? != 0 {}
        }
        if header_crc {
            stored.byte()?;
            stored.byte()?;
        }
        self.inflate.reset(false);
        self.phase = Phase::Body;
        Ok(())
    }

    fn end_member(&mut self, stored: &mut Stored) -> Result<(), ImageError> {
        let mut trailer = [0_u8; 8];
        for byte in &mut trailer {
            *byte = stored.byte()?;
        }
        let [.., a, b, c, d] = trailer;
        if u32::from_le_bytes([a, b, c, d]) != self.inflate.total_out() as u32 {
            return Err(stored.corrupt("gzip: the length in the trailer is wrong"));
        }
        self.phase = Phase::Between;
        Ok(())
    }

    fn next_member(&mut self, stored: &mut Stored, notes: &mut Vec<String>) -> Result<(), ImageError> {
        match stored.peek(2)? {
            [] => self.phase = Phase::Done,
            [0x1f, 0x8b] => self.begin_member(stored)?,
            _ => {
                let offset = stored.position();
                if stored.drain()? {
                    notes.push(format!("bytes that are not gzip follow the last member at byte {offset}"));
                }
                self.phase = Phase::Done;
            }
        }
        Ok(())
    }
}

//! zstd, of one frame or many, skippable ones among them (RFC 8878).

use zstd::stream::raw::{Decoder, InBuffer, Operation as _, OutBuffer};
use zstd::zstd_safe::DParameter;

use super::compression::is_zstd_frame;
use super::stored::Stored;
use crate::error::ImageError;
use crate::limits::Limits;

/// The state of one zstd stream.
pub(super) struct Zstd {
    decoder: Decoder<'static>,
    in_frame: bool,
    done: bool,
}

impl Zstd {
    pub(super) fn new(stored: &Stored, limits: &Limits) -> Result<Self, ImageError> {
        let decoder = Decoder::new().and_then(|mut decoder| {
            decoder.set_parameter(DParameter::WindowLogMax(limits.zstd_window_log))?;
            Ok(decoder)
        });
        match decoder {
            Ok(decoder) => Ok(Self { decoder, in_frame: false, done: false }),
            Err(source) => Err(ImageError::Io { place: stored.place().clone(), source }),
        }
    }

    /// Decompresses into `out`; 0 at the end. What follows the last frame is added to `notes` unless it is
    /// zeros.
    pub(super) fn fill(
        &mut self,
        stored: &mut Stored,
        out: &mut [u8],
        notes: &mut Vec<String>,
    ) -> Result<usize, ImageError> {
        while !self.done {
            if !self.in_frame && !self.begin_frame(stored, notes)? {
                break;
            }
            let input = stored.available()?;
            let at_end = input.is_empty();
            let mut input = InBuffer::around(input);
            let mut output = OutBuffer::around(&mut *out);
            let result = self.decoder.run(&mut input, &mut output);
            let (consumed, produced) = (input.pos(), output.pos());
            stored.consume(consumed);
            match result {
                Ok(hint) => self.in_frame = hint != 0,
                Err(error) => return Err(stored.corrupt(format!("zstd: {error}"))),
            }
            if produced > 0 {
                return Ok(produced);
            }
            if self.in_frame && at_end {
                return Err(stored.truncated());
            }
        }
        Ok(0)
    }

    fn begin_frame(&mut self, stored: &mut Stored, notes: &mut Vec<String>) -> Result<bool, ImageError> {
        let head = stored.peek(4)?;
        if is_zstd_frame(head) {
            return Ok(true);
        }
        self.done = true;
        let offset = stored.position();
        if stored.drain()? {
            notes.push(format!("bytes that are not zstd follow the last frame at byte {offset}"));
        }
        Ok(false)
    }
}

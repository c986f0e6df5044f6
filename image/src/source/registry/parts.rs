//! A zstd:chunked layer without the contents that nobody asks for.
//!
//! The tar stream is walked as always, header by header; only where a content begins that the visitor does not
//! want, and that is large enough for another request, is the stored blob passed over. What is read is held
//! against the table of contents: each header against its row, each content that is read against its digest.
//! So the entries are those of a full read, or the layer is read whole.
//!
//! The decision a reader may doubt: the headers are fetched although the table repeats them. The table alone
//! would be shorter, but it is what the publisher says of the layer, while runtimes that do not know it unpack
//! the tar stream; a table that leaves out a file would hide it.

use std::io::Read as _;

use model::Digest;
use sha2::{Digest as _, Sha256};
use zstd::stream::raw::{Decoder, InBuffer, Operation as _, OutBuffer};
use zstd::zstd_safe::DParameter;

use super::remote::{RemoteBlob, RemoteReader};
use super::toc::{self, Item, Payload};
use crate::entry::Entry;
use crate::error::{ImageError, Place};
use crate::limits::Limits;
use crate::stream::Supply;
use crate::tar::Member;

/// A content shorter than this, as stored, is fetched along with its neighbours: a request of its own takes
/// longer.
const MIN_HOLE: u64 = 64 << 10;

/// The part of a layer, in percent, below which it is not worth while.
const MIN_SAVING: u64 = 20;

const BUFFER: usize = 128 << 10;

/// A stretch of the stored blob whose frames begin and end with it.
struct Segment {
    start: u64,
    end: u64,
    payload: Option<Payload>,
}

/// What the table of a layer says, and what is to be fetched.
pub(crate) struct Plan {
    items: Vec<Item>,
    segments: Vec<Segment>,
    /// Stretches of the blob, each of which is one request.
    runs: Vec<(u64, u64)>,
}

impl Plan {
    /// Fetches the table and decides what else to fetch; `None` if the layer has no table, or one that cannot
    /// be used, or if most of the layer is wanted.
    pub(crate) fn make(
        blob: &RemoteBlob,
        place: &Place,
        wants: &dyn Fn(&Entry<'_>) -> bool,
    ) -> Result<Option<Self>, ImageError> {
        let Some(toc) = blob.toc() else { return Ok(None) };
        let mut table = Vec::new();
        let io = |source| ImageError::Io { place: place.clone(), source };
        blob.open_range(toc.offset, toc.offset + toc.length).read_to_end(&mut table).map_err(io)?;
        if Digest::of(&table) != toc.checksum {
            return Ok(None);
        }
        let Ok(json) = zstd::bulk::decompress(&table, toc.size as usize) else { return Ok(None) };
        let Some(items) = toc::parse(&json, toc.data_end()) else { return Ok(None) };
        Ok(Self::of(items, toc.data_end(), wants))
    }

    fn of(items: Vec<Item>, data_end: u64, wants: &dyn Fn(&Entry<'_>) -> bool) -> Option<Self> {
        let mut segments = Vec::new();
        let mut runs = Vec::new();
        let (mut at, mut run, mut saved) = (0, 0, 0);
        for item in &items {
            let Some(payload) = item.payload else { continue };
            if payload.start > at {
                segments.push(Segment { start: at, end: payload.start, payload: None });
            }
            segments.push(Segment { start: payload.start, end: payload.end, payload: Some(payload) });
            at = payload.end;
            let length = payload.end - payload.start;
            if length >= MIN_HOLE && !item.is_wanted(wants) {
                runs.push((run, payload.start));
                run = payload.end;
                saved += length;
            }
        }
        if data_end > at {
            segments.push(Segment { start: at, end: data_end, payload: None });
        }
        runs.push((run, data_end));
        runs.retain(|(start, end)| start < end);
        (saved * 100 >= data_end * MIN_SAVING).then_some(Self { items, segments, runs })
    }
}

/// The tar stream of a layer, of which contents may be missing.
pub(crate) struct PartsStream<'l> {
    blob: &'l RemoteBlob,
    place: Place,
    limits: &'l Limits,
    plan: &'l Plan,
    /// The current segment.
    at: usize,
    /// Position in the blob of the next byte of the buffer.
    position: u64,
    reader: Option<RemoteReader>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    decoder: Decoder<'static>,
    /// Whether the decoder stands between two frames.
    complete: bool,
    hasher: Sha256,
    /// Bytes of the current segment that were given, and that were passed over.
    given: u64,
    passed: u64,
    produced: u64,
}

impl<'l> PartsStream<'l> {
    pub(crate) fn open(
        blob: &'l RemoteBlob,
        place: Place,
        limits: &'l Limits,
        plan: &'l Plan,
    ) -> Result<Self, ImageError> {
        let mut decoder = Decoder::new().map_err(|source| ImageError::Io { place: place.clone(), source })?;
        decoder
            .set_parameter(DParameter::WindowLogMax(limits.zstd_window_log))
            .map_err(|source| ImageError::Io { place: place.clone(), source })?;
        Ok(Self {
            blob,
            place,
            limits,
            plan,
            at: 0,
            position: 0,
            reader: None,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            decoder,
            complete: true,
            hasher: Sha256::new(),
            given: 0,
            passed: 0,
            produced: 0,
        })
    }

    /// Uncompressed bytes given and passed over.
    pub(crate) fn uncompressed_bytes(&self) -> u64 {
        self.produced
    }

    fn odd(&self, reason: &str) -> ImageError {
        ImageError::Corrupt { place: self.place.clone(), offset: self.position, reason: reason.to_owned() }
    }

    /// The bytes of the current segment that are at hand, fetched if there are none; empty at its end.
    fn input(&mut self, segment_end: u64) -> Result<(), ImageError> {
        if self.start < self.end || self.position >= segment_end {
            return Ok(());
        }
        let covers = |reader: &RemoteReader| (reader.position()..reader.end()).contains(&self.position);
        if !self.reader.as_ref().is_some_and(covers) {
            let run = self.plan.runs.iter().find(|(start, end)| (*start..*end).contains(&self.position));
            let end = run.map_or(segment_end, |(_, end)| *end);
            self.reader = Some(self.blob.open_range(self.position, end));
        }
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let io = |source| ImageError::Io { place: self.place.clone(), source };
        loop {
            let left = self.position - reader.position();
            let want = if left > 0 { left.min(BUFFER as u64) as usize } else { BUFFER };
            let count = reader.read(&mut self.buffer[..want]).map_err(io)?;
            if left == 0 || count == 0 {
                (self.start, self.end) = (0, count);
                return Ok(());
            }
        }
    }

    /// Goes on at a later position of the blob.
    fn advance(&mut self, to: u64) {
        let step = to - self.position;
        if step <= (self.end - self.start) as u64 {
            self.start += step as usize;
        } else {
            (self.start, self.end) = (0, 0);
        }
        self.position = to;
    }

    /// Decompresses the current segment; 0 at its end.
    fn decode(&mut self, segment_end: u64, out: &mut [u8]) -> Result<usize, ImageError> {
        loop {
            self.input(segment_end)?;
            let left = (segment_end - self.position).min((self.end - self.start) as u64) as usize;
            let mut input = InBuffer::around(&self.buffer[self.start..self.start + left]);
            let mut output = OutBuffer::around(&mut *out);
            let hint = self.decoder.run(&mut input, &mut output);
            let (consumed, produced) = (input.pos(), output.pos());
            let hint = hint.map_err(|error| self.odd(&format!("zstd: {error}")))?;
            if consumed > 0 || produced > 0 {
                self.complete = hint == 0;
            }
            self.advance(self.position + consumed as u64);
            if produced > 0 {
                return Ok(produced);
            }
            // nothing more goes in, or out of it into `out`
            if left == 0 || consumed == 0 {
                return Ok(0);
            }
        }
    }

    /// Checks the segment that was read, and goes to the next.
    fn finish(&mut self, segment_end: u64, payload: Option<Payload>) -> Result<(), ImageError> {
        if !self.complete || self.position != segment_end {
            return Err(self.odd("a frame does not end where the table of contents says"));
        }
        let found = Digest::from_bytes(self.hasher.finalize_reset().into());
        if let Some(expected) =
            payload.filter(|payload| payload.digest != found || payload.size != self.given)
        {
            let place = self.place.clone();
            return Err(ImageError::DigestMismatch { place, expected: expected.digest, found });
        }
        self.next_segment();
        Ok(())
    }

    fn next_segment(&mut self) {
        self.at += 1;
        (self.given, self.passed, self.complete) = (0, 0, true);
    }

    fn check_limits(&self) -> Result<(), ImageError> {
        let limits = self.limits;
        let (limit, value) = if self.produced > limits.max_layer_bytes {
            ("max_layer_bytes", limits.max_layer_bytes)
        } else if self.produced > limits.ratio_floor
            && self.produced / self.position.max(1) > limits.max_ratio
        {
            ("max_ratio", limits.max_ratio)
        } else {
            return Ok(());
        };
        Err(ImageError::Limit { place: self.place.clone(), limit, value, offset: self.produced })
    }
}

impl Supply for PartsStream<'_> {
    fn fill(&mut self, out: &mut [u8]) -> Result<usize, ImageError> {
        loop {
            let Some(&Segment { end, payload, .. }) = self.plan.segments.get(self.at) else { return Ok(0) };
            if self.passed > 0 {
                return Err(self.odd("a content that was passed over in part is asked for"));
            }
            let count = self.decode(end, out)?;
            if count == 0 {
                self.finish(end, payload)?;
                continue;
            }
            if payload.is_some() {
                self.hasher.update(&out[..count]);
            }
            self.given += count as u64;
            self.produced += count as u64;
            if payload.is_some_and(|payload| self.given > payload.size) {
                return Err(self.odd("a content is longer than the table of contents says"));
            }
            self.check_limits()?;
            return Ok(count);
        }
    }

    /// Passes over a content from its beginning on.
    fn skip(&mut self, count: u64) -> Result<u64, ImageError> {
        // what was read to its end is left first, with the few bytes that end its last frame
        if let Some(&Segment { end, payload, .. }) = self.plan.segments.get(self.at)
            && self.given > 0
        {
            self.decode(end, &mut [])?;
            if self.position == end && self.complete {
                self.finish(end, payload)?;
            }
        }
        let Some(&Segment { start, end, payload: Some(payload) }) = self.plan.segments.get(self.at) else {
            return Ok(0);
        };
        if self.position != start || self.given > 0 {
            return Ok(0);
        }
        let step = count.min(payload.size - self.passed);
        self.passed += step;
        self.produced += step;
        if self.passed == payload.size {
            self.advance(end);
            self.next_segment();
        }
        self.check_limits()?;
        Ok(step)
    }

    fn stored_bytes(&self) -> u64 {
        self.position
    }

    fn place(&self) -> &Place {
        &self.place
    }
}

/// Holds the members of the tar stream against the table of contents, one after the other.
pub(crate) struct Checklist<'p> {
    items: std::slice::Iter<'p, Item>,
    place: Place,
}

impl<'p> Checklist<'p> {
    pub(crate) fn new(plan: &'p Plan, place: Place) -> Self {
        Self { items: plan.items.iter(), place }
    }

    /// The next member must be the one that the table lists next.
    pub(crate) fn check(&mut self, member: &Member, path: &[u8], link: &[u8]) -> Result<(), ImageError> {
        match self.items.next() {
            Some(item) if item.is(member, path, link) => Ok(()),
            _ => Err(self.otherwise()),
        }
    }

    /// The table must list no more.
    pub(crate) fn finish(&self) -> Result<(), ImageError> {
        if self.items.len() == 0 { Ok(()) } else { Err(self.otherwise()) }
    }

    fn otherwise(&self) -> ImageError {
        let reason = "its table of contents lists other files than it holds".to_owned();
        ImageError::Metadata { place: self.place.clone(), reason }
    }
}

//! The walk from header to header.

use std::io;

use super::header::{self, BLOCK, Header};
use super::pax::Pax;
use crate::error::ImageError;
use crate::limits::Limits;
use crate::note::Notes;
use crate::stream::Window;

/// One entry of a tar stream; its names are in the reader.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    /// The type byte; `0` and version 7's zero byte are told apart by [`Member::is_file`].
    pub(crate) typeflag: u8,
    /// Bytes of content that follow.
    pub(crate) size: u64,
    /// Permission bits.
    pub(crate) mode: u32,
    /// Position of the content in the stream.
    pub(crate) content_at: u64,
}

impl Member {
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.typeflag, b'0' | 0 | b'7' | b'S')
    }
}

/// Types that have no content whatever size they claim (Go's `isHeaderOnly`).
fn is_header_only(typeflag: u8) -> bool {
    matches!(typeflag, b'1'..=b'6')
}

/// Reads a tar stream.
pub(crate) struct TarReader<'s> {
    window: Window<'s>,
    limits: &'s Limits,
    max_headers: (&'static str, u64),
    headers: u64,
    path: Vec<u8>,
    link: Vec<u8>,
    pax: Pax,
    scratch: Vec<u8>,
    /// Content of the current entry that was not read yet.
    content: u64,
    padding: u64,
    failure: Option<ImageError>,
}

/// Extensions that were seen before the entry that they belong to.
#[derive(Default)]
struct Extension {
    pax: bool,
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl<'s> TarReader<'s> {
    /// Reads from `window`, at most `max_headers.1` headers.
    pub(crate) fn new(window: Window<'s>, limits: &'s Limits, max_headers: (&'static str, u64)) -> Self {
        Self {
            window,
            limits,
            max_headers,
            headers: 0,
            path: Vec::new(),
            link: Vec::new(),
            pax: Pax::default(),
            scratch: Vec::new(),
            content: 0,
            padding: 0,
            failure: None,
        }
    }

    /// The current entry's path as stored.
    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }

    /// The current entry's link target as stored.
    pub(crate) fn link(&self) -> &[u8] {
        &self.link
    }

    /// Stored bytes read so far.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.window.stored_bytes()
    }

    /// Passes over what is left of the current entry, at most about `step` bytes; whether it is done.
    pub(crate) fn pass(&mut self, step: u64) -> Result<bool, ImageError> {
        let part = self.content.min(step);
        let passed = self.window.skip(part)?;
        self.content -= passed;
        if passed < part {
            return Err(self.truncated());
        }
        if self.content > 0 {
            return Ok(false);
        }
        // the fill-up of the very last entry may be missing, as Go's reader allows
        self.window.skip(self.padding)?;
        self.padding = 0;
        Ok(true)
    }

    /// Moves to the next entry; `None` at the end mark or where the stream ends between entries.
    pub(crate) fn next(&mut self, notes: &mut Notes) -> Result<Option<Member>, ImageError> {
        while !self.pass(u64::MAX)? {}
        let mut extension = Extension::default();
        loop {
            let at = self.window.position();
            let Some(header) = self.next_header(notes)? else {
                if extension.pax || extension.path.is_some() || extension.link.is_some() {
                    return Err(self.truncated());
                }
                return Ok(None);
            };
            match header.typeflag {
                b'x' => {
                    self.read_special(header.size)?;
                    self.pax.parse(&self.scratch).map_err(|reason| self.broken(at, reason))?;
                    extension.pax = true;
                }
                b'g' => {
                    self.read_special(header.size)?;
                    self.note_global(at, notes)?;
                }
                b'L' | b'K' => {
                    self.read_special(header.size)?;
                    let name = header::until_nul(&self.scratch).to_vec();
                    match header.typeflag {
                        b'L' => extension.path = Some(name),
                        _ => extension.link = Some(name),
                    }
                }
                _ => return self.member(header, extension, at, notes).map(Some),
            }
        }
    }

    /// The content of the current entry.
    pub(crate) fn content(&mut self) -> Content<'_, 's> {
        Content(self)
    }

    /// What went wrong while content was read.
    pub(crate) fn take_failure(&mut self) -> Result<(), ImageError> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Reads the stream to its end, which the digest needs; entries behind the end mark are not looked at, as
    /// no runtime does.
    pub(crate) fn drain(&mut self, notes: &mut Notes) -> Result<(), ImageError> {
        if let Some(offset) = self.window.drain()? {
            notes.add(
                b"",
                format!(
                    "data after the end mark of the tar, from byte {offset} on, is not part of the layer"
                ),
            );
        }
        Ok(())
    }

    /// Reads the next header and leaves its names in `path` and `link`.
    fn next_header(&mut self, notes: &mut Notes) -> Result<Option<Header>, ImageError> {
        let at = self.window.position();
        let mut block = self.window.peek(BLOCK)?;
        if block.is_empty() {
            return Ok(None);
        }
        if block.len() == BLOCK && header::is_zero(block) {
            self.window.consume(BLOCK);
            block = self.window.peek(BLOCK)?;
            let length = block.len();
            if length < BLOCK || header::is_zero(block) {
                self.window.consume(length);
                return Ok(None);
            }
            notes.add(b"", format!("a single zero block at byte {at} where two would end the tar"));
            block = self.window.peek(BLOCK)?;
        }
        if block.len() < BLOCK {
            let length = block.len();
            self.window.consume(length);
            return Err(self.truncated());
        }
        let header = match Header::parse(block) {
            Ok(header) => header,
            Err(reason) => return Err(self.broken(self.window.position(), reason)),
        };
        self.path.clear();
        self.link.clear();
        header::append_name(block, &mut self.path);
        header::append_link(block, &mut self.link);
        self.window.consume(BLOCK);
        self.count_header()?;
        Ok(Some(header))
    }

    fn member(
        &mut self,
        header: Header,
        extension: Extension,
        at: u64,
        notes: &mut Notes,
    ) -> Result<Member, ImageError> {
        let mut size = header.size;
        let mut sparse = header.typeflag == b'S';
        if extension.pax {
            size = self.pax.size.unwrap_or(size);
            replace_unless_empty(&mut self.path, &self.pax.path);
            replace_unless_empty(&mut self.path, &self.pax.sparse_name);
            replace_unless_empty(&mut self.link, &self.pax.link);
            sparse |= self.pax.sparse;
        }
        // GNU long names win over PAX paths in Go's reader
        if let Some(path) = extension.path.filter(|path| !path.is_empty()) {
            self.path = path;
        }
        if let Some(link) = extension.link.filter(|link| !link.is_empty()) {
            self.link = link;
        }
        let mut typeflag = header.typeflag;
        if typeflag == 0 && self.path.ends_with(b"/") {
            typeflag = b'5';
        }
        if is_header_only(typeflag) && size > 0 {
            notes.add(
                &self.path,
                format!("claims {size} bytes of content at byte {at}, which its type cannot have"),
            );
            size = 0;
        }
        if header.sparse_continues {
            self.pass_sparse_blocks()?;
        }
        if sparse {
            notes.add(&self.path, "a sparse file: its content is read as stored, without the holes");
        }
        self.content = size;
        self.padding = size.next_multiple_of(BLOCK as u64) - size;
        Ok(Member { typeflag, size, mode: header.mode, content_at: self.window.position() })
    }

    /// Passes over the blocks that continue the map of a GNU sparse file (GNU tar manual, "Storing Sparse
    /// Files").
    fn pass_sparse_blocks(&mut self) -> Result<(), ImageError> {
        loop {
            let block = self.window.peek(BLOCK)?;
            if block.len() < BLOCK {
                return Err(self.truncated());
            }
            let continues = block[504] != 0;
            self.window.consume(BLOCK);
            self.count_header()?;
            if !continues {
                return Ok(());
            }
        }
    }

    /// Reads the content of an extension into `scratch`.
    fn read_special(&mut self, size: u64) -> Result<(), ImageError> {
        if size > self.limits.max_pax {
            return Err(self.limit("max_pax", self.limits.max_pax));
        }
        self.scratch.clear();
        while (self.scratch.len() as u64) < size {
            let want = (size as usize - self.scratch.len()).min(BLOCK);
            let part = self.window.peek(want)?;
            if part.is_empty() {
                return Err(self.truncated());
            }
            self.scratch.extend_from_slice(part);
            let count = part.len();
            self.window.consume(count);
        }
        self.window.skip(size.next_multiple_of(BLOCK as u64) - size)?;
        Ok(())
    }

    /// Global headers are not applied, as the runtimes do not; one that would change entries is noted.
    fn note_global(&mut self, at: u64, notes: &mut Notes) -> Result<(), ImageError> {
        let mut global = Pax::default();
        global.parse(&self.scratch).map_err(|reason| self.broken(at, reason))?;
        if global.changes_entries() {
            notes.add(
                b"",
                format!("a global PAX header at byte {at} sets paths or sizes, which runtimes do not heed"),
            );
        }
        Ok(())
    }

    fn count_header(&mut self) -> Result<(), ImageError> {
        self.headers += 1;
        let (limit, value) = self.max_headers;
        if self.headers > value { Err(self.limit(limit, value)) } else { Ok(()) }
    }

    fn limit(&self, limit: &'static str, value: u64) -> ImageError {
        ImageError::Limit { place: self.window.place().clone(), limit, value, offset: self.window.position() }
    }

    fn broken(&self, offset: u64, reason: &'static str) -> ImageError {
        ImageError::Tar { place: self.window.place().clone(), offset, reason }
    }

    fn truncated(&self) -> ImageError {
        ImageError::Truncated { place: self.window.place().clone(), offset: self.window.position() }
    }
}

fn replace_unless_empty(name: &mut Vec<u8>, by: &[u8]) {
    if !by.is_empty() {
        name.clear();
        name.extend_from_slice(by);
    }
}

/// Reads the content of one entry; a damaged stream is an error here and again in the walk.
pub(crate) struct Content<'r, 's>(&'r mut TarReader<'s>);

impl io::Read for Content<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let reader = &mut *self.0;
        let want = (out.len() as u64).min(reader.content) as usize;
        if want == 0 {
            return Ok(0);
        }
        if reader.failure.is_some() {
            return Err(io::Error::other("the layer is damaged"));
        }
        let failure = match reader.window.read(&mut out[..want]) {
            Ok(0) => reader.truncated(),
            Ok(count) => {
                reader.content -= count as u64;
                return Ok(count);
            }
            Err(error) => error,
        };
        let kind = match failure {
            ImageError::Truncated { .. } => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        let answer = io::Error::new(kind, failure.to_string());
        reader.failure = Some(failure);
        Err(answer)
    }
}

//! One layer of an image: what is known of it beforehand, and the pass over its entries.

use model::{DiffId, Digest};

use crate::blob::Blob;
use crate::directory::LayerDirectory;
use crate::entry::{Entry, EntryKind, LayerSummary, LayerVisitor};
use crate::error::{ImageError, Place};
use crate::limits::Limits;
use crate::note::Notes;
use crate::source::{Checklist, PartsStream, Plan, RemoteBlob};
use crate::stream::{Check, Compression, LayerStream, Supply, Window};
use crate::tar::{Cleaned, Member, TarReader, clean};
use crate::whiteout::{Mark, reduce};

/// Bytes of the uncompressed stream that are looked at in one piece. Large enough that the inflate seldom
/// stops, small enough to stay in the second-level cache.
const WINDOW: usize = 256 << 10;

/// Bytes that a long content is passed over at a time, so that progress is seen.
const STEP: u64 = 16 << 20;

/// A layer as the image's documents describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSource {
    pub(crate) digest: Option<Digest>,
    pub(crate) diff_id: Option<DiffId>,
    pub(crate) compression: Option<Compression>,
    pub(crate) check: Check,
    pub(crate) content: Content,
    pub(crate) place: Place,
}

/// What a layer is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A tar stream, compressed or not.
    Stored(Blob),
    /// The directory that the image was opened at.
    RootFs,
    /// A directory in a container store.
    Directory(LayerDirectory),
}

impl LayerSource {
    /// The digest of the blob as stored; `None` if the source states none (compressed layers of a
    /// docker-archive, a root file system). [`LayerSummary::verified`] tells whether the bytes were found to
    /// have it.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// The digest of the uncompressed layer as the config states it; `None` for a root file system.
    pub fn diff_id(&self) -> Option<DiffId> {
        self.diff_id
    }

    /// Bytes of the blob as stored; 0 for a root file system. Of a directory in a container store the layer's
    /// size in the words of the store, 0 if it has none.
    pub fn stored_size(&self) -> u64 {
        match &self.content {
            Content::Stored(blob) => blob.size(),
            Content::RootFs => 0,
            Content::Directory(directory) => directory.size.unwrap_or(0),
        }
    }

    /// What a reading by [`OpenImage::read_layer_parts`](crate::OpenImage::read_layer_parts) is known by: a
    /// digest over blob and table of contents. `None` if it cannot be read so.
    pub fn parts_key(&self) -> Option<Digest> {
        match &self.content {
            Content::Stored(Blob::Remote(blob)) => blob.parts_key(),
            _ => None,
        }
    }

    /// Whether it lies unpacked in a directory, so that no digest can be held against it: nothing that is
    /// known of its diff-id is known of it.
    pub fn is_directory(&self) -> bool {
        !matches!(self.content, Content::Stored(_))
    }

    /// How the blob is stored; `None` if that is seen only when it is read, or if there is no blob.
    pub fn compression(&self) -> Option<Compression> {
        self.compression
    }
}

/// What reading a layer gave: all that was read, and why it stopped if it did.
#[derive(Debug)]
pub struct LayerOutcome {
    /// Counts and notes up to the end or to the error.
    pub summary: LayerSummary,
    /// What stopped the pass; the entries given to the visitor before stand.
    pub error: Option<ImageError>,
}

/// How to read one layer.
pub(crate) struct LayerJob<'l> {
    pub(crate) blob: &'l Blob,
    pub(crate) place: Place,
    /// `None` looks at the first bytes.
    pub(crate) compression: Option<Compression>,
    pub(crate) check: Check,
    pub(crate) diff_id: Option<DiffId>,
    pub(crate) index: u32,
    pub(crate) limits: &'l Limits,
}

impl LayerJob<'_> {
    /// Gives every entry to `visitor`.
    pub(crate) fn run(self, visitor: &mut dyn LayerVisitor) -> LayerOutcome {
        let mut notes = Notes::new(Some(self.index), self.limits.max_notes);
        let mut summary = LayerSummary::default();
        let stream = LayerStream::open(self.blob, self.place, self.compression, self.check, self.limits);
        let checked = stream.and_then(|stream| stream.check_diff_id(self.diff_id).map(|()| stream));
        let mut stream = match checked {
            Ok(stream) => stream,
            Err(error) => return LayerOutcome { summary, error: Some(error) },
        };
        let mut walk = Walk::new(&mut stream, self.limits, &mut notes, visitor);
        let walked = walk.run();
        walk.report_progress();
        summary.entries = walk.entries;
        summary.stored_bytes = walk.tar.stored_bytes();
        summary.uncompressed_bytes = stream.uncompressed_bytes();
        for note in std::mem::take(&mut stream.notes) {
            notes.add(b"", note);
        }
        let error = match walked.and_then(|()| stream.verify()) {
            Ok(verified) => {
                summary.verified = verified;
                None
            }
            Err(error) => Some(error),
        };
        summary.notes = notes.finish();
        LayerOutcome { summary, error }
    }
}

/// Reads a layer without the contents that `visitor` does not want; `None` if that does not pay. An error means
/// that the layer has to be read whole, with another visitor.
pub(crate) fn read_parts(
    blob: &RemoteBlob,
    place: &Place,
    index: u32,
    limits: &Limits,
    visitor: &mut dyn LayerVisitor,
) -> Result<Option<LayerSummary>, ImageError> {
    let Some(plan) = Plan::make(blob, place, &|entry| visitor.wants(entry))? else { return Ok(None) };
    let mut notes = Notes::new(Some(index), limits.max_notes);
    let mut stream = PartsStream::open(blob, place.clone(), limits, &plan)?;
    let mut walk = Walk::new(&mut stream, limits, &mut notes, visitor);
    walk.checklist = Some(Checklist::new(&plan, place.clone()));
    walk.run()?;
    if let Some(checklist) = &walk.checklist {
        checklist.finish()?;
    }
    let (entries, stored_bytes) = (walk.entries, walk.tar.stored_bytes());
    let uncompressed_bytes = stream.uncompressed_bytes();
    let notes = notes.finish();
    Ok(Some(LayerSummary { uncompressed_bytes, stored_bytes, entries, verified: false, notes }))
}

/// The pass over one layer.
struct Walk<'w, 's> {
    tar: TarReader<'s>,
    checklist: Option<Checklist<'w>>,
    limits: &'s Limits,
    notes: &'w mut Notes,
    visitor: &'w mut dyn LayerVisitor,
    entries: u64,
    reported: u64,
    /// The entry's path and link in normal form; reused for every entry.
    path: Vec<u8>,
    link: Vec<u8>,
}

impl<'w, 's> Walk<'w, 's> {
    fn new(
        supply: &'s mut dyn Supply,
        limits: &'s Limits,
        notes: &'w mut Notes,
        visitor: &'w mut dyn LayerVisitor,
    ) -> Self {
        let window = Window::new(supply, WINDOW);
        Self {
            tar: TarReader::new(window, limits, ("max_entries", limits.max_entries)),
            checklist: None,
            limits,
            notes,
            visitor,
            entries: 0,
            reported: 0,
            path: Vec::new(),
            link: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<(), ImageError> {
        while let Some(member) = self.tar.next(self.notes)? {
            if let Some(checklist) = &mut self.checklist {
                checklist.check(&member, self.tar.path(), self.tar.link())?;
            }
            if let Some(kind) = self.place(&member) {
                self.entries += 1;
                let link = match kind {
                    EntryKind::Symlink | EntryKind::HardLink => Some(self.link.as_slice()),
                    _ => None,
                };
                let size = if kind == EntryKind::File { member.size } else { 0 };
                let entry = Entry { path: &self.path, kind, size, link, mode: member.mode };
                match kind {
                    EntryKind::File => self.visitor.entry(&entry, &mut self.tar.content()),
                    _ => self.visitor.entry(&entry, &mut std::io::empty()),
                }
                self.tar.take_failure()?;
            }
            while !self.tar.pass(STEP)? {
                self.report_progress();
            }
            if self.tar.stored_bytes() - self.reported >= 1 << 20 {
                self.report_progress();
            }
        }
        self.tar.drain(self.notes)
    }

    /// Brings the names of the current member into normal form and says what it is; `None` to pass it over.
    fn place(&mut self, member: &Member) -> Option<EntryKind> {
        let raw = self.tar.path();
        if raw.len() > self.limits.max_path {
            self.notes.add(raw, format!("a path of {} bytes, more than are read", raw.len()));
            return None;
        }
        match clean(raw, &mut self.path) {
            Cleaned::Path => {}
            Cleaned::Resolved => {
                self.notes.add(raw, "the path goes up on its way and was read as runtimes resolve it");
            }
            // nearly every layer has an entry for the root directory, which says nothing
            Cleaned::Root if member.typeflag == b'5' => return None,
            Cleaned::Root => {
                self.notes.add(raw, "an entry without a path");
                return None;
            }
            Cleaned::Refused => {
                self.notes.add(raw, "the path leads out of the image");
                return None;
            }
        }
        match reduce(&mut self.path) {
            Mark::No => self.kind(member),
            Mark::Is(kind) => Some(kind),
            Mark::Meta => None,
            Mark::Broken => {
                self.notes.add(self.tar.path(), "a whiteout that names nothing");
                None
            }
        }
    }

    fn kind(&mut self, member: &Member) -> Option<EntryKind> {
        match member.typeflag {
            b'5' => Some(EntryKind::Directory),
            b'1' => self.hard_link(),
            b'2' => self.symbolic_link(),
            b'3' | b'4' | b'6' => Some(EntryKind::Other),
            _ if member.is_file() => Some(EntryKind::File),
            // a volume header of GNU tar
            b'V' => None,
            other => {
                let shown = char::from(other).escape_default();
                self.notes
                    .add(&self.path, format!("the entry type `{shown}` is not known and was read as a file"));
                Some(EntryKind::File)
            }
        }
    }

    fn hard_link(&mut self) -> Option<EntryKind> {
        let raw = self.tar.link();
        if raw.len() <= self.limits.max_path
            && matches!(clean(raw, &mut self.link), Cleaned::Path | Cleaned::Resolved)
        {
            return Some(EntryKind::HardLink);
        }
        self.notes.add(&self.path, "a hard link whose target leads out of the image");
        None
    }

    fn symbolic_link(&mut self) -> Option<EntryKind> {
        let raw = self.tar.link();
        if raw.len() > self.limits.max_path {
            self.notes.add(&self.path, format!("a symbolic link of {} bytes, more than are read", raw.len()));
            return None;
        }
        self.link.clear();
        self.link.extend_from_slice(raw);
        Some(EntryKind::Symlink)
    }

    fn report_progress(&mut self) {
        let read = self.tar.stored_bytes();
        if read > self.reported {
            self.visitor.progress(read - self.reported);
            self.reported = read;
        }
    }
}

//! The walk over a directory.
//!
//! Symbolic links are never followed, and no file is opened before its content is asked for. The tree may be
//! in use: what vanishes or changes during the walk is a note at most.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::Form;
use super::file::LazyFile;
use super::marks::{self, OverlayMarks as Marks, OverlayNames as Names};
use crate::entry::{Entry, EntryKind, LayerSummary, LayerVisitor};
use crate::error::{ImageError, Place};
use crate::layer::LayerOutcome;
use crate::limits::Limits;
use crate::note::Notes;
use crate::source::Exclusion;
use crate::tar::{Cleaned, clean};
use crate::whiteout::{Mark, reduce};

/// Files with several names that are remembered, so that their content is given once. Of further ones it is
/// given under each name.
const MAX_LINKED: usize = 200_000;

/// Blocks of 512 bytes that the attributes of a file may take: one block of the largest size that ext4 has.
const MAX_HOLLOW: u64 = 128;

/// What to walk and how.
pub(crate) struct Tree<'t> {
    pub(crate) root: &'t Path,
    pub(crate) form: Form,
    /// The number of the layer, for its notes; `None` for a root file system.
    pub(crate) layer: Option<u32>,
    /// Folders that are not walked, by their path below the root.
    pub(crate) excluded: HashMap<PathBuf, Exclusion>,
    pub(crate) limits: &'t Limits,
}

/// Gives every entry below the root to `visitor`, in the order of a walk that takes the names of each
/// directory by their bytes.
pub(crate) fn walk(tree: &Tree<'_>, visitor: &mut dyn LayerVisitor) -> LayerOutcome {
    let mut walk = Walk {
        tree,
        notes: Notes::new(tree.layer, tree.limits.max_notes),
        summary: LayerSummary::default(),
        path: Vec::new(),
        linked: HashMap::new(),
        attributes: Vec::new(),
        visitor,
    };
    let error = walk.run().err();
    let Walk { mut summary, notes, .. } = walk;
    summary.notes = notes.finish();
    LayerOutcome { summary, error }
}

struct Walk<'w> {
    tree: &'w Tree<'w>,
    notes: Notes,
    summary: LayerSummary,
    /// Path of the current entry relative to the root.
    path: Vec<u8>,
    /// The first name of each file that has several, by device and number.
    linked: HashMap<(u64, u64), Vec<u8>>,
    attributes: Vec<u8>,
    visitor: &'w mut dyn LayerVisitor,
}

/// A directory that is being walked.
struct Level {
    names: std::vec::IntoIter<OsString>,
    /// Bytes of its path.
    length: usize,
    /// Whether its empty files may be whiteouts by attribute.
    holds_whiteouts: bool,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<(), ImageError> {
        let root = self.tree.root;
        let first = self.list(root).map_err(|source| ImageError::Io { place: Place::whole(root), source })?;
        let holds_whiteouts = self.begin();
        let mut levels = vec![Level { names: first, length: 0, holds_whiteouts }];
        while let Some(level) = levels.last_mut() {
            let Some(name) = level.names.next() else {
                levels.pop();
                continue;
            };
            self.path.truncate(level.length);
            if !self.path.is_empty() {
                self.path.push(b'/');
            }
            self.path.extend_from_slice(name.as_bytes());
            let holds_whiteouts = level.holds_whiteouts;
            if let Some(mut below) = self.visit(holds_whiteouts)? {
                below.length = self.path.len();
                levels.push(below);
            }
        }
        Ok(())
    }

    /// What the root itself says of the layers below.
    fn begin(&mut self) -> bool {
        match self.tree.form {
            Form::RootFs => false,
            Form::Whole => {
                self.give(EntryKind::Opaque, 0, None);
                false
            }
            Form::Overlay(names) => {
                if names.may_be_hidden() && self.tree.layer != Some(0) {
                    let reason = "the marks of directories that hide lower layers are not visible without \
                                  CAP_SYS_ADMIN, so files that this layer removed may be listed";
                    self.notes.add(b"", reason);
                }
                let marks = self.marks(self.tree.root, names);
                if marks.opaque {
                    self.give(EntryKind::Opaque, 0, None);
                }
                marks.holds_whiteouts
            }
        }
    }

    /// Takes the entry at `path`; gives the names in it if it is a directory to walk.
    fn visit(&mut self, may_be_whiteout: bool) -> Result<Option<Level>, ImageError> {
        if self.path.len() > self.tree.limits.max_path {
            self.notes.add(&self.path, "a path longer than is read");
            return Ok(None);
        }
        let relative = Path::new(OsStr::from_bytes(&self.path));
        if let Some(Exclusion::Untouched(words)) = self.tree.excluded.get(relative) {
            self.notes.add(&self.path, words.clone());
            return Ok(None);
        }
        let full = self.tree.root.join(relative);
        let metadata = match full.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) => {
                self.note_failure("cannot be looked at", &error);
                return Ok(None);
            }
        };
        self.count()?;
        if let Form::Overlay(names) = self.tree.form
            && self.is_mark(&full, &metadata, names, may_be_whiteout)
        {
            return Ok(None);
        }
        if metadata.is_dir() {
            return Ok(self.directory(&full, &metadata));
        }
        if metadata.is_file() {
            self.file(&full, &metadata);
        } else if metadata.is_symlink() {
            match std::fs::read_link(&full) {
                Ok(target) => {
                    let target = target.into_os_string().into_vec();
                    self.give(EntryKind::Symlink, metadata.mode(), Some(&target));
                }
                Err(error) => self.note_failure("is a link that cannot be read", &error),
            }
        } else {
            self.give(EntryKind::Other, metadata.mode(), None);
        }
        Ok(None)
    }

    /// Takes an entry of an overlay that is about the layers below and not a file of its own.
    fn is_mark(&mut self, full: &Path, metadata: &Metadata, names: Names, may_be_whiteout: bool) -> bool {
        if metadata.file_type().is_char_device() && metadata.rdev() == 0 {
            self.give(EntryKind::Whiteout, 0, None);
            return true;
        }
        if names.has_file_names() && !metadata.is_dir() && self.is_named_mark() {
            return true;
        }
        if !metadata.is_file() {
            return false;
        }
        // a file without content of its own has blocks for its attributes at most, so that those of larger ones
        // need not be asked for
        let may_be_hollow = metadata.size() > 0 && metadata.blocks() <= MAX_HOLLOW;
        if !(may_be_hollow || may_be_whiteout && metadata.size() == 0) {
            return false;
        }
        let marks = self.marks(full, names);
        if marks.whiteout && may_be_whiteout {
            self.give(EntryKind::Whiteout, 0, None);
            return true;
        }
        if marks.metacopy {
            self.copied_metadata(marks.redirect.as_deref(), metadata);
        }
        marks.metacopy
    }

    /// Takes a mark by its name, `.wh.…`.
    fn is_named_mark(&mut self) -> bool {
        let before = self.path.clone();
        let mark = reduce(&mut self.path);
        match mark {
            Mark::No => return false,
            Mark::Is(kind) => self.give(kind, 0, None),
            Mark::Meta => {}
            Mark::Broken => self.notes.add(&before, "a whiteout that names nothing"),
        }
        self.path = before;
        true
    }

    /// Of a file, only owner, mode or name were changed: its content is still that of the layers below, under
    /// the same name (then nothing is to be said) or its former one.
    fn copied_metadata(&mut self, redirect: Option<&[u8]>, metadata: &Metadata) {
        let Some(former) = redirect else { return };
        let raw = match former.starts_with(b"/") {
            true => former.to_vec(),
            false => {
                let folder = memchr::memrchr(b'/', &self.path).map_or(&[][..], |slash| &self.path[..slash]);
                [folder, b"/", former].concat()
            }
        };
        let mut target = Vec::new();
        match clean(&raw, &mut target) {
            Cleaned::Path if target != self.path => {
                self.give(EntryKind::HardLink, metadata.mode(), Some(&target));
            }
            Cleaned::Path => {}
            _ => self.notes.add(&self.path, "was renamed from a path outside of the image"),
        }
    }

    fn directory(&mut self, full: &Path, metadata: &Metadata) -> Option<Level> {
        self.give(EntryKind::Directory, metadata.mode(), None);
        let mut holds_whiteouts = false;
        if let Form::Overlay(names) = self.tree.form {
            let marks = self.marks(full, names);
            if marks.opaque {
                self.give(EntryKind::Opaque, 0, None);
            }
            if let Some(former) = marks.redirect {
                let former = String::from_utf8_lossy(&former).into_owned();
                let reason = format!("was renamed from `{former}`; what lower layers hold there is not seen");
                self.notes.add(&self.path, reason);
            }
            holds_whiteouts = marks.holds_whiteouts;
        }
        let names = match self.list(full) {
            Ok(names) => names,
            Err(error) => {
                self.note_failure("cannot be listed", &error);
                return None;
            }
        };
        match self.tree.excluded.get(Path::new(OsStr::from_bytes(&self.path))) {
            None => return Some(Level { names, length: 0, holds_whiteouts }),
            Some(Exclusion::Noted(words)) if names.len() > 0 => self.notes.add(&self.path, words.clone()),
            Some(_) => {}
        }
        None
    }

    fn file(&mut self, full: &Path, metadata: &Metadata) {
        let identity = (metadata.dev(), metadata.ino());
        if self.tree.form != Form::RootFs && metadata.nlink() > 1 {
            if let Some(first) = self.linked.get(&identity).cloned() {
                self.give(EntryKind::HardLink, metadata.mode(), Some(&first));
                return;
            }
            if self.linked.len() < MAX_LINKED {
                self.linked.insert(identity, self.path.clone());
            }
        }
        let mut content = LazyFile::new(full, metadata);
        let entry = Entry {
            path: &self.path,
            kind: EntryKind::File,
            size: metadata.len(),
            link: None,
            mode: metadata.mode() & 0o7777,
        };
        self.visitor.entry(&entry, &mut content);
        if let Some(doubt) = content.doubt {
            self.notes.add(&self.path, doubt);
        }
        self.summary.entries += 1;
        self.summary.uncompressed_bytes += metadata.len();
        if self.tree.form != Form::RootFs {
            self.visitor.progress(metadata.len());
        }
    }

    fn give(&mut self, kind: EntryKind, mode: u32, link: Option<&[u8]>) {
        let entry = Entry { path: &self.path, kind, size: 0, link, mode: mode & 0o7777 };
        self.visitor.entry(&entry, &mut io::empty());
        self.summary.entries += 1;
    }

    fn marks(&mut self, full: &Path, names: Names) -> Marks {
        match marks::read_overlay_marks(full, names, &mut self.attributes) {
            Ok(marks) => marks,
            Err(error) => {
                self.note_failure("has attributes that cannot be read", &error);
                Marks::default()
            }
        }
    }

    /// The names in a directory, sorted by their bytes.
    fn list(&self, full: &Path) -> io::Result<std::vec::IntoIter<OsString>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(full)? {
            names.push(entry?.file_name());
            if names.len() as u64 > self.tree.limits.max_entries {
                break;
            }
        }
        names.sort_unstable();
        Ok(names.into_iter())
    }

    /// What vanished since it was listed is no failure.
    fn note_failure(&mut self, what: &str, error: &io::Error) {
        if error.kind() != io::ErrorKind::NotFound {
            self.notes.add(&self.path, format!("{what}: {error}"));
        }
    }

    fn count(&mut self) -> Result<(), ImageError> {
        let value = self.tree.limits.max_entries;
        if self.summary.entries < value {
            return Ok(());
        }
        let place = Place::new(self.tree.root, "files");
        Err(ImageError::Limit { place, limit: "max_entries", value, offset: self.summary.uncompressed_bytes })
    }
}

//! A plain directory as an image of one layer.
//!
//! Symbolic links are never followed, and no file is opened before its content is asked for. The tree may be
//! in use: what vanishes or changes during the walk is a note at most.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use model::{Digest, ImageFacts, ImageId};

use super::OpenOptions;
use super::mounts::{Exclusion, exclusions};
use crate::entry::{Entry, EntryKind, LayerSummary, LayerVisitor};
use crate::error::{ImageError, Place};
use crate::layer::{Content, LayerOutcome, LayerSource};
use crate::limits::Limits;
use crate::note::Notes;
use crate::open::OpenImage;
use crate::platform::Platform;
use crate::stream::Check;

/// Opens the directory.
pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<OpenImage, ImageError> {
    let failed = |source| ImageError::Io { place: Place::whole(path), source };
    let root = path.canonicalize().map_err(failed)?;
    let own_machine = root == Path::new("/");
    let platform = own_machine.then(Platform::host);
    let facts = ImageFacts {
        architecture: platform.as_ref().map(|platform| platform.architecture.clone()),
        os: platform.map(|platform| platform.os),
        ..ImageFacts::new(ImageId(identity(&root)))
    };
    let layer = LayerSource {
        digest: None,
        diff_id: None,
        compression: None,
        check: Check::Nothing,
        content: Content::RootFs,
        place: Place::new(&root, "files"),
    };
    Ok(OpenImage::of_layers(facts, root, vec![layer], options.limits.clone()))
}

/// A digest that stays the same for this directory of this machine.
fn identity(root: &Path) -> Digest {
    let read = |name: &str| {
        let path = root.join(name);
        let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(4096).read_to_string(&mut text));
        let text = text.trim();
        (is_file && read.is_ok() && !text.is_empty() && text != "uninitialized").then(|| text.to_owned())
    };
    let machine = read("etc/machine-id").or_else(|| read("etc/hostname")).unwrap_or_default();
    let parts = [b"plimsoll rootfs\0", machine.as_bytes(), b"\0", root.as_os_str().as_bytes()];
    Digest::of(&parts.concat())
}

/// Gives every entry below `root` to `visitor`, in the order of a walk that takes the names of each directory
/// by their bytes.
pub(crate) fn walk(root: &Path, limits: &Limits, visitor: &mut dyn LayerVisitor) -> LayerOutcome {
    let mountinfo = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mut walk = Walk {
        root,
        limits,
        excluded: exclusions(root, &mountinfo),
        notes: Notes::new(None, limits.max_notes),
        summary: LayerSummary::default(),
        path: Vec::new(),
        visitor,
    };
    let error = walk.run().err();
    let Walk { mut summary, notes, .. } = walk;
    summary.notes = notes.finish();
    LayerOutcome { summary, error }
}

struct Walk<'w> {
    root: &'w Path,
    limits: &'w Limits,
    excluded: HashMap<PathBuf, Exclusion>,
    notes: Notes,
    summary: LayerSummary,
    /// Path of the current entry relative to the root.
    path: Vec<u8>,
    visitor: &'w mut dyn LayerVisitor,
}

/// A directory that is being walked.
struct Level {
    names: std::vec::IntoIter<OsString>,
    /// Bytes of its path.
    length: usize,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<(), ImageError> {
        let first = self.list(self.root).map_err(|source| {
            let place = Place::whole(self.root);
            ImageError::Io { place, source }
        })?;
        let mut levels = vec![Level { names: first, length: 0 }];
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
            if let Some(names) = self.visit()? {
                levels.push(Level { names, length: self.path.len() });
            }
        }
        Ok(())
    }

    /// Takes the entry at `path`; gives the names in it if it is a directory to walk.
    fn visit(&mut self) -> Result<Option<std::vec::IntoIter<OsString>>, ImageError> {
        if self.path.len() > self.limits.max_path {
            self.notes.add(&self.path, "a path longer than is read");
            return Ok(None);
        }
        let relative = Path::new(OsStr::from_bytes(&self.path));
        if let Some(Exclusion::Untouched(words)) = self.excluded.get(relative) {
            self.notes.add(&self.path, words.clone());
            return Ok(None);
        }
        let full = self.root.join(relative);
        let metadata = match full.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) => {
                self.note_failure("cannot be looked at", &error);
                return Ok(None);
            }
        };
        self.count()?;
        if metadata.is_dir() {
            return Ok(self.directory(&full, &metadata));
        }
        if metadata.is_file() {
            self.file(&full, &metadata);
        } else if metadata.is_symlink() {
            match std::fs::read_link(&full) {
                Ok(target) => {
                    let target = target.into_os_string().into_vec();
                    self.give(EntryKind::Symlink, &metadata, Some(&target));
                }
                Err(error) => self.note_failure("is a link that cannot be read", &error),
            }
        } else {
            self.give(EntryKind::Other, &metadata, None);
        }
        Ok(None)
    }

    fn directory(&mut self, full: &Path, metadata: &Metadata) -> Option<std::vec::IntoIter<OsString>> {
        self.give(EntryKind::Directory, metadata, None);
        let names = match self.list(full) {
            Ok(names) => names,
            Err(error) => {
                self.note_failure("cannot be listed", &error);
                return None;
            }
        };
        match self.excluded.get(Path::new(OsStr::from_bytes(&self.path))) {
            None => return Some(names),
            Some(Exclusion::Noted(words)) if names.len() > 0 => self.notes.add(&self.path, words.clone()),
            Some(_) => {}
        }
        None
    }

    fn file(&mut self, full: &Path, metadata: &Metadata) {
        let mut content = LazyFile {
            path: full,
            identity: (metadata.dev(), metadata.ino()),
            remaining: metadata.len(),
            file: None,
            doubt: None,
        };
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
    }

    fn give(&mut self, kind: EntryKind, metadata: &Metadata, link: Option<&[u8]>) {
        let entry = Entry { path: &self.path, kind, size: 0, link, mode: metadata.mode() & 0o7777 };
        self.visitor.entry(&entry, &mut io::empty());
        self.summary.entries += 1;
    }

    /// The names in a directory, sorted by their bytes.
    fn list(&self, full: &Path) -> io::Result<std::vec::IntoIter<OsString>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(full)? {
            names.push(entry?.file_name());
            if names.len() as u64 > self.limits.max_entries {
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
        let value = self.limits.max_entries;
        if self.summary.entries < value {
            return Ok(());
        }
        let place = Place::new(self.root, "files");
        Err(ImageError::Limit { place, limit: "max_entries", value, offset: self.summary.uncompressed_bytes })
    }
}

/// A file's content, opened when it is first read and held to the size that the walk saw.
struct LazyFile<'w> {
    path: &'w Path,
    identity: (u64, u64),
    remaining: u64,
    file: Option<File>,
    doubt: Option<String>,
}

/// Opens the file that the walk saw: neither a link nor a fifo that took its place in between.
fn open_same(path: &Path, identity: (u64, u64)) -> io::Result<File> {
    // the value of Linux on all its common processors; a fifo must not hold up the walk
    const O_NONBLOCK: i32 = 0o4000;
    let file = File::options().read(true).custom_flags(O_NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() && (metadata.dev(), metadata.ino()) == identity {
        return Ok(file);
    }
    Err(io::Error::other("it was replaced while the directory was walked"))
}

impl Read for LazyFile<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let want = (out.len() as u64).min(self.remaining) as usize;
        if want == 0 {
            return Ok(0);
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => match open_same(self.path, self.identity) {
                Ok(file) => none.insert(file),
                Err(error) => {
                    self.doubt = Some(format!("cannot be read: {error}"));
                    return Err(error);
                }
            },
        };
        match file.read(&mut out[..want]) {
            Ok(0) => {
                self.doubt = Some(format!("became {} bytes shorter while it was read", self.remaining));
                self.remaining = 0;
                Ok(0)
            }
            Ok(count) => {
                self.remaining -= count as u64;
                Ok(count)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.doubt = Some(format!("cannot be read: {error}"));
                }
                Err(error)
            }
        }
    }
}

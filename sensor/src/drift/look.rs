//! One look at a writable layer: what its files say, which of them matter, and what they take away from the image.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read, Seek as _};

use catalog::UpperLayer;
use image::OverlayNames;

use super::DriftError;
use super::compare::same;
use super::file::{Suspect, Suspects, What};
use super::folder::{Kind, Meta};
use super::image::ImageState;
use super::limits::Budget;
use super::lower::{Found, Lower, is_hollow, join, own_marks, split};
use super::memory::{Judged, Memory, Remembered};
use super::stamp::{Clock, path_key, stamp};
use super::walk::{Below, Entry, Named, Walker, named, note_failure};

/// Bytes by which a program is told.
const HEAD: usize = 4;

/// Places of a container over which the runtime always mounts something.
const MOUNTED: [&[u8]; 3] = [b"proc", b"sys", b"dev"];

/// Collects what a walk over a layer shows.
pub(super) struct Look<'a> {
    image: &'a ImageState,
    pub(super) lower: &'a mut Lower,
    names: Option<OverlayNames>,
    before: &'a HashMap<u64, Remembered>,
    clock: Clock,
    pub(super) files: HashMap<u64, Remembered>,
    pub(super) upper: UpperLayer,
    pub(super) suspects: Suspects,
    /// Paths of the image that are gone with all below them.
    gone: Vec<Vec<u8>>,
    /// Directories of which the image's content is gone.
    emptied: Vec<Vec<u8>>,
    /// Directories whose empty files may be whiteouts.
    holds_whiteouts: HashSet<Vec<u8>>,
    buffer: Vec<u8>,
}

impl<'a> Look<'a> {
    /// Starts a look that takes from `before` what did not change.
    pub(super) fn new(
        image: &'a ImageState,
        lower: &'a mut Lower,
        names: Option<OverlayNames>,
        before: &'a HashMap<u64, Remembered>,
    ) -> Self {
        Self {
            image,
            lower,
            names,
            before,
            clock: Clock::now(),
            files: HashMap::new(),
            upper: UpperLayer::new(),
            suspects: Suspects::default(),
            gone: Vec::new(),
            emptied: Vec::new(),
            holds_whiteouts: HashSet::new(),
            buffer: Vec::new(),
        }
    }

    /// What the root of the layer says of the image.
    pub(super) fn root(&mut self, root: &super::folder::Folder) -> io::Result<()> {
        let marks = own_marks(root, self.names, &mut self.buffer)?;
        if marks.opaque {
            self.empty(b"");
        }
        if marks.holds_whiteouts {
            self.holds_whiteouts.insert(Vec::new());
        }
        Ok(())
    }

    /// Takes a path of the image away.
    pub(super) fn whiteout(&mut self, path: &[u8]) {
        self.upper.whiteout(path);
        self.gone.push(path.to_vec());
    }

    /// Takes away what the image holds in a directory.
    fn empty(&mut self, path: &[u8]) {
        self.upper.opaque(path);
        self.emptied.push(path.to_vec());
    }

    fn directory(&mut self, entry: &Entry<'_>, budget: &mut Budget<'_>) {
        self.upper.directory(entry.path);
        let Some(names) = self.names else { return self.over_file(entry.path) };
        let marks = match entry.folder.marks(entry.name, names, &mut self.buffer) {
            Ok(marks) => marks,
            Err(error) => {
                return note_failure(budget, entry.path, "has attributes that cannot be read", &error);
            }
        };
        if marks.opaque {
            self.empty(entry.path);
            self.over_file(entry.path);
        }
        if marks.redirect.is_some() {
            budget.note(entry.path, "was renamed; what the image holds under its former name is not seen");
        }
        if marks.holds_whiteouts {
            self.holds_whiteouts.insert(entry.path.to_vec());
        }
    }

    /// A directory may have taken the place of a file.
    fn over_file(&mut self, path: &[u8]) {
        if matches!(self.lower.look_up(path), Ok(Some(found)) if found.meta.kind != Kind::Directory) {
            self.gone.push(path.to_vec());
        }
    }

    /// Whether an entry is about the image and no file of its own; it is dealt with then.
    fn is_mark(&mut self, entry: &Entry<'_>, budget: &mut Budget<'_>) -> bool {
        let Some(names) = self.names else { return false };
        if entry.meta.kind == Kind::Whiteout {
            self.whiteout(entry.path);
            return true;
        }
        if entry.meta.kind != Kind::Directory {
            let folder = split(entry.path).0;
            match named(entry.name, self.names) {
                Named::File => {}
                Named::Opaque => self.empty(folder),
                Named::Gone(name) => self.whiteout(&join(folder, name)),
                Named::Nothing => {}
            }
            if !matches!(named(entry.name, self.names), Named::File) {
                return true;
            }
        }
        let may_be_whiteout = entry.meta.size == 0 && self.holds_whiteouts.contains(split(entry.path).0);
        if entry.meta.kind != Kind::File || !(may_be_whiteout || is_hollow(&entry.meta)) {
            return false;
        }
        match entry.folder.marks(entry.name, names, &mut self.buffer) {
            Ok(marks) if marks.whiteout && may_be_whiteout => self.whiteout(entry.path),
            // only its owner or mode is another one
            Ok(marks) if marks.metacopy && marks.redirect.is_none() => {}
            Ok(marks) if marks.metacopy => {
                self.upper.entry(entry.path, None);
                budget.note(entry.path, "was renamed without its content, which is not seen");
            }
            Ok(_) => return false,
            Err(error) => note_failure(budget, entry.path, "has attributes that cannot be read", &error),
        }
        true
    }

    fn file(&mut self, entry: &Entry<'_>, budget: &mut Budget<'_>) {
        let (key, stamp) = (path_key(entry.path), stamp(&entry.meta));
        let remembered = match self.before.get(&key) {
            Some(known) if known.stamp == stamp => known.clone(),
            _ => match self.read(entry, stamp, budget) {
                Ok(read) => read,
                Err(error) => {
                    note_failure(budget, entry.path, "cannot be read", &error);
                    return self.upper.entry(entry.path, None);
                }
            },
        };
        self.upper.entry(entry.path, remembered.facts.clone());
        let what = match remembered.judged {
            Judged::Nothing => None,
            Judged::OverDirectory => {
                self.gone.push(entry.path.to_vec());
                remembered.is_program.then_some(What::Added)
            }
            Judged::Added => Some(What::Added),
            Judged::Changed => Some(What::Changed(remembered.is_program)),
        };
        if let Some(what) = what {
            self.suspect(entry.path, what, &entry.meta);
        }
        if self.clock.is_settled(&entry.meta) {
            Memory::keep(&mut self.files, key, remembered);
        }
    }

    fn suspect(&mut self, path: &[u8], what: What, meta: &Meta) {
        let (size, changed_at) = (meta.size, Some(meta.changed_at()));
        self.suspects.add(Suspect { path: path.to_vec(), what, size, changed_at });
    }

    /// Reads a file that was not seen before as it is now.
    fn read(&mut self, entry: &Entry<'_>, stamp: u64, budget: &mut Budget<'_>) -> io::Result<Remembered> {
        let meta = &entry.meta;
        let mut remembered = Remembered { stamp, facts: None, judged: Judged::Nothing, is_program: false };
        let mut file = entry.folder.file(entry.name, meta)?;
        let mut head = [0; HEAD];
        let length = read_head(&mut file, &mut head)?;
        let has_head = catalog::is_program(&head[..length]);
        if let Some(wanted) = catalog::wanted_file(entry.path, meta.mode, meta.size) {
            if budget.afford(meta.size) {
                let mut content = head[..length].chain(&mut file).take(meta.size);
                remembered.facts = catalog::read_file(wanted, entry.path, meta.size, &mut content);
            } else {
                budget.note(entry.path, "is left out: `max_read` is used up");
            }
        }
        // runtimes make empty files that may be run to mount others over them
        remembered.is_program = meta.size > 0 && (meta.is_executable() || has_head);
        file.rewind()?;
        remembered.judged = match self.lower.look_up(entry.path)? {
            Some(found) if found.meta.kind == Kind::File => {
                remembered.is_program |= found.meta.is_executable();
                self.beside(entry, &mut file, &found, remembered.is_program, budget)?
            }
            Some(found) if found.meta.kind == Kind::Symlink => Judged::Changed,
            Some(found) if found.meta.kind == Kind::Directory => Judged::OverDirectory,
            _ if remembered.is_program => Judged::Added,
            _ => Judged::Nothing,
        };
        Ok(remembered)
    }

    /// Compares a file with that of the image, if it matters whether they are the same.
    fn beside(
        &mut self,
        entry: &Entry<'_>,
        file: &mut std::fs::File,
        found: &Found,
        is_program: bool,
        budget: &mut Budget<'_>,
    ) -> io::Result<Judged> {
        let size = entry.meta.size;
        if !is_program && self.image.owner(entry.path, self.lower).is_none() {
            return Ok(Judged::Nothing);
        }
        if size != found.meta.size {
            return Ok(Judged::Changed);
        }
        if !budget.afford(size.saturating_mul(2)) {
            budget.note(entry.path, "is not compared with that of the image: `max_read` is used up");
            return Ok(Judged::Nothing);
        }
        let (_, mut other) = self.lower.content(found, entry.path)?;
        Ok(if same(&mut file.take(size), &mut other)? { Judged::Nothing } else { Judged::Changed })
    }

    /// A link, device, pipe or socket: it matters where a file of the image was.
    fn other(&mut self, entry: &Entry<'_>, budget: &mut Budget<'_>) {
        self.upper.entry(entry.path, None);
        let is_same = |found: &Found, lower: &Lower| {
            let is_link = found.meta.kind == Kind::Symlink && entry.meta.kind == Kind::Symlink;
            Ok::<_, io::Error>(is_link && entry.folder.link(entry.name)? == lower.link(found, entry.path)?)
        };
        let judged = self.lower.look_up(entry.path).and_then(|found| match found {
            Some(found) if matches!(found.meta.kind, Kind::File | Kind::Symlink) => {
                Ok((!is_same(&found, self.lower)?)
                    .then(|| found.meta.is_executable() && found.meta.kind == Kind::File))
            }
            _ => Ok(None),
        });
        match judged {
            Ok(Some(was_program)) => self.suspect(entry.path, What::Changed(was_program), &entry.meta),
            Ok(None) => {}
            Err(error) => note_failure(budget, entry.path, "cannot be compared with the image", &error),
        }
        if matches!(self.lower.look_up(entry.path), Ok(Some(found)) if found.meta.kind == Kind::Directory) {
            self.gone.push(entry.path.to_vec());
        }
    }

    /// Looks up what the layer takes away, and ends it; to be called after the walk.
    pub(super) fn take_away(&mut self, budget: &mut Budget<'_>) -> Result<(), DriftError> {
        self.upper.finish();
        let (upper, suspects) = (&self.upper, &mut self.suspects);
        let mut lose = |path: &[u8]| {
            suspects.add(Suspect { path: path.to_vec(), what: What::Gone, size: 0, changed_at: None });
        };
        for path in std::mem::take(&mut self.gone) {
            budget.count()?;
            match self.lower.look_up(&path) {
                Ok(Some(found)) if found.meta.kind == Kind::Directory => {
                    self.lower.walk(&path, budget, &mut |path, _| lose(path))?;
                }
                Ok(Some(found)) if matches!(found.meta.kind, Kind::File | Kind::Symlink) => lose(&path),
                Ok(_) => {}
                Err(error) => note_failure(budget, &path, "cannot be looked up in the image", &error),
            }
        }
        for path in std::mem::take(&mut self.emptied) {
            // what the layer itself holds there was weighed already
            self.lower.walk(&path, budget, &mut |path, _| {
                if !upper.holds(path) {
                    lose(path);
                }
            })?;
        }
        Ok(())
    }
}

impl Walker for Look<'_> {
    fn entry(&mut self, entry: &Entry<'_>, budget: &mut Budget<'_>) -> Result<Below, DriftError> {
        if self.is_mark(entry, budget) {
            return Ok(Below::Leave);
        }
        match entry.meta.kind {
            Kind::Directory => {
                self.directory(entry, budget);
                if MOUNTED.contains(&entry.path) {
                    return Ok(Below::Leave);
                }
            }
            Kind::File => self.file(entry, budget),
            Kind::Symlink | Kind::Whiteout | Kind::Other => self.other(entry, budget),
        }
        Ok(Below::Walk)
    }
}

fn read_head(file: &mut std::fs::File, head: &mut [u8; HEAD]) -> io::Result<usize> {
    let mut length = 0;
    while length < HEAD {
        match file.read(&mut head[length..])? {
            0 => break,
            count => length += count,
        }
    }
    Ok(length)
}

//! What the image shows at a path, told by the directories of its layers as an overlay mount tells it.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use image::{OverlayMarks, OverlayNames};

use super::DriftError;
use super::folder::{Folder, Kind, Meta};
use super::limits::Budget;

/// Directories that are kept open at the same time.
const MAX_OPEN: usize = 256;

/// A file's first block: one whose content lies in a lower layer has none of its own.
const BLOCK: u64 = 512;

/// The layers of an image, one over the other.
pub(crate) struct Lower {
    names: Option<OverlayNames>,
    root: Rc<Stack>,
    /// By path: the directories that make up this one.
    known: HashMap<Vec<u8>, Rc<Stack>>,
    open: usize,
    buffer: Vec<u8>,
}

/// The directories that one path stands for, uppermost first.
type Stack = Vec<Part>;

struct Part {
    folder: Folder,
    /// Whether empty files in it may be whiteouts by attribute.
    holds_whiteouts: bool,
}

/// What the image shows at a path.
pub(crate) struct Found {
    pub(crate) meta: Meta,
    stack: Rc<Stack>,
    part: usize,
}

/// A file that was opened, with its size.
pub(crate) type Opened = (u64, File);

impl Lower {
    /// The layers in `roots`, uppermost first. `names` is `None` for a tree that is no overlay.
    pub(crate) fn open(roots: &[PathBuf], names: Option<OverlayNames>) -> Result<Self, DriftError> {
        let mut buffer = Vec::new();
        let mut root = Stack::new();
        for path in roots {
            let folder = Folder::open_root(path).map_err(|error| DriftError::of(path, error))?;
            let marks = own_marks(&folder, names, &mut buffer)
                .map_err(|source| DriftError::Io { path: path.clone(), source })?;
            root.push(Part { folder, holds_whiteouts: marks.holds_whiteouts });
            if marks.opaque {
                break;
            }
        }
        Ok(Self { names, root: Rc::new(root), known: HashMap::new(), open: 0, buffer })
    }

    /// What the image shows at `path`; `None` if nothing.
    pub(crate) fn look_up(&mut self, path: &[u8]) -> io::Result<Option<Found>> {
        let (parent, name) = split(path);
        let stack = self.directory(parent)?;
        self.look_up_in(&stack, name)
    }

    fn look_up_in(&mut self, stack: &Rc<Stack>, name: &[u8]) -> io::Result<Option<Found>> {
        for (part, place) in stack.iter().enumerate() {
            match place.folder.meta(name) {
                Ok(meta) if self.is_whiteout(place, name, &meta)? => return Ok(None),
                Ok(meta) => return Ok(Some(Found { meta, stack: Rc::clone(stack), part })),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if self.is_removed_by_name(place, name) {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Opens what the image shows at `path`, if it is a file.
    pub(crate) fn open_file(&mut self, path: &[u8]) -> io::Result<Option<Opened>> {
        match self.look_up(path)? {
            Some(found) if found.meta.kind == Kind::File => self.content(&found, path).map(Some),
            _ => Ok(None),
        }
    }

    /// Opens the file that was found at `path`: in the layer that holds its content, where that is another one than the
    /// layer that holds its mode and owner.
    pub(crate) fn content(&mut self, found: &Found, path: &[u8]) -> io::Result<Opened> {
        let (_, name) = split(path);
        for place in &found.stack[found.part..] {
            let meta = match place.folder.meta(name) {
                Ok(meta) if meta.kind == Kind::File => meta,
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if !is_hollow(&meta) || !self.marks(&place.folder, name)?.metacopy {
                return Ok((meta.size, place.folder.file(name, &meta)?));
            }
        }
        Err(io::Error::other("its content lies under another name"))
    }

    /// Where the link points to that was found at `path`.
    pub(crate) fn link(&self, found: &Found, path: &[u8]) -> io::Result<Vec<u8>> {
        found.stack[found.part].folder.link(split(path).1)
    }

    /// Shows every file and link below the directory at `path` to `each`.
    pub(super) fn walk(
        &mut self,
        path: &[u8],
        budget: &mut Budget<'_>,
        each: &mut dyn FnMut(&[u8], &Meta),
    ) -> Result<(), DriftError> {
        let mut open = vec![path.to_vec()];
        while let Some(directory) = open.pop() {
            let entries = match self.list(&directory, budget)? {
                Ok(entries) => entries,
                Err(error) => {
                    budget.note(&directory, format!("of the image cannot be listed: {error}"));
                    continue;
                }
            };
            for (name, meta) in entries {
                let below = join(&directory, &name);
                match meta.kind {
                    Kind::Directory if below.len() > budget.limits.max_path => {}
                    Kind::Directory => open.push(below),
                    Kind::File | Kind::Symlink => each(&below, &meta),
                    Kind::Whiteout | Kind::Other => {}
                }
            }
        }
        Ok(())
    }

    /// What a directory of the image holds.
    fn list(
        &mut self,
        path: &[u8],
        budget: &mut Budget<'_>,
    ) -> Result<io::Result<BTreeMap<Vec<u8>, Meta>>, DriftError> {
        let stack = match self.directory(path) {
            Ok(stack) => stack,
            Err(error) => return Ok(Err(error)),
        };
        let mut names: Vec<Vec<u8>> = Vec::new();
        for place in stack.iter() {
            let listing = match place.folder.list() {
                Ok(listing) => listing,
                Err(error) => return Ok(Err(error)),
            };
            for name in listing {
                budget.count()?;
                names.extend(name);
            }
        }
        names.sort_unstable();
        names.dedup();
        let mut entries = BTreeMap::new();
        for name in names {
            if !matches!(super::walk::named(&name, self.names), super::walk::Named::File) {
                continue;
            }
            match self.look_up_in(&stack, &name) {
                Ok(found) => entries.extend(found.map(|found| (name, found.meta))),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(entries))
    }

    /// The directories that make up the one at `path`; empty if the image shows no directory there.
    fn directory(&mut self, path: &[u8]) -> io::Result<Rc<Stack>> {
        if path.is_empty() {
            return Ok(Rc::clone(&self.root));
        }
        if let Some(stack) = self.known.get(path) {
            return Ok(Rc::clone(stack));
        }
        let (parent, name) = split(path);
        let above = self.directory(parent)?;
        let mut stack = Stack::new();
        for place in above.iter() {
            match place.folder.open(name) {
                Ok(folder) => {
                    let marks = own_marks(&folder, self.names, &mut self.buffer)?;
                    stack.push(Part { folder, holds_whiteouts: marks.holds_whiteouts });
                    if marks.opaque {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if self.is_removed_by_name(place, name) {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => break,
                Err(error) => return Err(error),
            }
        }
        if self.open + stack.len() > MAX_OPEN {
            self.known.clear();
            self.open = 0;
        }
        self.open += stack.len();
        let stack = Rc::new(stack);
        self.known.insert(path.to_vec(), Rc::clone(&stack));
        Ok(stack)
    }

    fn is_whiteout(&mut self, place: &Part, name: &[u8], meta: &Meta) -> io::Result<bool> {
        match meta.kind {
            Kind::Whiteout => Ok(self.names.is_some()),
            Kind::File if meta.size == 0 && place.holds_whiteouts => {
                Ok(self.marks(&place.folder, name)?.whiteout)
            }
            _ => Ok(false),
        }
    }

    /// Whether a layer takes a name away by a file beside it.
    fn is_removed_by_name(&self, place: &Part, name: &[u8]) -> bool {
        let is_asked = self.names.is_some_and(OverlayNames::has_file_names);
        is_asked && place.folder.meta(&[b".wh.", name].concat()).is_ok()
    }

    fn marks(&mut self, folder: &Folder, name: &[u8]) -> io::Result<OverlayMarks> {
        match self.names {
            None => Ok(OverlayMarks::default()),
            Some(names) => folder.marks(name, names, &mut self.buffer),
        }
    }
}

/// Whether a file may have its content elsewhere.
pub(super) fn is_hollow(meta: &Meta) -> bool {
    meta.size > 0 && meta.blocks.saturating_mul(BLOCK) < meta.size
}

/// The marks of an open directory.
pub(super) fn own_marks(
    folder: &Folder,
    names: Option<OverlayNames>,
    buffer: &mut Vec<u8>,
) -> io::Result<OverlayMarks> {
    let Some(names) = names else { return Ok(OverlayMarks::default()) };
    let mut marks = folder.marks(b".", names, buffer)?;
    if names.has_file_names() && folder.meta(b".wh..wh..opq").is_ok() {
        marks.opaque = true;
    }
    Ok(marks)
}

/// The directory that holds a path, and its name there.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// The path of `name` in `directory`.
pub(super) fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    match directory {
        b"" => name.to_vec(),
        _ => [directory, b"/", name].concat(),
    }
}

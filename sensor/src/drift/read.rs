//! Reading a writable layer from beginning to end.

use std::collections::HashMap;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use catalog::UpperLayer;
use image::OverlayNames;
use model::{Drift, DriftPackage, Timestamp};

use super::file::weigh;
use super::folder::{Folder, Kind};
use super::limits::Budget;
use super::look::Look;
use super::lower::split;
use super::memory::Memory;
use super::stamp::Printer;
use super::walk::{Below, Entry, Walker, walk};
use super::{DriftError, Fingerprint, ImageState, Limits, Lower, copy, package};
use crate::runtime::WritableLayer;

/// Largest database, or log beside one, that is put together; in bytes.
const MAX_DATABASE: u64 = 512 << 20;

/// What statfs(2) says of file systems in user space, such as fuse-overlayfs.
const FUSE: i64 = 0x6573_5546;

/// Looks at every entry of a writable layer, and opens none of its files.
pub fn fingerprint(layer: &WritableLayer, limits: &Limits) -> Result<Fingerprint, DriftError> {
    let (path, _) = own_place(layer);
    let mut budget = Budget::new(limits, path);
    let root = open(path)?;
    let mut print = Print(Printer::new());
    if let Ok(meta) = root.own_meta() {
        print.0.add(b"", &meta);
    }
    walk(root, &mut print, &mut budget)?;
    Ok(print.0.finish())
}

/// Takes all entries.
struct Print(Printer);

impl Walker for Print {
    fn entry(&mut self, entry: &Entry<'_>, _: &mut Budget<'_>) -> Result<Below, DriftError> {
        self.0.add(entry.path, &entry.meta);
        Ok(Below::Walk)
    }
}

/// What a container holds beyond its image. `memory` is that of this container: what it has seen already and did not change
/// is not read again.
///
/// Reads while the container may be writing: what it changes in between is seen at the next look.
pub fn read(
    layer: &WritableLayer,
    image: &ImageState,
    memory: &mut Memory,
    limits: &Limits,
) -> Result<Drift, DriftError> {
    let fingerprint = fingerprint(layer, limits)?;
    read_changed(layer, image, memory, limits, fingerprint)
}

/// What a container holds beyond its image, if it changed anything since the last look; `None` if [`Memory::drift`] still
/// stands. `image` is asked for only if something changed.
pub fn check<E: From<DriftError>>(
    layer: &WritableLayer,
    memory: &mut Memory,
    limits: &Limits,
    image: impl FnOnce() -> Result<Arc<ImageState>, E>,
) -> Result<Option<Drift>, E> {
    let now = fingerprint(layer, limits)?;
    if memory.fingerprint.as_ref().is_some_and(|before| now.is_unchanged_since(before)) {
        return Ok(None);
    }
    let image = image()?;
    Ok(Some(read_changed(layer, &image, memory, limits, now)?))
}

fn read_changed(
    layer: &WritableLayer,
    image: &ImageState,
    memory: &mut Memory,
    limits: &Limits,
    fingerprint: Fingerprint,
) -> Result<Drift, DriftError> {
    let checked_at = Timestamp::now();
    let (path, is_overlay) = own_place(layer);
    let names = is_overlay.then(|| *memory.names.get_or_insert_with(|| marks(path, limits)));
    let mut lower = lower(layer, names)?;
    let mut budget = Budget::new(limits, path);
    let root = open(path)?;
    let before = std::mem::take(&mut memory.files);
    let mut look = Look::new(image, &mut lower, names, &before);
    let walked = look_at(layer, root, &mut look, &mut budget);
    let (files, mut upper, suspects) = (look.files, look.upper, look.suspects);
    if let Err(error) = walked.and_then(|()| is_there(path)) {
        memory.files = before;
        return Err(error);
    }
    memory.files = files;
    for (log, database) in upper.unread_logs() {
        apply_log(path, (&log, &database), &mut lower, &mut upper);
    }
    for (path, reason) in upper.notes() {
        budget.note(path, reason);
    }
    if names.is_some_and(OverlayNames::may_be_hidden) {
        budget.note(
            b"",
            "the marks of directories that hide the image's are not visible without CAP_SYS_ADMIN",
        );
    }
    let packages = packages(path, image, &upper);
    let (files, files_left_out) = weigh(suspects, &packages, image, &mut lower, &upper);
    memory.upper = (!packages.is_empty()).then_some(upper);
    let mut files = files;
    for file in files.iter_mut().filter(|file| file.changed_at.is_none()) {
        file.changed_at = changed_at(path, file.path.as_bytes());
    }
    let drift = Drift { checked_at, packages, files, files_left_out, unreadable: budget.finish() };
    memory.fingerprint = Some(fingerprint);
    memory.drift = drift.clone();
    Ok(drift)
}

fn look_at(
    layer: &WritableLayer,
    root: Folder,
    look: &mut Look<'_>,
    budget: &mut Budget<'_>,
) -> Result<(), DriftError> {
    match layer {
        WritableLayer::Overlay { upper, .. } => {
            look.root(&root).map_err(|error| DriftError::of(upper, error))?;
            walk(root, look, budget)?;
        }
        WritableLayer::Copy { parent, .. } => copy::compare(root, open(parent)?, look, budget)?,
    }
    look.take_away(budget)?;
    budget.check_time()
}

fn packages(path: &Path, image: &ImageState, upper: &UpperLayer) -> Vec<DriftPackage> {
    let view = &image.view;
    if !view.is_touched_by(upper) {
        return Vec::new();
    }
    let mut packages = package::compare(view.packages(), view.packages_under(upper), view.layer_count());
    let mut known: HashMap<String, Option<Timestamp>> = HashMap::new();
    for package in &mut packages {
        let file = package.record.path.split("!/").next().unwrap_or_default();
        package.changed_at = match known.get(file) {
            Some(time) => *time,
            None => {
                let time = changed_at(path, file.as_bytes());
                known.insert(file.to_owned(), time);
                time
            }
        };
    }
    packages
}

/// When the layer last changed `path`: of what is gone, the directory that it is gone from.
fn changed_at(root: &Path, path: &[u8]) -> Option<Timestamp> {
    let mut folder = Folder::open_root(root).ok()?;
    let mut rest = path;
    loop {
        let (name, below) = match rest.iter().position(|byte| *byte == b'/') {
            Some(slash) => (&rest[..slash], &rest[slash + 1..]),
            None => (rest, &b""[..]),
        };
        let meta = folder.meta(name).ok().filter(|meta| meta.kind != Kind::Whiteout);
        match meta {
            Some(meta) if below.is_empty() || meta.kind != Kind::Directory => return Some(meta.changed_at()),
            Some(_) => folder = folder.open(name).ok()?,
            None => return folder.own_meta().ok().map(|meta| meta.changed_at()),
        }
        rest = below;
    }
}

/// Puts a database and its log together, each from the layer or else from the image.
fn apply_log(root: &Path, (log, database): (&[u8], &[u8]), lower: &mut Lower, upper: &mut UpperLayer) {
    let mut content = |path: &[u8]| {
        let (size, file) = match open_beneath(root, path) {
            Some(opened) => opened,
            None if upper.holds(path) => return None,
            None => lower.open_file(path).ok()??,
        };
        let mut bytes = Vec::new();
        (size <= MAX_DATABASE).then_some(())?;
        file.take(MAX_DATABASE).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    };
    let (Some(log_content), database_content) = (content(log), content(database)) else { return };
    upper.apply_log((log, &log_content), (database, database_content.unwrap_or_default()));
}

/// Opens a file of a layer without following a link on the way.
fn open_beneath(root: &Path, path: &[u8]) -> Option<super::Opened> {
    let (directory, name) = split(path);
    let mut folder = Folder::open_root(root).ok()?;
    for part in directory.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
        folder = folder.open(part).ok()?;
    }
    let meta = folder.meta(name).ok().filter(|meta| meta.kind == Kind::File)?;
    Some((meta.size, folder.file(name, &meta).ok()?))
}

/// The directory that a container writes to, and whether it is the upper one of an overlay.
fn own_place(layer: &WritableLayer) -> (&Path, bool) {
    match layer {
        WritableLayer::Overlay { upper, .. } => (upper, true),
        WritableLayer::Copy { root, .. } => (root, false),
    }
}

fn lower(layer: &WritableLayer, names: Option<OverlayNames>) -> Result<Lower, DriftError> {
    match layer {
        WritableLayer::Overlay { lower, .. } => Lower::open(lower, names),
        WritableLayer::Copy { parent, .. } => Lower::open(std::slice::from_ref(parent), None),
    }
}

/// What a container shows if `with_own`, else what its image shows.
pub(crate) fn lower_of(layer: &WritableLayer, limits: &Limits, with_own: bool) -> Result<Lower, DriftError> {
    match layer {
        WritableLayer::Copy { root, .. } if with_own => Lower::open(std::slice::from_ref(root), None),
        WritableLayer::Overlay { upper, lower } if with_own => {
            let roots: Vec<PathBuf> = std::iter::once(upper).chain(lower).cloned().collect();
            Lower::open(&roots, Some(marks(upper, limits)))
        }
        WritableLayer::Copy { .. } => lower(layer, None),
        WritableLayer::Overlay { upper, .. } => lower(layer, Some(marks(upper, limits))),
    }
}

/// The marks that the mounts of a layer's runtime obey: fuse-overlayfs shows itself in the directory beside the layer where
/// it is mounted, and only root's mounts obey marks that a container cannot make.
fn marks(upper: &Path, limits: &Limits) -> OverlayNames {
    if let Some(names) = limits.marks {
        return names;
    }
    let Some(home) = upper.parent() else { return OverlayNames::Trusted };
    #[allow(clippy::unnecessary_cast, reason = "the field has another type on other processors")]
    let is_fuse =
        rustix::fs::statfs(home.join("merged").as_path()).is_ok_and(|seen| seen.f_type as i64 == FUSE);
    let owner = home.metadata().map_or(0, |metadata| metadata.uid());
    match (is_fuse, owner) {
        (true, _) => OverlayNames::Fuse,
        (false, 0) => OverlayNames::Trusted,
        (false, _) => OverlayNames::User,
    }
}

fn open(path: &Path) -> Result<Folder, DriftError> {
    Folder::open_root(path).map_err(|error| DriftError::of(path, error))
}

/// Whether the layer still lies where it was: a runtime moves it away before it removes it.
fn is_there(path: &Path) -> Result<(), DriftError> {
    let gone = || DriftError::Gone { path: path.to_owned() };
    let meta = open(path)?.own_meta().map_err(|error| DriftError::of(path, error))?;
    if meta.links == 0 { Err(gone()) } else { Ok(()) }
}

//! Reports of images that wait: one file each, the oldest dropped first when there is no room.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use model::{Digest, ImageId, Timestamp};

use super::files;

/// Larger files are no reports: a server would not take them.
const LARGEST: u64 = 64 << 20;

/// A report that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WaitingImage {
    /// Reports are numbered through.
    pub(crate) number: u64,
    /// Whose report it is.
    pub(crate) image: ImageId,
    /// A print of the image's names.
    pub(crate) names: u64,
    /// Bytes on the disk.
    pub(crate) bytes: u64,
    /// Since when it waits.
    pub(crate) since: Timestamp,
}

/// The folder of reports that wait.
pub(super) struct Images {
    folder: PathBuf,
    by_number: BTreeMap<u64, WaitingImage>,
    by_image: HashMap<ImageId, u64>,
    bytes: u64,
    next: u64,
}

impl Images {
    /// Opens the folder; what is no report in it is deleted.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        files::make_folder(folder)?;
        let mut images = Self {
            folder: folder.to_owned(),
            by_number: BTreeMap::new(),
            by_image: HashMap::new(),
            bytes: 0,
            next: 1,
        };
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let found = (!files::is_unfinished(&path)).then(|| read_name(&path)).flatten();
            match found {
                Some(waiting) => images.insert(waiting),
                None => {
                    let _ = fs::remove_file(&path);
                }
            }
        }
        Ok(images)
    }

    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn oldest(&self) -> Option<&WaitingImage> {
        self.by_number.values().next()
    }

    pub(super) fn of(&self, image: &ImageId) -> Option<&WaitingImage> {
        self.by_number.get(self.by_image.get(image)?)
    }

    /// Puts a report at the end; an older one of the same image gives way to it.
    pub(super) fn put(&mut self, image: ImageId, names: u64, body: &[u8]) -> io::Result<()> {
        let waiting = WaitingImage {
            number: self.next,
            image,
            names,
            bytes: body.len() as u64,
            since: Timestamp::now(),
        };
        files::write_whole(&self.path(&waiting), body)?;
        self.insert(waiting);
        Ok(())
    }

    /// The bytes of a report; `None` if somebody took the file away.
    pub(super) fn read(&self, waiting: &WaitingImage) -> io::Result<Option<Vec<u8>>> {
        files::read_bounded(&self.path(waiting), LARGEST)
    }

    /// Deletes a report, if it is still the one that is meant.
    pub(super) fn remove(&mut self, number: u64) -> Option<WaitingImage> {
        let waiting = self.by_number.remove(&number)?;
        if self.by_image.get(&waiting.image) == Some(&number) {
            self.by_image.remove(&waiting.image);
        }
        self.bytes -= waiting.bytes;
        let _ = fs::remove_file(self.path(&waiting));
        Some(waiting)
    }

    fn insert(&mut self, waiting: WaitingImage) {
        self.next = self.next.max(waiting.number + 1);
        let known = self.by_image.get(&waiting.image).copied();
        // after a crash between two steps both may be there; the later one counts
        if let Some(older) = known.filter(|known| *known < waiting.number) {
            self.remove(older);
        } else if known.is_some() {
            let _ = fs::remove_file(self.path(&waiting));
            return;
        }
        self.bytes += waiting.bytes;
        self.by_image.insert(waiting.image, waiting.number);
        self.by_number.insert(waiting.number, waiting);
    }

    fn path(&self, waiting: &WaitingImage) -> PathBuf {
        let WaitingImage { number, image, names, .. } = waiting;
        self.folder.join(format!("{number:016x}-{}-{names:016x}.zst", image.0.to_hex()))
    }
}

/// What the name of a file says.
fn read_name(path: &Path) -> Option<WaitingImage> {
    let metadata = fs::metadata(path).ok().filter(|metadata| metadata.is_file())?;
    let stem = path.file_name()?.to_str()?.strip_suffix(".zst")?;
    let mut parts = stem.split('-');
    let (number, image, names) = (parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str| (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok()).flatten();
    let since = metadata.modified().unwrap_or_else(|_| SystemTime::now());
    let since = since.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    (parts.next().is_none()).then_some(WaitingImage {
        number: hex(number)?,
        image: ImageId(Digest::from_hex(image).ok()?),
        names: hex(names)?,
        bytes: metadata.len(),
        since: Timestamp(i64::try_from(since).unwrap_or_default()),
    })
}

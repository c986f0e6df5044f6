//! What is kept of an image so that its containers can be compared with it, and how many of them are kept.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use catalog::{AllOwners, ImageView, ScanError, ScanOptions};
use image::OpenImage;
use model::{ImageId, PackageRecord};

use super::lower::split;
use super::{Homes, Lower};

/// An image as its containers see it. It is read once; whatever a container changes is laid on top.
#[derive(Debug)]
pub struct ImageState {
    pub(crate) view: ImageView,
    pub(crate) homes: Homes,
    owners: OnceLock<AllOwners>,
    /// Where package managers keep their records.
    databases: BTreeSet<Vec<u8>>,
}

impl ImageState {
    /// Keeps what an image shows; [`catalog::scan_and_keep`] gives it together with the report.
    pub fn new(view: ImageView) -> Self {
        let homes = Homes::of(view.packages());
        let of_system = view.packages().iter().filter(|record| record.ecosystem.is_os());
        let databases = of_system.map(|record| split(record.path.as_bytes()).0.to_vec()).collect();
        Self { view, homes, owners: OnceLock::new(), databases }
    }

    /// Reads an image for this alone.
    pub fn read(image: &OpenImage, options: &ScanOptions<'_>) -> Result<Self, ScanError> {
        ImageView::read(image, options).map(Self::new)
    }

    /// What is installed in the image.
    pub fn packages(&self) -> &[PackageRecord] {
        self.view.packages()
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        self.view.bytes() + self.homes.bytes() + self.owners.get().map_or(0, AllOwners::bytes)
    }

    /// The name of the package that owns a file of the image. The first question reads the file lists.
    ///
    /// The records of a package manager are nobody's, even where a package claims them as rpm's does: what changed in them is
    /// told by the packages.
    pub(super) fn owner(&self, path: &[u8], lower: &mut Lower) -> Option<String> {
        if self.databases.contains(split(path).0) {
            return None;
        }
        let mut open = |path: &[u8]| lower.open_file(path).ok().flatten();
        let owners = self.owners.get_or_init(|| {
            AllOwners::read(&self.view, |path| {
                let (size, file) = open(path)?;
                Some((size, Box::new(file)))
            })
        });
        if let Some(name) = owners.owner(path) {
            return Some(name.to_owned());
        }
        let records = self.homes.owners(path, &mut open);
        let record = records.first().and_then(|at| self.packages().get(*at as usize))?;
        // what a program was built from is no file of anybody's
        (record.found_by != "program").then(|| record.name.clone())
    }
}

/// The images of this host that were looked at lately.
#[derive(Debug)]
pub struct Images {
    max_bytes: usize,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    clock: u64,
    images: HashMap<ImageId, (u64, Arc<ImageState>)>,
}

impl Images {
    /// Keeps images of about `max_bytes` together; one is kept whatever it takes.
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes, known: Mutex::default() }
    }

    /// The image with this id, if it is kept.
    pub fn get(&self, id: &ImageId) -> Option<Arc<ImageState>> {
        let mut known = self.lock();
        known.clock += 1;
        let now = known.clock;
        let (used, image) = known.images.get_mut(id)?;
        *used = now;
        Some(Arc::clone(image))
    }

    /// The image with this id; `read` gives it if it is not kept.
    pub fn get_or_read<E>(
        &self,
        id: &ImageId,
        read: impl FnOnce() -> Result<ImageState, E>,
    ) -> Result<Arc<ImageState>, E> {
        match self.get(id) {
            Some(image) => Ok(image),
            None => Ok(self.keep(*id, read()?)),
        }
    }

    /// Keeps an image, and lets go of those that were not asked for longest if there are too many now.
    pub fn keep(&self, id: ImageId, image: ImageState) -> Arc<ImageState> {
        let image = Arc::new(image);
        let mut known = self.lock();
        known.clock += 1;
        let now = known.clock;
        known.images.insert(id, (now, Arc::clone(&image)));
        while known.images.len() > 1 && known.bytes() > self.max_bytes {
            let oldest = known.images.iter().min_by_key(|(_, (used, _))| *used).map(|(id, _)| *id);
            oldest.and_then(|id| known.images.remove(&id));
        }
        image
    }

    /// Lets go of an image, such as one that was deleted.
    pub fn forget(&self, id: &ImageId) {
        self.lock().images.remove(id);
    }

    /// Lets go of all images.
    pub fn clear(&self) {
        self.lock().images.clear();
    }

    /// About how much memory all of them take.
    pub fn bytes(&self) -> usize {
        self.lock().bytes()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn bytes(&self) -> usize {
        self.images.values().map(|(_, image)| image.bytes()).sum()
    }
}

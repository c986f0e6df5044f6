//! What the server does not have yet, on the disk: bounded, and safe against crashes.
//!
//! What it is for: reports of images, the oldest of which are dropped when there is no room, and the state of containers, which is
//! never dropped: of each only the newest report is kept, and it stays after it was sent, so that a sensor that starts again
//! knows what it told. What it is not for: sending.
//!
//! The decision a reader may doubt: a report is in the log before it is sent, but the log is taken to the disk only now and
//! then. A killed process loses nothing, for the kernel has it; a machine that loses power may lose a second of it, and the
//! full listing after its start tells it anew. Waiting for the disk at every event would make the sensor slower than a
//! busy host.

mod book;
mod error;
pub(crate) mod files;
mod frame;
mod images;
mod log;
pub(crate) mod pack;
mod renewal;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::report as test_report;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{ContainerReport, Digest, ImageId, Timestamp};

use self::book::Book;
pub(crate) use self::book::{Known, WaitingContainer};
pub use self::error::SpoolError;
use self::images::Images;
pub(crate) use self::images::WaitingImage;

/// The file that is there while the server is to be asked what it believes to be alive.
const RECALL: &str = "recall";

/// Reads bytes as a frame of the log, for fuzzing.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn fuzz(bytes: &[u8]) {
    if let Some(record) = frame::decode(bytes) {
        let again = frame::encode(&record).expect("what was read can be written");
        assert_eq!(frame::decode(&again), Some(record));
    }
}

/// How full the spool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Reports that wait.
    pub waiting: u64,
    /// Reports dropped for want of room since the sensor was started.
    pub dropped: u64,
    /// Since when the oldest report waits.
    pub oldest: Option<Timestamp>,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Whether reports are in memory because the disk does not take them.
    pub is_full: bool,
}

/// The spool. Its calls block for as long as the disk takes; none waits for the disk to have written but [`Spool::sync`].
pub struct Spool {
    folder: PathBuf,
    bytes: u64,
    inner: Mutex<Inner>,
}

struct Inner {
    book: Book,
    images: Images,
    dropped: u64,
    /// How often the server was to be asked what it believes to be alive, and how far that is done.
    recall: u64,
    recalled: u64,
}

impl Spool {
    /// Opens the spool in `folder`, makes it if there is none, for at most `bytes` on the disk. Gives what was damaged, in words.
    pub fn open(folder: &Path, bytes: u64) -> Result<(Self, Vec<String>), SpoolError> {
        let failed = |path: PathBuf| move |source| SpoolError::Io { what: "open", path, source };
        files::make_folder(folder).map_err(failed(folder.to_owned()))?;
        let log = folder.join("containers.log");
        let (book, damage) = Book::open(&log, bytes).map_err(failed(log))?;
        // what a spool does not know that is new or damaged, the server may
        let is_lost = book.log.length() == 0 || damage.spoilt > 0;
        let waiting = folder.join("images");
        let images = Images::open(&waiting).map_err(failed(waiting))?;
        let mut words = Vec::new();
        if damage.torn > 0 {
            tracing::info!(bytes = damage.torn, "cut {} bytes off the spool that a crash left", damage.torn);
        }
        if damage.spoilt > 0 {
            words.push(format!("{} bytes of the spool were damaged and are left out", damage.spoilt));
        }
        let inner = Inner { book, images, dropped: 0, recall: 0, recalled: 0 };
        let spool = Self { folder: folder.to_owned(), bytes, inner: Mutex::new(inner) };
        spool.lock().make_room(0, bytes);
        if is_lost || folder.join(RECALL).exists() {
            spool.want_recall();
        }
        Ok((spool, words))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // whoever panicked left the index as the log has it, or a report to be sent twice
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, what: &'static str) -> impl Fn(io::Error) -> SpoolError {
        let path = self.folder.clone();
        move |source| SpoolError::Io { what, path: path.clone(), source }
    }

    // ---- containers

    /// Keeps what was seen of a container; gives whether it is news.
    #[cfg(test)]
    pub(crate) fn put_container(&self, report: &ContainerReport, runtime: &str) -> Result<bool, SpoolError> {
        self.change_container(&report.id, runtime, |_| Some(report.clone()))
    }

    /// Makes the newest report of a container of the one before, in one step; nothing is kept if `change` gives `None`. Gives
    /// whether it is news.
    pub(crate) fn change_container(
        &self,
        id: &Digest,
        runtime: &str,
        change: impl FnOnce(Option<ContainerReport>) -> Option<ContainerReport>,
    ) -> Result<bool, SpoolError> {
        let mut inner = self.lock();
        let known = inner.book.report(id);
        let Some(report) = change(known) else { return Ok(false) };
        let outcome = inner.book.put(&report, runtime);
        inner.make_room(0, self.bytes);
        if inner.book.holds_any() {
            inner.write_held();
        }
        outcome.map_err(|source| match source.kind() {
            io::ErrorKind::StorageFull => SpoolError::Full { bytes: self.bytes },
            io::ErrorKind::FileTooLarge => {
                SpoolError::TooLarge { what: format!("container {}", id.to_hex()) }
            }
            _ => self.failed("write")(source),
        })
    }

    /// The newest report of a container.
    #[cfg(test)]
    pub(crate) fn container(&self, id: &Digest) -> Option<ContainerReport> {
        self.lock().book.report(id)
    }

    /// What is known of a container.
    pub(crate) fn known(&self, id: &Digest) -> Option<Known> {
        self.lock().book.known(id)
    }

    /// Whether a container is gone and the server knows.
    pub(crate) fn is_buried(&self, id: &Digest) -> bool {
        self.lock().book.is_buried(id)
    }

    /// All containers but those that are gone.
    pub(crate) fn containers(&self) -> Vec<Known> {
        self.lock().book.all()
    }

    /// Stops knowing a container, without telling anybody.
    pub(crate) fn forget_container(&self, id: &Digest) {
        self.lock().book.forget(id);
    }

    /// The reports of containers that have waited longest: at most `most`, with at most `bytes`, but one at least.
    pub(crate) fn waiting_containers(&self, most: usize, bytes: usize) -> Vec<WaitingContainer> {
        self.lock().book.waiting(most, bytes)
    }

    /// Notes that the server has them. What was put since is still to be sent.
    pub(crate) fn containers_sent(&self, sent: &[WaitingContainer]) {
        let mut inner = self.lock();
        sent.iter().for_each(|one| inner.book.sent(&one.id, one.number, one.observed_at));
        if let Err(error) = inner.book.tidy() {
            tracing::warn!(%error, "the spool cannot be written anew: {error}");
        }
    }

    /// Notes the time, by the server's clock, of what the server has of a container.
    pub(crate) fn container_told(&self, id: &Digest, at: Timestamp) {
        self.lock().book.told(id, at);
    }

    /// The number of the request that the server is to be asked what it believes to be alive; `None` if it need not be.
    pub(crate) fn wants_recall(&self) -> Option<u64> {
        let inner = self.lock();
        (inner.recall > inner.recalled).then_some(inner.recall)
    }

    /// Has the server asked what it believes to be alive, also after a restart.
    pub(crate) fn want_recall(&self) {
        self.lock().recall += 1;
        if let Err(error) = files::write_whole(&self.folder.join(RECALL), b"") {
            tracing::debug!(%error, "that the server is to be asked will not outlive a restart: {error}");
        }
    }

    /// Notes that the server was asked, for the request of this number and those before it.
    pub(crate) fn recalled(&self, number: u64) {
        let mut inner = self.lock();
        inner.recalled = inner.recalled.max(number);
        if inner.recall == inner.recalled {
            let _ = std::fs::remove_file(self.folder.join(RECALL));
        }
    }

    /// Has everything sent anew.
    pub(crate) fn resend(&self) {
        self.lock().book.resend();
    }

    /// Until when a runtime's events are in the spool.
    pub(crate) fn followed(&self, runtime: &str) -> Option<Timestamp> {
        self.lock().book.followed(runtime)
    }

    /// Notes until when a runtime's events are in the spool.
    pub(crate) fn follow(&self, runtime: &str, until: Timestamp) {
        self.lock().book.follow(runtime, until);
    }

    // ---- images

    /// Keeps the report of an image, compressed; drops older ones of other images if there is no room.
    pub(crate) fn put_image(&self, image: ImageId, names: u64, body: &[u8]) -> Result<(), SpoolError> {
        let mut inner = self.lock();
        let length = body.len() as u64;
        if inner.book.log.length() + length > self.bytes {
            inner.dropped += 1;
            return Err(SpoolError::Full { bytes: self.bytes });
        }
        inner.make_room(length, self.bytes);
        loop {
            match inner.images.put(image, names, body) {
                Ok(()) => return Ok(()),
                Err(source) => {
                    let error = self.failed("write")(source);
                    if !error.is_full() || !inner.drop_oldest() {
                        inner.dropped += 1;
                        return Err(error);
                    }
                }
            }
        }
    }

    /// The image's report that has waited longest; `None` if there is none.
    pub(crate) fn waiting_image(&self) -> Option<(WaitingImage, Vec<u8>)> {
        let mut inner = self.lock();
        loop {
            let oldest = inner.images.oldest()?.clone();
            match inner.images.read(&oldest) {
                Ok(Some(body)) => return Some((oldest, body)),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "a report that waited cannot be read: {error}"),
            }
            inner.images.remove(oldest.number);
            inner.dropped += 1;
        }
    }

    /// Notes that the server has what this scanner would report of an image, with names of this print, from somebody else.
    pub(crate) fn image_known(&self, image: &ImageId, scanner: u64, names: u64) {
        self.lock().book.image_sent(image, scanner, names);
    }

    /// Notes that the server has the report of an image, made by the scanner of this fingerprint.
    pub(crate) fn image_sent(&self, sent: &WaitingImage, scanner: u64) {
        let mut inner = self.lock();
        inner.images.remove(sent.number);
        inner.book.image_sent(&sent.image, scanner, sent.names);
    }

    /// Drops the report of an image that no server takes, so that this scanner does not make it again.
    pub(crate) fn drop_image(&self, number: u64, scanner: u64) {
        let mut inner = self.lock();
        if let Some(image) = inner.images.remove(number) {
            inner.dropped += 1;
            inner.book.image_sent(&image.image, scanner, image.names);
        }
    }

    /// Whether the server has the report that this scanner makes of an image, with names of this print or any.
    pub(crate) fn has_image(&self, image: &ImageId, scanner: u64, names: Option<u64>) -> bool {
        self.lock().book.has_image(image, scanner, names)
    }

    /// Whether a report of an image waits, with names of this print or any.
    pub(crate) fn waits(&self, image: &ImageId, names: Option<u64>) -> bool {
        self.lock().images.of(image).is_some_and(|waiting| names.is_none_or(|names| waiting.names == names))
    }

    // ---- the whole

    /// How full it is.
    pub fn figures(&self) -> Figures {
        let inner = self.lock();
        let (containers, since) = inner.book.waiting_since();
        let image = inner.images.oldest().map(|image| image.since);
        Figures {
            waiting: (containers + inner.images.len()) as u64,
            dropped: inner.dropped,
            oldest: since.into_iter().chain(image).min(),
            bytes: inner.book.log.length() + inner.images.bytes(),
            is_full: inner.book.holds_any(),
        }
    }

    /// Waits until everything is on the disk. Blocks, but nobody else.
    pub fn sync(&self) -> Result<(), SpoolError> {
        let file = {
            let mut inner = self.lock();
            if inner.book.holds_any() {
                inner.write_held();
            }
            inner.book.log.take_unsynced()
        };
        let Some(file) = file else { return Ok(()) };
        file.sync_data().map_err(|source| {
            self.lock().book.log.not_synced();
            self.failed("write")(source)
        })
    }
}

impl Inner {
    /// Drops the oldest reports of images until `wanted` bytes more fit.
    fn make_room(&mut self, wanted: u64, bytes: u64) {
        while self.images.bytes() + self.book.log.length() + wanted > bytes && self.drop_oldest() {}
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(number) = self.images.oldest().map(|image| image.number) else { return false };
        self.dropped += 1;
        self.images.remove(number).is_some()
    }

    /// Writes what did not fit, dropping reports of images for it.
    fn write_held(&mut self) {
        while let Err(error) = self.book.write_held() {
            if !self.drop_oldest() {
                tracing::debug!(%error, "the disk is still full: {error}");
                return;
            }
        }
    }
}

//! Images to be read: each once for its id, its names and the scanner's version.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use image::Source;
use model::{Digest, ImageId};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::ask::Asked;
use super::read::read;
use super::shared::Shared;
use crate::runtime::LocalImage;

/// Images that may wait to be read. More are found again by the next listing.
const WAITING: usize = 10_000;
/// After a failure an image is left alone for so long, and longer each time.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3_600);
/// Failures that are remembered.
const FAILURES: usize = 10_000;
/// How often a blackout is looked at.
const BLACKOUT: Duration = Duration::from_secs(20);

/// The queue.
#[derive(Default)]
pub(crate) struct ImageQueue {
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Default)]
struct Inner {
    waiting: HashMap<ImageId, LocalImage>,
    order: VecDeque<ImageId>,
    reading: HashSet<ImageId>,
    failed: HashMap<ImageId, Failure>,
}

struct Failure {
    times: u32,
    until: Instant,
}

impl ImageQueue {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an image; one that a container runs before all others.
    fn add(&self, mut image: LocalImage, is_urgent: bool) {
        let mut inner = self.lock();
        let id = image.id;
        if let Some(known) = inner.waiting.get(&id) {
            // a container tells one name of its image, a listing all of them
            let more = known.names.iter().filter(|name| !image.names.contains(name)).cloned();
            let more: Vec<String> = more.collect();
            image.names.extend(more);
        }
        let is_resting = inner.failed.get(&id).is_some_and(|failure| failure.until > Instant::now());
        if is_resting || inner.reading.contains(&id) {
            return;
        }
        let is_new = inner.waiting.insert(id, image).is_none();
        if is_urgent {
            inner.order.retain(|waiting| *waiting != id);
            inner.order.push_front(id);
        } else if is_new && inner.order.len() < WAITING {
            inner.order.push_back(id);
        } else if is_new {
            inner.waiting.remove(&id);
        }
        drop(inner);
        self.changed.notify_waiters();
    }

    fn take(&self) -> Option<LocalImage> {
        let mut inner = self.lock();
        loop {
            let id = inner.order.pop_front()?;
            if let Some(image) = inner.waiting.remove(&id) {
                inner.reading.insert(id);
                return Some(image);
            }
        }
    }

    /// The next ones that wait, in their order; they go on waiting.
    pub(super) fn ahead(&self, most: usize) -> Vec<LocalImage> {
        let inner = self.lock();
        let waiting = inner.order.iter().filter_map(|id| inner.waiting.get(id));
        waiting.take(most).cloned().collect()
    }

    /// Takes one out that need not be read, unless it got other names meanwhile.
    pub(super) fn forget(&self, image: &LocalImage) {
        let mut inner = self.lock();
        if inner.waiting.get(&image.id).is_some_and(|waiting| waiting.names == image.names) {
            inner.waiting.remove(&image.id);
            inner.order.retain(|id| *id != image.id);
        }
        drop(inner);
        self.changed.notify_waiters();
    }

    fn finish(&self, id: &ImageId, is_well: bool) {
        let mut inner = self.lock();
        inner.reading.remove(id);
        if is_well {
            inner.failed.remove(id);
        } else {
            if inner.failed.len() >= FAILURES {
                inner.failed.clear();
            }
            let failure = inner.failed.entry(*id).or_insert(Failure { times: 0, until: Instant::now() });
            let wait = FIRST_WAIT.saturating_mul(1 << failure.times.min(16)).min(LONGEST_WAIT);
            failure.times += 1;
            failure.until = Instant::now() + wait;
        }
        drop(inner);
        self.changed.notify_waiters();
    }

    /// Waits until no image waits and none is read.
    pub(crate) async fn idle(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let inner = self.lock();
                if inner.order.is_empty() && inner.reading.is_empty() {
                    return;
                }
            }
            changed.await;
        }
    }

    async fn next(&self) -> LocalImage {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(image) = self.take() {
                return image;
            }
            changed.await;
        }
    }
}

impl Shared {
    /// Has an image read that a listing names, unless its report is known with these names.
    pub(crate) fn offer_image(&self, image: LocalImage) {
        let names = print_of(&image.names);
        let known = self.spool.has_image(&image.id, catalog::fingerprint(), Some(names));
        if !known && !self.spool.waits(&image.id, Some(names)) && self.wants_image(&image.names) {
            self.images.add(image, false);
        }
    }

    /// Has the image of a container read, unless its report is known; before those that nobody runs.
    pub(crate) fn offer_image_of_container(&self, id: ImageId, name: Option<String>, source: Source) {
        let names: Vec<String> = name.into_iter().collect();
        let known = self.spool.has_image(&id, catalog::fingerprint(), None);
        if !known && !self.spool.waits(&id, None) && self.wants_image(&names) {
            self.images.add(LocalImage { id, names, source }, true);
        }
    }

    pub(super) fn wants_image(&self, names: &[String]) -> bool {
        let rules = self.rules();
        rules.profile.scan_images && !rules.excludes_image(names)
    }

    /// Where results of layers are kept.
    pub(crate) fn layers(&self) -> PathBuf {
        self.state.join("layers")
    }
}

/// Reads images until the sensor is stopped.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut asked = Asked::default();
    loop {
        let image = tokio::select! {
            image = shared.images.next() => image,
            () = shared.stopped() => return,
        };
        while shared.rules().is_blackout(shared.server_time()) {
            if !shared.pause(BLACKOUT).await {
                return;
            }
        }
        // the profile may have changed since it was put into the queue
        let is_wanted = shared.wants_image(&image.names) && !asked.is_known(&shared, &image).await;
        let is_well = !is_wanted || read(&shared, &image).await;
        shared.images.finish(&image.id, is_well);
        if shared.is_stopping() {
            return;
        }
    }
}

/// A print of names, whatever their order.
pub(super) fn print_of(names: &[String]) -> u64 {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let digest = Digest::of(names.join("\n").as_bytes());
    u64::from_le_bytes(digest.as_bytes()[..8].try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(number: u8) -> LocalImage {
        let id = ImageId(Digest::of(&[number]));
        LocalImage { id, names: Vec::new(), source: Source::OciDir(PathBuf::from("/none")) }
    }

    #[tokio::test]
    async fn images_of_containers_come_first_and_each_once() {
        let queue = ImageQueue::default();
        (0..4).for_each(|number| queue.add(image(number), false));
        queue.add(image(2), true);
        queue.add(image(0), false);
        let mut order = Vec::new();
        while let Some(next) = queue.take() {
            order.push(next.id);
            queue.finish(&next.id, true);
        }
        assert_eq!(order, [2, 0, 1, 3].map(|number| image(number).id));
        queue.idle().await;
    }

    #[tokio::test]
    async fn an_image_that_cannot_be_read_is_left_alone_for_longer_each_time() {
        let queue = ImageQueue::default();
        for wait in [60, 120, 240] {
            queue.add(image(1), true);
            queue.finish(&queue.take().unwrap().id, false);
            queue.add(image(1), true);
            assert!(queue.take().is_none());
            let mut inner = queue.lock();
            let failure = inner.failed.get_mut(&image(1).id).unwrap();
            let left = failure.until.duration_since(Instant::now()).as_secs();
            assert!((wait - 5..=wait).contains(&left), "{left} of {wait} s");
            failure.until = Instant::now();
        }
        queue.add(image(1), true);
        assert!(queue.take().is_some());
    }
}

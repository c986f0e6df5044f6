//! Images to be read: each once for its id, its names and the scanner's version.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalog::ScanOptions;
use image::{OpenOptions, Source};
use model::report::limits::REFERENCES;
use model::{Digest, ImageId, Reference, ScanReport};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::shared::Shared;
use super::worker::apart;
use crate::limits::Throttle;
use crate::runtime::LocalImage;
use crate::spool::{files, pack};

/// Images that may wait to be read. More are found again by the next listing.
const WAITING: usize = 10_000;
/// After a failure an image is left alone for so long, and longer each time.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3_600);
/// Failures that are remembered.
const FAILURES: usize = 10_000;
/// Bytes that results of layers may have on the disk.
const LAYERS: u64 = 1 << 30;
/// How often a blackout is looked at.
const BLACKOUT: Duration = Duration::from_secs(20);
/// How hard reports are compressed: they are sent once and read seldom.
const LEVEL: i32 = 6;

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

    fn wants_image(&self, names: &[String]) -> bool {
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
    loop {
        let image = tokio::select! {
            image = shared.images.next() => image,
            () = shared.stopped() => return,
        };
        while shared.rules().is_blackout(shared.now()) {
            if !shared.pause(BLACKOUT).await {
                return;
            }
        }
        // the profile may have changed since it was put into the queue
        let is_well = !shared.wants_image(&image.names) || read(&shared, &image).await;
        shared.images.finish(&image.id, is_well);
        if shared.is_stopping() {
            return;
        }
    }
}

/// Reads an image and puts its report into the spool.
async fn read(shared: &Arc<Shared>, image: &LocalImage) -> bool {
    let (context, job) = (Arc::clone(shared), image.clone());
    let names = print_of(&image.names);
    let subject = format!("image {}", image.id);
    let begun = Instant::now();
    let outcome = apart("read image", move || {
        let report = scan(&context, &job)?;
        let json = serde_json::to_vec(&report).map_err(|error| error.to_string())?;
        let body = pack::pack(&json, LEVEL).map_err(|error| error.to_string())?;
        files::prune(&context.layers(), LAYERS);
        // under the id that the runtime gave, so that its next listing finds it
        context.spool.put_image(job.id, names, &body).map_err(|error| error.to_string())?;
        Ok::<_, String>(report.packages.len())
    });
    match outcome.await {
        Some(Ok(packages)) => {
            let took = begun.elapsed().as_millis();
            tracing::info!(image = %image.id, packages, took, "read image {}: {packages} packages", image.id);
            shared.troubles.clear(&subject);
            shared.spooled.notify_one();
            true
        }
        Some(Err(reason)) => {
            shared.troubles.set(&subject, format!("the image {} cannot be read: {reason}", called(image)));
            false
        }
        None => {
            shared
                .troubles
                .set(&subject, format!("reading the image {} failed in the scanner itself", called(image)));
            false
        }
    }
}

fn called(image: &LocalImage) -> String {
    image.names.first().cloned().unwrap_or_else(|| image.id.to_string())
}

fn scan(shared: &Shared, job: &LocalImage) -> Result<ScanReport, String> {
    let image = image::open(&job.source, &OpenOptions::default()).map_err(|error| error.to_string())?;
    let threads = shared.memory.threads(shared.limits.cpu).get();
    let throttle = Throttle::new(shared.limits.cpu, threads);
    let options = ScanOptions {
        threads,
        cache: Some(shared.layers()),
        trusts_unpacked: true,
        source: "GENERAL".to_owned(),
        tags: Vec::new(),
        secrets: true,
        progress: &throttle,
    };
    let mut report = catalog::scan(&image, &options).map_err(|error| error.to_string())?;
    if report.image.id != job.id {
        return Err(format!("its name now leads to another image, {}", report.image.id));
    }
    add_names(&mut report, &job.names);
    Ok(report)
}

/// Adds the names that the runtime has for an image to those of the storage.
fn add_names(report: &mut ScanReport, names: &[String]) {
    let references = &mut report.image.references;
    for name in names.iter().filter_map(|name| Reference::parse(name)) {
        let is_known = references.iter().any(|known| {
            let same_place = known.registry == name.registry && known.repository == name.repository;
            same_place && known.tag == name.tag && (name.digest.is_none() || known.digest == name.digest)
        });
        if !is_known && references.len() < REFERENCES {
            references.push(name);
        }
    }
}

/// A print of names, whatever their order.
fn print_of(names: &[String]) -> u64 {
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

    #[test]
    fn the_runtimes_names_are_added_once() {
        let json = serde_json::json!({
            "schema": 1, "scanner": "x", "scannedAt": 0, "source": "GENERAL", "packages": [],
            "image": {"id": image(1).id, "references": [{"registry": "docker.io", "repository": "web", "tag": "1"}]},
        });
        let mut report: ScanReport = serde_json::from_value(json).unwrap();
        let names =
            ["web:1", "web:2", "docker.io/library/web:1", "", "r.example.com/web:1"].map(str::to_owned);
        add_names(&mut report, &names);
        assert_eq!(report.image.references.len(), 3);
    }
}

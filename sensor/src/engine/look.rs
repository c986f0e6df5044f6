//! Looks into running containers at intervals: what they hold beyond their images, and which packages they use.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use catalog::ScanOptions;
use image::{OpenOptions, Source};
use model::{ContainerState, Digest, Drift, ImageId, InUsePackage, Timestamp};

use tokio::time::Instant;

use super::apply::keep;
use super::read::{ReadError, ReadJob};
use super::reader::{Place, Task};
use super::shared::{LiveContainer, Shared};
use super::worker::apart;
use crate::drift::{self, DriftError, ImageState, Images};
use crate::in_use::{self, Index, Processes};
use crate::limits::Throttle;

/// Every so many rounds the files of all processes are looked at, and in the others those of containers with other processes
/// than before: what a process maps or opens later is seen a little later.
const PROCESSES: u32 = 5;
/// The shortest time between two rounds that a profile can ask for.
const SHORTEST: Duration = Duration::from_secs(1);
/// What was freed is given back within that time.
const RETURNED: Duration = Duration::from_millis(120);

/// What is remembered from one round to the next.
pub(crate) struct Looker {
    images: Images,
    seen: HashMap<Digest, Seen>,
    rounds: u32,
}

#[derive(Default)]
struct Seen {
    memory: drift::Memory,
    in_use: Option<Vec<InUsePackage>>,
    /// Processes at the last look at their files.
    processes: Vec<u32>,
    /// When the state had last changed.
    since: Option<Timestamp>,
}

/// Why a container could not be looked into.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("{0}")]
    Drift(#[from] DriftError),
    #[error("its image cannot be read: {0}")]
    Image(String),
    #[error("there is too little memory to look into it: --max-memory is {} MiB", .0 >> 20)]
    Memory(u64),
}

/// Looks into containers until the sensor is stopped.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut changed = shared.rules_changed.subscribe();
    let mut last = Instant::now();
    loop {
        let seconds = shared.rules().profile.drift_seconds;
        let wait = match seconds {
            0 => Duration::from_secs(3_600),
            seconds => Duration::from_secs(seconds.into()).max(SHORTEST),
        };
        let mut only = None;
        tokio::select! {
            () = tokio::time::sleep_until(last + wait) => last = Instant::now(),
            ids = shared.soon.next() => only = Some(ids),
            () = shared.stopped() => return,
            // a shorter interval holds at once
            _ = changed.changed() => continue,
        }
        if seconds > 0 && !shared.rules().is_blackout(shared.server_time()) {
            round(&shared, only).await;
        }
        shared.troubles.tell("memory", shared.memory.excess());
    }
}

/// One look into every container, or into some.
pub(crate) async fn round(shared: &Arc<Shared>, only: Option<HashSet<Digest>>) {
    let mut place = shared.looker.lock().await;
    let mut looker = place.take().unwrap_or_else(|| Looker::new(shared));
    let context = Arc::clone(shared);
    let done = apart("look into containers", move || {
        looker.round(&context, only.as_ref());
        looker
    });
    *place = done.await;
    if place.is_none() {
        shared.troubles.set("drift", "looking into containers failed in the sensor itself");
    }
}

impl Looker {
    pub(crate) fn new(shared: &Shared) -> Self {
        // an eighth of the memory holds the images of most hosts
        let bytes = usize::try_from(shared.limits.memory / 8).unwrap_or(usize::MAX);
        Self { images: Images::new(bytes), seen: HashMap::new(), rounds: 0 }
    }

    /// Lets go of what can be read again.
    pub(crate) fn forget_images(&mut self) {
        self.images.clear();
    }

    fn round(&mut self, shared: &Shared, only: Option<&HashSet<Digest>>) {
        let is_meant = |id: &Digest| only.is_none_or(|only| only.contains(id));
        let mut containers: Vec<(Digest, LiveContainer)> = shared
            .live()
            .iter()
            .filter(|(id, _)| is_meant(id))
            .map(|(id, live)| (*id, live.clone()))
            .collect();
        self.seen.retain(|id, _| shared.live().contains_key(id));
        // containers of one image one after the other, so that it is read once however few are kept
        containers.sort_by_key(|(id, live)| (live.image, *id));
        let processes = Processes::list().unwrap_or_default();
        let throttle = Throttle::new(shared.limits.cpu, 1);
        if only.is_none() {
            self.rounds = self.rounds.wrapping_add(1);
        }
        let thorough = only.is_none() && self.rounds % PROCESSES == 1;
        for (id, live) in containers {
            if shared.is_stopping() {
                return;
            }
            self.look(shared, (&throttle, &processes, thorough), id, &live);
            throttle.pause();
        }
    }

    fn look(
        &mut self,
        shared: &Shared,
        (throttle, processes, thorough): (&Throttle, &Processes, bool),
        id: Digest,
        live: &LiveContainer,
    ) {
        let seen = self.seen.entry(id).or_default();
        let is_up = matches!(live.state, ContainerState::Running | ContainerState::Paused);
        let has_changed = seen.since != Some(live.since);
        let (Some(image), Some(source)) = (live.image, &live.source) else { return };
        // the server lays what is found here over the image, which it must know for that
        let is_known = shared.spool.has_image(&image, catalog::fingerprint(), None);
        if !is_known || !(is_up || has_changed) {
            return;
        }
        let subject = format!("drift {}", id.to_hex());
        let images = &self.images;
        let read = || {
            if !make_room(shared, images) {
                return Err(LookError::Memory(shared.memory.bytes()));
            }
            images.get_or_read(&image, || read_image(shared, throttle, image, source))
        };
        match seen.look(live, processes, is_up, thorough, read) {
            Ok((drift, in_use)) => {
                seen.since = Some(live.since);
                shared.troubles.clear(&subject);
                tell(shared, id, drift, in_use);
            }
            Err(LookError::Drift(DriftError::Gone { .. })) => {}
            Err(error) => shared.troubles.set(&subject, format!("container {}: {error}", id.to_hex())),
        }
    }
}

impl Seen {
    /// What is new: the drift, and all that is known to be in use.
    fn look(
        &mut self,
        live: &LiveContainer,
        processes: &Processes,
        is_up: bool,
        thorough: bool,
        image: impl Fn() -> Result<Arc<ImageState>, LookError>,
    ) -> Result<(Option<Drift>, Option<Vec<InUsePackage>>), LookError> {
        let limits = drift::Limits::default();
        let Some(layer) = &live.layer else { return Ok((None, None)) };
        let drift = drift::check(layer, &mut self.memory, &limits, &image)?;
        let Some(first) = live.process.filter(|_| is_up) else { return Ok((drift, None)) };
        // a process that has just ended is no trouble
        let Ok(now) = processes.of(first) else { return Ok((drift, None)) };
        if now == self.processes && !thorough && drift.is_none() {
            return Ok((drift, None));
        }
        let image = image()?;
        let mut index = Index::of(&image, layer, &self.memory, &limits)?;
        let Ok(used) = in_use::read(first, processes, &mut index, &in_use::Limits::default()) else {
            return Ok((drift, None));
        };
        self.processes = now;
        let is_first = self.in_use.is_none();
        let known = self.in_use.get_or_insert_default();
        let is_news = in_use::merge(known, used);
        Ok((drift, (is_news || is_first).then(|| known.clone())))
    }
}

/// Lets go of images that can be read again if there is little memory left; gives whether there is enough then.
fn make_room(shared: &Shared, images: &Images) -> bool {
    if shared.memory.has_room() {
        return true;
    }
    images.clear();
    // the allocator gives back what was freed a moment later, when it is asked for something
    std::thread::sleep(RETURNED);
    drop(std::hint::black_box(vec![0_u8; 4 << 10]));
    shared.memory.has_room()
}

/// Puts what is new into the container's report.
fn tell(shared: &Shared, id: Digest, drift: Option<Drift>, in_use: Option<Vec<InUsePackage>>) {
    let Some(kind) = shared.spool.known(&id).map(|known| known.runtime) else { return };
    if drift.is_none() && in_use.is_none() {
        return;
    }
    let now = shared.now();
    keep(shared, &kind, &id, |known| {
        let mut report = known.filter(|known| known.state != ContainerState::Deleted)?;
        let details = report.details.get_or_insert_default();
        if let Some(drift) = drift {
            details.drift = Some(drift);
        }
        if let Some(in_use) = in_use {
            // what was seen before this sensor was started still holds
            let known = details.in_use.get_or_insert_default();
            in_use::merge(known, in_use);
        }
        report.observed_at = report.observed_at.max(now);
        Some(report)
    });
}

/// Has an image read by the other process once, so that the results of its layers are known here.
fn warm(shared: &Shared, id: ImageId, source: &Source) -> Result<(), ReadError> {
    let Some(reader) = shared.reader.as_ref().filter(|_| !shared.is_warm(&id)) else { return Ok(()) };
    let Some(place) = Place::of(source) else { return Ok(()) };
    let job = ReadJob::of(shared, id, Vec::new(), source.clone());
    reader.run(&Task::layers(&job, place), shared.memory, &|| shared.is_stopping())?;
    shared.warm(id);
    Ok(())
}

/// Reads an image whose layers are known from when its report was made.
fn read_image(
    shared: &Shared,
    throttle: &Throttle,
    id: ImageId,
    source: &Source,
) -> Result<ImageState, LookError> {
    let failed = |error: String| LookError::Image(error);
    warm(shared, id, source).map_err(|error| failed(error.to_string()))?;
    let image = image::open(source, &OpenOptions::default()).map_err(|error| failed(error.to_string()))?;
    if image.facts.id != id {
        return Err(failed(format!("its name now leads to another image, {}", image.facts.id)));
    }
    let options = ScanOptions {
        threads: 1,
        cache: Some(shared.layers()),
        trusts_unpacked: true,
        source: String::new(),
        tags: Vec::new(),
        secrets: true,
        progress: throttle,
    };
    ImageState::read(&image, &options).map_err(|error| failed(error.to_string()))
}

//! Following one runtime: its events, and full listings that find what no event told.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use model::{ContainerState, Digest, Timestamp};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, MissedTickBehavior};

use super::Followed;
use super::apply;
use super::queue::{Pending, Queue};
use super::shared::Shared;
use crate::client::scatter;
use crate::runtime::{Event, Runtime, Told, What};
use crate::spool::Known;

/// Events that may wait to be put into the queue.
const EVENTS: usize = 256;
/// Containers that are looked at at a time.
const WORKERS: usize = 4;
/// Images are listed so long after an event of one: a pull tells several.
const SETTLE: Duration = Duration::from_secs(1);
/// The first and the longest wait for a runtime that is away.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A stream of events that broke after that long was a good one.
const GOOD: Duration = Duration::from_secs(60);
/// Every so many listings, each container is looked at, also where nothing seems to have changed.
const THOROUGH: u32 = 12;
/// The shortest time between listings that a profile can ask for.
const SHORTEST: Duration = Duration::from_secs(5);
/// Before the time that events are known until, so much is asked for again: clocks have steps.
const OVERLAP: i64 = 1_000;
/// An event is told within that time, in milliseconds.
const QUIET: i64 = 60_000;

/// How long a runtime is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For a list of what it has, or for what it is.
    pub(crate) list: Duration,
    /// For the description of one container.
    pub(crate) inspect: Duration,
    /// Between two tries to look at a container.
    pub(crate) pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            list: Duration::from_secs(60),
            inspect: Duration::from_secs(30),
            pause: Duration::from_secs(1),
        }
    }
}

/// A runtime that is followed.
pub(crate) struct Watched {
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) queue: Queue,
    /// Its position among the runtimes that are followed.
    pub(crate) rank: usize,
    pub(crate) patience: Patience,
    kind: String,
}

impl Watched {
    /// The `rank`th of those that are followed.
    pub(crate) fn new(followed: Followed, rank: usize, shared: &Shared) -> Self {
        let Followed { kind, runtime } = followed;
        let queue = Queue::new(shared.memory.events());
        Self { runtime, queue, rank, patience: Patience::default(), kind }
    }

    /// The first word of its description.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// Starts tasks that look at containers; they end when the handles are dropped.
    pub(crate) fn start_workers(self: &Arc<Self>, shared: &Arc<Shared>) -> Workers {
        Workers(
            (0..WORKERS).map(|_| tokio::spawn(apply::work(Arc::clone(shared), Arc::clone(self)))).collect(),
        )
    }
}

/// Tasks that end with this value.
pub(crate) struct Workers(Vec<JoinHandle<()>>);

impl Drop for Workers {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Follows a runtime until the sensor is stopped.
pub(crate) async fn run(shared: Arc<Shared>, watched: Arc<Watched>) {
    let _workers = watched.start_workers(&shared);
    let mut wait = FIRST_WAIT;
    while !shared.is_stopping() {
        let begun = Instant::now();
        let outcome = tokio::select! {
            outcome = follow(&shared, &watched) => outcome,
            () = shared.stopped() => return,
        };
        if let Err(words) = outcome {
            shared.troubles.set(watched.kind(), words);
        }
        if begun.elapsed() >= GOOD {
            wait = FIRST_WAIT;
        }
        if !shared.pause(wait / 2 + scatter(wait / 2)).await {
            return;
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Follows events until the stream breaks.
async fn follow(shared: &Arc<Shared>, watched: &Arc<Watched>) -> Result<(), String> {
    describe(shared, watched).await?;
    let known = shared.spool.followed(watched.kind());
    let from = known.unwrap_or_else(|| {
        // what was before the first start tells the listing; from now on no event may be missed, whatever happens
        let now = shared.now();
        shared.spool.follow(watched.kind(), now);
        now
    });
    let since = Some(Timestamp(from.0 - OVERLAP));
    let (sender, mut events) = mpsc::channel(EVENTS);
    let runtime = Arc::clone(&watched.runtime);
    let mut stream = Abort(tokio::spawn(async move { runtime.follow(since, sender).await }));
    let mut resync = shared.resync.subscribe();
    let mut pace = Pace::new();
    let mut latest = None;
    let mut listing: Option<Abort<Result<(), String>>> = None;
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => {
                    latest = latest.max(Some(event.at));
                    hear(shared, watched, event, &mut pace).await;
                }
                None => break,
            },
            outcome = finished(&mut listing) => {
                listing = None;
                match outcome {
                    Ok(Ok(())) => shared.troubles.clear(watched.kind()),
                    Ok(Err(words)) => {
                        shared.troubles.set(watched.kind(), words);
                        pace.again();
                    }
                    Err(error) => tracing::error!(%error, "listing failed in the sensor itself: {error}"),
                }
            }
            _ = resync.changed() => pace.missed(),
            _ = tick.tick() => {
                if listing.is_none() && let Some(what) = pace.due(shared) {
                    let (shared, watched) = (Arc::clone(shared), Arc::clone(watched));
                    listing = Some(Abort(tokio::spawn(async move { list(&shared, &watched, what).await })));
                }
                note_progress(shared, watched, latest);
            }
        }
    }
    note_progress(shared, watched, latest);
    match (&mut stream.0).await {
        Ok(Ok(())) => Err(format!("{} ended its stream of events", watched.kind())),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(format!("following {} failed in the sensor itself: {error}", watched.kind())),
    }
}

/// A task that ends with this value.
struct Abort<T>(JoinHandle<T>);

impl<T> Drop for Abort<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Ready when the listing is done; never if there is none.
async fn finished<T>(listing: &mut Option<Abort<T>>) -> Result<T, JoinError> {
    match listing {
        Some(listing) => (&mut listing.0).await,
        None => std::future::pending().await,
    }
}

async fn describe(shared: &Shared, watched: &Watched) -> Result<(), String> {
    let described = tokio::time::timeout(watched.patience.list, watched.runtime.describe()).await;
    let described = described.map_err(|_| format!("{} does not say what it is", watched.kind()))?;
    shared.set_runtime(watched.rank, &described.map_err(|error| error.to_string())?);
    shared.refresh_host();
    Ok(())
}

/// Once everything that was told is in the spool, a start after a crash need not ask for it again. While nothing is told, time goes
/// on as well: runtimes that keep their events for weeks are not to be asked for weeks of them.
fn note_progress(shared: &Shared, watched: &Watched, latest: Option<Timestamp>) {
    if !watched.queue.is_idle() {
        return;
    }
    let now = shared.now();
    let quiet = Timestamp(now.0 - QUIET);
    let known = shared.spool.followed(watched.kind());
    // a runtime with a wrong clock must not make us deaf
    if let Some(latest) = latest.map(|latest| latest.min(now)).filter(|latest| known < Some(*latest)) {
        shared.spool.follow(watched.kind(), latest);
    } else if known.is_none_or(|known| known.0 + QUIET < quiet.0) {
        shared.spool.follow(watched.kind(), quiet);
    }
}

/// Puts an event into the queue.
async fn hear(shared: &Shared, watched: &Watched, event: Event, pace: &mut Pace) {
    match event.what {
        What::Container(told) => watched.queue.push(Pending::event(told, event.at, false)).await,
        What::ContainerGone(told) => watched.queue.push(Pending::event(told, event.at, true)).await,
        // what it did shows in the writable layer
        What::Exec { id } => {
            if let Ok(id) = Digest::from_hex(&id) {
                shared.soon.ask(id);
            }
        }
        What::Image { .. } | What::ImageGone { .. } => pace.images_changed(),
        What::Missed => pace.missed(),
    }
}

/// What is to be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    /// Containers and images, and each container looked at.
    Thorough,
    /// The same, but only containers looked at that seem to have changed.
    Plain,
    /// Images alone.
    Images,
}

/// When to list.
struct Pace {
    next: Instant,
    images: Option<Instant>,
    /// Listings since the last thorough one; `None` asks for one.
    plain: Option<u32>,
}

impl Pace {
    fn new() -> Self {
        Self { next: Instant::now(), images: None, plain: None }
    }

    fn images_changed(&mut self) {
        self.images.get_or_insert(Instant::now() + SETTLE);
    }

    fn missed(&mut self) {
        (self.next, self.plain) = (Instant::now(), None);
    }

    /// The last listing failed.
    fn again(&mut self) {
        (self.next, self.plain) = (Instant::now() + SHORTEST, None);
    }

    fn due(&mut self, shared: &Shared) -> Option<Listing> {
        let now = Instant::now();
        let interval = Duration::from_secs(shared.rules().profile.reconcile_seconds.into()).max(SHORTEST);
        // a shorter interval of a new profile holds at once
        self.next = self.next.min(now + interval);
        if now >= self.next {
            (self.next, self.images) = (now + interval, None);
            let plain = self.plain.map(|plain| plain + 1).filter(|plain| *plain < THOROUGH);
            self.plain = Some(plain.unwrap_or(0));
            return Some(if plain.is_some() { Listing::Plain } else { Listing::Thorough });
        }
        if self.images.is_some_and(|due| now >= due) {
            self.images = None;
            return Some(Listing::Images);
        }
        None
    }
}

/// Lists what the runtime has, and has everything looked at that is new, seems to have changed or is gone.
pub(crate) async fn list(shared: &Arc<Shared>, watched: &Arc<Watched>, what: Listing) -> Result<(), String> {
    // images that cannot be listed are no reason not to look at containers
    let images = list_images(shared, watched).await;
    if what == Listing::Images {
        return images;
    }
    let begun = shared.now();
    let listed = tokio::time::timeout(watched.patience.list, watched.runtime.containers()).await;
    let listed = listed.map_err(|_| format!("{} does not list its containers", watched.kind()))?;
    let listed = listed.map_err(|error| error.to_string())?;
    let mut here = HashSet::with_capacity(listed.len());
    for one in listed {
        let Ok(id) = Digest::from_hex(&one.id) else { continue };
        here.insert(id);
        let known = shared.spool.known(&id);
        let is_same = known.is_some_and(|known| known.state == one.state) && shared.live().contains_key(&id);
        if what == Listing::Thorough || !is_same {
            watched.queue.push(Pending::look(&one.id)).await;
        }
    }
    let is_gone = |known: &Known| {
        let is_ours = &*known.runtime == watched.kind() && known.state != ContainerState::Deleted;
        // what was seen after the listing began may have been made after it
        is_ours && !here.contains(&known.id) && known.observed_at < begun
    };
    for known in shared.spool.containers().into_iter().filter(is_gone) {
        let told = Told { id: known.id.to_hex(), ..Told::default() };
        watched.queue.push(Pending::event(told, begun, true)).await;
    }
    shared.live().retain(|id, live| {
        live.rank != watched.rank || here.contains(id) || shared.spool.known(id).is_some()
    });
    images
}

async fn list_images(shared: &Arc<Shared>, watched: &Arc<Watched>) -> Result<(), String> {
    if !shared.rules().profile.scan_images {
        return Ok(());
    }
    let listed = tokio::time::timeout(watched.patience.list, watched.runtime.images()).await;
    let listed = listed.map_err(|_| format!("{} does not list its images", watched.kind()))?;
    for image in listed.map_err(|error| error.to_string())? {
        shared.offer_image(image);
    }
    Ok(())
}

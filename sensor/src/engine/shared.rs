//! What all parts of the running sensor share.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use image::Source;
use model::container::HostFacts;
use model::{ContainerState, Digest, HostReport, ImageId, SensorProfile, Timestamp};
use tokio::sync::{Notify, watch};

use super::images::ImageQueue;
use super::look::Looker;
use super::reader::Reader;
use super::rules::Rules;
use super::soon::Soon;
use super::troubles::Troubles;
use crate::client::Client;
use crate::host::{self, Host};
use crate::kubernetes::Cluster;
use crate::limits::{Limits, Memory};
use crate::runtime::WritableLayer;
use crate::spool::Spool;

/// Where parts of the sensor meet.
pub(crate) struct Shared {
    pub(crate) state: PathBuf,
    pub(crate) spool: Spool,
    pub(crate) client: Client,
    pub(crate) limits: Limits,
    pub(crate) memory: Memory,
    pub(crate) troubles: Troubles,
    pub(crate) images: ImageQueue,
    /// Who knows more of pods than the runtime does.
    pub(crate) cluster: Option<Cluster>,
    /// The program that reads images, if it is not this process.
    pub(crate) reader: Option<Reader>,
    /// Who looks into containers, and what is remembered of them; held while that goes on.
    pub(crate) looker: tokio::sync::Mutex<Option<Looker>>,
    /// Something was put into the spool.
    pub(crate) spooled: Notify,
    /// Containers to be looked into before the next round.
    pub(crate) soon: Soon,
    /// The server is to be asked what it believes to be alive.
    pub(crate) recall: Notify,
    /// Set to the number of times that everything was asked for anew.
    pub(crate) resync: watch::Sender<u64>,
    /// Set when the sensor is to stop.
    pub(crate) stop: watch::Sender<bool>,
    rules: RwLock<Arc<Rules>>,
    /// Moves when the profile changes.
    pub(crate) rules_changed: watch::Sender<()>,
    files: Host,
    host: RwLock<HostReport>,
    /// What followed runtimes say of themselves.
    runtimes: Mutex<Vec<String>>,
    live: Mutex<HashMap<Digest, LiveContainer>>,
    latest: AtomicI64,
    /// Images of which the results of layers were made by the process that reads.
    warm: Mutex<HashSet<ImageId>>,
}

/// A clock that shows so many milliseconds less than before was set back.
const SET_BACK: i64 = 1_000;
/// Images of which is remembered that they were read.
const WARM: usize = 20_000;

/// What is known of a container that is there, beyond what the server is told.
#[derive(Clone, Debug)]
pub(crate) struct LiveContainer {
    /// Which of the followed runtimes it is of.
    pub(crate) rank: usize,
    pub(crate) state: ContainerState,
    pub(crate) layer: Option<WritableLayer>,
    pub(crate) process: Option<u32>,
    pub(crate) image: Option<ImageId>,
    pub(crate) source: Option<Source>,
    /// When its state last changed.
    pub(crate) since: Timestamp,
}

impl Shared {
    pub(crate) fn new(state: &Path, spool: Spool, client: Client, limits: Limits, files: Host) -> Self {
        let host = RwLock::new(files.describe(Vec::new()));
        let rules = Rules::load(state);
        let shared = Self {
            state: state.to_owned(),
            spool,
            client,
            limits,
            memory: Memory::new(limits.memory),
            troubles: Troubles::default(),
            images: ImageQueue::default(),
            cluster: None,
            spooled: Notify::new(),
            soon: Soon::default(),
            recall: Notify::new(),
            reader: None,
            looker: tokio::sync::Mutex::new(None),
            resync: watch::Sender::new(0),
            stop: watch::Sender::new(false),
            rules: RwLock::new(Arc::new(rules)),
            rules_changed: watch::Sender::new(()),
            files,
            host,
            runtimes: Mutex::default(),
            live: Mutex::default(),
            latest: AtomicI64::new(0),
            warm: Mutex::default(),
        };
        shared.tell_rules();
        shared
    }

    /// The profile in force.
    pub(crate) fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a profile into force, if it differs from the one that is.
    pub(crate) fn set_profile(&self, profile: SensorProfile) {
        if self.rules().profile == profile {
            return;
        }
        tracing::info!(profile = profile.name, "the profile `{}` is in force", profile.name);
        let rules = Rules::new(profile);
        if let Err(error) = rules.save(&self.state) {
            self.troubles.set("profile", format!("the profile cannot be kept for the next start: {error}"));
        }
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
        self.tell_rules();
        self.rules_changed.send_replace(());
    }

    fn tell_rules(&self) {
        let problems = &self.rules().problems;
        self.troubles.tell("profile", (!problems.is_empty()).then(|| problems.join("; ")));
    }

    /// Has everything told to the server once more, and listed anew, and what it believes held against that.
    pub(crate) fn tell_anew(&self) {
        self.spool.resend();
        self.spooled.notify_one();
        self.spool.want_recall();
        self.recall.notify_one();
        self.resync.send_modify(|times| *times += 1);
    }

    /// The time, never before one that was given out already: a clock that was set back makes nothing older than it is. While it
    /// shows what was before, time goes on by a millisecond each time that it is asked for.
    pub(crate) fn now(&self) -> Timestamp {
        let now = Timestamp::now().0;
        let next = |latest: i64| {
            if latest.saturating_sub(now) > SET_BACK { latest.saturating_add(1) } else { latest.max(now) }
        };
        let latest =
            self.latest.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |latest| Some(next(latest)));
        Timestamp(next(latest.unwrap_or_default()))
    }

    /// The time by the server's clock, as far as that is known.
    pub(crate) fn server_time(&self) -> Timestamp {
        Timestamp(Timestamp::now().0.saturating_add(self.client.skew()))
    }

    /// The host as it was described last.
    pub(crate) fn host(&self) -> HostReport {
        self.host.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What containers say of the host.
    pub(crate) fn host_facts(&self) -> HostFacts {
        host::facts(&self.host.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Describes the host anew.
    pub(crate) fn refresh_host(&self) -> HostReport {
        let runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let host = self.files.describe(runtimes.into_iter().filter(|name| !name.is_empty()).collect());
        *self.host.write().unwrap_or_else(PoisonError::into_inner) = host.clone();
        host
    }

    /// Notes what the runtime of a rank says of itself.
    pub(crate) fn set_runtime(&self, rank: usize, description: &str) {
        let mut runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner);
        if runtimes.len() <= rank {
            runtimes.resize(rank + 1, String::new());
        }
        description.clone_into(&mut runtimes[rank]);
    }

    /// The containers that are there.
    pub(crate) fn live(&self) -> MutexGuard<'_, HashMap<Digest, LiveContainer>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the containers of images looked into soon.
    pub(crate) fn look_into_containers_of(&self, images: &[ImageId]) {
        let live = self.live();
        let of = |live: &LiveContainer| live.image.is_some_and(|image| images.contains(&image));
        let ids: Vec<Digest> = live.iter().filter(|(_, live)| of(live)).map(|(id, _)| *id).collect();
        drop(live);
        ids.into_iter().for_each(|id| self.soon.ask(id));
    }

    /// Whether the process that reads has read an image since the sensor was started.
    pub(crate) fn is_warm(&self, image: &ImageId) -> bool {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner).contains(image)
    }

    /// Notes that it has.
    pub(crate) fn warm(&self, image: ImageId) {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        if warm.len() >= WARM {
            warm.clear();
        }
        warm.insert(image);
    }

    /// Whether the sensor is to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Ready when the sensor is to stop.
    pub(crate) async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // the sender lives in this very value
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Waits, but not beyond the order to stop; gives whether to go on.
    pub(crate) async fn pause(&self, time: std::time::Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            () = self.stopped() => false,
        }
    }

    /// Takes the spool to the disk, on a thread that may block.
    pub(crate) async fn sync(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        let synced = tokio::task::spawn_blocking(move || shared.spool.sync()).await;
        match synced {
            Ok(Ok(())) => self.troubles.clear("disk"),
            Ok(Err(error)) => self.troubles.set("disk", error),
            Err(error) => tracing::error!(%error, "the spool cannot be taken to the disk: {error}"),
        }
        let figures = self.spool.figures();
        let full = || "the spool is full: reports are kept in memory; give it more by --spool-bytes, or make room on the disk";
        self.troubles.tell("spool", figures.is_full.then(full).map(str::to_owned));
    }
}

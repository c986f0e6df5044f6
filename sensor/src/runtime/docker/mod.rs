//! Docker, and podman at its compatible socket: a thin client of the Docker Engine API over a unix socket.
//!
//! What it is for: what [`Runtime`] asks. What it is not for: changing anything; every request is a `GET`.
//!
//! The decision a reader may doubt: a client of our own. Eight requests are needed of an API with hundreds, each answer has to be
//! bounded in bytes and time because a daemon that hangs or goes mad must not take the sensor along, and podman's own inspection,
//! which says more than the compatible one, comes from the same socket.

mod capability;
mod client;
mod event;
mod facts;
mod follow;
mod inspect;
mod layer;
mod lines;
mod list;
mod probe;
mod record;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use image::{Engine, OpenOptions, Source, StorageOptions, Stored};
use model::container::HostFacts;
use model::{ImageId, Timestamp};
use tokio::sync::mpsc;

pub use facts::Flavour;
pub use inspect::{InspectError, read_inspected};

use self::client::{Bounds, Client, LIST, RECORD, SMALL};
use self::facts::Facts;
use self::inspect::Described;
use self::list::ImageEntry;
use self::probe::Probes;
use super::{Answer, Event, Inspected, Listed, LocalImage, Runtime, RuntimeError, WritableLayer};

/// How many images are remembered, and for how long: an image never changes, but its names do.
const MAX_IMAGES: usize = 2_000;
const IMAGE_AGE: Duration = Duration::from_secs(600);

/// What is asked for of all events; everything else a daemon does is no news of containers or images.
const FILTERS: &str = "%7B%22type%22%3A%5B%22container%22%2C%22image%22%2C%22network%22%5D%7D";

/// A daemon at its socket.
pub struct Docker {
    client: Client,
    facts: Mutex<Option<Arc<Facts>>>,
    images: Mutex<HashMap<String, (Instant, Option<KnownImage>)>>,
    probes: Mutex<Probes>,
}

/// An image that was asked for.
#[derive(Clone)]
struct KnownImage {
    id: ImageId,
    entry: ImageEntry,
}

impl Docker {
    /// The daemon at `socket`. Nothing is asked yet; what daemon it is tells itself.
    pub fn new(expected: Flavour, socket: PathBuf) -> Self {
        Self {
            client: Client::new(expected.as_str(), socket),
            facts: Mutex::default(),
            images: Mutex::default(),
            probes: Mutex::default(),
        }
    }

    /// Where sockets of this kind are looked for, the likeliest first: where the daemon's own client would, then the system's, then
    /// the user's.
    pub fn sockets(flavour: Flavour) -> Vec<PathBuf> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (own, system, user) = match flavour {
            Flavour::Docker => ("DOCKER_HOST", "/var/run/docker.sock", "docker.sock"),
            Flavour::Podman => ("CONTAINER_HOST", "/run/podman/podman.sock", "podman/podman.sock"),
        };
        let own = variable(own).and_then(|value| value.strip_prefix("unix://").map(PathBuf::from));
        let user = variable("XDG_RUNTIME_DIR").map(|folder| PathBuf::from(folder).join(user));
        own.into_iter().chain([PathBuf::from(system)]).chain(user).collect()
    }

    /// Asks what daemon it is.
    async fn ask_facts(&self) -> Result<Arc<Facts>, RuntimeError> {
        let path = "/version";
        let bytes = self.get(path, SMALL).await?;
        let mut facts = Facts::read_version(&bytes).map_err(|reason| self.client.garbled(path, reason))?;
        let path = format!("{}/info", facts.prefix);
        let bytes = self.get(&path, SMALL).await?;
        facts.read_info(&bytes).map_err(|reason| self.client.garbled(&path, reason))?;
        let facts = Arc::new(facts);
        *lock(&self.facts) = Some(facts.clone());
        Ok(facts)
    }

    /// What daemon it is, as it said last.
    async fn facts(&self) -> Result<Arc<Facts>, RuntimeError> {
        let known = lock(&self.facts).clone();
        match known {
            Some(facts) => Ok(facts),
            None => self.ask_facts().await,
        }
    }

    /// A document that must be there.
    async fn get(&self, path: &str, bounds: Bounds) -> Result<Vec<u8>, RuntimeError> {
        let there = self.look(path, bounds).await?;
        there.ok_or_else(|| self.client.garbled(path, "it says that there is no such thing".to_owned()))
    }

    /// A document that may be there.
    async fn look(&self, path: &str, bounds: Bounds) -> Result<Option<Vec<u8>>, RuntimeError> {
        let answer = self.client.get(path, bounds).await;
        if answer.is_err() {
            // it may come back as another
            lock(&self.facts).take();
        }
        answer
    }

    async fn list_containers(&self) -> Result<Vec<Listed>, RuntimeError> {
        let path = format!("{}/containers/json?all=1", self.facts().await?.prefix);
        let bytes = self.get(&path, LIST).await?;
        list::containers(&bytes).map_err(|reason| self.client.garbled(&path, reason))
    }

    async fn inspect_container(&self, id: &str) -> Result<Option<Inspected>, RuntimeError> {
        if !is_name(id) {
            return Ok(None);
        }
        let facts = self.facts().await?;
        // podman's own form says more
        let api = facts.libpod.as_ref().unwrap_or(&facts.prefix);
        let path = format!("{api}/containers/{id}/json");
        let Some(bytes) = self.look(&path, RECORD).await? else { return Ok(None) };
        let runtime = Some(facts.flavour.as_str());
        let described = inspect::describe(&bytes, &HostFacts::default(), Timestamp::now(), runtime);
        let described = described.map_err(|reason| self.client.garbled(&path, reason))?;
        drop(bytes);
        let Described { mut report, graph, process, probe, image } = described;
        let id = report.id.to_hex();
        lock(&self.probes).learn(&id, probe);
        let image = match image {
            Some(name) => self.image(&facts, &name).await?,
            None => None,
        };
        match &image {
            Some(image) => {
                report.image_id = Some(image.id);
                let pulled = || image.entry.manifest(report.image_name.as_deref());
                report.image_digest = report.image_digest.or_else(pulled);
            }
            // the id that the daemon told is no config's
            None if facts.is_containerd_store => {
                let manifest = report.image_id.take().map(|id| id.0);
                report.image_digest = report.image_digest.or(manifest);
            }
            None => {}
        }
        let layer = match layer::told(&graph) {
            Some(layer) => Some(layer),
            None => look_up_layer(facts.clone(), graph.name, id, process).await,
        };
        let image = image.and_then(|image| source(&facts, &image.entry));
        Ok(Some(Inspected { report, layer, process, image }))
    }

    /// What the daemon knows of an image; `None` if it is gone, as an image may that still has containers.
    async fn image(&self, facts: &Arc<Facts>, name: &str) -> Result<Option<KnownImage>, RuntimeError> {
        let known = lock(&self.images).get(name).cloned();
        if let Some((_, known)) = known.filter(|(asked, _)| asked.elapsed() < IMAGE_AGE) {
            return Ok(known);
        }
        if !is_name(name) {
            return Ok(None);
        }
        let path = format!("{}/images/{name}/json", facts.prefix);
        let found = match self.look(&path, RECORD).await? {
            Some(bytes) => {
                let entry = list::image(&bytes).map_err(|reason| self.client.garbled(&path, reason))?;
                config_id(facts, &entry).await.map(|id| KnownImage { id, entry })
            }
            None => None,
        };
        let mut images = lock(&self.images);
        if images.len() >= MAX_IMAGES {
            images.clear();
        }
        images.insert(name.to_owned(), (Instant::now(), found.clone()));
        Ok(found)
    }

    async fn list_images(&self) -> Result<Vec<LocalImage>, RuntimeError> {
        let facts = self.facts().await?;
        let path = format!("{}/images/json", facts.prefix);
        let bytes = self.get(&path, LIST).await?;
        let entries = list::images(&bytes).map_err(|reason| self.client.garbled(&path, reason))?;
        drop(bytes);
        // their names may have changed
        lock(&self.images).clear();
        let mut images = Vec::with_capacity(entries.len());
        for entry in entries {
            let (Some(id), Some(source)) = (config_id(&facts, &entry).await, source(&facts, &entry)) else {
                tracing::warn!(names = ?entry.names(), "an image of {} has no usable id", facts.describe());
                continue;
            };
            images.push(LocalImage { id, names: entry.names(), source });
        }
        Ok(images)
    }

    async fn follow_events(
        &self,
        since: Option<Timestamp>,
        events: mpsc::Sender<Event>,
    ) -> Result<(), RuntimeError> {
        // without a beginning, what happens until the daemon has the request would be lost
        let since = since.unwrap_or_else(Timestamp::now);
        // after a new start it may be a newer one
        let facts = self.ask_facts().await?;
        lock(&self.images).clear();
        let since = seconds(since, facts.flavour);
        let path = format!("{}/events?filters={FILTERS}&since={since}", facts.prefix);
        follow::follow(&self.client, &path, &self.probes, &events).await
    }
}

impl Runtime for Docker {
    fn describe(&self) -> Answer<'_, String> {
        Box::pin(async { Ok(self.ask_facts().await?.describe()) })
    }

    fn containers(&self) -> Answer<'_, Vec<Listed>> {
        Box::pin(self.list_containers())
    }

    fn inspect<'a>(&'a self, id: &'a str) -> Answer<'a, Option<Inspected>> {
        Box::pin(self.inspect_container(id))
    }

    fn images(&self) -> Answer<'_, Vec<LocalImage>> {
        Box::pin(self.list_images())
    }

    fn follow(&self, since: Option<Timestamp>, events: mpsc::Sender<Event>) -> Answer<'_, ()> {
        Box::pin(self.follow_events(since, events))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a text is an id or name that can stand in a path.
fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-:".contains(&byte);
    !text.is_empty() && text.len() <= 256 && text.bytes().all(is_plain) && !text.starts_with('.')
}

/// A moment as the parameter `since` has it. Podman reads whole seconds only.
fn seconds(at: Timestamp, flavour: Flavour) -> String {
    let (seconds, rest) = (at.0.div_euclid(1_000), at.0.rem_euclid(1_000));
    match flavour {
        Flavour::Docker => format!("{seconds}.{rest:03}000000"),
        Flavour::Podman => seconds.to_string(),
    }
}

/// Where an image can be read.
fn source(facts: &Facts, entry: &ImageEntry) -> Option<Source> {
    let engine = match facts.flavour {
        Flavour::Docker => Engine::Docker,
        Flavour::Podman => Engine::Podman,
    };
    let place = StorageOptions { root: facts.root.clone(), namespace: None };
    Some(Source::Storage(Stored::image(engine, entry.id()?.0.to_hex(), place)))
}

/// The digest of an image's config. Where images lie in containerd, the daemon's id is that of the manifest, and the documents of the
/// image are read for it.
async fn config_id(facts: &Arc<Facts>, entry: &ImageEntry) -> Option<ImageId> {
    let told = entry.id()?;
    if !facts.is_containerd_store {
        return Some(told);
    }
    let source = source(facts, entry)?;
    let opened = tokio::task::spawn_blocking(move || image::open(&source, &OpenOptions::default())).await;
    match opened.ok()? {
        Ok(image) => Some(image.facts.id),
        Err(error) => {
            tracing::warn!(image = %told, "cannot read the documents of image {told}: {error}");
            None
        }
    }
}

async fn look_up_layer(
    facts: Arc<Facts>,
    driver: Option<String>,
    id: String,
    process: Option<u32>,
) -> Option<WritableLayer> {
    let looking = move || layer::look_up(&facts, driver.as_deref(), &id, process);
    tokio::task::spawn_blocking(looking).await.ok()?
}

/// Reads an event as it comes over the socket, for the fuzzer.
#[cfg(any(fuzzing, test))]
pub fn fuzz_events(bytes: &[u8]) {
    let mut lines = lines::Lines::default();
    for chunk in bytes.chunks(7) {
        let _ = lines.push(chunk, |line| {
            if let lines::Line::Whole(line) = line {
                let _ = event::parse(line);
            }
        });
    }
    lines.finish(|line| {
        if let lines::Line::Whole(line) = line {
            let _ = event::parse(line);
        }
    });
}

/// Reads an inspection, lists and facts as they come over the socket, for the fuzzer.
#[cfg(any(fuzzing, test))]
pub fn fuzz_documents(bytes: &[u8]) {
    let described = inspect::describe(bytes, &HostFacts::default(), Timestamp(0), Some("docker"));
    if let Ok(described) = described {
        let _ = layer::told(&described.graph);
        let text = serde_json::to_vec(&described.report).expect("a report can be written");
        let again: model::ContainerReport = serde_json::from_slice(&text).expect("a report is read again");
        assert_eq!(again, described.report);
    }
    let _ = read_inspected(bytes, &HostFacts::default(), Timestamp(0));
    let _ = list::containers(bytes);
    for image in list::images(bytes).unwrap_or_default() {
        let _ = (image.manifest(Some("a")), image.names());
    }
    if let Ok(mut facts) = Facts::read_version(bytes) {
        let _ = facts.read_info(bytes);
    }
}

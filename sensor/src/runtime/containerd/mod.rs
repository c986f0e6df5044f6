//! containerd, by its own API.
//!
//! What it is for: containers that `ctr`, nerdctl and others run in containerd, and, for [`super::cri`], what the API of Kubernetes
//! does not tell of its containers. What it is not for: containers of Docker, which are in containerd, too (namespace `moby`); Docker
//! knows more of them.
//!
//! The decision a reader may doubt: the sandbox of a pod, a container that does nothing but hold the pod's namespaces, is not
//! reported. It has no software of anybody's, and the API of Kubernetes does not count it among the containers either.

mod document;
mod event;
pub(crate) mod follow;
mod image;
pub(crate) mod message;
mod mounts;
mod names;
mod report;
pub(crate) mod spec;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::image::{Engine, Source, StorageOptions, Stored, containerd_snapshot};
use model::{ContainerState, Digest, Timestamp};
use tokio::sync::{OnceCell, mpsc};

use self::message::{All, Brief, Container, First, Name, Plugin, Process, Snapshot, SnapshotMount};
use self::mounts::Told;
use self::names::{Address, Names};
use self::report::Asked;
use super::grpc::{Call, CallError, Channel, Message, Writer};
use super::{Answer, Event, Inspected, Listed, LocalImage, Runtime, RuntimeError, WritableLayer};

/// Where containerd listens unless told otherwise.
pub const SOCKET: &str = "/run/containerd/containerd.sock";

/// The namespace of Docker's containers.
const DOCKER: &str = "moby";

/// Which namespaces are looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// These.
    Only(Vec<String>),
    /// All but these.
    AllBut(Vec<String>),
}

impl Default for Namespaces {
    /// All but Docker's.
    fn default() -> Self {
        Self::AllBut(vec![DOCKER.to_owned()])
    }
}

impl Namespaces {
    fn holds(&self, name: &str) -> bool {
        match self {
            Self::Only(names) => names.iter().any(|wanted| wanted == name),
            Self::AllBut(names) => names.iter().all(|unwanted| unwanted != name),
        }
    }
}

/// A containerd on this host.
#[derive(Debug)]
pub struct Containerd {
    channel: Arc<Channel>,
    namespaces: Namespaces,
    names: Mutex<Names>,
    images: image::Images,
    root: OnceCell<Option<PathBuf>>,
}

impl Containerd {
    /// The one that listens at `socket`; it is not asked anything yet.
    pub fn new(socket: &Path, namespaces: Namespaces) -> Self {
        Self::over(Arc::new(Channel::new("containerd", socket)), namespaces)
    }

    /// The one at the other end of a channel.
    pub(crate) fn over(channel: Arc<Channel>, namespaces: Namespaces) -> Self {
        Self {
            channel,
            namespaces,
            names: Mutex::default(),
            images: image::Images::default(),
            root: OnceCell::new(),
        }
    }

    /// Its version.
    pub(crate) async fn version(&self) -> Result<String, CallError> {
        let Name(version) =
            self.channel.ask(Call::new("/containerd.services.version.v1.Version/Version")).await?;
        Ok(version)
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn namespaces(&self) -> Result<Vec<String>, CallError> {
        let call = Call::new("/containerd.services.namespaces.v1.Namespaces/List");
        let All::<Name>(names) = self.channel.ask(call).await?;
        let names = names.into_iter().map(|Name(name)| name);
        Ok(names.filter(|name| self.namespaces.holds(name)).collect())
    }

    /// The containers of all namespaces, sandboxes left out.
    async fn list(&self) -> Result<Vec<Listed>, CallError> {
        let mut listed = Vec::new();
        let (before, mut seen) = (self.names().all(), HashSet::new());
        for namespace in self.namespaces().await? {
            let briefs = self.briefs(&namespace).await?;
            let states = self.states(&namespace).await?;
            let mut names = self.names();
            for brief in briefs {
                let digest = names.learn(&namespace, &brief.id);
                seen.insert(digest);
                if report::is_sandbox(&brief.labels) {
                    names.sandbox(digest);
                    continue;
                }
                let state = match states.get(&brief.id) {
                    Some(state) => *state,
                    None => without_process(&names, &digest),
                };
                listed.push(Listed { id: digest.to_hex(), state });
            }
        }
        self.names().keep(&before, &seen);
        Ok(listed)
    }

    /// Ids and labels. One message a container, for the records of a thousand do not fit one; containerd before 1.3 has only that.
    async fn briefs(&self, namespace: &str) -> Result<Vec<Brief>, CallError> {
        let mut briefs = Vec::new();
        let call = Call::new("/containerd.services.containers.v1.Containers/ListStream").within(namespace);
        match self.channel.collect(call, |First(brief)| briefs.push(brief)).await {
            Ok(()) => Ok(briefs),
            Err(error) if error.is_unimplemented() => {
                let call = Call::new("/containerd.services.containers.v1.Containers/List").within(namespace);
                let All(briefs) = self.channel.ask(call).await?;
                Ok(briefs)
            }
            Err(error) => Err(error),
        }
    }

    async fn states(&self, namespace: &str) -> Result<HashMap<String, ContainerState>, CallError> {
        let call = Call::new("/containerd.services.tasks.v1.Tasks/List").within(namespace);
        let All::<Process>(processes) = self.channel.ask(call).await?;
        let state = |process: &Process| (process.container().to_owned(), report::state(process.status));
        Ok(processes.iter().map(state).collect())
    }

    /// Asks for one thing by its id; `None` if there is none.
    async fn get<T: Message>(
        &self,
        path: &'static str,
        namespace: &str,
        question: Vec<u8>,
    ) -> Result<Option<T>, CallError> {
        match self.channel.ask(Call::new(path).within(namespace).with(question)).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn record(&self, namespace: &str, id: &str) -> Result<Option<Container>, CallError> {
        let path = "/containerd.services.containers.v1.Containers/Get";
        let question = Writer::default().text(1, id).finish();
        let record: Option<First<Container>> = self.get(path, namespace, question).await?;
        Ok(record.map(|First(record)| record))
    }

    async fn process(&self, namespace: &str, id: &str) -> Result<Option<Process>, CallError> {
        let path = "/containerd.services.tasks.v1.Tasks/Get";
        let question = Writer::default().text(1, id).finish();
        let process: Option<First<Process>> = self.get(path, namespace, question).await?;
        Ok(process.map(|First(process)| process))
    }

    /// Where a container writes, and the chain id of the image that it began with.
    pub(crate) async fn layer(
        &self,
        namespace: &str,
        snapshotter: &str,
        snapshot: &str,
    ) -> Result<(Option<WritableLayer>, Option<String>), CallError> {
        if snapshot.is_empty() || snapshotter.is_empty() {
            return Ok((None, None));
        }
        let question = Writer::default().text(1, snapshotter).text(2, snapshot).finish();
        let path = "/containerd.services.snapshots.v1.Snapshots/Stat";
        let info: Option<First<Snapshot>> = self.get(path, namespace, question.clone()).await?;
        let Some(First(info)) = info else { return Ok((None, None)) };
        let path = "/containerd.services.snapshots.v1.Snapshots/Mounts";
        let mounts: Option<All<SnapshotMount>> = self.get(path, namespace, question).await?;
        let told = mounts.and_then(|All(mounts)| mounts::writable(snapshotter, &mounts));
        let layer = match told {
            Some(Told::Layer(layer)) => Some(layer),
            Some(Told::Copy(root)) => {
                let parent = self.directory(namespace, snapshotter, &info.parent).await;
                parent.map(|parent| WritableLayer::Copy { root, parent })
            }
            None => None,
        };
        Ok((layer, Some(info.parent)))
    }

    /// The directory of a snapshot that is no container's. The API would have to make a copy of it to tell; containerd's files
    /// are read instead.
    async fn directory(&self, namespace: &str, snapshotter: &str, name: &str) -> Option<PathBuf> {
        let root = self.root().await?;
        let [namespace, snapshotter, name] = [namespace, snapshotter, name].map(str::to_owned);
        let look = move || containerd_snapshot(&root, &namespace, &snapshotter, &name);
        match tokio::task::spawn_blocking(look).await {
            Ok(Ok(directory)) => directory,
            Ok(Err(error)) => {
                tracing::warn!(%error, "what a container was copied from was not found; it has no drift");
                None
            }
            Err(_) => None,
        }
    }

    /// The directory that containerd keeps everything in; `None` if it does not say.
    pub(crate) async fn root(&self) -> Option<PathBuf> {
        let ask = || async {
            let question = Writer::default().text(1, "type==io.containerd.content.v1").finish();
            let call = Call::new("/containerd.services.introspection.v1.Introspection/Plugins");
            let All::<Plugin>(plugins) = self.channel.ask(call.with(question)).await?;
            let exports = plugins.iter().flat_map(|plugin| &plugin.exports);
            let root = exports.into_iter().find(|(key, _)| key == "root");
            let parent = root.and_then(|(_, path)| Path::new(path).parent());
            Ok::<_, CallError>(parent.filter(|path| path.is_absolute()).map(Path::to_owned))
        };
        self.root.get_or_try_init(ask).await.ok().cloned().flatten()
    }

    /// An image that is called by the digest of its manifest or index, for its names may mean another by the time it is read.
    async fn source(&self, namespace: &str, target: Digest) -> Source {
        let place = StorageOptions { root: self.root().await, namespace: Some(namespace.to_owned()) };
        Source::Storage(Stored::image(Engine::Containerd, target.to_string(), place))
    }

    async fn address(&self, digest: &Digest) -> Result<Option<Address>, CallError> {
        let known = self.names().find(digest);
        if known.is_some() {
            return Ok(known);
        }
        self.list().await?;
        Ok(self.names().find(digest))
    }

    async fn look(&self, id: &str) -> Result<Option<Inspected>, CallError> {
        let Ok(digest) = Digest::from_hex(id) else { return Ok(None) };
        let Some(Address { namespace, id }) = self.address(&digest).await? else { return Ok(None) };
        let now = Timestamp::now();
        let Some(record) = self.record(&namespace, &id).await? else {
            self.names().forget(&digest);
            return Ok(None);
        };
        if report::is_sandbox(&record.labels) {
            return Ok(None);
        }
        let process = self.process(&namespace, &id).await?;
        let state = match &process {
            Some(process) => report::state(process.status),
            None => without_process(&self.names(), &digest),
        };
        let (layer, parent) = self.layer(&namespace, &record.snapshotter, &record.snapshot).await?;
        let image =
            self.images.of_container(&self.channel, &namespace, &record.image, parent.as_deref()).await?;
        let spec = spec::read(&record.spec.0).unwrap_or_else(|reason| {
            tracing::warn!(container = id, "{reason}; its command, environment and mounts are not reported");
            spec::SpecFacts::default()
        });
        let source = match &image {
            Some(image) => Some(self.source(&namespace, image.target).await),
            None => None,
        };
        let lives = matches!(state, ContainerState::Running | ContainerState::Paused);
        let pid = process.as_ref().map(|process| process.pid).filter(|pid| lives && *pid != 0);
        let asked =
            Asked { id: digest, record, process: process.as_ref(), state, image: image.as_ref(), spec, now };
        Ok(Some(Inspected { report: asked.report(), layer, process: pid, image: source }))
    }

    async fn local_images(&self) -> Result<Vec<LocalImage>, CallError> {
        let mut images: Vec<LocalImage> = Vec::new();
        let mut places: HashMap<Digest, usize> = HashMap::new();
        for namespace in self.namespaces().await? {
            for listed in self.images.list(&self.channel, &namespace).await? {
                let place = match places.get(&listed.target) {
                    Some(place) => *place,
                    None => {
                        let source = self.source(&namespace, listed.target).await;
                        images.push(LocalImage { id: listed.resolved.id, names: Vec::new(), source });
                        places.insert(listed.target, images.len() - 1);
                        images.len() - 1
                    }
                };
                let names = &mut images[place].names;
                // Kubernetes gives each image a second name, the digest of its config
                if !listed.name.starts_with("sha256:") && !names.contains(&listed.name) {
                    names.push(listed.name);
                }
            }
        }
        Ok(images)
    }
}

/// What a container without process does. containerd does not keep what became of it; one that was seen to be made and not to be
/// started is waiting, and any other has most likely ended.
fn without_process(names: &Names, digest: &Digest) -> ContainerState {
    if names.is_unstarted(digest) { ContainerState::Created } else { ContainerState::Stopped }
}

impl Runtime for Containerd {
    fn describe(&self) -> Answer<'_, String> {
        Box::pin(async { Ok(format!("containerd {}", self.version().await?)) })
    }

    fn containers(&self) -> Answer<'_, Vec<Listed>> {
        Box::pin(async { Ok(self.list().await?) })
    }

    fn inspect<'a>(&'a self, id: &'a str) -> Answer<'a, Option<Inspected>> {
        Box::pin(async { Ok(self.look(id).await?) })
    }

    fn images(&self) -> Answer<'_, Vec<LocalImage>> {
        Box::pin(async { Ok(self.local_images().await?) })
    }

    fn follow(&self, _since: Option<Timestamp>, events: mpsc::Sender<Event>) -> Answer<'_, ()> {
        Box::pin(async move { self.follow_events(&events).await.map_err(RuntimeError::from) })
    }
}

/// Reads bytes as everything that containerd sends.
#[cfg(any(fuzzing, test))]
pub fn fuzz(bytes: &[u8]) {
    use super::grpc::read;
    if let Ok(envelope) = read::<message::Envelope>(bytes) {
        let _ = event::said(&envelope);
    }
    if let Ok(record) = read::<Container>(bytes) {
        let _ = spec::read(&record.spec.0);
    }
    if let Ok(All(mounts)) = read::<All<SnapshotMount>>(bytes) {
        let _ = mounts::writable("overlayfs", &mounts);
    }
    let _ = (read::<All<Process>>(bytes), read::<All<message::Image>>(bytes), read::<All<Plugin>>(bytes));
    let _ = (spec::read(bytes), document::read(bytes), document::chain(bytes));
}

#[cfg(test)]
mod odd_bytes {
    use proptest::prelude::*;

    /// What was sent once, to be changed.
    const SEEDS: [&[u8]; 4] = [
        include_bytes!("../../../../fuzz/corpus/containerd-messages/seed"),
        include_bytes!("../../../../fuzz/corpus/containerd-messages/seed-mounts"),
        include_bytes!("../../../../fuzz/corpus/containerd-messages/seed-record"),
        include_bytes!("../../../../fuzz/corpus/containerd-messages/seed-spec"),
    ];

    proptest! {
        #[test]
        fn nothing_that_is_sent_makes_a_reader_panic(
            seed in 0..SEEDS.len(),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            end in any::<prop::sample::Index>(),
        ) {
            let mut bytes = SEEDS[seed].to_vec();
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            super::fuzz(&bytes);
            super::fuzz(&bytes[..end.index(bytes.len() + 1)]);
        }
    }
}

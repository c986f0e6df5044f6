//! Container runtimes by the interface that the kubelet has to them (CRI, `runtime.v1`): containerd, CRI-O and others.
//!
//! What it is for: the containers of a Kubernetes node, with their pods. What it is not for: asking the API server, which
//! [`crate::kubernetes`] does, and the sandboxes of pods, which are no containers to this interface.
//!
//! The decision a reader may doubt: the interface hides where a container writes, so each runtime is asked for that in
//! its own way. containerd serves its own API at the same socket, and its events are followed, too: they also tell of images, and in
//! 1.7 whoever asks for the events of the interface takes them away from the kubelet. CRI-O's layers are found beside the mounted root.
//! Of any other runtime containers are reported without drift.

mod crio;
mod events;
mod freezer;
mod info;
mod message;
mod poll;
mod report;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::image::{Engine, Source, StorageOptions, Stored};
use model::{ContainerState, Digest, ImageId, Timestamp};
use tokio::sync::{OnceCell, mpsc};

use self::freezer::Freezer;
use self::info::{Info, image_id};
use self::message::{Container, ContainerStatus, Image, Sandbox, State, Usage, Version};
use self::report::Asked;
use super::containerd::message::{All, First, Name};
use super::containerd::{Containerd, Namespaces};
use super::grpc::{Call, CallError, Channel, Writer};
use super::{Answer, Event, Inspected, Listed, LocalImage, Runtime, RuntimeError, WritableLayer};

/// Where runtimes listen unless told otherwise, the likeliest first.
pub const SOCKETS: [&str; 4] = [
    "/run/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/cri-dockerd.sock",
];

/// The namespace that containerd keeps containers of Kubernetes in.
const NAMESPACE: &str = "k8s.io";

/// A runtime of Kubernetes on this host.
#[derive(Debug)]
pub struct Cri {
    channel: Arc<Channel>,
    /// containerd's own API at the same socket, if it is containerd.
    containerd: Containerd,
    /// What it calls itself; it is asked once.
    name: OnceCell<String>,
    /// The directory that it keeps images in.
    root: OnceCell<Option<PathBuf>>,
    /// Which containers are paused, of which the interface does not tell.
    freezer: Freezer,
}

impl Cri {
    /// The one that listens at `socket`; it is not asked anything yet.
    pub fn new(socket: &Path) -> Self {
        Self::under(socket, Path::new("/"))
    }

    /// The same, where the host's root directory is seen at `root`.
    pub fn under(socket: &Path, root: &Path) -> Self {
        let channel = Arc::new(Channel::new("cri", socket));
        let namespaces = Namespaces::Only(vec![NAMESPACE.to_owned()]);
        let containerd = Containerd::over(Arc::clone(&channel), namespaces);
        let freezer = Freezer::new(root);
        Self { channel, containerd, name: OnceCell::new(), root: OnceCell::new(), freezer }
    }

    async fn version(&self) -> Result<Version, CallError> {
        let question = Writer::default().text(1, "v1").finish();
        self.channel.ask(Call::new("/runtime.v1.RuntimeService/Version").with(question)).await
    }

    async fn name(&self) -> Result<&str, CallError> {
        let ask = || async { Ok::<_, CallError>(self.version().await?.name) };
        self.name.get_or_try_init(ask).await.map(String::as_str)
    }

    async fn is_containerd(&self) -> Result<bool, CallError> {
        Ok(self.name().await? == "containerd")
    }

    /// All containers, or the one with an id.
    async fn list(&self, id: Option<&str>) -> Result<Vec<Container>, CallError> {
        let filter = id.map(|id| Writer::default().text(1, id).finish());
        let question = filter.map(|filter| Writer::default().bytes(1, &filter).finish()).unwrap_or_default();
        let call = Call::new("/runtime.v1.RuntimeService/ListContainers").with(question);
        let All::<Container>(mut containers) = self.channel.ask(call).await?;
        for container in &mut containers {
            if container.state.known() == ContainerState::Running && self.freezer.holds(&container.id) {
                container.state = State::PAUSED;
            }
        }
        if id.is_none() {
            self.freezer.keep(&containers.iter().map(|container| container.id.as_str()).collect());
        }
        Ok(containers)
    }

    async fn status(&self, id: &str) -> Result<Option<ContainerStatus>, CallError> {
        let question = Writer::default().text(1, id).number(2, 1).finish();
        let call = Call::new("/runtime.v1.RuntimeService/ContainerStatus").with(question);
        match self.channel.ask(call).await {
            Ok(status) => Ok(Some(status)),
            Err(error) if error.is_not_found() => Ok(None),
            // Some runtimes have no code for a container that is gone.
            Err(error @ CallError::Status { .. }) => match self.list(Some(id)).await?.is_empty() {
                true => Ok(None),
                false => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    async fn sandbox(&self, id: &str) -> Result<Option<Sandbox>, CallError> {
        if id.is_empty() {
            return Ok(None);
        }
        let call = Call::new("/runtime.v1.RuntimeService/PodSandboxStatus");
        match self.channel.ask(call.with(Writer::default().text(1, id).finish())).await {
            Ok(First(sandbox)) => Ok(Some(sandbox)),
            // It may be gone before its containers are, and what the labels say of it is enough.
            Err(CallError::Status { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The image of a container by the digest of its config.
    async fn image(&self, status: &ContainerStatus, info: &Info) -> Result<Option<ImageId>, CallError> {
        let status = &status.status;
        let told = image_id(&status.image_id).or(info.image).or_else(|| image_id(&status.image_ref));
        if told.is_some() || status.image_ref.is_empty() {
            return Ok(told);
        }
        let name = Writer::default().text(1, &status.image_ref).finish();
        let call = Call::new("/runtime.v1.ImageService/ImageStatus");
        match self.channel.ask::<First<Image>>(call.with(Writer::default().bytes(1, &name).finish())).await {
            Ok(First(image)) => Ok(image_id(&image.id)),
            Err(CallError::Status { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where an image can be read; `None` of a runtime whose storage is not known.
    async fn source(&self, image: ImageId) -> Result<Option<Source>, CallError> {
        let (engine, namespace) = match self.name().await? {
            "containerd" => (Engine::Containerd, Some(NAMESPACE.to_owned())),
            "cri-o" => (Engine::Podman, None),
            "docker" => (Engine::Docker, None),
            _ => return Ok(None),
        };
        let root = match engine {
            Engine::Containerd => self.containerd.root().await,
            _ => self.root.get_or_try_init(|| self.ask_root(engine)).await?.clone(),
        };
        let place = StorageOptions { root, namespace };
        Ok(Some(Source::Storage(Stored::image(engine, image.to_string(), place))))
    }

    async fn ask_root(&self, engine: Engine) -> Result<Option<PathBuf>, CallError> {
        let All::<Usage>(places) =
            self.channel.ask(Call::new("/runtime.v1.ImageService/ImageFsInfo")).await?;
        let Some(Usage(Name(path))) = places.into_iter().next() else { return Ok(None) };
        let path = PathBuf::from(path);
        // CRI-O names the folder of the images in the graph root (`overlay-images`), others the root.
        let root = match engine {
            Engine::Podman => path.parent().map(Path::to_owned),
            _ => Some(path),
        };
        Ok(root.filter(|root| root.is_absolute()))
    }

    async fn layer(&self, info: &Info) -> Result<Option<WritableLayer>, CallError> {
        if self.is_containerd().await? {
            let (layer, _) = self.containerd.layer(NAMESPACE, &info.snapshotter, &info.snapshot).await?;
            return Ok(layer);
        }
        let Some(root) = info.spec.root_path.clone() else { return Ok(None) };
        let layer = tokio::task::spawn_blocking(move || crio::layer(Path::new(&root))).await;
        Ok(layer.ok().flatten())
    }

    async fn look(&self, id: &str) -> Result<Option<Inspected>, CallError> {
        let Ok(digest) = Digest::from_hex(id) else { return Ok(None) };
        let now = Timestamp::now();
        let Some(mut status) = self.status(id).await? else { return Ok(None) };
        let document = status.info.iter().find(|(key, _)| key == "info");
        let info = document.map(|(_, json)| info::read(json)).transpose();
        let info = info.unwrap_or_else(|reason| {
            let lost = "process, command, environment and drift are not reported";
            tracing::warn!(container = id, "what the runtime adds cannot be read: {reason}; {lost}");
            None
        });
        let info = info.unwrap_or_default();
        let sandbox = match info.sandbox.as_str() {
            "" => self.list(Some(id)).await?.into_iter().next().map(|listed| listed.sandbox),
            sandbox => Some(sandbox.to_owned()),
        };
        let sandbox = self.sandbox(sandbox.as_deref().unwrap_or_default()).await?;
        let layer = self.layer(&info).await?;
        let image = self.image(&status, &info).await?;
        let source = match image {
            Some(image) => self.source(image).await?,
            None => None,
        };
        let lives = status.status.state.known() == ContainerState::Running;
        let process = info.process.filter(|_| lives);
        if process.is_some_and(|process| self.freezer.learn(id, process)) {
            status.status.state = State::PAUSED;
        }
        let runtime = self.name().await?.to_owned();
        let asked = Asked { id: digest, runtime, status: status.status, info, sandbox, image, now };
        Ok(Some(Inspected { report: asked.report(), layer, process, image: source }))
    }

    async fn local_images(&self) -> Result<Vec<LocalImage>, CallError> {
        let All::<Image>(all) = self.channel.ask(Call::new("/runtime.v1.ImageService/ListImages")).await?;
        let mut images = Vec::new();
        for image in all {
            let Some(id) = image_id(&image.id) else { continue };
            let Some(source) = self.source(id).await? else { continue };
            let names = if image.tags.is_empty() { image.digests } else { image.tags };
            images.push(LocalImage { id, names, source });
        }
        Ok(images)
    }
}

impl Runtime for Cri {
    fn describe(&self) -> Answer<'_, String> {
        Box::pin(async {
            let version = self.version().await?;
            Ok(format!("{} {}", version.name, version.version))
        })
    }

    fn containers(&self) -> Answer<'_, Vec<Listed>> {
        Box::pin(async {
            let listed = self.list(None).await?.into_iter();
            let is_id = |container: &Container| Digest::from_hex(&container.id).is_ok();
            let listed = listed.filter(is_id);
            Ok(listed.map(|container| Listed { state: container.state.known(), id: container.id }).collect())
        })
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

/// Reads bytes as everything that a runtime sends.
#[cfg(any(fuzzing, test))]
pub fn fuzz(bytes: &[u8]) {
    use super::grpc::read;
    if let Ok(status) = read::<ContainerStatus>(bytes) {
        let info = status.info.first().and_then(|(_, json)| info::read(json).ok()).unwrap_or_default();
        let (id, now) = (Digest::of(bytes), Timestamp(0));
        let sandbox = read(bytes).ok();
        let asked =
            Asked { id, runtime: String::new(), status: status.status, info, sandbox, image: None, now };
        let _ = asked.report();
    }
    if let Ok(event) = read(bytes) {
        let _ = events::event(event);
    }
    let _ = (read::<All<Container>>(bytes), read::<All<Image>>(bytes), read::<All<Usage>>(bytes));
    freezer::fuzz(bytes);
    let _ = info::read(&String::from_utf8_lossy(bytes));
}

#[cfg(test)]
mod odd_bytes {
    use proptest::prelude::*;

    /// What was sent once, to be changed.
    const SEEDS: [&[u8]; 3] = [
        include_bytes!("../../../../fuzz/corpus/cri-messages/seed"),
        include_bytes!("../../../../fuzz/corpus/cri-messages/seed-event"),
        include_bytes!("../../../../fuzz/corpus/cri-messages/seed-info"),
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

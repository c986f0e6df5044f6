//! What every container runtime is asked, in the words that all of them share.
//!
//! A new runtime is a folder here that implements [`Runtime`], and a line in the list of those that are looked for.

pub mod containerd;
pub mod cri;
pub mod docker;
pub(crate) mod grpc;
pub(crate) mod kubernetes;

use std::path::PathBuf;

use futures_util::future::BoxFuture;
use image::Source;
use model::{ContainerReport, ContainerState, ImageId, Label, Timestamp};
use tokio::sync::mpsc;

/// A runtime's answer.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, RuntimeError>>;

/// A container runtime on this host.
pub trait Runtime: Send + Sync {
    /// Name and version, such as `docker 20.10.24`.
    fn describe(&self) -> Answer<'_, String>;

    /// All containers, whatever they are doing.
    fn containers(&self) -> Answer<'_, Vec<Listed>>;

    /// Everything that is known of one container; `None` if there is none of this id (any more).
    fn inspect<'a>(&'a self, id: &'a str) -> Answer<'a, Option<Inspected>>;

    /// All images that containers can be made of.
    fn images(&self) -> Answer<'_, Vec<LocalImage>>;

    /// Hands on events from now on, and those since `since` as far as the runtime remembers them. Ends with an error when the
    /// stream breaks, and quietly when nobody receives any more.
    fn follow(&self, since: Option<Timestamp>, events: mpsc::Sender<Event>) -> Answer<'_, ()>;
}

/// A container in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The runtime's id, 64 hex digits.
    pub id: String,
    /// What it is doing.
    pub state: ContainerState,
}

/// A container, asked for by itself.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// What the server is told; without drift and what is in use.
    pub report: ContainerReport,
    /// Where it writes; `None` if the runtime did not say or the storage is of an unknown kind.
    pub layer: Option<WritableLayer>,
    /// Its first process, as this host counts them.
    pub process: Option<u32>,
    /// Where its image can be read on this host.
    pub image: Option<Source>,
}

/// Where a container's own changes lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WritableLayer {
    /// The upper directory of an overlay mount: it holds what changed, and whiteouts.
    Overlay {
        /// What changed.
        upper: PathBuf,
        /// The image's layers, uppermost first.
        lower: Vec<PathBuf>,
    },
    /// A whole copy of the image (`vfs`, `native`): what changed is told by comparing.
    Copy {
        /// The container's root directory.
        root: PathBuf,
        /// What it was copied from.
        parent: PathBuf,
    },
}

/// An image of the host.
#[derive(Clone, Debug)]
pub struct LocalImage {
    /// Digest of its config.
    pub id: ImageId,
    /// Its names, as the runtime has them.
    pub names: Vec<String>,
    /// Where to read it.
    pub source: Source,
}

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, by the runtime's clock.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened. It says where to look; what the container *is* tells [`Runtime::inspect`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A container was made, started, stopped, paused, renamed, …
    Container(Told),
    /// A container is gone.
    ContainerGone(Told),
    /// A process was started in a container beside its first one, or has ended there.
    Exec {
        /// Id of the container.
        id: String,
    },
    /// An image came or has other names.
    Image {
        /// Id or name.
        id: String,
    },
    /// An image or a name of one is gone.
    ImageGone {
        /// Id or name.
        id: String,
    },
    /// Events were lost; list everything.
    Missed,
}

/// What an event itself says of a container: all there is if the container is gone before anybody could ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The runtime's id, 64 hex digits.
    pub id: String,
    /// Its name, without leading slash.
    pub name: Option<String>,
    /// The image, as the runtime names it.
    pub image: Option<String>,
    /// What it does now.
    pub state: Option<ContainerState>,
    /// Its labels, sorted by key.
    pub labels: Vec<Label>,
}

/// Why a runtime could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// It does not answer at its socket.
    #[error("{runtime} does not answer at {socket}: {cause}")]
    Away {
        /// Which runtime.
        runtime: &'static str,
        /// Its socket.
        socket: PathBuf,
        /// Why.
        cause: String,
    },
    /// It answered with an error of its own.
    #[error("{runtime} refused {request}: {message}")]
    Refused {
        /// Which runtime.
        runtime: &'static str,
        /// What it was asked.
        request: String,
        /// Its words, shortened.
        message: String,
    },
    /// It answered what nobody can read.
    #[error("{runtime} answered {request} with what is no answer: {reason}")]
    Garbled {
        /// Which runtime.
        runtime: &'static str,
        /// What it was asked.
        request: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It did not answer in time.
    #[error("{runtime} did not answer {request} within {seconds} s")]
    TimedOut {
        /// Which runtime.
        runtime: &'static str,
        /// What it was asked.
        request: String,
        /// How long was waited.
        seconds: u64,
    },
}

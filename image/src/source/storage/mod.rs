//! Images and containers in the local storage of Docker, containerd and podman, read in place.
//!
//! What it is for: finding an image or container by its name in an engine's own records and handing on where
//! its layers are: blobs, or directories that the engine unpacked. What it is not for: asking a daemon
//! anything; none has to run, and none is disturbed.
//!
//! The decision a reader may doubt: layer directories are trusted to be what the records say. There is no
//! digest to check, and whoever can write there is root of the machine. So the report is right about what
//! containers of this machine see, and says of no such layer that it was verified.

mod containerd;
mod docker;
mod error;
mod locate;
mod names;
mod podman;
mod root;
mod snapshots;
mod unpacked;

use std::fmt;
use std::path::{Path, PathBuf};

pub use error::StorageError;

use super::OpenOptions;
use crate::error::ImageError;
use crate::limits::Limits;
use crate::open::OpenImage;
use locate::Surroundings;

/// A container engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Docker (moby).
    Docker,
    /// Podman and everything else over containers/storage: buildah, CRI-O.
    Podman,
    /// containerd, as Kubernetes, nerdctl and Docker with its containerd image store use it.
    Containerd,
}

impl Engine {
    /// A command that brings an image into an archive.
    pub(crate) fn save(self) -> &'static str {
        match self {
            Self::Docker => "docker save -o image.tar NAME",
            Self::Podman => "podman save -o image.tar NAME",
            Self::Containerd => "ctr images export image.tar NAME",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Containerd => "containerd",
        })
    }
}

/// An image or container by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Whose storage to look in; `None` tries all, which only containers may.
    engine: Option<Engine>,
    is_container: bool,
    name: String,
    /// Where its storage is, if the one who names it knows.
    place: StorageOptions,
}

impl Stored {
    /// The image called `name`, in a storage whose place its engine told. What `place` leaves open is as
    /// [`OpenOptions::storage`] says.
    pub fn image(engine: Engine, name: impl Into<String>, place: StorageOptions) -> Self {
        Self { engine: Some(engine), is_container: false, name: name.into(), place }
    }

    /// What [`Stored::image`] was made of; `None` of a container, or of a name that any engine may have.
    pub fn parts(&self) -> Option<(Engine, &str, &StorageOptions)> {
        let engine = self.engine.filter(|_| !self.is_container)?;
        Some((engine, &self.name, &self.place))
    }

    /// Reads `docker:NAME`, `podman:NAME`, `containerd:NAME`, `container:NAME`, `docker-container:NAME`,
    /// `podman-container:NAME` or `containerd-container:NAME`, split at the first colon. `None` if the prefix
    /// is another.
    pub(super) fn parse(prefix: &str, name: &str) -> Option<Self> {
        let (engine, is_container) = match prefix {
            "docker" => (Some(Engine::Docker), false),
            "podman" => (Some(Engine::Podman), false),
            "containerd" => (Some(Engine::Containerd), false),
            "container" => (None, true),
            "docker-container" => (Some(Engine::Docker), true),
            "podman-container" => (Some(Engine::Podman), true),
            "containerd-container" => (Some(Engine::Containerd), true),
            _ => return None,
        };
        Some(Self { engine, is_container, name: name.to_owned(), place: StorageOptions::default() })
    }
}

/// Where storages are, if not where the engines' settings say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageOptions {
    /// The directory of the storage: Docker's data root, containerd's root, podman's graph root.
    pub root: Option<PathBuf>,
    /// The namespace of containerd; `None` looks in all.
    pub namespace: Option<String>,
}

/// Opens an image or container.
pub(super) fn open(stored: &Stored, options: &OpenOptions) -> Result<OpenImage, ImageError> {
    let surroundings = Surroundings::of_process();
    let set = &options.storage;
    let storage = StorageOptions {
        root: stored.place.root.clone().or_else(|| set.root.clone()),
        namespace: stored.place.namespace.clone().or_else(|| set.namespace.clone()),
    };
    let options = OpenOptions { storage, ..options.clone() };
    match stored.engine {
        Some(engine) => open_in(engine, stored, &options, &surroundings),
        None => open_anywhere(stored, &options, &surroundings),
    }
}

fn open_in(
    engine: Engine,
    stored: &Stored,
    options: &OpenOptions,
    surroundings: &Surroundings,
) -> Result<OpenImage, ImageError> {
    let name = stored.name.as_str();
    match (engine, stored.is_container) {
        (Engine::Docker, false) => docker::open_image(name, options, surroundings),
        (Engine::Docker, true) => docker::open_container(name, options, surroundings),
        (Engine::Podman, false) => podman::open_image(name, options, surroundings),
        (Engine::Podman, true) => podman::open_container(name, options, surroundings),
        (Engine::Containerd, false) => containerd::open_image(name, options, surroundings),
        (Engine::Containerd, true) => containerd::open_container(name, options, surroundings),
    }
}

/// Docker first, then podman, then containerd, which also holds what Docker runs.
fn open_anywhere(
    stored: &Stored,
    options: &OpenOptions,
    surroundings: &Surroundings,
) -> Result<OpenImage, ImageError> {
    let mut tried = Vec::new();
    for engine in [Engine::Docker, Engine::Podman, Engine::Containerd] {
        match open_in(engine, stored, options, surroundings) {
            Err(ImageError::Storage(error)) if may_be_elsewhere(&error) => tried.push(error.to_string()),
            result => return result,
        }
    }
    Err(StorageError::NoContainer { wanted: stored.name.clone(), tried }.into())
}

/// Whether an engine merely has no such container, or cannot be looked into.
fn may_be_elsewhere(error: &StorageError) -> bool {
    matches!(
        error,
        StorageError::NoStorage { .. } | StorageError::NotFound { .. } | StorageError::Denied { .. }
    )
}

/// The directory that containerd, whose root is `root`, keeps the snapshot called `name` in. `None` if there is no
/// such snapshot.
///
/// # Errors
/// Records that cannot be read, and a snapshotter whose snapshots are no directories.
pub fn containerd_snapshot(
    root: &Path,
    namespace: &str,
    snapshotter: &str,
    name: &str,
) -> Result<Option<PathBuf>, ImageError> {
    let root = root::Root::open(Engine::Containerd, root, &Limits::default())?;
    let found = snapshots::Snapshots { root: &root, namespace }.find(Some(snapshotter), name)?;
    Ok(found.map(|(directory, _, _)| directory))
}

#[cfg(test)]
mod tests;

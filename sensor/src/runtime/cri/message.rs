//! The messages of the runtime interface of Kubernetes that are used, with the fields that are (kubernetes
//! `cri-api/pkg/apis/runtime/v1/api.proto`, whose numbers these are).

use model::{ContainerState, Timestamp};

use crate::runtime::containerd::message::Name;
use crate::runtime::grpc::{Field, Malformed, Message};

/// `VersionResponse`.
#[derive(Debug, Default)]
pub(super) struct Version {
    pub(super) name: String,
    pub(super) version: String,
}

impl Message for Version {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            2 => self.name = field.text()?,
            3 => self.version = field.text()?,
            _ => {}
        }
        Ok(())
    }
}

/// What a container does; kept as the number until it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State(pub(super) u64);

impl State {
    /// What no runtime sends: it says that the container runs, and the kernel that its processes are frozen.
    pub(super) const PAUSED: Self = Self(u64::MAX);

    pub(super) fn known(self) -> ContainerState {
        match self.0 {
            0 => ContainerState::Created,
            1 => ContainerState::Running,
            2 => ContainerState::Stopped,
            u64::MAX => ContainerState::Paused,
            _ => ContainerState::Unknown,
        }
    }
}

/// `Container`: one in a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Container {
    pub(super) id: String,
    pub(super) sandbox: String,
    pub(super) metadata: Metadata,
    pub(super) image: ImageSpec,
    pub(super) state: State,
    pub(super) labels: Vec<(String, String)>,
}

impl Message for Container {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.id = field.text()?,
            2 => self.sandbox = field.text()?,
            3 => self.metadata = field.message()?,
            4 => self.image = field.message()?,
            6 => self.state = State(field.unsigned()?),
            8 => field.push_pair(&mut self.labels)?,
            _ => {}
        }
        Ok(())
    }
}

/// `ContainerMetadata`, or what `PodSandboxMetadata` says of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) name: String,
    /// Of a pod only.
    pub(super) uid: String,
    /// Of a pod only.
    pub(super) namespace: String,
}

impl Message for Metadata {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.name = field.text()?,
            // A container has the number of its attempt here.
            2 => self.uid = field.text().unwrap_or_default(),
            3 => self.namespace = field.text()?,
            _ => {}
        }
        Ok(())
    }
}

/// `ImageSpec`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ImageSpec {
    pub(super) image: String,
    pub(super) as_written: String,
}

impl Message for ImageSpec {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.image = field.text()?,
            18 => self.as_written = field.text()?,
            _ => {}
        }
        Ok(())
    }
}

/// `ContainerStatusResponse`.
#[derive(Debug, Default)]
pub(super) struct ContainerStatus {
    pub(super) status: Status,
    pub(super) info: Vec<(String, String)>,
}

impl Message for ContainerStatus {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.status = field.message()?,
            2 => field.push_pair(&mut self.info)?,
            _ => {}
        }
        Ok(())
    }
}

/// `ContainerStatus`. Times are nanoseconds since 1970, 0 if there is none.
#[derive(Debug, Default)]
pub(super) struct Status {
    pub(super) id: String,
    pub(super) metadata: Metadata,
    pub(super) state: State,
    pub(super) created: i64,
    pub(super) started: i64,
    pub(super) finished: i64,
    pub(super) image: ImageSpec,
    pub(super) image_ref: String,
    pub(super) labels: Vec<(String, String)>,
    pub(super) annotations: Vec<(String, String)>,
    pub(super) mounts: Vec<Mount>,
    pub(super) image_id: String,
}

impl Message for Status {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.id = field.text()?,
            2 => self.metadata = field.message()?,
            3 => self.state = State(field.unsigned()?),
            4 => self.created = field.signed()?,
            5 => self.started = field.signed()?,
            6 => self.finished = field.signed()?,
            8 => self.image = field.message()?,
            9 => self.image_ref = field.text()?,
            12 => field.push_pair(&mut self.labels)?,
            13 => field.push_pair(&mut self.annotations)?,
            14 => field.push(&mut self.mounts)?,
            17 => self.image_id = field.text()?,
            _ => {}
        }
        Ok(())
    }
}

/// Nanoseconds since 1970 as a point in time; `None` for 0.
pub(super) fn stamp(nanoseconds: i64) -> Option<Timestamp> {
    (nanoseconds > 0).then_some(Timestamp(nanoseconds / 1_000_000))
}

/// `Mount`.
#[derive(Debug, Default)]
pub(super) struct Mount {
    pub(super) target: String,
    pub(super) source: String,
    pub(super) read_only: bool,
}

impl Message for Mount {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.target = field.text()?,
            2 => self.source = field.text()?,
            3 => self.read_only = field.flag()?,
            _ => {}
        }
        Ok(())
    }
}

/// `PodSandboxStatus`.
#[derive(Debug, Default)]
pub(super) struct Sandbox {
    pub(super) id: String,
    pub(super) metadata: Metadata,
    pub(super) network: Network,
    pub(super) linux: SandboxLinux,
    pub(super) labels: Vec<(String, String)>,
}

impl Message for Sandbox {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.id = field.text()?,
            2 => self.metadata = field.message()?,
            5 => self.network = field.message()?,
            6 => self.linux = field.message()?,
            7 => field.push_pair(&mut self.labels)?,
            _ => {}
        }
        Ok(())
    }
}

/// `PodSandboxNetworkStatus`.
#[derive(Debug, Default)]
pub(super) struct Network {
    address: String,
    more: Vec<Name>,
}

impl Network {
    /// All addresses, the first one first.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        let more = self.more.iter().map(|Name(address)| address.as_str());
        std::iter::once(self.address.as_str()).chain(more)
    }
}

impl Message for Network {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.address = field.text()?,
            2 => field.push(&mut self.more)?,
            _ => {}
        }
        Ok(())
    }
}

/// `LinuxPodSandboxStatus`: the mode of the network namespace, out of two messages within each other.
#[derive(Debug, Default)]
pub(super) struct SandboxLinux {
    /// 0 a network of the pod's own, 2 the node's.
    pub(super) network: u64,
}

impl Message for SandboxLinux {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 1 {
            let Namespaces(Options(network)) = field.message()?;
            self.network = network;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Namespaces(Options);

impl Message for Namespaces {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 2 {
            self.0 = field.message()?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Options(u64);

impl Message for Options {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 1 {
            self.0 = field.unsigned()?;
        }
        Ok(())
    }
}

/// `Image`.
#[derive(Debug, Default)]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) tags: Vec<String>,
    pub(super) digests: Vec<String>,
}

impl Message for Image {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.id = field.text()?,
            2 => field.push_text(&mut self.tags)?,
            3 => field.push_text(&mut self.digests)?,
            _ => {}
        }
        Ok(())
    }
}

/// `FilesystemUsage`: where a file system is mounted.
#[derive(Debug, Default)]
pub(super) struct Usage(pub(super) Name);

impl Message for Usage {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 2 {
            self.0 = field.message()?;
        }
        Ok(())
    }
}

/// `ContainerEventResponse`.
#[derive(Debug, Default)]
pub(super) struct ContainerEvent {
    pub(super) id: String,
    /// 0 made, 1 started, 2 stopped, 3 deleted.
    pub(super) kind: u64,
    pub(super) at: i64,
    pub(super) sandbox: Sandbox,
    pub(super) containers: Vec<Status>,
}

impl Message for ContainerEvent {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.id = field.text()?,
            2 => self.kind = field.unsigned()?,
            3 => self.at = field.signed()?,
            4 => self.sandbox = field.message()?,
            5 => field.push(&mut self.containers)?,
            _ => {}
        }
        Ok(())
    }
}

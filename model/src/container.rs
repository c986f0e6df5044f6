//! Containers as a runtime describes them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cluster::ClusterFacts;
use crate::digest::{Digest, ImageId};
use crate::drift::{Drift, InUsePackage};
use crate::image::Label;
use crate::time::Timestamp;

/// What a container is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ContainerState {
    /// Made, never started.
    Created,
    /// Running.
    Running,
    /// Ended.
    Stopped,
    /// Frozen.
    Paused,
    /// Gone.
    Deleted,
    /// The runtime did not say.
    Unknown,
}

impl ContainerState {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
            Self::Paused => "PAUSED",
            Self::Deleted => "DELETED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// The machine that a container was seen on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostFacts {
    /// Host name.
    pub hostname: String,
    /// IPv4 address, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// IPv6 address, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6_address: Option<String>,
    /// Machine architecture, such as `x86_64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortMapping {
    /// Address on the host, if bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_ip: Option<String>,
    /// Port on the host, if bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_port: Option<u16>,
    /// Port in the container.
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
}

/// A folder or volume that a container sees.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mount {
    /// Path in the container.
    pub target: String,
    /// Path on the host or name of the volume.
    pub source: String,
    /// `bind`, `volume`, `tmpfs`, …
    pub kind: String,
    /// Whether it cannot be written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

/// One container at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerReport {
    /// The runtime's id, 64 hex digits.
    pub id: Digest,
    /// Its name, without leading slash.
    pub name: String,
    /// The image that it runs, if the runtime names it by config digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<ImageId>,
    /// The manifest digest it was started from, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<Digest>,
    /// The reference that the user gave, such as `alpine:3.18`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_name: Option<String>,
    /// Where it was seen.
    pub host: HostFacts,
    /// What it is doing.
    pub state: ContainerState,
    /// When it was made.
    pub created: Timestamp,
    /// When its state last changed.
    pub state_changed: Timestamp,
    /// When the runtime was asked.
    pub observed_at: Timestamp,
    /// Path of the first process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// `NAME=value` pairs.
    #[serde(default)]
    pub environment: Vec<String>,
    /// Labels, sorted by key.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// Published ports.
    #[serde(default)]
    pub ports: Vec<PortMapping>,
    /// Started with all privileges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Its first process runs as root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<bool>,
    /// MAC address of its first network, empty if none.
    #[serde(default)]
    pub mac_address: String,
    /// IPv4 address of its first network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<String>,
    /// IPv6 address of its first network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<String>,
    /// Who reported it: `GENERAL`, `CLUSTER`.
    pub source: String,
    /// What only a sensor beside the runtime can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<ContainerDetails>>,
    /// Names of the tags to put on the container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// What a sensor beside the runtime tells of a container, beyond what the runtime's own description of it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ContainerDetails {
    /// The sensor that reported it; the server writes it of what a sensor sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<Uuid>,
    /// The engine that runs it: `docker`, `podman`, `containerd`, `cri-o`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// Accounts of its `/etc/passwd`, in file order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// The account of its first process, as `user[:group]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Capabilities of its first process, such as `CAP_NET_ADMIN`, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// What it is mounted, sorted by target.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mount>,
    /// Its network: `bridge`, `host`, `none` or a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Its place in a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterFacts>,
    /// What it holds beyond its image; `None` if nobody has looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Packages that its processes use, sorted; `None` if nobody has looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_use: Option<Vec<InUsePackage>>,
}

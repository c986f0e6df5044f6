//! Containers as a runtime describes them.

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, ImageId};
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
    /// Names of the tags to put on the container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

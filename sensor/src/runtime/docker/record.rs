//! The JSON of `docker inspect` (Docker Engine API, `ContainerInspect`) and of `podman inspect` (libpod
//! `InspectContainerData`), as far as it is read.
//!
//! The two are nearly one form. Where they differ, both spellings are here; everything that either of them may leave out or write
//! as `null` is optional.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) created: Option<String>,
    pub(super) path: Option<String>,
    pub(super) args: Option<Vec<String>>,
    pub(super) image: Option<String>,
    pub(super) image_name: Option<String>,
    pub(super) image_digest: Option<String>,
    pub(super) state: Option<State>,
    pub(super) config: Option<Config>,
    pub(super) host_config: Option<HostConfig>,
    pub(super) network_settings: Option<NetworkSettings>,
    pub(super) mounts: Option<Vec<MountPoint>>,
    pub(super) graph_driver: Option<GraphDriver>,
    /// podman only: what the first process may come to have.
    pub(super) bounding_caps: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct State {
    pub(super) status: String,
    pub(super) pid: Option<i64>,
    pub(super) started_at: Option<String>,
    pub(super) finished_at: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Config {
    pub(super) user: Option<String>,
    pub(super) env: Option<Vec<String>>,
    pub(super) labels: Option<BTreeMap<String, String>>,
    pub(super) image: Option<String>,
    pub(super) exposed_ports: Option<BTreeMap<String, IgnoredAny>>,
    pub(super) healthcheck: Option<Healthcheck>,
    pub(super) shell: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Healthcheck {
    pub(super) test: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct HostConfig {
    pub(super) privileged: Option<bool>,
    pub(super) network_mode: Option<String>,
    pub(super) cap_add: Option<Vec<String>>,
    pub(super) cap_drop: Option<Vec<String>>,
    pub(super) port_bindings: Option<Ports>,
    pub(super) tmpfs: Option<BTreeMap<String, Option<String>>>,
}

/// Ports of the container, as `80/tcp`, with where they are published.
pub(super) type Ports = BTreeMap<String, Option<Vec<Binding>>>;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Binding {
    pub(super) host_ip: Option<String>,
    pub(super) host_port: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NetworkSettings {
    #[serde(flatten)]
    pub(super) own: Network,
    pub(super) ports: Option<Ports>,
    pub(super) networks: Option<BTreeMap<String, Option<Network>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Network {
    #[serde(rename = "IPAddress")]
    pub(super) ipv4: Option<String>,
    #[serde(rename = "GlobalIPv6Address")]
    pub(super) ipv6: Option<String>,
    #[serde(rename = "MacAddress")]
    pub(super) mac: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct MountPoint {
    #[serde(rename = "Type")]
    pub(super) kind: Option<String>,
    #[serde(rename = "Name")]
    pub(super) name: Option<String>,
    #[serde(rename = "Source")]
    pub(super) source: Option<String>,
    #[serde(rename = "Destination")]
    pub(super) destination: Option<String>,
    #[serde(rename = "RW")]
    pub(super) writable: Option<bool>,
}

/// Where the storage driver keeps the container's file system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GraphDriver {
    pub(super) name: Option<String>,
    pub(super) data: Option<BTreeMap<String, Option<String>>>,
}

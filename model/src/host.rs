//! Hosts: the machines that containers run on, as a sensor on them describes them.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What a host is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HostReport {
    /// Host name, as the kernel has it.
    pub hostname: String,
    /// The machine's own lasting identity (`/etc/machine-id`), 32 hex digits, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// Addresses of all interfaces but the loopback, in text, IPv4 before IPv6; the address of the default route first.
    pub addresses: Vec<String>,
    /// MAC address of the interface of the default route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
    /// `PRETTY_NAME` of its os-release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<String>,
    /// Release of the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Machine architecture, such as `x86_64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// When it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booted_at: Option<Timestamp>,
    /// Processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processors: Option<u32>,
    /// Memory in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// The cloud instance that it is, by evidence on the machine itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<CloudInstance>,
    /// Container engines that the sensor follows, as `docker 20.10.24`.
    pub runtimes: Vec<String>,
}

/// A machine rented from a cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudInstance {
    /// `AWS`, `AZURE`, `GCP`, …
    pub provider: String,
    /// Its identity there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// Region or zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Account, subscription or project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

//! Hosts, as image and container records name them.

use fleet::HostView;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A host.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Host<'a> {
    sensor_uuid: Option<Uuid>,
    hostname: &'a str,
    ip_address: Option<&'a str>,
    #[serde(rename = "ipV6Address")]
    ipv6_address: Option<&'a str>,
    uuid: Uuid,
    /// The one time of the API that is written as ISO 8601.
    last_updated: String,
}

/// A host as v1.1 container records name it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HostLegacy<'a> {
    sensor_uuid: Option<Uuid>,
    hostname: &'a str,
    ip_address: Option<&'a str>,
    uuid: Uuid,
    last_updated: String,
}

impl<'a> From<&'a HostView> for Host<'a> {
    fn from(host: &'a HostView) -> Self {
        Self {
            sensor_uuid: host.sensor,
            hostname: &host.hostname,
            ip_address: address(&host.ip_address),
            ipv6_address: address(&host.ipv6_address),
            uuid: host.uuid,
            last_updated: host.last_seen.to_rfc3339(),
        }
    }
}

impl<'a> From<&'a HostView> for HostLegacy<'a> {
    fn from(host: &'a HostView) -> Self {
        let Host { sensor_uuid, hostname, ip_address, uuid, last_updated, .. } = Host::from(host);
        Self { sensor_uuid, hostname, ip_address, uuid, last_updated }
    }
}

/// An address; one that is empty is none, because clients parse whatever is not null.
pub(crate) fn address(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

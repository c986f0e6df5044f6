//! Hosts beside an image, with what is on them.

use fleet::{HostTotals, StateTotals};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::host::address;

/// A host with numbers of containers on it, as far as the account sees them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HostStatistics<'a> {
    sensor_uuid: Option<Uuid>,
    hostname: &'a str,
    ip_address: Option<&'a str>,
    uuid: Uuid,
    running_container_count: u64,
    stopped_container_count: u64,
    created_container_count: u64,
    paused_container_count: u64,
    running_container_count_for_associated_image: u64,
    stopped_container_count_for_associated_image: u64,
    created_container_count_for_associated_image: u64,
    paused_container_count_for_associated_image: u64,
}

impl<'a> From<&'a HostTotals> for HostStatistics<'a> {
    fn from(host: &'a HostTotals) -> Self {
        let StateTotals { created, running, stopped, paused, .. } = host.all;
        let own = host.of_image;
        Self {
            sensor_uuid: host.sensor,
            hostname: &host.hostname,
            ip_address: address(&host.ip_address),
            uuid: host.uuid,
            running_container_count: running,
            stopped_container_count: stopped,
            created_container_count: created,
            paused_container_count: paused,
            running_container_count_for_associated_image: own.running,
            stopped_container_count_for_associated_image: own.stopped,
            created_container_count_for_associated_image: own.created,
            paused_container_count_for_associated_image: own.paused,
        }
    }
}

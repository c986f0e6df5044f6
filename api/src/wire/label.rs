//! Labels and published ports.

use model::container::PortMapping as PortFacts;
use serde::Serialize;
use utoipa::ToSchema;

use super::host::address;

/// A label.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Label<'a> {
    key: &'a str,
    value: &'a str,
}

/// The labels; `None` if there are none.
pub(crate) fn labels(labels: &[model::Label]) -> Option<Vec<Label<'_>>> {
    let rows = labels.iter().map(|label| Label { key: &label.key, value: &label.value });
    (!labels.is_empty()).then(|| rows.collect())
}

/// A published port.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PortMapping<'a> {
    host_ip: Option<&'a str>,
    host_port: Option<u16>,
    port: u16,
    protocol: &'a str,
}

/// The published ports; `None` if there are none.
pub(crate) fn ports(ports: &[PortFacts]) -> Option<Vec<PortMapping<'_>>> {
    let rows = ports.iter().map(|port| PortMapping {
        host_ip: address(&port.host_ip),
        host_port: port.host_port,
        port: port.port,
        protocol: &port.protocol,
    });
    (!ports.is_empty()).then(|| rows.collect())
}

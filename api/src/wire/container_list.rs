//! Containers of the plain list.

use fleet::ContainerBrief;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::cluster::Cluster;
use super::container_keys::SCAN_TYPES;
use super::count::SeverityCounts;
use super::host::Host;
use super::risk::RiskKeys;
use super::scalar::{Millis, Null, Sha, ShortSha};
use super::version::Version;

/// A container of the plain list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerListItem<'a> {
    image_id: Option<ShortSha>,
    created: Millis,
    updated: Millis,
    sha: Sha,
    uuid: Uuid,
    name: &'a str,
    host: Host<'a>,
    state: &'static str,
    image_uuid: Option<Uuid>,
    container_id: ShortSha,
    state_changed: Millis,
    last_vm_scan_date: Option<Millis>,
    is_root: Option<bool>,
    vulnerabilities: SeverityCounts,
    image_sha: Option<Sha>,
    image_digest: Option<Sha>,
    is_drift: Option<bool>,
    #[serde(flatten)]
    risk: RiskKeys,
    scan_types: Option<[&'static str; 2]>,
    #[schema(value_type = Option<String>)]
    criticality_updated: Null,
    cluster: Option<Cluster<'a>>,
    #[schema(value_type = Option<Object>)]
    compliance: Null,
    #[schema(value_type = Option<String>)]
    last_compliance_scanned: Null,
    last_scanned: Option<Millis>,
    is_vuln_propagated: bool,
    vuln_propagation_date: Option<Millis>,
    #[schema(value_type = Option<bool>)]
    is_instrumented: Null,
}

impl<'a> ContainerListItem<'a> {
    pub(crate) fn new(container: &'a ContainerBrief<'a>, version: Version) -> Self {
        let counts = SeverityCounts::new(container.counts);
        let known = container.image_scanned.is_some();
        let scanned = container.image_scanned.map(Millis::from);
        let image = container.named_image;
        Self {
            image_id: image.map(|(id, _)| ShortSha(id)),
            created: container.created.into(),
            updated: container.updated.into(),
            sha: Sha(container.id),
            uuid: container.uuid,
            name: container.name,
            host: Host::from(&container.host),
            state: container.state.as_str(),
            image_uuid: image.map(|(_, uuid)| uuid),
            container_id: ShortSha(container.id),
            state_changed: container.state_changed.into(),
            last_vm_scan_date: scanned,
            is_root: container.root,
            vulnerabilities: if known || version.is_legacy() { counts } else { SeverityCounts::UNKNOWN },
            image_sha: image.map(|(id, _)| Sha(id)),
            image_digest: container.image_digest.map(Sha),
            is_drift: container.is_drift,
            risk: if known { RiskKeys::of(container.risk, container.updated) } else { RiskKeys::default() },
            scan_types: known.then_some(SCAN_TYPES),
            criticality_updated: Null,
            cluster: container.cluster.as_ref().map(Cluster::of),
            compliance: Null,
            last_compliance_scanned: Null,
            last_scanned: scanned,
            is_vuln_propagated: known && container.is_drift.is_none(),
            vuln_propagation_date: scanned,
            is_instrumented: Null,
        }
    }
}

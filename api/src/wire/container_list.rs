//! Containers of the plain list.

use fleet::ContainerView;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::container_keys::{image_sha, last_scanned, scan_types};
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
    #[schema(value_type = Option<bool>)]
    is_drift: Null,
    #[serde(flatten)]
    risk: RiskKeys,
    scan_types: Option<[&'static str; 2]>,
    #[schema(value_type = Option<String>)]
    criticality_updated: Null,
    #[schema(value_type = Option<Object>)]
    cluster: Null,
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
    pub(crate) fn new(view: &'a ContainerView, version: Version) -> Self {
        let record = &*view.record;
        let report = &record.report;
        let unknown =
            if version.is_legacy() { SeverityCounts::new(view.counts) } else { SeverityCounts::UNKNOWN };
        let known = view.image.is_some();
        Self {
            image_id: image_sha(report).map(|sha| ShortSha(sha.0)),
            created: report.created.into(),
            updated: view.updated.into(),
            sha: Sha(report.id),
            uuid: record.uuid,
            name: &report.name,
            host: Host::from(&view.host),
            state: report.state.as_str(),
            image_uuid: record.image_uuid,
            container_id: ShortSha(report.id),
            state_changed: report.state_changed.into(),
            last_vm_scan_date: last_scanned(view),
            is_root: report.root,
            vulnerabilities: if known { SeverityCounts::new(view.counts) } else { unknown },
            image_sha: image_sha(report),
            image_digest: report.image_digest.map(Sha),
            is_drift: Null,
            risk: RiskKeys::of_container(view),
            scan_types: scan_types(view),
            criticality_updated: Null,
            cluster: Null,
            compliance: Null,
            last_compliance_scanned: Null,
            last_scanned: last_scanned(view),
            is_vuln_propagated: known,
            vuln_propagation_date: last_scanned(view),
            is_instrumented: Null,
        }
    }
}

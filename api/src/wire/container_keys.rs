//! The keys of container records, apart from software and vulnerabilities.
//!
//! v1.1 and the later versions order the same facts differently and name different ones, hence two structs.

use fleet::ContainerView;
use model::ContainerReport;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::cluster::Cluster;
use super::drift::{self, Drift};
use super::host::{Host, HostLegacy, address};
use super::image_keys::{TagName, tag_names};
use super::label::{self, Label, PortMapping};
use super::risk::RiskKeys;
use super::scalar::{Millis, Null, Sha, ShortSha};
use super::software::{LANGUAGE_SCAN, OS_SCAN};
use super::version::ContainerProfile;
use super::vulnerability::Context;

/// What a v1.1 record says before its vulnerabilities, in the order of the documented sample.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContainerLegacyHead<'a> {
    port_mapping: Option<Vec<PortMapping<'a>>>,
    image_id: Option<ShortSha>,
    created: Millis,
    updated: Millis,
    label: Option<Vec<Label<'a>>>,
    uuid: Uuid,
    sha: Sha,
    privileged: Option<bool>,
    path: Option<&'a str>,
    image_sha: Option<Sha>,
    mac_address: &'a str,
    customer_uuid: Uuid,
    ipv4: Option<&'a str>,
    ipv6: Option<&'a str>,
    name: &'a str,
    host: HostLegacy<'a>,
    state: &'static str,
    image_uuid: Option<Uuid>,
    container_id: ShortSha,
    state_changed: Millis,
    #[schema(value_type = Option<Vec<Object>>)]
    services: Null,
    users: Option<&'a [String]>,
    operating_system: Option<&'a str>,
    last_scanned: Option<Millis>,
    source: &'a str,
    #[schema(value_type = Option<bool>)]
    is_instrumented: Null,
    environment: &'a [String],
    arguments: &'a [String],
    command: Option<String>,
    drift: Option<Drift<'a>>,
}

/// What it says after its software.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContainerLegacyTail {
    is_drift: Option<bool>,
    is_root: Option<bool>,
}

impl ContainerLegacyTail {
    pub(super) fn new(view: &ContainerView) -> Self {
        Self { is_drift: drift::is_drift(view), is_root: view.record.report.root }
    }
}

impl<'a> ContainerLegacyHead<'a> {
    /// `context` is how the vulnerabilities of its drift are written.
    pub(super) fn new(view: &'a ContainerView, context: &Context<'a>) -> Self {
        let record = &*view.record;
        let report = &record.report;
        Self {
            port_mapping: label::ports(&report.ports),
            image_id: image_sha(report).map(|sha| ShortSha(sha.0)),
            created: report.created.into(),
            updated: view.updated.into(),
            label: label::labels(&report.labels),
            uuid: record.uuid,
            sha: Sha(report.id),
            privileged: report.privileged,
            path: report.path.as_deref(),
            image_sha: image_sha(report),
            mac_address: &report.mac_address,
            customer_uuid: record.customer,
            ipv4: address(&report.ipv4),
            ipv6: address(&report.ipv6),
            name: &report.name,
            host: HostLegacy::from(&view.host),
            state: report.state.as_str(),
            image_uuid: record.image_uuid,
            container_id: ShortSha(report.id),
            state_changed: report.state_changed.into(),
            services: Null,
            users: users(view),
            operating_system: operating_system(view),
            last_scanned: last_scanned(view),
            source: &report.source,
            is_instrumented: Null,
            environment: &report.environment,
            arguments: &report.arguments,
            command: command(report),
            drift: Drift::of(context, view),
        }
    }
}

/// What records of v1.2 and v1.3 say besides vulnerabilities and software.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContainerKeys<'a> {
    port_mapping: Option<Vec<PortMapping<'a>>>,
    image_id: Option<ShortSha>,
    image_sha: Option<Sha>,
    image_uuid: Option<Uuid>,
    container_id: ShortSha,
    created: Millis,
    updated: Millis,
    label: Option<Vec<Label<'a>>>,
    uuid: Uuid,
    sha: Sha,
    privileged: Option<bool>,
    path: Option<&'a str>,
    mac_address: &'a str,
    customer_uuid: Uuid,
    ipv4: Option<&'a str>,
    ipv6: Option<&'a str>,
    name: &'a str,
    host: Host<'a>,
    host_architecture: Option<[&'a str; 1]>,
    state: &'static str,
    state_changed: Millis,
    #[schema(value_type = Option<Vec<Object>>)]
    services: Null,
    users: Option<&'a [String]>,
    operating_system: Option<&'a str>,
    last_scanned: Option<Millis>,
    #[schema(value_type = Option<String>)]
    last_compliance_scanned: Null,
    source: &'a str,
    #[serde(flatten)]
    risk: RiskKeys,
    scan_types: Option<[&'static str; 2]>,
    #[schema(value_type = Option<String>)]
    criticality_updated: Null,
    environment: &'a [String],
    arguments: &'a [String],
    command: Option<String>,
    drift: Option<Drift<'a>>,
    is_drift: Option<bool>,
    is_root: Option<bool>,
    cluster: Option<Cluster<'a>>,
    #[schema(value_type = Option<Object>)]
    cloud_provider: Null,
    #[schema(value_type = Option<Object>)]
    compliance: Null,
    #[schema(value_type = Option<Vec<String>>)]
    exceptions: Null,
    #[schema(value_type = Option<bool>)]
    is_exposed_to_world: Null,
    #[schema(value_type = Option<Object>)]
    #[serde(rename = "k8sExposure")]
    k8s_exposure: Null,
}

impl<'a> ContainerKeys<'a> {
    /// `context` is how the vulnerabilities of its drift are written; a client of the classic profile refuses any drift.
    pub(super) fn new(view: &'a ContainerView, context: &Context<'a>) -> Self {
        let record = &*view.record;
        let report = &record.report;
        let is_full = context.profile == ContainerProfile::Full;
        Self {
            port_mapping: label::ports(&report.ports),
            image_id: image_sha(report).map(|sha| ShortSha(sha.0)),
            image_sha: image_sha(report),
            image_uuid: record.image_uuid,
            container_id: ShortSha(report.id),
            created: report.created.into(),
            updated: view.updated.into(),
            label: label::labels(&report.labels),
            uuid: record.uuid,
            sha: Sha(report.id),
            privileged: report.privileged,
            path: report.path.as_deref(),
            mac_address: &report.mac_address,
            customer_uuid: record.customer,
            ipv4: address(&report.ipv4),
            ipv6: address(&report.ipv6),
            name: &report.name,
            host: Host::from(&view.host),
            host_architecture: view.host.architecture.as_deref().map(|name| [name]),
            state: report.state.as_str(),
            state_changed: report.state_changed.into(),
            services: Null,
            users: users(view),
            operating_system: operating_system(view),
            last_scanned: last_scanned(view),
            last_compliance_scanned: Null,
            source: &report.source,
            risk: RiskKeys::of_container(view),
            scan_types: scan_types(view),
            criticality_updated: Null,
            environment: &report.environment,
            arguments: &report.arguments,
            command: command(report),
            drift: if is_full { Drift::of(context, view) } else { None },
            is_drift: drift::is_drift(view),
            is_root: report.root,
            cluster: cluster(report),
            cloud_provider: Null,
            compliance: Null,
            exceptions: Null,
            is_exposed_to_world: Null,
            k8s_exposure: Null,
        }
    }
}

/// What the full profile adds, see [`super::ContainerProfile`].
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContainerFullKeys<'a> {
    image_digest: Option<Sha>,
    sources: [&'a str; 1],
    sensor_uuid: Option<Uuid>,
    is_vuln_propagated: bool,
    vuln_propagation_date: Option<Millis>,
    #[schema(value_type = Option<String>)]
    account_qlp: Null,
    #[schema(value_type = Option<String>)]
    cluster_qlp: Null,
    #[schema(value_type = Option<String>)]
    namespace_qlp: Null,
    #[schema(value_type = Option<String>)]
    pod_qlp: Null,
    #[schema(value_type = Option<bool>)]
    is_instrumented: Null,
    assigned_tags: Vec<TagName<'a>>,
}

impl<'a> ContainerFullKeys<'a> {
    pub(super) fn new(view: &'a ContainerView) -> Self {
        let report = &view.record.report;
        Self {
            image_digest: report.image_digest.map(Sha),
            sources: [&report.source],
            sensor_uuid: view.host.sensor,
            is_vuln_propagated: is_propagated(view),
            vuln_propagation_date: last_scanned(view),
            account_qlp: Null,
            cluster_qlp: Null,
            namespace_qlp: Null,
            pod_qlp: Null,
            is_instrumented: Null,
            assigned_tags: tag_names(&view.record.tags),
        }
    }
}

/// Whether its findings are its image's, because nobody has looked into it.
pub(super) fn is_propagated(view: &ContainerView) -> bool {
    view.image.is_some() && drift::is_drift(view).is_none()
}

/// The cluster that it runs in.
pub(super) fn cluster(report: &ContainerReport) -> Option<Cluster<'_>> {
    report.details.as_ref()?.cluster.as_ref().map(Cluster::of)
}

/// What is known of a container's image was found by a scan for both kinds of packages.
pub(super) const SCAN_TYPES: [&str; 2] = [OS_SCAN, LANGUAGE_SCAN];

fn image_sha(report: &ContainerReport) -> Option<Sha> {
    report.image_id.map(|id| Sha(id.0))
}

fn last_scanned(view: &ContainerView) -> Option<Millis> {
    view.image.as_ref().map(|image| image.last_scanned.into())
}

fn scan_types(view: &ContainerView) -> Option<[&'static str; 2]> {
    view.image.is_some().then_some(SCAN_TYPES)
}

pub(super) fn users(view: &ContainerView) -> Option<&[String]> {
    view.image.as_ref().map(|image| image.document.users.as_slice())
}

pub(super) fn operating_system(view: &ContainerView) -> Option<&str> {
    let release = view.image.as_ref()?.document.os_release.as_ref()?;
    Some(release.display_name.as_str()).filter(|name| !name.is_empty())
}

/// The command line as one text.
pub(super) fn command(report: &ContainerReport) -> Option<String> {
    let words = report.path.iter().chain(&report.arguments).map(String::as_str);
    let line = words.collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

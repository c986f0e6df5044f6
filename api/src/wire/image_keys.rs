//! The keys of image records, apart from software and vulnerabilities.

use fleet::{BaseView, BulkImage, HostView, ImageView, RiskView};
use model::{ImageFacts, Reference, Timestamp};
use serde::Serialize;
use store::{ImageDocument, ImageRecord};
use utoipa::ToSchema;
use uuid::Uuid;

use super::host::Host;
use super::label::{self, Label};
use super::layer::{self, Layer};
use super::reference::{self, RepoDigest, RepoTag};
use super::risk::RiskKeys;
use super::scalar::{Millis, Null, Quoted, Sha, ShortSha};
use super::software::{LANGUAGE_SCAN, OS_SCAN};
use super::version::Version;

/// Every scan looks for both kinds of packages.
pub(super) const SCAN_TYPES: [&str; 2] = [OS_SCAN, LANGUAGE_SCAN];
/// A stored report is a finished scan.
pub(super) const SCAN_STATUS: &str = "SUCCESS";

/// What a record says apart from software and vulnerabilities.
pub(super) struct Head<'a> {
    record: &'a ImageRecord,
    updated: Timestamp,
    base: Option<&'a BaseView>,
    last_host: Option<&'a HostView>,
    associated_containers: u32,
    associated_hosts: u32,
    vulnerabilities: usize,
    risk: RiskView,
}

impl<'a> Head<'a> {
    /// What was stored with it.
    pub(super) fn document(&self) -> &'a ImageDocument {
        &self.record.document
    }
}

impl<'a> From<&'a ImageView> for Head<'a> {
    fn from(view: &'a ImageView) -> Self {
        Self {
            record: &view.record,
            updated: view.updated,
            base: view.base.as_ref(),
            last_host: view.last_container_host.as_ref(),
            associated_containers: view.associated_containers,
            associated_hosts: view.associated_hosts,
            vulnerabilities: view.vulnerabilities.len(),
            risk: view.risk,
        }
    }
}

impl<'a> From<&'a BulkImage<'_>> for Head<'a> {
    fn from(image: &'a BulkImage<'_>) -> Self {
        Self {
            record: &image.record,
            updated: image.updated,
            base: image.base.as_ref(),
            last_host: image.last_host.as_ref(),
            associated_containers: image.associated_containers,
            associated_hosts: image.associated_hosts,
            vulnerabilities: image.counts.total() as usize,
            risk: image.risk,
        }
    }
}

/// Keys of the runtime instrumentation of old, always null.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstrumentationKeys {
    #[schema(value_type = Option<bool>)]
    is_instrumented: Null,
    #[schema(value_type = Option<String>)]
    instrumented_from: Null,
    #[schema(value_type = Option<String>)]
    instrumentation_state: Null,
}

/// The part of a bulk or details record that stands in v1.1 and in the later versions alike, in the order of
/// the documented sample.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageKeys<'a> {
    created: Millis,
    updated: Millis,
    author: &'a str,
    repo: Option<Vec<RepoTag<'a>>>,
    repo_digests: Option<Vec<RepoDigest<'a>>>,
    label: Option<Vec<Label<'a>>>,
    layers_count: Option<usize>,
    uuid: Uuid,
    sha: Sha,
    operating_system: Option<&'a str>,
    #[schema(value_type = Option<Vec<String>>)]
    sensor_uuid: Null,
    customer_uuid: Uuid,
    docker_version: Option<&'a str>,
    size: u64,
    layers: Option<Vec<Layer<'a>>>,
    architecture: Option<&'a str>,
    image_id: ShortSha,
    last_scanned: Millis,
    #[schema(value_type = Option<Vec<String>>)]
    registry_uuid: Option<&'a [Uuid]>,
    source: &'a [String],
    users: &'a [String],
    last_found_on_host: Option<Host<'a>>,
    #[schema(value_type = Option<bool>)]
    is_docker_hub_official: Null,
    #[serde(flatten)]
    instrumentation: InstrumentationKeys,
    scan_type: Option<&'static str>,
}

impl<'a> ImageKeys<'a> {
    pub(super) fn new(head: &Head<'a>, version: Version) -> Self {
        let record = head.record;
        let document = &record.document;
        let facts = &document.facts;
        let system = document.os_release.as_ref().map(|release| release.display_name.as_str());
        Self {
            created: created(facts),
            updated: head.updated.into(),
            author: &facts.author,
            repo: repo(&facts.references, version),
            repo_digests: reference::digests(&facts.references),
            label: label::labels(&facts.labels),
            layers_count: layer::count(facts),
            uuid: record.uuid,
            sha: Sha(record.id.0),
            operating_system: system.filter(|name| !name.is_empty()),
            sensor_uuid: Null,
            customer_uuid: record.customer,
            docker_version: facts.docker_version.as_deref(),
            size: facts.size,
            layers: layer::layers(facts, head.base.map(|base| base.entries)),
            architecture: facts.architecture.as_deref(),
            image_id: ShortSha(record.id.0),
            last_scanned: record.last_scanned.into(),
            registry_uuid: Some(record.registries.as_slice()).filter(|listed| !listed.is_empty()),
            source: &record.sources,
            users: &document.users,
            last_found_on_host: head.last_host.map(Host::from),
            is_docker_hub_official: Null,
            instrumentation: InstrumentationKeys::default(),
            scan_type: scan_type(version),
        }
    }
}

/// The name of a tag.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TagName<'a> {
    name: &'a str,
}

/// What records of v1.2 and v1.3 say beyond [`ImageKeys`].
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageLaterKeys<'a> {
    last_used_date: Option<Millis>,
    last_vm_scan_date: Millis,
    associated_containers_count: u32,
    associated_hosts_count: u32,
    scan_types: [&'static str; 2],
    scan_status: &'static str,
    #[schema(value_type = Option<String>)]
    scan_error_code: Null,
    total_vuln_count: usize,
    /// The image that it was built on, among the known ones that the reader may see.
    base_image: Option<Sha>,
    #[schema(value_type = Option<u32>)]
    child_images_count: Null,
    assigned_tags: Vec<TagName<'a>>,
    #[schema(value_type = Option<bool>)]
    is_continuously_assessed: Null,
    #[schema(value_type = Option<String>)]
    last_assessed: Null,
    #[serde(flatten)]
    risk: RiskKeys,
    #[schema(value_type = Option<Object>)]
    compliance: Null,
    #[schema(value_type = Option<String>)]
    last_compliance_scanned: Null,
    #[schema(value_type = Option<Vec<String>>)]
    exceptions: Null,
}

impl<'a> ImageLaterKeys<'a> {
    pub(super) fn new(head: &Head<'a>) -> Self {
        let record = head.record;
        Self {
            last_used_date: head.last_host.map(|host| Millis::from(host.last_seen)),
            last_vm_scan_date: record.last_scanned.into(),
            associated_containers_count: head.associated_containers,
            associated_hosts_count: head.associated_hosts,
            scan_types: SCAN_TYPES,
            scan_status: SCAN_STATUS,
            scan_error_code: Null,
            total_vuln_count: head.vulnerabilities,
            base_image: head.base.map(|base| Sha(base.id.0)),
            child_images_count: Null,
            assigned_tags: tag_names(&record.tags),
            is_continuously_assessed: Null,
            last_assessed: Null,
            risk: RiskKeys::of(head.risk, head.updated),
            compliance: Null,
            last_compliance_scanned: Null,
            exceptions: Null,
        }
    }
}

/// What a details record of v1.1 says beyond [`ImageKeys`].
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageLegacyKeys {
    total_vul_count: Quoted,
    scan_status: &'static str,
    #[schema(value_type = Option<String>)]
    scan_error_code: Null,
    associated_containers_count: u32,
    associated_hosts_count: u32,
}

impl ImageLegacyKeys {
    pub(super) fn new(head: &Head<'_>) -> Self {
        Self {
            total_vul_count: Quoted(head.vulnerabilities as u64),
            scan_status: SCAN_STATUS,
            scan_error_code: Null,
            associated_containers_count: head.associated_containers,
            associated_hosts_count: head.associated_hosts,
        }
    }
}

/// Tags as records list them.
pub(crate) fn tag_names(names: &[String]) -> Vec<TagName<'_>> {
    names.iter().map(|name| TagName { name }).collect()
}

fn created(facts: &ImageFacts) -> Millis {
    facts.created.map_or(Millis::UNKNOWN, Millis::from)
}

/// The tags; clients of v1.1 walk them without asking, later ones know null.
pub(super) fn repo(references: &[Reference], version: Version) -> Option<Vec<RepoTag<'_>>> {
    let tags = reference::tags(references);
    (!tags.is_empty() || version.is_legacy()).then_some(tags)
}

/// The legacy key: null from v1.3 on.
pub(super) fn scan_type(version: Version) -> Option<&'static str> {
    (version < Version::V1_3).then_some(OS_SCAN)
}

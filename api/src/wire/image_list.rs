//! Images of the plain list.

use fleet::ImageBrief;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::count::SeverityCounts;
use super::host::Host;
use super::image_keys::{InstrumentationKeys, SCAN_STATUS, SCAN_TYPES, repo, scan_type};
use super::reference::{self, RepoDigest, RepoTag};
use super::risk::RiskKeys;
use super::scalar::{Millis, Null, Sha, ShortSha};
use super::version::Version;

/// An image of the plain list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageListItem<'a> {
    created: Millis,
    updated: Millis,
    last_used_date: Option<Millis>,
    author: &'a str,
    sha: Sha,
    uuid: Uuid,
    image_id: ShortSha,
    repo: Option<Vec<RepoTag<'a>>>,
    repo_digests: Option<Vec<RepoDigest<'a>>>,
    size: u64,
    vulnerabilities: SeverityCounts,
    associated_containers_count: u32,
    associated_hosts_count: u32,
    last_vm_scan_date: Millis,
    last_scanned: Millis,
    registry_uuid: Option<&'a [&'a str]>,
    source: &'a [&'a str],
    #[schema(value_type = Option<bool>)]
    is_docker_hub_official: Null,
    scan_type: Option<&'static str>,
    scan_types: [&'static str; 2],
    scan_status: &'static str,
    #[schema(value_type = Option<String>)]
    scan_error_code: Null,
    last_found_on_host: Option<Host<'a>>,
    #[schema(value_type = Option<bool>)]
    is_continuously_assessed: Null,
    #[schema(value_type = Option<String>)]
    last_assessed: Null,
    #[serde(flatten)]
    risk: RiskKeys,
    #[serde(flatten)]
    instrumentation: InstrumentationKeys,
}

impl<'a> ImageListItem<'a> {
    pub(crate) fn new(image: &'a ImageBrief<'a>, version: Version) -> Self {
        Self {
            created: image.created.map_or(Millis::UNKNOWN, Millis::from),
            updated: image.updated.into(),
            last_used_date: image.last_host.as_ref().map(|host| Millis::from(host.last_seen)),
            author: image.author,
            sha: Sha(image.id),
            uuid: image.uuid,
            image_id: ShortSha(image.id),
            repo: repo(&image.references, version),
            repo_digests: reference::digests(&image.references),
            size: image.size,
            vulnerabilities: SeverityCounts::new(image.counts),
            associated_containers_count: image.associated_containers,
            associated_hosts_count: image.associated_hosts,
            last_vm_scan_date: image.last_scanned.into(),
            last_scanned: image.last_scanned.into(),
            registry_uuid: Some(image.registries.as_slice()).filter(|listed| !listed.is_empty()),
            source: &image.sources,
            is_docker_hub_official: Null,
            scan_type: scan_type(version),
            scan_types: SCAN_TYPES,
            scan_status: SCAN_STATUS,
            scan_error_code: Null,
            last_found_on_host: image.last_host.as_ref().map(Host::from),
            is_continuously_assessed: Null,
            last_assessed: Null,
            risk: RiskKeys::of(image.risk, image.updated),
            instrumentation: InstrumentationKeys::default(),
        }
    }
}

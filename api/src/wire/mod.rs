//! The compatible JSON: the words, types, null rules and key orders of the Container Security API.
//!
//! Nothing outside this module says `sha`, `softwares` or `qid`, and nothing in here decides which records a
//! client sees. Every documented key is written, with `null` where nothing is known, because clients index
//! keys without asking. Records are structs that borrow from the index and are written straight into the
//! output buffer; no tree of JSON values is built.

mod association;
mod cluster;
mod container;
mod container_keys;
mod container_list;
mod count;
mod drift;
mod error;
mod fleet_vulnerability;
mod host;
mod image;
mod image_keys;
mod image_list;
mod label;
mod layer;
mod lifecycle;
mod page;
mod reference;
mod registry;
mod registry_request;
mod registry_schedule;
mod result;
mod risk;
mod rows;
mod scalar;
mod secret;
mod sensor;
mod sensor_profile;
mod software;
mod text;
mod version;
mod vulnerability;
mod writer;

pub(crate) use association::HostStatistics;
pub(crate) use container::{AnyContainerRecord, ContainerRecord, ContainerRendering};
pub(crate) use container_list::ContainerListItem;
pub(crate) use count::{SeverityCounts, VulnerabilitySummary};
pub(crate) use drift::SoftwareDrift;
pub(crate) use error::ErrorBody;
pub(crate) use fleet_vulnerability::{FleetVulnerabilityDetails, FleetVulnerabilityItem, vulnerability_uuid};
pub(crate) use image::{AnyImageRecord, ImageRecord, ImageRendering, image_context};
pub(crate) use image_list::ImageListItem;
pub(crate) use page::{BulkPage, Page};
pub(crate) use registry::{ImageCounts, RegistryDetails, RegistryRecord, RepositoryRecord};
pub(crate) use registry_request::RegistryRequest;
pub(crate) use registry_schedule::{ScheduleRecord, ScheduleRequest};
pub(crate) use sensor::{DEFAULT_PROFILE, SensorRecord, activation_uuid, status as sensor_status};
pub(crate) use sensor_profile::{
    BlackoutWindow, ProfileConfig, ProfileDocument, ProfileId, ProfileItem, ProfileRecord, ProfileRequest,
};
pub(crate) use software::SoftwareList;
pub(crate) use version::Version;
pub use version::{ContainerProfile, UnknownProfile};
pub(crate) use vulnerability::{ContainerVulnerabilities, ImageVulnerabilities, Vulnerability};

/// The content type of every JSON answer.
pub(crate) const JSON: &str = "application/json;charset=UTF-8";

/// Writes a value as JSON; the types of this module cannot fail to be written.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(4 << 10);
    append_json(&mut out, value);
    out
}

/// Appends a value as JSON.
pub(crate) fn append_json(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    serde_json::to_writer(out, value).expect("plain structs are written to memory without failing");
}

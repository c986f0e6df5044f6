//! One walk through a registry, as sensor and server speak of it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{RegistryFilter, RegistryLogin, RegistrySettings};
use crate::digest::{Digest, ImageId};
use crate::time::Timestamp;

/// Tags in one [`TagListing`] at most.
pub const LISTED_TAGS: usize = 5_000;
/// Errors that a run keeps; further ones are counted only.
pub const RUN_ERRORS: usize = 100;

/// Something that a registry told of itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryEvent {
    /// The repository.
    pub repository: String,
    /// The tag; `None` if only the manifest was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

/// `POST /api/v1/registry-jobs/claim`: a sensor asks for work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistryClaim {
    /// How the sensor calls itself.
    pub worker: String,
    /// The schedule that alone is wanted; `None` takes the oldest of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Uuid>,
}

/// One walk through a registry, to be made by the sensor that claimed it. 204 instead of it: there is no work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryJob {
    /// Names this claim in all that follows; of a claim that was lost the server takes nothing.
    pub run: Uuid,
    /// The schedule.
    pub schedule: Uuid,
    /// The registry.
    pub registry: Uuid,
    /// What it is.
    pub settings: RegistrySettings,
    /// The way in.
    pub login: RegistryLogin,
    /// What is looked at.
    pub filters: Vec<RegistryFilter>,
    /// Scan also what is known.
    pub force: bool,
    /// If not empty, only these are looked at.
    #[serde(default)]
    pub only: Vec<RegistryEvent>,
    /// How long the claim holds without a sign of life.
    pub lease_seconds: u32,
}

/// `POST /api/v1/registry-jobs/{run}/tags`: tags that a repository has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagListing {
    /// The repository.
    pub repository: String,
    /// What the list says of tags that are not on it.
    pub span: Span,
    /// The tags, sorted bytewise, at most [`LISTED_TAGS`].
    pub tags: Vec<ListedTag>,
}

/// What a list of tags says of those that are not on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Span {
    /// Nothing.
    Listed,
    /// There are no others behind `after` and up to `until`, included; `None` is the very first and last.
    Between {
        /// Exclusive.
        after: Option<String>,
        /// Inclusive.
        until: Option<String>,
    },
}

/// A tag of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedTag {
    /// The tag.
    pub tag: String,
    /// Its manifest.
    pub state: TagState,
}

/// What became of a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TagState {
    /// It names this manifest.
    Names(Digest),
    /// It is there, and nobody has asked for its manifest.
    There,
    /// It is gone.
    Gone,
}

/// The answer to a [`TagListing`]: those of its manifests that were looked at before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListingAnswer {
    /// In no order.
    pub known: Vec<ManifestOutcome>,
}

/// `POST /api/v1/registry-jobs/{run}/manifests`, in a list: what came of manifests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestOutcome {
    /// The manifest, or index, that tags name.
    pub digest: Digest,
    /// What came of it.
    pub state: ManifestState,
    /// The image in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageId>,
    /// When the image was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built: Option<Timestamp>,
}

/// What came of a manifest; the number is what the database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[repr(i64)]
pub enum ManifestState {
    /// Its image was scanned.
    Scanned = 1,
    /// Its image is known by its config only: the filters leave it out.
    LeftOut = 2,
    /// It holds no image that can be scanned: an artifact, or none for the platform.
    NoImage = 3,
}

impl ManifestState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Scanned, Self::LeftOut, Self::NoImage];
}

/// `POST /api/v1/registry-jobs/{run}/repositories`: all repositories of the registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryListing {
    /// Sorted bytewise.
    pub repositories: Vec<String>,
}

/// `POST /api/v1/registry-jobs/{run}/progress`: how far a run is. It renews the claim; 409 says that it is lost or called off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunProgress {
    /// When listing began and ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing_started: Option<Timestamp>,
    /// When listing ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing_ended: Option<Timestamp>,
    /// When scanning began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanning_started: Option<Timestamp>,
    /// When scanning ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanning_ended: Option<Timestamp>,
    /// Repositories that were listed.
    pub repositories: u64,
    /// Tags that were listed.
    pub tags: u64,
    /// Manifests that were not known.
    pub manifests: u64,
    /// Images that were scanned.
    pub scanned: u64,
    /// Manifests that were not scanned because of the filters, or because there is no image in them.
    pub left_out: u64,
    /// What failed: repositories, tags and images.
    pub failed: u64,
    /// Requests to the registry.
    pub requests: u64,
    /// Bytes of its answers' bodies.
    pub bytes: u64,
    /// What went wrong, at most [`RUN_ERRORS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<RunError>,
}

/// Something that went wrong in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunError {
    /// One word: `UNAUTHORIZED`, `UNREACHABLE`, `RATE_LIMIT`, `REFUSED`, `DAMAGED`, …
    pub code: String,
    /// What and how to mend it.
    pub message: String,
    /// The repository or image.
    pub place: String,
}

/// `POST /api/v1/registry-jobs/{run}/end`: the run is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunEnd {
    /// How far it came.
    pub progress: RunProgress,
    /// Why it could not be carried out at all; `None` if it was, errors with single images included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RunError>,
}

//! Layers as the image's config and manifest describe them.

use serde::{Deserialize, Serialize};

use crate::digest::{DiffId, Digest};
use crate::time::Timestamp;

/// One history entry of an image, with the layer that it made, if it made one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LayerFacts {
    /// Digest of the uncompressed layer; `None` for a history entry without a layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_id: Option<DiffId>,
    /// Digest of the layer's blob as stored (compressed), if the source names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Bytes of the uncompressed layer, 0 for a history entry without a layer.
    #[serde(default)]
    pub size: u64,
    /// The command that made it, empty if unknown.
    #[serde(default)]
    pub created_by: String,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// Free text of the builder.
    #[serde(default)]
    pub comment: String,
}

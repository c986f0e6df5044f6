//! Credentials that someone left in an image. The credential itself is never kept.

use serde::{Deserialize, Serialize};

use crate::severity::Severity;

/// A credential at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretRecord {
    /// Path in the image; `config:env/NAME`, `config:label/KEY` or `config:history/N` for what the image's config holds.
    pub path: String,
    /// Line, counted from 1; 0 where there are no lines.
    pub line: u32,
    /// The rule that knew it, such as `aws-access-key-id`.
    pub rule: String,
    /// What it is, in words.
    pub title: String,
    /// How bad it is to lose it.
    pub severity: Severity,
    /// Enough of it to find it again, the rest as asterisks; never the whole.
    pub masked: String,
    /// Index of the layer, as in [`crate::PackageRecord::layer`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
}

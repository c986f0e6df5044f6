//! The part of the OSV schema that is used. Unknown fields are ignored; fields that publishers leave out or set to
//! null are empty.

use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
pub(super) struct OsvRecord {
    pub(super) id: String,
    #[serde(default)]
    pub(super) modified: Option<String>,
    #[serde(default)]
    pub(super) published: Option<String>,
    #[serde(default)]
    pub(super) withdrawn: Option<String>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) aliases: Vec<String>,
    #[serde(default)]
    pub(super) summary: Option<String>,
    #[serde(default)]
    pub(super) details: Option<String>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) severity: Vec<OsvSeverity>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) affected: Vec<OsvAffected>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) references: Vec<OsvReference>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) database_specific: OsvDatabase,
}

#[derive(Deserialize)]
pub(super) struct OsvSeverity {
    /// `CVSS_V2`, `CVSS_V3`, `CVSS_V4` or a vendor's own kind.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) score: String,
}

#[derive(Deserialize)]
pub(super) struct OsvAffected {
    /// Absent in records that speak of commits only.
    #[serde(default)]
    pub(super) package: Option<OsvPackage>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) severity: Vec<OsvSeverity>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) ranges: Vec<OsvRange>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) versions: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct OsvPackage {
    pub(super) ecosystem: String,
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct OsvRange {
    /// `SEMVER`, `ECOSYSTEM` or `GIT`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) events: Vec<OsvEvent>,
}

/// One event; the schema allows exactly one of the fields.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct OsvEvent {
    #[serde(default)]
    pub(super) introduced: Option<String>,
    #[serde(default)]
    pub(super) fixed: Option<String>,
    #[serde(default)]
    pub(super) last_affected: Option<String>,
    #[serde(default)]
    pub(super) limit: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct OsvReference {
    #[serde(default)]
    pub(super) url: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct OsvDatabase {
    /// GitHub's rating in words. Other databases put other shapes here.
    #[serde(default)]
    pub(super) severity: Option<serde_json::Value>,
}

fn null_as_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

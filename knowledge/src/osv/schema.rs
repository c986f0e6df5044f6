//! The part of the OSV schema that is used. Unknown fields are ignored; fields that publishers leave out or set to
//! null are empty.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[derive(Deserialize)]
pub(super) struct OsvRecord<'a> {
    pub(super) id: String,
    #[serde(default)]
    pub(super) modified: Option<String>,
    #[serde(default)]
    pub(super) published: Option<String>,
    #[serde(default)]
    pub(super) withdrawn: Option<String>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) aliases: Vec<String>,
    /// What an advisory of a distribution fixes.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) upstream: Vec<String>,
    /// The same before the schema had `upstream`; in language databases merely similar flaws.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) related: Vec<String>,
    #[serde(default)]
    pub(super) summary: Option<String>,
    #[serde(default)]
    pub(super) details: Option<String>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) severity: Vec<OsvSeverity>,
    #[serde(borrow, default, deserialize_with = "null_as_empty")]
    pub(super) affected: Vec<OsvAffected<'a>>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) references: Vec<OsvReference>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) database_specific: OsvDatabase,
}

#[derive(Deserialize)]
pub(super) struct OsvSeverity {
    /// `CVSS_V2`, `CVSS_V3`, `CVSS_V4` or a vendor's own kind; some records of Ubuntu leave it out.
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) score: String,
}

#[derive(Deserialize)]
pub(super) struct OsvAffected<'a> {
    /// Absent in records that speak of commits only.
    #[serde(borrow, default)]
    pub(super) package: Option<OsvPackage<'a>>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) severity: Vec<OsvSeverity>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) ranges: Vec<OsvRange>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) versions: Vec<String>,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) ecosystem_specific: OsvEcosystem,
    #[serde(default, deserialize_with = "null_as_empty")]
    pub(super) database_specific: OsvAffectedDatabase,
}

#[derive(Deserialize)]
pub(super) struct OsvPackage<'a> {
    #[serde(borrow)]
    pub(super) ecosystem: Cow<'a, str>,
    pub(super) name: String,
    #[serde(borrow, default)]
    pub(super) purl: Option<Cow<'a, str>>,
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

impl OsvEvent {
    /// Whether it is of a kind that the schema does not know.
    pub(super) fn is_unknown(&self) -> bool {
        [&self.introduced, &self.fixed, &self.last_affected, &self.limit].into_iter().all(Option::is_none)
    }
}

#[derive(Deserialize)]
pub(super) struct OsvReference {
    #[serde(default)]
    pub(super) url: Option<String>,
}

/// What a database adds to a record. The shapes are each database's own, so that values of another shape than
/// the expected one are passed over.
#[derive(Default, Deserialize)]
pub(super) struct OsvDatabase {
    /// A rating in words: GitHub, Bitnami, openEuler.
    #[serde(default)]
    pub(super) severity: Option<Value>,
    /// Weaknesses: GitHub.
    #[serde(default)]
    pub(super) cwe_ids: Option<Value>,
}

/// What an ecosystem adds to a package.
#[derive(Default, Deserialize)]
pub(super) struct OsvEcosystem {
    /// Ubuntu's rating for this package and release, in older records.
    #[serde(default)]
    pub(super) ubuntu_priority: Option<Value>,
    /// Ubuntu's reason for its rating.
    #[serde(default)]
    pub(super) priority_reason: Option<Value>,
}

/// What a database adds to a package.
#[derive(Default, Deserialize)]
pub(super) struct OsvAffectedDatabase {
    /// RustSec: the record is about no flaw but `unmaintained`, `unsound` or a `notice`.
    #[serde(default)]
    pub(super) informational: Option<Value>,
}

/// The words of a list, whatever else is in it.
pub(super) fn words(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn null_as_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

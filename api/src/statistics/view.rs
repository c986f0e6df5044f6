//! The numbers of a fleet as clients see them, which is also how the store keeps those of a day.

use fleet::{Scope, SeverityTotals, StateTotals, Summary};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest key of a scope that the store takes, in bytes.
const MAX_KEY: usize = 4_096;

/// What a fleet comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FleetNumbers {
    images: u64,
    containers: u64,
    containers_by_state: ByState,
    /// Vulnerabilities, each once, by the highest severity that one has in an image.
    vulnerabilities: BySeverity,
    /// Vulnerabilities, counted for each image that has them.
    findings: BySeverity,
    /// Images with a vulnerability of severity 5.
    critical_images: u64,
    /// Images with a vulnerability of severity 5 that is known to be exploited and has a fix.
    exploited_fixable_images: u64,
    /// Containers of such images.
    exploited_fixable_containers: u64,
    /// Images whose operating system is past the end of its life.
    end_of_life_images: u64,
    /// Distinct packages in images.
    packages: u64,
}

/// Containers by what they are doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct ByState {
    created: u64,
    running: u64,
    paused: u64,
    stopped: u64,
    deleted: u64,
    unknown: u64,
}

/// Numbers by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BySeverity {
    severity5: u64,
    severity4: u64,
    severity3: u64,
    severity2: u64,
    severity1: u64,
}

impl From<SeverityTotals> for BySeverity {
    fn from(SeverityTotals([severity1, severity2, severity3, severity4, severity5]): SeverityTotals) -> Self {
        Self { severity5, severity4, severity3, severity2, severity1 }
    }
}

impl From<StateTotals> for ByState {
    fn from(of: StateTotals) -> Self {
        let StateTotals { created, running, stopped, paused, deleted, unknown } = of;
        Self { created, running, paused, stopped, deleted, unknown }
    }
}

impl From<Summary> for FleetNumbers {
    fn from(of: Summary) -> Self {
        Self {
            images: of.images,
            containers: of.containers,
            containers_by_state: of.states.into(),
            vulnerabilities: of.vulnerabilities.into(),
            findings: of.occurrences.into(),
            critical_images: of.critical_images,
            exploited_fixable_images: of.exploited_fixable_images,
            exploited_fixable_containers: of.exploited_fixable_containers,
            end_of_life_images: of.ended_images,
            packages: of.packages,
        }
    }
}

/// The numbers of a day as the store keeps them (`Store::put_day`) and `GET /api/v1/history` gives them back.
pub fn day_document(summary: Summary) -> String {
    String::from_utf8_lossy(&crate::wire::to_json(&FleetNumbers::from(summary))).into_owned()
}

/// The key under which the store keeps the numbers of a scope: empty for everything, else the sorted tags as JSON, or
/// the digest of that where it is longer than the store takes.
///
/// Days are kept for each scope by itself: numbers of everything cannot be narrowed afterwards to what a scope showed.
pub fn scope_key(scope: &Scope) -> String {
    let Scope::Tags(tags) = scope else { return String::new() };
    let key = crate::wire::to_json(tags);
    if key.len() > MAX_KEY || key.contains(&0) {
        return format!("sha256:{}", model::Digest::of(&key).to_hex());
    }
    String::from_utf8_lossy(&key).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_have_equal_keys_only_if_they_are_equal() {
        let tags = |names: &[&str]| Scope::Tags(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(scope_key(&Scope::Everything), "");
        assert_eq!(scope_key(&tags(&["b", "a"])), r#"["a","b"]"#);
        assert_eq!(scope_key(&tags(&["a", "b"])), r#"["a","b"]"#);
        assert_eq!(scope_key(&tags(&["a\",\"b"])), r#"["a\",\"b"]"#);
        assert_eq!(scope_key(&tags(&[])), "[]");
        let long = "x".repeat(5_000);
        assert!(scope_key(&tags(&[&long])).starts_with("sha256:"));
    }

    #[test]
    fn a_day_that_an_older_server_noted_is_still_read() {
        let numbers: FleetNumbers = serde_json::from_str(r#"{"images":3,"unheardOf":1}"#).unwrap();
        assert_eq!(numbers.images, 3);
        let summary = Summary { images: 7, ..Summary::default() };
        let back: FleetNumbers = serde_json::from_str(&day_document(summary)).unwrap();
        assert_eq!(back, FleetNumbers::from(summary));
    }
}

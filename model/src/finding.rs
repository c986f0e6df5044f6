//! Findings: the judgement that a package has a vulnerability. Never stored per image.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::advisory::{FixState, Vulnerability};
use crate::severity::{RaisedBy, Severity, SeverityRule};

/// How sure a finding is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Confidence {
    /// The package itself is affected.
    #[default]
    Confirmed,
    /// Affected by name only: kernel headers, documentation.
    Potential,
}

/// A package has a vulnerability: a pure function of the package and one bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is.
    pub vulnerability: Arc<Vulnerability>,
    /// The publisher's id of the record that decided.
    pub advisory: String,
    /// The feed that the record came from.
    pub feed: String,
    /// Severity for this package.
    pub severity: Severity,
    /// The rule behind the severity's base.
    pub severity_rule: SeverityRule,
    /// The severity before threat intelligence raised it.
    pub base_severity: Severity,
    /// What raised it, if anything did.
    pub raised_by: Option<RaisedBy>,
    /// The detection score, 1 (hardly a risk) to 100.
    pub risk: u8,
    /// The publisher's position.
    pub state: FixState,
    /// The version that fixes it, if any.
    pub fix_version: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
}

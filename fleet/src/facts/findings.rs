//! Findings as rows of numbers, and judgements on their way into rows.

use std::sync::Arc;

use matcher::{Coverage, Undecided};
use model::{
    Confidence, FixState, Lifecycle, LifecycleStage, RaisedBy, Severity, SeverityRule, Timestamp,
    Vulnerability,
};

use crate::table::NONE;

/// A package has a vulnerability. The numbers are those of the tables of packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingRow {
    /// When it was first judged so.
    pub first_found: Timestamp,
    /// In `vulnerabilities`.
    pub(crate) vulnerability: u32,
    /// In `advisories`.
    pub(crate) advisory: u32,
    /// In `versions`, [`NONE`] if there is none.
    pub(crate) fix_version: u32,
    /// In `feeds`.
    pub(crate) feed: u32,
    /// See [`model::Finding::severity`].
    pub severity: Severity,
    /// See [`model::Finding::base_severity`].
    pub base_severity: Severity,
    /// See [`model::Finding::severity_rule`].
    pub severity_rule: SeverityRule,
    /// See [`model::Finding::raised_by`].
    pub raised_by: Option<RaisedBy>,
    /// See [`model::Finding::risk`].
    pub risk: u8,
    /// See [`model::Finding::state`].
    pub state: FixState,
    /// See [`model::Finding::confidence`].
    pub confidence: Confidence,
}

impl FindingRow {
    /// Whether a version fixes it.
    pub fn has_fix(&self) -> bool {
        self.fix_version != NONE
    }
}

/// A judgement under numbers: what [`Packages::put`](super::Packages::put) needs besides the store's row. Its numbers hold in
/// the table that gave them and in those that are cloned from it later.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// By vulnerability, sorted by qid; when each was first found is still to be told.
    pub(super) rows: Box<[FindingRow]>,
    /// What the rows speak of, in their order: texts that are shown once the verdict is.
    pub(super) vulnerabilities: Box<[Arc<Vulnerability>]>,
    pub(super) coverage: Coverage,
    pub(super) undecided: Option<Box<[Undecided]>>,
    /// In `versions`.
    pub(super) fix_version: u32,
    pub(super) lifecycle: Option<Arc<Lifecycle>>,
    pub(super) stage: Option<LifecycleStage>,
    pub(crate) fingerprint: u64,
}

impl Verdict {
    /// The numbers of its vulnerabilities.
    pub(crate) fn qids(&self) -> Vec<u32> {
        self.vulnerabilities.iter().map(|vulnerability| vulnerability.qid).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_thirty_two_bytes() {
        assert_eq!(size_of::<FindingRow>(), 32);
    }
}

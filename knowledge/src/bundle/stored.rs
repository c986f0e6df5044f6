//! The forms in which statements and lifecycles lie in a bundle (postcard); strings are borrowed from the
//! map, so that looking does not copy.
//!
//! A change here raises [`crate::bundle::format::FORMAT`].

use model::{Affected, AffectedRange, Bound, FixState, Lifecycle, RaisedBy, Severity, SeverityRule};
use serde::{Deserialize, Serialize};

/// What one advisory says about one package, as stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredAffected<'a> {
    pub(crate) vulnerability: u32,
    pub(crate) advisory: &'a str,
    pub(crate) feed: &'a str,
    #[serde(borrow)]
    pub(crate) ranges: Vec<StoredRange<'a>>,
    #[serde(borrow)]
    pub(crate) versions: Vec<&'a str>,
    pub(crate) state: FixState,
    pub(crate) fix_version: Option<&'a str>,
    pub(crate) severity: Severity,
    pub(crate) severity_rule: SeverityRule,
    pub(crate) base_severity: Severity,
    pub(crate) raised_by: Option<RaisedBy>,
}

/// An affected range, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredRange<'a> {
    pub(crate) introduced: Option<&'a str>,
    #[serde(borrow)]
    pub(crate) end: StoredBound<'a>,
}

/// The end of a range, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StoredBound<'a> {
    Open,
    Fixed(&'a str),
    LastAffected(&'a str),
}

/// A product release cycle, as stored; `qid` is the number of its end-of-life finding.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredLifecycle {
    pub(crate) qid: u32,
    pub(crate) lifecycle: Lifecycle,
}

impl<'a> StoredRange<'a> {
    pub(crate) fn of(range: &'a AffectedRange) -> Self {
        let end = match &range.end {
            Bound::Open => StoredBound::Open,
            Bound::Fixed(version) => StoredBound::Fixed(version),
            Bound::LastAffected(version) => StoredBound::LastAffected(version),
        };
        Self { introduced: range.introduced.as_deref(), end }
    }

    fn to_model(&self) -> AffectedRange {
        let end = match self.end {
            StoredBound::Open => Bound::Open,
            StoredBound::Fixed(version) => Bound::Fixed(version.to_owned()),
            StoredBound::LastAffected(version) => Bound::LastAffected(version.to_owned()),
        };
        AffectedRange { introduced: self.introduced.map(str::to_owned), end }
    }
}

impl StoredAffected<'_> {
    pub(crate) fn to_model(&self) -> Affected {
        Affected {
            advisory: self.advisory.to_owned(),
            feed: self.feed.to_owned(),
            ranges: self.ranges.iter().map(StoredRange::to_model).collect(),
            versions: self.versions.iter().map(|version| (*version).to_owned()).collect(),
            state: self.state,
            fix_version: self.fix_version.map(str::to_owned),
            severity: self.severity,
            severity_rule: self.severity_rule,
            base_severity: self.base_severity,
            raised_by: self.raised_by,
            ..Affected::default()
        }
    }
}

//! Judging: which vulnerabilities a package has, as a pure function of the package and one bundle.
//!
//! What it is for: the rules by which a publisher's statement is true for an installed version, which of several
//! statements decides, and which version would end it. What it is not for: reading feeds, storing results, or
//! asking where a package lies; a record that an OS package owns is left out by [`judge_report`] and by the callers.
//!
//! The decision a reader may doubt: "no finding" is never the whole answer. A package whose namespace the bundle does
//! not speak of is [`Coverage::NotCovered`], and a statement whose versions cannot be read is listed in
//! [`Judgement::undecided`]; neither is clean.

mod advisories;
mod clearing;
mod decide;
mod distro;
mod explain;
pub mod inquiry;
mod lifecycle;
mod report;
pub mod risk;
mod speaks;
mod voice;
mod words;

pub use advisories::hits;
pub use decide::{Hit, Hits};
pub use distro::confidence_of;
pub use explain::{Compared, Explanation, Outcome, Reasoning, Said, explain, packages_of, why_not_covered};
pub use report::{Owned, ReportJudgement, judge_report, judge_report_with};

use std::sync::Arc;

use knowledge::Bundle;
use model::{Ecosystem, Finding, Lifecycle, LifecycleStage, NamespaceFamily, Package, Timestamp};
use serde::{Deserialize, Serialize};

/// Whether the bundle can judge a package at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// Advisories for the package's release or ecosystem are known, and so are the rules to apply them.
    Covered,
    /// Nothing is known; that there are no findings says nothing.
    NotCovered,
}

/// A statement that speaks of the package but could not be applied to its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Undecided {
    /// The main id of the vulnerability.
    pub vulnerability: String,
    /// The publisher's id of the statement.
    pub advisory: String,
    /// Which version could not be read and why.
    pub reason: String,
}

/// Everything that one bundle says about one package at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// One per vulnerability, sorted by number.
    pub findings: Vec<Finding>,
    /// Whether the package could be judged.
    pub coverage: Coverage,
    /// At most one per vulnerability that is not among the findings, sorted.
    pub undecided: Vec<Undecided>,
    /// The lowest version that ends every finding that has a fix; `None` if none has.
    pub fix_version: Option<String>,
    /// The dates of the release that an OS package, or the release itself, belongs to, or of the product that another
    /// package is known to be.
    pub lifecycle: Option<Arc<Lifecycle>>,
}

impl Judgement {
    pub(crate) fn not_covered() -> Self {
        Self {
            findings: Vec::new(),
            coverage: Coverage::NotCovered,
            undecided: Vec::new(),
            fix_version: None,
            lifecycle: None,
        }
    }
}

/// Judges `package` by `bundle`. Only end-of-life findings depend on `now`.
pub fn judge(package: &Package, bundle: &Bundle, now: Timestamp) -> Judgement {
    match package.ecosystem {
        Ecosystem::Os => lifecycle::judge_release(package, bundle, now),
        _ => {
            let mut judgement = advisories::judge(package, bundle);
            lifecycle::add(&mut judgement, package, bundle, now);
            judgement
        }
    }
}

/// Whether time alone has changed a judgement that no advisory has: a release or product has reached another stage of its
/// life by `now`, or the age of a fix, counted at the date of `bundle`, has moved a score of risk.
pub fn is_outdated(
    judgement: &Judgement,
    stage: Option<LifecycleStage>,
    bundle: &Bundle,
    now: Timestamp,
) -> bool {
    let is_other_stage = judgement.lifecycle.as_ref().map(|lifecycle| lifecycle.stage(now)) != stage;
    let has_moved = |finding: &Finding| {
        let is_dated = finding.vulnerability.family == NamespaceFamily::Lifecycle;
        !is_dated && advisories::risk_of(finding, bundle) != finding.risk
    };
    is_other_stage || judgement.findings.iter().any(has_moved)
}

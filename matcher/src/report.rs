//! Judging a whole scan report: every package once, the release itself included.

use std::collections::HashMap;
use std::sync::Arc;

use knowledge::Bundle;
use model::{Package, ScanReport, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Judgement, judge};

/// The judgements of everything in a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportJudgement {
    /// Index into [`ScanReport::packages`] and its judgement, in order. Records that an OS package owns are missing
    /// unless [`Owned::Apart`] asks for them. Equal packages at different places share one judgement.
    pub packages: Vec<(usize, Arc<Judgement>)>,
    /// The judgement of the operating system release; `None` if the report names none.
    pub release: Option<Judgement>,
}

/// What becomes of a record that an OS package owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Owned {
    /// It is a part of that package, and judged as that package: the distribution fixes it by back-porting.
    #[default]
    AsOwner,
    /// It is judged by its own ecosystem's advisories as well. Its version does not show back-ported fixes, so
    /// that some of these findings are wrong.
    Apart,
}

/// Judges the packages of `report` and its release.
pub fn judge_report(report: &ScanReport, bundle: &Bundle, now: Timestamp) -> ReportJudgement {
    judge_report_with(report, bundle, now, Owned::default())
}

/// As [`judge_report`], with a choice. Source packages that a binary one was built with are never judged apart.
pub fn judge_report_with(
    report: &ScanReport,
    bundle: &Bundle,
    now: Timestamp,
    owned: Owned,
) -> ReportJudgement {
    let mut judged: HashMap<Package, Arc<Judgement>> = HashMap::new();
    let mut packages = Vec::with_capacity(report.packages.len());
    for (index, record) in report.packages.iter().enumerate() {
        if record.owned_by.is_some() && (owned == Owned::AsOwner || record.ecosystem.is_os()) {
            continue;
        }
        let package = record.package();
        let judgement = match judged.get(&package) {
            Some(known) => Arc::clone(known),
            None => {
                let judgement = Arc::new(judge(&package, bundle, now));
                judged.insert(package, Arc::clone(&judgement));
                judgement
            }
        };
        packages.push((index, judgement));
    }
    let release = report.os_release.as_ref().map(|release| judge(&release.package(), bundle, now));
    ReportJudgement { packages, release }
}

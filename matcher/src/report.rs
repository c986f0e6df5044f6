//! Judging a whole scan report: every package once, the release itself included.

use std::collections::HashMap;
use std::sync::Arc;

use knowledge::Bundle;
use model::{Package, ScanReport, Timestamp};

use crate::{Judgement, judge};

/// The judgements of everything in a report.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportJudgement {
    /// Index into [`ScanReport::packages`] and its judgement, in order. Records that an OS package owns are missing:
    /// they are judged as that package. Equal packages at different places share one judgement.
    pub packages: Vec<(usize, Arc<Judgement>)>,
    /// The judgement of the operating system release; `None` if the report names none.
    pub release: Option<Judgement>,
}

/// Judges the packages of `report` and its release.
pub fn judge_report(report: &ScanReport, bundle: &Bundle, now: Timestamp) -> ReportJudgement {
    let mut judged: HashMap<Package, Arc<Judgement>> = HashMap::new();
    let mut packages = Vec::with_capacity(report.packages.len());
    for (index, record) in report.packages.iter().enumerate() {
        if record.owned_by.is_some() {
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

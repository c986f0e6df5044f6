//! The result as one JSON object: the scan report, and beside it the findings.

use std::io::Write;

use knowledge::Bundle;
use matcher::{Coverage, Judgement, ReportJudgement};
use model::{Confidence, FixState, ScanReport};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Result<'a> {
    #[serde(flatten)]
    report: &'a ScanReport,
    /// `null` if there was no vulnerability data: then nothing was judged.
    knowledge: Option<Knowledge>,
    findings: Vec<Finding<'a>>,
    /// Packages that no advisory source speaks of: that they have no findings says nothing.
    not_covered: Vec<Place<'a>>,
    /// Advisories that could not be applied because a version cannot be read.
    undecided: Vec<Undecided<'a>>,
}

#[derive(Serialize)]
struct Knowledge {
    bundle: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    id: &'a str,
    aliases: &'a [String],
    qid: u32,
    title: &'a str,
    severity: u8,
    confidence: Confidence,
    state: FixState,
    fix_version: Option<&'a str>,
    package: Place<'a>,
    advisory: &'a str,
    source: &'a str,
}

#[derive(Serialize)]
struct Undecided<'a> {
    package: Place<'a>,
    vulnerability: &'a str,
    advisory: &'a str,
    reason: &'a str,
}

/// A package at its place, as the report lists it.
#[derive(Serialize, Clone, Copy)]
struct Place<'a> {
    ecosystem: &'static str,
    name: &'a str,
    version: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<u32>,
}

/// Writes the object and a line end.
pub(super) fn write(
    out: &mut dyn Write,
    report: &ScanReport,
    judged: Option<&ReportJudgement>,
    bundle: Option<&Bundle>,
) -> anyhow::Result<()> {
    let mut result = Result {
        report,
        knowledge: bundle.map(|bundle| Knowledge { bundle: bundle.id().to_string() }),
        findings: Vec::new(),
        not_covered: Vec::new(),
        undecided: Vec::new(),
    };
    if let Some(judged) = judged {
        for (index, judgement) in &judged.packages {
            add(&mut result, place(report, *index), judgement);
        }
        if let (Some(judgement), Some(release)) = (&judged.release, &report.os_release) {
            let version = release.version_id.as_deref().unwrap_or_default();
            let system =
                Place { ecosystem: "os", name: &release.id, version, path: "etc/os-release", layer: None };
            add(&mut result, system, judgement);
        }
    }
    serde_json::to_writer(&mut *out, &result)?;
    writeln!(out)?;
    Ok(())
}

fn place(report: &ScanReport, index: usize) -> Place<'_> {
    let record = &report.packages[index];
    Place {
        ecosystem: record.ecosystem.as_str(),
        name: &record.name,
        version: &record.version,
        path: &record.path,
        layer: record.layer,
    }
}

fn add<'a>(result: &mut Result<'a>, package: Place<'a>, judgement: &'a Judgement) {
    if judgement.coverage == Coverage::NotCovered {
        result.not_covered.push(package);
    }
    result.findings.extend(judgement.findings.iter().map(|finding| Finding {
        id: &finding.vulnerability.id,
        aliases: &finding.vulnerability.aliases,
        qid: finding.vulnerability.qid,
        title: &finding.vulnerability.title,
        severity: finding.severity.get(),
        confidence: finding.confidence,
        state: finding.state,
        fix_version: finding.fix_version.as_deref(),
        package,
        advisory: &finding.advisory,
        source: &finding.feed,
    }));
    result.undecided.extend(judgement.undecided.iter().map(|undecided| Undecided {
        package,
        vulnerability: &undecided.vulnerability,
        advisory: &undecided.advisory,
        reason: &undecided.reason,
    }));
}

//! The lines above the tables: which image, and the numbers.

use std::io::Write;

use matcher::risk::{Band, ImageRisk};
use model::{Reference, Severity};

use super::{Look, places};
use crate::output::printable;
use crate::verdict::{Subject, Verdict, word};

pub(super) fn write(out: &mut dyn Write, verdict: &Verdict<'_>, look: &Look) -> anyhow::Result<()> {
    let report = verdict.report;
    writeln!(out, "image     {}", report.image.id)?;
    if !report.image.references.is_empty() {
        writeln!(out, "names     {}", printable(&names(&report.image.references)))?;
    }
    if let Some(base) = &report.image.base {
        let name = match base.references.as_slice() {
            [] => base.id.to_string(),
            references => names(references),
        };
        let all = report.image.layers.iter().filter(|layer| layer.diff_id.is_some()).count();
        writeln!(out, "base      {} ({} of {all} layers)", printable(&name), base.layers)?;
    }
    let system = report.os_release.as_ref().map_or("unknown", |release| &release.display_name);
    writeln!(out, "system    {}", printable(system))?;
    let declared = report.packages.iter().filter(|record| record.declared).count();
    let declared = if declared > 0 { format!(" ({declared} declared only)") } else { String::new() };
    writeln!(out, "packages  {}{declared}", report.packages.len())?;
    if verdict.knowledge.is_some() {
        findings(out, verdict, look)?;
    }
    if !verdict.secrets.is_empty() {
        writeln!(out, "secrets   {}", verdict.secrets.len())?;
    }
    aside(out, verdict, look)?;
    if !report.unreadable.is_empty() {
        writeln!(out, "gaps      {} could not be read (listed below)", places(report.unreadable.len()))?;
    }
    Ok(())
}

fn findings(out: &mut dyn Write, verdict: &Verdict<'_>, look: &Look) -> anyhow::Result<()> {
    let counts = verdict.by_severity();
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let parts: Vec<String> =
        counts.iter().map(|(severity, count)| painted(*severity, *count, look.colours)).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    writeln!(out, "findings  {all}{parts}")?;
    let found = || verdict.findings.iter().map(|hit| hit.finding);
    if let Some(highest) = found().map(|finding| finding.risk).max() {
        let (score, band) = (ImageRisk::of(found()).score(), Band::of(highest).as_str().to_lowercase());
        writeln!(out, "risk      {score} of 1000, the highest of a finding is {highest} of 100 ({band})")?;
    }
    let count = verdict.not_covered.iter().filter(|subject| matches!(subject, Subject::Package(..))).count();
    if count > 0 {
        let subject = if count == 1 { "package is" } else { "packages are" };
        writeln!(out, "          {count} {subject} not covered by the vulnerability data")?;
    }
    if !verdict.undecided.is_empty() {
        let count = verdict.undecided.len();
        let subject = if count == 1 { "advisory" } else { "advisories" };
        writeln!(out, "          {count} {subject} could not be applied (see --format json)")?;
    }
    Ok(())
}

/// How much is not in the tables, by somebody's wish.
fn aside(out: &mut dyn Write, verdict: &Verdict<'_>, look: &Look) -> anyhow::Result<()> {
    let aside = verdict.suppressed.len() + verdict.suppressed_secrets.len();
    if aside > 0 {
        let how = if look.show_suppressed { "" } else { " (--show-suppressed lists them)" };
        writeln!(out, "aside     {aside} suppressed{how}")?;
    }
    if verdict.hidden > 0 {
        writeln!(out, "hidden    {} not asked for (--severity, --ignore-unfixed)", verdict.hidden)?;
    }
    Ok(())
}

/// `3 high`, in the colour of the table.
fn painted(severity: Severity, count: usize, colours: bool) -> String {
    let words = format!("{count} {}", word(severity));
    let code = match severity.get() {
        5 => "1;31",
        4 => "31",
        3 => "33",
        2 => "36",
        _ => "90",
    };
    if colours { format!("\u{1b}[{code}m{words}\u{1b}[0m") } else { words }
}

fn names(references: &[Reference]) -> String {
    references.iter().map(crate::output::reference).collect::<Vec<_>>().join(", ")
}

//! The result for people: what was read, what is wrong with it, what is inside.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use matcher::{Coverage, Judgement, ReportJudgement};
use model::ScanReport;

use super::printable;

/// The longest title shown.
const TITLE: usize = 72;

/// Writes the heading, the findings (worst first) and the packages. `terminal` says that the width of the
/// terminal, if it is one, limits the lines.
pub(super) fn write(
    out: &mut dyn Write,
    report: &ScanReport,
    judged: Option<&ReportJudgement>,
    terminal: bool,
) -> anyhow::Result<()> {
    heading(out, report)?;
    if let Some(judged) = judged {
        findings(out, report, judged, terminal)?;
    }
    packages(out, report, terminal)?;
    if !report.unreadable.is_empty() {
        writeln!(out, "\n{} places could not be read", report.unreadable.len())?;
        for unreadable in &report.unreadable {
            writeln!(out, "  {}: {}", printable(&unreadable.path), printable(&unreadable.reason))?;
        }
    }
    Ok(())
}

fn heading(out: &mut dyn Write, report: &ScanReport) -> anyhow::Result<()> {
    let names: Vec<String> = report
        .image
        .references
        .iter()
        .map(|name| match &name.tag {
            Some(tag) => format!("{}/{}:{tag}", name.registry, name.repository),
            None => format!("{}/{}", name.registry, name.repository),
        })
        .collect();
    writeln!(out, "image     {}", report.image.id)?;
    if !names.is_empty() {
        writeln!(out, "names     {}", printable(&names.join(", ")))?;
    }
    let system = report.os_release.as_ref().map_or("unknown", |release| &release.display_name);
    writeln!(out, "system    {}", printable(system))?;
    writeln!(out, "packages  {}", report.packages.len())?;
    Ok(())
}

/// One line of the table of findings, in its sort order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Line<'a> {
    severity: std::cmp::Reverse<u8>,
    package: &'a str,
    version: &'a str,
    id: &'a str,
    fix: &'a str,
    title: &'a str,
}

fn findings(
    out: &mut dyn Write,
    report: &ScanReport,
    judged: &ReportJudgement,
    terminal: bool,
) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for (index, judgement) in &judged.packages {
        let record = &report.packages[*index];
        lines.extend(lines_of(&record.name, &record.version, judgement));
    }
    if let (Some(judgement), Some(release)) = (&judged.release, &report.os_release) {
        lines.extend(lines_of(&release.id, release.version_id.as_deref().unwrap_or_default(), judgement));
    }
    lines.sort();
    lines.dedup();
    let uncovered = judged.packages.iter().filter(|(_, j)| j.coverage == Coverage::NotCovered).count();
    let undecided: usize = judged.packages.iter().map(|(_, judgement)| judgement.undecided.len()).sum();
    writeln!(out, "findings  {}", lines.len())?;
    if uncovered > 0 {
        writeln!(out, "          {uncovered} packages are not covered by the vulnerability data")?;
    }
    if undecided > 0 {
        writeln!(out, "          {undecided} advisories could not be applied (see --format json)")?;
    }
    if lines.is_empty() {
        return Ok(());
    }
    let mut table = new_table(terminal, ["SEVERITY", "ID", "PACKAGE", "INSTALLED", "FIXED IN", "TITLE"]);
    for line in lines {
        let severity = line.severity.0.to_string();
        let title = shorten(line.title);
        table.add_row([&severity, line.id, line.package, line.version, line.fix, &title].map(printable));
    }
    writeln!(out, "\n{}", table.trim_fmt())?;
    Ok(())
}

fn lines_of<'a>(
    package: &'a str,
    version: &'a str,
    judgement: &'a Judgement,
) -> impl Iterator<Item = Line<'a>> {
    judgement.findings.iter().map(move |finding| Line {
        severity: std::cmp::Reverse(finding.severity.get()),
        package,
        version,
        id: &finding.vulnerability.id,
        fix: finding.fix_version.as_deref().unwrap_or("-"),
        title: &finding.vulnerability.title,
    })
}

fn packages(out: &mut dyn Write, report: &ScanReport, terminal: bool) -> anyhow::Result<()> {
    let mut table = new_table(terminal, ["TYPE", "PACKAGE", "VERSION", "ARCH", "LAYER", "PATH"]);
    for record in &report.packages {
        let layer = record.layer.map_or_else(|| "-".to_owned(), |layer| layer.to_string());
        let arch = record.arch.as_deref().unwrap_or("-");
        let cells = [record.ecosystem.as_str(), &record.name, &record.version, arch, &layer, &record.path];
        table.add_row(cells.map(printable));
    }
    writeln!(out, "\n{}", table.trim_fmt())?;
    Ok(())
}

fn new_table(terminal: bool, header: [&str; 6]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table.set_content_arrangement(if terminal && table.is_tty() {
        ContentArrangement::Dynamic
    } else {
        ContentArrangement::Disabled
    });
    table
}

fn shorten(title: &str) -> String {
    let line = title.lines().next().unwrap_or_default();
    if line.chars().count() <= TITLE {
        return line.to_owned();
    }
    line.chars().take(TITLE - 1).chain(['…']).collect()
}

//! The result for people: what was read, what is wrong with it, what is inside.

mod heading;

use std::cmp::Reverse;
use std::io::Write;

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};
use model::{PackageRecord, SecretRecord, Severity};

use super::printable;
use crate::verdict::{Hit, Suppression, Verdict, word};

/// The longest title or reason shown.
const TITLE: usize = 72;

/// A terminal that says to be narrower, or to have no width at all, gets whole lines.
const NARROW: u16 = 60;

/// How the tables look, and what else the reader has asked for.
pub(super) struct Look {
    /// The width of the terminal, if it is one, limits the lines.
    pub(super) terminal: bool,
    pub(super) colours: bool,
    pub(super) show_suppressed: bool,
    pub(super) vex_all: bool,
}

/// Writes the heading, the findings (worst first), the secrets, the packages and what could not be read.
pub(super) fn write(out: &mut dyn Write, verdict: &Verdict<'_>, look: &Look) -> anyhow::Result<()> {
    let lines = lines(verdict.findings.iter().map(|hit| (*hit, None)));
    heading::write(out, verdict, look)?;
    findings(out, lines, look)?;
    if look.show_suppressed {
        suppressed(out, verdict, look)?;
    }
    secrets(out, verdict, look)?;
    packages(out, verdict, look)?;
    if !verdict.report.unreadable.is_empty() {
        writeln!(out, "\n{} could not be read", places(verdict.report.unreadable.len()))?;
        for unreadable in &verdict.report.unreadable {
            let place = super::place(unreadable);
            writeln!(out, "  {}{}", printable(&place), printable(&unreadable.reason))?;
        }
    }
    Ok(())
}

/// `1 place`, `2 places`.
pub(super) fn places(count: usize) -> String {
    if count == 1 { "1 place".into() } else { format!("{count} places") }
}

/// One line of a table of findings, in its sort order. Equal lines of several places are one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Line<'a> {
    severity: Reverse<Severity>,
    risk: Reverse<u8>,
    package: &'a str,
    version: &'a str,
    id: &'a str,
    exploited: bool,
    fix: &'a str,
    title: &'a str,
    declared: bool,
    owner: Option<&'a str>,
    /// Status and reason, if somebody has set it aside.
    suppression: Option<(&'static str, String)>,
}

fn lines<'a>(hits: impl Iterator<Item = (Hit<'a>, Option<&'a Suppression>)>) -> Vec<Line<'a>> {
    let line = |(hit, why): (Hit<'a>, Option<&'a Suppression>)| Line {
        severity: Reverse(hit.finding.severity),
        risk: Reverse(hit.finding.risk),
        package: hit.subject.name(),
        version: hit.subject.version(),
        id: &hit.finding.vulnerability.id,
        exploited: hit.finding.vulnerability.known_exploited.is_some(),
        fix: hit.finding.fix_version.as_deref().unwrap_or("-"),
        title: &hit.finding.vulnerability.title,
        declared: hit.subject.declared(),
        owner: hit.subject.owner(),
        suppression: why.map(|why| (why.status, why.words())),
    };
    let mut lines: Vec<Line<'_>> = hits.map(line).collect();
    lines.sort();
    lines.dedup();
    lines
}

fn findings(out: &mut dyn Write, lines: Vec<Line<'_>>, look: &Look) -> anyhow::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut table = new_table(look, ["SEVERITY", "RISK", "ID", "PACKAGE", "INSTALLED", "FIXED IN", "TITLE"]);
    for line in lines {
        let mut cells = vec![severity(line.severity.0, look), text(&line.risk.0.to_string())];
        cells.extend([&*line.id(), &line.name(), line.version, line.fix, &shorten(line.title)].map(text));
        table.add_row(cells);
    }
    show(out, &table)
}

impl Line<'_> {
    fn id(&self) -> String {
        if self.exploited { format!("{} (exploited)", self.id) } else { self.id.to_owned() }
    }

    fn name(&self) -> String {
        match (self.owner, self.declared) {
            (Some(owner), _) => format!("{} (part of {owner})", self.package),
            (None, true) => format!("{} (declared)", self.package),
            (None, false) => self.package.to_owned(),
        }
    }
}

fn suppressed(out: &mut dyn Write, verdict: &Verdict<'_>, look: &Look) -> anyhow::Result<()> {
    let lines = lines(verdict.suppressed.iter().map(|(hit, why)| (*hit, Some(why))));
    if lines.is_empty() {
        return Ok(());
    }
    let mut table = new_table(look, ["SEVERITY", "SUPPRESSED", "PACKAGE", "INSTALLED", "STATUS", "REASON"]);
    for line in lines {
        let (status, reason) = line.suppression.clone().unwrap_or_default();
        let mut cells = vec![severity(line.severity.0, look)];
        cells.extend([&*line.id(), &line.name(), line.version, status, &shorten(&reason)].map(text));
        table.add_row(cells);
    }
    show(out, &table)
}

fn secrets(out: &mut dyn Write, verdict: &Verdict<'_>, look: &Look) -> anyhow::Result<()> {
    let open = verdict.secrets.iter().map(|secret| (*secret, None));
    let aside = verdict.suppressed_secrets.iter().map(|(secret, why)| (*secret, Some(why)));
    let mut shown: Vec<(&SecretRecord, Option<&Suppression>)> = open.collect();
    if look.show_suppressed {
        shown.extend(aside);
    }
    if shown.is_empty() {
        return Ok(());
    }
    shown.sort_by_key(|(secret, why)| (why.is_some(), Reverse(secret.severity)));
    let mut table = new_table(look, ["SEVERITY", "SECRET", "WHAT", "LAYER", "PATH", "MASKED"]);
    for (secret, why) in shown {
        let place =
            if secret.line > 0 { format!("{}:{}", secret.path, secret.line) } else { secret.path.clone() };
        let what = match why {
            Some(why) => format!("{} ({}: {})", secret.title, why.status, shorten(&why.words())),
            None => secret.title.clone(),
        };
        let mut cells = vec![severity(secret.severity, look)];
        cells.extend([&*secret.rule, &what, &layer(secret.layer), &place, &secret.masked].map(text));
        table.add_row(cells);
    }
    show(out, &table)
}

fn packages(out: &mut dyn Write, verdict: &Verdict<'_>, look: &Look) -> anyhow::Result<()> {
    let mut table = new_table(look, ["TYPE", "PACKAGE", "VERSION", "ARCH", "LAYER", "PATH", "NOTE"]);
    for record in &verdict.report.packages {
        let arch = record.arch.as_deref().unwrap_or("-");
        let (layer, note) = (layer(record.layer), note(record));
        let cells =
            [record.ecosystem.as_str(), &record.name, &record.version, arch, &layer, &record.path, &note];
        table.add_row(cells.map(text));
    }
    show(out, &table)
}

/// What is special about a package.
fn note(record: &PackageRecord) -> String {
    let mut notes = Vec::new();
    if record.declared {
        notes.push("declared".to_owned());
    }
    notes.extend(record.owned_by.as_ref().map(|owner| format!("part of {owner}")));
    notes.extend(record.vendor.as_ref().map(|vendor| format!("by {vendor}")));
    notes.join(", ")
}

fn layer(layer: Option<u32>) -> String {
    layer.map_or_else(|| "-".to_owned(), |layer| layer.to_string())
}

fn text(text: &str) -> Cell {
    Cell::new(printable(text))
}

fn severity(severity: Severity, look: &Look) -> Cell {
    let cell = Cell::new(format!("{} {}", severity.get(), word(severity)));
    match severity.get() {
        _ if !look.colours => cell,
        5 => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        4 => cell.fg(Color::Red),
        3 => cell.fg(Color::Yellow),
        2 => cell.fg(Color::Cyan),
        _ => cell.fg(Color::DarkGrey),
    }
}

fn new_table<const N: usize>(look: &Look, header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    let fits = look.terminal && table.is_tty() && table.width().is_some_and(|width| width >= NARROW);
    table.set_content_arrangement(if fits {
        ContentArrangement::Dynamic
    } else {
        ContentArrangement::Disabled
    });
    if look.colours {
        table.enforce_styling();
    }
    table
}

fn show(out: &mut dyn Write, table: &Table) -> anyhow::Result<()> {
    writeln!(out, "\n{}", table.trim_fmt())?;
    Ok(())
}

fn shorten(title: &str) -> String {
    let line = title.lines().next().unwrap_or_default();
    if line.chars().count() <= TITLE {
        return line.to_owned();
    }
    line.chars().take(TITLE - 1).chain(['…']).collect()
}

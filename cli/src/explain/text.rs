//! An explanation for people.
//!
//! The decision a reader may doubt: of a package only what is reported is told in full, and of the rest one line each,
//! up to a bound. Thousands of old fixes of a kernel are no explanation; `--format json` and the id of one of them tell more.

use std::io::{self, Write};

use comfy_table::Table;
use matcher::inquiry::{About, Meant, Place};
use matcher::{Coverage, Reasoning, Said};

use super::document::Document;
use super::words;
use crate::output::printable;

/// Lines about what is not reported of one package.
const MOST: usize = 40;
/// Places and records of one thing.
const FEW: usize = 5;
/// A terminal that says to be narrower gets whole lines.
const NARROW: u16 = 60;
/// Where the text beside a label begins.
const LABEL: usize = 11;

/// Writes the whole.
pub(super) fn write(out: &mut dyn Write, document: &Document<'_>, colours: bool) -> io::Result<()> {
    let table = Table::new();
    let width = table.is_tty().then(|| table.width()).flatten().filter(|width| *width >= NARROW);
    let mut page = Page { out, colours, width: width.map(usize::from) };
    heading(&mut page, document)?;
    for about in &document.answer.packages {
        package(&mut page, about, document)?;
    }
    nowhere(&mut page, document)
}

/// Lines with labels, wrapped to the terminal.
struct Page<'o> {
    out: &'o mut dyn Write,
    colours: bool,
    width: Option<usize>,
}

impl Page<'_> {
    /// A line with a label, indented; foreign text in it is made fit.
    fn field(&mut self, indent: usize, label: &str, text: &str) -> io::Result<()> {
        let text = printable(text);
        let margin = indent + LABEL;
        let mut line = format!("{:indent$}{label:<LABEL$}", "");
        let mut used = margin;
        let mut is_first = true;
        for word in text.split(' ') {
            let length = word.chars().count();
            let is_full = self.width.is_some_and(|width| used + 1 + length > width) && !is_first;
            if is_full {
                writeln!(self.out, "{}", line.trim_end())?;
                line = " ".repeat(margin);
                used = margin;
            } else if !is_first {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += length;
            is_first = false;
        }
        writeln!(self.out, "{}", line.trim_end())
    }

    /// A line of its own, in a colour if there are colours.
    fn line(&mut self, indent: usize, text: &str, code: &str) -> io::Result<()> {
        let text = printable(text);
        match self.colours {
            true => writeln!(self.out, "{:indent$}\u{1b}[{code}m{text}\u{1b}[0m", ""),
            false => writeln!(self.out, "{:indent$}{text}", ""),
        }
    }

    fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }
}

const BOLD: &str = "1";
const REPORTED: &str = "31";
const SILENT: &str = "32";

fn heading(page: &mut Page<'_>, document: &Document<'_>) -> io::Result<()> {
    page.field(0, "image", &document.image.to_string())?;
    if !document.names.is_empty() {
        page.field(0, "names", &document.names.join(", "))?;
    }
    page.field(0, "system", document.system.unwrap_or("unknown"))?;
    let date = document.knowledge.date.map(|date| format!(", newest feed of {}", words::day(date)));
    page.field(0, "data", &format!("{}{}", document.knowledge.bundle, date.unwrap_or_default()))?;
    let packages = &document.answer.packages;
    let is_told = |meant: &&Meant| {
        let mut all = packages.iter().flat_map(|about| &about.explanation.vulnerabilities);
        all.any(|reasoning| reasoning.qid == meant.qid)
    };
    let all = &document.answer.vulnerabilities;
    let told: Vec<&Meant> = all.iter().filter(is_told).collect();
    // Other distributions have numbers of their own for the same id.
    let shown = if told.is_empty() { all.iter().collect() } else { told };
    for Meant { qid, id, aliases, title } in shown {
        let also = if aliases.is_empty() { String::new() } else { format!(" ({})", aliases.join(", ")) };
        page.field(0, "question", &format!("{id}{also}, QID {qid}: {}", first_line(title)))?;
    }
    if document.answer.vulnerabilities.is_empty() {
        page.field(0, "question", &format!("package {}", document.question.text))?;
    }
    Ok(())
}

fn package(page: &mut Page<'_>, about: &About<'_>, document: &Document<'_>) -> io::Result<()> {
    let explanation = &about.explanation;
    let package = &explanation.package;
    page.blank()?;
    page.line(0, &format!("{} {}", package.name, package.version), BOLD)?;
    places(page, &about.places)?;
    if let Some(source) = package
        .source
        .as_ref()
        .filter(|source| source.name != package.name || source.version != package.version)
    {
        page.field(2, "source", &format!("{} {}", source.name, source.version))?;
    }
    if let Some(vendor) = &package.vendor {
        page.field(2, "vendor", vendor)?;
    }
    if let Some(module) = &package.module {
        page.field(2, "module", module)?;
    }
    match &explanation.compared {
        Some(compared) => {
            let text = format!(
                "{} {} in {}, versions compared as {} does",
                compared.name, compared.version, compared.namespace, compared.scheme
            );
            page.field(2, "looked up", &text)?;
        }
        None if explanation.coverage == Coverage::NotCovered => {
            let why = explanation.not_covered.as_deref().unwrap_or("no advisory speaks of it");
            page.field(2, "looked up", &format!("not covered: {why}"))?;
        }
        None => {}
    }
    if let Some(lifecycle) = &explanation.lifecycle {
        page.field(2, "lifecycle", &words::lifecycle(lifecycle, explanation.stage))?;
    }
    if let Some(owner) = about.part_of {
        let text = format!("{owner}, which is judged in its place; what follows does not count by itself");
        page.field(2, "part of", &text)?;
    }
    if let Some(fix) = explanation.fix_version.as_ref().filter(|_| document.question.kind == "package") {
        page.field(2, "fix of all", fix)?;
    }
    reasons(page, about, document)
}

fn places(page: &mut Page<'_>, places: &[Place<'_>]) -> io::Result<()> {
    for place in places.iter().take(FEW) {
        page.field(2, "purl", place.purl)?;
        if !place.path.is_empty() {
            page.field(2, "path", place.path)?;
        }
        if let Some(layer) = place.layer {
            let digest = place.layer_digest.map(|digest| format!(", {digest}")).unwrap_or_default();
            page.field(2, "layer", &format!("{layer}{digest}"))?;
        }
        let declared = if place.declared == Some(true) { ", declared only" } else { "" };
        let found_by = if place.found_by.is_empty() { "an unknown cataloger" } else { place.found_by };
        page.field(2, "found by", &format!("{found_by}{declared}"))?;
    }
    match places.len().saturating_sub(FEW) {
        0 => Ok(()),
        more => page.field(2, "", &format!("and at {more} more places")),
    }
}

/// What is said of the vulnerabilities of a package.
fn reasons(page: &mut Page<'_>, about: &About<'_>, document: &Document<'_>) -> io::Result<()> {
    let all = &about.explanation.vulnerabilities;
    if all.is_empty() {
        return nothing(page, about, document);
    }
    let (reported, silent): (Vec<_>, Vec<_>) = all.iter().partition(|reasoning| reasoning.finding.is_some());
    for reasoning in &reported {
        vulnerability(page, reasoning, about, document)?;
    }
    // A question about one vulnerability is answered in full, and one about a package is not.
    if document.question.kind != "package" {
        return silent.iter().try_for_each(|reasoning| vulnerability(page, reasoning, about, document));
    }
    if silent.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(2, &format!("{} not reported", silent.len()), BOLD)?;
    for reasoning in silent.iter().take(MOST) {
        let because = reasoning.because.strip_prefix("not reported: ").unwrap_or(&reasoning.because);
        page.field(4, &format!("{} ", reasoning.id), because)?;
    }
    match silent.len().saturating_sub(MOST) {
        0 => Ok(()),
        more => page.field(4, "", &format!("and {more} more; --format json lists all")),
    }
}

/// A package of which nothing that was asked for is said.
fn nothing(page: &mut Page<'_>, about: &About<'_>, document: &Document<'_>) -> io::Result<()> {
    let explanation = &about.explanation;
    let ended = document.answer.vulnerabilities.iter().any(|meant| meant.id.starts_with("EOL-"));
    let text = match (explanation.coverage, document.question.kind) {
        (Coverage::NotCovered, _) => "nothing is known of it; that there is no finding says nothing",
        _ if ended && explanation.lifecycle.is_some() => "not reported: it is not past its end of life",
        (_, "package") if about.places.is_empty() => "not reported: it is not past its end of life",
        (_, "package") => "no statement speaks of it: nothing is reported",
        _ => "not reported: no statement on this vulnerability speaks of it",
    };
    page.blank()?;
    page.line(2, text, SILENT)
}

fn vulnerability(
    page: &mut Page<'_>,
    reasoning: &Reasoning,
    about: &About<'_>,
    document: &Document<'_>,
) -> io::Result<()> {
    let aside = document.suppressed.iter().filter(|aside| {
        aside.qid == reasoning.qid
            && aside.package == about.explanation.package.name
            && (about.places.is_empty() || about.places.iter().any(|place| place.path == aside.path))
    });
    let aside: Vec<_> = aside.collect();
    let is_reported = reasoning.finding.is_some() && about.part_of.is_none() && aside.is_empty();
    let also = if reasoning.aliases.is_empty() {
        String::new()
    } else {
        format!(" ({})", reasoning.aliases.join(", "))
    };
    page.blank()?;
    page.line(2, &format!("{}{also}, QID {}", reasoning.id, reasoning.qid), BOLD)?;
    page.field(4, "title", first_line(&reasoning.title))?;
    let because = match about.part_of {
        Some(owner) => format!(
            "not reported: part of {owner}, which is judged in its place (else {})",
            reasoning.because
        ),
        None if !aside.is_empty() => format!("set aside (else {})", reasoning.because),
        None => reasoning.because.clone(),
    };
    page.line(4, &because, if is_reported { REPORTED } else { SILENT })?;
    for aside in aside {
        let justification = aside.justification.map(|word| format!(", {word}")).unwrap_or_default();
        let reason = if aside.reason.is_empty() { String::new() } else { format!(": {}", aside.reason) };
        page.field(4, "set aside", &format!("{}{justification}{reason} ({})", aside.status, aside.source))?;
    }
    if let Some(finding) = &reasoning.finding {
        page.field(4, "severity", &words::severity(finding))?;
        page.field(4, "state", &words::state(finding))?;
        if finding.confidence == model::Confidence::Potential {
            page.field(
                4,
                "confidence",
                "potential: it is affected by its name only, or the publisher has not decided",
            )?;
        }
    }
    if let Some(parts) = &reasoning.risk {
        page.field(4, "risk", &words::risk(parts))?;
    }
    reasoning.statements.iter().try_for_each(|said| statement(page, said))
}

fn statement(page: &mut Page<'_>, said: &Said) -> io::Result<()> {
    let affected = &said.affected;
    let decides = if said.decides { ", which decides" } else { "" };
    page.field(4, "statement", &format!("{} of feed {}{decides}", affected.advisory, affected.feed))?;
    for origin in said.origins.iter().take(FEW) {
        page.field(6, "record", &words::origin(origin))?;
    }
    if let Some(more) = said.origins.len().checked_sub(FEW).filter(|more| *more > 0) {
        page.field(6, "", &format!("or one of {more} more records of this id"))?;
    }
    page.field(6, "rule", &words::rule(affected))?;
    for compared in said.compared.iter().take(FEW) {
        page.field(6, "compared", compared)?;
    }
    if let Some(note) = &affected.note {
        page.field(6, "note", note)?;
    }
    page.field(6, "so", &said.because)
}

/// A vulnerability that no package of the image has to do with.
fn nowhere(page: &mut Page<'_>, document: &Document<'_>) -> io::Result<()> {
    if document.elsewhere.is_empty() && !document.answer.packages.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(0, "not reported: no statement on it speaks of a package of this image", SILENT)?;
    for place in &document.elsewhere {
        page.field(2, "speaks of", &format!("{} in {}", place.package, place.namespace))?;
    }
    if document.more_elsewhere > 0 {
        page.field(2, "", &format!("and {} more packages", document.more_elsewhere))?;
    }
    match document.not_covered {
        0 => Ok(()),
        1 => page.field(
            2,
            "but",
            "1 package of the image is not covered by the data; it could have it all the same",
        ),
        count => page.field(
            2,
            "but",
            &format!(
                "{count} packages of the image are not covered by the data; they could have it all the same"
            ),
        ),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

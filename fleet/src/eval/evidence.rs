//! The `result` of a vulnerability: the evidence as text.
//!
//! Affected packages are a table of the documented form: `#table cols=N`, a head line, one line per package.
//! Cells are separated by one blank, so a blank inside a value is written as `_` and a real `_` as `__`.

use std::fmt::Write as _;

use model::Ecosystem;

use crate::facts::PackageEntry;

/// Stands in a cell where there is nothing to say.
const NOTHING: &str = "-";

/// An affected package at a place.
#[derive(Clone, Copy)]
pub(crate) struct Line<'e> {
    pub(crate) entry: &'e PackageEntry,
    pub(crate) fix_version: Option<&'e str>,
    pub(crate) path: &'e str,
}

/// The text for a vulnerability that affects these.
pub(crate) fn text<'e>(affected: impl Iterator<Item = Line<'e>>) -> String {
    let affected: Vec<Line<'e>> = affected.collect();
    let ecosystem = |line: &Line<'_>| line.entry.package.ecosystem();
    let tabled: Vec<&Line<'e>> = affected.iter().filter(|line| ecosystem(line) != Ecosystem::Os).collect();
    if tabled.is_empty() {
        return affected.first().map_or_else(String::new, |line| release_text(line.entry));
    }
    let wide = tabled.iter().any(|line| !ecosystem(line).is_os());
    let mut lines: Vec<String> = Vec::with_capacity(tabled.len());
    for row in tabled {
        let line = row.write(wide);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let head = if wide {
        "#table cols=5\nPackage Installed_Version Required_Version Language Install_Path"
    } else {
        "#table cols=3\nPackage Installed_Version Required_Version"
    };
    lines.iter().fold(head.to_owned(), |text, line| text + "\n" + line)
}

impl Line<'_> {
    fn write(&self, wide: bool) -> String {
        let package = &self.entry.package;
        let mut line = String::with_capacity(64);
        push_cell(&mut line, package.name());
        push_cell(&mut line, package.version());
        push_cell(&mut line, self.fix_version.unwrap_or_default());
        if wide {
            push_cell(&mut line, language(package.ecosystem()));
            push_cell(&mut line, self.path);
        }
        line
    }
}

fn push_cell(line: &mut String, value: &str) {
    if !line.is_empty() {
        line.push(' ');
    }
    if value.is_empty() {
        line.push_str(NOTHING);
        return;
    }
    for character in value.chars() {
        match character {
            '_' => line.push_str("__"),
            blank if blank.is_whitespace() => line.push('_'),
            other => line.push(other),
        }
    }
}

/// The text for an operating system release, which is no package of a table.
fn release_text(entry: &PackageEntry) -> String {
    let (name, version) = (entry.package.name(), entry.package.version());
    let mut text = format!("{name} {version} is past its end of life");
    if let Some(date) = entry.lifecycle.as_ref().and_then(|lifecycle| lifecycle.eol) {
        let date = date.to_rfc3339();
        let _ = write!(text, " since {}", date.split('T').next().unwrap_or(&date));
    }
    text
}

fn language(ecosystem: Ecosystem) -> &'static str {
    match ecosystem {
        Ecosystem::Pypi => "Python",
        Ecosystem::Npm => "JavaScript",
        Ecosystem::Maven => "Java",
        Ecosystem::Golang => "Go",
        Ecosystem::Cargo => "Rust",
        Ecosystem::Gem => "Ruby",
        Ecosystem::Composer => "PHP",
        Ecosystem::Nuget => ".NET",
        _ => "",
    }
}

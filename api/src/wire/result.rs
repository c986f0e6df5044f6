//! The `result` of a vulnerability: the evidence as text.
//!
//! Affected packages are a table of the documented form: `#table cols=N`, a head line, one line per package.
//! Cells are separated by one blank, so a blank inside a value is written as `_` and a real `_` as `__`.

use std::fmt::Write as _;

use fleet::{AffectedView, PackageEntry, SoftwareView, VulnerabilityView};
use model::Ecosystem;

/// Stands in a cell where there is nothing to say.
const NOTHING: &str = "-";

/// The beginning of a table of OS packages.
pub(super) const NARROW: &str = "#table cols=3\nPackage Installed_Version Required_Version";
/// The beginning of a table with language packages.
pub(super) const WIDE: &str =
    "#table cols=5\nPackage Installed_Version Required_Version Language Install_Path";

/// The text for a vulnerability in this software.
pub(crate) fn text(view: &VulnerabilityView, software: &[SoftwareView]) -> String {
    let tabled: Vec<&AffectedView> = view
        .affected
        .iter()
        .filter(|affected| affected.package.package.ecosystem() != Ecosystem::Os)
        .collect();
    if tabled.is_empty() {
        return view.affected.first().map_or_else(String::new, |affected| release_text(&affected.package));
    }
    let wide = tabled.iter().any(|affected| !affected.package.package.ecosystem().is_os());
    let mut lines: Vec<String> = Vec::with_capacity(tabled.len());
    for affected in tabled {
        let line = line(affected, wide, software);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let head = if wide { WIDE } else { NARROW };
    lines.iter().fold(head.to_owned(), |text, line| text + "\n" + line)
}

fn line(affected: &AffectedView, wide: bool, software: &[SoftwareView]) -> String {
    let package = &affected.package.package;
    let mut line = String::with_capacity(64);
    push_cell(&mut line, package.name());
    push_cell(&mut line, package.version());
    push_cell(&mut line, affected.fix_version().unwrap_or_default());
    if wide {
        push_cell(&mut line, language(package.ecosystem()));
        let place = affected.software.and_then(|index| software.get(index));
        push_cell(&mut line, place.map_or("", |place| &place.path));
    }
    line
}

pub(super) fn push_cell(line: &mut String, value: &str) {
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
pub(super) fn release_text(release: &PackageEntry) -> String {
    let (name, version) = (release.package.name(), release.package.version());
    let mut text = format!("{name} {version} is past its end of life");
    let ended = release.lifecycle.as_ref().and_then(|lifecycle| lifecycle.eol);
    if let Some(date) = ended {
        let date = date.to_rfc3339();
        let _ = write!(text, " since {}", date.split('T').next().unwrap_or(&date));
    }
    text
}

pub(super) const fn language(ecosystem: Ecosystem) -> &'static str {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_become_underscores_and_underscores_are_doubled() {
        let mut line = String::new();
        push_cell(&mut line, "bind-license");
        push_cell(&mut line, "9.11.4-16.P2.el7_8.6 beta");
        push_cell(&mut line, "");
        assert_eq!(line, "bind-license 9.11.4-16.P2.el7__8.6_beta -");
    }
}

//! Checks of the text of the sources and pages themselves.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::project;

/// A longer file is to be split.
const MOST_LINES: usize = 500;
/// A longer file is worth a look.
const MANY_LINES: usize = 300;

/// Words that stand for work not done. Written in two halves, so that this list does not find itself.
const MARKS: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("#[ig", "nore"),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("db", "g!("),
];

/// No source file is longer than [`MOST_LINES`].
pub(super) fn check_length() -> Result<()> {
    let mut long = Vec::new();
    let mut longish = 0;
    for path in sources()? {
        let lines = read(&path)?.lines().count();
        if lines > MOST_LINES {
            long.push(format!(
                "{}: {lines} lines, at most {MOST_LINES} are allowed",
                project::relative(&path)
            ));
        } else if lines > MANY_LINES {
            longish += 1;
        }
    }
    if longish > 0 {
        eprintln!("check: {longish} files have more than {MANY_LINES} lines");
    }
    fail_with(long)
}

/// Nothing in the sources says that it is unfinished or switched off.
pub(super) fn check_marks() -> Result<()> {
    let mut found = Vec::new();
    for path in sources()? {
        for (number, line) in read(&path)?.lines().enumerate() {
            if let Some(mark) = MARKS.iter().find(|mark| line.contains(**mark)) {
                found.push(format!("{}:{}: `{mark}`", project::relative(&path), number + 1));
            }
        }
    }
    fail_with(found)
}

/// Every relative link of a page leads to a file.
pub(super) fn check_links() -> Result<()> {
    let mut broken = Vec::new();
    for path in project::files(project::root(), &["md"])? {
        let folder = path.parent().expect("a file lies in a folder");
        for link in relative_links(&read(&path)?) {
            let target = link.split('#').next().unwrap_or_default();
            if !target.is_empty() && !folder.join(target).exists() {
                broken.push(format!("{}: link to `{link}` leads nowhere", project::relative(&path)));
            }
        }
    }
    fail_with(broken)
}

/// The targets of `[text](target)` that are not addresses; fenced code is skipped.
fn relative_links(text: &str) -> BTreeSet<String> {
    let mut links = BTreeSet::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for part in line.split("](").skip(1) {
            let Some((target, _)) = part.split_once(')') else { continue };
            if !target.contains("://") && !target.starts_with("mailto:") && !target.contains(' ') {
                links.insert(target.to_owned());
            }
        }
    }
    links
}

/// Whether any documentation comment holds a code block that rustdoc would run.
pub(super) fn has_doctests() -> Result<bool> {
    for path in sources()? {
        let mut inside = false;
        for line in read(&path)?.lines() {
            let line = line.trim_start();
            let comment = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
            let Some(fence) = comment.and_then(|comment| comment.trim_start().strip_prefix("```")) else {
                continue;
            };
            let opens = !inside;
            inside = !inside;
            if opens && matches!(fence.trim(), "" | "rust" | "should_panic" | "no_run") {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// All Rust sources and SQL texts of the workspace.
fn sources() -> Result<Vec<PathBuf>> {
    project::files(project::root(), &["rs", "sql", "py"])
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// One error with a line per fault; fine when there is none.
pub(super) fn fail_with(faults: Vec<String>) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{} found\n  {}", faults.len(), faults.join("\n  "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_inside_fenced_code_and_addresses_are_not_followed() {
        let text =
            "[a](docs/a.md) and [b](https://example.org)\n```\n[c](c.md)\n```\n[d](#part) [e](x/y.md#part)";
        let links: Vec<String> = relative_links(text).into_iter().collect();
        assert_eq!(links, ["#part", "docs/a.md", "x/y.md#part"]);
    }

    #[test]
    fn the_list_of_marks_does_not_find_itself() {
        let own = include_str!("source.rs");
        assert!(MARKS.iter().all(|mark| !own.contains(*mark)));
    }
}

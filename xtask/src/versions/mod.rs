//! `cargo xtask versions`: the order of versions against the programs that define it, on real versions out of the feeds.
//!
//! What it is for: the claim of docs/reference/versions.md that each scheme is exact. Not for odd made-up versions; the tests of
//! the crate `version` have those. A program that cannot be had leaves a line that says so, and no failure: the tables under
//! `version/tests` stand for that scheme alone then. A difference that nobody has explained is a failure.

mod reference;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use self::reference::{REFERENCES, Reference};
use crate::{process, project};

/// Pairs for each scheme.
const PAIRS: usize = 3000;

/// How many differences of a scheme are shown.
const SHOWN: usize = 20;

/// The folder with the real feeds.
const SHARED: &str = "PLIMSOLL_SHARED";

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let known: Vec<&str> = REFERENCES.iter().map(|reference| reference.scheme).collect();
    if let Some(unknown) = arguments.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("`{unknown}` is no scheme with a reference; there are {}", known.join(", "));
    }
    let folder = project::target().join("versions");
    fs::create_dir_all(&folder)?;
    let counts = write_pairs(&folder)?;
    let ours = build_own()?;
    let mut rows = vec![
        ["scheme", "reference", "versions", "pairs", "no versions", "differ", "explained"].map(String::from),
    ];
    let mut faults = 0;
    for reference in REFERENCES {
        if !arguments.is_empty() && !arguments.iter().any(|name| name == reference.scheme) {
            continue;
        }
        eprintln!("versions: {}", reference.scheme);
        let outcome = reference.prepare(&folder).and_then(|tool| {
            compare(reference, &tool, &ours, &folder.join(format!("{}.txt", reference.scheme)))
        });
        let versions = counts.get(reference.scheme).cloned().unwrap_or_default();
        let scheme = reference.scheme.to_owned();
        match outcome {
            Ok(outcome) => {
                faults += outcome.differences.len();
                outcome.show(reference);
                let numbers = [outcome.pairs, outcome.refused, outcome.differences.len(), outcome.explained];
                let [pairs, refused, differ, explained] = numbers.map(|number| number.to_string());
                rows.push([scheme, outcome.tool, versions, pairs, refused, differ, explained]);
            }
            Err(error) => {
                let mut row = [const { String::new() }; 7];
                (row[0], row[1], row[2]) = (scheme, format!("cannot be had: {error}"), versions);
                rows.push(row);
            }
        }
    }
    print_table(&rows);
    if faults > 0 {
        bail!("{faults} pairs are ordered differently from their reference");
    }
    Ok(())
}

/// Writes the pairs of every scheme; gives back how many versions each was chosen from.
fn write_pairs(folder: &Path) -> Result<BTreeMap<String, String>> {
    let shared = std::env::var_os(SHARED).map_or_else(|| project::root().join("../shared"), PathBuf::from);
    if !shared.join("data").is_dir() {
        bail!("the feeds are not at {}; {SHARED} says where they are", shared.display());
    }
    let script = project::root().join("xtask/src/versions/corpus.py");
    let mut command = process::command("python3");
    command.arg(script).args([&shared, folder]).arg(PAIRS.to_string());
    let lines = process::capture(&mut command)?;
    let count = |line: &str| {
        let mut cells = line.split('\t');
        Some((cells.next()?.to_owned(), cells.nth(1)?.to_owned()))
    };
    Ok(lines.lines().filter_map(count).collect())
}

/// Builds the program that answers for our order.
fn build_own() -> Result<PathBuf> {
    let mut command = process::command("cargo");
    command.current_dir(project::root());
    process::run_quiet(command.args(["build", "--package", "plimsoll-version", "--example", "compare"]))?;
    Ok(project::target().join("debug/examples/compare"))
}

struct Outcome {
    /// The name and version of the reference.
    tool: String,
    pairs: usize,
    /// Pairs of which both say that a side is no version.
    refused: usize,
    /// Pairs that differ for a reason that the reference states.
    explained: usize,
    /// Each pair with what both say.
    differences: Vec<String>,
}

impl Outcome {
    fn show(&self, reference: &Reference) {
        for line in self.differences.iter().take(SHOWN) {
            eprintln!("  {line}");
        }
        if self.differences.len() > SHOWN {
            eprintln!("  and {} more", self.differences.len() - SHOWN);
        }
        if self.explained > 0 {
            eprintln!("  {} explained: {}", self.explained, reference.explanation);
        }
    }
}

fn compare(reference: &Reference, tool: &[String], ours: &Path, pairs: &Path) -> Result<Outcome> {
    let version = process::capture(reference::command(tool).arg("version"))?;
    let expected = ask(&mut reference::command(tool), pairs)?;
    let found = ask(process::command(ours).arg(reference.scheme), pairs)?;
    let text = fs::read_to_string(pairs)?;
    let pairs: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once('\t')).collect();
    if expected.len() != pairs.len() || found.len() != pairs.len() {
        bail!("{} pairs, {} answers of the reference, {} of ours", pairs.len(), expected.len(), found.len());
    }
    let mut outcome = Outcome {
        tool: version.trim().to_owned(),
        pairs: pairs.len(),
        refused: 0,
        explained: 0,
        differences: Vec::new(),
    };
    for (((a, b), expected), found) in pairs.into_iter().zip(expected).zip(found) {
        if expected == found {
            outcome.refused += usize::from(found == "?");
        } else if (reference.explains)(a, b, &found, &expected) {
            outcome.explained += 1;
        } else {
            outcome.differences.push(format!("{a} {found} {b}, but the reference says {expected}"));
        }
    }
    Ok(outcome)
}

/// The answers of a program to the pairs in a file, one sign a line.
fn ask(command: &mut Command, pairs: &Path) -> Result<Vec<String>> {
    let input = fs::File::open(pairs).with_context(|| format!("no pairs: {}", pairs.display()))?;
    let text = process::capture(command.stdin(Stdio::from(input)))?;
    let answers = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(answers.map(ToOwned::to_owned).collect())
}

fn print_table(rows: &[[String; 7]]) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let width = width(column);
                format!("{cell:<width$}")
            })
            .collect();
        eprintln!("{}", cells.join("  ").trim_end());
    }
}

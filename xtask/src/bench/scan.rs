//! `cargo xtask bench scan`: cost and completeness of a scan, beside the peers and the floor.
//!
//! Each row is the median of several runs after the page cache is warm, as everywhere one compares scanners; a cold row starts from an
//! empty layer cache, a warm row from the one that the run before filled. Ratios are of processor time to the floor of the same form, and of processor
//! and wall time to cold Trivy and Syft.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::inventory::Inventory;
use super::measure::{self, Cost};
use super::scanner::{Arena, Cache, ROWS, Scanner, Subject};
use super::{keep, print, release_program, table};
use crate::{fixtures, project, setup};

/// Runs of a row unless `--runs` says otherwise.
const RUNS: usize = 3;

/// How many names of missing or additional packages are printed.
const NAMED: usize = 8;

/// One measured row.
struct Row {
    scanner: Scanner,
    cache: Cache,
    cost: Cost,
    inventory: Option<Inventory>,
}

/// What is measured.
struct Selection {
    images: Vec<&'static str>,
    forms: Vec<(&'static str, &'static str)>,
    runs: usize,
}

/// Reads `[IMAGE…] [--runs N] [--form FORM]`; without images it is all of them.
fn select(arguments: &[String]) -> Result<Selection> {
    let mut selection = Selection { images: Vec::new(), forms: fixtures::FORMS.to_vec(), runs: RUNS };
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        match argument {
            "--runs" => {
                let runs = rest.next().and_then(|number| number.parse().ok()).filter(|runs| *runs > 0);
                selection.runs = runs.context("--runs takes a number from 1")?;
            }
            "--form" => {
                let form = rest.next().context("--form takes one of docker.tar, oci, oci-zstd")?;
                selection.forms.retain(|(suffix, _)| *suffix == form);
                anyhow::ensure!(!selection.forms.is_empty(), "`{form}` is not a form of the fixtures");
            }
            "tests" => selection.images.extend(fixtures::RECIPES.iter().map(|recipe| recipe.name)),
            name => {
                let known = fixtures::all().find(|recipe| recipe.name == name);
                selection.images.push(known.with_context(|| format!("`{name}` is not a fixture"))?.name);
            }
        }
    }
    if selection.images.is_empty() {
        selection.images = fixtures::all().map(|recipe| recipe.name).collect();
    }
    Ok(selection)
}

pub(super) fn run(arguments: &[String]) -> Result<()> {
    let selection = select(arguments)?;
    setup::install_tools()?;
    fixtures::build(&selection.images)?;
    let peers = setup::install_peers()?;
    let arena = Arena::new(release_program()?, peers, project::target().join("bench/work"))?;
    let mut figures = Vec::new();
    for image in selection.images {
        let truth = std::fs::read_to_string(fixtures::output(image, "truth.json"))?;
        let truth: Value = serde_json::from_str(&truth).context("cannot read the truth beside a fixture")?;
        let mut shown = String::new();
        for &(form, form_name) in &selection.forms {
            eprintln!("bench: {image} as {form_name}");
            let subject = Subject { path: fixtures::output(image, form), form };
            let rows = measure_all(&arena, &subject, selection.runs)?;
            let columns = ecosystems(&rows);
            let table = table::render(&headings(&columns), &cells(&rows, &columns));
            print(&format!("\n{image} · {form_name}\n{table}"));
            let found = [completeness(&rows, &truth), differences(&rows, &columns)].join("\n");
            print(if found == shown { "  found: as in the form above" } else { &found });
            shown = found;
            figures.push(figures_of(image, form_name, &rows, &columns));
        }
    }
    keep("scan", &Value::Array(figures))
}

fn measure_all(arena: &Arena, subject: &Subject, runs: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for &(scanner, cache) in ROWS {
        let command = arena.command(scanner, subject)?;
        let mut costs = Vec::new();
        for _ in 0..runs {
            arena.prepare(scanner, cache)?;
            costs.push(measure::once(&command, arena.work()).with_context(|| format!("{scanner:?} failed"))?);
        }
        let inventory = arena.inventory(scanner)?;
        rows.push(Row { scanner, cache, cost: measure::median(&costs), inventory });
    }
    Ok(rows)
}

/// Every ecosystem of which any scanner found something.
fn ecosystems(rows: &[Row]) -> Vec<String> {
    let found = rows.iter().filter_map(|row| row.inventory.as_ref()).flat_map(Inventory::ecosystems);
    found.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect()
}

fn headings(ecosystems: &[String]) -> Vec<&str> {
    let mut headings = vec!["scanner", "wall s", "CPU s", "peak MiB", "temp MiB", "written MiB"];
    headings.extend(ecosystems.iter().map(String::as_str));
    headings.extend(["CPU/floor", "CPU/trivy", "wall/trivy", "CPU/syft", "wall/syft"]);
    headings
}

fn cells(rows: &[Row], ecosystems: &[String]) -> Vec<Vec<String>> {
    let cold = |scanner: Scanner| {
        rows.iter().find(|row| row.scanner == scanner).map(|row| row.cost).unwrap_or_default()
    };
    let (floor, trivy, syft) = (cold(Scanner::Floor), cold(Scanner::Trivy), cold(Scanner::Syft));
    let mut table = Vec::new();
    for Row { scanner, cache, cost, inventory } in rows {
        let mut cells = vec![label(*scanner, *cache)];
        cells.extend([format!("{:.3}", cost.wall), format!("{:.2}", cost.cpu)]);
        cells.extend([cost.memory, cost.temporary, cost.written].map(|value| format!("{value:.0}")));
        for ecosystem in ecosystems {
            cells.push(
                inventory.as_ref().map_or(String::new(), |inventory| inventory.count(ecosystem).to_string()),
            );
        }
        cells.push(ratio(cost.cpu, floor.cpu));
        cells.extend([ratio(cost.cpu, trivy.cpu), ratio(cost.wall, trivy.wall)]);
        cells.extend([ratio(cost.cpu, syft.cpu), ratio(cost.wall, syft.wall)]);
        table.push(cells);
    }
    table
}

fn label(scanner: Scanner, cache: Cache) -> String {
    let name = format!("{scanner:?}").to_lowercase();
    match (scanner, cache) {
        (Scanner::Plimsoll | Scanner::Trivy, Cache::Cold) => format!("{name} cold"),
        (_, Cache::Warm) => format!("{name} warm"),
        _ => name,
    }
}

fn ratio(value: f64, base: f64) -> String {
    if base > 0.0 { format!("{:.2}", value / base) } else { "-".to_owned() }
}

/// How much of the package managers' truth each scanner found, with the differences named.
fn completeness(rows: &[Row], truth: &Value) -> String {
    let expected = Inventory::of_truth(truth);
    let mut lines = Vec::new();
    for row in rows.iter().filter(|row| row.cache == Cache::Cold && row.scanner != Scanner::Unverified) {
        let Some(found) = &row.inventory else { continue };
        for ecosystem in expected.ecosystems() {
            let missing = expected.without(found, ecosystem);
            let extra = found.without(&expected, ecosystem);
            let total = expected.count(ecosystem);
            lines.push(format!(
                "  {:<8} {ecosystem:<5} {} of {total} by the package manager{}{}",
                format!("{:?}", row.scanner).to_lowercase(),
                total - missing.len(),
                named("missing", &missing),
                named("beyond it", &extra),
            ));
        }
        lines.extend(wrongly_found(row.scanner, found, truth));
    }
    lines.join("\n")
}

/// What a peer found and we did not, and the other way round, for each ecosystem.
fn differences(rows: &[Row], ecosystems: &[String]) -> String {
    let of = |scanner: Scanner| {
        rows.iter().find(|row| row.scanner == scanner).and_then(|row| row.inventory.as_ref())
    };
    let Some(ours) = of(Scanner::Plimsoll) else { return String::new() };
    let mut lines = Vec::new();
    for (peer, name) in [(Scanner::Trivy, "trivy"), (Scanner::Syft, "syft")] {
        let Some(theirs) = of(peer) else { continue };
        for ecosystem in ecosystems {
            let (only_theirs, only_ours) = (theirs.without(ours, ecosystem), ours.without(theirs, ecosystem));
            if !only_theirs.is_empty() || !only_ours.is_empty() {
                let (theirs, ours) =
                    (named(&format!("{name} alone"), &only_theirs), named("plimsoll alone", &only_ours));
                lines.push(format!("  beside {name:<5} {ecosystem:<6}{theirs}{ours}"));
            }
        }
    }
    lines.join("\n")
}

/// What later layers took away and the scanner reports all the same.
fn wrongly_found(scanner: Scanner, found: &Inventory, truth: &Value) -> Vec<String> {
    let absent = truth["absent"].as_array().into_iter().flatten();
    let names = absent.filter_map(|gone| Some((gone["ecosystem"].as_str()?, gone["name"].as_str()?)));
    names
        .filter(|(ecosystem, name)| found.of(ecosystem).any(|(found, _)| found == name))
        .map(|(ecosystem, name)| {
            let scanner = format!("{scanner:?}").to_lowercase();
            format!("  {scanner:<8} {ecosystem:<5} reports {name}, which is not installed")
        })
        .collect()
}

fn named(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > NAMED { ", …" } else { "" };
    format!("; {} {what}: {shown}{more}", names.len())
}

fn figures_of(image: &str, form: &str, rows: &[Row], ecosystems: &[String]) -> Value {
    let rows = rows.iter().map(|row| {
        let counts = row.inventory.as_ref().map(|inventory| {
            let pairs = ecosystems.iter().map(|name| (name.clone(), json!(inventory.count(name))));
            Value::Object(pairs.collect())
        });
        json!({
            "scanner": label(row.scanner, row.cache),
            "wallSeconds": row.cost.wall,
            "cpuSeconds": row.cost.cpu,
            "peakMiB": row.cost.memory,
            "temporaryMiB": row.cost.temporary,
            "writtenMiB": row.cost.written,
            "packages": counts,
        })
    });
    json!({"image": image, "form": form, "rows": rows.collect::<Vec<_>>()})
}

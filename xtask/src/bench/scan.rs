//! `cargo xtask bench scan`: cost and completeness of a scan, beside the peers and the floor.
//!
//! Each row is the median of [`RUNS`] runs after the page cache is warm, as everywhere one compares scanners; a cold row starts from an
//! empty layer cache, a warm row from the one that the run before filled. Ratios are of processor time to the floor of the same form, and of processor
//! and wall time to cold Trivy and Syft.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::inventory::{ECOSYSTEMS, Inventory};
use super::measure::{self, Cost};
use super::scanner::{Arena, Cache, ROWS, Scanner, Subject};
use super::{keep, release_program, table};
use crate::{fixtures, project, setup};

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

pub(super) fn run() -> Result<()> {
    setup::install_tools()?;
    fixtures::build(&[])?;
    let peers = setup::install_peers()?;
    let arena = Arena::new(release_program()?, peers, project::target().join("bench/work"))?;
    let mut figures = Vec::new();
    for recipe in fixtures::RECIPES {
        let truth = std::fs::read_to_string(fixtures::output(recipe.name, "truth.json"))?;
        let truth: Value = serde_json::from_str(&truth).context("cannot read the truth beside a fixture")?;
        let mut shown = String::new();
        for (form, form_name) in fixtures::FORMS {
            eprintln!("bench: {} as {form_name}", recipe.name);
            let subject = Subject { path: fixtures::output(recipe.name, form), form };
            let rows = measure_all(&arena, &subject)?;
            print(&format!("\n{} · {form_name}\n{}", recipe.name, table::render(&headings(), &cells(&rows))));
            let found = completeness(&rows, &truth);
            print(if found == shown { "  found: as in the form above" } else { &found });
            shown = found;
            figures.push(figures_of(recipe.name, form_name, &rows));
        }
    }
    keep("scan", &Value::Array(figures))
}

fn measure_all(arena: &Arena, subject: &Subject) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for &(scanner, cache) in ROWS {
        let command = arena.command(scanner, subject)?;
        let mut costs = Vec::new();
        for _ in 0..RUNS {
            arena.prepare(scanner, cache)?;
            costs.push(measure::once(&command, arena.work()).with_context(|| format!("{scanner:?} failed"))?);
        }
        let inventory = arena.inventory(scanner)?;
        rows.push(Row { scanner, cache, cost: measure::median(&costs), inventory });
    }
    Ok(rows)
}

fn headings() -> Vec<&'static str> {
    let mut headings = vec!["scanner", "wall s", "CPU s", "peak MiB", "temp MiB", "written MiB"];
    headings.extend(ECOSYSTEMS);
    headings.extend(["others", "CPU/floor", "CPU/trivy", "wall/trivy", "CPU/syft", "wall/syft"]);
    headings
}

fn cells(rows: &[Row]) -> Vec<Vec<String>> {
    let cold = |scanner: Scanner| {
        rows.iter().find(|row| row.scanner == scanner).map(|row| row.cost).unwrap_or_default()
    };
    let (floor, trivy, syft) = (cold(Scanner::Floor), cold(Scanner::Trivy), cold(Scanner::Syft));
    let mut table = Vec::new();
    for Row { scanner, cache, cost, inventory } in rows {
        let mut cells = vec![label(*scanner, *cache)];
        cells.extend([format!("{:.3}", cost.wall), format!("{:.2}", cost.cpu)]);
        cells.extend([cost.memory, cost.temporary, cost.written].map(|value| format!("{value:.0}")));
        for ecosystem in ECOSYSTEMS {
            cells.push(
                inventory.as_ref().map_or(String::new(), |inventory| inventory.count(ecosystem).to_string()),
            );
        }
        cells
            .push(inventory.as_ref().map_or(String::new(), |inventory| inventory.count_others().to_string()));
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
    for row in rows.iter().filter(|row| row.cache == Cache::Cold) {
        let Some(found) = &row.inventory else { continue };
        for ecosystem in ECOSYSTEMS.iter().filter(|ecosystem| expected.count(ecosystem) > 0) {
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

fn figures_of(image: &str, form: &str, rows: &[Row]) -> Value {
    let rows = rows.iter().map(|row| {
        let counts = row.inventory.as_ref().map(|inventory| {
            let pairs = ECOSYSTEMS.iter().map(|name| ((*name).to_owned(), json!(inventory.count(name))));
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

#[expect(clippy::print_stdout, reason = "the table is this command's result")]
fn print(text: &str) {
    println!("{text}");
}

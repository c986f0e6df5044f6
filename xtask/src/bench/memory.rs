//! `cargo xtask bench memory`: what a scan of a very big image takes, which is 10 GB in 100 layers unless `--layers` and
//! `--mebibytes` (of one layer) say otherwise. The floor is that of `bench scan`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::scanner::{Arena, Cache, Scanner, Subject};
use super::{keep, measure, print, release_program, table};
use crate::{process, project, setup};

const SCRIPT: &str = include_str!("huge.py");

pub(super) fn run(arguments: &[String]) -> Result<()> {
    let (mut layers, mut size) = (100_u32, 100_u32);
    let mut rest = arguments.iter();
    while let Some(option) = rest.next() {
        let number = rest.next().and_then(|text| text.parse().ok()).filter(|number| *number > 0);
        match option.as_str() {
            "--layers" => layers = number.context("--layers takes a number from 1")?,
            "--mebibytes" => size = number.context("--mebibytes takes a number from 1")?,
            other => bail!("`{other}` is not an option of bench memory"),
        }
    }
    setup::install_tools()?;
    let layout = image(layers, size)?;
    let arena =
        Arena::new(release_program()?, setup::install_peers()?, project::target().join("bench/work"))?;
    let subject = Subject { path: layout, form: "oci" };
    let mut rows = Vec::new();
    let mut figures = Vec::new();
    for (scanner, cache, name) in [
        (Scanner::Floor, Cache::Cold, "floor"),
        (Scanner::Plimsoll, Cache::Cold, "plimsoll cold"),
        (Scanner::Plimsoll, Cache::Warm, "plimsoll warm"),
        (Scanner::Trivy, Cache::Cold, "trivy cold"),
    ] {
        eprintln!("bench: {name}");
        let command = arena.command(scanner, &subject)?;
        arena.prepare(scanner, cache)?;
        let cost = measure::once(&command, arena.work())?;
        let found = arena.inventory(scanner)?.map_or(0, |inventory| inventory.count("npm"));
        rows.push(vec![
            name.to_owned(),
            format!("{:.3}", cost.wall),
            format!("{:.2}", cost.cpu),
            format!("{:.0}", cost.memory),
            format!("{:.0}", cost.temporary),
            found.to_string(),
        ]);
        figures.push(json!({"scanner": name, "wallSeconds": cost.wall, "cpuSeconds": cost.cpu, "peakMiB": cost.memory}));
    }
    let headings = ["scanner", "wall s", "CPU s", "peak MiB", "temp MiB", "npm"];
    print(&format!("\n{layers} layers of {size} MiB · OCI gzip\n{}", table::render(&headings, &rows)));
    keep("memory", &json!(figures))
}

/// Makes the image unless it is there.
fn image(layers: u32, size: u32) -> Result<PathBuf> {
    let layout = project::target().join(format!("bench/huge-{layers}x{size}"));
    if layout.join("index.json").exists() {
        return Ok(layout);
    }
    eprintln!("bench: writing {layers} layers of {size} MiB to {}", project::relative(&layout));
    if layout.exists() {
        fs::remove_dir_all(&layout)?;
    }
    let script = write_script(&project::target().join("bench"))?;
    let mut command = process::command("python3");
    command.arg(script).arg(&layout).args([layers.to_string(), size.to_string()]);
    process::run(&mut command)?;
    Ok(layout)
}

fn write_script(folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let path = folder.join("huge.py");
    fs::write(&path, SCRIPT)?;
    Ok(path)
}

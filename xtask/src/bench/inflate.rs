//! `cargo xtask bench inflate`: what inflating the layers of the fixtures costs with each engine that was considered
//! (docs/adr, "Layers are inflated by zlib-rs").
//!
//! Each engine is its own small program (`bench/inflate`), measured as a whole process on every gzip layer of one image.
//! `igzip` is ISA-L's own tool; `rapidgzip` puts two cores on one stream.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::{keep, measure, print, scanner, table};
use crate::{fixtures, process, project, setup};

const RUNS: usize = 5;

/// The engines by their feature.
const ENGINES: &[&str] = &["zlib-rs", "zlib-ng", "libdeflate", "isal"];

pub(super) fn run(arguments: &[String]) -> Result<()> {
    if let [first, ..] = arguments {
        bail!("`{first}` is not an option of bench inflate");
    }
    setup::install_tools()?;
    setup::install_engine_tools()?;
    fixtures::build(&[])?;
    let rapidgzip = setup::install_rapidgzip()?;
    let mut programs = Vec::new();
    for engine in ENGINES {
        programs.push((*engine, build(engine)?));
    }
    let work = project::target().join("bench/work");
    std::fs::create_dir_all(&work)?;
    let mut figures = Vec::new();
    for recipe in fixtures::RECIPES {
        let layers = scanner::layer_blobs(&fixtures::output(recipe.name, "oci"))?;
        let mut commands: Vec<(&str, Command)> = Vec::new();
        for (engine, program) in &programs {
            let mut command = process::command(program);
            command.args(&layers);
            commands.push((engine, command));
        }
        commands.push(("igzip (tool)", each(&["igzip", "-dcq"], &layers)));
        let two = rapidgzip.to_string_lossy();
        commands.push(("rapidgzip, 2 cores", each(&[&two, "-P", "2", "-d", "-c"], &layers)));
        let mut rows = Vec::new();
        let mut first = None;
        for (name, command) in commands {
            eprintln!("bench: {} by {name}", recipe.name);
            let mut costs = Vec::new();
            for _ in 0..RUNS {
                costs.push(measure::once(&command, &work)?);
            }
            let cost = measure::median(&costs);
            let base = *first.get_or_insert(cost.cpu);
            rows.push(vec![
                name.to_owned(),
                format!("{:.3}", cost.wall),
                format!("{:.2}", cost.cpu),
                format!("{:.0}", cost.memory),
                format!("{:.2}", cost.cpu / base),
            ]);
            figures.push(json!({"image": recipe.name, "engine": name, "cpuSeconds": cost.cpu, "wallSeconds": cost.wall, "peakMiB": cost.memory}));
        }
        let headings = ["engine", "wall s", "CPU s", "peak MiB", "CPU/zlib-rs"];
        print(&format!(
            "\n{} · gzip layers, inflated and thrown away\n{}",
            recipe.name,
            table::render(&headings, &rows)
        ));
    }
    keep("inflate", &Value::Array(figures))
}

fn build(engine: &str) -> Result<PathBuf> {
    let folder = project::target().join("bench").join(format!("inflate-{engine}"));
    eprintln!("bench: cargo build of engine {engine}");
    let mut command = process::command("cargo");
    command.current_dir(project::root().join("bench/inflate"));
    command.args(["build", "--quiet", "--release", "--features", engine, "--target-dir"]).arg(&folder);
    process::run(&mut command).with_context(|| format!("cannot build engine {engine}"))?;
    Ok(folder.join("release/inflate"))
}

/// A tool on each layer in turn.
fn each(tool: &[&str], layers: &[PathBuf]) -> Command {
    let mut command = process::command("sh");
    let script = format!("for layer do {} < \"$layer\" > /dev/null; done", tool.join(" "));
    command.args(["-euc", &script, "each"]).args(layers);
    command
}

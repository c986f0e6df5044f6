//! `cargo xtask bench NAME`: measurements that anybody can repeat, printed as one table each.
//!
//! A bench builds the release program, makes its own input, and writes its figures also as JSON under `target/bench/`, so that two
//! runs can be compared. To add one, add a module and a row to [`BENCHES`].

mod drift;
mod fleet;
mod idle;
mod inflate;
mod inventory;
mod judge;
mod life;
mod measure;
mod memory;
mod pull;
mod registry;
mod scan;
mod scanner;
mod table;

pub(crate) use scanner::write_empty_java_database;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{process, project};

struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "scan",
        about: "Plimsoll beside Syft, Trivy and bare decompression [IMAGE…] [--runs N] [--form docker.tar|oci|oci-zstd]; `tests` for the images of the tests alone",
        run: scan::run,
    },
    Bench {
        name: "inflate",
        about: "the engines that could inflate layers, on the fixture images",
        run: inflate::run,
    },
    Bench {
        name: "memory",
        about: "a scan of 10 GB in 100 layers [--layers N] [--mebibytes N]",
        run: memory::run,
    },
    Bench {
        name: "pull",
        about: "a scan from a real registry beside `skopeo copy`: cold, warm, with one changed layer [IMAGE]",
        run: pull::run,
    },
    Bench {
        name: "registry",
        about: "walks through a real registry: the first, unchanged, one new tag, one gone [--tags N]",
        run: registry::run,
    },
    Bench {
        name: "judge",
        about: "compiling the feeds (time, memory, size, equality), packages judged in a second, judging again",
        run: judge::run,
    },
    Bench {
        name: "ingest",
        about: "reports and containers taken in durably, and what they cost on disk",
        run: ingest,
    },
    Bench {
        name: "drift",
        about: "running containers checked for drift on one core: unchanged, 1 file, 1,000 files, 1,000 containers [IMAGE…]",
        run: drift::run,
    },
    Bench {
        name: "life",
        about: "containers of a real dockerd and podman live, change and go: the server beside dpkg, pip and the runtime [--runtime docker|podman|both] [--containers N] [--latency N] [--look SECONDS]",
        run: life::run,
    },
    Bench {
        name: "idle",
        about: "a sensor beside running containers in which nothing happens: CPU and memory [--containers N] [--minutes M] [--image NAME]",
        run: idle::run,
    },
    Bench {
        name: "fleet",
        about: "a server with a fleet: questions, export beside nginx, ingest, new data, memory, disk, starts --images N [--containers M] [--postgres]",
        run: fleet::run,
    },
];

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    if let [name, rest @ ..] = arguments
        && let Some(bench) = BENCHES.iter().find(|bench| bench.name == name)
    {
        return (bench.run)(rest);
    }
    for bench in BENCHES {
        eprintln!("  {:<10} {}", bench.name, bench.about);
    }
    match arguments {
        [] => Ok(()),
        _ => bail!("`{}` is not a bench", arguments.join(" ")),
    }
}

/// The store's own measuring program, which makes its own reports.
fn ingest(arguments: &[String]) -> Result<()> {
    if let [first, ..] = arguments {
        bail!("`{first}` is not an option of bench ingest");
    }
    let mut command = process::command("cargo");
    command.current_dir(project::root()).args(["run", "--quiet", "--release", "--package", "plimsoll-store"]);
    process::run(command.args(["--example", "ingest_speed"]))
}

/// Builds the release program and hands back its path; `PLIMSOLL_BENCH_PROGRAM` names another build to measure instead.
fn release_program() -> Result<PathBuf> {
    if let Some(program) = std::env::var_os("PLIMSOLL_BENCH_PROGRAM") {
        return Ok(fs::canonicalize(program)?);
    }
    eprintln!("bench: cargo build --release");
    let mut command = process::command("cargo");
    command.current_dir(project::root()).args(["build", "--quiet", "--release", "--package", "plimsoll"]);
    process::run(&mut command)?;
    Ok(project::target().join("release/plimsoll"))
}

#[expect(clippy::print_stdout, reason = "the table is a bench's result")]
fn print(text: &str) {
    println!("{text}");
}

/// Keeps the figures of a run for later comparison.
fn keep(name: &str, figures: &Value) -> Result<()> {
    let path = project::target().join("bench").join(format!("{name}.json"));
    fs::create_dir_all(path.parent().expect("the file lies in a folder"))?;
    fs::write(&path, format!("{figures:#}\n")).with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("bench: figures kept in {}", project::relative(&path));
    Ok(())
}

//! `cargo xtask fleet`: a fleet of any size in a data directory that `plimsoll serve --data DIR` then opens.
//!
//! Names and versions are those of the shared feeds, and the records go through the ordinary store, so the directory is what it would be
//! had they been reported. The test-kit's example `fleet` does the work.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{process, project};

const USAGE: &str = "cargo xtask fleet --images N --containers M --seed S --data DIR [--feeds DIR]";

/// A fleet to be made.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    pub(crate) images: u64,
    pub(crate) containers: u64,
    pub(crate) seed: u64,
    pub(crate) data: PathBuf,
}

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let mut fleet = Fleet { images: 10_000, containers: 50_000, seed: 1, data: PathBuf::new() };
    let mut feeds = None;
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { bail!("`{}` has no value; usage: {USAGE}", pair[0]) };
        match name.as_str() {
            "--images" => fleet.images = number(value)?,
            "--containers" => fleet.containers = number(value)?,
            "--seed" => fleet.seed = number(value)?,
            "--data" => fleet.data = std::path::absolute(value)?,
            "--feeds" => feeds = Some(std::path::absolute(value)?),
            other => bail!("`{other}` is not an option of fleet; usage: {USAGE}"),
        }
    }
    if fleet.data.as_os_str().is_empty() {
        bail!("--data is missing; usage: {USAGE}");
    }
    make(&fleet)?;
    match feeds {
        Some(feeds) => {
            build("plimsoll", &["--bin", "plimsoll"])?;
            import(&project::target().join("release/plimsoll"), &feeds, &fleet.data)
        }
        None => Ok(()),
    }
}

/// A number, in which `_` may part the digits.
pub(crate) fn number(text: &str) -> Result<u64> {
    text.replace('_', "").parse().with_context(|| format!("`{text}` is not a number"))
}

/// Writes a fleet, or finds that it is there already; hands back what was measured when it was written.
pub(crate) fn make(fleet: &Fleet) -> Result<Option<Value>> {
    let program = example("fleet")?;
    let mut command = process::command(program);
    let [images, containers, seed] =
        [fleet.images, fleet.containers, fleet.seed].map(|number| number.to_string());
    command.args(["make", "--images", &images, "--containers", &containers, "--seed", &seed, "--data"]);
    let printed = standard_output(command.arg(&fleet.data))?;
    printed
        .lines()
        .last()
        .map(serde_json::from_str)
        .transpose()
        .context("the figures of `fleet` cannot be read")
}

/// Compiles a folder of feeds into a data directory.
pub(crate) fn import(program: &Path, feeds: &Path, data: &Path) -> Result<()> {
    let mut command = process::command(program);
    process::run_quiet(command.args(["feeds", "import"]).arg(feeds).arg("--data").arg(data))
}

/// Builds an example of the test-kit with optimisation, and hands back its path. `PLIMSOLL_BENCH_EXAMPLES` names a
/// folder of other builds to take instead.
pub(crate) fn example(name: &str) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("PLIMSOLL_BENCH_EXAMPLES") {
        return Ok(PathBuf::from(folder).join(name));
    }
    build("plimsoll-testkit", &["--example", name])?;
    Ok(project::target().join("release/examples").join(name))
}

fn build(package: &str, what: &[&str]) -> Result<()> {
    let mut command = process::command("cargo");
    command.current_dir(project::root()).args(["build", "--quiet", "--release", "--package", package]);
    process::run(command.args(what))
}

/// Runs with standard error passed through as it comes, and hands back standard output.
pub(crate) fn standard_output(command: &mut Command) -> Result<String> {
    command.stderr(std::process::Stdio::inherit());
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start {program}"))?;
    if !output.status.success() {
        bail!("{program} ended with {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{program} printed invalid UTF-8"))
}

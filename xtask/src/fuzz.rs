//! `cargo xtask fuzz`: gives every reader of foreign bytes bytes that nobody thought of, for a while each.
//!
//! The targets are the programs that `fuzz/Cargo.toml` lists. What a run learns stays under `fuzz/corpus`, beside the small
//! seeds that are in the repository; an input that breaks a target lies under `fuzz/artifacts` then.
//!
//! The decision a reader may doubt: no sanitizer. It doubles the time of everything and finds faults of memory, which safe code
//! cannot have; panics, hangs and too much memory are found without it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::{process, project};

/// Seconds for each target when nobody says otherwise.
const SECONDS: u64 = 60;

/// More memory than this is a find, in MiB.
const MEMORY: &str = "-rss_limit_mb=1024";

/// More seconds than this for one input is a find.
const TIMEOUT: &str = "-timeout=10";

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let (wanted, seconds) = read(arguments)?;
    let known = targets(&fs::read_to_string(folder().join("Cargo.toml"))?)?;
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(name)) {
        bail!("`{unknown}` is not a fuzz target; there are {}", known.join(", "));
    }
    install()?;
    build(&wanted)?;
    let chosen = if wanted.is_empty() { known } else { wanted };
    let broken = run_all(&chosen, seconds)?;
    if broken.is_empty() {
        eprintln!("fuzz: {} targets, nothing found", chosen.len());
        return Ok(());
    }
    bail!("{} of {} targets broke; the inputs are\n  {}", broken.len(), chosen.len(), broken.join("\n  "));
}

/// The targets that are named, and the seconds for each.
fn read(arguments: &[String]) -> Result<(Vec<String>, u64)> {
    let mut wanted = Vec::new();
    let mut seconds = SECONDS;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--seconds" {
            let number = rest.next().context("--seconds needs a number")?;
            seconds = number.parse().with_context(|| format!("`{number}` is not a number of seconds"))?;
        } else if argument.starts_with('-') {
            bail!("`{argument}` is not an option of fuzz");
        } else {
            wanted.push(argument.clone());
        }
    }
    Ok((wanted, seconds))
}

fn folder() -> PathBuf {
    project::root().join("fuzz")
}

/// The names of the programs that a manifest lists, in its order.
fn targets(manifest: &str) -> Result<Vec<String>> {
    let manifest: toml::Table = manifest.parse().context("cannot read fuzz/Cargo.toml")?;
    let programs =
        manifest.get("bin").and_then(toml::Value::as_array).context("fuzz/Cargo.toml lists no target")?;
    let name = |program: &toml::Value| program.get("name").and_then(toml::Value::as_str).map(str::to_owned);
    Ok(programs.iter().filter_map(name).collect())
}

fn install() -> Result<()> {
    if process::run_quiet(process::command("cargo").args(["fuzz", "--version"])).is_ok() {
        return Ok(());
    }
    eprintln!("fuzz: cargo install cargo-fuzz");
    process::run(process::command("cargo").args(["install", "cargo-fuzz", "--locked"]))
}

/// Builds the targets that are named, or all. There are many programs, each linked by itself, so the rest is left alone;
/// `cargo fuzz build` takes one name at a time.
fn build(wanted: &[String]) -> Result<()> {
    eprintln!("fuzz: building");
    if wanted.is_empty() {
        return process::run(&mut build_command());
    }
    wanted.iter().try_for_each(|target| process::run(build_command().arg(target)))
}

/// The flags of coverage are unstable, hence the variable; it is set for this build alone.
fn build_command() -> Command {
    let mut command = process::command("cargo");
    command.current_dir(folder()).env("RUSTC_BOOTSTRAP", "1");
    command.args(["fuzz", "build", "--sanitizer", "none"]);
    command
}

/// Runs the targets, as many at a time as the machine has processors; a line for each that broke.
fn run_all(targets: &[String], seconds: u64) -> Result<Vec<String>> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<String>> {
        let mut broken = Vec::new();
        while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
            let finds = run(target, seconds)?;
            if !finds.is_empty() {
                broken.push(format!("{target}: {}", finds.join(", ")));
            }
        }
        Ok(broken)
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let results = workers.into_iter().map(|worker| worker.join().expect("a worker does not panic"));
        Ok(results.collect::<Result<Vec<_>>>()?.concat())
    })
}

/// Runs one target; hands back the inputs that broke it, those of earlier runs not included.
fn run(target: &str, seconds: u64) -> Result<Vec<String>> {
    let corpus = folder().join("corpus").join(target);
    let artifacts = folder().join("artifacts").join(target);
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let before = files(&artifacts)?;
    let started = Instant::now();
    let mut command = process::command(
        folder().join("target").join(project::host_platform()?).join("release").join(target),
    );
    command.current_dir(folder()).arg(format!("-max_total_time={seconds}")).args([MEMORY, TIMEOUT]);
    command
        .arg("-print_final_stats=1")
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(&corpus);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().with_context(|| format!("cannot start target {target}"))?;
    // the place that `harness::folder` makes for itself; nobody else is left to remove it
    let leftover = format!("plimsoll-fuzz-{}", child.id());
    let output = child.wait_with_output()?;
    for base in [PathBuf::from("/dev/shm"), std::env::temp_dir()] {
        let _ = fs::remove_dir_all(base.join(&leftover));
    }
    let log = String::from_utf8_lossy(&output.stderr);
    let mut finds: Vec<String> = files(&artifacts)?
        .into_iter()
        .filter(|path| !before.contains(path))
        .map(|path| project::relative(&path))
        .collect();
    if finds.is_empty() && !output.status.success() {
        finds.push(format!("ended with {}", output.status));
    }
    if !finds.is_empty() {
        fs::write(artifacts.join("log"), log.as_bytes())?;
    }
    let executions = statistic(&log, "stat::number_of_executed_units:");
    let verdict = if finds.is_empty() { "ok" } else { "BROKEN" };
    eprintln!(
        "fuzz: {target:<19} {executions:>10} executions {:>5} s  {verdict}",
        started.elapsed().as_secs()
    );
    Ok(finds)
}

/// The number behind `name` in the last lines of a run.
fn statistic<'a>(log: &'a str, name: &str) -> &'a str {
    log.lines().rev().find_map(|line| line.strip_prefix(name)).map_or("?", str::trim)
}

/// The files of a folder apart from a kept log.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() != "log" {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_and_seconds_are_read_in_any_order() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(read(&[]).unwrap(), (vec![], SECONDS));
        assert_eq!(read(&words("--seconds 5 qql osv")).unwrap(), (words("qql osv"), 5));
        assert!(read(&words("qql --seconds")).is_err());
        assert!(read(&words("--fast")).is_err());
    }

    #[test]
    fn the_number_of_executions_is_read_from_the_closing_lines() {
        let log = "#2 INITED\nstat::number_of_executed_units: 4711\nstat::peak_rss_mb: 30\n";
        assert_eq!(statistic(log, "stat::number_of_executed_units:"), "4711");
        assert_eq!(statistic("", "stat::number_of_executed_units:"), "?");
    }
}

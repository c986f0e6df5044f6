//! `cargo xtask bench life`: containers of a real runtime live, change and go; at every step the server must say of them what the
//! runtime says, and what dpkg, pip and npm say in them.
//!
//! The runtime is a dockerd or podman of the bench's own, the server has the shared feeds, and the sensor is the one that is shipped, with
//! its default limits. The packages that containers install are real and need no network.
//!
//! The decision a reader may doubt: a difference is one only after the server was given time, because a look into containers happens at
//! intervals. How long it took until both sides were equal is told beside the number of differences.

mod commit;
mod compare;
pub(super) mod daemon;
mod inside;
mod latency;
pub(super) mod plimsoll;
mod scenario;
mod shown;
mod supply;
mod walk;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use self::daemon::{Daemon, Kind};
use self::latency::percentile;
use self::plimsoll::Plimsoll;
use self::scenario::{Family, STEPS};
use self::walk::{Outcome, Walk};
use super::{keep, print, release_program, table};
use crate::{fixtures, project, setup};

const USAGE: &str = "[--runtime docker|podman|both] [--containers N] [--latency N] [--look SECONDS]";
/// The most differences of a step that are printed.
const SHOWN: usize = 40;

pub(super) fn run(arguments: &[String]) -> Result<()> {
    let options = Options::read(arguments)?;
    setup::install_tools()?;
    fixtures::build(&Family::ALL.map(Family::fixture))?;
    let program = release_program()?;
    let supply = supply::prepare()?;
    let mut figures = Vec::new();
    let mut differences = 0;
    for kind in &options.kinds {
        let (outcomes, latency) = life(*kind, &options, &program, &supply)?;
        differences += outcomes.iter().map(|outcome| outcome.differences.len()).sum::<usize>();
        figures.push(told(*kind, &options, &outcomes, &latency));
    }
    keep("life", &Value::Array(figures))?;
    if differences > 0 {
        bail!("{differences} differences between the server and what is true");
    }
    Ok(())
}

struct Options {
    kinds: Vec<Kind>,
    containers: usize,
    latency: usize,
    look_seconds: u32,
}

impl Options {
    fn read(arguments: &[String]) -> Result<Self> {
        let kinds = vec![Kind::Docker, Kind::Podman];
        let mut options = Self { kinds, containers: 50, latency: 100, look_seconds: 10 };
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { bail!("{} has no value; bench life {USAGE}", pair[0]) };
            let number = || value.parse().with_context(|| format!("{name} takes a number"));
            match (name.as_str(), value.as_str()) {
                ("--runtime", "docker") => options.kinds = vec![Kind::Docker],
                ("--runtime", "podman") => options.kinds = vec![Kind::Podman],
                ("--runtime", "both") => {}
                ("--containers", _) => options.containers = number()?,
                ("--latency", _) => options.latency = number()?,
                ("--look", _) => options.look_seconds = number()? as u32,
                _ => bail!("`{name} {value}` is not an option of bench life {USAGE}"),
            }
        }
        Ok(options)
    }
}

/// One runtime from beginning to end.
fn life(
    kind: Kind,
    options: &Options,
    program: &Path,
    supply: &Path,
) -> Result<(Vec<Outcome>, latency::Latency)> {
    let work = project::target().join("bench/life").join(kind.name());
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;
    eprintln!("bench: {} with a data root of its own", kind.name());
    let daemon = Daemon::start(kind)?;
    let mut images = BTreeMap::new();
    for family in Family::ALL {
        images.insert(family, daemon.load(&fixtures::output(family.fixture(), "docker.tar"))?);
    }
    let plimsoll = Plimsoll::start(program, &work, kind, &daemon, options.look_seconds)?;
    let mut walk = Walk::new(&daemon, &plimsoll, supply, options.look_seconds);
    let (mut containers, outcome) = walk.start(&images, options.containers)?;
    let mut outcomes = vec![said(outcome)];
    for step in STEPS {
        if step.name == scenario::BEFORE_COMMIT {
            outcomes.push(said(walk.commit(&containers)?));
        }
        outcomes.push(said(walk.step(step, &mut containers)?));
    }
    // news that come late would show now
    std::thread::sleep(std::time::Duration::from_secs(u64::from(2 * options.look_seconds)));
    outcomes.push(said(walk.look("two looks later", &mut containers)?));
    outcomes.push(said(walk.remove(&mut containers)?));
    let names: Vec<&str> = images.values().map(String::as_str).collect();
    eprintln!("bench: {} containers one after the other", options.latency);
    let latency = latency::measure(&daemon, &plimsoll, &names, options.latency)?;
    for line in plimsoll.troubles(&work)? {
        eprintln!("bench: the sensor said: {line}");
    }
    plimsoll.stop()?;
    Ok((outcomes, latency))
}

/// Tells of a step as soon as it is over.
fn said(outcome: Outcome) -> Outcome {
    eprintln!(
        "bench: {}: {} of {} containers, {} differences",
        outcome.name,
        outcome.touched,
        outcome.containers,
        outcome.differences.len()
    );
    for line in outcome.differences.iter().take(SHOWN) {
        eprintln!("  {line}");
    }
    outcome
}

/// Prints the tables; gives the figures.
fn told(kind: Kind, options: &Options, outcomes: &[Outcome], latency: &latency::Latency) -> Value {
    let rows: Vec<Vec<String>> = outcomes
        .iter()
        .map(|outcome| {
            let seconds = |part: f64| match outcome.seconds.is_empty() {
                true => "–".to_owned(),
                false => format!("{:.1}", percentile(&outcome.seconds, part)),
            };
            vec![
                outcome.name.clone(),
                outcome.containers.to_string(),
                outcome.touched.to_string(),
                outcome.packages.to_string(),
                outcome.files.to_string(),
                outcome.differences.len().to_string(),
                seconds(0.5),
                seconds(1.0),
            ]
        })
        .collect();
    let headings =
        ["step", "containers", "touched", "packages", "files", "differences", "equal p50 s", "max s"];
    print(&format!(
        "\n{}: {} containers, a look into them every {} s\n{}",
        kind.name(),
        options.containers,
        options.look_seconds,
        table::render(&headings, &rows)
    ));
    let (from_start, start_figures) = latency::row("from the start of run", &latency.from_start);
    let (from_return, return_figures) = latency::row("from its return", &latency.from_return);
    let headings = ["in GET /containers with findings, ms", "p50", "p95", "p99", "max"];
    print(&format!(
        "\n{} containers\n{}",
        latency.from_start.len(),
        table::render(&headings, &[from_start, from_return])
    ));
    let steps: Vec<Value> = outcomes
        .iter()
        .map(|outcome| {
            json!({
                "step": outcome.name, "containers": outcome.containers, "touched": outcome.touched,
                "packages": outcome.packages, "files": outcome.files, "differences": outcome.differences,
                "seconds": outcome.seconds,
            })
        })
        .collect();
    json!({
        "runtime": kind.name(), "steps": steps,
        "latencyMilliseconds": { "fromStart": start_figures, "fromReturn": return_figures },
    })
}

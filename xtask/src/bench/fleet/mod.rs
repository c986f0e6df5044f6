//! `cargo xtask bench fleet --images N`: what a fleet of any size costs, and how fast it answers, beside the figures to reach.
//!
//! One run makes the fleet (or takes the one that is there), starts the release server on it and measures it from outside: over
//! HTTP on loopback, by a client of the test-kit that is built with optimisation. The export stands beside nginx serving the same pages as files,
//! and with `--postgres` the questions stand beside a textbook schema in PostgreSQL.
//!
//! The decision a reader may doubt: client and server share the machine's processors, as they do wherever a small machine
//! is measured. The same client reads from nginx, so the ratio is fair; bare rates would be higher from another machine.

mod compare;
mod nginx;
mod outcome;
mod postgres;
pub(super) mod server;
mod steps;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use super::{keep, print, release_program};
use crate::fleet::{self, Fleet, number};
use crate::project;
use outcome::Outcome;
use steps::Bench;

const USAGE: &str = "--images N [--containers M] [--seed S] [--data DIR] [--reports N] [--postgres]";

pub(super) fn run(arguments: &[String]) -> Result<()> {
    let options = Options::read(arguments)?;
    let program = release_program()?;
    let client = fleet::example("fleet_bench")?;
    let work = project::target().join("bench/fleet");
    fs::create_dir_all(&work)?;
    let mut outcome = Outcome::new(&options.fleet);
    let made = fleet::make(&options.fleet)?;
    outcome.made(made.as_ref());
    let bench = Bench { program, client, work, fleet: options.fleet, reports: options.reports };
    bench.import(&mut outcome)?;
    bench.measure(&mut outcome)?;
    if options.postgres {
        bench.postgres(&mut outcome);
    }
    print(&outcome.table());
    keep(&format!("fleet-{}", bench.fleet.images), &outcome.figures())
}

struct Options {
    fleet: Fleet,
    reports: u64,
    postgres: bool,
}

impl Options {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut fleet = Fleet { images: 10_000, containers: 0, seed: 1, data: PathBuf::new() };
        let (mut containers, mut reports, mut postgres) = (None, 3_000, false);
        let mut left = arguments.iter();
        while let Some(name) = left.next() {
            let mut value =
                || left.next().with_context(|| format!("{name} has no value; bench fleet {USAGE}"));
            match name.as_str() {
                "--images" => fleet.images = number(value()?)?,
                "--containers" => containers = Some(number(value()?)?),
                "--seed" => fleet.seed = number(value()?)?,
                "--data" => fleet.data = std::path::absolute(value()?)?,
                "--reports" => reports = number(value()?)?,
                "--postgres" => postgres = true,
                other => bail!("`{other}` is not an option of bench fleet {USAGE}"),
            }
        }
        fleet.containers = containers.unwrap_or(fleet.images * 5);
        if fleet.data.as_os_str().is_empty() {
            let name = format!("data-{}-{}-{}", fleet.images, fleet.containers, fleet.seed);
            fleet.data = project::target().join("bench/fleet").join(name);
        }
        Ok(Self { fleet, reports, postgres })
    }
}

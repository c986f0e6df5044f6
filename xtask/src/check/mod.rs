//! `cargo xtask check`: the one gate. CI runs nothing else, so green here is green there.
//!
//! Steps run from cheap to dear and the first failure ends the run: what a person can fix in seconds should not wait
//! behind a build. Programs print as they go; a line before and after each step says where one is.

mod dependency;
mod licence;
mod source;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::{fixtures, generate, postgres, process, project, sboms, setup};

/// One thing that must hold.
struct Step {
    name: &'static str,
    /// Left out by `--fast`.
    slow: bool,
    run: fn() -> Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "format", slow: false, run: format },
    Step { name: "length", slow: false, run: source::check_length },
    Step { name: "marks", slow: false, run: source::check_marks },
    Step { name: "links", slow: false, run: source::check_links },
    Step { name: "used", slow: false, run: dependency::check_used },
    Step { name: "documented", slow: false, run: dependency::check_documented },
    Step { name: "licences", slow: false, run: dependency::check_licences },
    Step { name: "duplicates", slow: false, run: dependency::check_duplicates },
    Step { name: "clippy", slow: false, run: clippy },
    Step { name: "docs", slow: true, run: documentation },
    Step { name: "setup", slow: true, run: setup::install_tools },
    Step { name: "fixtures", slow: true, run: || fixtures::build(&[]) },
    Step { name: "schemas", slow: true, run: setup::install_schemas },
    Step { name: "sboms", slow: true, run: sboms::build },
    Step { name: "doctests", slow: false, run: doctests },
    Step { name: "generated", slow: false, run: generate::check },
    // Last, so that the runner's closing line is the last thing that is read.
    Step { name: "tests", slow: false, run: tests },
];

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let fast = arguments.iter().any(|argument| argument == "--fast");
    let named: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| *argument != "--fast").collect();
    if let Some(unknown) = named.iter().find(|name| !STEPS.iter().any(|step| step.name == **name)) {
        let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        bail!("`{unknown}` is not a step of check; there are {}", known.join(", "));
    }
    let wanted =
        |step: &&Step| if named.is_empty() { !(fast && step.slow) } else { named.contains(&step.name) };

    let started = Instant::now();
    for step in STEPS.iter().filter(wanted) {
        eprintln!("check: {} …", step.name);
        let step_started = Instant::now();
        (step.run)().with_context(|| format!("check failed at step `{}`", step.name))?;
        eprintln!("check: {} ok ({})", step.name, seconds(step_started.elapsed()));
    }
    eprintln!("check: everything ok ({})", seconds(started.elapsed()));
    Ok(())
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn cargo(arguments: &[&str]) -> std::process::Command {
    let mut command = process::command("cargo");
    command.current_dir(project::root()).args(arguments);
    command
}

fn format() -> Result<()> {
    process::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    // not a member of the workspace
    process::run(&mut cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
}

fn clippy() -> Result<()> {
    process::run(&mut cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn documentation() -> Result<()> {
    process::run(cargo(&["doc", "--quiet", "--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Doctests build one program each, so they are only started when somebody wrote one.
fn doctests() -> Result<()> {
    if !source::has_doctests()? {
        eprintln!("check: no documentation holds an example that runs");
        return Ok(());
    }
    process::run(&mut cargo(&["test", "--quiet", "--workspace", "--doc"]))
}

fn tests() -> Result<()> {
    let nextest = process::run_quiet(&mut cargo(&["nextest", "--version"])).is_ok();
    if nextest {
        let quiet = ["--status-level", "fail", "--final-status-level", "fail", "--no-fail-fast"];
        return process::run(demanding(&mut cargo(&["nextest", "run", "--workspace"])).args(quiet));
    }
    eprintln!("check: cargo-nextest is not installed, running cargo test");
    let options = ["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"];
    process::run(demanding(&mut cargo(&options)))
}

/// Where there is a PostgreSQL server, and the step `setup` fetches one, tests that do not find it fail. Where container runtimes cannot be, it
/// is said, because a test that is left out counts as passed; `PLIMSOLL_DEMAND_RUNTIMES=1` makes it fail.
fn demanding(command: &mut std::process::Command) -> &mut std::process::Command {
    if postgres::is_there() {
        command.env("PLIMSOLL_DEMAND_POSTGRES", "1");
    }
    if let Some(reason) = setup::lacks_runtimes() {
        eprintln!("check: the tests over container runtimes are left out: {reason}");
    }
    command
}

//! The workshop: what a developer or CI runs around the program, as `cargo xtask COMMAND`.
//!
//! Not for anything that ships: nothing here is linked into `plimsoll`. It stays on the standard library and three small
//! crates so that it compiles in seconds, and drives the real tools (cargo, apt, pip, umoci) as processes.

mod bench;
mod check;
mod class_digests;
mod differential;
mod fixtures;
mod fleet;
mod fuzz;
mod generate;
mod postgres;
mod process;
mod project;
mod sboms;
mod schema;
mod setup;
mod unpacked;
mod versions;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  setup [--peers] [--schemas]
                         install what the other commands need; --peers adds the scanners that the bench compares with,
                         --schemas the official schemas of what is written
  fixtures [--small] [--all] [NAME…]
                         build the real images under target/fixtures; --small: only what the tests need at least,
                         --all: those of the scan bench, too
  sboms                  write bills of materials of the fixtures with Syft, Trivy and Plimsoll, for the tests
  check [--fast] [STEP…]
                         what CI runs; --fast leaves out documentation and fixtures; steps can be named one by one
  bench [NAME]           run a bench; without a name, lists them
  differential [N]       lay N (10000) random stacks of layers over each other, by a scan and by umoci
  differential fleet [N] [SEED]
                         put N (100000) random questions to random fleets, to the server and to a walk through its records
  differential judge [N] judge every package of the feeds in N (12) versions, by the engine and by brute force
  fleet --images N --containers M --seed S --data DIR [--feeds DIR]
                         write a fleet of real package names into a data directory, and the vulnerability data of a folder of feeds
  fuzz [TARGET…] [--seconds N]
                         give the readers of foreign bytes odd input, N seconds (60) each; all targets or those named
  versions [SCHEME…]     hold the order of versions against the programs that define it, on real versions out of the feeds
  class-digests FOLDER   take the classes of the jars in a folder into the table of known classes
  generate [--check]     write the generated pages; --check fails when one is stale
";

fn main() -> ExitCode {
    match dispatch(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: Vec<String>) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else {
        eprint!("{USAGE}");
        bail!("a command is missing");
    };
    match command.as_str() {
        "setup" => setup::command(rest),
        "fixtures" => fixtures::command(rest),
        "sboms" => match rest {
            [] => sboms::build(),
            rest => bail!("`{}` is not an option of sboms", rest.join(" ")),
        },
        "check" => check::command(rest),
        "bench" => bench::command(rest),
        "differential" => differential::command(rest),
        "fleet" => fleet::command(rest),
        "fuzz" => fuzz::command(rest),
        "versions" => versions::command(rest),
        "class-digests" => class_digests::command(rest),
        "generate" => generate::command(rest),
        "help" | "--help" | "-h" => {
            eprint!("{USAGE}");
            Ok(())
        }
        other => {
            eprint!("{USAGE}");
            bail!("`{other}` is not a command");
        }
    }
}

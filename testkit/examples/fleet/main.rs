//! Writes a fleet into a data directory, through the ordinary store: `cargo xtask fleet` runs it.
//!
//! `fleet make --images N --containers M --seed S --data DIR` writes what is missing of the fleet; `fleet weigh --images N --seed S [--bundle FILE]`
//! makes images without writing them and tells what they hold, with `--bundle` also what is found in them.

#![expect(clippy::print_stdout, reason = "its output is its result")]

mod make;
mod weigh;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use testkit::fleet_builder::{Fleet, Sizes};

const USAGE: &str = "usage: fleet make --images N --containers M --seed S --data DIR\n       fleet weigh --images N --seed S [--bundle FILE]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let [command, options @ ..] = arguments else { return Err(USAGE.to_owned()) };
    let options = Options::read(options)?;
    let sizes =
        Sizes { images: options.number("images", 10_000)?, containers: options.number("containers", 0)? };
    let seed = options.number("seed", 1)?;
    eprintln!("fleet: reading names and versions out of the shared feeds");
    let fleet = Fleet::new(seed, sizes)?;
    match command.as_str() {
        "make" => {
            let data = options.path("data").ok_or(USAGE)?;
            make::make(&fleet, seed, &data)
        }
        "weigh" => weigh::weigh(&fleet, options.path("bundle").as_deref()),
        _ => Err(USAGE.to_owned()),
    }
}

/// `--name value` pairs.
struct Options(HashMap<String, String>);

impl Options {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut found = HashMap::new();
        for pair in arguments.chunks(2) {
            match pair {
                [name, value] if name.starts_with("--") => {
                    found.insert(name[2..].to_owned(), value.clone());
                }
                _ => return Err(format!("`{}` is not an option with a value\n{USAGE}", pair.join(" "))),
            }
        }
        Ok(Self(found))
    }

    fn number(&self, name: &str, otherwise: u64) -> Result<u64, String> {
        let Some(text) = self.0.get(name) else { return Ok(otherwise) };
        text.replace('_', "").parse().map_err(|_| format!("--{name}: `{text}` is not a number"))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(name).map(PathBuf::from)
    }
}

//! What a client of a fleet's server measures: `cargo xtask bench fleet` runs it, built with optimisation.
//!
//! Each command prints one line of JSON. `ask` puts the questions, `export` reads all images page by page, `files` reads saved pages from
//! a server of static files, `live` exports while records change, `report` sends new reports, `feeds` writes feeds that say something new
//! about a number of vulnerabilities, `shown` waits until a list shows it, `rows` writes the fleet as tables for PostgreSQL.

#![expect(clippy::print_stdout, reason = "its output is its result")]

mod ask;
mod client;
mod export;
mod feeds;
mod live;
mod questions;
mod report;
mod rows;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use client::Client;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<String, String> {
    let [command, options @ ..] = arguments else { return Err("a command is missing".to_owned()) };
    let options = Options::read(options)?;
    let figures = match command.as_str() {
        "ask" => ask::ask(&options),
        "export" => export::export(&options),
        "files" => export::files(&options),
        "live" => live::live(&options),
        "report" => report::report(&options),
        "feeds" => feeds::change(&options),
        "shown" => feeds::shown(&options),
        "rows" => rows::write(&options),
        other => Err(format!("`{other}` is not a command")),
    };
    figures.map(|figures| figures.to_string())
}

/// `--name value` pairs.
pub(crate) struct Options(HashMap<String, String>);

impl Options {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut found = HashMap::new();
        for pair in arguments.chunks(2) {
            match pair {
                [name, value] if name.starts_with("--") => {
                    found.insert(name[2..].to_owned(), value.clone());
                }
                _ => return Err(format!("`{}` is not an option with a value", pair.join(" "))),
            }
        }
        Ok(Self(found))
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, String> {
        self.0.get(name).map(String::as_str).ok_or_else(|| format!("--{name} is missing"))
    }

    pub(crate) fn number(&self, name: &str, otherwise: u64) -> Result<u64, String> {
        let Some(text) = self.0.get(name) else { return Ok(otherwise) };
        text.parse().map_err(|_| format!("--{name}: `{text}` is not a number"))
    }

    pub(crate) fn path(&self, name: &str) -> Result<PathBuf, String> {
        self.text(name).map(PathBuf::from)
    }

    /// Signs in at `--address` as `--user` with `--password`.
    pub(crate) fn client(&self) -> Result<Client, String> {
        Client::sign_in(self.text("address")?, self.text("user")?, self.text("password")?)
    }
}

/// The value below which `part` of a hundred lie; the list is sorted.
pub(crate) fn percentile(sorted: &[f64], part: usize) -> f64 {
    sorted.get((sorted.len() * part / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

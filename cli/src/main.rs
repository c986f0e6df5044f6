//! The program `plimsoll`: scan an image, serve the API, load vulnerability data, manage accounts.
//!
//! Data goes to standard output, everything else (progress, logs, errors) to standard error. Exit codes:
//! 0 done, 1 failed, 2 wrong usage, 3 (or a chosen number) a scan that meets its policy; see docs/reference/exit-codes.md.

mod admin;
mod compare_versions;
mod explain;
mod feeds;
mod import;
mod judge;
mod lines;
mod logging;
mod output;
mod push;
mod query;
mod registry;
mod scan;
mod sensor;
mod serve;
mod settings;
mod up;
mod verdict;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The exit code that the argument parser has for its own refusals.
const WRONG_USAGE: u8 = 2;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Container security in one program: what is inside, what is vulnerable, what has a fix
#[derive(Parser)]
#[command(name = "plimsoll", version, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    logging: logging::LoggingArgs,
    #[command(flatten)]
    colours: output::ColourArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a server, load vulnerability data, scan something real and say what to try next
    Up(up::UpArgs),
    /// Serve the API from a data directory
    Serve(serve::ServeArgs),
    /// List the packages of an image, root file system or bill of materials and what is known to be wrong with them
    Scan(scan::ScanArgs),
    /// Tell why an image has a finding, or has none
    Explain(explain::ExplainArgs),
    /// Tell what is known about packages, given as package URLs, one a line
    Judge(judge::JudgeArgs),
    /// Compare pairs of versions, one pair a line, with a tab between the two
    CompareVersions(compare_versions::CompareVersionsArgs),
    /// Find images, containers, software or vulnerabilities, on a server or in a data directory
    Query(query::QueryArgs),
    /// Watch the container runtimes of this host and tell a server what there is
    Sensor(sensor::SensorArgs),
    /// Load vulnerability data and show what is loaded
    #[command(subcommand)]
    Feeds(feeds::FeedsCommand),
    /// Look after registries that a server knows, and walk through them
    #[command(subcommand)]
    Registry(registry::RegistryCommand),
    /// Bring records of other tools into a server
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Manage accounts and tags in a data directory, and check it
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Read one image for a sensor, which started this
    #[command(hide = true)]
    SensorReader,
    /// Print generated reference pages
    #[command(hide = true)]
    Docs {
        /// The page: settings
        page: String,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let colours = cli.colours;
    let server = matches!(cli.command, Command::Up(_) | Command::Serve(_) | Command::Sensor(_));
    logging::start(&cli.logging, server, colours.wanted(&std::io::stderr()));
    let done = |()| ExitCode::SUCCESS;
    let outcome = match cli.command {
        Command::Up(args) => up::run(args).map(done),
        Command::Serve(args) => serve::run(args).map(done),
        Command::Scan(args) => scan::run(&args, colours),
        Command::Explain(args) => explain::run(&args, colours),
        Command::Judge(args) => judge::run(&args).map(done),
        Command::CompareVersions(args) => compare_versions::run(&args).map(done),
        Command::Query(args) => query::run(&args).map(done),
        Command::Sensor(args) => sensor::run(&args).map(done),
        Command::SensorReader => sensor::read_image().map(done),
        Command::Feeds(command) => feeds::run(command).map(done),
        Command::Registry(command) => registry::run(&command).map(done),
        Command::Import(command) => import::run(command).map(done),
        Command::Admin(command) => admin::run(command),
        Command::Docs { page } => output::docs(&page).map(done),
    };
    match outcome {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            if output::is_usage(&error) { ExitCode::from(WRONG_USAGE) } else { ExitCode::FAILURE }
        }
    }
}

/// The reader of our output went away (`plimsoll scan … | head`): nobody is left to be told.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        let own = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        // A JSON writer does not give the error that it met as its source.
        own.or_else(|| cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind))
    };
    error.chain().any(|cause| kind(cause) == Some(std::io::ErrorKind::BrokenPipe))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_went_away_is_known_through_a_json_writer() {
        struct Gone;
        impl std::io::Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let error = serde_json::to_writer(Gone, "text").unwrap_err();
        assert!(is_broken_pipe(&anyhow::Error::new(error).context("cannot write to standard output")));
        assert!(!is_broken_pipe(&anyhow::anyhow!("broken pipe")));
    }
}

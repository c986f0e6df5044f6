//! `plimsoll feeds`: vulnerability data in and out, and what is loaded. One file for each command.

mod build;
mod diff;
mod export;
mod import;
mod keygen;
mod report;
mod signing;
mod status;
mod update;
mod verify;

use std::path::PathBuf;

use server::settings::DEFAULT_DATA;

/// Where the data goes to.
#[derive(clap::Args)]
pub(crate) struct DataArgs {
    /// Data directory of the server
    #[arg(long, env = "PLIMSOLL_DATA", value_name = "DIR", default_value = DEFAULT_DATA)]
    pub(crate) data: PathBuf,
}

/// Which feeds may shrink.
#[derive(clap::Args)]
pub(crate) struct ShrinkArgs {
    /// Take a feed even if it has lost more than a tenth of its records; once for each feed, by the name in `feeds status`
    #[arg(long, value_name = "FEED")]
    allow_shrink: Vec<String>,
}

#[derive(clap::Subcommand)]
pub(crate) enum FeedsCommand {
    /// Put a folder of feeds, a bundle or a delta in force in the data directory
    Import(import::ImportArgs),
    /// Download what has changed in the public feeds and compile them into the data directory
    Update(update::UpdateArgs),
    /// Show the sources of the data in force and what came of their last download
    Status(status::StatusArgs),
    /// Compile a folder of feeds into a bundle file
    Build(build::BuildArgs),
    /// Check a bundle, packed or not, or a delta: is it whole, can all of it be read, who signed it
    Verify(verify::VerifyArgs),
    /// Write the bundle in force, or what changed since another one, to a file
    Export(export::ExportArgs),
    /// Show what two bundles say differently
    Diff(diff::DiffArgs),
    /// Make a pair of keys for signing bundles
    Keygen(keygen::KeygenArgs),
}

pub(crate) fn run(command: FeedsCommand) -> anyhow::Result<()> {
    match command {
        FeedsCommand::Import(args) => import::run(&args),
        FeedsCommand::Update(args) => update::run(&args),
        FeedsCommand::Status(args) => status::run(&args),
        FeedsCommand::Build(args) => build::run(&args),
        FeedsCommand::Verify(args) => verify::run(&args),
        FeedsCommand::Export(args) => export::run(&args),
        FeedsCommand::Diff(args) => diff::run(&args),
        FeedsCommand::Keygen(args) => keygen::run(&args),
    }
}

/// What the compiler says while it works.
fn progress(line: &str) {
    tracing::info!("{line}");
}

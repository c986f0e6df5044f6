//! `plimsoll feeds`: vulnerability data in, and what is loaded.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use knowledge::{Bundle, CompileReport, KnowledgeDir};
use server::settings::DEFAULT_DATA;
use server::{DataDir, jobs};

use crate::output::printable;

/// Where the data goes to.
#[derive(clap::Args)]
pub(crate) struct DataArgs {
    /// Data directory of the server
    #[arg(long, env = "PLIMSOLL_DATA", value_name = "DIR", default_value = DEFAULT_DATA)]
    pub(crate) data: PathBuf,
}

#[derive(clap::Subcommand)]
pub(crate) enum FeedsCommand {
    /// Compile a folder of feeds, in their publishers' formats, into the data directory
    Import {
        /// The folder; what it holds is recognised, what is not is named
        folder: PathBuf,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Download the public feeds and compile them into the data directory
    Update {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Show the sources of the data in force
    Status {
        #[command(flatten)]
        data: DataArgs,
    },
}

pub(crate) fn run(command: FeedsCommand) -> anyhow::Result<()> {
    let progress = |line: &str| tracing::info!("{line}");
    match command {
        FeedsCommand::Import { folder, data } => {
            DataDir::create(&data.data)?;
            print_report(&jobs::feeds::import(&data.data, &folder, &progress)?)
        }
        FeedsCommand::Update { data } => {
            DataDir::create(&data.data)?;
            print_report(&jobs::feeds::update(&data.data, &progress)?)
        }
        FeedsCommand::Status { data } => print_status(&data),
    }
}

fn print_report(report: &CompileReport) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for source in &report.sources {
        writeln!(
            out,
            "loaded   {:<12} {:>8} records  {}",
            source.feed,
            source.records,
            printable(&source.path.to_string_lossy())
        )?;
        if source.quarantined_count > 0 {
            writeln!(out, "         {:<12} {:>8} quarantined", "", source.quarantined_count)?;
            for example in &source.quarantined {
                writeln!(out, "             {}: {}", printable(&example.record), printable(&example.reason))?;
            }
        }
    }
    for (path, reason) in &report.skipped {
        writeln!(out, "skipped  {}: {}", printable(&path.to_string_lossy()), printable(reason))?;
    }
    Ok(())
}

fn print_status(data: &DataArgs) -> anyhow::Result<()> {
    let current = KnowledgeDir::new(&data.data).current().with_context(|| {
        format!(
            "no vulnerability data in {}; load some with `plimsoll feeds import FOLDER` or `plimsoll feeds update`",
            data.data.display()
        )
    })?;
    let bundle = Bundle::open(&current)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "bundle {}", bundle.id())?;
    for source in &bundle.manifest().sources {
        writeln!(
            out,
            "{:<12} {:>8} records  {:>6} quarantined  {:<20}  {}",
            source.feed,
            source.records,
            source.quarantined,
            source.date.map_or_else(|| "no date".to_owned(), model::Timestamp::to_rfc3339),
            source.licence
        )?;
    }
    Ok(())
}

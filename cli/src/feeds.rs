//! `plimsoll feeds`: vulnerability data in, and what is loaded.

mod status;

use std::io::Write as _;
use std::path::PathBuf;

use knowledge::CompileReport;
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

/// Which feeds may shrink.
#[derive(clap::Args)]
pub(crate) struct ShrinkArgs {
    /// Take a feed even if it has lost more than a tenth of its records; once for each feed, by the name in `feeds status`
    #[arg(long, value_name = "FEED")]
    allow_shrink: Vec<String>,
}

/// Arguments of `plimsoll feeds update`.
#[derive(clap::Args)]
pub(crate) struct UpdateArgs {
    /// Download only these feeds (docs/reference/feeds.md lists them); what was downloaded before stays in force
    #[arg(long, value_name = "FEED", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,
    /// Do not download these feeds
    #[arg(
        long,
        visible_alias = "feeds-without",
        env = "PLIMSOLL_FEEDS_WITHOUT",
        value_name = "FEED",
        num_args = 1..,
        value_delimiter = ','
    )]
    without: Vec<String>,
    /// Download these feeds as well although they are off, because of their terms
    #[arg(
        long,
        visible_alias = "feeds-also",
        env = "PLIMSOLL_FEEDS_ALSO",
        value_name = "FEED",
        num_args = 1..,
        value_delimiter = ','
    )]
    also: Vec<String>,
    /// Mirror of the feeds' publishers: it serves https://HOST/PATH as URL/HOST/PATH
    #[arg(long, env = "PLIMSOLL_FEEDS_MIRROR", value_name = "URL")]
    feeds_mirror: Option<String>,
    /// Key of the National Vulnerability Database, with which its API answers ten times as often
    #[arg(long, env = "PLIMSOLL_NVD_API_KEY", value_name = "KEY", hide_env_values = true)]
    nvd_api_key: Option<String>,
    #[command(flatten)]
    shrink: ShrinkArgs,
    #[command(flatten)]
    data: DataArgs,
}

impl UpdateArgs {
    fn options(&self) -> jobs::feeds::UpdateOptions {
        jobs::feeds::UpdateOptions {
            only: self.only.clone(),
            without: self.without.clone(),
            also: self.also.clone(),
            mirror: self.feeds_mirror.clone(),
            nvd_api_key: self.nvd_api_key.clone(),
            allow_shrink: self.shrink.allow_shrink.clone(),
        }
    }
}

#[derive(clap::Subcommand)]
pub(crate) enum FeedsCommand {
    /// Compile a folder of feeds, in their publishers' formats, into the data directory
    Import {
        /// The folder; what it holds is recognised, what is not is named
        folder: PathBuf,
        #[command(flatten)]
        shrink: ShrinkArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Download what has changed in the public feeds and compile them into the data directory
    Update(UpdateArgs),
    /// Show the sources of the data in force and what came of their last download
    Status(status::StatusArgs),
}

pub(crate) fn run(command: FeedsCommand) -> anyhow::Result<()> {
    let progress = |line: &str| tracing::info!("{line}");
    match command {
        FeedsCommand::Import { folder, shrink, data } => {
            DataDir::create(&data.data)?;
            print_report(&jobs::feeds::import_with(&data.data, &folder, &shrink.allow_shrink, &progress)?)
        }
        FeedsCommand::Update(args) => {
            DataDir::create(&args.data.data)?;
            print_report(&jobs::feeds::update(&args.data.data, &args.options(), &progress)?)
        }
        FeedsCommand::Status(args) => status::run(&args),
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
    for warning in &report.warnings {
        writeln!(out, "warning  {}", printable(warning))?;
    }
    for (path, reason) in &report.skipped {
        writeln!(out, "skipped  {}: {}", printable(&path.to_string_lossy()), printable(reason))?;
    }
    Ok(())
}

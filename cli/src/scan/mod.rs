//! `plimsoll scan`: the packages of one image or root file system, and what is known to be wrong with them.

mod bundle;
mod progress;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use image::{OpenImage, OpenOptions, Platform, Source};
use knowledge::Bundle;
use model::ScanReport;

use crate::output::{self, Format};
use crate::push::PushArgs;

/// Arguments of `plimsoll scan`.
#[derive(clap::Args)]
pub(crate) struct ScanArgs {
    /// A docker-archive or OCI archive file, an OCI layout directory or a root file system directory; recognised by
    /// itself or by a prefix: docker-archive:, oci-archive:, oci-dir:, dir:
    source: String,
    /// Form of the output
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    bundle: bundle::BundleArgs,
    #[command(flatten)]
    reading: ReadArgs,
    /// Who reports it, as shown by the server
    #[arg(long, value_name = "WORD", default_value = "COMMAND_LINE")]
    report_source: String,
    /// Tags to put on the image when it is sent to a server, separated by commas
    #[arg(long = "tag", value_delimiter = ',')]
    tags: Vec<String>,
    #[command(flatten)]
    push: PushArgs,
}

/// How images are read; shared with `plimsoll up`.
#[derive(clap::Args, Clone)]
pub(crate) struct ReadArgs {
    /// Which image of a multi-platform index, such as linux/arm64; without it this machine's platform
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<String>,
    /// Which image of an archive that holds several, by its name
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// Directory of the layer cache; without it `plimsoll` in the user's cache directory
    #[arg(long, env = "PLIMSOLL_CACHE_DIR", value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// Read every layer again and keep nothing
    #[arg(long)]
    no_cache: bool,
    /// How many layers are read at a time; without it one for each processor
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// No progress bar, which is shown on a terminal only
    #[arg(long)]
    no_progress: bool,
    /// Nothing on standard error but failures
    #[arg(short, long)]
    quiet: bool,
}

pub(crate) fn run(args: &ScanArgs) -> anyhow::Result<()> {
    let target = args.push.target()?;
    let image = open(&args.source, &args.reading)?;
    // A server judges by its own data.
    let wanted = args.output.is_some() || target.is_none();
    let knowledge = match wanted {
        true => args.bundle.open(args.reading.cache_dir().as_deref(), args.reading.quiet)?,
        false => None,
    };
    let report = catalog(&image, &args.reading, &args.report_source, &args.tags)?;
    if wanted {
        output::write(args.format, args.output.as_deref(), &report, knowledge.as_deref())?;
    }
    if let Some(target) = target {
        let json = serde_json::to_vec(&report).context("cannot encode the report")?;
        target.post("api/v1/reports", &json)?;
        if !args.reading.quiet {
            output::note(&format!("report of {} sent to {}", report.image.id, target.url()));
        }
    }
    if !args.reading.quiet {
        tell_unreadable(&report);
    }
    Ok(())
}

/// Finds the image and reads its documents.
pub(crate) fn open(source: &str, args: &ReadArgs) -> anyhow::Result<OpenImage> {
    let source = Source::detect(source)?;
    let platform = args.platform.as_deref().map(str::parse::<Platform>).transpose()?;
    let options = OpenOptions { platform, reference: args.image.clone(), ..OpenOptions::default() };
    Ok(image::open(&source, &options)?)
}

/// Reads all layers of the image.
pub(crate) fn catalog(
    image: &OpenImage,
    args: &ReadArgs,
    report_source: &str,
    tags: &[String],
) -> anyhow::Result<ScanReport> {
    let progress = progress::start(args.no_progress || args.quiet);
    let options = catalog::ScanOptions {
        threads: args.threads.unwrap_or_else(default_threads),
        cache: args.layer_cache(),
        source: report_source.to_owned(),
        tags: tags.to_vec(),
        progress: progress.as_ref(),
    };
    let report = catalog::scan(image, &options)?;
    progress.finish();
    Ok(report)
}

impl ReadArgs {
    /// The cache directory given, else the user's own; `None` if there is neither.
    pub(crate) fn cache_dir(&self) -> Option<PathBuf> {
        if self.no_cache {
            return None;
        }
        let own = || {
            let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
            set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))
        };
        self.cache_dir.clone().or_else(|| own().map(|directory| directory.join("plimsoll")))
    }

    fn layer_cache(&self) -> Option<PathBuf> {
        self.cache_dir().map(|directory| directory.join("layers"))
    }
}

fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn tell_unreadable(report: &ScanReport) {
    for unreadable in &report.unreadable {
        let place = match unreadable.layer {
            Some(layer) => format!("layer {layer}, {}", unreadable.path),
            None => unreadable.path.clone(),
        };
        output::note(&format!("unreadable: {place}: {}", unreadable.reason));
    }
}

/// The judge's data, if there is any.
pub(crate) type Knowledge = Option<Arc<Bundle>>;

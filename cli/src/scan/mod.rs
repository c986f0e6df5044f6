//! `plimsoll scan`: the packages of one image, root file system or bill of materials, and what is known to be wrong with
//! them.

mod bill;
mod build;
pub(crate) mod bundle;
mod gate;
mod known;
mod progress;
mod registry;
mod storage;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::builder::NonEmptyStringValueParser;
use image::{OpenImage, OpenOptions, Platform, Source};
use knowledge::Bundle;
use matcher::Owned;
use model::{ScanReport, Timestamp};

use self::known::KnownImages;
use crate::output::{self, ColourArgs, OutputArgs};
use crate::push::PushArgs;
use crate::verdict::{Condition, Policy, PolicyArgs, SuppressionArgs, Suppressions, Verdict};

/// How many places that could not be read are told on standard error; the report lists all.
const TOLD: usize = 20;

/// The end of the long help.
const AFTER_HELP: &str = "\
Exit codes:
  0  done, and no condition of the policy is met
  1  failed: no result, or not all of it could be written or sent
  2  wrong usage
  3  a condition of the policy is met (--fail-on); --exit-code chooses another number

What could not be read is listed in the result and told at the end; --fail-on unreadable makes it stop a gate.";

/// Arguments of `plimsoll scan`.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct ScanArgs {
    /// A docker-archive or OCI archive file, an OCI layout directory, a root file system directory, or a bill of materials
    /// (CycloneDX, SPDX or Syft JSON); recognised by itself or by a prefix: docker-archive:, oci-archive:, oci-dir:, dir:,
    /// sbom:. `-` reads a bill of materials from standard input. Any other text, or one behind registry:, is the name of an
    /// image in a registry; behind docker:, podman: or containerd: of an image, behind container: of a container that is in
    /// the engine's storage on this machine
    source: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    suppressions: SuppressionArgs,
    #[command(flatten)]
    bundle: bundle::BundleArgs,
    /// Judge language packages that an OS package owns by their ecosystem's advisories as well. The distribution fixes them
    /// under the same version, so some of these findings are wrong; without it they are judged as that package alone
    #[arg(long, help_heading = "Vulnerability data")]
    owned: bool,
    #[command(flatten)]
    reading: ReadArgs,
    /// Who reports it, as shown by the server; without it CICD where the environment says that a build runs (variable CI, or
    /// that of a known build service), else COMMAND_LINE
    #[arg(long, value_name = "WORD", help_heading = "Server")]
    report_source: Option<String>,
    /// What the image's build is known by, several times if need be: system, job, number, url, commit, branch, repository.
    /// Each stands before what the build service's variables say, and an empty text leaves it out
    #[arg(long, value_name = "NAME=TEXT", help_heading = "Server")]
    build: Vec<String>,
    /// Tags to put on the image when it is sent to a server, separated by commas
    #[arg(
        long = "tag",
        value_name = "TAGS",
        value_delimiter = ',',
        value_parser = NonEmptyStringValueParser::new(),
        help_heading = "Server"
    )]
    tags: Vec<String>,
    #[command(flatten)]
    push: PushArgs,
}

/// How images are read; shared with `plimsoll up`.
#[derive(clap::Args, Clone)]
#[command(next_help_heading = "Reading")]
pub(crate) struct ReadArgs {
    /// Which image of a multi-platform index, such as linux/arm64; without it this machine's platform
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<String>,
    /// Which image of an archive that holds several, by its name
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// Directory of the layer cache and of the list of known images; without it `plimsoll` in the user's cache directory
    /// [env: PLIMSOLL_CACHE_DIR]
    // Not by the argument parser, which would refuse an empty variable.
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// Read every layer again and keep nothing
    #[arg(long)]
    no_cache: bool,
    /// Do not hold layers against their digests; of uncompressed archives only what is looked into is then read. Results
    /// are not kept
    #[arg(long)]
    no_verify: bool,
    /// How many layers are read at a time; without it one for each processor
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
    /// Do not look for credentials
    #[arg(long)]
    no_secrets: bool,
    /// No progress bar, which is shown on a terminal only
    #[arg(long)]
    no_progress: bool,
    /// Nothing on standard error but failures
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    registry: registry::RegistryArgs,
    #[command(flatten)]
    storage: storage::StorageArgs,
}

pub(crate) fn run(args: &ScanArgs, colours: ColourArgs) -> anyhow::Result<ExitCode> {
    let now = Timestamp::now();
    let target = args.push.target()?;
    let policy = args.policy.policy();
    if args.reading.no_secrets && policy.conditions.contains(&Condition::Secrets) {
        return Err(output::usage("--fail-on secrets and --no-secrets contradict each other"));
    }
    let suppressions = args.suppressions.read(now)?;
    // A server shows itself what it says.
    let plan = match target.is_none() || args.output.has_files() {
        true => Some(args.output.plan()?),
        false => None,
    };
    let judge = plan.is_some() || policy.needs_knowledge();
    // where a server is told, it judges, unless the command names other data
    let there = target.is_some() && !args.bundle.is_given();
    let (report, knowledge) = look(args, judge && !there, &policy)?;
    let mut remote = None;
    if let Some(target) = &target {
        remote = gate::send(target, &report, judge && there)?;
        if !args.reading.quiet {
            output::note(&format!("report of {} sent to {}", report.image.id, target.url()));
        }
    }
    let owned = if args.owned { Owned::Apart } else { Owned::AsOwner };
    let local = knowledge.as_ref().map(|bundle| matcher::judge_report_with(&report, bundle, now, owned));
    let judged = match (&knowledge, &local, &remote) {
        (Some(bundle), Some(judged), _) => Some((bundle.id(), judged)),
        (_, _, Some(remote)) => Some((remote.bundle, &remote.report)),
        _ => None,
    };
    let verdict = Verdict::new(&report, knowledge.as_deref(), judged, &policy, &suppressions);
    if let Some(plan) = plan {
        output::write(&plan, &verdict, &policy, colours)?;
    }
    if !args.reading.quiet {
        tell_suppressions(&suppressions);
        tell_unreadable(&report);
    }
    Ok(stop(&policy, &verdict))
}

/// Reads what is to be scanned, and opens the data that it is judged by; in between, so that a source that is not
/// there is told before feeds are compiled, and missing data before layers are read.
fn look(args: &ScanArgs, judge: bool, policy: &Policy) -> anyhow::Result<(ScanReport, Knowledge)> {
    let knowledge = || -> anyhow::Result<Knowledge> {
        if !judge {
            return Ok(None);
        }
        let knowledge = args.bundle.open(args.reading.cache_dir().as_deref(), args.reading.quiet)?;
        if knowledge.is_none() && policy.needs_knowledge() {
            bail!(
                "the policy asks for findings, and there is no vulnerability data: give --feeds FOLDER or --data DIR"
            );
        }
        Ok(knowledge)
    };
    let around = build::surroundings(&args.build, |name| std::env::var(name).ok())?;
    let source = if around.is_build { "CICD" } else { "COMMAND_LINE" };
    let source = args.report_source.as_deref().unwrap_or(source);
    if let Some(mut report) = bill::read(&args.source, source, &args.tags)? {
        report.build = around.build.or(report.build);
        model::bounds::keep_within(&mut report);
        return Ok((report, knowledge()?));
    }
    let image = open(&args.source, &args.reading)?;
    let knowledge = knowledge()?;
    let mut report = catalog(&image, &args.reading, source, &args.tags)?;
    report.build = around.build;
    model::bounds::keep_within(&mut report);
    Ok((report, knowledge))
}

/// The report of an image, a root file system or a bill of materials, for commands that do not write it.
pub(crate) fn read(source: &str, args: &ReadArgs) -> anyhow::Result<ScanReport> {
    if let Some(report) = bill::read(source, "", &[])? {
        return Ok(report);
    }
    catalog(&open(source, args)?, args, "", &[])
}

/// The exit code, and why it is not 0. That is no failure of the program, and told however quiet it is to be.
fn stop(policy: &Policy, verdict: &Verdict<'_>) -> ExitCode {
    let met = policy.met(verdict);
    if met.is_empty() {
        return ExitCode::SUCCESS;
    }
    let what: Vec<String> = met.iter().map(|met| met.condition.what(met.count)).collect();
    output::note(&format!("policy: {} (exit code {})", what.join(", "), policy.exit_code));
    ExitCode::from(policy.exit_code)
}

/// Finds the image and reads its documents.
pub(crate) fn open(source: &str, args: &ReadArgs) -> anyhow::Result<OpenImage> {
    let platform = args.platform.as_deref().map(str::parse::<Platform>).transpose();
    let platform = platform.map_err(|error| output::usage(error.to_string()))?;
    let source = Source::detect(source)?;
    let registry = args.registry.options()?;
    let (reference, storage) = (args.image.clone(), args.storage.options());
    let verify = !args.no_verify;
    let options = OpenOptions { platform, reference, registry, storage, verify, ..OpenOptions::default() };
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
        threads: args.threads.map_or_else(default_threads, usize::from),
        cache: args.layer_cache(),
        trusts_unpacked: false,
        source: report_source.to_owned(),
        tags: tags.to_vec(),
        secrets: !args.no_secrets,
        progress: progress.as_ref(),
    };
    let mut report = catalog::scan(image, &options)?;
    progress.finish();
    if !args.quiet {
        registry::tell(image);
    }
    if let Some(cache) = args.cache_dir() {
        KnownImages::read(&cache).meet(&mut report.image);
    }
    Ok(report)
}

impl ReadArgs {
    /// The cache directory, unless there is to be none.
    pub(crate) fn cache_dir(&self) -> Option<PathBuf> {
        if self.no_cache { None } else { cache_directory(self.cache_dir.clone()) }
    }

    fn layer_cache(&self) -> Option<PathBuf> {
        self.cache_dir().filter(|_| !self.no_verify).map(|directory| directory.join("layers"))
    }
}

/// The cache directory given, else the user's own; `None` if there is neither.
pub(crate) fn cache_directory(given: Option<PathBuf>) -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = || set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    given.or_else(|| set("PLIMSOLL_CACHE_DIR")).or_else(|| own().map(|cache| cache.join("plimsoll")))
}

fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn tell_unreadable(report: &ScanReport) {
    for unreadable in report.unreadable.iter().take(TOLD) {
        output::note(&format!("unreadable: {}{}", output::place(unreadable), unreadable.reason));
    }
    match report.unreadable.len() {
        0 => {}
        1 => output::note("1 place could not be read; the result lists it"),
        count => output::note(&format!("{count} places could not be read; the result lists them")),
    }
}

/// Says which claims do not hold any more or cannot be understood: their findings count.
fn tell_suppressions(suppressions: &Suppressions) {
    for line in suppressions.expired_words() {
        output::note(&line);
    }
    for place in &suppressions.unreadable {
        output::note(&format!("statement not understood: {place}"));
    }
}

/// The judge's data, if there is any.
pub(crate) type Knowledge = Option<Arc<Bundle>>;

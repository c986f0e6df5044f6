//! `plimsoll feeds build`: a folder of feeds in, a bundle file out; no data directory is touched.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, bail};
use knowledge::{Bundle, CompileOptions, signature_path};

use super::signing::{self, SignArgs};
use super::{ShrinkArgs, progress, report};

/// Arguments of `plimsoll feeds build`.
#[derive(clap::Args)]
pub(crate) struct BuildArgs {
    /// The folder; what it holds is recognised, what is not is named
    folder: PathBuf,
    /// The bundle file to write
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// The bundle before: its numbers are carried over, and a feed that has lost more than a tenth since then is refused
    #[arg(long, value_name = "BUNDLE")]
    previous: Option<PathBuf>,
    #[command(flatten)]
    sign: SignArgs,
    #[command(flatten)]
    shrink: ShrinkArgs,
}

pub(super) fn run(args: &BuildArgs) -> anyhow::Result<()> {
    let key = args.sign.key()?;
    if !args.folder.is_dir() {
        bail!(
            "{} is not a folder; give one laid out like the feeds' publishers serve them",
            args.folder.display()
        );
    }
    let previous = args.previous.as_deref().map(Bundle::open).transpose()?;
    let started = Instant::now();
    let options = CompileOptions { previous: previous.as_ref(), allow_shrink: &args.shrink.allow_shrink };
    let made = knowledge::compile_with(&args.folder, &options, &args.output, &progress)
        .with_context(|| format!("cannot compile the feeds in {}", args.folder.display()))?;
    let took = started.elapsed();
    // A signature of what lay there before would speak for another file.
    let signature = signature_path(&args.output);
    if signature.exists() {
        std::fs::remove_file(&signature).with_context(|| format!("cannot remove {}", signature.display()))?;
    }
    report::print(&made)?;
    let mut out = std::io::stdout().lock();
    let records: u64 = made.sources.iter().map(|source| source.records).sum();
    let quarantined: u64 = made.sources.iter().map(|source| source.quarantined_count).sum();
    writeln!(
        out,
        "read     {} files, {records} records, {quarantined} quarantined, {} files skipped",
        made.sources.len(),
        made.skipped_count
    )?;
    writeln!(
        out,
        "bundle   {} vulnerabilities, {} packages, {} statements, {} product cycles",
        made.vulnerabilities, made.packages, made.statements, made.lifecycles
    )?;
    if let Some(key) = &key {
        let signed = signing::sign(&args.output, key, &Bundle::open(&args.output)?)?;
        writeln!(out, "signed   {} by key {}", signature.display(), signed.number())?;
    }
    writeln!(
        out,
        "written  {} ({} bytes) in {:.1} s",
        args.output.display(),
        made.bytes,
        took.as_secs_f64()
    )?;
    writeln!(out, "id       {}", made.bundle)?;
    Ok(())
}

//! `plimsoll feeds import`: a folder of feeds is compiled, a bundle or a delta is checked, and the result put in force.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use knowledge::{BundleForm, KnowledgeDir};
use server::{DataDir, jobs};

use super::{DataArgs, ShrinkArgs, progress, report};
use crate::output;

/// Arguments of `plimsoll feeds import`.
#[derive(clap::Args)]
pub(crate) struct ImportArgs {
    /// A folder of feeds in their publishers' formats, or a file: a bundle, also packed by zstd, or a delta
    #[arg(value_name = "FOLDER|BUNDLE|DELTA")]
    source: PathBuf,
    /// File of public keys, one of which must have signed the bundle; without it DATA/knowledge/trusted.pub if there is one
    #[arg(long, value_name = "PUB")]
    key: Option<PathBuf>,
    #[command(flatten)]
    shrink: ShrinkArgs,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn run(args: &ImportArgs) -> anyhow::Result<()> {
    let data = &args.data.data;
    if !args.source.is_file() {
        if args.key.is_some() && args.source.is_dir() {
            bail!(
                "{} is a folder of feeds, which nobody signs; --key is for a bundle or a delta",
                args.source.display()
            );
        }
        DataDir::create(data)?;
        let made = jobs::feeds::import_with(data, &args.source, &args.shrink.allow_shrink, &progress)?;
        return report::print(&made);
    }
    DataDir::create(data)?;
    let received = KnowledgeDir::new(data)
        .receive(&args.source, args.key.as_deref())
        .context("nothing was imported; the data in force is unchanged")?;
    if received.is_older {
        output::note("the newest feed of this bundle is older than that of the bundle before");
    }
    let mut out = std::io::stdout().lock();
    let form = match received.form {
        BundleForm::Whole => "bundle",
        BundleForm::Packed => "packed bundle",
        BundleForm::Delta => "delta",
    };
    writeln!(out, "loaded   {form} {}", args.source.display())?;
    writeln!(
        out,
        "checked  {} statements on {} packages",
        received.contents.statements, received.contents.rows
    )?;
    match &received.signed_by {
        Some(number) => writeln!(out, "signed   by key {number}")?,
        None => writeln!(
            out,
            "signed   not checked, no key is trusted here (--key PUB, or DATA/knowledge/trusted.pub)"
        )?,
    }
    if let Some(replaced) = received.replaced {
        writeln!(out, "replaced {replaced}")?;
    }
    writeln!(out, "id       {}", received.id)?;
    Ok(())
}

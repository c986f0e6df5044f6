//! Which vulnerability data a scan is judged by.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use knowledge::{Bundle, KnowledgeDir};
use model::Digest;
use server::settings::DEFAULT_DATA;

use super::Knowledge;
use crate::output;

/// How long compiled feeds stay in the cache once others are compiled.
const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

#[derive(clap::Args)]
#[command(next_help_heading = "Vulnerability data")]
pub(crate) struct BundleArgs {
    /// Judge by the feeds in this folder, whatever data directory there is
    #[arg(long, value_name = "FOLDER")]
    feeds: Option<PathBuf>,
    /// Judge by this bundle, a file that `plimsoll feeds build` or `feeds export` made
    #[arg(long, value_name = "FILE", conflicts_with_all = ["feeds", "data"])]
    bundle: Option<PathBuf>,
    /// Judge by the vulnerability data of this data directory; without it ./plimsoll-data if it has some
    /// [env: PLIMSOLL_DATA]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl BundleArgs {
    /// Whether the command itself names vulnerability data.
    pub(super) fn is_given(&self) -> bool {
        self.feeds.is_some() || self.bundle.is_some() || self.data.is_some()
    }

    /// Opens the data asked for; `None`, with a note, if none was asked for and none is at hand.
    pub(crate) fn open(&self, cache: Option<&Path>, quiet: bool) -> anyhow::Result<Knowledge> {
        if let Some(folder) = &self.feeds {
            return compiled(folder, cache).map(Some);
        }
        if let Some(path) = &self.bundle {
            let bundle = Bundle::open(path)?;
            bundle.verify().with_context(|| format!("{} is damaged", path.display()))?;
            return Ok(Some(Arc::new(bundle)));
        }
        // Not by the argument parser, for which the variable would contradict the flag `--feeds`.
        let variable = || std::env::var_os("PLIMSOLL_DATA").filter(|value| !value.is_empty());
        let asked = self.data.clone().or_else(|| variable().map(PathBuf::from));
        let (data, asked) = match asked {
            Some(data) => (data, true),
            None => (PathBuf::from(DEFAULT_DATA), false),
        };
        if let Some(path) = KnowledgeDir::new(&data).current() {
            return Ok(Some(Arc::new(Bundle::open(&path)?)));
        }
        if asked {
            bail!(
                "no vulnerability data in {}; load some with `plimsoll feeds import FOLDER`",
                data.display()
            );
        }
        if !quiet {
            output::note(
                "no vulnerability data: packages are listed, not judged (--feeds FOLDER, --bundle FILE or --data DIR)",
            );
        }
        Ok(None)
    }
}

/// Compiles a folder of feeds, or takes what was compiled from the same files before.
fn compiled(folder: &Path, cache: Option<&Path>) -> anyhow::Result<Arc<Bundle>> {
    if !folder.is_dir() {
        bail!("--feeds {} is not a folder", folder.display());
    }
    let bundles = cache.map(|cache| cache.join("bundles"));
    let kept = match &bundles {
        Some(bundles) => Some(bundles.join(format!("{}.bundle", fingerprint(folder)?.to_hex()))),
        None => None,
    };
    if let Some(bundle) = kept.as_deref().and_then(|path| Bundle::open(path).ok())
        && bundle.verify().is_ok()
    {
        return Ok(Arc::new(bundle));
    }
    let staging = tempfile::tempdir().context("cannot make a temporary directory")?;
    let fresh = staging.path().join("bundle");
    let bundle = compile(folder, &fresh)?;
    if let (Some(bundles), Some(kept)) = (&bundles, &kept)
        && let Err(error) = keep(&fresh, bundles, kept)
    {
        tracing::warn!("the compiled feeds cannot be kept in {}: {error}", bundles.display());
    }
    Ok(bundle)
}

/// Puts a compiled bundle under its name in the cache, and takes away what has long lain there.
///
/// A cache that cannot be written costs time and not the scan.
fn keep(fresh: &Path, bundles: &Path, kept: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(bundles)?;
    for entry in std::fs::read_dir(bundles)?.flatten() {
        let time = entry.metadata().and_then(|metadata| metadata.modified());
        if time.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > KEPT_FOR)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    let mut staging = tempfile::NamedTempFile::new_in(bundles)?;
    std::io::copy(&mut std::fs::File::open(fresh)?, &mut staging)?;
    staging.persist(kept)?;
    Ok(())
}

fn compile(folder: &Path, output: &Path) -> anyhow::Result<Arc<Bundle>> {
    let report = knowledge::compile(folder, output, &|line| tracing::info!("{line}"))
        .with_context(|| format!("cannot compile the feeds in {}", folder.display()))?;
    if report.sources.iter().all(|source| source.records == 0) {
        bail!("nothing in {} is a known vulnerability feed", folder.display());
    }
    Ok(Arc::new(Bundle::open(output)?))
}

/// What tells one state of a folder from the next: names, sizes and times of its files, and which build of this program
/// reads them; another build of the same version may read them otherwise.
fn fingerprint(folder: &Path) -> anyhow::Result<Digest> {
    let program = std::env::current_exe().and_then(std::fs::metadata);
    let build = program.map(|program| (program.len(), program.modified().ok()));
    let mut lines = vec![format!("{} {:?}", env!("CARGO_PKG_VERSION"), build.ok())];
    let mut pending = vec![folder.canonicalize()?];
    while let Some(directory) = pending.pop() {
        for entry in
            std::fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?
        {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                pending.push(entry.path());
                continue;
            }
            let time = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
            lines.push(format!("{} {} {time}", entry.path().display(), metadata.len()));
        }
    }
    lines.sort();
    Ok(Digest::of(lines.join("\n").as_bytes()))
}

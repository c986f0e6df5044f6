//! Which vulnerability data a scan is judged by.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, bail};
use knowledge::{Bundle, KnowledgeDir};
use model::Digest;
use server::settings::DEFAULT_DATA;

use super::Knowledge;
use crate::output;

#[derive(clap::Args)]
#[group(multiple = false)]
pub(crate) struct BundleArgs {
    /// Judge by the feeds in this folder
    #[arg(long, value_name = "FOLDER")]
    feeds: Option<PathBuf>,
    /// Judge by the vulnerability data of this data directory; without it ./plimsoll-data if it has some
    #[arg(long, env = "PLIMSOLL_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
}

impl BundleArgs {
    /// Opens the data asked for; `None`, with a note, if none was asked for and none is at hand.
    pub(crate) fn open(&self, cache: Option<&Path>, quiet: bool) -> anyhow::Result<Knowledge> {
        if let Some(folder) = &self.feeds {
            return compiled(folder, cache).map(Some);
        }
        let (data, asked) = match &self.data {
            Some(data) => (data.as_path(), true),
            None => (Path::new(DEFAULT_DATA), false),
        };
        if let Some(path) = KnowledgeDir::new(data).current() {
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
                "no vulnerability data: packages are listed, not judged (--feeds FOLDER or --data DIR)",
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
    let Some(cache) = cache else {
        let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
        return compile(folder, &directory.path().join("bundle"));
    };
    let bundles = cache.join("bundles");
    std::fs::create_dir_all(&bundles).with_context(|| format!("cannot make {}", bundles.display()))?;
    let path = bundles.join(format!("{}.bundle", fingerprint(folder)?.to_hex()));
    if let Ok(bundle) = Bundle::open(&path) {
        return Ok(Arc::new(bundle));
    }
    let staging = tempfile::tempdir_in(&bundles).context("cannot make a temporary directory")?;
    let fresh = staging.path().join("bundle");
    let bundle = compile(folder, &fresh)?;
    std::fs::rename(&fresh, &path).with_context(|| format!("cannot keep {}", path.display()))?;
    Ok(bundle)
}

fn compile(folder: &Path, output: &Path) -> anyhow::Result<Arc<Bundle>> {
    let report = knowledge::compile(folder, output, &|line| tracing::info!("{line}"))
        .with_context(|| format!("cannot compile the feeds in {}", folder.display()))?;
    if report.sources.iter().all(|source| source.records == 0) {
        bail!("nothing in {} is a known vulnerability feed", folder.display());
    }
    Ok(Arc::new(Bundle::open(output)?))
}

/// What tells one state of a folder from the next: names, sizes and times of its files, and this program's version.
fn fingerprint(folder: &Path) -> anyhow::Result<Digest> {
    let mut lines = vec![env!("CARGO_PKG_VERSION").to_owned()];
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

//! Loads vulnerability data: compiles a folder of feeds, or downloads the public ones first.
//!
//! The result is installed as the data directory's current bundle; [`super::watch_bundle`] brings it into a
//! running server. Whatever goes wrong, the bundle that was in force stays in force.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use knowledge::{Bundle, CompileOptions, CompileReport, DownloadOptions, KnowledgeDir};
use tokio::sync::watch;
use tracing::{info, warn};

/// How the names of folders begin that bundles are compiled in.
const STAGING: &str = "plimsoll-bundle-";
/// How old such a folder must be to be taken for a leftover; no compilation takes that long.
const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// What to download, from where, and what may have shrunk.
#[derive(Clone, Debug, Default)]
pub struct UpdateOptions {
    /// Only these feeds; all that are on if there are none.
    pub only: Vec<String>,
    /// Not these feeds.
    pub without: Vec<String>,
    /// These feeds as well although they are off.
    pub also: Vec<String>,
    /// A mirror that serves `https://host/path` as `<mirror>/host/path`.
    pub mirror: Option<String>,
    /// A key of the National Vulnerability Database.
    pub nvd_api_key: Option<String>,
    /// Feeds that may have lost more than a tenth of their records.
    pub allow_shrink: Vec<String>,
}

/// Compiles the feeds in `folder` and installs them in the data directory.
///
/// # Errors
/// As [`import_with`].
pub fn import(data: &Path, folder: &Path, progress: &dyn Fn(&str)) -> anyhow::Result<CompileReport> {
    import_with(data, folder, &[], progress)
}

/// Like [`import`], where the feeds of `allow_shrink` may have lost more than a tenth of the records that they have in the
/// current bundle.
///
/// Fails without touching the current bundle if nothing in the folder is recognised, or if it holds no advisories (a folder
/// of exploit predictions alone) and the current bundle does: that would end every finding.
pub fn import_with(
    data: &Path,
    folder: &Path,
    allow_shrink: &[String],
    progress: &dyn Fn(&str),
) -> anyhow::Result<CompileReport> {
    if !folder.is_dir() {
        bail!(
            "{} is not a folder; give one laid out like the feeds' publishers serve them",
            folder.display()
        );
    }
    let directory = KnowledgeDir::new(data);
    remove_leftovers(data);
    let staging = tempfile::Builder::new()
        .prefix(STAGING)
        .tempdir_in(data)
        .with_context(|| format!("cannot make a temporary directory in {}", data.display()))?;
    let compiled = staging.path().join("bundle");
    let previous = directory.current().and_then(|path| Bundle::open(&path).ok());
    let options = CompileOptions { previous: previous.as_ref(), allow_shrink };
    let report = knowledge::compile_with(folder, &options, &compiled, progress)
        .with_context(|| format!("cannot compile the feeds in {}", folder.display()))?;
    if report.sources.iter().all(|source| source.records == 0) {
        bail!(
            "nothing in {} is a known vulnerability feed; the data in force is unchanged",
            folder.display()
        );
    }
    if report.vulnerabilities == 0 && previous.is_some_and(|bundle| bundle.manifest().vulnerabilities > 0) {
        bail!(
            "{} holds no advisories, only facts about them; the data in force is unchanged",
            folder.display()
        );
    }
    directory.install(&compiled).context("cannot install the compiled bundle")?;
    for warning in &report.warnings {
        warn!("{warning}");
    }
    Ok(report)
}

/// Takes away what a process that was stopped while it compiled has left; younger ones may be in use.
fn remove_leftovers(data: &Path) {
    for entry in std::fs::read_dir(data).into_iter().flatten().flatten() {
        let is_staging = entry.file_name().to_string_lossy().starts_with(STAGING);
        let time = entry.metadata().and_then(|metadata| metadata.modified());
        if is_staging && time.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > LEFTOVER_AGE)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Downloads the public feeds into the data directory, then compiles and installs them.
///
/// A feed that cannot be downloaded is named in a warning and its last good copy is used. Fails if no feed
/// could be downloaded and there is no older copy.
pub fn update(
    data: &Path,
    options: &UpdateOptions,
    progress: &dyn Fn(&str),
) -> anyhow::Result<CompileReport> {
    let feeds = KnowledgeDir::new(data).feeds();
    let download = DownloadOptions {
        mirror: options.mirror.as_deref(),
        only: &options.only,
        without: &options.without,
        also: &options.also,
        nvd_api_key: options.nvd_api_key.as_deref(),
        ..DownloadOptions::default()
    };
    let downloaded =
        knowledge::download_with(&download, &feeds, progress).context("cannot download the public feeds")?;
    if downloaded.all_failed() {
        bail!(
            "none of the {} files of public feeds could be fetched ({}); is there a network? feeds in a folder can be \
             loaded with `plimsoll feeds import FOLDER`",
            downloaded.failures.len(),
            downloaded.failures.first().map_or("", |failure| &failure.reason)
        );
    }
    for failure in &downloaded.failures {
        warn!(url = %failure.url, "{} was not downloaded: {}", failure.url, failure.reason);
    }
    let report = import_with(data, &feeds, &options.allow_shrink, progress)?;
    knowledge::accept_downloads(&feeds, &report);
    Ok(report)
}

/// What the job does.
#[derive(Clone, Debug)]
pub struct FeedsJob {
    /// The data directory.
    pub data: PathBuf,
    /// A folder to load once at start, instead of downloads.
    pub folder: Option<PathBuf>,
    /// How often the public feeds are downloaded; `None` never.
    pub interval: Option<Duration>,
    /// How they are downloaded.
    pub options: UpdateOptions,
}

impl FeedsJob {
    /// Loads once, then again at every interval until `stop` is set. `loaded` is called after each attempt.
    pub async fn run(self, mut stop: watch::Receiver<bool>, loaded: watch::Sender<u64>) {
        loop {
            if let Some(wait) = self.wait_before_load() {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    _ = stop.wait_for(|stopping| *stopping) => return,
                }
            }
            let job = self.clone();
            let outcome = tokio::task::spawn_blocking(move || job.load()).await;
            match outcome {
                Ok(Ok(report)) => log_report(&report),
                Ok(Err(error)) => warn!("vulnerability data was not updated: {error:#}"),
                Err(error) => warn!("the job that loads vulnerability data failed: {error}"),
            }
            loaded.send_modify(|count| *count += 1);
            let again = match (&self.folder, self.interval) {
                (None, Some(interval)) => interval,
                _ => return,
            };
            tokio::select! {
                () = tokio::time::sleep(again) => {}
                _ = stop.wait_for(|stopping| *stopping) => return,
            }
        }
    }

    /// How long the data in force is still fresh, so that a restart does not download again.
    fn wait_before_load(&self) -> Option<Duration> {
        let interval = self.interval.filter(|_| self.folder.is_none())?;
        let current = KnowledgeDir::new(&self.data).current()?;
        let age = std::fs::metadata(current).ok()?.modified().ok()?.elapsed().ok()?;
        interval.checked_sub(age)
    }

    fn load(&self) -> anyhow::Result<CompileReport> {
        let progress = |line: &str| info!("{line}");
        match &self.folder {
            Some(folder) => import(&self.data, folder, &progress),
            None => update(&self.data, &self.options, &progress),
        }
    }
}

/// One line for each feed, however many files it came in.
fn log_report(report: &CompileReport) {
    let mut feeds: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for source in &report.sources {
        let (records, quarantined) = feeds.entry(source.feed).or_default();
        *records += source.records;
        *quarantined += source.quarantined_count;
    }
    for (feed, (records, quarantined)) in feeds {
        info!(
            feed,
            records, quarantined, "feed {feed} gave {records} records, {quarantined} of them quarantined"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_a_stopped_compilation_left_is_taken_away_once_it_is_old() {
        let data = tempfile::tempdir().unwrap();
        let make = |name: &str, age: Duration| {
            let path = data.path().join(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join("bundle.part"), "half").unwrap();
            std::fs::File::open(&path).unwrap().set_modified(SystemTime::now() - age).unwrap();
            path
        };
        let old = make("plimsoll-bundle-a", LEFTOVER_AGE * 2);
        let young = make("plimsoll-bundle-b", Duration::ZERO);
        let other = make("knowledge", LEFTOVER_AGE * 2);
        remove_leftovers(data.path());
        assert_eq!((old.exists(), young.exists(), other.exists()), (false, true, true));
    }

    #[test]
    fn a_folder_without_advisories_does_not_take_the_place_of_data_that_has_some() {
        let (data, feeds) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |name: &str, text: &str| {
            let path = feeds.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let load = |folder: &str| import(data.path(), &feeds.path().join(folder), &|_| {});
        write(
            "good/debian/json",
            r#"{"a": {"CVE-2024-0001": {"releases": {"bookworm": {"status": "open"}}}}}"#,
        );
        write(
            "facts/kev/known_exploited_vulnerabilities.json",
            r#"{"vulnerabilities": [{"cveID": "CVE-2024-0001"}]}"#,
        );
        load("facts").unwrap();
        load("good").unwrap();
        let current = KnowledgeDir::new(data.path()).current().unwrap();
        let in_force = std::fs::read(&current).unwrap();
        let error = load("facts").unwrap_err().to_string();
        assert!(error.ends_with("the data in force is unchanged"), "{error}");
        assert_eq!(std::fs::read(&current).unwrap(), in_force);
    }
}

//! Watches the data directory's current bundle and brings a new one into the index.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fleet::Fleet;
use knowledge::{Bundle, KnowledgeDir};
use model::Digest;
use tokio::sync::watch;
use tracing::{info, warn};

/// How often to look. It is one question to the file system.
const POLL: Duration = Duration::from_millis(100);

/// What tells one bundle file from the next without reading it.
type Stamp = (PathBuf, u64, SystemTime);

/// Opens the current bundle; if it cannot be read (which is logged) the one that was in force before, because an
/// empty one would end every finding. Empty if there is neither.
pub fn open_current(data: &Path) -> Arc<Bundle> {
    let directory = KnowledgeDir::new(data);
    for path in [directory.current(), directory.previous()].into_iter().flatten() {
        match Bundle::open(&path) {
            Ok(bundle) => return Arc::new(bundle),
            Err(error) => warn!("the vulnerability data in {} cannot be used: {error}", path.display()),
        }
    }
    Arc::new(Bundle::empty())
}

/// Opens the bundle of that id, if it is still there: the current one or the one before.
pub fn open_older(data: &Path, id: Digest) -> Option<Arc<Bundle>> {
    let directory = KnowledgeDir::new(data);
    let bundles = [directory.current(), directory.previous()].into_iter().flatten();
    bundles.filter_map(|path| Bundle::open(&path).ok()).find(|bundle| bundle.id() == id).map(Arc::new)
}

/// Follows the current bundle until `stop` is set.
pub async fn run(data: PathBuf, fleet: Fleet, mut stop: watch::Receiver<bool>) {
    let mut seen: Option<Stamp> = None;
    loop {
        let now = stamp(&data);
        if now.is_some() && now != seen {
            seen = now;
            load(&data, &fleet).await;
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = stop.wait_for(|stopping| *stopping) => return,
        }
    }
}

async fn load(data: &Path, fleet: &Fleet) {
    let Some(path) = KnowledgeDir::new(data).current() else { return };
    let opened = tokio::task::spawn_blocking(move || Bundle::open(&path)).await;
    let bundle = match opened {
        Ok(Ok(bundle)) => Arc::new(bundle),
        Ok(Err(error)) => {
            return warn!("new vulnerability data cannot be used, the old stays in force: {error}");
        }
        Err(error) => return warn!("opening new vulnerability data failed: {error}"),
    };
    if bundle.id() == fleet.bundle().id() {
        return;
    }
    let id = bundle.id();
    match fleet.set_bundle(bundle).await {
        Ok(changed) => {
            info!(bundle = %id, changed, "vulnerability data {id} is in force, the findings of {changed} packages changed");
        }
        Err(error) => warn!(bundle = %id, "vulnerability data {id} could not be applied: {error}"),
    }
}

fn stamp(data: &Path) -> Option<Stamp> {
    let path = KnowledgeDir::new(data).current()?;
    let metadata = std::fs::metadata(&path).ok()?;
    Some((path, metadata.len(), metadata.modified().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_bundle_at_start_gives_way_to_the_one_before() {
        let (data, feeds) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert_eq!(open_current(data.path()).id(), Bundle::empty().id());
        std::fs::create_dir(feeds.path().join("debian")).unwrap();
        let load = |id: &str| {
            let text =
                format!(r#"{{"a": {{"{id}": {{"releases": {{"bookworm": {{"status": "open"}}}}}}}}}}"#);
            std::fs::write(feeds.path().join("debian/json"), text).unwrap();
            crate::jobs::feeds::import(data.path(), feeds.path(), &|_| {}).unwrap();
            open_current(data.path()).id()
        };
        let first = load("CVE-2024-0001");
        assert_ne!(load("CVE-2024-0002"), first);
        let directory = KnowledgeDir::new(data.path());
        std::fs::write(directory.current().unwrap(), "cut short").unwrap();
        assert_eq!(open_current(data.path()).id(), first);
        std::fs::write(directory.previous().unwrap(), "cut short").unwrap();
        assert_eq!(open_current(data.path()).id(), Bundle::empty().id());
    }
}

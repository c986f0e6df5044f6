//! Saves the index from time to time, so that the next start need not read the whole database.
//!
//! A start that built the index saves it at once. Afterwards it is saved when much has changed, or when something has and
//! the saved one is old. What changed since is read from the change log at the next start, so nothing is lost if it is not.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fleet::{Fleet, SavePace};
use store::Store;
use tokio::sync::watch;
use tracing::{debug, info, warn};

/// How often to look.
const POLL: Duration = Duration::from_secs(5);

/// One of so many records is much.
const MUCH: u64 = 20;

/// How old the saved index may be when something has changed.
const OLD: Duration = Duration::from_secs(600);

/// How long to leave at least between two, however much changes.
const BREATH: Duration = Duration::from_secs(60);

/// Of all the time, one part in so many may be spent on it.
const SHARE: u32 = 10;

/// Saves until `stop` is set. The last time is [`at_stop`]'s.
pub async fn run(path: PathBuf, store: Store, fleet: Fleet, mut stop: watch::Receiver<bool>) {
    let mut last = Instant::now();
    let mut breath = BREATH;
    loop {
        if is_due(&fleet, last.elapsed(), breath) {
            let saving = fleet.save(&store, &path, SavePace::Gentle);
            let outcome = tokio::select! {
                outcome = saving => outcome,
                _ = stop.wait_for(|stopping| *stopping) => return,
            };
            match outcome {
                Ok(saved) => {
                    breath = BREATH.max(saved.took * SHARE);
                    debug!(bytes = saved.bytes, seconds = saved.took.as_secs_f32(), "the index is saved");
                }
                Err(error) => {
                    breath = OLD;
                    warn!("the index could not be saved, the next start takes longer: {error}");
                }
            }
            last = Instant::now();
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = stop.wait_for(|stopping| *stopping) => return,
        }
    }
}

/// Saves what has changed since, when nobody is served any more.
pub async fn at_stop(path: &Path, store: &Store, fleet: &Fleet) {
    if fleet.unsaved() == Some(0) {
        return;
    }
    match fleet.save(store, path, SavePace::Fast).await {
        Ok(saved) => info!(bytes = saved.bytes, seconds = saved.took.as_secs_f32(), "the index is saved"),
        Err(error) => warn!("the index could not be saved, the next start takes longer: {error}"),
    }
}

fn is_due(fleet: &Fleet, since: Duration, breath: Duration) -> bool {
    let stats = fleet.stats();
    let records = (stats.images + stats.containers) as u64;
    match fleet.unsaved() {
        // after a failure it is not tried again at once
        None => since >= breath || breath == BREATH && records > 0,
        Some(0) => false,
        Some(changes) => since >= OLD.max(breath) || since >= breath && changes > records / MUCH,
    }
}

#[cfg(test)]
mod tests {
    use store::StoreOptions;

    use super::*;
    use crate::jobs::watch_bundle::open_current;

    #[tokio::test]
    async fn a_stop_saves_for_the_next_start_and_only_if_there_is_something_to_save() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreOptions::new(folder.path().join("plimsoll.db"))).unwrap();
        let path = folder.path().join("index/fleet.index");
        let start = || Fleet::start_from(store.clone(), open_current(folder.path()), &path, |_| None);
        let fleet = start().await.unwrap();
        assert!(is_due(&fleet, BREATH, BREATH) && !is_due(&fleet, POLL, BREATH), "an empty one can wait");
        at_stop(&path, &store, &fleet).await;
        let bytes = std::fs::read(&path).unwrap();
        let fleet = start().await.unwrap();
        assert_eq!(fleet.unsaved(), Some(0));
        assert!(!is_due(&fleet, OLD, BREATH));
        at_stop(&path, &store, &fleet).await;
        assert!(bytes == std::fs::read(&path).unwrap(), "nothing changed, so nothing is written");
        let (_stop, stopped) = watch::channel(true);
        run(path, store.clone(), fleet, stopped).await;
    }
}

//! Saving the index and starting from a saved one.
//!
//! A saved index is taken only if nothing speaks against it: the program that reads it is the one that wrote it, the database
//! is the same, its clock is not behind, and it remembers the copy. The last tells a backup that was put back: it
//! remembers an earlier copy, or none, however far its clock has gone since.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use knowledge::Bundle;
use model::Digest;
use store::Store;
use uuid::Uuid;

use super::{Fleet, Shared};
use crate::error::FleetError;
use crate::facts::Index;
use crate::follow::{Follower, on_a_thread};
use crate::persist::{self, Head, Pace};

/// How fast to save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavePace {
    /// As fast as possible: nobody is served any more. One that is saved in the background is given up.
    Fast,
    /// In the background, at most half of the time.
    Gentle,
}

/// A saved index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saved {
    /// Bytes of the file.
    pub bytes: u64,
    /// How long it took.
    pub took: Duration,
}

/// Why the index was not saved. What was saved before is still there.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The file cannot be written.
    #[error("cannot write {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database cannot be told of it.
    #[error(transparent)]
    Fleet(#[from] FleetError),
}

/// What a fleet knows of its saved index.
#[derive(Default)]
pub(super) struct Saving {
    /// Things that have changed since the start.
    changes: AtomicU64,
    saved: Mutex<Option<Copy>>,
    /// Held while a file is written: one after the other.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Whoever writes in the background shall give up.
    stop: AtomicBool,
}

/// The file that is there.
#[derive(Clone, Copy)]
struct Copy {
    series: Uuid,
    copy: Uuid,
    /// How many things had changed when it was written.
    changes: u64,
}

impl Saving {
    pub(super) fn count(&self, changes: usize) {
        self.changes.fetch_add(changes as u64, Ordering::Relaxed);
    }

    fn saved(&self) -> Option<Copy> {
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_saved(&self, copy: Copy) {
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
    }
}

impl Fleet {
    /// Starts from the index saved at `path`, if there is one that can be used, else as [`Self::start`] does.
    ///
    /// `older` gives the bundle of an id, if it is still there: with it only what another bundle may judge otherwise is
    /// judged again.
    pub async fn start_from(
        store: Store,
        bundle: Arc<Bundle>,
        path: &Path,
        older: impl FnOnce(Digest) -> Option<Arc<Bundle>>,
    ) -> Result<Self, FleetError> {
        match saved(&store, path).await {
            Ok(Some((head, index))) => {
                let old = match head.judged_by {
                    Some(id) if id == bundle.id() => Some(Arc::clone(&bundle)),
                    Some(id) => older(id),
                    None => None,
                };
                match resume(&store, &bundle, (head, index, old)).await {
                    Ok(fleet) => return Ok(fleet),
                    Err(error) => tracing::warn!(
                        "the saved index {} could not be brought up to date: {error}; the index is built from the database",
                        path.display()
                    ),
                }
            }
            Ok(None) => {}
            Err(reason) => tracing::warn!(
                "the saved index {} is not used: {reason}; the index is built from the database",
                path.display()
            ),
        }
        Self::start(store, bundle).await
    }

    /// Saves the index as it stands at `path`, in place of what is there. The folder is made if it is missing.
    pub async fn save(&self, store: &Store, path: &Path, pace: SavePace) -> Result<Saved, SaveError> {
        let saving = &self.shared.saving;
        if pace == SavePace::Fast {
            saving.stop.store(true, Ordering::Relaxed);
        }
        // it goes along with the thread that writes: that goes on if whoever waits here does not
        let turn = Arc::clone(&saving.turn).lock_owned().await;
        saving.stop.store(false, Ordering::Relaxed);
        let started = Instant::now();
        let changes = saving.changes.load(Ordering::Relaxed);
        // not the whole state: answers that belong to it are of no use to a file
        let index = self.state().index.clone();
        let before = saving.saved();
        let head = Head {
            program: on_a_thread(program).await?,
            database: store
                .identity()
                .await
                .map_err(FleetError::store("reading the identity of the database"))?,
            series: before.map_or_else(Uuid::new_v4, |before| before.series),
            copy: Uuid::new_v4(),
            clock: index.clock,
            judged_by: index.judged_by,
        };
        let copy = Copy { series: head.series, copy: head.copy, changes };
        let draft = path.with_extension("new");
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| SaveError::Io { path, source }
        };
        let (shared, at) = (Arc::clone(&self.shared), draft.clone());
        let written = on_a_thread(move || {
            let folder = at.parent().map_or(Ok(()), std::fs::create_dir_all);
            let pace = match pace {
                SavePace::Fast => Pace::Fast,
                SavePace::Gentle => Pace::Gentle(&shared.saving.stop),
            };
            let written = folder.and_then(|()| persist::write(&at, &head, index, pace));
            if written.is_err() {
                // a disk that is full shall not stay so for the sake of half a file
                let _ = std::fs::remove_file(&at);
            }
            (turn, written)
        });
        let (_turn, written) = written.await?;
        let bytes = written.map_err(failed(&draft))?;
        // both are in step with this database, whichever of them is there after a crash
        let known = before.map(|before| format!("{} ", before.copy)).unwrap_or_default();
        let noted = store.set_note(&note(copy.series), &format!("{known}{}", copy.copy)).await;
        noted.map_err(FleetError::store("noting the saved index"))?;
        std::fs::rename(&draft, path).map_err(failed(path))?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all()).map_err(failed(path))?;
        saving.set_saved(copy);
        Ok(Saved { bytes, took: started.elapsed() })
    }

    /// How many things changed since the index was saved; `None` if there is no saved index that a start could use.
    pub fn unsaved(&self) -> Option<u64> {
        let saving = &self.shared.saving;
        saving.saved().map(|saved| saving.changes.load(Ordering::Relaxed) - saved.changes)
    }
}

/// The name of the note that tells the last copies of a series.
fn note(series: Uuid) -> String {
    format!("index {series}")
}

/// The index saved at `path`; nothing if there is none, and the reason if it cannot be used.
async fn saved(store: &Store, path: &Path) -> Result<Option<(Head, Index)>, String> {
    if !path.try_exists().map_err(|error| error.to_string())? {
        return Ok(None);
    }
    let at = path.to_owned();
    let head = on_a_thread(move || {
        let head = persist::read_head(&at).map_err(|error| error.to_string())?;
        match head.program == program() {
            true => Ok(head),
            false => Err("another version of the program wrote it".to_owned()),
        }
    });
    let head = head.await.map_err(|error| error.to_string())??;
    let failed = |error: store::StoreError| error.to_string();
    if head.database != store.identity().await.map_err(failed)? {
        return Err("it is of another database".to_owned());
    }
    let copies = store.note(&note(head.series)).await.map_err(failed)?.unwrap_or_default();
    let is_known = copies.split(' ').any(|copy| copy.parse() == Ok(head.copy));
    if !is_known || head.clock > store.clock().await.map_err(failed)? {
        return Err(
            "the database does not know of it, so it may be an older one that was put back".to_owned()
        );
    }
    let (at, clock) = (path.to_owned(), head.clock);
    let index = on_a_thread(move || persist::read(&at).map_err(|error| error.to_string()));
    let index = index.await.map_err(|error| error.to_string())??;
    debug_assert_eq!(index.clock, clock);
    Ok(Some((head, index)))
}

async fn resume(
    store: &Store,
    bundle: &Arc<Bundle>,
    (head, index, old): (Head, Index, Option<Arc<Bundle>>),
) -> Result<Fleet, FleetError> {
    let started = Instant::now();
    let shared = Shared::new(bundle);
    let (follower, rejudged) = Follower::resume(store, bundle, (index, old), &shared).await?;
    shared.saving.set_saved(Copy { series: head.series, copy: head.copy, changes: 0 });
    let stats = shared.stats();
    tracing::info!(
        images = stats.images,
        containers = stats.containers,
        packages = stats.packages,
        rejudged,
        bundle = %stats.bundle,
        seconds = started.elapsed().as_secs_f32(),
        "the saved index is up to date"
    );
    let state = shared.read();
    // nobody waits for it: whoever needs a part before makes it
    drop(tokio::task::spawn_blocking(move || state.index.warm()));
    Ok(Fleet::run(shared, follower))
}

/// What tells this program from every other: all of it.
fn program() -> Digest {
    static PROGRAM: OnceLock<Digest> = OnceLock::new();
    *PROGRAM.get_or_init(|| {
        // the file may have been replaced since the start; the system knows what runs
        let read = std::fs::read("/proc/self/exe").or_else(|_| std::fs::read(std::env::current_exe()?));
        match read {
            Ok(bytes) => Digest::of(&bytes),
            Err(_) => Digest::of(Uuid::new_v4().as_bytes()),
        }
    })
}

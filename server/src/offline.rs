//! A data directory that no server holds, with its index: for commands that ask it without serving it.

use std::path::Path;

use fleet::Fleet;
use store::{Store, StoreOptions};

use crate::data_dir::{DataDir, ServerLock};
use crate::jobs::watch_bundle;
use crate::run::StartError;

/// Store and index of a data directory. No server can start on it while this is there.
pub struct Offline {
    /// The facts.
    pub store: Store,
    /// The index, of this moment.
    pub fleet: Fleet,
    _lock: ServerLock,
}

impl Offline {
    /// Opens a data directory and makes its index, from the saved one if it can be used.
    ///
    /// # Errors
    /// A server holds the directory, or the database cannot be used.
    pub async fn open(folder: &Path) -> Result<Self, StartError> {
        let data = DataDir::create(folder)?;
        Self::with(folder, StoreOptions::new(data.database()), true).await
    }

    /// The same over a database that may lie elsewhere, from the saved index or from the database alone.
    pub async fn with(folder: &Path, options: StoreOptions, from_saved: bool) -> Result<Self, StartError> {
        let data = DataDir::create(folder)?;
        let lock = data.lock()?;
        let failed = |source| StartError::Store { database: options.to_string(), source };
        let store = Store::open(&options).map_err(failed)?;
        let bundle = watch_bundle::open_current(data.root());
        let fleet = if from_saved {
            let older = |id| watch_bundle::open_older(data.root(), id);
            Fleet::start_from(store.clone(), bundle, &data.index(), older).await?
        } else {
            Fleet::start(store.clone(), bundle).await?
        };
        Ok(Self { store, fleet, _lock: lock })
    }
}

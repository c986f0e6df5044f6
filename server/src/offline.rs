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
    /// Opens a data directory and builds its index.
    ///
    /// # Errors
    /// A server holds the directory, or the database cannot be used.
    pub async fn open(folder: &Path) -> Result<Self, StartError> {
        let data = DataDir::create(folder)?;
        let lock = data.lock()?;
        let options = StoreOptions::new(data.database());
        let failed = |source| StartError::Store { database: options.to_string(), source };
        let store = Store::open(&options).map_err(failed)?;
        let fleet = Fleet::start(store.clone(), watch_bundle::open_current(data.root())).await?;
        Ok(Self { store, fleet, _lock: lock })
    }
}

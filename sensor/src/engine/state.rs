//! The state directory, for one sensor at a time.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::client::StateError;
use crate::spool::files;

/// The file that is locked. It holds nothing and stays where it is.
const LOCK: &str = "lock";

/// The right to use a state directory, until it is dropped or the process ends.
#[derive(Debug)]
pub struct StateDir {
    _lock: File,
}

impl StateDir {
    /// Makes the directory if there is none, for the owner alone, and locks it.
    pub fn take(path: &Path) -> Result<Self, StateError> {
        let failed = |source| StateError::Io { path: path.to_owned(), source };
        files::make_folder(path).map_err(failed)?;
        let lock = files::open_private(&path.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateError::Taken { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sensors_do_not_share_a_state_directory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let first = StateDir::take(&path).unwrap();
        assert!(matches!(StateDir::take(&path), Err(StateError::Taken { .. })));
        drop(first);
        StateDir::take(&path).unwrap();
    }
}

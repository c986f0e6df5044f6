//! The data directory: what lies where, and the lock that keeps a second server out.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another server holds the lock.
    #[error(
        "data directory {path} is in use by another plimsoll server{holder}; stop it or choose another directory with --data"
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// ` (process N)` if the other server left its number.
        holder: String,
    },
    /// The directory or a file in it cannot be made or opened.
    #[error("cannot use data directory {path}: {source}")]
    Io {
        /// The file or directory concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The places inside one data directory.
///
/// `plimsoll.db` holds the facts, `knowledge/` the vulnerability data, `index/` a copy of the facts that makes a start fast
/// and may be deleted at any time, `server.lock` the lock.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

/// Held for as long as a server runs; the system gives the lock back however the process ends.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

impl DataDir {
    /// Opens the directory and makes it if it is missing (readable by its owner only).
    pub fn create(root: &Path) -> Result<Self, DataDirError> {
        let failed = |source| DataDirError::Io { path: root.to_owned(), source };
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(root).map_err(failed)?;
        Ok(Self { root: root.to_owned() })
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.root.join("plimsoll.db")
    }

    /// The saved index.
    pub fn index(&self) -> PathBuf {
        self.root.join("index").join("fleet.index")
    }

    /// Takes the lock that one server at a time may hold.
    pub fn lock(&self) -> Result<ServerLock, DataDirError> {
        let path = self.root.join("server.lock");
        let failed = |source| DataDirError::Io { path: path.clone(), source };
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.take(20).read_to_string(&mut holder);
                let holder = match holder.trim() {
                    "" => String::new(),
                    number => format!(" (process {number})"),
                };
                return Err(DataDirError::InUse { path: self.root.clone(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
        write!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(ServerLock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_on_one_directory_is_refused_and_told_who_holds_it() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::create(&directory.path().join("a/b")).unwrap();
        let lock = data.lock().unwrap();
        let refused = data.lock().unwrap_err().to_string();
        assert!(refused.contains(&format!("(process {})", std::process::id())), "{refused}");
        drop(lock);
        data.lock().unwrap();
    }

    #[test]
    fn a_file_in_the_place_of_the_directory_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = DataDir::create(file.path()).unwrap_err().to_string();
        assert!(refused.contains(&file.path().display().to_string()), "{refused}");
    }
}

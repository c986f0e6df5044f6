//! Why the drift of a container is not known.

use std::io;
use std::path::{Path, PathBuf};

/// Why a writable layer could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DriftError {
    /// It was removed before or while it was read.
    #[error("the writable layer {} is gone: its container was removed while it was read", .path.display())]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// It, or the directory that it is compared with, cannot be read.
    #[error("the directory {} of a container cannot be read: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds more than is read.
    #[error("the writable layer {} has more than {value} entries (`{limit}`): nothing is told of it", .path.display())]
    Limit {
        /// Where it is.
        path: PathBuf,
        /// The field of [`Limits`](super::Limits).
        limit: &'static str,
        /// Its value.
        value: u64,
    },
    /// Reading it took too long.
    #[error("the writable layer {} was not read within {seconds} s: nothing is told of it", .path.display())]
    TimedOut {
        /// Where it is.
        path: PathBuf,
        /// How long was allowed.
        seconds: u64,
    },
}

impl DriftError {
    /// The error for a directory that could not be opened or listed.
    pub(super) fn of(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Gone { path },
            _ => Self::Io { path, source },
        }
    }
}

//! What can go wrong with the spool.

use std::io;
use std::path::PathBuf;

/// Why something could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// A file or folder of the state directory cannot be used.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// `open`, `write`, `read`.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no room, whatever is dropped.
    #[error("the spool is full ({bytes} bytes): give it more by --spool-bytes, or make room on the disk")]
    Full {
        /// Bytes that it may have.
        bytes: u64,
    },
    /// A report that no server would take.
    #[error("the report of {what} is too large to be sent")]
    TooLarge {
        /// Whose.
        what: String,
    },
}

impl SpoolError {
    /// Whether it was for want of room.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Full { .. } => true,
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::TooLarge { .. } => false,
        }
    }
}

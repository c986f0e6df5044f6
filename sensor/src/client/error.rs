//! What can go wrong between sensor and server, sorted by what is to be done about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why the sensor cannot start with its state directory.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A file cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another sensor uses the directory.
    #[error("another sensor runs with the state directory {}: stop it, or give this one its own by --state", path.display())]
    Taken {
        /// The directory.
        path: PathBuf,
    },
    /// The key is damaged.
    #[error("{} holds no usable key ({reason}): delete it and sensor.json beside it, and enrol anew with a new token", path.display())]
    Key {
        /// The key's file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers to make a key of")]
    NoRandom,
    /// Flags do not go together, or a value is none.
    #[error("{0}")]
    Setting(String),
}

/// Why a call to the server did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nobody answered, or not in time, or the answer broke off. It may work later.
    #[error("cannot reach the server: {0}")]
    Unreachable(String),
    /// The server said "later".
    #[error("the server is busy (status {status}): {words}")]
    Busy {
        /// Its status.
        status: u16,
        /// Its words.
        words: String,
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
    /// The server does not accept who calls. It may again, if an operator does something.
    #[error("the server refuses this sensor (status {status}): {words}")]
    Refused {
        /// Its status.
        status: u16,
        /// Its words.
        words: String,
    },
    /// The server will never take what was sent.
    #[error("the server does not take it (status {status}): {words}")]
    Rejected {
        /// Its status.
        status: u16,
        /// Its words.
        words: String,
    },
    /// What answered is no Plimsoll server, or sits behind something that is none.
    #[error("{0}")]
    Odd(String),
    /// The sensor is not enrolled and has no token to enrol with.
    #[error(
        "this sensor is not enrolled: give it a one-time token by --token (an administrator makes one with \
         `plimsoll admin sensor token` or in the console), or an account by --user and --password"
    )]
    NotEnrolled,
    /// Something on this side.
    #[error("{0}")]
    Own(String),
}

impl CallError {
    /// Whether the same call may succeed without anybody doing anything.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy { .. })
    }

    /// Whether it is about what was sent, so that the next thing may be sent at once.
    pub fn is_about_content(&self) -> bool {
        matches!(self, Self::Rejected { .. })
    }
}

//! What can go wrong with the store, as its callers tell the cases apart.

use std::sync::Arc;

use crate::driver::{DriverError, Trouble};

/// Result of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why the store did not do what it was asked to. Nothing was written in any of these cases.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The caller's data breaks a rule; sending it again is no use.
    #[error("`{field}` {reason}")]
    Invalid {
        /// Where, as a path into the document that was sent: `packages[12].name`.
        field: String,
        /// What is wrong with it, to be read after the field: `is empty`.
        reason: String,
    },
    /// There is no such thing.
    #[error("{what} does not exist")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// There is one already.
    #[error("{what} exists already")]
    Exists {
        /// What was to be made.
        what: String,
    },
    /// No room is left for the database. Nothing of the request was kept; it may be sent again later.
    #[error("the disk is full: nothing of the request was stored")]
    DiskFull,
    /// Another program held the database for too long. The request may be sent again.
    #[error("the database is busy with another program's writing")]
    Busy,
    /// The database cannot be reached at the moment. The request may be sent again; if it is the one during which
    /// the connection broke, it may have been carried out.
    #[error("the database cannot be reached: {reason}")]
    Away {
        /// What the connection said last.
        reason: String,
    },
    /// The database was written by a newer program.
    #[error("the database has form {found}, this program knows forms up to {known}; use a newer program")]
    TooNew {
        /// The form found.
        found: i64,
        /// The newest form that this program knows.
        known: i64,
    },
    /// The database could not be opened.
    #[error("cannot open the database {database}: {reason}")]
    Open {
        /// The file, or the URL without its password.
        database: String,
        /// Why.
        reason: String,
    },
    /// What the database holds cannot be understood.
    #[error("the database is damaged: {what} {reason}")]
    Damaged {
        /// Which record.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The engine failed.
    #[error("the database failed: {0}")]
    Engine(#[source] Arc<DriverError>),
    /// The store was closed, or its writer ended.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Makes the error for a field that breaks a rule.
    pub(crate) fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), reason: reason.into() }
    }

    /// Makes the error for a stored record that cannot be read.
    pub(crate) fn damaged(what: impl Into<String>, reason: impl ToString) -> Self {
        Self::Damaged { what: what.into(), reason: reason.to_string() }
    }

    /// Whether only the request at fault has to be undone. Otherwise the connection's whole transaction is in
    /// doubt and must be given up.
    pub(crate) fn spares_the_group(&self) -> bool {
        match self {
            Self::Invalid { .. } | Self::NotFound { .. } | Self::Exists { .. } | Self::Damaged { .. } => true,
            Self::Engine(error) => error.trouble == Trouble::Constraint,
            // SQLite undoes the whole transaction by itself when the disk is full
            Self::DiskFull
            | Self::Busy
            | Self::Away { .. }
            | Self::TooNew { .. }
            | Self::Open { .. }
            | Self::Closed => false,
        }
    }
}

impl From<DriverError> for StoreError {
    fn from(error: DriverError) -> Self {
        match error.trouble {
            Trouble::Full => Self::DiskFull,
            Trouble::Busy => Self::Busy,
            Trouble::Invalid => Self::invalid("text", error.message),
            Trouble::Lost => Self::Away { reason: error.message },
            Trouble::Constraint | Trouble::Conflict | Trouble::Other => Self::Engine(Arc::new(error)),
        }
    }
}

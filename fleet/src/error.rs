//! What can go wrong when the fleet is asked or kept up to date.

use model::Timestamp;

/// Why the fleet could not answer.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// A filter, cursor or sort token that cannot be evaluated: the client's mistake.
    #[error(transparent)]
    Query(#[from] qql::QueryError),
    /// The database could not be read or written.
    #[error("the store failed while {doing}")]
    Store {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: store::StoreError,
    },
    /// The index did not reach a clock value in time.
    #[error("the index is at {reached} and did not reach {wanted} in time", reached = reached.0, wanted = wanted.0)]
    Behind {
        /// The clock value waited for.
        wanted: Timestamp,
        /// Where the index is.
        reached: Timestamp,
    },
    /// The task that keeps the index up to date has ended.
    #[error("the index is not kept up to date any more")]
    Stopped,
    /// A package of an inventory is not in the package table: the database is damaged.
    #[error("package {package} is in an inventory but not in the package table")]
    UnknownPackage {
        /// The number that was not found.
        package: u32,
    },
    /// The inventory that an image names is not in the index after it was read: the database is damaged.
    #[error("inventory {inventory} is named by an image and was not found under its name")]
    UnknownInventory {
        /// The digest that was not found.
        inventory: model::Digest,
    },
}

impl FleetError {
    /// Wraps an error of the store.
    pub(crate) fn store(doing: &'static str) -> impl FnOnce(store::StoreError) -> Self {
        move |source| Self::Store { doing, source }
    }
}

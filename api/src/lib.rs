//! The HTTP API: the compatible Container Security API and Plimsoll's own calls.
//!
//! What it is for: routes, credentials, paging, errors, and the shapes of records as clients know them. What
//! it is not for: deciding which records match or what is vulnerable (`fleet`, `matcher`), keeping anything
//! (`store`), or settings, certificates and the console (`server`).
//!
//! The decision a reader may doubt: the compatible JSON is written by hand-ordered structs in `wire`, once
//! for v1.1 and once for the later versions, and not derived from our own types. Clients depend on key names,
//! nulls and number-or-string details that have no meaning inside; one folder holds them all.

mod activation_key;
mod ahead;
mod auth;
mod body;
mod body_limit;
mod changes;
mod completion;
mod container_reports;
mod containers;
mod deletion;
mod error;
mod fingerprint;
mod health;
mod images;
mod ingest;
mod jobs;
mod lookup;
mod openapi;
mod order;
mod paging;
mod query;
mod registries;
mod registry_jobs;
mod reports;
mod request_log;
mod request_target;
mod router;
mod sensor_profiles;
mod sensors;
mod serve;
mod settings;
mod small_list;
mod state;
mod statistics;
mod tags;
mod token;
mod vulnerabilities;
mod wire;

pub use fingerprint::{Fingerprint, fingerprints};
pub use openapi::document as openapi;
pub use query::{DEFAULT_ROWS, QueryForm, QueryText};
pub use registries::{RegistryCheck, read_events};
pub use router::router;
pub use serve::serve;
pub use settings::ApiSettings;
pub use state::ApiState;
pub use statistics::{day_document, scope_key};
pub use wire::{ContainerProfile, UnknownProfile};

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

use fleet::{Fleet, FleetError};
use model::Timestamp;
use store::StoreError;

use error::{ApiError, Refusal};

/// What a failure of the store means to a client.
fn store_error(error: StoreError) -> ApiError {
    match &error {
        StoreError::Invalid { .. } => ApiError::bad_request(format!("invalid body: {error}")),
        StoreError::NotFound { .. } => ApiError::not_found(error.to_string()),
        StoreError::Exists { .. } => ApiError::bad_request(error.to_string()),
        StoreError::DiskFull => ApiError::new(Refusal::InsufficientStorage, error.to_string()),
        StoreError::Busy | StoreError::Away { .. } | StoreError::Closed | StoreError::Open { .. } => {
            ApiError::new(Refusal::Unavailable, "the store is not available; try again later").because(&error)
        }
        _ => ApiError::internal(&error),
    }
}

/// What a failure of the index means to a client.
fn fleet_error(error: FleetError) -> ApiError {
    match error {
        FleetError::Query(error) => ApiError::bad_request(error.to_string()),
        FleetError::Store { source, .. } => store_error(source),
        FleetError::Behind { .. } | FleetError::Stopped => {
            ApiError::new(Refusal::Unavailable, "the index is not available; try again later").because(error)
        }
        other => ApiError::internal(other),
    }
}

/// Puts a question for many records to the index, away from the threads that serve connections: putting a
/// thousand records together takes longer than other requests should wait.
async fn ask<T: Send + 'static>(
    shared: &state::SharedState,
    question: impl FnOnce(&Fleet) -> Result<T, FleetError> + Send + 'static,
) -> Result<T, ApiError> {
    let fleet = shared.fleet.clone();
    let answer = tokio::task::spawn_blocking(move || question(&fleet));
    answer.await.map_err(ApiError::internal)?.map_err(fleet_error)
}

/// Puts a question that goes through a whole fleet, after those that were asked before.
async fn ask_counting<T: Send + 'static>(
    shared: &state::SharedState,
    question: impl FnOnce(&Fleet) -> Result<T, FleetError> + Send + 'static,
) -> Result<T, ApiError> {
    let stopped = |_| ApiError::new(Refusal::Unavailable, "the server is stopping");
    let _turn = shared.counts.acquire().await.map_err(stopped)?;
    ask(shared, question).await
}

/// Waits until the lists show what was stored at `clock`, within reason: the facts are durable already, so an
/// index that lags is no reason to tell the sender that anything failed.
async fn wait_until_visible(shared: &state::SharedState, clock: Timestamp) {
    if let Err(error) = shared.fleet.caught_up(clock, shared.settings.visible_timeout).await {
        tracing::warn!(clock = clock.0, %error, "a stored report is not visible yet: {error}");
    }
}

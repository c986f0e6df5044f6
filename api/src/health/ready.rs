//! `GET /readyz`: requests can be answered.

use std::time::Duration;

use axum::extract::State;

use crate::error::{ApiError, Refusal};
use crate::state::Shared;
use crate::wire::ErrorBody;

/// A store that takes longer to say its clock does not count as answering.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// Answers 200 once the index is loaded, as long as the store answers.
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses(
        (status = 200, description = "ready", body = String, content_type = "text/plain"),
        (status = 503, description = "not ready; the message says why", body = ErrorBody),
    )
)]
pub(crate) async fn ready(State(shared): State<Shared>) -> Result<&'static str, ApiError> {
    let not_ready = |reason: &str| ApiError::new(Refusal::Unavailable, reason);
    if !shared.fleet.ready() {
        return Err(not_ready("the index is not loaded"));
    }
    match tokio::time::timeout(STORE_TIMEOUT, shared.store.clock()).await {
        Ok(Ok(_)) => Ok("ready\n"),
        Ok(Err(error)) => Err(not_ready("the store does not answer").because(error)),
        Err(_) => Err(not_ready("the store does not answer in time")),
    }
}

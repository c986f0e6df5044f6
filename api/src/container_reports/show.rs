//! `GET /api/v1/containers/{sha}`: what is known of a container itself, in the form in which it is reported.
//!
//! The container records of `/csapi` have no place for what it is mounted, for its capabilities, its account and its network, nor for
//! paths and times of packages that drifted. What its software is judged to be is told there and not here.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use crate::auth::Identity;
use crate::body;
use crate::containers;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Shows the newest report of a container.
#[utoipa::path(
    get, path = "/api/v1/containers/{containerSha}", tag = "containers",
    params(("containerSha" = String, Path, description = "64 hex digits, or the first 12")),
    responses(
        (status = 200, description = "the report, with mounts, capabilities, account, network, drift and what is in use",
            body = serde_json::Value),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "out of the account's scope, or the role may not read", body = ErrorBody),
        (status = 404, description = "no such container", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let view = containers::find(&shared, &identity, &key).await?;
    Ok(body::json(&view.record.report))
}

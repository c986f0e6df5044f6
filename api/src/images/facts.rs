//! `GET /api/v1/images/{sha}`: what is known of an image itself, in the form in which it is reported.
//!
//! The image records of `/csapi` have no place for its build, nor for all that its config says. Its software and what that is
//! judged to be are told there and not here.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use model::Timestamp;
use serde::Serialize;
use store::ImageDocument;
use uuid::Uuid;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// An image without its software.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Facts<'a> {
    uuid: Uuid,
    created_at: Timestamp,
    updated: Timestamp,
    last_scanned: Timestamp,
    sources: &'a [String],
    #[serde(flatten)]
    document: &'a ImageDocument,
}

/// Shows what the reports of an image say besides its packages.
#[utoipa::path(
    get, path = "/api/v1/images/{imageSha}", tag = "images",
    params(("imageSha" = String, Path, description = "64 hex digits, or the first 12")),
    responses(
        (status = 200, description = "facts of its config and layers, its system, masked secrets, and the build that it was made in; \
            times in milliseconds", body = serde_json::Value),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "out of the account's scope, or the role may not read", body = ErrorBody),
        (status = 404, description = "no such image", body = ErrorBody),
    )
)]
pub(crate) async fn facts(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let view = super::find(&shared, &identity, &key).await?;
    let record = &view.record;
    Ok(body::json(&Facts {
        uuid: record.uuid,
        created_at: record.created_at,
        updated: record.updated,
        last_scanned: record.last_scanned,
        sources: &record.sources,
        document: &record.document,
    }))
}

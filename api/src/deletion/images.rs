//! `DELETE /images`.

use axum::Extension;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use axum::response::Response;
use fleet::Entity;

use super::{Accepted, Kind, Named};
use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::state::Shared;
use crate::wire::ErrorBody;

const KIND: Kind = Kind { entity: Entity::Image, ids: "imageIds", job: store::DELETE_IMAGES };

/// Deletes images by uuid or filter, as a job. One with a container that is created, running, stopped or paused is kept.
#[utoipa::path(
    delete, path = "/csapi/{version}/images", tag = "images",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("imageIds" = Option<Vec<String>>, Query, description = "record uuids; the parameter may be repeated"),
        ("filter" = Option<String>, Query, description = "QQL; what matches now is deleted"),
    ),
    request_body(content = Option<Named>, content_type = "application/json"),
    responses(
        (status = 200, description = "the job that does it", body = Accepted),
        (status = 204, description = "nothing matches"),
        (status = 400, description = "nothing was named, or it is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not delete, or a record is out of scope", body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    identity.require(Permission::DeleteImages)?;
    super::delete(&KIND, &shared, &identity, (&uri, &headers, request)).await
}

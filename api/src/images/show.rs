//! `GET /images/{sha}`: one image in full.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::{ErrorBody, ImageRecord, ImageRendering, Version};

/// Shows an image with its software and vulnerabilities in full.
#[utoipa::path(
    get, path = "/csapi/{version}/images/{imageSha}", tag = "images",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("imageSha" = String, Path, description = "64 hex digits, or the first 12"),
        ("scanDetails" = Option<String>, Query, description = "malware, secrets, compliance"),
    ),
    responses(
        (status = 200, description = "the record, with `host` and full vulnerabilities", body = ImageRecord<'_>),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "out of the account's scope, or the role may not read", body = ErrorBody),
        (status = 404, description = "no such image", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let view = super::find(&shared, &identity, &key).await?;
    let rendering = ImageRendering::of(version, true, &Parameters::of(&uri));
    let mut record = Vec::with_capacity(16 << 10);
    rendering.append(&mut record, &view);
    Ok(body::ready_json(record))
}

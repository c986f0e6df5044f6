//! `GET /containers/{sha}`: one container in full.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::{ContainerRecord, ContainerRendering, ErrorBody, Version};

/// Shows a container with its software and vulnerabilities in full.
#[utoipa::path(
    get, path = "/csapi/{version}/containers/{containerSha}", tag = "containers",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("containerSha" = String, Path, description = "64 hex digits, or the first 12"),
        ("profile" = Option<String>, Query, description = "from v1.2: classic or full, see the setting"),
    ),
    responses(
        (status = 200, description = "the record, with full vulnerabilities", body = ContainerRecord<'_>),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "out of the account's scope, or the role may not read", body = ErrorBody),
        (status = 404, description = "no such container", body = ErrorBody),
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
    let rendering = ContainerRendering::of(version, true, &Parameters::of(&uri), &shared.settings)?;
    let mut record = Vec::with_capacity(16 << 10);
    rendering.append(&mut record, &view);
    Ok(body::ready_json(record))
}

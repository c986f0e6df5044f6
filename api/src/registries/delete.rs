//! `DELETE /registry/{uuid}` and `DELETE /registry`.

use axum::Extension;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ManageRefusals, of_path, require_everything};
use crate::auth::{Identity, Permission};
use crate::error::{ApiError, Refusal};
use crate::lookup::Key;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::ErrorBody;
use crate::{body, ingest};

/// Registries in one request.
const MOST: usize = 10_000;

/// Which registries or schedules.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct NamedRegistries {
    /// Their uuids.
    #[serde(
        default,
        rename = "registryIds",
        alias = "registryUuids",
        alias = "scheduleIds",
        alias = "scheduleUuids"
    )]
    ids: Vec<String>,
}

/// Forgets a registry with its schedules, unless one of them is running. Images stay.
#[utoipa::path(
    delete, path = "/csapi/{version}/registry/{uuid}", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "the registry"),
    ),
    responses(
        (status = 204, description = "forgotten"),
        ManageRefusals,
        (status = 404, description = "no such registry", body = ErrorBody),
        (status = 409, description = "one of its schedules is running", body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let registry = of_path(&shared, &identity, Permission::ManageRegistries, &key).await?;
    shared.store.delete_registry(identity.customer(), registry.uuid).await.map_err(running)?;
    Ok(body::no_content())
}

/// Forgets several registries. The first that cannot be forgotten ends it; those before it are gone.
#[utoipa::path(
    delete, path = "/csapi/{version}/registry", tag = "registries",
    params(("version" = String, Path, description = "v1.1, v1.2 or v1.3")),
    request_body(content = NamedRegistries, content_type = "application/json"),
    responses(
        (status = 204, description = "forgotten"),
        (status = 400, description = "nothing was named, or it is not understood", body = ErrorBody),
        ManageRefusals,
        (status = 404, description = "no such registry", body = ErrorBody),
        (status = 409, description = "a schedule is running", body = ErrorBody),
    )
)]
pub(crate) async fn delete_all(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    require_everything(&identity, Permission::ManageRegistries)?;
    let uuids = named(&shared, &Parameters::of(&uri), &headers, request, "registryIds").await?;
    for uuid in uuids {
        shared.store.delete_registry(identity.customer(), uuid).await.map_err(running)?;
    }
    Ok(body::no_content())
}

/// The uuids of a body or of the address. None at all is refused.
pub(super) async fn named(
    shared: &Shared,
    parameters: &Parameters,
    headers: &HeaderMap,
    request: Body,
    key: &str,
) -> Result<Vec<Uuid>, ApiError> {
    let parse = |text: &[u8]| match text.iter().all(u8::is_ascii_whitespace) {
        true => Ok(NamedRegistries::default()),
        false => ingest::parse_json(text),
    };
    let mut ids = ingest::read(shared, headers, request, parse).await?.ids;
    ids.extend(parameters.each(key).flat_map(|ids| ids.split(',')).map(|id| id.trim().to_owned()));
    ids.retain(|id| !id.is_empty());
    if ids.is_empty() || ids.len() > MOST {
        return Err(ApiError::bad_request(format!("name 1 to {MOST} in {key}")));
    }
    let uuid = |id: &String| {
        let short: String = id.chars().take(64).collect();
        id.parse::<Uuid>().map_err(|_| ApiError::bad_request(format!("{key}: `{short}` is not a uuid")))
    };
    ids.iter().map(uuid).collect()
}

/// What runs is a conflict and no mistake of the request.
pub(super) fn running(error: store::StoreError) -> ApiError {
    match &error {
        store::StoreError::Invalid { field, .. } if field == "status" => {
            ApiError::new(Refusal::Conflict, error.to_string())
        }
        _ => crate::store_error(error),
    }
}

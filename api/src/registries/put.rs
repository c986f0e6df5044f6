//! `POST /registry` and `PUT /registry/{uuid}`.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use model::registry::{RegistrySecret, RegistrySettings};
use serde::Serialize;
use store::SecretOf;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ManageRefusals, login, of_path, require_everything};
use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::{ErrorBody, RegistryRequest};
use crate::{body, ingest};

/// The registry that was written.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Written {
    registry_uuid: Uuid,
}

/// Reads what is to be.
pub(super) async fn read(
    shared: &Shared,
    headers: &HeaderMap,
    request: Body,
) -> Result<(RegistrySettings, Option<RegistrySecret>), ApiError> {
    let request: RegistryRequest = ingest::read(shared, headers, request, ingest::parse_json).await?;
    request.resolve().map_err(|reason| ApiError::bad_request(format!("invalid body: {reason}")))
}

/// Makes a registry known. Nothing is connected to.
#[utoipa::path(
    post, path = "/csapi/{version}/registry", tag = "registries",
    params(("version" = String, Path, description = "v1.1, v1.2 or v1.3")),
    request_body(content = RegistryRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "made known", body = Written),
        (status = 400, description = "not valid, or there is one of this name", body = ErrorBody),
        ManageRefusals,
    )
)]
pub(crate) async fn create(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    require_everything(&identity, Permission::ManageRegistries)?;
    let (settings, secret) = read(&shared, &headers, request).await?;
    let secret = secret.unwrap_or_default();
    login::check_kept(&shared, &identity, &settings, &secret).await?;
    let made = shared.store.create_registry(identity.customer(), settings, secret).await;
    let registry_uuid = made.map_err(crate::store_error)?.uuid;
    Ok(body::json(&Written { registry_uuid }))
}

/// Changes a registry. Without password and token in it those that are known are kept, unless it is somewhere else from now on.
#[utoipa::path(
    put, path = "/csapi/{version}/registry/{uuid}", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "the registry"),
    ),
    request_body(content = RegistryRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "changed", body = Written),
        (status = 400, description = "not valid", body = ErrorBody),
        ManageRefusals,
        (status = 404, description = "no such registry", body = ErrorBody),
    )
)]
pub(crate) async fn replace(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    let known = of_path(&shared, &identity, Permission::ManageRegistries, &key).await?;
    let (mut settings, given) = read(&shared, &headers, request).await?;
    // clients of the documented body know of no names
    if settings.name.is_empty() {
        settings.name.clone_from(&known.settings.name);
    }
    // a known password must not be sent to another host by somebody who does not know it
    let moved =
        settings.uri != known.settings.uri || settings.credential_type != known.settings.credential_type;
    let customer = identity.customer();
    let secret = match given {
        Some(secret) => Some(secret),
        None if moved => Some(RegistrySecret::default()),
        None => None,
    };
    let effective = match &secret {
        Some(secret) => secret.clone(),
        None => {
            let of = SecretOf::Registry(known.uuid);
            shared.store.registry_secret(customer, of).await.map_err(crate::store_error)?
        }
    };
    login::check_kept(&shared, &identity, &settings, &effective).await?;
    let changed = shared.store.update_registry(customer, known.uuid, settings, secret).await;
    let registry_uuid = changed.map_err(crate::store_error)?.uuid;
    Ok(body::json(&Written { registry_uuid }))
}

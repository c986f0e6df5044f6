//! `GET /registry/{uuid}`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::counts::Contents;
use super::{login, of_path};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::{ErrorBody, RegistryDetails, RegistryRecord};

/// Shows a registry. Passwords and tokens are never shown.
#[utoipa::path(
    get, path = "/csapi/{version}/registry/{uuid}", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "the registry"),
    ),
    responses(
        (status = 200, description = "the registry", body = RegistryDetails<'_>),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not see registries, or the account has a scope", body = ErrorBody),
        (status = 404, description = "no such registry", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let registry = of_path(&shared, &identity, Permission::ViewRegistries, &key).await?;
    let customer = identity.customer();
    let schedules = shared.store.schedules(customer, registry.uuid).await.map_err(crate::store_error)?;
    let counts = Contents::of(&shared, &identity, &registry).await?.all();
    let connectors = shared.store.connectors(customer).await.map_err(crate::store_error)?;
    let connector = login::connector_of(&registry.settings, &connectors);
    let record = RegistryRecord::new(&registry, &schedules, counts);
    Ok(body::json(&RegistryDetails::new(&registry, record, connector)))
}

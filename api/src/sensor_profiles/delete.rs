//! `DELETE /sensorProfile/{profileId}`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::{find, unknown};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::{ErrorBody, ProfileId};

/// Removes a sensor profile; its sensors go on with the default one.
#[utoipa::path(
    delete, path = "/csapi/{version}/sensorProfile/{uuid}", tag = "sensors",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "its profileId"),
    ),
    responses(
        (status = 200, description = "it is gone", body = ProfileId),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not change sensors, or the account has a scope", body = ErrorBody),
        (status = 404, description = "no such profile", body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let profile = find(&shared, &identity, Permission::ManageSensors, &key).await?;
    let deleted = shared.store.delete_profile(identity.customer(), profile.uuid).await;
    if !deleted.map_err(crate::store_error)? {
        return Err(unknown());
    }
    Ok(body::json(&ProfileId { profile_id: profile.uuid }))
}

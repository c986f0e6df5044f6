//! `GET /sensorProfile/{profileId}`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::{find, item};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::{ErrorBody, ProfileDocument, ProfileRecord};

/// Shows a sensor profile.
#[utoipa::path(
    get, path = "/csapi/{version}/sensorProfile/{uuid}", tag = "sensors",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "its profileId"),
    ),
    responses(
        (status = 200, description = "the profile", body = ProfileRecord<'_>),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not see sensors, or the account has a scope", body = ErrorBody),
        (status = 404, description = "no such profile", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let profile = find(&shared, &identity, Permission::ViewSensors, &key).await?;
    let members = shared.store.profile_members(identity.customer()).await.map_err(crate::store_error)?;
    let document: ProfileDocument = serde_json::from_str(&profile.document).map_err(ApiError::internal)?;
    let own = members.iter().filter(|(_, own)| *own == profile.uuid);
    Ok(body::json(&ProfileRecord {
        item: item(&profile, &members),
        associated_sensor_ids: own.map(|(sensor, _)| *sensor).collect(),
        associated_registry_ids: document.associated_registry_ids,
        filter: document.filter,
        config: document.config,
    }))
}

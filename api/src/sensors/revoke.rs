//! `POST /api/v1/sensors/{uuid}/revoke`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::{SensorView, find, profile_names, unknown};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Shuts a sensor out for good, from its next call on. It may enrol again with another key and token, as another sensor.
#[utoipa::path(
    post, path = "/api/v1/sensors/{uuid}/revoke", tag = "sensors",
    params(("uuid" = String, Path, description = "the sensor")),
    responses(
        (status = 200, description = "the sensor; `revoked` says since when", body = SensorView),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not revoke sensors, or the account has a scope", body = ErrorBody),
        (status = 404, description = "no such sensor", body = ErrorBody),
    )
)]
pub(crate) async fn revoke(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let uuid = find(&shared, &identity, Permission::ManageSensors, &key).await?.key.uuid;
    let customer = identity.customer();
    if shared.store.revoke_sensor(customer, uuid).await.map_err(crate::store_error)? {
        tracing::info!(sensor = %uuid, by = identity.name(), "sensor {uuid} revoked");
    }
    let sensor = shared.store.sensor(customer, uuid).await.map_err(crate::store_error)?;
    let profiles = profile_names(&shared, customer).await?;
    Ok(body::json(&SensorView::new(sensor.ok_or_else(unknown)?, &profiles)))
}

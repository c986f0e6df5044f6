//! `GET /sensors/{sensorId}`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use model::Timestamp;

use super::{find, profile_names};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::{ErrorBody, SensorRecord};

/// Shows a sensor.
#[utoipa::path(
    get, path = "/csapi/{version}/sensors/{uuid}", tag = "sensors",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "its sensorId, which is its uuid"),
    ),
    responses(
        (status = 200, description = "the sensor", body = SensorRecord<'_>),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not see sensors, or the account has a scope", body = ErrorBody),
        (status = 404, description = "no such sensor", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let sensor = find(&shared, &identity, Permission::ViewSensors, &key).await?;
    let profiles = profile_names(&shared, identity.customer()).await?;
    Ok(body::json(&super::record(&sensor, &profiles, Timestamp::now())))
}

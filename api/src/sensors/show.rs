//! `GET /api/v1/sensors/{uuid}`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::{SensorView, find, profile_names};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Shows a sensor with what it said last.
#[utoipa::path(
    get, path = "/api/v1/sensors/{uuid}", tag = "sensors",
    params(("uuid" = String, Path, description = "the sensor")),
    responses(
        (status = 200, description = "the sensor", body = SensorView),
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
    Ok(body::json(&SensorView::new(sensor, &profiles)))
}

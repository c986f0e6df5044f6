//! `PATCH /api/v1/sensors/{uuid}`: what people want of a sensor.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use serde::{Deserialize, Deserializer};
use store::SensorChange;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{SensorView, find, profile_names};
use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;
use crate::{body, ingest};

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Another name.
    name: Option<String>,
    /// The id of a profile, or null for the default one.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    profile: Option<Option<Uuid>>,
    /// The version that it should be replaced with, or null for none in particular.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    wanted_version: Option<Option<String>>,
    /// Whether it is to send everything anew. It is told so until it says that it does.
    resync: Option<bool>,
}

/// Tells null from nothing.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Renames a sensor, gives it a profile, asks it for another version or to send everything anew. It learns of it with its next
/// heartbeat.
#[utoipa::path(
    patch, path = "/api/v1/sensors/{uuid}", tag = "sensors",
    params(("uuid" = String, Path, description = "the sensor")),
    request_body(content = Wanted, content_type = "application/json"),
    responses(
        (status = 200, description = "the sensor as it is now", body = SensorView),
        (status = 400, description = "not valid; the message names the place", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not change sensors, or the account has a scope", body = ErrorBody),
        (status = 404, description = "no such sensor or profile", body = ErrorBody),
        (status = 413, description = "larger than a change can be", body = ErrorBody),
    )
)]
pub(crate) async fn change(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    request: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let sensor = find(&shared, &identity, Permission::ManageSensors, &key).await?;
    let Wanted { name, profile, wanted_version, resync } = ingest::small(request)?;
    let change = SensorChange { name, profile, wanted_version, resync };
    let changed = shared.store.change_sensor(identity.customer(), sensor.key.uuid, change).await;
    let profiles = profile_names(&shared, identity.customer()).await?;
    Ok(body::json(&SensorView::new(changed.map_err(crate::store_error)?, &profiles)))
}

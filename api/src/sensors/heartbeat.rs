//! `POST /api/v1/sensors/heartbeat`: a sensor says that it lives, and hears what is wanted of it.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use model::Timestamp;
use model::sensor::{Heartbeat, HeartbeatAnswer};

use super::clock;
use crate::auth::Identity;
use crate::error::ApiError;
use crate::state::Shared;
use crate::wire::ErrorBody;
use crate::{body, ingest};

/// The largest heartbeat, in bytes: as many troubles, addresses and runtimes as a sensor may tell. Larger ones are not read.
pub(crate) const MAX_BODY: usize = 512 << 10;
/// Troubles of one heartbeat.
const TROUBLES: usize = 64;

/// Notes a heartbeat of the sensor that asks.
#[utoipa::path(
    post, path = "/api/v1/sensors/heartbeat", tag = "sensors",
    request_body(
        content = serde_json::Value, content_type = "application/json",
        description = "`version`, `sentAt`, `host` if it changed, `lag`, `waiting`, `dropped`, `containers`, `troubles`, `resynced`"
    ),
    responses(
        (status = 200, description = "`now`, `profile`, `wantedVersion`, `resync`", body = serde_json::Value),
        (status = 400, description = "not valid; the message names the place", body = ErrorBody),
        (status = 401, description = "no valid credentials, or the sensor was revoked", body = ErrorBody),
        (status = 403, description = "only sensors have a heartbeat", body = ErrorBody),
        (status = 413, description = "larger than a heartbeat can be", body = ErrorBody),
    )
)]
pub(crate) async fn heartbeat(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    request: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let sensor = identity.require_sensor()?;
    let mut heartbeat: Heartbeat = ingest::small(request)?;
    let ahead = clock::trouble(heartbeat.sent_at, Timestamp::now());
    heartbeat.troubles.extend(ahead.filter(|_| heartbeat.troubles.len() < TROUBLES));
    let answer = shared.store.beat_sensor(sensor.customer, sensor.uuid, heartbeat).await;
    let gone =
        || ApiError::unauthorized("this sensor was revoked or removed; it must enrol anew with another key");
    let answer = answer.map_err(crate::store_error)?.ok_or_else(gone)?;
    Ok(body::json(&HeartbeatAnswer {
        now: Timestamp::now(),
        profile: answer.settings,
        wanted_version: answer.wanted_version,
        resync: answer.resync,
    }))
}

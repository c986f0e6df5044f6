//! `GET /api/v1/sensors/containers`: what a sensor has reported and not reported as gone.
//!
//! A sensor that was away asks for it to tell which of its containers went meanwhile.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::{Entity, Scope};
use model::{ContainerState, Digest, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Containers of an answer when `limit` is not given, and at most.
const MAX_LIMIT: usize = 1_000;

/// A page of a sensor's containers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnContainers {
    data: Vec<OwnContainer>,
    /// Give it as `after` to go on; null at the end.
    next: Option<Uuid>,
}

/// A container that a sensor reported.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnContainer {
    uuid: Uuid,
    /// `sha256:` and the 64 hex digits of the runtime's id.
    #[schema(value_type = String)]
    id: Digest,
    #[schema(value_type = String)]
    state: ContainerState,
    /// The time of the newest report, in milliseconds since the epoch.
    #[schema(value_type = i64)]
    observed_at: Timestamp,
}

/// Lists the containers that the sensor which asks reported last and that are not deleted, in the order of uuids.
#[utoipa::path(
    get, path = "/api/v1/sensors/containers", tag = "sensors",
    params(
        ("after" = Option<String>, Query, description = "go on behind this uuid"),
        ("limit" = Option<usize>, Query, description = "1 to 1000, default 1000"),
    ),
    responses(
        (status = 200, description = "a page", body = OwnContainers),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "only sensors have containers", body = ErrorBody),
    )
)]
pub(crate) async fn containers(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let sensor = identity.require_sensor()?;
    let (customer, own) = (sensor.customer, sensor.uuid);
    let parameters = Parameters::of(&uri);
    let after = parameters.get("after").map(|text| text.parse::<Uuid>()).transpose();
    let after = after.map_err(|_| ApiError::bad_request("after is not a uuid"))?;
    let limit = parameters.number("limit")?.unwrap_or(MAX_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::bad_request(format!("limit must be between 1 and {MAX_LIMIT}, not {limit}")));
    }
    let filter = qql::parse(&format!("sensorUuid:{own} and not state:DELETED"));
    let filter = filter.map_err(ApiError::internal)?;
    let found = crate::ask(&shared, move |fleet| {
        fleet.select(customer, &Scope::Everything, Entity::Container, &filter)
    });
    let mut uuids = found.await?;
    let start = after.map_or(0, |after| uuids.partition_point(|uuid| *uuid <= after));
    uuids.drain(..start);
    let next = if uuids.len() > limit { uuids.get(limit - 1).copied() } else { None };
    let keys: Vec<(Uuid, Uuid)> = uuids.into_iter().take(limit).map(|uuid| (customer, uuid)).collect();
    let records = shared.store.containers_of(&keys).await.map_err(crate::store_error)?;
    let is_own = |record: &store::ContainerRecord| {
        let sender = record.report.details.as_ref().and_then(|details| details.sensor);
        sender == Some(own) && record.report.state != ContainerState::Deleted
    };
    let own = records.into_iter().filter(is_own).map(|record| OwnContainer {
        uuid: record.uuid,
        id: record.report.id,
        state: record.report.state,
        observed_at: record.report.observed_at,
    });
    Ok(body::json(&OwnContainers { data: own.collect(), next }))
}

//! `DELETE /sensors`.

use axum::Extension;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use axum::response::Response;
use qql::SmallEntity;
use uuid::Uuid;

use super::{Accepted, Named};
use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::sensors::{require_all, select};
use crate::small_list;
use crate::state::Shared;
use crate::wire::ErrorBody;

const IDS: &str = "sensorIds";

/// Deletes sensors by uuid or filter, as a job. One whose heartbeats arrive is kept.
#[utoipa::path(
    delete, path = "/csapi/{version}/sensors", tag = "sensors",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("sensorIds" = Option<Vec<String>>, Query, description = "uuids; the parameter may be repeated"),
        ("filter" = Option<String>, Query, description = "QQL; what matches now is deleted"),
    ),
    request_body(content = Option<Named>, content_type = "application/json"),
    responses(
        (status = 200, description = "the job that does it", body = Accepted),
        (status = 204, description = "nothing matches"),
        (status = 400, description = "nothing was named, or it is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not delete, or the account has a scope", body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    require_all(&identity, Permission::DeleteSensors)?;
    let named = super::read(IDS, &shared, (&uri, &headers, request)).await?;
    let uuids = choose(&shared, identity.customer(), named).await?;
    super::enqueue(&shared, &identity, store::DELETE_SENSORS, uuids).await
}

/// The uuids of what is to be deleted.
async fn choose(shared: &Shared, customer: Uuid, named: Named) -> Result<Vec<Uuid>, ApiError> {
    let ids = named.ids.unwrap_or_default();
    if ids.is_empty() {
        let filter = named.filter.unwrap_or_default();
        let filter = qql::parse(&filter).map_err(|error| ApiError::bad_request(error.to_string()))?;
        let condition = small_list::condition(Some(&filter), SmallEntity::Sensor)?;
        return select(shared, customer, &condition).await;
    }
    let mut wanted = ids.iter().map(|id| super::uuid(IDS, id)).collect::<Result<Vec<_>, _>>()?;
    wanted.sort_unstable();
    wanted.dedup();
    let known = select(shared, customer, &qql::Condition::All).await?;
    wanted.retain(|uuid| known.contains(uuid));
    Ok(wanted)
}

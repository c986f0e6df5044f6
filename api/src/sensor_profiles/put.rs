//! `POST /sensorProfile` and `PUT /sensorProfile/{profileId}`.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use qql::SmallEntity;
use store::NewProfile;
use uuid::Uuid;

use super::find;
use super::settings::settings;
use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::lookup::Key;
use crate::sensors::{require_all, select};
use crate::state::Shared;
use crate::wire::{ErrorBody, ProfileDocument, ProfileId, ProfileRequest};
use crate::{body, ingest, small_list};

/// Makes a sensor profile.
#[utoipa::path(
    post, path = "/csapi/{version}/sensorProfile", tag = "sensors",
    params(("version" = String, Path, description = "v1.1, v1.2 or v1.3")),
    request_body(content = ProfileRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "its id", body = ProfileId),
        (status = 400, description = "not valid, or the name is taken", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not change sensors, or the account has a scope", body = ErrorBody),
        (status = 404, description = "a sensor that is named does not exist", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    request: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    require_all(&identity, Permission::ManageSensors)?;
    put(&shared, &identity, None, ingest::small(request)?).await
}

/// Puts another profile in the place of one; sensors that have it learn of it with their next heartbeat.
#[utoipa::path(
    put, path = "/csapi/{version}/sensorProfile/{uuid}", tag = "sensors",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "its profileId"),
    ),
    request_body(content = ProfileRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "its id", body = ProfileId),
        (status = 400, description = "not valid, or the name is taken", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not change sensors, or the account has a scope", body = ErrorBody),
        (status = 404, description = "no such profile, or a sensor that is named does not exist", body = ErrorBody),
    )
)]
pub(crate) async fn replace(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    request: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let replaced = find(&shared, &identity, Permission::ManageSensors, &key).await?;
    put(&shared, &identity, Some(replaced.uuid), ingest::small(request)?).await
}

async fn put(
    shared: &Shared,
    identity: &Identity,
    replaced: Option<Uuid>,
    request: ProfileRequest,
) -> Result<Response, ApiError> {
    let customer = identity.customer();
    let filter = request.filter.filter(|filter| !filter.trim().is_empty());
    let matching = match &filter {
        None => None,
        Some(filter) => {
            let query = qql::parse(filter).map_err(|error| ApiError::bad_request(error.to_string()))?;
            let condition = small_list::condition(Some(&query), SmallEntity::Sensor)?;
            Some(select(shared, customer, &condition).await?)
        }
    };
    let sensors = match (request.associated_sensor_ids, matching) {
        (None, None) => None,
        (named, matching) => {
            let mut all: Vec<Uuid> = named.into_iter().chain(matching).flatten().collect();
            all.sort_unstable();
            all.dedup();
            Some(all)
        }
    };
    let config = request.config.unwrap_or_default();
    let settings = settings(&request.profile_name, &config)?;
    let associated_registry_ids = request.associated_registry_ids.unwrap_or_default();
    let document = ProfileDocument { associated_registry_ids, filter, config };
    let profile = NewProfile {
        name: request.profile_name,
        kind: request.profile_type,
        description: request.description.unwrap_or_default(),
        document: serde_json::to_string(&document).map_err(ApiError::internal)?,
        settings,
        sensors,
    };
    let profile_id = shared.store.put_profile(customer, replaced, profile).await;
    Ok(body::json(&ProfileId { profile_id: profile_id.map_err(crate::store_error)? }))
}

//! Schedules of a registry: when it is walked.

use axum::Extension;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use axum::response::Response;
use model::registry::RegistrySchedule;
use qql::SmallEntity;
use serde::Serialize;
use store::Schedule;
use utoipa::ToSchema;
use uuid::Uuid;

use super::delete::{named, running};
use super::{ManageRefusals, TwoKeys, ViewRefusals, of_path};
use crate::auth::{Identity, Permission};
use crate::error::{ApiError, Refusal};
use crate::lookup::Key;
use crate::paging::Parameters;
use crate::small_list::SmallList;
use crate::state::Shared;
use crate::wire::{ErrorBody, Page, ScheduleRecord, ScheduleRequest, Version};
use crate::{body, ingest};

/// The schedule that was written.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WrittenSchedule {
    schedule_uuid: Uuid,
}

/// Lists the schedules of a registry with how far each is.
#[utoipa::path(
    get, path = "/csapi/{version}/registry/{uuid}/schedule", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "the registry"),
        ("pageNumber" = Option<usize>, Query, description = "from 1; pageNo means the same"),
        ("pageSize" = Option<usize>, Query, description = "1 to 1000, default 50; pages end at record 10,000"),
        ("filter" = Option<String>, Query, description = "QQL"),
        ("sort" = Option<String>, Query, description = "a token with :asc or :desc; the oldest first without"),
    ),
    responses(
        (status = 200, description = "a page", body = Page<ScheduleRecord<'_>>),
        (status = 204, description = "nothing matches; v1.1 answers 200 with empty data"),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        ViewRefusals,
        (status = 404, description = "no such registry", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let registry = of_path(&shared, &identity, Permission::ViewRegistries, &key).await?;
    let asked = SmallList::of(&uri, SmallEntity::Schedule)?;
    let schedules = shared.store.schedules(identity.customer(), registry.uuid).await;
    let schedules = schedules.map_err(crate::store_error)?;
    let records = schedules.iter().map(ScheduleRecord::new).collect();
    Ok(asked.answer(version, records, ScheduleRecord::uuid))
}

/// Makes a schedule. One for once, which is one without a time, waits for a registry sensor from now on.
#[utoipa::path(
    post, path = "/csapi/{version}/registry/{uuid}/schedule", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "the registry"),
    ),
    request_body(content = ScheduleRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "made", body = WrittenSchedule),
        (status = 400, description = "not valid", body = ErrorBody),
        ManageRefusals,
        (status = 404, description = "no such registry", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    let registry = of_path(&shared, &identity, Permission::ManageRegistries, &key).await?;
    let schedule = read(&shared, &headers, request).await?;
    let made = shared.store.create_schedule(identity.customer(), registry.uuid, schedule).await;
    Ok(body::json(&WrittenSchedule { schedule_uuid: made.map_err(crate::store_error)?.uuid }))
}

async fn read(shared: &Shared, headers: &HeaderMap, request: Body) -> Result<RegistrySchedule, ApiError> {
    let request: ScheduleRequest = ingest::read(shared, headers, request, ingest::parse_json).await?;
    request.resolve().map_err(|reason| ApiError::bad_request(format!("invalid body: {reason}")))
}

/// Changes a schedule that is not running. One for once stays one.
#[utoipa::path(
    put, path = "/csapi/{version}/registry/{uuid}/schedule/{schedule}", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "the registry"),
        ("schedule" = String, Path, description = "the schedule"),
    ),
    request_body(content = ScheduleRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "changed", body = WrittenSchedule),
        (status = 400, description = "not valid", body = ErrorBody),
        ManageRefusals,
        (status = 404, description = "no such registry or schedule", body = ErrorBody),
        (status = 409, description = "it is running", body = ErrorBody),
    )
)]
pub(crate) async fn replace(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    keys: TwoKeys,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    let known = of_keys(&shared, &identity, &keys).await?;
    let schedule = read(&shared, &headers, request).await?;
    let changed = shared.store.update_schedule(identity.customer(), known.uuid, schedule).await;
    Ok(body::json(&WrittenSchedule { schedule_uuid: changed.map_err(running)?.uuid }))
}

/// Removes a schedule that is not running.
#[utoipa::path(
    delete, path = "/csapi/{version}/registry/{uuid}/schedule/{schedule}", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "the registry"),
        ("schedule" = String, Path, description = "the schedule"),
    ),
    responses(
        (status = 204, description = "removed"),
        ManageRefusals,
        (status = 404, description = "no such registry or schedule", body = ErrorBody),
        (status = 409, description = "it is running", body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    keys: TwoKeys,
) -> Result<Response, ApiError> {
    let known = of_keys(&shared, &identity, &keys).await?;
    shared.store.delete_schedule(identity.customer(), known.uuid).await.map_err(running)?;
    Ok(body::no_content())
}

/// Removes several schedules of a registry. The first that is running ends it; those before it are gone.
#[utoipa::path(
    delete, path = "/csapi/{version}/registry/{uuid}/schedule", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "the registry"),
    ),
    request_body(content = super::delete::NamedRegistries, content_type = "application/json"),
    responses(
        (status = 204, description = "removed"),
        (status = 400, description = "nothing was named, or it is not understood", body = ErrorBody),
        ManageRefusals,
        (status = 404, description = "no such registry or schedule", body = ErrorBody),
        (status = 409, description = "one is running", body = ErrorBody),
    )
)]
pub(crate) async fn delete_all(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
    Key(key): Key,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    let registry = of_path(&shared, &identity, Permission::ManageRegistries, &key).await?;
    let uuids = named(&shared, &Parameters::of(&uri), &headers, request, "scheduleIds").await?;
    let customer = identity.customer();
    let known = shared.store.schedules(customer, registry.uuid).await.map_err(crate::store_error)?;
    for uuid in uuids {
        if !known.iter().any(|schedule| schedule.uuid == uuid) {
            return Err(unknown());
        }
        shared.store.delete_schedule(customer, uuid).await.map_err(running)?;
    }
    Ok(body::no_content())
}

/// Calls a schedule off, also for the future. A sensor that is at it stops within seconds; what it has sent stays.
#[utoipa::path(
    post, path = "/csapi/{version}/registry/{uuid}/schedule/{schedule}/cancel", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "the registry"),
        ("schedule" = String, Path, description = "the schedule"),
    ),
    responses(
        (status = 200, description = "called off", body = WrittenSchedule),
        ManageRefusals,
        (status = 404, description = "no such registry or schedule", body = ErrorBody),
        (status = 409, description = "it has ended", body = ErrorBody),
    )
)]
pub(crate) async fn cancel(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    keys: TwoKeys,
) -> Result<Response, ApiError> {
    let known = of_keys(&shared, &identity, &keys).await?;
    let cancelled = shared.store.cancel_schedule(identity.customer(), known.uuid).await;
    match cancelled.map_err(crate::store_error)? {
        true => Ok(body::json(&WrittenSchedule { schedule_uuid: known.uuid })),
        false => {
            let message = format!("the schedule has ended: {}", known.status.as_str());
            Err(ApiError::new(Refusal::Conflict, message))
        }
    }
}

async fn of_keys(shared: &Shared, identity: &Identity, keys: &TwoKeys) -> Result<Schedule, ApiError> {
    let registry = of_path(shared, identity, Permission::ManageRegistries, &keys.first).await?;
    let uuid: Uuid = keys.second.parse().map_err(|_| unknown())?;
    let known = shared.store.schedule(identity.customer(), uuid).await.map_err(crate::store_error)?;
    known.filter(|known| known.registry == registry.uuid).ok_or_else(unknown)
}

fn unknown() -> ApiError {
    ApiError::not_found("no such schedule")
}

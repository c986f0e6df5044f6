//! `POST /api/v1/containers`: stores what a runtime said of its containers.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::{ContainerReport, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::ingest;
use crate::sensors::clock;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// What became of container reports.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredContainers {
    /// In the order of the request.
    containers: Vec<StoredContainer>,
    /// The latest clock value of the records, in milliseconds since the epoch.
    #[schema(value_type = i64)]
    updated: Timestamp,
    /// False if all of it was stored before.
    changed: bool,
    /// How many told times of the future, which were taken as of now. Left out if none did.
    #[serde(skip_serializing_if = "is_zero")]
    held_back: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Where to find a container.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoredContainer {
    /// The container id as 64 hex digits.
    sha: String,
    uuid: Uuid,
}

/// Stores container reports, all of them or none.
#[utoipa::path(
    post, path = "/api/v1/containers", tag = "ingest",
    request_body(
        content = serde_json::Value, content_type = "application/json",
        description = "one container report or an array of them; Content-Encoding gzip or zstd"
    ),
    responses(
        (status = 201, description = "stored", body = StoredContainers),
        (status = 200, description = "known already", body = StoredContainers),
        (status = 400, description = "not valid; the message names the place", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not send reports", body = ErrorBody),
        (status = 413, description = "larger than the server accepts", body = ErrorBody),
        (status = 415, description = "unknown Content-Encoding", body = ErrorBody),
        (status = 503, description = "the store is not available; send it again later", body = ErrorBody),
        (status = 507, description = "the disk is full; nothing was stored", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    request: Body,
) -> Result<(StatusCode, Response), ApiError> {
    identity.require(Permission::SendContainers)?;
    let mut reports = ingest::read(&shared, &headers, request, parse).await?;
    let sensor = identity.sensor().map(|sensor| sensor.uuid);
    reports.iter_mut().for_each(|report| name_sender(report, sensor));
    // the clock of whoever has an account is refused by the store if it is very wrong
    let now = Timestamp::now();
    let hold_back = |report: &mut ContainerReport| usize::from(clock::hold_back_container(report, now));
    let held_back = if sensor.is_some() { reports.iter_mut().map(hold_back).sum() } else { 0 };
    let shas: Vec<String> = reports.iter().map(|report| report.id.to_hex()).collect();
    let ack = shared.store.put_containers(identity.customer(), reports).await.map_err(crate::store_error)?;
    crate::wait_until_visible(&shared, ack.updated).await;
    let pairs = shas.into_iter().zip(ack.uuids);
    let stored = StoredContainers {
        containers: pairs.map(|(sha, uuid)| StoredContainer { sha, uuid }).collect(),
        updated: ack.updated,
        changed: ack.changed,
        held_back,
    };
    let status = if ack.changed { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, body::json(&stored)))
}

/// Writes which sensor sent a report, whatever it says itself.
fn name_sender(report: &mut ContainerReport, sensor: Option<Uuid>) {
    if sensor.is_some() {
        report.details.get_or_insert_default().sensor = sensor;
    } else if let Some(details) = &mut report.details {
        details.sensor = None;
    }
}

/// Takes one report for an array of one.
fn parse(text: &[u8]) -> Result<Vec<ContainerReport>, ApiError> {
    if text.trim_ascii_start().starts_with(b"[") {
        ingest::parse_json(text)
    } else {
        ingest::parse_json(text).map(|report| vec![report])
    }
}

//! Sensors: how they come in and speak to the server, and what people see and want of them.
//!
//! Sensors have no tags, so an account with a scope sees none of them: which hosts there are would tell of what lies outside.

pub(crate) mod change;
pub(crate) mod clock;
pub(crate) mod containers;
pub(crate) mod enrol;
pub(crate) mod gate;
pub(crate) mod heartbeat;
pub(crate) mod images;
pub(crate) mod list;
pub(crate) mod record;
pub(crate) mod revoke;
pub(crate) mod show;
pub(crate) mod tokens;

use std::collections::HashMap;

use model::Timestamp;
use model::sensor::Heartbeat;
use qql::Condition;
use serde::Serialize;
use store::Sensor;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::state::Shared;
use crate::wire::{DEFAULT_PROFILE, SensorRecord, sensor_status};

/// Sensors that are read at once.
const PART: usize = 1_000;

/// The largest body of a call that has none of its own bound, in bytes. Larger ones are not read.
pub(crate) const MAX_BODY: usize = 64 << 10;

/// A sensor as Plimsoll's own calls show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SensorView {
    uuid: Uuid,
    name: String,
    /// `GENERAL`, `REGISTRY` or `CICD`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// `RUNNING` while heartbeats arrive, else `UNKNOWN`.
    status: &'static str,
    /// Program and version.
    version: String,
    wanted_version: Option<String>,
    /// The profile's id; null for the default one.
    profile: Option<Uuid>,
    profile_name: String,
    /// It is told to send everything anew and has not said yet that it does.
    resync: bool,
    /// Milliseconds since the epoch, as all times here.
    #[schema(value_type = i64)]
    enrolled: Timestamp,
    /// The token that it came with.
    token: Uuid,
    #[schema(value_type = Option<i64>)]
    revoked: Option<Timestamp>,
    /// When it said something last.
    #[schema(value_type = i64)]
    seen: Timestamp,
    /// What it said last: `lag` in milliseconds, `waiting` and `dropped` reports, `containers`, `troubles`.
    #[schema(value_type = Option<Object>)]
    heartbeat: Option<Heartbeat>,
    #[schema(value_type = Object)]
    host: model::HostReport,
}

impl SensorView {
    fn new(sensor: Sensor, profiles: &HashMap<Uuid, String>) -> Self {
        let status = sensor_status(&sensor, Timestamp::now());
        let profile_name = sensor.profile.and_then(|profile| profiles.get(&profile).cloned());
        Self {
            uuid: sensor.key.uuid,
            name: sensor.key.name,
            kind: sensor.key.kind.as_str(),
            status,
            version: sensor.version,
            wanted_version: sensor.wanted_version,
            profile: sensor.profile,
            profile_name: profile_name.unwrap_or_else(|| DEFAULT_PROFILE.to_owned()),
            resync: sensor.resync.is_some(),
            enrolled: sensor.enrolled,
            token: sensor.token,
            revoked: sensor.key.revoked,
            seen: sensor.seen,
            heartbeat: sensor.heartbeat,
            host: sensor.host,
        }
    }
}

/// The names of a customer's profiles.
async fn profile_names(shared: &Shared, customer: Uuid) -> Result<HashMap<Uuid, String>, ApiError> {
    let profiles = shared.store.profiles(customer).await.map_err(crate::store_error)?;
    Ok(profiles.into_iter().map(|profile| (profile.uuid, profile.name)).collect())
}

/// All sensors of a customer.
async fn all(shared: &Shared, customer: Uuid) -> Result<Vec<Sensor>, ApiError> {
    let mut all: Vec<Sensor> = Vec::new();
    loop {
        let after = all.last().map(|sensor| sensor.key.uuid);
        let part = shared.store.sensors_after(customer, after, PART).await.map_err(crate::store_error)?;
        let is_last = part.len() < PART;
        all.extend(part);
        if is_last {
            return Ok(all);
        }
    }
}

/// The sensors of a customer for which a condition holds.
pub(crate) async fn select(
    shared: &Shared,
    customer: Uuid,
    condition: &Condition,
) -> Result<Vec<Uuid>, ApiError> {
    let (profiles, now) = (profile_names(shared, customer).await?, Timestamp::now());
    let sensors = all(shared, customer).await?;
    let records = sensors.iter().map(|sensor| record(sensor, &profiles, now));
    Ok(records.filter(|record| qql::holds(condition, record)).map(|record| record.uuid()).collect())
}

fn record<'a>(sensor: &'a Sensor, profiles: &'a HashMap<Uuid, String>, now: Timestamp) -> SensorRecord<'a> {
    let profile = sensor.profile.and_then(|profile| profiles.get(&profile)).map(String::as_str);
    SensorRecord::new(sensor, profile, now)
}

/// The sensor that a path names, for an account that may see sensors.
async fn find(
    shared: &Shared,
    identity: &Identity,
    permission: Permission,
    key: &str,
) -> Result<Sensor, ApiError> {
    require_all(identity, permission)?;
    let uuid = key.parse().map_err(|_| unknown())?;
    let found = shared.store.sensor(identity.customer(), uuid).await.map_err(crate::store_error)?;
    found.ok_or_else(unknown)
}

/// Refuses an account that lacks the permission or from which anything is kept.
pub(crate) fn require_all(identity: &Identity, permission: Permission) -> Result<(), ApiError> {
    identity.require(permission)?;
    if identity.sees_everything() { Ok(()) } else { Err(ApiError::out_of_scope()) }
}

fn unknown() -> ApiError {
    ApiError::not_found("no such sensor")
}

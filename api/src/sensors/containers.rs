//! `GET /api/v1/sensors/containers`: what is believed to be alive beside a sensor.
//!
//! A sensor that lost its memory asks for it to tell which of its containers went meanwhile. So does one that enrolled anew, as
//! another sensor: it also hears of what a sensor of the same host reported that was revoked or removed, because nobody else
//! is left to tell the end of it.

use std::collections::HashMap;

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::{Entity, Scope};
use model::sensor::{OwnContainer, OwnContainers};
use model::{ContainerState, SensorType};
use store::{ContainerRecord, SensorKey};
use uuid::Uuid;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Containers of an answer when `limit` is not given, and at most.
const MAX_LIMIT: usize = 1_000;
/// The same with whole reports.
const MAX_REPORTS: usize = 100;

/// Lists the containers that the sensor which asks reported last and that are not deleted, and those that a former sensor of its host
/// left behind, in the order of uuids.
#[utoipa::path(
    get, path = "/api/v1/sensors/containers", tag = "sensors",
    params(
        ("after" = Option<String>, Query, description = "go on behind this uuid"),
        ("limit" = Option<usize>, Query, description = "1 to 1000, default 1000; with `reports` 1 to 100, default 100"),
        ("reports" = Option<bool>, Query, description = "true: with the whole report of each"),
    ),
    responses(
        (
            status = 200, body = serde_json::Value,
            description = "`data`: `uuid`, `id`, `state`, `observedAt` of each, and `report` if it was asked for; `next`: give it as \
                           `after` to go on, null at the end"
        ),
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
    let customer = sensor.customer;
    let parameters = Parameters::of(&uri);
    let after = parameters.get("after").map(|text| text.parse::<Uuid>()).transpose();
    let after = after.map_err(|_| ApiError::bad_request("after is not a uuid"))?;
    let with_reports = parameters.is_true("reports");
    let most = if with_reports { MAX_REPORTS } else { MAX_LIMIT };
    let limit = parameters.number("limit")?.unwrap_or(most);
    if !(1..=most).contains(&limit) {
        return Err(ApiError::bad_request(format!("limit must be between 1 and {most}, not {limit}")));
    }
    let mut owners = Owners::of(&shared, sensor).await?;
    let filter = qql::parse(&owners.filter()).map_err(ApiError::internal)?;
    let found = crate::ask(&shared, move |fleet| {
        fleet.select(customer, &Scope::Everything, Entity::Container, &filter)
    });
    let mut uuids = found.await?;
    let start = after.map_or(0, |after| uuids.partition_point(|uuid| *uuid <= after));
    uuids.drain(..start);
    let next = if uuids.len() > limit { uuids.get(limit - 1).copied() } else { None };
    let keys: Vec<(Uuid, Uuid)> = uuids.into_iter().take(limit).map(|uuid| (customer, uuid)).collect();
    let records = shared.store.containers_of(&keys).await.map_err(crate::store_error)?;
    let mut data = Vec::with_capacity(records.len());
    for record in records {
        if owners.hold(&shared, &record).await? {
            data.push(shown(record, with_reports));
        }
    }
    Ok(body::json(&OwnContainers { data, next }))
}

fn shown(record: ContainerRecord, with_report: bool) -> OwnContainer {
    let ContainerRecord { uuid, report, .. } = record;
    OwnContainer {
        uuid,
        id: report.id,
        state: report.state,
        observed_at: report.observed_at,
        report: with_report.then(|| Box::new(report)),
    }
}

/// Whose containers a sensor speaks for.
struct Owners {
    own: Uuid,
    /// Of a sensor beside a runtime.
    hostname: Option<String>,
    /// Whether another sensor is one no more.
    former: HashMap<Uuid, bool>,
}

impl Owners {
    async fn of(shared: &Shared, sensor: &SensorKey) -> Result<Self, ApiError> {
        let own = shared.store.sensor(sensor.customer, sensor.uuid).await.map_err(crate::store_error)?;
        let hostname = own.map(|own| own.host.hostname);
        // in a filter a back-tick would end the name
        let hostname = hostname.filter(|name| sensor.kind == SensorType::General && !name.contains('`'));
        Ok(Self { own: sensor.uuid, hostname, former: HashMap::new() })
    }

    fn filter(&self) -> String {
        let own = format!("sensorUuid:{}", self.own);
        let ours = match &self.hostname {
            Some(name) => format!("({own} or host.hostname:`{name}`)"),
            None => own,
        };
        format!("{ours} and not state:DELETED")
    }

    async fn hold(&mut self, shared: &Shared, record: &ContainerRecord) -> Result<bool, ApiError> {
        let report = &record.report;
        let sender = report.details.as_ref().and_then(|details| details.sensor);
        let Some(sender) = sender.filter(|_| report.state != ContainerState::Deleted) else {
            return Ok(false);
        };
        if sender == self.own {
            return Ok(true);
        }
        if self.hostname.as_ref() != Some(&report.host.hostname) {
            return Ok(false);
        }
        if let Some(is_former) = self.former.get(&sender) {
            return Ok(*is_former);
        }
        let key = shared.store.sensor_key(sender).await.map_err(crate::store_error)?;
        let is_former = key.is_none_or(|key| key.revoked.is_some());
        self.former.insert(sender, is_former);
        Ok(is_former)
    }
}

//! `GET /sensors`.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use model::Timestamp;
use qql::SmallEntity;

use super::{all, profile_names, record};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::small_list::SmallList;
use crate::state::Shared;
use crate::wire::{ErrorBody, Page, SensorRecord, Version};

/// Lists sensors, with the number of all matches. An account with a scope sees none.
#[utoipa::path(
    get, path = "/csapi/{version}/sensors", tag = "sensors",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("pageNumber" = Option<usize>, Query, description = "from 1; pageNo means the same"),
        ("pageSize" = Option<usize>, Query, description = "1 to 1000, default 50; pages end at record 10,000"),
        ("filter" = Option<String>, Query, description = "QQL"),
        ("sort" = Option<String>, Query, description = "a token with :asc or :desc; in the order of enrolment without"),
    ),
    responses(
        (status = 200, description = "a page", body = Page<SensorRecord<'_>>),
        (status = 204, description = "nothing matches; v1.1 answers 200 with empty data"),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not see sensors", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewSensors)?;
    let asked = SmallList::of(&uri, SmallEntity::Sensor)?;
    let customer = identity.customer();
    let sensors = if identity.sees_everything() { all(&shared, customer).await? } else { Vec::new() };
    let (profiles, now) = (profile_names(&shared, customer).await?, Timestamp::now());
    let records = sensors.iter().map(|sensor| record(sensor, &profiles, now)).collect();
    let (items, count) = asked.page(records, SensorRecord::uuid);
    if items.is_empty() && !version.empty_list_has_body() {
        return Ok(body::no_content());
    }
    Ok(body::json(&Page::new(items, count)))
}

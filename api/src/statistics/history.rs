//! `GET /api/v1/history`: the fleet day by day.
//!
//! The last point is the present; those before are as they were noted on their day, for exactly the account's scope. Days on
//! which nothing was noted (no server ran, or no account had this scope) are left out and not made up.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::{Entity, Selection};
use model::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::scope_key;
use super::view::FleetNumbers;
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Days of an answer when `days` is not given.
const DEFAULT_DAYS: usize = 30;
/// The most days of an answer.
const MAX_DAYS: usize = 3_660;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// The fleet day by day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct History {
    /// The oldest first; the last one is today, as it is now.
    data: Vec<HistoryPoint>,
}

/// The numbers of a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryPoint {
    /// UTC.
    #[schema(example = "2026-05-01")]
    date: String,
    #[serde(flatten)]
    numbers: FleetNumbers,
}

impl HistoryPoint {
    fn new(day: i64, numbers: FleetNumbers) -> Self {
        Self { date: super::aggregates::date(day * DAY), numbers }
    }
}

/// Tells what the account's part of the fleet came to on each of the last days, today included.
#[utoipa::path(
    get, path = "/api/v1/history", tag = "statistics",
    params(("days" = Option<usize>, Query, description = "days, 1 to 3660, default 30; days without a note are left out")),
    responses(
        (status = 200, description = "a point for each day", body = History),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read", body = ErrorBody),
    )
)]
pub(crate) async fn history(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewImages)?;
    identity.require(Permission::ViewContainers)?;
    let days = Parameters::of(&uri).number("days")?.unwrap_or(DEFAULT_DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(ApiError::bad_request(format!("days must be between 1 and {MAX_DAYS}, not {days}")));
    }
    let (customer, scope) = (identity.customer(), identity.scope().clone());
    let today = Timestamp::now().0.div_euclid(DAY);
    let number = |day: i64| i32::try_from(day).map_err(ApiError::internal);
    let (first, yesterday) = (number(today - days as i64 + 1)?, number(today - 1)?);
    let noted = shared.store.days(customer, &scope_key(&scope), first, yesterday).await;
    let mut data: Vec<HistoryPoint> = Vec::with_capacity(days);
    for (day, document) in noted.map_err(crate::store_error)? {
        match serde_json::from_str(&document) {
            Ok(numbers) => data.push(HistoryPoint::new(day.into(), numbers)),
            Err(error) => {
                tracing::warn!(day, %error, "the numbers of a day cannot be read and are left out: {error}")
            }
        }
    }
    let everything = Selection { customer, scope, entity: Entity::Image, filter: None };
    let now = crate::ask_counting(&shared, move |fleet| fleet.summary(&everything)).await?;
    data.push(HistoryPoint::new(today, now.into()));
    Ok(body::json(&History { data }))
}

//! `GET /api/v1/changes`: a page of the change feed, or the feed as events.

use std::time::Duration;

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use fleet::FeedPlace;
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::{ChangeView, Reader, stream};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Changes of a page when `limit` is not given.
const DEFAULT_LIMIT: usize = 1_000;
/// The most changes of one page.
const MAX_LIMIT: usize = 10_000;
/// The longest that a request waits for a change, in seconds.
const MAX_WAIT: usize = 60;

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changes {
    data: Vec<ChangeView>,
    /// The place behind the last of them, for `after`; what was asked for if there are none.
    next: String,
}

/// Lists what changed behind a place, each record with its latest change. Deleted records are told, too. To follow the fleet, ask
/// again with `next`, with `wait` to be answered as soon as something changes, or ask for `text/event-stream`.
#[utoipa::path(
    get, path = "/api/v1/changes", tag = "changes",
    params(
        ("after" = Option<String>, Query, description = "a place, or a clock value; everything if it is left out"),
        ("limit" = Option<usize>, Query, description = "changes of a page, 1 to 10000, default 1000"),
        ("wait" = Option<usize>, Query, description = "seconds to wait for a change if there is none, at most 60"),
    ),
    responses(
        (status = 200, description = "a page", body = Changes),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewImages)?;
    identity.require(Permission::ViewContainers)?;
    let parameters = Parameters::of(&uri);
    let limit = parameters.number("limit")?.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::bad_request(format!("limit must be between 1 and {MAX_LIMIT}, not {limit}")));
    }
    let wait = parameters.number("wait")?.unwrap_or(0);
    if wait > MAX_WAIT {
        return Err(ApiError::bad_request(format!("wait must be at most {MAX_WAIT} seconds, not {wait}")));
    }
    let reader = Reader {
        fleet: shared.fleet.clone(),
        customer: identity.customer(),
        scope: identity.scope().clone(),
    };
    let text = |headers: &HeaderMap, name| {
        headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    if text(&headers, header::ACCEPT).is_some_and(|accept| accept.contains("text/event-stream")) {
        // a browser that lost its connection tells where it was by this header
        let last = text(&headers, header::HeaderName::from_static("last-event-id"));
        let after = place(last.as_deref().or(parameters.get("after")))?;
        return stream::events(reader, after);
    }
    let after = place(parameters.get("after"))?;
    let (data, next) = page(reader, after, limit, Duration::from_secs(wait as u64)).await?;
    let next = match next {
        Some(next) => next.to_string(),
        None => parameters.get("after").map_or_else(|| FeedPlace::START.to_string(), str::to_owned),
    };
    Ok(body::json(&Changes { data, next }))
}

fn place(text: Option<&str>) -> Result<FeedPlace, ApiError> {
    let Some(text) = text else { return Ok(FeedPlace::START) };
    let refused = |()| {
        ApiError::bad_request(
            "after is no place of the change feed: give back `next` or `place` as they came, or a clock value",
        )
    };
    text.parse().map_err(refused)
}

/// A page and the place behind its last change; waits until there is one or the time is over.
async fn page(
    reader: Reader,
    after: FeedPlace,
    limit: usize,
    wait: Duration,
) -> Result<(Vec<ChangeView>, Option<FeedPlace>), ApiError> {
    let deadline = Instant::now() + wait;
    let mut seen = reader.fleet.follow();
    loop {
        let own = reader.clone();
        let found = tokio::task::spawn_blocking(move || own.page(after, limit)).await;
        let found = found.map_err(ApiError::internal)?;
        let next = found.last().map(|change| change.place);
        if next.is_some() || tokio::time::timeout_at(deadline, seen.changed()).await.is_err() {
            return Ok((found.into_iter().map(ChangeView::from).collect(), next));
        }
    }
}

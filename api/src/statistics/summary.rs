//! `GET /api/v1/summary`: the fleet at a glance.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;

use super::view::FleetNumbers;
use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Sums up what the account sees, or the part of it that a filter admits.
///
/// With a filter on images, containers are those of these images; with one on containers, images are those of these
/// containers.
#[utoipa::path(
    get, path = "/api/v1/summary", tag = "statistics",
    params(
        ("entity" = Option<String>, Query, description = "images or containers: what the filter is about; default images"),
        ("filter" = Option<String>, Query, description = "QQL"),
    ),
    responses(
        (status = 200, description = "the numbers", body = FleetNumbers),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read", body = ErrorBody),
    )
)]
pub(crate) async fn summary(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let selection = super::selection(&Parameters::of(&uri), &identity)?;
    let summary = crate::ask_counting(&shared, move |fleet| fleet.summary(&selection)).await?;
    Ok(body::json(&FleetNumbers::from(summary)))
}

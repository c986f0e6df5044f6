//! `GET /api/v1/jobs`: the jobs of a customer, the latest first.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{JobView, is_visible};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Jobs of one answer.
const PAGE: usize = 100;

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Jobs {
    data: Vec<JobView>,
}

/// Lists jobs, the latest first, 100 at a time. `before` goes on behind a job that was listed.
#[utoipa::path(
    get, path = "/api/v1/jobs", tag = "jobs",
    params(("before" = Option<String>, Query, description = "the uuid of the last job that was listed")),
    responses(
        (status = 200, description = "a page", body = Jobs),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not see jobs", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewJobs)?;
    let parameters = Parameters::of(&uri);
    let before = match parameters.get("before") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| ApiError::bad_request("before is not a uuid"))?),
    };
    let mut before: Option<Uuid> = before;
    let mut data = Vec::new();
    while data.len() < PAGE {
        let jobs = shared.store.jobs(identity.customer(), before, PAGE).await.map_err(crate::store_error)?;
        let Some(last) = jobs.last() else { break };
        before = Some(last.uuid);
        let visible = jobs.into_iter().filter(|job| is_visible(job, &identity));
        data.extend(visible.map(JobView::from));
    }
    data.truncate(PAGE);
    Ok(body::json(&Jobs { data }))
}

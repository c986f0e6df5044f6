//! `GET /api/v1/jobs/{uuid}`: how far a job is.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use store::{Kept, KeptReason};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{JobView, is_visible};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Records that are listed as kept.
const MAX_KEPT: usize = 1_000;

/// A job with what it left as it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobDetails {
    #[serde(flatten)]
    job: JobView,
    /// The first thousand records that were not deleted.
    kept_records: Vec<KeptRecord>,
}

/// A record that was not deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeptRecord {
    uuid: Uuid,
    /// Why.
    reason: String,
}

impl From<Kept> for KeptRecord {
    fn from(kept: Kept) -> Self {
        let reason = match kept.reason {
            KeptReason::NotFound => "it is not there any more".to_owned(),
            KeptReason::Running => "its heartbeats arrive; revoke it to be rid of it at once".to_owned(),
            KeptReason::InUse(containers) => {
                format!(
                    "{containers} containers that are created, running, paused or stopped were made from it"
                )
            }
        };
        Self { uuid: kept.uuid, reason }
    }
}

/// Shows a job.
#[utoipa::path(
    get, path = "/api/v1/jobs/{uuid}", tag = "jobs",
    params(("uuid" = String, Path, description = "the job")),
    responses(
        (status = 200, description = "the job", body = JobDetails),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not see jobs", body = ErrorBody),
        (status = 404, description = "no such job", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewJobs)?;
    let uuid: Uuid = key.parse().map_err(|_| unknown())?;
    let customer = identity.customer();
    let job = shared.store.job(customer, uuid).await.map_err(crate::store_error)?;
    let job = job.filter(|job| is_visible(job, &identity)).ok_or_else(unknown)?;
    let kept = shared.store.kept_of_job(customer, uuid, MAX_KEPT).await.map_err(crate::store_error)?;
    let kept_records = kept.into_iter().map(KeptRecord::from).collect();
    Ok(body::json(&JobDetails { job: job.into(), kept_records }))
}

pub(super) fn unknown() -> ApiError {
    ApiError::not_found("no such job")
}

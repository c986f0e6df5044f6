//! `DELETE /api/v1/jobs/{uuid}`: calls a job off.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use uuid::Uuid;

use super::show::unknown;
use super::{JobView, is_visible};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::{ApiError, Refusal};
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Calls a job off. What it has done stays done.
#[utoipa::path(
    delete, path = "/api/v1/jobs/{uuid}", tag = "jobs",
    params(("uuid" = String, Path, description = "the job")),
    responses(
        (status = 200, description = "the job, called off", body = JobView),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not delete", body = ErrorBody),
        (status = 404, description = "no such job", body = ErrorBody),
        (status = 409, description = "it has ended already", body = ErrorBody),
    )
)]
pub(crate) async fn cancel(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    identity.require(Permission::DeleteImages)?;
    identity.require(Permission::DeleteContainers)?;
    let uuid: Uuid = key.parse().map_err(|_| unknown())?;
    let customer = identity.customer();
    let known = shared.store.job(customer, uuid).await.map_err(crate::store_error)?;
    if !known.is_some_and(|job| is_visible(&job, &identity)) {
        return Err(unknown());
    }
    let cancelled = shared.store.cancel_job(customer, uuid).await.map_err(crate::store_error)?;
    let job = shared.store.job(customer, uuid).await.map_err(crate::store_error)?.ok_or_else(unknown)?;
    if !cancelled {
        return Err(ApiError::new(
            Refusal::Conflict,
            format!("the job has ended already: {}", job.state.as_str()),
        ));
    }
    Ok(body::json(&JobView::from(job)))
}

//! `POST /api/v1/registry-jobs/claim`.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use model::registry::{RegistryClaim, RegistryJob, RunEnd, RunError};

use super::LEASE;
use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::registries::login;
use crate::state::Shared;
use crate::wire::ErrorBody;
use crate::{body, ingest};

/// Claims the walk that has waited longest, or one for a certain schedule. The answer holds the login of the registry.
#[utoipa::path(
    post, path = "/api/v1/registry-jobs/claim", tag = "registries",
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 200, description = "a walk to be made", body = serde_json::Value),
        (status = 204, description = "there is no work"),
        (status = 400, description = "not valid", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not walk registries", body = ErrorBody),
    )
)]
pub(crate) async fn claim(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    identity.require(Permission::WalkRegistries)?;
    let claim: RegistryClaim = ingest::read(&shared, &headers, request, ingest::parse_json).await?;
    let customer = identity.customer();
    let by = format!("{} ({})", claim.worker.chars().take(128).collect::<String>(), identity.name());
    loop {
        let claimed = shared.store.claim_schedule(customer, &by, claim.schedule, LEASE).await;
        let Some(schedule) = claimed.map_err(crate::store_error)? else { return Ok(body::no_content()) };
        let run = schedule.run.ok_or_else(|| ApiError::internal("a claim without a name"))?;
        let known = shared.store.registry(customer, schedule.registry).await.map_err(crate::store_error)?;
        let Some(registry) = known else { continue };
        match login::of_registry(&shared, &identity, &registry).await {
            Ok(login) => {
                return Ok(body::json(&RegistryJob {
                    run,
                    schedule: schedule.uuid,
                    registry: registry.uuid,
                    settings: registry.settings,
                    login,
                    filters: schedule.schedule.filters,
                    force: schedule.schedule.force,
                    only: schedule.events,
                    lease_seconds: u32::try_from(LEASE.as_secs()).unwrap_or(u32::MAX),
                }));
            }
            // a registry without a whole login is nobody's work: say so where its owner looks, and go on with the next
            Err(error) => {
                let failure = RunError {
                    code: "UNAUTHORIZED".to_owned(),
                    message: error.words().to_owned(),
                    place: registry.settings.title().to_owned(),
                };
                let end = RunEnd { failure: Some(failure), ..RunEnd::default() };
                shared.store.end_walk(customer, run, end).await.map_err(crate::store_error)?;
            }
        }
    }
}

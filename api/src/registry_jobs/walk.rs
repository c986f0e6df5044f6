//! What is said during a walk: `POST /api/v1/registry-jobs/{run}/tags|repositories|manifests|progress|end`.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use model::registry::{ListingAnswer, ManifestOutcome, RepositoryListing, RunEnd, RunProgress, TagListing};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::Schedule;
use utoipa::ToSchema;
use uuid::Uuid;

use super::LEASE;
use crate::auth::{Identity, Permission};
use crate::error::{ApiError, Refusal};
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;
use crate::{body, ingest};

/// Nothing more to say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Noted {
    noted: bool,
}

fn noted() -> Response {
    body::json(&Noted { noted: true })
}

fn lost() -> ApiError {
    ApiError::new(Refusal::Conflict, "the walk was called off, or is another sensor's now")
}

/// The walk that is spoken of, and what is said.
async fn read<T: DeserializeOwned + Send + 'static>(
    shared: &Shared,
    identity: &Identity,
    key: &str,
    headers: &HeaderMap,
    request: Body,
) -> Result<(Schedule, Uuid, T), ApiError> {
    identity.require(Permission::WalkRegistries)?;
    let run: Uuid = key.parse().map_err(|_| lost())?;
    let said: T = ingest::read(shared, headers, request, ingest::parse_json).await?;
    let claimed =
        shared.store.claimed_schedule(identity.customer(), run).await.map_err(crate::store_error)?;
    Ok((claimed.ok_or_else(lost)?, run, said))
}

/// Takes a part of a repository's tags; answers which of their manifests are known.
#[utoipa::path(
    post, path = "/api/v1/registry-jobs/{run}/tags", tag = "registries",
    params(("run" = String, Path, description = "the claim")),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 200, description = "what is known", body = serde_json::Value),
        (status = 400, description = "not valid", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not walk registries", body = ErrorBody),
        (status = 409, description = "the claim is lost", body = ErrorBody),
    )
)]
pub(crate) async fn tags(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    let (schedule, _, listing) = read::<TagListing>(&shared, &identity, &key, &headers, request).await?;
    let known = shared.store.list_tags(identity.customer(), schedule.registry, listing).await;
    Ok(body::json(&ListingAnswer { known: known.map_err(crate::store_error)? }))
}

/// Takes the list of all repositories; tags of those that are not on it are forgotten.
#[utoipa::path(
    post, path = "/api/v1/registry-jobs/{run}/repositories", tag = "registries",
    params(("run" = String, Path, description = "the claim")),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 200, description = "noted", body = Noted),
        (status = 400, description = "not valid", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not walk registries", body = ErrorBody),
        (status = 409, description = "the claim is lost", body = ErrorBody),
    )
)]
pub(crate) async fn repositories(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    let (schedule, _, listing) =
        read::<RepositoryListing>(&shared, &identity, &key, &headers, request).await?;
    let (customer, registry) = (identity.customer(), schedule.registry);
    let gone = shared.store.keep_repositories(customer, registry, listing.repositories).await;
    let gone = gone.map_err(crate::store_error)?;
    if !gone.is_empty() {
        tracing::info!(%registry, count = gone.len(), "{} repositories are gone from a registry", gone.len());
    }
    Ok(noted())
}

/// Takes what came of manifests. The reports of their images go before.
#[utoipa::path(
    post, path = "/api/v1/registry-jobs/{run}/manifests", tag = "registries",
    params(("run" = String, Path, description = "the claim")),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 200, description = "noted", body = Noted),
        (status = 400, description = "not valid", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not walk registries", body = ErrorBody),
        (status = 409, description = "the claim is lost", body = ErrorBody),
    )
)]
pub(crate) async fn manifests(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    let (schedule, _, outcomes) =
        read::<Vec<ManifestOutcome>>(&shared, &identity, &key, &headers, request).await?;
    let noted_down = shared.store.note_manifests(identity.customer(), schedule.registry, outcomes).await;
    noted_down.map_err(crate::store_error)?;
    Ok(noted())
}

/// Takes a sign of life with how far the walk is.
#[utoipa::path(
    post, path = "/api/v1/registry-jobs/{run}/progress", tag = "registries",
    params(("run" = String, Path, description = "the claim")),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 200, description = "noted", body = Noted),
        (status = 400, description = "not valid", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not walk registries", body = ErrorBody),
        (status = 409, description = "the claim is lost, or the walk was called off", body = ErrorBody),
    )
)]
pub(crate) async fn progress(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    let (_, run, said) = read::<RunProgress>(&shared, &identity, &key, &headers, request).await?;
    let renewed = shared.store.note_progress(identity.customer(), run, said, LEASE).await;
    match renewed.map_err(crate::store_error)? {
        true => Ok(noted()),
        false => Err(lost()),
    }
}

/// Ends a walk.
#[utoipa::path(
    post, path = "/api/v1/registry-jobs/{run}/end", tag = "registries",
    params(("run" = String, Path, description = "the claim")),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 200, description = "noted", body = Noted),
        (status = 400, description = "not valid", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not walk registries", body = ErrorBody),
        (status = 409, description = "the claim is lost, or the walk was called off", body = ErrorBody),
    )
)]
pub(crate) async fn end(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    let (_, run, said) = read::<RunEnd>(&shared, &identity, &key, &headers, request).await?;
    match shared.store.end_walk(identity.customer(), run, said).await.map_err(crate::store_error)? {
        true => Ok(noted()),
        false => Err(lost()),
    }
}

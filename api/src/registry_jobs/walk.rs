//! What is said during a walk: `POST /api/v1/registry-jobs/{run}/tags|repositories|manifests|progress|end`.

use axum::extract::{FromRequest, FromRequestParts as _, Request, State};
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

/// Why nothing that is said of a walk is taken.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "it stands in the OpenAPI document alone")]
enum WalkRefusals {
    #[response(status = 400, description = "not valid")]
    Invalid(ErrorBody),
    #[response(status = 401, description = "no valid credentials")]
    NoCredentials(ErrorBody),
    #[response(status = 403, description = "the role may not walk registries")]
    NotAllowed(ErrorBody),
    #[response(status = 409, description = "the claim is lost, or the walk was called off")]
    Lost(ErrorBody),
}

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

/// What is said of a walk, by who has claimed it.
pub(crate) struct Said<T> {
    customer: Uuid,
    schedule: Schedule,
    run: Uuid,
    what: T,
}

impl<T: DeserializeOwned + Send + 'static> FromRequest<Shared> for Said<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let Ok(Key(key)) = Key::from_request_parts(&mut parts, shared).await;
        let identity = parts.extensions.get::<Identity>();
        let identity = identity.ok_or_else(|| ApiError::internal("a call without an identity"))?;
        identity.require(Permission::WalkRegistries)?;
        let customer = identity.customer();
        let run: Uuid = key.parse().map_err(|_| lost())?;
        let what: T = ingest::read(shared, &parts.headers, body, ingest::parse_json).await?;
        let claimed = shared.store.claimed_schedule(customer, run).await.map_err(crate::store_error)?;
        Ok(Self { customer, schedule: claimed.ok_or_else(lost)?, run, what })
    }
}

/// Takes a part of a repository's tags; answers which of their manifests are known.
#[utoipa::path(
    post, path = "/api/v1/registry-jobs/{run}/tags", tag = "registries",
    params(("run" = String, Path, description = "the claim")),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 200, description = "what is known", body = serde_json::Value),
        WalkRefusals,
    )
)]
pub(crate) async fn tags(State(shared): State<Shared>, said: Said<TagListing>) -> Result<Response, ApiError> {
    let known = shared.store.list_tags(said.customer, said.schedule.registry, said.what).await;
    Ok(body::json(&ListingAnswer { known: known.map_err(crate::store_error)? }))
}

/// Takes the list of all repositories; tags of those that are not on it are forgotten.
#[utoipa::path(
    post, path = "/api/v1/registry-jobs/{run}/repositories", tag = "registries",
    params(("run" = String, Path, description = "the claim")),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 200, description = "noted", body = Noted),
        WalkRefusals,
    )
)]
pub(crate) async fn repositories(
    State(shared): State<Shared>,
    said: Said<RepositoryListing>,
) -> Result<Response, ApiError> {
    let registry = said.schedule.registry;
    let gone = shared.store.keep_repositories(said.customer, registry, said.what.repositories).await;
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
        WalkRefusals,
    )
)]
pub(crate) async fn manifests(
    State(shared): State<Shared>,
    said: Said<Vec<ManifestOutcome>>,
) -> Result<Response, ApiError> {
    let noted_down = shared.store.note_manifests(said.customer, said.schedule.registry, said.what).await;
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
        WalkRefusals,
    )
)]
pub(crate) async fn progress(
    State(shared): State<Shared>,
    said: Said<RunProgress>,
) -> Result<Response, ApiError> {
    let renewed = shared.store.note_progress(said.customer, said.run, said.what, LEASE).await;
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
        WalkRefusals,
    )
)]
pub(crate) async fn end(State(shared): State<Shared>, said: Said<RunEnd>) -> Result<Response, ApiError> {
    match shared.store.end_walk(said.customer, said.run, said.what).await.map_err(crate::store_error)? {
        true => Ok(noted()),
        false => Err(lost()),
    }
}

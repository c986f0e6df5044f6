//! `POST /registry/validate`.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::{ManageRefusals, login, put, require_everything};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::{ApiError, Refusal};
use crate::state::Shared;
use crate::wire::{ErrorBody, RegistryRequest};

/// Logs in to a registry with what was sent, and says whether it lets us in. Nothing is kept.
#[utoipa::path(
    post, path = "/csapi/{version}/registry/validate", tag = "registries",
    params(("version" = String, Path, description = "v1.1, v1.2 or v1.3")),
    request_body(content = RegistryRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "`true` or `false`", body = bool),
        (status = 400, description = "not valid", body = ErrorBody),
        ManageRefusals,
        (status = 503, description = "this server does not speak to registries", body = ErrorBody),
    )
)]
pub(crate) async fn validate(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    require_everything(&identity, Permission::ManageRegistries)?;
    let (settings, secret) = put::read(&shared, &headers, request).await?;
    let login = login::check(&shared, &identity, &settings, &secret.unwrap_or_default()).await?;
    let Some(check) = &shared.settings.registry_check else {
        return Err(ApiError::new(Refusal::Unavailable, "this server does not speak to registries itself"));
    };
    let _turn = shared.explanations.acquire().await.map_err(ApiError::internal)?;
    let outcome = check.run(settings, login).await;
    if let Err(reason) = &outcome {
        tracing::info!(reason, "a registry did not let us in: {reason}");
    }
    Ok(body::json(&outcome.is_ok()))
}

//! `/api/v1/sensors/tokens`: what lets new sensors in.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use store::{NewSensorToken, SensorToken};
use utoipa::ToSchema;
use uuid::Uuid;

use super::require_all;
use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;
use crate::{body, ingest};

/// Hours that a token is good when nothing is said.
const HOURS: u32 = 24;
/// Hours that a token may be good.
const MAX_HOURS: u32 = 365 * 24;

/// What a token shall be like. All of it may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Wanted {
    /// Hours that it is good, 1 to 8760; 24 if it is left out.
    expires_in_hours: Option<u32>,
    /// Sensors that it lets in, 1 to 10000; 1 if it is left out.
    uses: Option<u32>,
    /// The id of the profile that they get.
    profile: Option<Uuid>,
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Made {
    /// The token itself, shown this once.
    token: String,
    #[serde(flatten)]
    kept: TokenView,
}

/// What is kept of a token.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenView {
    uuid: Uuid,
    /// Milliseconds since the epoch, as all times here.
    #[schema(value_type = i64)]
    created: Timestamp,
    created_by: String,
    #[schema(value_type = i64)]
    expires: Timestamp,
    /// Sensors that it lets in, and that it let in.
    uses: u32,
    used: u32,
    profile: Option<Uuid>,
}

impl From<SensorToken> for TokenView {
    fn from(token: SensorToken) -> Self {
        let SensorToken { uuid, profile, created, created_by, expires, uses, used, .. } = token;
        Self { uuid, created, created_by, expires, uses, used, profile }
    }
}

/// Enrolment tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    data: Vec<TokenView>,
}

/// Makes a token that lets a sensor enrol.
#[utoipa::path(
    post, path = "/api/v1/sensors/tokens", tag = "sensors",
    request_body(content = Option<Wanted>, content_type = "application/json"),
    responses(
        (status = 201, description = "the token", body = Made),
        (status = 400, description = "not valid; the message names the place", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not make tokens, or the account has a scope", body = ErrorBody),
        (status = 404, description = "no such profile", body = ErrorBody),
        (status = 413, description = "larger than the wishes for a token can be", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    request: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Response), ApiError> {
    require_all(&identity, Permission::ManageSensors)?;
    let blank = request.as_ref().is_ok_and(|body| body.trim_ascii().is_empty());
    let wanted: Wanted = if blank { Wanted::default() } else { ingest::small(request)? };
    let hours = wanted.expires_in_hours.unwrap_or(HOURS);
    if !(1..=MAX_HOURS).contains(&hours) {
        let message = format!("expiresInHours must be between 1 and {MAX_HOURS}, not {hours}");
        return Err(ApiError::bad_request(message));
    }
    let new = NewSensorToken {
        customer: identity.customer(),
        created_by: identity.name().to_owned(),
        expires: Timestamp(Timestamp::now().0 + i64::from(hours) * 3_600_000),
        uses: wanted.uses.unwrap_or(1),
        profile: wanted.profile,
    };
    let (token, kept) = shared.store.create_sensor_token(new).await.map_err(crate::store_error)?;
    tracing::info!(token = %kept.uuid, by = identity.name(), "enrolment token {} made", kept.uuid);
    Ok((StatusCode::CREATED, body::json(&Made { token, kept: kept.into() })))
}

/// Lists tokens without their secrets, the oldest first; those that were used or have expired are there for a while.
#[utoipa::path(
    get, path = "/api/v1/sensors/tokens", tag = "sensors",
    responses(
        (status = 200, description = "the tokens", body = Tokens),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not see tokens, or the account has a scope", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
) -> Result<Response, ApiError> {
    require_all(&identity, Permission::ManageSensors)?;
    let tokens = shared.store.sensor_tokens(identity.customer()).await.map_err(crate::store_error)?;
    Ok(body::json(&Tokens { data: tokens.into_iter().map(TokenView::from).collect() }))
}

/// Takes a token back. Sensors that it let in stay in.
#[utoipa::path(
    delete, path = "/api/v1/sensors/tokens/{uuid}", tag = "sensors",
    params(("uuid" = String, Path, description = "the token's id")),
    responses(
        (status = 204, description = "it lets nobody in any more"),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not take tokens back, or the account has a scope", body = ErrorBody),
        (status = 404, description = "no such token", body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    require_all(&identity, Permission::ManageSensors)?;
    let unknown = || ApiError::not_found("no such token");
    let uuid = key.parse().map_err(|_| unknown())?;
    let customer = identity.customer();
    match shared.store.delete_sensor_token(customer, uuid).await.map_err(crate::store_error)? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(unknown()),
    }
}

//! `POST /api/v1/sensors/enrol`: a new sensor shows its token and its public key. The one call without credentials beside `/auth`.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::sensor::{Enrolled, Enrolment};
use store::{EnrolRefused, NewSensor};

use crate::error::{ApiError, Refusal};
use crate::state::Shared;
use crate::wire::ErrorBody;
use crate::{body, ingest};

/// The largest enrolment, in bytes. Larger ones are not read.
pub(crate) const MAX_BODY: usize = 64 << 10;

/// Lets a sensor in by a token, which is then used up. The same token with the same key is answered again, because the answer may
/// have been lost.
#[utoipa::path(
    post, path = "/api/v1/sensors/enrol", tag = "sensors", security(()),
    request_body(
        content = serde_json::Value, content_type = "application/json",
        description = "`token`, `publicKey` (32 bytes in base64url), `name`, `type`, `version`, `host`"
    ),
    responses(
        (status = 201, description = "`sensor` (its uuid), `customer` and `profile`", body = serde_json::Value),
        (status = 400, description = "not valid; the message names the place", body = ErrorBody),
        (status = 401, description = "the token is not known, was used or has expired", body = ErrorBody),
        (status = 409, description = "the key is not new", body = ErrorBody),
        (status = 413, description = "larger than an enrolment can be", body = ErrorBody),
        (status = 429, description = "too many attempts; try again later", body = ErrorBody),
        (status = 503, description = "the store is not available; try again later", body = ErrorBody),
    )
)]
pub(crate) async fn enrol(
    State(shared): State<Shared>,
    request: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Response), ApiError> {
    if !shared.enrolments.lets_in() {
        return Err(ApiError::new(Refusal::TooManyRequests, "too many enrolments at once; try again later"));
    }
    let enrolment: Enrolment = ingest::small(request)?;
    let sensor = NewSensor {
        public_key: public_key(&enrolment.public_key)?,
        name: enrolment.name,
        kind: enrolment.kind,
        version: enrolment.version,
        host: enrolment.host,
    };
    let outcome = shared.store.enrol_sensor(enrolment.token.trim(), sensor).await;
    let enrolled = outcome.map_err(crate::store_error)?.map_err(refused)?;
    tracing::info!(sensor = %enrolled.uuid, "sensor {} enrolled", enrolled.uuid);
    let answer = Enrolled { sensor: enrolled.uuid, customer: enrolled.customer, profile: enrolled.settings };
    Ok((StatusCode::CREATED, body::json(&answer)))
}

fn public_key(text: &str) -> Result<[u8; 32], ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
        ApiError::bad_request("invalid body: `publicKey`: not the 32 bytes of an Ed25519 key in base64url")
    })
}

fn refused(reason: EnrolRefused) -> ApiError {
    match reason {
        EnrolRefused::KeyTaken => ApiError::new(Refusal::Conflict, reason.to_string()),
        EnrolRefused::Unknown | EnrolRefused::Used | EnrolRefused::Expired => {
            ApiError::unauthorized(reason.to_string())
        }
    }
}

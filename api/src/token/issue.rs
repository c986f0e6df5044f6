//! `POST /auth`: a name and a password against a token.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::{ApiError, Refusal};
use crate::ingest;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Headers by which some clients present client credentials, which Plimsoll does not issue.
const CLIENT_HEADERS: [&str; 4] = ["clientid", "clientsecret", "client_id", "client_secret"];

/// Issues a token.
///
/// The form's `token` and `permissions` fields are accepted and have no effect: the answer is always a token.
#[utoipa::path(
    post, path = "/auth", tag = "auth", security(()),
    request_body(
        content = String, content_type = "application/x-www-form-urlencoded",
        description = "`username`, `password`, `token=true`, optionally `permissions=true`"
    ),
    responses(
        (status = 201, description = "the token, bare", body = String, content_type = "text/plain"),
        (status = 401, description = "wrong credentials", body = ErrorBody),
    )
)]
pub(crate) async fn issue(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = body.map_err(|error| unreadable(&error))?;
    let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let (Some(name), Some(password)) = (field("username"), field("password")) else {
        let message = if CLIENT_HEADERS.iter().any(|name| headers.contains_key(*name)) {
            "client credentials are not supported: send the form fields username and password"
        } else {
            "the form fields username and password are required"
        };
        return Err(ApiError::unauthorized(message));
    };
    let identity = shared.auth.by_password(name, password).await?;
    let token = shared.auth.issue_token(&identity).await?;
    Ok((StatusCode::CREATED, [(header::CONTENT_TYPE, "text/plain;charset=UTF-8")], token).into_response())
}

fn unreadable(error: &BytesRejection) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::new(Refusal::PayloadTooLarge, "the form is too large").because(error);
    }
    ingest::broken_off(error)
}

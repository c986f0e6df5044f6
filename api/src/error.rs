//! Errors as clients and as operators see them.
//!
//! Every failure carries two messages: the client's, which leaves in the documented error body, and an
//! internal one, which is logged once, here, and never leaves. [`Refusal`] has no success status, so an
//! error cannot be sent as one.

use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::wire::ErrorBody;

/// The message about an object that exists outside the account's scope.
const OUT_OF_SCOPE: &str = "Request Forbidden";

/// Why a request was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    RequestTimeout,
    PayloadTooLarge,
    UnsupportedMediaType,
    TooManyRequests,
    Internal,
    Unavailable,
    InsufficientStorage,
}

impl Refusal {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::InsufficientStorage => StatusCode::INSUFFICIENT_STORAGE,
        }
    }

    /// The `errorCode` of the body: the status and its reason in upper snake case.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::BadRequest => "400 BAD_REQUEST",
            Self::Unauthorized => "401 UNAUTHORIZED",
            Self::Forbidden => "403 FORBIDDEN",
            Self::NotFound => "404 NOT_FOUND",
            Self::MethodNotAllowed => "405 METHOD_NOT_ALLOWED",
            Self::Conflict => "409 CONFLICT",
            Self::RequestTimeout => "408 REQUEST_TIMEOUT",
            Self::PayloadTooLarge => "413 PAYLOAD_TOO_LARGE",
            Self::UnsupportedMediaType => "415 UNSUPPORTED_MEDIA_TYPE",
            Self::TooManyRequests => "429 TOO_MANY_REQUESTS",
            Self::Internal => "500 INTERNAL_SERVER_ERROR",
            Self::Unavailable => "503 SERVICE_UNAVAILABLE",
            Self::InsufficientStorage => "507 INSUFFICIENT_STORAGE",
        }
    }
}

/// A refused or failed request.
#[derive(Debug)]
pub(crate) struct ApiError {
    refusal: Refusal,
    message: String,
    internal: Option<String>,
}

impl ApiError {
    pub(crate) fn new(refusal: Refusal, message: impl Into<String>) -> Self {
        Self { refusal, message: message.into(), internal: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Refusal::BadRequest, message)
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(Refusal::Unauthorized, message)
    }

    /// The documented answer to a request for an object that exists outside the account's scope.
    pub(crate) fn out_of_scope() -> Self {
        Self::new(Refusal::Forbidden, OUT_OF_SCOPE)
    }

    /// Whether it is the answer to a request for an object outside the account's scope.
    pub(crate) fn is_out_of_scope(&self) -> bool {
        self.refusal == Refusal::Forbidden && self.message == OUT_OF_SCOPE
    }

    /// The documented answer to an account whose role lacks a permission.
    pub(crate) fn missing_permission(account: &str, permission: &str) -> Self {
        let message = format!(
            "The {account} user does not have the {permission} permission to perform this operation."
        );
        Self::new(Refusal::Forbidden, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Refusal::NotFound, message)
    }

    /// Something of ours broke: the client learns no more than that.
    pub(crate) fn internal(cause: impl fmt::Display) -> Self {
        Self::new(Refusal::Internal, "internal error").because(cause)
    }

    /// Adds what only the log may show.
    pub(crate) fn because(mut self, cause: impl fmt::Display) -> Self {
        self.internal = Some(cause.to_string());
        self
    }

    /// What the client is told.
    pub(crate) fn words(&self) -> &str {
        &self.message
    }

    #[cfg(test)]
    pub(crate) fn refusal(&self) -> Refusal {
        self.refusal
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let cause = self.internal.as_deref().unwrap_or_default();
        if self.refusal.status().is_server_error() {
            tracing::error!(code = self.refusal.code(), cause, "request failed: {}", self.message);
        } else {
            tracing::debug!(code = self.refusal.code(), cause, "request refused: {}", self.message);
        }
        let body = ErrorBody::new(self.refusal.code(), &self.message).to_json();
        let mut response = (self.refusal.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(crate::wire::JSON));
        if self.refusal == Refusal::Unauthorized {
            let challenge = HeaderValue::from_static("Basic realm=\"plimsoll\", charset=\"UTF-8\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.refusal == Refusal::TooManyRequests {
            // a public client reads this header of every such answer
            headers.insert("x-ratelimit-remaining", HeaderValue::from_static("0"));
        }
        if matches!(self.refusal, Refusal::Unavailable | Refusal::TooManyRequests) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_code_starts_with_its_status() {
        let all = [
            Refusal::BadRequest,
            Refusal::Unauthorized,
            Refusal::Forbidden,
            Refusal::NotFound,
            Refusal::MethodNotAllowed,
            Refusal::Conflict,
            Refusal::RequestTimeout,
            Refusal::PayloadTooLarge,
            Refusal::UnsupportedMediaType,
            Refusal::TooManyRequests,
            Refusal::Internal,
            Refusal::Unavailable,
            Refusal::InsufficientStorage,
        ];
        for refusal in all {
            let code = refusal.code();
            assert_eq!(code.split(' ').next(), Some(refusal.status().as_str()), "{code}");
        }
    }

    #[test]
    fn the_internal_message_does_not_reach_the_response() {
        let response = ApiError::internal("disk /var/x failed").into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = ErrorBody::new("500 INTERNAL_SERVER_ERROR", "internal error").to_json();
        assert!(!String::from_utf8(body).unwrap().contains("/var/x"));
    }
}

//! The documented error body.

use model::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// The body of every answer that refuses.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    /// Status and reason, such as `403 FORBIDDEN`.
    error_code: String,
    /// What to tell the user.
    message: String,
    /// When, in milliseconds since the epoch.
    timestamp: i64,
}

impl ErrorBody {
    pub(crate) fn new(code: &str, message: &str) -> Self {
        Self { error_code: code.to_owned(), message: message.to_owned(), timestamp: Timestamp::now().0 }
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        super::to_json(self)
    }
}

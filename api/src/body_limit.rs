//! Bodies that are larger than a call takes, refused before any of them is read.
//!
//! A body that tells its length is refused by that; one that does not (`Transfer-Encoding: chunked`) is read as far as the limit.

use axum::extract::{Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::error::{ApiError, Refusal};

/// The middleware: 413 for a body that says to have more than `most` bytes. `DefaultBodyLimit` holds for the others.
pub(crate) async fn check(State(most): State<usize>, request: Request, next: Next) -> Response {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    // what is no number was refused by the server itself
    let length = length.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    if length > most as u64 {
        let words = format!("the body has {length} bytes, this call takes no more than {most}");
        return ApiError::new(Refusal::PayloadTooLarge, words).into_response();
    }
    next.run(request).await
}

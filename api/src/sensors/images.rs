//! `POST /api/v1/sensors/images`: which of the images before it a sensor shall read.
//!
//! A host has few images that no other has. What another sensor of the same customer has read is told by its id, so that it is
//! neither read nor sent again; only the names by which it lies here are taken in.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use model::sensor::{ImagesAnswer, ImagesQuestion};

use crate::auth::Identity;
use crate::error::ApiError;
use crate::state::Shared;
use crate::wire::ErrorBody;
use crate::{body, ingest};

/// The largest question, in bytes. Larger ones are not read.
pub(crate) const MAX_BODY: usize = 2 << 20;

/// Says which images a sensor shall read and report, and takes in the names of the others. Images of other customers are as if there
/// were none.
#[utoipa::path(
    post, path = "/api/v1/sensors/images", tag = "sensors",
    request_body(
        content = serde_json::Value, content_type = "application/json",
        description = "`scanner`, such as plimsoll/0.1.0, and `images`, at most 500 of `{id, references}`"
    ),
    responses(
        (
            status = 200, body = serde_json::Value,
            description = "`wanted`: ids of those that are unknown, were read by another scanner or not to their end, or \
                           that no sensor has read"
        ),
        (status = 400, description = "not valid; the message names the place", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "only sensors ask", body = ErrorBody),
        (status = 413, description = "larger than a question can be", body = ErrorBody),
        (status = 503, description = "the store is not available; try again later", body = ErrorBody),
    )
)]
pub(crate) async fn images(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    request: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let sensor = identity.require_sensor()?;
    let question: ImagesQuestion = ingest::small(request)?;
    let seen = shared.store.see_images(sensor.customer, sensor.kind.as_str(), question).await;
    let seen = seen.map_err(crate::store_error)?;
    if let Some(updated) = seen.updated {
        crate::wait_until_visible(&shared, updated).await;
    }
    Ok(body::json(&ImagesAnswer { wanted: seen.wanted }))
}

//! `DELETE /api/v1/tags/{name}`: takes a tag off images and containers.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::assign::{Assigned, Tagged};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::ingest;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Takes a tag off images and containers, which must exist. Accounts whose scope is made of the tag no longer see
/// them. The tag itself stays; a container keeps the tags of its image.
#[utoipa::path(
    delete, path = "/api/v1/tags/{name}", tag = "ingest",
    params(("name" = String, Path, description = "the tag")),
    request_body(content = Tagged, content_type = "application/json"),
    responses(
        (status = 200, description = "taken off; `changed` is false if none of them had it", body = Assigned),
        (status = 400, description = "not valid; the message names the place", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not assign tags", body = ErrorBody),
        (status = 404, description = "one of them does not exist", body = ErrorBody),
    )
)]
pub(crate) async fn unassign(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(name): Key,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, ApiError> {
    identity.require(Permission::AssignTags)?;
    let tagged: Tagged = ingest::read(&shared, &headers, request, ingest::parse_json).await?;
    let customer = identity.customer();
    let entities = tagged.entities(customer);
    let ack = shared.store.unassign_tag(customer, &name, &entities).await.map_err(crate::store_error)?;
    crate::wait_until_visible(&shared, ack.updated).await;
    Ok(body::json(&Assigned::of(&ack)))
}

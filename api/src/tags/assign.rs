//! `POST /api/v1/tags/{name}`: puts a tag on images and containers.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use model::{Digest, ImageId, Timestamp};
use serde::{Deserialize, Serialize};
use store::Ack;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::ingest;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// What to tag.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tagged {
    /// Image ids, `sha256:` and 64 hex digits each.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    images: Vec<ImageId>,
    /// Container ids, `sha256:` and 64 hex digits each.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    containers: Vec<Digest>,
}

impl Tagged {
    /// The uuids of what is named.
    pub(super) fn entities(&self, customer: Uuid) -> Vec<Uuid> {
        let images = self.images.iter().map(|id| store::image_uuid(customer, id));
        let containers = self.containers.iter().map(|id| store::container_uuid(customer, id));
        images.chain(containers).collect()
    }
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Assigned {
    /// The latest clock value of the records, in milliseconds since the epoch.
    #[schema(value_type = i64)]
    updated: Timestamp,
    /// False if nothing changed.
    changed: bool,
}

impl Assigned {
    pub(super) fn of(ack: &Ack) -> Self {
        Self { updated: ack.updated, changed: ack.changed }
    }
}

/// Puts a tag on images and containers, which must exist. The tag is made if it is new.
#[utoipa::path(
    post, path = "/api/v1/tags/{name}", tag = "ingest",
    params(("name" = String, Path, description = "the tag")),
    request_body(content = Tagged, content_type = "application/json"),
    responses(
        (status = 200, description = "assigned", body = Assigned),
        (status = 400, description = "not valid; the message names the place", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not assign tags", body = ErrorBody),
        (status = 404, description = "one of them does not exist", body = ErrorBody),
    )
)]
pub(crate) async fn assign(
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
    let ack = shared.store.assign_tag(customer, &name, &entities).await.map_err(crate::store_error)?;
    crate::wait_until_visible(&shared, ack.updated).await;
    Ok(body::json(&Assigned::of(&ack)))
}

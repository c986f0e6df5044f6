//! `GET /registry/{uuid}/repository`, and the registries of an image.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use qql::SmallEntity;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::counts::Contents;
use super::{ViewRefusals, of_path};
use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::images;
use crate::lookup::Key;
use crate::small_list::SmallList;
use crate::state::Shared;
use crate::wire::{ErrorBody, Page, RepositoryRecord, Version};

/// Lists the repositories of a registry that the latest walks found tags in.
#[utoipa::path(
    get, path = "/csapi/{version}/registry/{uuid}/repository", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "the registry"),
        ("pageNumber" = Option<usize>, Query, description = "from 1; pageNo means the same"),
        ("pageSize" = Option<usize>, Query, description = "1 to 1000, default 50; pages end at record 10,000"),
        ("filter" = Option<String>, Query, description = "QQL"),
        ("sort" = Option<String>, Query, description = "a token with :asc or :desc; by name without"),
    ),
    responses(
        (status = 200, description = "a page", body = Page<RepositoryRecord>),
        (status = 204, description = "nothing matches; v1.1 answers 200 with empty data"),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        ViewRefusals,
        (status = 404, description = "no such registry", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let registry = of_path(&shared, &identity, Permission::ViewRegistries, &key).await?;
    let asked = SmallList::of(&uri, SmallEntity::Repository)?;
    let each = Contents::of(&shared, &identity, &registry).await?.each();
    let record = |(number, (name, counts))| RepositoryRecord::new(number, name, counts);
    let records = (0_u128..).zip(each).map(record).collect();
    Ok(asked.answer(version, records, RepositoryRecord::place))
}

/// A tag of a registry that names an image.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssociatedRegistry {
    registry: String,
    registry_uuid: Uuid,
    repo: String,
    tag: String,
}

/// Lists the tags of known registries that name an image.
#[utoipa::path(
    get, path = "/csapi/{version}/images/{imageSha}/associatedRegistries", tag = "images",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("imageSha" = String, Path, description = "64 hex digits, or the first 12"),
    ),
    responses(
        (status = 200, description = "the tags", body = Vec<AssociatedRegistry>),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read, or the image is out of scope", body = ErrorBody),
        (status = 404, description = "no such image", body = ErrorBody),
    )
)]
pub(crate) async fn of_image(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    let image = images::find(&shared, &identity, &key).await?.record.clone();
    let customer = identity.customer();
    let mut tags = Vec::new();
    let registries = shared.store.registries(customer).await.map_err(crate::store_error)?;
    for registry in registries.into_iter().filter(|registry| image.registries.contains(&registry.uuid)) {
        let found = shared.store.tags_of_image(customer, registry.uuid, image.id).await;
        let named = |(repo, tag)| AssociatedRegistry {
            registry: registry.settings.host().to_owned(),
            registry_uuid: registry.uuid,
            repo,
            tag,
        };
        tags.extend(found.map_err(crate::store_error)?.into_iter().map(named));
    }
    Ok(body::json(&tags))
}

//! `GET /registry`.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use qql::SmallEntity;

use super::ViewRefusals;
use super::counts::Contents;
use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::small_list::SmallList;
use crate::state::Shared;
use crate::wire::{ErrorBody, Page, RegistryRecord, Version};

/// Lists registries, with the number of all matches. An account with a scope sees none.
#[utoipa::path(
    get, path = "/csapi/{version}/registry", tag = "registries",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("pageNumber" = Option<usize>, Query, description = "from 1; pageNo means the same"),
        ("pageSize" = Option<usize>, Query, description = "1 to 1000, default 50; pages end at record 10,000"),
        ("filter" = Option<String>, Query, description = "QQL"),
        ("sort" = Option<String>, Query, description = "a token with :asc or :desc; the oldest first without"),
    ),
    responses(
        (status = 200, description = "a page", body = Page<RegistryRecord<'_>>),
        (status = 204, description = "nothing matches; v1.1 answers 200 with empty data"),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        ViewRefusals,
    )
)]
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewRegistries)?;
    let asked = SmallList::of(&uri, SmallEntity::Registry)?;
    let customer = identity.customer();
    let registries = match identity.sees_everything() {
        true => shared.store.registries(customer).await.map_err(crate::store_error)?,
        false => Vec::new(),
    };
    let schedules = shared.store.all_schedules(customer).await.map_err(crate::store_error)?;
    let mut records = Vec::with_capacity(registries.len());
    for registry in &registries {
        let counts = Contents::of(&shared, &identity, registry).await?.all();
        records.push(RegistryRecord::new(registry, &schedules, counts));
    }
    Ok(asked.answer(version, records, RegistryRecord::uuid))
}

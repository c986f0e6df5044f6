//! `GET /containers`: a page of containers in brief.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::{Entity, ListRequest};

use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::paging::PageParameters;
use crate::state::Shared;
use crate::wire::{self, ContainerListItem, ErrorBody, Page, Version};

/// Lists containers in brief, with the number of all matches.
#[utoipa::path(
    get, path = "/csapi/{version}/containers", tag = "containers",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("pageNumber" = Option<usize>, Query, description = "from 1; pageNo means the same"),
        ("pageSize" = Option<usize>, Query, description = "1 to 1000, default 50; pages end at record 10,000"),
        ("filter" = Option<String>, Query, description = "QQL"),
        ("sort" = Option<String>, Query, description = "a token with one value, with :asc or :desc; default created:desc"),
    ),
    responses(
        (status = 200, description = "a page", body = Page<ContainerListItem<'_>>),
        (status = 204, description = "nothing matches; v1.1 answers 200 with empty data"),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewContainers)?;
    let PageParameters { page, page_size, room, filter, sort } = PageParameters::of(&uri, Entity::Container)?;
    let (customer, scope) = (identity.customer(), identity.scope().clone());
    let request = ListRequest { customer, scope, filter, sort, page, page_size };
    let found = crate::ask(&shared, move |fleet| {
        fleet.containers_in_brief(&request, |container| {
            wire::to_json(&ContainerListItem::new(container, version))
        })
    });
    let found = found.await?;
    if found.items.is_empty() && !version.empty_list_has_body() {
        return Ok(body::no_content());
    }
    Ok(body::page(found.items.iter().take(room), found.count))
}

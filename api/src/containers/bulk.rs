//! `GET /containers/list`: all containers with their details, by cursor.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use axum::response::Response;
use fleet::BulkRequest;

use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::paging::{BulkParameters, base_url};
use crate::state::Shared;
use crate::wire::{AnyContainerRecord, BulkPage, ContainerRendering, ErrorBody, Version};

/// Lists containers with details, oldest change first.
///
/// The next page is where the `Link` header says; without one, nothing follows.
#[utoipa::path(
    get, path = "/csapi/{version}/containers/list", tag = "containers",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("limit" = Option<usize>, Query, description = "records of a page, 1 to 250, default 50"),
        ("filter" = Option<String>, Query, description = "QQL"),
        ("paginationQuery" = Option<String>, Query, description = "the cursor of a Link header"),
        ("profile" = Option<String>, Query, description = "from v1.2: classic or full, see the setting"),
    ),
    responses(
        (status = 200, description = "a page", body = BulkPage<AnyContainerRecord<'_>>),
        (status = 204, description = "nothing matches; v1.1 answers 200 with empty data"),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read", body = ErrorBody),
    )
)]
pub(crate) async fn bulk(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewContainers)?;
    let parameters = BulkParameters::of(&uri)?;
    let rendering = ContainerRendering::of(version, false, parameters.all(), &shared.settings)?;
    let request = BulkRequest {
        customer: identity.customer(),
        scope: identity.scope().clone(),
        filter: parameters.filter.clone(),
        cursor: parameters.cursor.clone(),
        end: parameters.end,
        limit: parameters.limit,
    };
    let page = crate::ask(&shared, move |fleet| fleet.export_containers(&request)).await?;
    let base = base_url(&shared.settings, &headers);
    let link = page.next.as_deref().map(|cursor| parameters.next_link(&base, uri.path(), cursor, page.end));
    if page.is_empty() && !version.empty_list_has_body() {
        return Ok(body::no_content());
    }
    body::bulk_list(page.len(), parameters.limit, link, move |out, index| {
        page.with_container(index, |container| rendering.append_bulk(out, container))
    })
}

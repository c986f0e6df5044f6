//! `GET /vulnerability`, also as `GET /vuln`: a page of the vulnerabilities of the fleet.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::Entity;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::order;
use crate::paging::{PagePlace, Parameters};
use crate::state::Shared;
use crate::wire::{ErrorBody, FleetVulnerabilityItem, Page, Version};

/// Lists the vulnerabilities of the images and containers that the account sees, with the number of all matches.
#[utoipa::path(
    get, path = "/csapi/{version}/vulnerability", tag = "vulnerabilities",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("pageNumber" = Option<usize>, Query, description = "from 1; pageNo means the same"),
        ("pageSize" = Option<usize>, Query, description = "1 to 1000, default 50; pages end at record 10,000"),
        ("filter" = Option<String>, Query, description = "QQL on vulnerability tokens"),
        ("sort" = Option<String>, Query, description = "a token with one value, with :asc or :desc; default qid:asc"),
    ),
    responses(
        (status = 200, description = "a page", body = Page<FleetVulnerabilityItem<'_>>),
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
    super::require(&identity)?;
    let parameters = Parameters::of(&uri);
    let place = PagePlace::of(&parameters, "narrow it down with filter=")?;
    let filter = parameters.query("filter")?;
    let order = order::sort(&parameters, Entity::Vulnerability, &["created"])?;
    let (customer, scope) = (identity.customer(), identity.scope().clone());
    let found = crate::ask_counting(&shared, move |fleet| {
        fleet.vulnerabilities((customer, &scope), filter.as_ref(), order, (place.start(), place.room))
    });
    let found = found.await?;
    if found.items.is_empty() && !version.empty_list_has_body() {
        return Ok(body::no_content());
    }
    let items = found.items.iter().map(FleetVulnerabilityItem::from).collect();
    Ok(body::json(&Page::new(items, found.count)))
}

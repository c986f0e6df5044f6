//! `GET /containers/{sha}/vuln/count`: the vulnerabilities of a container by severity.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::Fleet;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::order;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::{ErrorBody, SeverityCounts, Version};

/// Counts the vulnerabilities of a container, or those that a filter admits, by severity.
#[utoipa::path(
    get, path = "/csapi/{version}/containers/{containerSha}/vuln/count", tag = "containers",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("containerSha" = String, Path, description = "64 hex digits, or the first 12"),
        ("filter" = Option<String>, Query, description = "QQL on vulnerability tokens"),
        ("isDrift" = Option<bool>, Query, description = "true: only what drifted from the image"),
        ("applyException" = Option<bool>, Query, description = "without effect: there are no exceptions yet"),
    ),
    responses(
        (status = 200, description = "the counts", body = SeverityCounts),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "out of the account's scope, or the role may not read", body = ErrorBody),
        (status = 404, description = "no such container", body = ErrorBody),
    )
)]
pub(crate) async fn count_vulnerabilities(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let parameters = Parameters::of(&uri);
    let inside = order::vulnerabilities(&parameters)?;
    let part = super::find_part(&shared, &identity, &key, inside, Fleet::container_vulnerabilities).await?;
    // drift is not observed yet: nothing is known to differ from the image
    let rows = if parameters.is_true("isDrift") { &[][..] } else { &part.rows };
    let rows = rows.iter().filter_map(|row| part.view.vulnerabilities.get(*row));
    // clients of v1.1 compare the numbers without asking, as in the list; nothing known counts as nothing there
    let known = part.view.image.is_some() || version.is_legacy();
    Ok(body::json(&if known { SeverityCounts::of(rows) } else { SeverityCounts::UNKNOWN }))
}

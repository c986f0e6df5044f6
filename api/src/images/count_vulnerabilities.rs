//! `GET /images/{sha}/vuln/count`: the vulnerabilities of an image by severity.

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
use crate::wire::{ErrorBody, SeverityCounts};

/// Counts the vulnerabilities of an image, or those that a filter admits, by severity.
#[utoipa::path(
    get, path = "/csapi/{version}/images/{imageSha}/vuln/count", tag = "images",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("imageSha" = String, Path, description = "64 hex digits, or the first 12"),
        ("filter" = Option<String>, Query, description = "QQL on vulnerability tokens"),
        ("applyException" = Option<bool>, Query, description = "without effect: there are no exceptions yet"),
    ),
    responses(
        (status = 200, description = "the counts", body = SeverityCounts),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "out of the account's scope, or the role may not read", body = ErrorBody),
        (status = 404, description = "no such image", body = ErrorBody),
    )
)]
pub(crate) async fn count_vulnerabilities(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let inside = order::vulnerabilities(&Parameters::of(&uri))?;
    let part = super::find_part(&shared, &identity, &key, inside, Fleet::image_vulnerabilities).await?;
    let rows = part.rows.iter().filter_map(|row| part.view.vulnerabilities.get(*row));
    Ok(body::json(&SeverityCounts::of(rows)))
}

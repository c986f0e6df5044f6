//! `GET /containers/{sha}/vuln/count`: the vulnerabilities of a container by severity.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::state::Shared;
use crate::wire::{ErrorBody, SeverityCounts, Version};

/// Counts the vulnerabilities of a container by severity.
#[utoipa::path(
    get, path = "/csapi/{version}/containers/{containerSha}/vuln/count", tag = "containers",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("containerSha" = String, Path, description = "64 hex digits, or the first 12"),
    ),
    responses(
        (status = 200, description = "the counts", body = SeverityCounts),
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
) -> Result<Response, ApiError> {
    let view = super::find(&shared, &identity, &key).await?;
    // clients of v1.1 compare the numbers without asking, as in the list; nothing known counts as nothing there
    let known = view.image.is_some() || version.is_legacy();
    Ok(body::json(&if known { SeverityCounts::new(view.counts) } else { SeverityCounts::UNKNOWN }))
}

//! `GET /images/{sha}/vuln`: the vulnerabilities of an image.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::Fleet;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::lookup::Key;
use crate::order::{self, Parts};
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::{
    ErrorBody, ImageVulnerabilities, Version, Vulnerability, VulnerabilitySummary, image_context,
};

/// Lists the vulnerabilities of an image that a filter admits, with a summary of these.
#[utoipa::path(
    get, path = "/csapi/{version}/images/{imageSha}/vuln", tag = "images",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("imageSha" = String, Path, description = "64 hex digits, or the first 12"),
        ("filter" = Option<String>, Query, description = "QQL on vulnerability tokens"),
        ("type" = Option<String>, Query, description = "SUMMARY, DETAILS or ALL, default ALL"),
        ("sort" = Option<String>, Query, description = "a vulnerability token with one value, with :asc or :desc; default qid:asc"),
        ("applyException" = Option<bool>, Query, description = "without effect: there are no exceptions yet"),
    ),
    responses(
        (status = 200, description = "the vulnerabilities", body = ImageVulnerabilities<'_>),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "out of the account's scope, or the role may not read", body = ErrorBody),
        (status = 404, description = "no such image", body = ErrorBody),
    )
)]
pub(crate) async fn list_vulnerabilities(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let parameters = Parameters::of(&uri);
    let parts = Parts::of(&parameters)?;
    let inside = order::vulnerabilities(&parameters)?;
    let part = super::find_part(&shared, &identity, &key, inside, Fleet::image_vulnerabilities).await?;
    let rows: Vec<_> = part.rows.iter().filter_map(|row| part.view.vulnerabilities.get(*row)).collect();
    let context = image_context(&part.view, version);
    let details = || rows.iter().map(|found| Vulnerability::new(&context, found)).collect();
    Ok(body::json(&ImageVulnerabilities {
        details: parts.details.then(details),
        vuln_summary: parts.summary.then(|| VulnerabilitySummary::new(rows.iter().copied())),
    }))
}

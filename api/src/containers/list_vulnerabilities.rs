//! `GET /containers/{sha}/vuln`: the vulnerabilities of a container.

use std::collections::HashSet;

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
use crate::wire::{ContainerRendering, ContainerVulnerabilities, ErrorBody, Version, VulnerabilitySummary};

/// Lists the vulnerabilities of a container that a filter admits, with a summary of these.
#[utoipa::path(
    get, path = "/csapi/{version}/containers/{containerSha}/vuln", tag = "containers",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("containerSha" = String, Path, description = "64 hex digits, or the first 12"),
        ("filter" = Option<String>, Query, description = "QQL on vulnerability tokens"),
        ("type" = Option<String>, Query, description = "SUMMARY, DETAILS or ALL, default ALL"),
        ("profile" = Option<String>, Query, description = "classic or full, see the setting"),
        ("isDrift" = Option<bool>, Query, description = "true: only what drifted from the image"),
        ("sort" = Option<String>, Query, description = "a vulnerability token with one value, with :asc or :desc; default qid:asc"),
        ("applyException" = Option<bool>, Query, description = "without effect: there are no exceptions yet"),
    ),
    responses(
        (status = 200, description = "the vulnerabilities", body = ContainerVulnerabilities<'_>),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "out of the account's scope, or the role may not read", body = ErrorBody),
        (status = 404, description = "no such container", body = ErrorBody),
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
    let rendering = ContainerRendering::of(version, true, &parameters, &shared.settings)?;
    let inside = order::vulnerabilities(&parameters)?;
    let part = super::find_part(&shared, &identity, &key, inside, Fleet::container_vulnerabilities).await?;
    let mut rows: Vec<_> = part.rows.iter().filter_map(|row| part.view.vulnerabilities.get(*row)).collect();
    if parameters.is_true("isDrift") {
        let of_image = part.view.of_image.as_ref();
        let known: HashSet<u32> = of_image
            .into_iter()
            .flat_map(|image| &image.vulnerabilities)
            .map(|found| found.vulnerability.qid)
            .collect();
        rows.retain(|row| of_image.is_some() && !known.contains(&row.vulnerability.qid));
    }
    let summary = parts.summary.then(|| VulnerabilitySummary::new(rows.iter().copied()));
    Ok(body::json(&ContainerVulnerabilities {
        details: parts.details.then(|| rendering.vulnerabilities(&part.view, rows)),
        vuln_summary: summary,
    }))
}

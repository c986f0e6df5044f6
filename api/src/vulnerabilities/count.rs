//! `GET /vuln/count`: the vulnerabilities of the fleet by severity.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::SeverityCounts as Counts;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::paging::{Parameters, shorten};
use crate::state::Shared;
use crate::wire::{ErrorBody, SeverityCounts};

/// A number of vulnerabilities.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyCount {
    /// The severity.
    key: String,
    count: u32,
}

/// Counts the vulnerabilities of the images and containers that the account sees, each once, by the highest severity that it
/// has anywhere: as an object, with `groupBy=severity` as a list of those that there are.
#[utoipa::path(
    get, path = "/csapi/{version}/vuln/count", tag = "vulnerabilities",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("groupBy" = Option<String>, Query, description = "severity: a list of keys and counts"),
        ("filter" = Option<String>, Query, description = "QQL on vulnerability tokens"),
    ),
    responses(
        (status = 200, description = "the counts; with groupBy a list of key and count", body = SeverityCounts),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read", body = ErrorBody),
    )
)]
pub(crate) async fn count(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    super::require(&identity)?;
    let parameters = Parameters::of(&uri);
    let is_list = match parameters.get("groupBy") {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("severity") => true,
        Some(word) => {
            let message =
                format!("groupBy must be severity, not {}; see /api/v1/aggregates for more", shorten(word));
            return Err(ApiError::bad_request(message));
        }
    };
    let filter = parameters.query("filter")?;
    let (customer, scope) = (identity.customer(), identity.scope().clone());
    let found = crate::ask_counting(&shared, move |fleet| {
        fleet.vulnerabilities((customer, &scope), filter.as_ref(), None, (0, usize::MAX))
    });
    let mut counts = Counts::default();
    found.await?.items.iter().for_each(|found| counts.add(found.severity));
    if !is_list {
        return Ok(body::json(&SeverityCounts::new(counts)));
    }
    let severities = (1..=5).rev().map(|severity| (severity, counts.get(severity)));
    let rows = severities.filter(|(_, count)| *count > 0);
    let rows: Vec<_> = rows.map(|(severity, count)| KeyCount { key: severity.to_string(), count }).collect();
    Ok(body::json(&rows))
}

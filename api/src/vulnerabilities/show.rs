//! `GET /vulnerability/{uuid}`: one vulnerability of the fleet, by its uuid, its number or a CVE id.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use uuid::Uuid;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::lookup::{self, Key};
use crate::state::Shared;
use crate::wire::{ErrorBody, FleetVulnerabilityDetails, vulnerability_uuid};

/// Shows a vulnerability that something in the account's scope has.
#[utoipa::path(
    get, path = "/csapi/{version}/vulnerability/{uuid}", tag = "vulnerabilities",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("uuid" = String, Path, description = "its uuid in the list, its qid, or a CVE id"),
    ),
    responses(
        (status = 200, description = "what is known, and what it means here", body = FleetVulnerabilityDetails<'_>),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read", body = ErrorBody),
        (status = 404, description = "no such vulnerability in what the account sees", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
) -> Result<Response, ApiError> {
    super::require(&identity)?;
    let unknown = || lookup::unknown("vulnerability");
    let qid: Option<u32> = key.parse().ok();
    let uuid: Option<Uuid> = key.parse().ok();
    let cve = key.to_ascii_uppercase();
    let is_cve = cve.strip_prefix("CVE-").is_some_and(|rest| {
        rest.len() <= 32 && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    });
    let filter = match (qid, uuid) {
        (Some(qid), _) => format!("qid:{qid}"),
        _ if is_cve => format!("cveids:`{cve}`"),
        (None, Some(_)) => String::new(),
        (None, None) => return Err(unknown()),
    };
    let filter = qql::parse(&filter).map_err(ApiError::internal)?;
    let (customer, scope) = (identity.customer(), identity.scope().clone());
    let found = crate::ask_counting(&shared, move |fleet| {
        fleet.vulnerabilities((customer, &scope), Some(&filter), None, (0, usize::MAX))
    });
    let found = found.await?;
    let is_asked_for = |of: u32| uuid.is_none_or(|uuid| uuid == vulnerability_uuid(of));
    let found = found.items.iter().find(|found| is_asked_for(found.vulnerability.qid)).ok_or_else(unknown)?;
    Ok(body::json(&FleetVulnerabilityDetails::from(found)))
}

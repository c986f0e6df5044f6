//! `POST /api/v1/reports`: stores what a scan saw.

use axum::Extension;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use fleet::ReportJudgement;
use model::{Digest, ScanReport, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::ingest;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// What became of a report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stored {
    image: StoredImage,
    /// The clock value of the image record, in milliseconds since the epoch.
    #[schema(value_type = i64)]
    updated: Timestamp,
    /// False if the same report was stored before.
    changed: bool,
    /// What the server's vulnerability data says of the packages of the report, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    judgement: Option<Judged>,
}

/// The judgement of a report.
#[derive(Debug, Serialize)]
pub(crate) struct Judged {
    /// The data that it was judged by.
    bundle: Digest,
    #[serde(flatten)]
    report: ReportJudgement,
}

/// Where to find the image.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoredImage {
    /// The image id as 64 hex digits.
    sha: String,
    uuid: Uuid,
}

/// Stores a scan report. Sending it again changes nothing.
///
/// When the answer comes, the report is on disk and the lists show it.
#[utoipa::path(
    post, path = "/api/v1/reports", tag = "ingest",
    params((
        "judgement" = Option<bool>, Query,
        description = "true: answer with what the server's vulnerability data says of the packages of this report"
    )),
    request_body(
        content = serde_json::Value, content_type = "application/json",
        description = "a scan report as `plimsoll scan --push` sends it: facts, no findings; Content-Encoding gzip or zstd"
    ),
    responses(
        (status = 201, description = "stored", body = Stored),
        (status = 200, description = "known already", body = Stored),
        (status = 400, description = "not a valid report; the message names the place", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not send reports", body = ErrorBody),
        (status = 413, description = "larger than the server accepts", body = ErrorBody),
        (status = 415, description = "unknown Content-Encoding", body = ErrorBody),
        (status = 503, description = "the store is not available; send it again later", body = ErrorBody),
        (status = 507, description = "the disk is full; nothing was stored", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    request: Body,
) -> Result<(StatusCode, Response), ApiError> {
    identity.require(Permission::SendImages)?;
    let is_judged = Parameters::of(&uri).is_true("judgement");
    let report: ScanReport = ingest::read(&shared, &headers, request, ingest::parse_json).await?;
    let sha = report.image.id.0.to_hex();
    let to_judge = is_judged.then(|| report.clone());
    let ack = shared.store.put_report(identity.customer(), report).await.map_err(crate::store_error)?;
    crate::wait_until_visible(&shared, ack.updated).await;
    let uuid = ack.uuids.first().copied().ok_or_else(|| ApiError::internal("a stored report has no uuid"))?;
    let judgement = match to_judge {
        Some(report) => Some(judge(&shared, report).await?),
        None => None,
    };
    let image = StoredImage { sha, uuid };
    let stored = Stored { image, updated: ack.updated, changed: ack.changed, judgement };
    let status = if ack.changed { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, body::json(&stored)))
}

/// Judges a report on a thread of its own.
async fn judge(shared: &Shared, report: ScanReport) -> Result<Judged, ApiError> {
    let bundle = shared.fleet.bundle();
    let work = tokio::task::spawn_blocking(move || Judged {
        bundle: bundle.id(),
        report: fleet::judge_report(&report, &bundle, Timestamp::now()),
    });
    work.await.map_err(|_| ApiError::internal("judging a report ended too early"))
}

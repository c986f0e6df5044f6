//! `POST /api/v1/reports`: stores what a scan saw.

use axum::Extension;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use fleet::ReportJudgement;
use model::{Digest, ScanReport, Timestamp};
use serde::Serialize;
use store::PreparedReport;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::ingest;
use crate::paging::Parameters;
use crate::sensors::clock;
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
    let (customer, is_sensor) = (identity.customer(), identity.sensor().is_some());
    let mend = move |scanned_at: &mut Timestamp| {
        if is_sensor {
            clock::hold_back(scanned_at, Timestamp::now());
        }
    };
    let parse = move |text: &[u8]| read(customer, text, is_judged, mend);
    let (report, to_judge) = ingest::read(&shared, &headers, request, parse).await?;
    let sha = report.image().0.to_hex();
    let ack = shared.store.put_prepared(report).await.map_err(crate::store_error)?;
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

/// Reads a report and makes it ready to be stored; gives it as it is, too, if that is wanted. `mend` may change when it was scanned.
fn read(
    customer: Uuid,
    text: &[u8],
    is_wanted: bool,
    mend: impl Fn(&mut Timestamp),
) -> Result<(PreparedReport, Option<ScanReport>), ApiError> {
    let json = std::str::from_utf8(text).ok().filter(|_| !is_wanted);
    if let Some(prepared) = json.and_then(|json| PreparedReport::of_text(customer, json, &mend)) {
        return Ok((prepared.map_err(crate::store_error)?, None));
    }
    let mut report: ScanReport = ingest::parse_json(text)?;
    mend(&mut report.scanned_at);
    let wanted = is_wanted.then(|| report.clone());
    Ok((PreparedReport::of(customer, report).map_err(crate::store_error)?, wanted))
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

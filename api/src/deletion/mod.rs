//! Deletion of images, containers and sensors: what is asked for is fixed at once, and carried out by a job.
//!
//! Ids and filter come in the body or in the address, as documented; ids win where both are given. Nothing named at all is
//! refused: an empty filter matches everything, and a client that forgot its parameters must not lose its fleet.

pub(crate) mod containers;
pub(crate) mod images;
pub(crate) mod sensors;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use fleet::{Entity, Lookup};
use serde::{Deserialize, Serialize};
use store::NewJob;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Identity;
use crate::error::ApiError;
use crate::jobs::Payload;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::{body, ingest};

/// What to delete. One of the two is needed; ids win.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Named {
    /// Record uuids.
    #[serde(default, alias = "imageIds", alias = "containerIds", alias = "sensorIds")]
    #[schema(value_type = Vec<String>)]
    ids: Option<Vec<String>>,
    /// QQL.
    #[serde(default)]
    filter: Option<String>,
}

/// The answer: deletion goes on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Accepted {
    /// The job that does it, see `/api/v1/jobs/{uuid}`.
    deletion_job_id: Uuid,
}

/// What a deletion is about.
struct Kind {
    entity: Entity,
    /// The parameter with ids.
    ids: &'static str,
    job: &'static str,
}

async fn delete(
    kind: &Kind,
    shared: &Shared,
    identity: &Identity,
    (uri, headers, request): (&Uri, &HeaderMap, Body),
) -> Result<Response, ApiError> {
    let named = read(kind.ids, shared, (uri, headers, request)).await?;
    let uuids = choose(kind, shared, identity, named).await?;
    enqueue(shared, identity, kind.job, uuids).await
}

/// Makes the job.
async fn enqueue(
    shared: &Shared,
    identity: &Identity,
    kind: &str,
    uuids: Vec<Uuid>,
) -> Result<Response, ApiError> {
    if uuids.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let payload = serde_json::to_string(&Payload { by: identity.name().to_owned() });
    let job = NewJob {
        customer: identity.customer(),
        kind: kind.to_owned(),
        payload: payload.map_err(ApiError::internal)?,
        items: uuids,
    };
    let job = shared.store.enqueue_job(job).await.map_err(crate::store_error)?;
    Ok(body::json(&Accepted { deletion_job_id: job.uuid }))
}

/// Body and address together.
async fn read(
    ids_name: &str,
    shared: &Shared,
    (uri, headers, request): (&Uri, &HeaderMap, Body),
) -> Result<Named, ApiError> {
    let parse = |text: &[u8]| {
        let is_blank = text.iter().all(u8::is_ascii_whitespace);
        if is_blank { Ok(Named::default()) } else { ingest::parse_json(text) }
    };
    let mut named: Named = ingest::read(shared, headers, request, parse).await?;
    let parameters = Parameters::of(uri);
    let listed = parameters.each(ids_name).flat_map(|ids| ids.split(',')).map(|id| id.trim().to_owned());
    let mut ids: Vec<String> = named.ids.take().unwrap_or_default();
    ids.extend(listed.filter(|id| !id.is_empty()));
    let filter = parameters.get("filter").map(str::to_owned).or(named.filter);
    let filter = filter.filter(|filter| !filter.trim().is_empty());
    if ids.is_empty() && filter.is_none() {
        let message = format!("name what to delete: {ids_name} or a filter that is not empty");
        return Err(ApiError::bad_request(message));
    }
    Ok(Named { ids: Some(ids), filter })
}

/// The uuids of what is to be deleted.
async fn choose(
    kind: &Kind,
    shared: &Shared,
    identity: &Identity,
    named: Named,
) -> Result<Vec<Uuid>, ApiError> {
    let ids = named.ids.unwrap_or_default();
    let (customer, scope, entity) = (identity.customer(), identity.scope().clone(), kind.entity);
    if ids.is_empty() {
        let filter = named.filter.unwrap_or_default();
        let filter = qql::parse(&filter).map_err(|error| ApiError::bad_request(error.to_string()))?;
        return crate::ask(shared, move |fleet| fleet.select(customer, &scope, entity, &filter)).await;
    }
    let mut uuids = Vec::with_capacity(ids.len());
    for id in ids {
        let uuid = uuid(kind.ids, &id)?;
        match shared.fleet.is_visible(customer, identity.scope(), entity, uuid) {
            Lookup::Found(_) => uuids.push(uuid),
            Lookup::OutOfScope => return Err(ApiError::out_of_scope()),
            Lookup::Unknown => {}
        }
    }
    uuids.sort_unstable();
    uuids.dedup();
    Ok(uuids)
}

/// Reads an id.
fn uuid(ids_name: &str, id: &str) -> Result<Uuid, ApiError> {
    let wrong = |_| ApiError::bad_request(format!("{ids_name}: `{}` is not a uuid", shorten(id)));
    Uuid::try_parse(id).map_err(wrong)
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

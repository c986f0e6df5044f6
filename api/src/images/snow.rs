//! `GET /images/snow`: images with their details by offset, for import into service management.
//!
//! Clients of this call either count offsets or follow the `Link` header. The link carries a place beside the offset, so that
//! whoever follows it loses nothing, whatever is deleted meanwhile.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use fleet::WindowRequest;
use utoipa::ToSchema;

use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::paging::{Parameters, base_url};
use crate::state::Shared;
use crate::wire::{AnyImageRecord, ErrorBody, ImageRendering, Version};

/// Records when `limit` is not given.
const DEFAULT_LIMIT: usize = 50;
/// The most records of one answer.
const MAX_LIMIT: usize = 250;
/// The parameter of a link that carries the place.
const AFTER: &str = "after";

/// Images.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes in the API document what is written")]
pub(crate) struct SnowPage<'a> {
    data: Vec<AnyImageRecord<'a>>,
}

/// Lists images with details in the order in which they were first reported.
#[utoipa::path(
    get, path = "/csapi/{version}/images/snow", tag = "images",
    params(
        ("version" = String, Path, description = "v1.1, v1.2 or v1.3"),
        ("limit" = Option<usize>, Query, description = "records, 1 to 250, default 50"),
        ("offset" = Option<usize>, Query, description = "records to leave out in front, default 0"),
        ("filter" = Option<String>, Query, description = "QQL"),
    ),
    responses(
        (status = 200, description = "some images; the Link header leads to the next", body = SnowPage<'_>),
        (status = 204, description = "nothing matches, or nothing is left; v1.1 answers 200 with empty data"),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read", body = ErrorBody),
    )
)]
pub(crate) async fn snow(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewImages)?;
    let parameters = Parameters::of(&uri);
    let limit = parameters.number("limit")?.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::bad_request(format!("limit must be between 1 and {MAX_LIMIT}, not {limit}")));
    }
    let offset = parameters.number("offset")?.unwrap_or(0);
    let refused = |()| ApiError::bad_request("after is no place: give back the Link as it came");
    let after = parameters.get(AFTER).map(|text| text.parse().map_err(refused)).transpose()?;
    let filter = parameters.query("filter")?;
    let (customer, scope) = (identity.customer(), identity.scope().clone());
    let request = WindowRequest { customer, scope, filter, offset, after, limit };
    let rendering = ImageRendering::of(version, false, &parameters);
    let found = crate::ask_counting(&shared, move |fleet| {
        fleet.images_window(&request, |image| {
            let mut record = Vec::new();
            rendering.append_bulk(&mut record, image);
            record
        })
    });
    let found = found.await?;
    if found.items.is_empty() && !version.empty_list_has_body() {
        return Ok(body::no_content());
    }
    let mut json = b"{\"data\":[".to_vec();
    json.append(&mut found.items.join(&b','));
    json.extend_from_slice(b"]}");
    let mut response = body::ready_json(json);
    if let Some(next) = found.next {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &limit.to_string());
        query.append_pair("offset", &offset.saturating_add(limit).to_string());
        for (key, value) in parameters.iter().filter(|(key, _)| !["limit", "offset", AFTER].contains(key)) {
            query.append_pair(key, value);
        }
        query.append_pair(AFTER, &next.to_string());
        let base = base_url(&shared.settings, &headers);
        let link = format!("<{base}{}?{}>;rel=next", uri.path(), query.finish());
        let link = HeaderValue::from_str(&link).map_err(ApiError::internal)?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

//! `GET /api/v1/query`: what a query finds as a table, whole if need be.

mod cell;
mod text;

use axum::Extension;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use fleet::{Entity, QueryColumn, QueryOrder, QueryRequest};
use futures_util::stream;

pub use text::{QueryForm, QueryText};

use crate::auth::{Identity, Permission};
use crate::error::ApiError;
use crate::paging::{Parameters, shorten};
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Rows of an answer when `limit` is not given.
pub const DEFAULT_ROWS: usize = 100;

/// All records that the filter admits, whatever the rows of the answer are.
const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// Gives columns of images, containers, software or vulnerabilities that a filter admits.
///
/// Count and rows are of one moment. Software and vulnerabilities are those of everything that the account sees, each once, with
/// `imageCount` and `containerCount`. Times are in RFC 3339. A column of which a record may have several values is an array
/// in JSON and has `; ` between values in CSV.
#[utoipa::path(
    get, path = "/api/v1/query", tag = "query",
    params(
        ("entity" = Option<String>, Query, description = "images, containers, software or vulnerabilities; default images"),
        ("filter" = Option<String>, Query, description = "QQL on tokens of the entity"),
        ("columns" = Option<String>, Query, description = "tokens, separated by commas; of software and vulnerabilities also imageCount and containerCount"),
        ("sort" = Option<String>, Query, description = "a token with one value, with :asc or :desc; default the newest first, or what most images have"),
        ("limit" = Option<usize>, Query, description = "rows of the answer, default 100; 0 for all"),
        ("format" = Option<String>, Query, description = "json (an object with count, columns and data), ndjson (a row on each line) or csv; default json"),
    ),
    responses(
        (status = 200, description = "the rows; X-Total-Count says how many records match", content(
            (serde_json::Value = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
        )),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read", body = ErrorBody),
    )
)]
pub(crate) async fn query(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewImages)?;
    identity.require(Permission::ViewContainers)?;
    let parameters = Parameters::of(&uri);
    let request = request(&parameters, &identity)?;
    let word = parameters.get("format").unwrap_or("json");
    let form: QueryForm = word.parse().map_err(|_| {
        ApiError::bad_request(format!("format must be json, ndjson or csv, not {}", shorten(word)))
    })?;
    let found = crate::ask_counting(&shared, move |fleet| fleet.query(request)).await?;
    let count = HeaderValue::from(found.count);
    let pieces = QueryText::new(found, form).map(Ok::<_, std::convert::Infallible>);
    let body = Body::from_stream(stream::iter(pieces));
    let content_type = HeaderValue::from_static(form.content_type());
    Ok(([(header::CONTENT_TYPE, content_type), (TOTAL, count)], body).into_response())
}

fn request(parameters: &Parameters, identity: &Identity) -> Result<QueryRequest, ApiError> {
    let entity = entity(parameters)?;
    let filter = parameters.query("filter")?;
    parameters.refuse_broken("columns")?;
    parameters.refuse_broken("sort")?;
    let said = |name: &'static str| {
        move |error: qql::QueryError| {
            let message = error.to_string().replacen("filter token", "token", 1);
            ApiError::bad_request(format!("{name}: {message}"))
        }
    };
    let columns = QueryColumn::parse_list(parameters.get("columns").unwrap_or_default(), entity);
    let order = parameters.get("sort").map(|text| QueryOrder::parse(text, entity)).transpose();
    let limit = parameters.number("limit")?.unwrap_or(DEFAULT_ROWS);
    Ok(QueryRequest {
        customer: identity.customer(),
        scope: identity.scope().clone(),
        entity,
        filter,
        columns: columns.map_err(said("columns"))?,
        order: order.map_err(said("sort"))?,
        limit: (limit > 0).then_some(limit),
    })
}

fn entity(parameters: &Parameters) -> Result<Entity, ApiError> {
    let word = parameters.get("entity").unwrap_or("images");
    entity_of(word).ok_or_else(|| {
        let word = shorten(word);
        ApiError::bad_request(format!(
            "entity must be images, containers, software or vulnerabilities, not {word}"
        ))
    })
}

/// The entity that a word names, in the singular or plural.
fn entity_of(word: &str) -> Option<Entity> {
    match word.to_ascii_lowercase().as_str() {
        "image" | "images" => Some(Entity::Image),
        "container" | "containers" => Some(Entity::Container),
        "software" | "softwares" => Some(Entity::Software),
        "vulnerability" | "vulnerabilities" => Some(Entity::Vulnerability),
        _ => None,
    }
}

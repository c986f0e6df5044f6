//! `GET /api/v1/aggregates`: images and containers by what they have in common.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::{Entity, GroupBy, GroupKey, GroupRow};
use model::Timestamp;
use qql::FieldId;
use qql::fields::FieldType;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Identity;
use crate::body;
use crate::error::ApiError;
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::ErrorBody;

/// Groups of an answer when `top` is not given.
const DEFAULT_TOP: usize = 10;
/// The most groups of an answer.
const MAX_TOP: usize = 1_000;

/// The largest groups, and what all records come to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Aggregates {
    /// The largest first: by images, then by containers.
    data: Vec<AggregateGroup>,
    /// How many groups there are in all.
    count: u64,
    /// Images that were counted, each once.
    images: u64,
    /// Containers that were counted, each once.
    containers: u64,
}

/// Records that have something in common.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AggregateGroup {
    /// A text, number or truth value; a day as `2026-05-01`; null for the records without a value.
    #[schema(value_type = Value)]
    key: Key,
    /// Of a package, by `package-version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    images: u64,
    containers: u64,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Key {
    Flag(bool),
    Number(i64),
    Decimal(f64),
    Text(String),
    Missing,
}

impl Key {
    fn of(key: GroupKey, kind: Option<FieldType>) -> Self {
        match (key, kind) {
            (GroupKey::Flag(flag), _) => Self::Flag(flag),
            (GroupKey::Text(text), _) => Self::Text(text),
            (GroupKey::Missing, _) => Self::Missing,
            (GroupKey::Number(number), Some(FieldType::Date)) => Self::Text(date(number)),
            (GroupKey::Number(number), Some(FieldType::Decimal)) => Self::Decimal(number as f64 / 1_000.0),
            (GroupKey::Number(number), _) => Self::Number(number),
        }
    }
}

/// The day of a time, UTC.
pub(super) fn date(millis: i64) -> String {
    let text = Timestamp(millis).to_rfc3339();
    text.split('T').next().unwrap_or_default().to_owned()
}

/// Counts images and containers by something that they have in common.
///
/// With a filter on images, containers are those of these images; with one on containers, images are those of these
/// containers. A container counts for what its image has.
#[utoipa::path(
    get, path = "/api/v1/aggregates", tag = "statistics",
    params(
        ("entity" = Option<String>, Query, description = "images or containers: what filter and tokens are about; default images"),
        ("by" = String, Query, description = "severity, package, package-version, vulnerability, cve, repository, host, namespace, or a token with one value; times by day"),
        ("filter" = Option<String>, Query, description = "QQL"),
        ("top" = Option<usize>, Query, description = "groups of the answer, 1 to 1000, default 10"),
    ),
    responses(
        (status = 200, description = "the largest groups", body = Aggregates),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read", body = ErrorBody),
    )
)]
pub(crate) async fn aggregates(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let parameters = Parameters::of(&uri);
    let selection = super::selection(&parameters, &identity)?;
    let (by, kind) = group_by(&parameters, selection.entity)?;
    let top = parameters.number("top")?.unwrap_or(DEFAULT_TOP);
    if !(1..=MAX_TOP).contains(&top) {
        return Err(ApiError::bad_request(format!("top must be between 1 and {MAX_TOP}, not {top}")));
    }
    let found = crate::ask_counting(&shared, move |fleet| fleet.groups(&selection, by, top)).await?;
    let group = |GroupRow { key, version, images, containers }| AggregateGroup {
        key: Key::of(key, kind),
        version,
        images,
        containers,
    };
    Ok(body::json(&Aggregates {
        data: found.rows.into_iter().map(group).collect(),
        count: found.count,
        images: found.images,
        containers: found.containers,
    }))
}

/// What to count by, and of which type its values are where that matters.
fn group_by(parameters: &Parameters, entity: Entity) -> Result<(GroupBy, Option<FieldType>), ApiError> {
    let word = parameters.get("by").ok_or_else(|| {
        ApiError::bad_request(
            "by is missing: severity, package, package-version, vulnerability, cve, repository, host, namespace or a token",
        )
    })?;
    let by = match word.to_ascii_lowercase().as_str() {
        "severity" => GroupBy::Severity,
        "package" => GroupBy::Package,
        "package-version" => GroupBy::PackageVersion,
        "vulnerability" => GroupBy::Vulnerability,
        "cve" => GroupBy::Cve,
        "repository" => GroupBy::Repository,
        "host" => GroupBy::Host,
        "namespace" => GroupBy::Namespace,
        _ => GroupBy::Field(field(parameters, word, entity)?),
    };
    let kind = if let GroupBy::Field(field) = by { Some(field.field().kind) } else { None };
    Ok((by, kind))
}

/// What can be sorted by has at most one value, and that is what can be counted by.
fn field(parameters: &Parameters, word: &str, entity: Entity) -> Result<FieldId, ApiError> {
    parameters.refuse_broken("by")?;
    match qql::resolve_sort(&format!("{word}:asc"), entity) {
        Ok(sort) if !word.contains(':') => Ok(sort.field),
        Ok(_) => Err(ApiError::bad_request("by is a token alone, without a direction")),
        Err(error) => {
            let message = error.to_string().replacen("filter token", "token", 1);
            Err(ApiError::bad_request(format!("by: {}", message.replace("sorted by it", "counted by it"))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_by_the_type_of_their_field() {
        let number = |number, kind| Key::of(GroupKey::Number(number), kind);
        assert_eq!(number(86_400_000, Some(FieldType::Date)), Key::Text("1970-01-02".to_owned()));
        assert_eq!(number(7_500, Some(FieldType::Decimal)), Key::Decimal(7.5));
        assert_eq!(number(5, None), Key::Number(5));
        assert_eq!(serde_json::to_string(&Key::of(GroupKey::Missing, None)).unwrap(), "null");
    }
}

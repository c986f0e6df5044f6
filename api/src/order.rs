//! Which rows of a record are asked for: its software or its vulnerabilities, filtered, sorted, or only some parts.

use fleet::{Entity, Inside, Sort};

use crate::error::ApiError;
use crate::paging::{Parameters, resolve_sort, shorten};

/// Which parts of a vulnerability list were asked for with `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) details: bool,
    pub(crate) summary: bool,
}

impl Parts {
    pub(crate) fn of(parameters: &Parameters) -> Result<Self, ApiError> {
        let word = parameters.get("type").unwrap_or("ALL");
        match word.to_ascii_uppercase().as_str() {
            "ALL" => Ok(Self { details: true, summary: true }),
            "DETAILS" => Ok(Self { details: true, summary: false }),
            "SUMMARY" => Ok(Self { details: false, summary: true }),
            _ => {
                let message = format!("type must be SUMMARY, DETAILS or ALL, not {}", shorten(word));
                Err(ApiError::bad_request(message))
            }
        }
    }
}

/// Reads `filter` and `sort` of software.
pub(crate) fn software(parameters: &Parameters) -> Result<Inside, ApiError> {
    // the documented example, which software rows do not have
    inside(parameters, Entity::Software, &["qid", "created"])
}

/// Reads `filter` and `sort` of vulnerabilities.
pub(crate) fn vulnerabilities(parameters: &Parameters) -> Result<Inside, ApiError> {
    inside(parameters, Entity::Vulnerability, &["created"])
}

fn inside(parameters: &Parameters, entity: Entity, without_effect: &[&str]) -> Result<Inside, ApiError> {
    Ok(Inside { filter: parameters.query("filter")?, sort: sort(parameters, entity, without_effect)? })
}

/// The order that was asked for. `created` is the default that one generated client sends to every list; where rows have no
/// such thing they stay as they are.
pub(crate) fn sort(
    parameters: &Parameters,
    entity: Entity,
    without_effect: &[&str],
) -> Result<Option<Sort>, ApiError> {
    let Some(text) = parameters.get("sort") else { return Ok(None) };
    let token = text.split(':').next().unwrap_or_default().trim();
    let own = token.rsplit_once("vulnerabilities.").map_or(token, |(_, own)| own);
    if without_effect.contains(&own) {
        return Ok(None);
    }
    resolve_sort(parameters, text, entity).map(Some)
}

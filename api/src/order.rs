//! Orders and parts of the lists inside a record: its software and its vulnerabilities.

use std::cmp::Ordering;

use fleet::{SoftwareView, VulnerabilityView};

use crate::error::ApiError;
use crate::paging::{Parameters, shorten, split_sort, unknown_sort};

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

/// The software in the order asked for; the inventory's own if none is.
pub(crate) fn software<'a>(
    rows: &'a [SoftwareView],
    parameters: &Parameters,
) -> Result<Vec<&'a SoftwareView>, ApiError> {
    refuse_filter(parameters)?;
    let mut sorted: Vec<&SoftwareView> = rows.iter().collect();
    let Some(sort) = parameters.get("sort") else { return Ok(sorted) };
    let (token, descending) = split_sort(sort)?;
    let prefixes = ["softwares.", "vulnerabilities."];
    let own = prefixes.iter().find_map(|prefix| token.strip_prefix(prefix)).unwrap_or(token);
    let text: fn(&SoftwareView) -> Option<&str> = match own {
        "name" => |row| Some(row.package.package.name()),
        "version" => |row| Some(row.package.package.version()),
        "fixVersion" => |row| row.fix_version(),
        // the documented example, and the default that one generated client sends to every list; software rows have
        // neither, so they stand as they are
        "qid" | "created" => return Ok(sorted),
        _ => return Err(unknown_sort(token, &["name", "version", "fixVersion"])),
    };
    sorted.sort_by(|a, b| directed(text(a).cmp(&text(b)), descending));
    Ok(sorted)
}

/// The vulnerabilities in the order asked for, by number if none is.
pub(crate) fn vulnerabilities<'a>(
    rows: &'a [VulnerabilityView],
    parameters: &Parameters,
) -> Result<Vec<&'a VulnerabilityView>, ApiError> {
    refuse_filter(parameters)?;
    let mut sorted: Vec<&VulnerabilityView> = rows.iter().collect();
    let (token, descending) = split_sort(parameters.get("sort").unwrap_or("qid:asc"))?;
    match token.strip_prefix("vulnerabilities.").unwrap_or(token) {
        "qid" => sorted.sort_by(|a, b| directed(a.vulnerability.qid.cmp(&b.vulnerability.qid), descending)),
        "severity" => sorted.sort_by(|a, b| directed(a.severity.cmp(&b.severity), descending)),
        // the default that one generated client sends to every list
        "created" => {}
        _ => return Err(unknown_sort(token, &["qid", "severity"])),
    }
    Ok(sorted)
}

fn directed(order: Ordering, descending: bool) -> Ordering {
    if descending { order.reverse() } else { order }
}

/// A filter is checked as a query and then refused, so that nobody takes the whole list for a filtered one.
fn refuse_filter(parameters: &Parameters) -> Result<(), ApiError> {
    match parameters.query("filter")? {
        None => Ok(()),
        Some(_) => Err(ApiError::bad_request("filter is not supported yet on this call")),
    }
}

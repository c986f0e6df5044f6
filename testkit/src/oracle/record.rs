//! Records as the API shows them, with what can be asked but stands in several of its answers brought into one place.

use serde_json::{Value, json};

/// The states of a container that is there.
const LIVE: [&str; 4] = ["CREATED", "RUNNING", "PAUSED", "STOPPED"];

/// An image as the details call shows it with `scanDetails=secrets`, beside all containers that the same account sees.
pub fn image_record(mut details: Value, containers: &[Value]) -> Value {
    let own = |container: &&Value| container["imageUuid"] == details["uuid"];
    let live =
        containers.iter().filter(own).any(|container| LIVE.iter().any(|state| container["state"] == *state));
    let last = details["lastUsedDate"].clone();
    details["inUse"] =
        if live || !last.is_null() { json!({"live": live, "last": last}) } else { Value::Null };
    // without any, whether somebody looked for them is not known
    let has_secrets = details["secrets"].as_array().is_some_and(|secrets| !secrets.is_empty());
    details["hasSecrets"] = if has_secrets { json!(true) } else { Value::Null };
    let is_end = |found: &Value| {
        found["title"].as_str().is_some_and(|title| title.starts_with("EOL operating system"))
    };
    let is_eol = details["vulnerabilities"].as_array().is_some_and(|found| found.iter().any(is_end));
    details["isEol"] = json!(is_eol);
    join(details)
}

/// A container as the details call shows it with `profile=full`.
pub fn container_record(details: Value) -> Value {
    join(details)
}

fn join(mut details: Value) -> Value {
    let found = details["vulnerabilities"].as_array().cloned().unwrap_or_default();
    if let Some(rows) = details["softwares"].as_array_mut() {
        rows.iter_mut().for_each(|row| add_findings(row, &found));
    }
    details
}

/// The rows of a software list, beside the vulnerabilities of the same record.
pub fn software_rows(list: &Value, vulnerabilities: &[Value]) -> Vec<Value> {
    let mut rows = list["data"].as_array().cloned().unwrap_or_default();
    for row in &mut rows {
        add_findings(row, vulnerabilities);
        for key in ["eol", "eos", "ga"] {
            if let Some(date) = row["lifecycle"].get(key).cloned() {
                row["lifecycle"][format!("{key}Date")] = date;
            }
        }
    }
    rows
}

/// What the vulnerabilities that name a row among their software say of it alone. Values that a record shows for all of
/// their software together ([`IN_COMMON`]) are not known of one.
fn add_findings(row: &mut Value, vulnerabilities: &[Value]) {
    let is_row =
        |software: &&Value| ["name", "version", "packagePath"].iter().all(|key| software[key] == row[key]);
    let mut findings = Vec::new();
    for found in vulnerabilities {
        let software = found["software"].as_array().map(Vec::as_slice).unwrap_or_default();
        let own: Vec<Value> = software.iter().filter(is_row).cloned().collect();
        if own.is_empty() {
            continue;
        }
        let mut finding = found.clone();
        IN_COMMON.iter().for_each(|key| finding[key] = Value::Null);
        let has_fix = own.iter().any(|software| !software["fixVersion"].is_null());
        let when = |holds: bool| if holds { json!(true) } else { Value::Null };
        finding["patchAvailable"] = json!(has_fix);
        finding["threatIntel"]["noPatch"] = when(!has_fix);
        finding["threatIntel"]["zeroDay"] =
            when(!has_fix && found["threatIntel"]["activeAttacks"] == json!(true));
        finding["scanType"] = json!([row["scanType"]]);
        finding["software"] = Value::Array(own);
        findings.push(finding);
    }
    row["findings"] = Value::Array(findings);
}

/// Keys of vulnerabilities that are the worst, the first or all of those of their software.
pub const IN_COMMON: [&str; 8] =
    ["severity", "risk", "qdsScore", "typeDetected", "firstFound", "lastFound", "layerSha", "result"];

//! Records as the API shows them, with what can be asked but stands in several of its answers brought into one place.

use serde_json::{Value, json};

/// The states of a container that is there.
const LIVE: [&str; 4] = ["CREATED", "RUNNING", "PAUSED", "STOPPED"];

/// An image as the details call shows it with `scanDetails=secrets`, beside all containers that the same account sees.
pub fn image_record(mut details: Value, containers: &[Value]) -> Value {
    let own = |container: &&Value| container["imageUuid"] == details["uuid"];
    let live =
        containers.iter().filter(own).any(|container| LIVE.iter().any(|state| container["state"] == *state));
    details["inUse"] = json!({"live": live, "last": details["lastUsedDate"]});
    details["hasSecrets"] = json!(details["secrets"].as_array().is_some_and(|secrets| !secrets.is_empty()));
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

/// The vulnerabilities that name a row among their software.
fn add_findings(row: &mut Value, vulnerabilities: &[Value]) {
    let is_row =
        |software: &Value| ["name", "version", "packagePath"].iter().all(|key| software[key] == row[key]);
    let names_row = |found: &&Value| found["software"].as_array().is_some_and(|all| all.iter().any(is_row));
    let findings: Vec<Value> = vulnerabilities.iter().filter(names_row).cloned().collect();
    row["findings"] = Value::Array(findings);
}

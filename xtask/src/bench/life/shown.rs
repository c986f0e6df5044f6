//! What the server shows of a container.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::plimsoll::Plimsoll;

/// A row of a software list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) version: String,
    /// Of packages that the system's package manager did not install.
    pub(super) path: Option<String>,
    /// Vulnerabilities by severity.
    pub(super) counts: [u64; 5],
}

/// A container as it is shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub(super) record: Value,
    pub(super) software: Vec<Row>,
    /// Numbers of drifted software by reason.
    pub(super) reasons: BTreeMap<String, u64>,
    /// Drifted files: path and reason.
    pub(super) files: BTreeMap<String, String>,
}

/// Asks for a container; `None` if the server knows none.
pub(super) fn ask(plimsoll: &Plimsoll, id: &str) -> Result<Option<Shown>> {
    let Some(record) = plimsoll.get(&format!("/containers/{id}?profile=full"))? else { return Ok(None) };
    let Some(list) = plimsoll.get(&format!("/containers/{id}/software"))? else { return Ok(None) };
    let reasons = list["driftSoftwareCountByDriftReason"].as_object();
    let reasons = reasons.into_iter().flatten();
    let reasons = reasons.map(|(name, count)| (name.clone(), count.as_u64().unwrap_or_default())).collect();
    let file = |file: &Value| Some((text(&file["path"])?, text(&file["reason"])?));
    let files = record["drift"]["file"].as_array().into_iter().flatten().filter_map(file).collect();
    Ok(Some(Shown { software: rows(&list)?, reasons, files, record }))
}

/// The software of an image; `None` if the server does not know it.
pub(super) fn image(plimsoll: &Plimsoll, id: &str) -> Result<Option<Vec<Row>>> {
    plimsoll.get(&format!("/images/{id}/software"))?.map(|list| rows(&list)).transpose()
}

fn rows(list: &Value) -> Result<Vec<Row>> {
    let row = |row: &Value| {
        Some(Row {
            name: text(&row["name"])?,
            version: text(&row["version"])?,
            path: text(&row["packagePath"]),
            counts: counts(&row["vulnerabilities"]),
        })
    };
    let data = list["data"].as_array().context("a software list has no data")?;
    let mut rows: Vec<Row> = data.iter().filter_map(row).collect();
    rows.sort_unstable();
    Ok(rows)
}

/// Numbers by severity, from 1.
pub(super) fn counts(value: &Value) -> [u64; 5] {
    std::array::from_fn(|at| value[format!("severity{}Count", at + 1)].as_u64().unwrap_or_default())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The findings of a container or an image, for what must hold among them.
pub(super) struct Findings {
    pub(super) counts: [u64; 5],
    /// Vulnerabilities by number.
    pub(super) numbers: BTreeSet<u64>,
    /// Names and versions of the software that they name.
    pub(super) software: BTreeSet<(String, String)>,
    /// Of a container: why vulnerabilities are its drift.
    pub(super) drift: BTreeMap<u64, String>,
}

/// Asks for the findings of `/containers/ID` or `/images/ID`.
pub(super) fn findings(plimsoll: &Plimsoll, of: &str) -> Result<Findings> {
    let answer = plimsoll.get(&format!("{of}/vuln"))?.context("there are no findings")?;
    let details = &answer["details"];
    let (mut counts, mut numbers, mut named) = ([0; 5], BTreeSet::new(), BTreeSet::new());
    let list = details["vulns"].as_array().or_else(|| details.as_array()).context("findings have no list")?;
    for found in list {
        let severity = found["severity"].as_u64().context("a finding has no severity")?;
        if let Some(count) = (severity as usize).checked_sub(1).and_then(|at| counts.get_mut(at)) {
            *count += 1;
        }
        numbers.insert(found["qid"].as_u64().context("a finding has no number")?);
        for software in found["software"].as_array().into_iter().flatten() {
            let name = text(&software["name"]).unwrap_or_default();
            named.insert((name, text(&software["version"]).unwrap_or_default()));
        }
    }
    let drifted = |found: &Value| Some((found["qid"].as_u64()?, text(&found["reason"])?));
    let drift = details["driftVulns"].as_array().into_iter().flatten().filter_map(drifted).collect();
    Ok(Findings { counts, numbers, software: named, drift })
}

//! `plimsoll registry list`, `show` and `event-secret`.

use std::io::Write as _;

use anyhow::Context as _;
use comfy_table::{ContentArrangement, Table, presets};
use model::Timestamp;
use model::registry::RunProgress;
use reqwest::Method;
use serde_json::Value;

use super::{Registry, Schedule, all, call, find};
use crate::output::{note, printable};
use crate::push::Target;

pub(super) fn list(target: &Target) -> anyhow::Result<()> {
    let registries = all(target)?;
    let mut table =
        table(&["name", "type", "uri", "repositories", "images", "scanned", "vulnerable", "latest"]);
    for registry in &registries {
        let latest = registry.schedules.iter().max_by_key(|schedule| schedule.ended);
        table.add_row([
            printable(&registry.name).to_string(),
            registry.r#type.clone(),
            printable(&registry.uri).to_string(),
            registry.repositories.to_string(),
            registry.images.to_string(),
            registry.scanned.to_string(),
            registry.vulnerable.to_string(),
            latest.map_or_else(|| "-".to_owned(), |schedule| schedule.status.clone()),
        ]);
    }
    print(&table)?;
    note(&format!("{} registries", registries.len()));
    Ok(())
}

pub(super) fn show(target: &Target, name: &str) -> anyhow::Result<()> {
    let registry = find(target, name)?;
    note(&format!(
        "{} ({}), {}; events {}",
        printable(&registry.name),
        printable(&registry.uri),
        registry.uuid,
        if registry.takes_events { "are taken" } else { "are not taken" }
    ));
    schedules(&registry)?;
    let path = format!("csapi/v1.1/registry/{}/repository?pageSize=1000", registry.uuid);
    let answer = call(target, Method::GET, &path, None)?;
    let mut table = table(&["repository", "images", "scanned", "vulnerable"]);
    for repository in answer["data"].as_array().into_iter().flatten() {
        let number = |key: &str| repository[key].as_u64().unwrap_or(0).to_string();
        table.add_row([
            printable(repository["repoName"].as_str().unwrap_or_default()).to_string(),
            number("totalImages"),
            number("totalScannedImages"),
            number("totalVulnerableImages"),
        ]);
    }
    print(&table)
}

fn schedules(registry: &Registry) -> anyhow::Result<()> {
    let mut table =
        table(&["schedule", "status", "due", "ended", "tags", "new", "scanned", "failed", "worker"]);
    let time = |time: Option<i64>| time.map_or_else(|| "-".to_owned(), |time| Timestamp(time).to_rfc3339());
    for Schedule { uuid, name, status, on_demand, due, ended, worker, progress } in &registry.schedules {
        let title = if name.is_empty() { uuid } else { name };
        let due = if *on_demand { "once".to_owned() } else { time(*due) };
        table.add_row([
            printable(title).to_string(),
            status.clone(),
            due,
            time(*ended),
            progress.tags.to_string(),
            progress.manifests.to_string(),
            progress.scanned.to_string(),
            progress.failed.to_string(),
            printable(worker.as_deref().unwrap_or("-")).to_string(),
        ]);
    }
    print(&table)
}

/// What a walk came to.
pub(super) fn outcome(progress: &RunProgress) -> anyhow::Result<()> {
    let mut table =
        table(&["repositories", "tags", "new", "scanned", "left out", "failed", "requests", "MB"]);
    table.add_row([
        progress.repositories.to_string(),
        progress.tags.to_string(),
        progress.manifests.to_string(),
        progress.scanned.to_string(),
        progress.left_out.to_string(),
        progress.failed.to_string(),
        progress.requests.to_string(),
        format!("{:.3}", progress.bytes as f64 / 1e6),
    ]);
    print(&table)?;
    for error in &progress.errors {
        note(&format!("{} {}: {}", error.code, printable(&error.place), printable(&error.message)));
    }
    Ok(())
}

pub(super) fn event_secret(target: &Target, name: &str) -> anyhow::Result<()> {
    let registry = find(target, name)?;
    let path = format!("api/v1/registries/{}/event-secret", registry.uuid);
    let made = call(target, Method::POST, &path, None)?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let secret = text(&made["secret"]).context("the server's answer has no secret")?;
    let path = text(&made["path"]).context("the server's answer has no path")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{secret}")?;
    note(&format!("send events to {}{path} with the header `Authorization: Bearer SECRET`", target.url()));
    Ok(())
}

fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings);
    table
}

fn print(table: &Table) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", table.trim_fmt())?;
    Ok(out.flush()?)
}

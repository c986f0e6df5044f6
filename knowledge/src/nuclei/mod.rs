//! Nuclei's templates (<https://github.com/projectdiscovery/nuclei-templates>): a CVE that one of them tests for can be
//! attacked by whoever runs the tool.
//!
//! Two forms: `cves.json`, a JSON object a line, and the templates themselves, in an archive of the repository or
//! unpacked. Profiles, workflows and whatever else is YAML there names no CVE and is passed over.

use model::advisory::{Exploit, ExploitMaturity};
use serde::Deserialize;

use crate::facts::is_cve;
use crate::input::{FeedFile, LIMITS, for_each_tar_member, for_each_zip_member, read_document};
use crate::record::FileHarvest;
use crate::registry::Recognised;
use crate::text::is_id;

pub(crate) const FEED: &str = "nuclei";

/// A template is some kilobytes; what is longer is none that names a CVE.
const MAX_TEMPLATE: usize = 1 << 20;

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "ID")]
    id: String,
    #[serde(default)]
    file_path: Option<String>,
}

#[derive(Deserialize)]
struct Template {
    id: Option<String>,
    #[serde(default)]
    info: Info,
}

#[derive(Default, Deserialize)]
struct Info {
    #[serde(default)]
    classification: Option<Classification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Classification {
    #[serde(default)]
    cve_id: Option<OneOrMany>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let ours = |name: &str| name.to_ascii_lowercase().contains("nuclei");
    let placed = file.parents.iter().any(|folder| ours(folder));
    let archive = file.is("zip") || file.is("tar") || file.is("tgz");
    Recognised::when(
        (file.is("json") && file.name.starts_with("cves.json"))
            || (archive && (placed || ours(&file.name)))
            || (placed && file.is("yaml")),
    )
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    out.date = file.date();
    let is_template = |name: &str| name.ends_with(".yaml");
    let read_member = |name: &str, text: &str, out: &mut FileHarvest<'_>| read_template(name, text, out);
    if file.is("json") {
        read_lines(&read_document(&file.path, &LIMITS)?, out);
    } else if file.is("yaml") {
        read_template(&file.name, &read_document(&file.path, &LIMITS)?, out);
    } else if file.is("zip") {
        for_each_zip_member(&file.path, &LIMITS, out, is_template, read_member)?;
    } else {
        for_each_tar_member(&file.path, &LIMITS, out, is_template, read_member)?;
    }
    Ok(())
}

fn read_lines(text: &str, out: &mut FileHarvest<'_>) {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match serde_json::from_str::<Line>(line) {
            Ok(template) if is_id(template.id.trim()) => {
                out.records += 1;
                let name = template.file_path.as_deref().filter(|path| is_id(path));
                add(template.id.trim(), name.unwrap_or(template.id.trim()), out);
            }
            Ok(template) => out.quarantine(&template.id, "it is no identifier"),
            Err(error) => out.quarantine(line, error),
        }
    }
}

fn read_template(path: &str, text: &str, out: &mut FileHarvest<'_>) {
    // most templates are about no CVE, and reading YAML is slow
    if !text.contains("CVE-") && !text.contains("cve-") {
        return;
    }
    if text.len() > MAX_TEMPLATE {
        return out.quarantine(path, "it is longer than a template can be");
    }
    let template: Template = match serde_saphyr::from_str(text) {
        Ok(template) => template,
        Err(error) => return out.quarantine(path, error),
    };
    let Some(id) = template.id.filter(|id| is_id(id)) else { return };
    let mut cves = match template.info.classification.and_then(|classification| classification.cve_id) {
        Some(OneOrMany::One(text)) => text.split(',').map(|id| id.trim().to_ascii_uppercase()).collect(),
        Some(OneOrMany::Many(ids)) => ids.iter().map(|id| id.trim().to_ascii_uppercase()).collect(),
        None => Vec::new(),
    };
    cves.push(id.to_ascii_uppercase());
    cves.retain(|id| is_cve(id));
    cves.sort();
    cves.dedup();
    if cves.is_empty() {
        return;
    }
    out.records += 1;
    let place = path.split_once('/').map_or(path, |(root, rest)| {
        // an archive of the repository has one folder around everything
        if root.starts_with("nuclei-templates") { rest } else { path }
    });
    for cve in cves {
        add(&cve, if is_id(place) { place } else { &id }, out);
    }
}

fn add(cve: &str, name: &str, out: &mut FileHarvest<'_>) {
    if is_cve(cve) {
        let exploit =
            Exploit { maturity: ExploitMaturity::Weaponised, source: FEED.to_owned(), id: name.to_owned() };
        out.exploit(cve, exploit);
    }
}

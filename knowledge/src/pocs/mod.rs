//! Proofs of concept on GitHub as `nomi-sec/PoC-in-GitHub` collects them
//! (<https://github.com/nomi-sec/PoC-in-GitHub>): `<year>/CVE-….json`, a list of repositories.
//!
//! The list is made by searching, so an entry says that somebody published something under the name of the CVE, and not
//! that it works. Of each CVE only the repositories with most stars are kept.

use model::advisory::{Exploit, ExploitMaturity};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::facts::is_cve;
use crate::input::{FeedFile, LIMITS, for_each_tar_member, for_each_zip_member, read_document};
use crate::record::FileHarvest;
use crate::registry::Recognised;
use crate::text::is_id;

pub(crate) const FEED: &str = "poc-in-github";

/// Repositories that are kept of one CVE.
const KEPT: usize = 4;

#[derive(Deserialize)]
struct Repository {
    full_name: String,
    #[serde(default)]
    stargazers_count: u64,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let ours = |name: &str| name.to_ascii_lowercase().contains("poc-in-github");
    let placed = file.parents.iter().any(|folder| ours(folder));
    let archive = file.is("zip") || file.is("tar") || file.is("tgz");
    Recognised::when((archive && (placed || ours(&file.name))) || (placed && cve_of(&file.name).is_some()))
}

/// The CVE that a path is named after.
fn cve_of(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".json").filter(|id| is_cve(id))
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    out.date = file.date();
    let is_list = |name: &str| cve_of(name).is_some();
    let read_member = |name: &str, text: &str, out: &mut FileHarvest<'_>| read_list(name, text, out);
    if file.is("json") {
        read_list(&file.name, &read_document(&file.path, &LIMITS)?, out);
    } else if file.is("zip") {
        for_each_zip_member(&file.path, &LIMITS, out, is_list, read_member)?;
    } else {
        for_each_tar_member(&file.path, &LIMITS, out, is_list, read_member)?;
    }
    Ok(())
}

fn read_list(path: &str, text: &str, out: &mut FileHarvest<'_>) {
    let Some(cve) = cve_of(path) else { return };
    let entries: Vec<&RawValue> = match serde_json::from_str(text) {
        Ok(entries) => entries,
        Err(error) => return out.quarantine(path, error),
    };
    out.records += 1;
    let mut found: Vec<Repository> = Vec::with_capacity(entries.len());
    for raw in entries {
        match serde_json::from_str::<Repository>(raw.get()) {
            Ok(repository) if is_id(&repository.full_name) => found.push(repository),
            Ok(_) => out.quarantine(cve, "one of its repositories has no usable name"),
            Err(error) => out.quarantine(cve, error),
        }
    }
    found.sort_by(|a, b| {
        b.stargazers_count.cmp(&a.stargazers_count).then_with(|| a.full_name.cmp(&b.full_name))
    });
    for repository in found.into_iter().take(KEPT) {
        let maturity = ExploitMaturity::Poc;
        out.exploit(cve, Exploit { maturity, source: FEED.to_owned(), id: repository.full_name });
    }
}

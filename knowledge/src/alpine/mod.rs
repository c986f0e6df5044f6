//! Alpine's security database (<https://secdb.alpinelinux.org>, `<version>/<repository>.json`): source package →
//! fixed version → ids.
//!
//! A value may hold several ids and free words, blank-separated. Its ids that are no CVE become aliases of its CVE if it
//! names exactly one; otherwise nobody can tell which belongs to which and each id stands for itself. The fixed version
//! `0`, and a remark that says "not affected" or "not applicable", mean not affected. The database knows fixes only.
//! Packages of all repositories of a release share its namespace: an installed package does not say where it is from.

mod ids;
mod secdb;
mod yaml;

use std::path::Path;
use std::sync::Arc;

use model::{NamespaceFamily, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::input::{FeedFile, LIMITS, read_document};
use crate::record::FileHarvest;
use crate::registry::Recognised;

pub(crate) use secdb::{Database, Wrapped};
pub(crate) use yaml::{FEED as YAML_FEED, read as read_yaml, recognise as recognise_yaml};

pub(crate) const FEED: &str = "alpine";

const PAGE: &str = "https://security.alpinelinux.org/vuln/";
const REPOSITORIES: [&str; 3] = ["main", "community", "testing"];

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(rename = "distroversion", default)]
    version: Option<String>,
    #[serde(borrow, default, deserialize_with = "crate::json::list")]
    packages: Vec<&'a RawValue>,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let name = file.name.strip_suffix(".gz").unwrap_or(&file.name);
    let is_repository = name.strip_suffix(".json").is_some_and(|name| REPOSITORIES.contains(&name));
    if is_repository && release(file.folder()).is_some() {
        return Recognised::Yes;
    }
    let ours = || file.parents.iter().any(|folder| folder.contains("alpine") || folder.contains("secdb"));
    if file.name == LAST_UPDATE && ours() {
        return Recognised::NotUsed("it is the date of the databases beside it".into());
    }
    Recognised::No
}

/// `v3.18` → `3.18`, `edge` → `edge`.
fn release(folder: &str) -> Option<&str> {
    if folder == "edge" {
        return Some(folder);
    }
    let version = folder.strip_prefix('v')?;
    let (major, minor) = version.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(major) && digits(minor)).then_some(version)
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let text = read_document(&file.path, &LIMITS)?;
    out.date = file.date().or_else(|| last_update(&file.path));
    let document: Document<'_> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let folder = file.folder();
    let release = release(folder).ok_or("its folder names no release")?;
    if let Some(version) = document.version.filter(|version| version != folder) {
        return Err(format!("it speaks of {version} but lies in {folder}"));
    }
    let database = Database {
        feed: FEED,
        family: NamespaceFamily::Alpine,
        namespace: Arc::from(format!("alpine:{release}")),
        page: PAGE,
    };
    for raw in document.packages {
        match serde_json::from_str::<Wrapped>(raw.get()) {
            Ok(package) => database.add(raw.get(), package, out),
            Err(error) => out.quarantine(raw.get(), error),
        }
    }
    Ok(())
}

/// The site's own note of its last change, at its root.
const LAST_UPDATE: &str = "last-update";

/// The date in the note beside a release's folder or in it, as text or as seconds since 1970.
fn last_update(database: &Path) -> Option<Timestamp> {
    database.ancestors().skip(1).take(2).find_map(|folder| {
        let path = folder.join(LAST_UPDATE);
        let size = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?.len();
        if size > 256 {
            return None;
        }
        let text = std::fs::read_to_string(&path).ok()?;
        let seconds = text.trim().parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1000));
        seconds.map(Timestamp).or_else(|| Timestamp::parse(text.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_named_by_folders() {
        assert_eq!(release("v3.18"), Some("3.18"));
        assert_eq!(release("edge"), Some("edge"));
        assert_eq!(release("v3"), None);
        assert_eq!(release("main"), None);
    }
}

//! Checks of what the workspace depends on, from `cargo metadata`: used, documented, acceptably licensed, in one version each.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::licence;
use super::source::fail_with;
use crate::{process, project};

/// The page that says why each dependency is there and what it costs.
const PAGE: &str = "docs/dependencies.md";

/// Crates that the program links in two versions because their users have not all moved on, and who holds back. Nobody may add one
/// silently, and an entry that is no longer needed has to go.
const KNOWN_DUPLICATES: &[(&str, &str)] = &[
    ("base64", "jsonwebtoken"),
    ("block-buffer", "md-5 of uuid"),
    ("crypto-common", "md-5 of uuid"),
    ("digest", "md-5 of uuid"),
    ("fallible-iterator", "postgres-protocol"),
    ("getrandom", "ring"),
    ("md-5", "uuid"),
    ("tower-http", "reqwest"),
];

/// Every declared dependency is named somewhere in the crate that declares it, and every entry of the workspace's table is declared.
///
/// Looks for the crate's name as a word, so it can be fooled by a comment, but never accuses one that is used. A crate that is there
/// only to switch on a feature is listed under `package.metadata.plimsoll.for-features`.
pub(super) fn check_used() -> Result<()> {
    let metadata = project::metadata(false)?;
    let mut faults = Vec::new();
    let mut declared = BTreeSet::new();
    for package in list(&metadata["packages"]) {
        let folder =
            Path::new(text(&package["manifest_path"])).parent().context("a manifest lies in a folder")?;
        let library = text_of(folder, &["src"])?;
        let tests = text_of(folder, &["src", "tests", "benches", "examples"])?;
        let build = fs::read_to_string(folder.join("build.rs")).unwrap_or_default();
        let for_features = &package["metadata"]["plimsoll"]["for-features"];
        for dependency in list(&package["dependencies"]) {
            let name = dependency["rename"].as_str().unwrap_or(text(&dependency["name"]));
            declared.insert(name.to_owned());
            if list(for_features).iter().any(|listed| listed == name) {
                continue;
            }
            let sources = match dependency["kind"].as_str() {
                Some("dev") => &tests,
                Some("build") => &build,
                _ => &library,
            };
            if !has_word(sources, &name.replace('-', "_")) {
                faults.push(format!("{} declares `{name}` and does not use it", text(&package["name"])));
            }
        }
    }
    for name in workspace_table()? {
        if !declared.contains(&name) {
            faults.push(format!("the workspace lists `{name}` and no crate uses it"));
        }
    }
    fail_with(faults)
}

/// Every third-party entry of the workspace's table has its line in the dependency page, and the page has no line too many.
pub(super) fn check_documented() -> Result<()> {
    let page =
        fs::read_to_string(project::root().join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let documented: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect();
    let metadata = project::metadata(false)?;
    let rooms: BTreeSet<&str> = list(&metadata["packages"])
        .iter()
        .filter_map(|package| Path::new(text(&package["manifest_path"])).parent()?.file_name()?.to_str())
        .collect();
    let listed: BTreeSet<String> =
        workspace_table()?.into_iter().filter(|name| !rooms.contains(name.as_str())).collect();
    let missing = listed.difference(&documented).map(|name| format!("`{name}` has no line in {PAGE}"));
    let stale =
        documented.difference(&listed).map(|name| format!("{PAGE} speaks of `{name}`, which is not used"));
    fail_with(missing.chain(stale).collect())
}

/// Everything that is built for this platform is under a licence that we accept.
pub(super) fn check_licences() -> Result<()> {
    let metadata = project::metadata(true)?;
    let built: BTreeSet<&str> =
        list(&metadata["resolve"]["nodes"]).iter().map(|node| text(&node["id"])).collect();
    let mut faults = Vec::new();
    for package in list(&metadata["packages"]) {
        if !built.contains(text(&package["id"])) {
            continue;
        }
        let place = format!("{} {}", text(&package["name"]), text(&package["version"]));
        match package["license"].as_str() {
            None => faults.push(format!("{place} names no licence")),
            Some(expression) => match licence::is_accepted(expression) {
                Ok(true) => {}
                Ok(false) => faults.push(format!("{place} is under `{expression}`")),
                Err(error) => faults.push(format!("{place}: {error}")),
            },
        }
    }
    fail_with(faults)
}

/// What is linked into the program comes in one version each, apart from [`KNOWN_DUPLICATES`].
pub(super) fn check_duplicates() -> Result<()> {
    let mut command = process::command("cargo");
    command.current_dir(project::root());
    // The tree and not the metadata: the latter also lists optional crates that no feature switches on.
    command.args(["tree", "--package", "plimsoll", "--edges", "normal,no-proc-macro", "--prefix", "none"]);
    let tree = process::capture(&mut command)?;
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            versions.entry(name).or_default().insert(version);
        }
    }
    versions.retain(|_, versions| versions.len() > 1);

    let is_known = |name: &str| KNOWN_DUPLICATES.iter().any(|(known, _)| *known == name);
    let added = versions.iter().filter(|(name, _)| !is_known(name)).map(|(name, versions)| {
        let versions = versions.iter().copied().collect::<Vec<_>>().join(" and ");
        format!("{name} is linked in versions {versions}; `cargo tree -d` tells by whom")
    });
    let gone = KNOWN_DUPLICATES
        .iter()
        .filter(|(name, _)| !versions.contains_key(name))
        .map(|(name, _)| format!("{name} is listed as a known duplicate and is none"));
    fail_with(added.chain(gone).collect())
}

/// The names in `[workspace.dependencies]`.
fn workspace_table() -> Result<BTreeSet<String>> {
    let manifest = fs::read_to_string(project::root().join("Cargo.toml"))?;
    let manifest: toml::Table =
        toml::from_str(&manifest).context("cannot read the workspace's Cargo.toml")?;
    let table =
        manifest["workspace"]["dependencies"].as_table().context("the workspace lists no dependencies")?;
    Ok(table.keys().cloned().collect())
}

/// The Rust sources of the given sub-folders as one text.
fn text_of(folder: &Path, parts: &[&str]) -> Result<String> {
    let mut all = String::new();
    for part in parts {
        for path in project::files(&folder.join(part), &["rs"])? {
            all.push_str(
                &fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?,
            );
            all.push('\n');
        }
    }
    Ok(all)
}

fn has_word(haystack: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    haystack.match_indices(word).any(|(at, _)| {
        !haystack[..at].ends_with(is_part) && !haystack[at + word.len()..].starts_with(is_part)
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::has_word;

    #[test]
    fn a_crate_name_inside_a_longer_name_is_not_a_use() {
        assert!(has_word("use http::StatusCode;", "http"));
        assert!(!has_word("use http_body::Body; let xhttp = 1;", "http"));
    }
}

//! The database as the YAML that Alpine kept in git until 2021 (<https://gitlab.alpinelinux.org/alpine/infra/alpine-secdb>):
//! `<version>/<repository>.yaml`, single or in a tar archive.
//!
//! It is a feed of its own, weaker than the JSON, and a file of it is passed over where the JSON of the same release and
//! repository lies beside it: what Alpine has taken back since then is still in it.
//!
//! The decision a reader may doubt: the file is cut at its packages before it is read as YAML. So a package that is no good
//! YAML costs itself alone, and each has a digest of its own.

use std::path::Path;
use std::sync::Arc;

use model::NamespaceFamily;

use crate::input::{FeedFile, LIMITS, for_each_tar_member, read_document};
use crate::record::FileHarvest;
use crate::registry::Recognised;

use super::secdb::{Database, Wrapped};
use super::{PAGE, REPOSITORIES, release};

pub(crate) const FEED: &str = "alpine-yaml";

const COMPRESSED: [&str; 2] = [".yaml", ".yaml.gz"];

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    if file.name.starts_with("alpine-secdb-yaml") && file.name.contains(".tar") {
        return Recognised::Yes;
    }
    Recognised::when(repository(&file.name).is_some() && release(file.folder()).is_some())
}

/// `main.yaml` → `main`.
fn repository(name: &str) -> Option<&str> {
    let name = COMPRESSED.iter().find_map(|ending| name.strip_suffix(ending))?;
    REPOSITORIES.contains(&name).then_some(name)
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    out.date = file.date();
    let folder = file.path.parent().unwrap_or(Path::new("."));
    if let Some(repository) = repository(&file.name) {
        if !has_json(folder, repository) {
            read_database(&read_document(&file.path, &LIMITS)?, file.folder(), out)?;
        }
        return Ok(());
    }
    let mut covered = 0;
    for_each_tar_member(
        &file.path,
        &LIMITS,
        out,
        |name| place(name).is_some(),
        |name, text, out| {
            let Some((release, repository)) = place(name) else { return };
            if has_json(&folder.join(release), repository) {
                covered += 1;
            } else if let Err(reason) = read_database(text, release, out) {
                out.quarantine(name, reason);
            }
        },
    )?;
    tracing::debug!(covered, "{covered} files of {} are covered by JSON", file.relative);
    Ok(())
}

/// Folder of the release and repository of an archive's member.
fn place(name: &str) -> Option<(&str, &str)> {
    let (folders, name) = name.rsplit_once('/')?;
    let folder = folders.rsplit('/').next()?;
    release(folder)?;
    Some((folder, repository(name)?))
}

/// Whether the JSON of a repository lies in the release's folder.
fn has_json(folder: &Path, repository: &str) -> bool {
    [".json", ".json.gz"].iter().any(|ending| folder.join(format!("{repository}{ending}")).is_file())
}

fn read_database(text: &str, folder: &str, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let (head, packages) = text.split_once("\npackages:").ok_or("it has no packages")?;
    let said = head.lines().find_map(|line| line.strip_prefix("distroversion:")).map(str::trim);
    if let Some(version) = said.filter(|version| *version != folder) {
        return Err(format!("it speaks of {version} but lies in {folder}"));
    }
    let release = release(folder).ok_or("its folder names no release")?;
    let database = Database {
        feed: FEED,
        family: NamespaceFamily::Alpine,
        namespace: Arc::from(format!("alpine:{release}")),
        page: PAGE,
    };
    for raw in chunks(packages) {
        match serde_saphyr::from_str::<Vec<Wrapped>>(raw) {
            Ok(packages) => packages.into_iter().for_each(|package| database.add(raw, package, out)),
            Err(error) => out.quarantine(raw, error),
        }
    }
    Ok(())
}

/// The text of each package, from its `- pkg:` to the next one.
fn chunks(packages: &str) -> Vec<&str> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in packages.split_inclusive('\n') {
        if line.trim_start().starts_with("- pkg:") {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().copied().skip(1).chain([packages.len()]);
    starts.iter().zip(ends).map(|(&start, end)| &packages[start..end]).collect()
}

//! Writing a bundle: sections in a fixed order, keys sorted, no time of its own. Equal content gives equal bytes.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use model::{Lifecycle, Vulnerability};
use serde::Serialize;

use crate::bundle::format::{self, Section};
use crate::bundle::manifest::Manifest;
use crate::bundle::stored::{StoredAffected, StoredLifecycle};
use crate::bundle::table::{TableWriter, pair_key};
use crate::error::KnowledgeError;
use crate::qid::Registry;

/// How long an unfinished file is left alone: nothing that is still being written is idle for so long.
const STALE: std::time::Duration = std::time::Duration::from_secs(3600);

/// A product release cycle with the number of its end-of-life finding.
#[derive(Clone, Debug)]
pub(crate) struct LifecycleRow {
    /// Names under which it is found, the product's own first.
    pub(crate) names: Vec<String>,
    pub(crate) qid: u32,
    pub(crate) lifecycle: Lifecycle,
}

/// Statements about one package of one namespace.
pub(crate) struct PackageRow<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) package: &'a str,
    pub(crate) statements: Vec<StoredAffected<'a>>,
}

/// Everything that goes into a bundle.
pub(crate) struct Content<'a> {
    pub(crate) manifest: Manifest,
    /// Sorted by qid; statements refer to the position.
    pub(crate) vulnerabilities: &'a [Vulnerability],
    /// Sorted by (namespace, package), each pair once.
    pub(crate) packages: &'a [PackageRow<'a>],
    pub(crate) lifecycles: &'a [LifecycleRow],
    pub(crate) registry: &'a Registry,
}

impl Content<'_> {
    /// The bytes of the bundle file.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, KnowledgeError> {
        let manifest = serde_json::to_vec(&self.manifest)
            .map_err(|error| KnowledgeError::Encode { what: "manifest", reason: error.to_string() })?;
        Ok(format::assemble(&[
            (Section::Manifest, manifest),
            (Section::Advisories, self.advisories()?),
            (Section::Vulnerabilities, self.vulnerabilities()?),
            (Section::Lifecycles, self.lifecycles()?),
            (Section::Registry, self.registry()?),
        ]))
    }

    fn advisories(&self) -> Result<Vec<u8>, KnowledgeError> {
        let mut table = TableWriter::default();
        let mut keyed: Vec<_> =
            self.packages.iter().map(|row| (pair_key(row.namespace, row.package), row)).collect();
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, row) in keyed {
            table.add(&key, &encode("statement", &row.statements)?)?;
        }
        Ok(table.finish())
    }

    fn vulnerabilities(&self) -> Result<Vec<u8>, KnowledgeError> {
        let mut table = TableWriter::default();
        for vulnerability in self.vulnerabilities {
            table.add(&vulnerability.qid.to_be_bytes(), &encode("vulnerability", vulnerability)?)?;
        }
        Ok(table.finish())
    }

    fn lifecycles(&self) -> Result<Vec<u8>, KnowledgeError> {
        let mut keyed = std::collections::BTreeMap::new();
        for row in self.lifecycles {
            let stored = StoredLifecycle { qid: row.qid, lifecycle: row.lifecycle.clone() };
            let blob = encode("lifecycle", &stored)?;
            for name in &row.names {
                keyed.entry(pair_key(name, &row.lifecycle.cycle)).or_insert_with(|| blob.clone());
            }
        }
        let mut table = TableWriter::default();
        for (key, blob) in keyed {
            table.add(&key, &blob)?;
        }
        Ok(table.finish())
    }

    fn registry(&self) -> Result<Vec<u8>, KnowledgeError> {
        let mut table = TableWriter::default();
        for (key, number) in self.registry.entries() {
            table.add(key.as_bytes(), &number.to_le_bytes())?;
        }
        Ok(table.finish())
    }
}

fn encode<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, KnowledgeError> {
    postcard::to_stdvec(value).map_err(|error| KnowledgeError::Encode { what, reason: error.to_string() })
}

/// Writes `bytes` to `path` so that the file is either the old one or the whole new one, also after a crash:
/// written beside, synced, renamed, folder synced.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), KnowledgeError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(KnowledgeError::io("make", folder))?;
    }
    let part = part_path(path);
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(source) = written {
        let _ = fs::remove_file(&part);
        return Err(KnowledgeError::Io { action: "write", path: part, source });
    }
    rename_synced(&part, path)
}

/// Renames and syncs the folder, so that the new name survives a crash.
pub(crate) fn rename_synced(from: &Path, to: &Path) -> Result<(), KnowledgeError> {
    fs::rename(from, to).map_err(KnowledgeError::io("replace", to))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(KnowledgeError::io("sync", folder))
}

/// Removes files of `folder` with this prefix and suffix that a process which died left behind: untouched for an hour.
pub(crate) fn remove_stale(folder: &Path, prefix: &str, suffix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let age = entry.metadata().and_then(|metadata| metadata.modified()).map(|time| time.elapsed());
        let stale = matches!(age, Ok(Ok(age)) if age > STALE);
        if stale && name.starts_with(prefix) && name.ends_with(suffix) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The name of a file while it is being written, unique to this process.
pub(crate) fn part_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

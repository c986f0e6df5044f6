//! Writing a bundle: sections in a fixed order, keys sorted, no time of its own. Equal content gives equal bytes.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use model::{Confidence, Vulnerability};
use serde::Serialize;

use crate::bundle::format::{self, Section};
use crate::bundle::index;
use crate::bundle::manifest::Manifest;
use crate::bundle::stored::{Origin, StoredCycle, StoredEnd, StoredOrigin, StoredProduct};
use crate::bundle::table::{TableWriter, pair_key};
use crate::error::KnowledgeError;
use crate::product::{NameRow, PackageSupport, Product, SupportEnd};
use crate::qid::Registry;

/// How long an unfinished file is left alone: nothing that is still being written is idle for so long.
const STALE: std::time::Duration = std::time::Duration::from_secs(3600);

/// Products with the names that lead to them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lifecycles {
    /// Sorted by name.
    pub(crate) products: Vec<ProductRow>,
    pub(crate) names: Vec<NameRow>,
}

/// A product with the numbers of its cycles' end-of-life findings and what is said of a release's packages.
#[derive(Clone, Debug)]
pub(crate) struct ProductRow {
    pub(crate) product: Product,
    /// For each cycle.
    pub(crate) qids: Vec<u32>,
    /// For each cycle.
    pub(crate) ends: Vec<Vec<SupportEnd>>,
}

impl Lifecycles {
    /// The number of cycles of all products.
    pub(crate) fn cycles(&self) -> u64 {
        self.products.iter().map(|row| row.qids.len() as u64).sum()
    }
}

/// Statements about one package of one namespace.
pub(crate) struct PackageRow<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) package: &'a str,
    /// See [`crate::bundle::row_write::encode`].
    pub(crate) row: Vec<u8>,
}

/// Everything that goes into a bundle.
pub(crate) struct Content<'a> {
    pub(crate) manifest: Manifest,
    /// Sorted by number.
    pub(crate) vulnerabilities: &'a [Vulnerability],
    /// Sorted by (namespace, package), each pair once.
    pub(crate) packages: &'a [PackageRow<'a>],
    pub(crate) lifecycles: &'a Lifecycles,
    pub(crate) registry: &'a Registry,
    /// By feed and advisory.
    pub(crate) records: &'a BTreeMap<(&'a str, &'a str), Vec<Origin>>,
}

impl Content<'_> {
    /// The bytes of the bundle file.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, KnowledgeError> {
        let manifest = serde_json::to_vec(&self.manifest)
            .map_err(|error| KnowledgeError::Encode { what: "manifest", reason: error.to_string() })?;
        let advisories = self.advisories()?;
        let index = index::build(&advisories);
        Ok(format::assemble(&[
            (Section::Manifest, manifest),
            (Section::Advisories, advisories),
            (Section::AdvisoryIndex, index),
            (Section::Vulnerabilities, self.vulnerabilities()?),
            (Section::Lifecycles, self.lifecycles()?),
            (Section::Registry, self.registry()?),
            (Section::Predictions, self.predictions()?),
            (Section::Records, self.records()?),
            (Section::LifecycleNames, self.lifecycle_names()?),
        ]))
    }

    fn advisories(&self) -> Result<Vec<u8>, KnowledgeError> {
        let mut table = TableWriter::default();
        let mut keyed: Vec<_> =
            self.packages.iter().map(|row| (pair_key(row.namespace, row.package), row)).collect();
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, row) in keyed {
            table.add(&key, &row.row)?;
        }
        Ok(table.finish())
    }

    fn vulnerabilities(&self) -> Result<Vec<u8>, KnowledgeError> {
        let mut table = TableWriter::default();
        for vulnerability in self.vulnerabilities {
            // kept in a section of its own
            let vulnerability = Vulnerability { epss: None, ..vulnerability.clone() };
            table.add(&vulnerability.qid.to_be_bytes(), &encode("vulnerability", &vulnerability)?)?;
        }
        Ok(table.finish())
    }

    fn predictions(&self) -> Result<Vec<u8>, KnowledgeError> {
        let mut table = TableWriter::default();
        for vulnerability in self.vulnerabilities {
            let Some(epss) = vulnerability.epss else { continue };
            let bits = [epss.score, epss.percentile].map(|number| number.to_bits().to_le_bytes());
            table.add(&vulnerability.qid.to_be_bytes(), bits.as_flattened())?;
        }
        Ok(table.finish())
    }

    fn records(&self) -> Result<Vec<u8>, KnowledgeError> {
        let paths = self.manifest.sources.iter().map(|source| source.path.as_str());
        let places: HashMap<&str, u32> = paths.zip(0..).collect();
        let mut table = TableWriter::default();
        let keyed: BTreeMap<Vec<u8>, &Vec<Origin>> =
            self.records.iter().map(|((feed, id), origins)| (pair_key(feed, id), origins)).collect();
        for (key, origins) in keyed {
            let stored: Vec<StoredOrigin> =
                origins.iter().map(|origin| StoredOrigin::of(origin, &places)).collect();
            table.add(&key, &encode("origin", &stored)?)?;
        }
        Ok(table.finish())
    }

    fn lifecycles(&self) -> Result<Vec<u8>, KnowledgeError> {
        let mut table = TableWriter::default();
        for row in &self.lifecycles.products {
            let cycles = row.product.cycles.iter().zip(&row.qids).zip(&row.ends);
            let stored = StoredProduct {
                label: row.product.label.as_deref().unwrap_or_default(),
                page: row.product.page.as_deref(),
                cycles: cycles
                    .map(|((cycle, &qid), ends)| {
                        StoredCycle::of(qid, cycle, ends.iter().map(stored_end).collect())
                    })
                    .collect(),
            };
            table.add(row.product.name.as_bytes(), &encode("product", &stored)?)?;
        }
        Ok(table.finish())
    }

    fn lifecycle_names(&self) -> Result<Vec<u8>, KnowledgeError> {
        let mut keyed = BTreeMap::new();
        for row in &self.lifecycles.names {
            let index = u32::try_from(row.product).map_err(|_| KnowledgeError::Encode {
                what: "product",
                reason: "there are too many".into(),
            })?;
            let mut blob = index.to_le_bytes().to_vec();
            blob.push(u8::from(row.confidence == Confidence::Potential));
            keyed.insert(pair_key(row.kind, &row.name), blob);
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

fn stored_end(end: &SupportEnd) -> StoredEnd<'_> {
    let on = match end.support {
        PackageSupport::AsRelease => None,
        PackageSupport::Ends(on) => on,
    };
    let as_release = end.support == PackageSupport::AsRelease;
    StoredEnd { package: &end.package, is_prefix: end.is_prefix, as_release, on }
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

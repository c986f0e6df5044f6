//! The contestants: how each is started on one form of an image, and how its answer is read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::inventory::Inventory;
use crate::{process, setup};

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scanner {
    /// Every layer decompressed and listed once, by the fastest tools there are.
    Floor,
    Plimsoll,
    /// Without holding layers against their digests.
    Unverified,
    Syft,
    Trivy,
}

/// What a scanner keeps between runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cache {
    /// Nothing: an empty folder.
    Cold,
    /// The folder of the run before, so every layer is known.
    Warm,
}

/// The rows of the table, in order. Syft keeps nothing, and the floor has nothing to keep.
pub(super) const ROWS: &[(Scanner, Cache)] = &[
    (Scanner::Floor, Cache::Cold),
    (Scanner::Plimsoll, Cache::Cold),
    (Scanner::Plimsoll, Cache::Warm),
    (Scanner::Unverified, Cache::Cold),
    (Scanner::Trivy, Cache::Cold),
    (Scanner::Trivy, Cache::Warm),
    (Scanner::Syft, Cache::Cold),
];

/// One form of one image.
pub(super) struct Subject {
    pub(super) path: PathBuf,
    /// A file ending of [`crate::fixtures::FORMS`].
    pub(super) form: &'static str,
}

/// The programs, and a folder that every run may write to.
pub(super) struct Arena {
    plimsoll: PathBuf,
    peers: setup::Peers,
    work: PathBuf,
}

impl Arena {
    pub(super) fn new(plimsoll: PathBuf, peers: setup::Peers, work: PathBuf) -> Result<Self> {
        fs::create_dir_all(&work)?;
        Ok(Self { plimsoll, peers, work })
    }

    /// Where temporary files of a measured run go.
    pub(super) fn work(&self) -> &Path {
        &self.work
    }

    fn cache(&self) -> PathBuf {
        self.work.join("cache")
    }

    fn answer(&self) -> PathBuf {
        self.work.join("answer.json")
    }

    /// Puts the scanner's cache and answer into the state that a run starts from.
    pub(super) fn prepare(&self, scanner: Scanner, cache: Cache) -> Result<()> {
        if self.answer().exists() {
            fs::remove_file(self.answer())?;
        }
        if cache == Cache::Warm {
            return Ok(());
        }
        if self.cache().exists() {
            fs::remove_dir_all(self.cache())?;
        }
        fs::create_dir_all(self.cache())?;
        if scanner == Scanner::Trivy {
            write_empty_java_database(&self.cache().join("java-db"))?;
        }
        Ok(())
    }

    /// The command line of one run.
    pub(super) fn command(&self, scanner: Scanner, subject: &Subject) -> Result<Command> {
        match scanner {
            Scanner::Floor => floor(subject),
            Scanner::Plimsoll | Scanner::Unverified => {
                let mut command = process::command(&self.plimsoll);
                // Only the inventory is compared, so no vulnerability data may be found by accident.
                command.env_remove("PLIMSOLL_DATA").env("PLIMSOLL_CACHE_DIR", self.cache());
                command.arg("scan").arg(prefixed(subject));
                command.args(["--format", "json", "-o"]).arg(self.answer());
                if scanner == Scanner::Unverified {
                    command.arg("--no-verify");
                }
                Ok(command)
            }
            Scanner::Syft => {
                let mut command = process::command(&self.peers.syft);
                command.env("SYFT_CHECK_FOR_APP_UPDATE", "false").args(["scan", "-q"]).arg(prefixed(subject));
                command.arg("-o").arg(format!("json={}", self.answer().display()));
                Ok(command)
            }
            Scanner::Trivy => {
                let mut command = process::command(&self.peers.trivy);
                command.args(["image", "--quiet", "--input"]).arg(&subject.path);
                command.args([
                    "--format",
                    "cyclonedx",
                    "--offline-scan",
                    "--skip-db-update",
                    "--skip-java-db-update",
                ]);
                command
                    .args(["--disable-telemetry", "--skip-version-check", "--cache-dir"])
                    .arg(self.cache());
                command.arg("-o").arg(self.answer());
                Ok(command)
            }
        }
    }

    /// What the last run found; `None` for the floor.
    pub(super) fn inventory(&self, scanner: Scanner) -> Result<Option<Inventory>> {
        if scanner == Scanner::Floor {
            return Ok(None);
        }
        let text =
            fs::read_to_string(self.answer()).with_context(|| format!("{scanner:?} wrote no answer"))?;
        let document: Value =
            serde_json::from_str(&text).with_context(|| format!("{scanner:?} wrote no JSON"))?;
        let inventory = match scanner {
            Scanner::Syft => Inventory::of_purls(&document, "artifacts")?,
            Scanner::Trivy => Inventory::of_purls(&document, "components")?,
            _ => Inventory::of_plimsoll(&document)?,
        };
        Ok(Some(inventory))
    }
}

/// The source as Plimsoll and Syft both write it.
fn prefixed(subject: &Subject) -> String {
    let kind = if subject.form == "docker.tar" { "docker-archive" } else { "oci-dir" };
    format!("{kind}:{}", subject.path.display())
}

/// Decompresses every layer once and lists its entries, one layer after the other.
fn floor(subject: &Subject) -> Result<Command> {
    let mut command = process::command("sh");
    command.args(["-euc"]);
    if subject.form == "docker.tar" {
        // One pass over the outer archive; each layer's bytes go to a listing tar.
        let script = "tar -xf \"$1\" --wildcards '*.tar' --to-command='tar -t > /dev/null'";
        command.args([script, "floor"]).arg(&subject.path);
        return Ok(command);
    }
    let decompress = if subject.form == "oci-zstd" { "zstd" } else { "igzip" };
    command
        .args([&format!("for layer do {decompress} -dcq < \"$layer\" | tar -t > /dev/null; done"), "floor"]);
    command.args(layer_blobs(&subject.path)?);
    Ok(command)
}

/// The layer files of the one image in an OCI layout.
pub(super) fn layer_blobs(layout: &Path) -> Result<Vec<PathBuf>> {
    let read = |path: PathBuf| -> Result<Value> {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("cannot parse {}", path.display()))
    };
    let blob = |descriptor: &Value| {
        let digest = descriptor["digest"].as_str().context("a descriptor has no digest")?;
        Ok(layout.join("blobs").join(digest.replace(':', "/")))
    };
    let index = read(layout.join("index.json"))?;
    let manifest = read(blob(&index["manifests"][0])?)?;
    manifest["layers"].as_array().context("the manifest has no layers")?.iter().map(blob).collect()
}

/// Trivy refuses an image with a jar while its Java database is absent; an empty one makes it list what the jars themselves say.
pub(crate) fn write_empty_java_database(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let metadata = r#"{"Version":1,"NextUpdate":"2100-01-01T00:00:00Z","UpdatedAt":"2020-01-01T00:00:00Z","DownloadedAt":"2020-01-01T00:00:00Z"}"#;
    fs::write(folder.join("metadata.json"), metadata)?;
    let script = "import sqlite3, sys\n\
        database = sqlite3.connect(sys.argv[1])\n\
        database.execute('create table artifacts(id integer primary key, group_id text, artifact_id text)')\n\
        database.execute('create table indices(artifact_id integer, version text, sha1 blob, archive_type text)')\n\
        database.commit()\n";
    process::run_quiet(process::command("python3").args(["-c", script]).arg(folder.join("trivy-java.db")))
}

//! `cargo xtask sboms`: bills of materials under `target/sboms`, written by the real programs, for the tests of reading them.
//!
//! They are about the fixture images, and about root file systems made of the real package databases in the shared folder, where there is
//! one. Syft and Trivy write theirs again (`SUBJECT.PROGRAM.FORM.json`) when the subject or the programs have changed; our own report
//! (`SUBJECT.plimsoll.json`) is written every time: the tests compare both.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::bench::write_empty_java_database;
use crate::{fixtures, process, project, setup};

/// Raised when the programs are started in another way.
const BUILDER: u32 = 1;

/// Trivy's forms: the word of its command line, and ours.
const TRIVY: &[(&str, &str)] = &[("cyclonedx", "cyclonedx"), ("spdx-json", "spdx")];
/// Syft's.
const SYFT: &[(&str, &str)] = &[("json", "syft"), ("cyclonedx-json", "cyclonedx"), ("spdx-json", "spdx")];

/// A root file system that is made of a real package database.
struct Root {
    name: &'static str,
    /// Path below the shared folder, and the one in the root file system.
    database: (&'static str, &'static str),
    os_release: &'static str,
}

const ROOTS: &[Root] = &[
    Root {
        name: "alpine",
        database: ("fixtures/apk/installed-base", "lib/apk/db/installed"),
        os_release: "ID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME=\"Alpine Linux v3.18\"\n",
    },
    Root {
        name: "sles",
        database: (
            "fixtures/rpm/sle15-bci/usr/lib/sysimage/rpm/Packages.db",
            "usr/lib/sysimage/rpm/Packages.db",
        ),
        os_release: "NAME=SLES\nID=sles\nVERSION=\"15-SP3\"\nVERSION_ID=15.3\n",
    },
    Root {
        name: "mariner",
        database: ("fixtures/rpm/cbl-mariner-2.0/var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite"),
        os_release: "NAME=\"Common Base Linux Mariner\"\nID=mariner\nVERSION_ID=2.0\n",
    },
];

/// What a document is about.
struct Subject {
    name: &'static str,
    path: PathBuf,
    /// The file that tells whether the subject has changed.
    proof: PathBuf,
    is_root: bool,
}

/// Writes what is missing or stale; the fixtures have to be there.
pub(crate) fn build() -> Result<()> {
    fs::create_dir_all(folder())?;
    let cache = folder().join("cache");
    let subjects = subjects()?;
    for subject in &subjects {
        let stamp = stamp(subject)?;
        let path = output(subject.name, "stamp");
        let is_there = outputs(subject.name).iter().all(|file| file.exists());
        if fs::read_to_string(&path).unwrap_or_default() != stamp || !is_there {
            eprintln!("sboms: {} …", subject.name);
            write_foreign(subject, &cache).with_context(|| format!("cannot describe {}", subject.name))?;
            fs::write(path, stamp)?;
        }
    }
    write_own(&subjects, &cache)
}

fn folder() -> PathBuf {
    project::target().join("sboms")
}

fn output(subject: &str, suffix: &str) -> PathBuf {
    folder().join(format!("{subject}.{suffix}"))
}

/// The documents of the other programs about one subject.
fn outputs(subject: &str) -> Vec<PathBuf> {
    let trivy = TRIVY.iter().map(|(_, form)| format!("trivy.{form}.json"));
    let syft = SYFT.iter().map(|(_, form)| format!("syft.{form}.json"));
    trivy.chain(syft).map(|suffix| output(subject, &suffix)).collect()
}

fn subjects() -> Result<Vec<Subject>> {
    let archive = |name| fixtures::output(name, "docker.tar");
    let image = |name| Subject { name, path: archive(name), proof: archive(name), is_root: false };
    let mut subjects: Vec<Subject> = fixtures::RECIPES.iter().map(|recipe| image(recipe.name)).collect();
    for root in ROOTS {
        let database = project::shared().join(root.database.0);
        if !database.exists() {
            eprintln!("sboms: {} is left out, there is no {}", root.name, database.display());
            continue;
        }
        let path = folder().join("roots").join(root.name);
        let inside = path.join(root.database.1);
        fs::create_dir_all(inside.parent().context("a database lies in a folder")?)?;
        fs::create_dir_all(path.join("etc"))?;
        fs::write(&inside, fs::read(&database)?)?;
        fs::write(path.join("etc/os-release"), root.os_release)?;
        subjects.push(Subject { name: root.name, path, proof: database, is_root: true });
    }
    Ok(subjects)
}

/// What the documents follow from. An image that is built again has another day.
fn stamp(subject: &Subject) -> Result<String> {
    let facts = fs::metadata(&subject.proof).with_context(|| {
        format!("cannot read {}; `cargo xtask fixtures` builds the images", subject.proof.display())
    })?;
    let made = facts.modified()?.duration_since(std::time::UNIX_EPOCH)?.as_millis();
    Ok(format!("builder {BUILDER}\n{:?}\n{} bytes, {made}\n", setup::PEERS, facts.len()))
}

fn write_foreign(subject: &Subject, cache: &Path) -> Result<()> {
    let peers = setup::install_peers()?;
    let java = cache.join("java-db");
    if java.exists() {
        fs::remove_dir_all(&java)?;
    }
    write_empty_java_database(&java)?;
    for (word, form) in TRIVY {
        let mut command = process::command(&peers.trivy);
        command.arg(if subject.is_root { "rootfs" } else { "image" });
        command.args(["--quiet", "--offline-scan", "--skip-db-update", "--skip-java-db-update"]);
        command.args(["--disable-telemetry", "--skip-version-check", "--cache-dir"]).arg(cache);
        command.args(["--format", word, "-o"]).arg(output(subject.name, &format!("trivy.{form}.json")));
        if !subject.is_root {
            command.arg("--input");
        }
        process::run_quiet(command.arg(&subject.path))?;
    }
    let mut command = process::command(&peers.syft);
    command.env("SYFT_CHECK_FOR_APP_UPDATE", "false").args(["scan", "-q"]).arg(source(subject));
    for (word, form) in SYFT {
        let path = output(subject.name, &format!("syft.{form}.json"));
        command.arg("-o").arg(format!("{word}={}", path.display()));
    }
    process::run_quiet(&mut command)
}

/// The subject as Syft and Plimsoll both write it.
fn source(subject: &Subject) -> String {
    let kind = if subject.is_root { "dir" } else { "docker-archive" };
    format!("{kind}:{}", subject.path.display())
}

/// Our own reports, by the program as it is now.
fn write_own(subjects: &[Subject], cache: &Path) -> Result<()> {
    let mut build = process::command("cargo");
    process::run(build.current_dir(project::root()).args(["build", "--quiet", "--package", "plimsoll"]))?;
    for subject in subjects {
        let mut command = process::command(project::target().join("debug/plimsoll"));
        command.env_remove("PLIMSOLL_DATA").env("PLIMSOLL_CACHE_DIR", cache.join("plimsoll"));
        command.args(["scan", "--quiet", "--format", "json"]).arg(source(subject));
        process::run_quiet(command.arg("-o").arg(output(subject.name, "plimsoll.json")))?;
    }
    Ok(())
}

//! `cargo xtask sboms`: bills of materials of the fixture images under `target/sboms`, written by the real programs, for the tests of
//! reading them.
//!
//! There are `IMAGE.PROGRAM.FORM.json` of Syft and Trivy, written again when the image or the programs have changed, and our own
//! report `IMAGE.plimsoll.json`, written every time: the tests compare both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::bench::write_empty_java_database;
use crate::{fixtures, process, project, setup};

/// Raised when the programs are started in another way.
const BUILDER: u32 = 1;

/// Trivy's forms: the word of its command line, and ours.
const TRIVY: &[(&str, &str)] = &[("cyclonedx", "cyclonedx"), ("spdx-json", "spdx")];
/// Syft's.
const SYFT: &[(&str, &str)] = &[("json", "syft"), ("cyclonedx-json", "cyclonedx"), ("spdx-json", "spdx")];

/// Writes what is missing or stale.
pub(crate) fn build() -> Result<()> {
    fixtures::build(&[])?;
    fs::create_dir_all(folder())?;
    let cache = folder().join("cache");
    for recipe in fixtures::RECIPES {
        let stamp = stamp(recipe.name)?;
        let path = output(recipe.name, "stamp");
        if fs::read_to_string(&path).unwrap_or_default() != stamp
            || !all(recipe.name).iter().all(|file| file.exists())
        {
            eprintln!("sboms: {} …", recipe.name);
            write_foreign(recipe.name, &cache)?;
            fs::write(path, stamp)?;
        }
    }
    write_own(&cache)
}

fn folder() -> PathBuf {
    project::target().join("sboms")
}

fn output(image: &str, suffix: &str) -> PathBuf {
    folder().join(format!("{image}.{suffix}"))
}

/// The documents of the other programs about one image.
fn all(image: &str) -> Vec<PathBuf> {
    let trivy = TRIVY.iter().map(|(_, form)| format!("trivy.{form}.json"));
    let syft = SYFT.iter().map(|(_, form)| format!("syft.{form}.json"));
    trivy.chain(syft).map(|suffix| output(image, &suffix)).collect()
}

/// What the documents follow from. An image that is built again has another recipe or another day.
fn stamp(image: &str) -> Result<String> {
    let archive = fixtures::output(image, "docker.tar");
    let facts = fs::metadata(&archive).with_context(|| format!("cannot read {}", archive.display()))?;
    let built = facts.modified()?.duration_since(std::time::UNIX_EPOCH)?.as_millis();
    Ok(format!("builder {BUILDER}\n{:?}\n{} bytes, {built}\n", setup::PEERS, facts.len()))
}

fn write_foreign(image: &str, cache: &Path) -> Result<()> {
    let peers = setup::install_peers()?;
    let archive = fixtures::output(image, "docker.tar");
    write_empty_java_database(&cache.join("java-db"))?;
    for (word, form) in TRIVY {
        let mut command = process::command(&peers.trivy);
        command.args(["image", "--quiet", "--offline-scan", "--skip-db-update", "--skip-java-db-update"]);
        command.args(["--disable-telemetry", "--skip-version-check", "--cache-dir"]).arg(cache);
        command.args(["--format", word, "--input"]).arg(&archive);
        command.arg("-o").arg(output(image, &format!("trivy.{form}.json")));
        process::run_quiet(&mut command)?;
    }
    let mut command = process::command(&peers.syft);
    command.env("SYFT_CHECK_FOR_APP_UPDATE", "false").args(["scan", "-q"]);
    command.arg(format!("docker-archive:{}", archive.display()));
    for (word, form) in SYFT {
        let path = output(image, &format!("syft.{form}.json"));
        command.arg("-o").arg(format!("{word}={}", path.display()));
    }
    process::run_quiet(&mut command)
}

/// Our own reports, by the program as it is now.
fn write_own(cache: &Path) -> Result<()> {
    let cargo = |arguments: &[&str]| -> Command {
        let mut command = process::command("cargo");
        command.current_dir(project::root()).args(arguments);
        command
    };
    process::run(&mut cargo(&["build", "--quiet", "--package", "plimsoll"]))?;
    for recipe in fixtures::RECIPES {
        let mut command = cargo(&["run", "--quiet", "--package", "plimsoll", "--", "scan", "--quiet"]);
        command.env_remove("PLIMSOLL_DATA").env("PLIMSOLL_CACHE_DIR", cache.join("plimsoll"));
        command.arg(fixtures::output(recipe.name, "docker.tar")).args(["--format", "json", "-o"]);
        process::run_quiet(command.arg(output(recipe.name, "plimsoll.json")))?;
    }
    Ok(())
}

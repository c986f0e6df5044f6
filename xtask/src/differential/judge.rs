//! `cargo xtask differential judge [VERSIONS]`: the engine beside the test-kit's brute-force matcher, over every package of the
//! feeds that both read, in the versions at the bounds and just beside them, and over the fixtures' packages; and, over those, beside
//! Trivy with a database that is made of the same feeds.
//!
//! The decision a reader may doubt: the engine gets copies of exactly the files that the brute force reads. Beside a feed that
//! only one of them knows, differences would say nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};

use crate::{process, project};

/// Versions of each package unless a number is given.
const VERSIONS: &str = "12";

/// What the brute force reads, below the folder of the feeds.
const FEEDS: [&str; 7] = [
    "osv",
    "debian/tracker-json-reconstructed-2026-11-22.json.gz",
    "alpine-secdb",
    "wolfi/os",
    "ruby-advisory-db",
    "friendsofphp",
    "nodejs-security-wg",
];

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let versions = match arguments {
        [] => VERSIONS,
        [number] => number,
        _ => bail!("differential judge takes one number"),
    };
    versions.parse::<u64>().with_context(|| format!("`{versions}` is not a number of versions"))?;
    let folder = project::target().join("brute");
    let feeds = copy_feeds(&folder)?;
    let engine = project::target().join("release/plimsoll");
    let brute = build(&folder)?;
    let (asked, answers) = (folder.join("questions.txt"), folder.join("answers.jsonl"));
    let mut ask = process::command(&brute);
    process::run(ask.arg("ask").arg(&feeds).arg(versions).stdout(fs::File::create(&asked)?))?;
    let mut judge = process::command(&engine);
    judge.arg("judge").arg("--feeds").arg(&feeds).arg("--cache-dir").arg(folder.join("cache"));
    judge.stdin(Stdio::from(fs::File::open(&asked)?)).stdout(fs::File::create(&answers)?);
    process::run(&mut judge)?;
    let mut compare = process::command(&brute);
    process::run(compare.arg("compare").arg(&feeds).arg(versions).arg(&answers))?;
    scans(&brute, &engine, &feeds, &folder)
}

/// Copies the feeds; a link would not be followed by the engine.
fn copy_feeds(folder: &Path) -> Result<PathBuf> {
    let shared =
        std::env::var_os("PLIMSOLL_SHARED").map_or_else(|| project::root().join("../shared"), PathBuf::from);
    let feeds = folder.join("feeds");
    for path in FEEDS {
        let (from, to) = (shared.join("data").join(path), feeds.join(path));
        copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(feeds)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            // Alpine's database of 2020 in YAML is another feed
            if !entry.file_name().to_string_lossy().starts_with("alpine-secdb-yaml") {
                copy(&entry.path(), &to.join(entry.file_name()))?;
            }
        }
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    if !to.exists() {
        fs::write(to, fs::read(from)?)?;
    }
    Ok(())
}

/// Builds the engine, and the brute force with optimisation and in a folder of its own, since it walks over everything.
fn build(folder: &Path) -> Result<PathBuf> {
    let mut command = process::command("cargo");
    command.current_dir(project::root());
    process::run_quiet(command.args(["build", "--release", "--package", "plimsoll"]))?;
    let mut command = process::command("cargo");
    command.current_dir(project::root()).env("CARGO_TARGET_DIR", folder);
    command.args(["build", "--package", "plimsoll-testkit", "--example", "brute"]);
    process::run_quiet(command.args(["--config", "profile.dev.opt-level=2"]))?;
    Ok(folder.join("debug/examples/brute"))
}

/// Scans the fixtures and compares what was found in each package.
fn scans(brute: &Path, engine: &Path, feeds: &Path, folder: &Path) -> Result<()> {
    let fixtures = project::target().join("fixtures");
    let mut reports = Vec::new();
    for entry in fs::read_dir(&fixtures).into_iter().flatten().flatten() {
        let path = entry.path();
        let Some(name) = path.file_stem().filter(|_| path.extension().is_some_and(|end| end == "oci")) else {
            continue;
        };
        let report = folder.join(name).with_extension("json");
        let mut scan = process::command(engine);
        scan.arg("scan").arg(&path).arg("--feeds").arg(feeds).args(["--format", "json"]);
        scan.arg("--cache-dir").arg(folder.join("cache")).stdout(fs::File::create(&report)?);
        process::run(&mut scan)?;
        reports.push(report);
    }
    if reports.is_empty() {
        eprintln!("there are no fixtures; `cargo xtask fixtures` builds them");
        return Ok(());
    }
    reports.sort();
    process::run(process::command(brute).arg("scans").arg(feeds).args(&reports))?;
    trivy(folder, feeds, &fixtures, &reports)
}

/// Shows Trivy's findings beside ours, from a database made of the same feeds. What differs is for the reader to explain.
fn trivy(folder: &Path, feeds: &Path, fixtures: &Path, reports: &[PathBuf]) -> Result<()> {
    let scanner = project::target().join("peers/bin/trivy");
    let bolt = "/usr/share/gocode/src/go.etcd.io/bbolt";
    if !scanner.exists() || !process::is_installed("go") || !Path::new(bolt).exists() {
        eprintln!(
            "Trivy is left out: it takes `cargo xtask setup --peers` and the packages golang-go and \
             golang-github-coreos-bbolt-dev"
        );
        return Ok(());
    }
    let cache = folder.join("trivy");
    let _ = fs::remove_dir_all(cache.join("db"));
    fs::create_dir_all(cache.join("db"))?;
    copy(&project::target().join("sboms/cache/java-db"), &cache.join("java-db"))
        .context("`cargo xtask sboms` makes the database of jars that Trivy asks for")?;
    let sources = project::root().join("xtask/src/differential");
    let (rows, writer, script) =
        (folder.join("trivy.tsv"), folder.join("trivy-db"), sources.join("trivy.py"));
    process::run(
        process::command("python3").arg(&script).arg("rows").arg(feeds).stdout(fs::File::create(&rows)?),
    )?;
    let mut go = process::command("go");
    go.env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOFLAGS", "")
        .env("GOCACHE", folder.join("go"));
    process::run(go.args(["build", "-o"]).arg(&writer).arg(sources.join("trivy_db.go")))?;
    process::run(process::command(&writer).arg(cache.join("db/trivy.db")).stdin(fs::File::open(&rows)?))?;
    let about = r#"{"Version":2,"NextUpdate":"2100-01-01T00:00:00Z","UpdatedAt":"2026-01-01T00:00:00Z"}"#;
    fs::write(cache.join("db/metadata.json"), about)?;
    let mut compare = process::command("python3");
    compare.arg(&script).arg("compare");
    for report in reports {
        let Some(name) = report.file_stem() else { continue };
        let theirs = report.with_extension("trivy.json");
        let mut scan = process::command(&scanner);
        scan.args([
            "image",
            "--scanners",
            "vuln",
            "--format",
            "json",
            "--offline-scan",
            "--skip-db-update",
            "--quiet",
        ]);
        scan.args(["--skip-java-db-update", "--disable-telemetry", "--skip-version-check", "--cache-dir"]);
        scan.arg(&cache).arg("--input").arg(fixtures.join(name).with_extension("oci")).arg("-o").arg(&theirs);
        process::run(&mut scan)?;
        compare.arg(name).arg(&theirs).arg(report);
    }
    process::run(&mut compare)
}

//! `cargo xtask bench judge`: what it takes to compile the feeds, and how fast packages are judged by them.
//!
//! The feeds are those of the shared samples. A second folder holds the same files but one list of Alpine's, in which
//! some fixed versions are others, so that there is a new bundle that says a little otherwise.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::{keep, measure, print, release_program, table};
use crate::{process, project};

/// The file that differs in the second folder.
const CHANGED: &str = "alpine-secdb/v3.18/main.json";

/// How many of its packages are told another fixed version for.
const CHANGED_PACKAGES: usize = 100;

pub(super) fn run(arguments: &[String]) -> Result<()> {
    if let [first, ..] = arguments {
        bail!("`{first}` is not an option of bench judge");
    }
    let program = release_program()?;
    let work = project::target().join("bench/judge");
    fs::create_dir_all(&work)?;
    let feeds = project::shared().join("data");
    let (first, again, next) = (work.join("first"), work.join("again"), work.join("next"));
    let mut rows = Vec::new();
    let mut figures = Vec::new();
    let other = changed_feeds(&feeds, &work.join("feeds"))?;
    for (name, folder, output) in [
        ("feeds", &feeds, &first),
        ("the same feeds again", &feeds, &again),
        ("feeds changed a little", &other, &next),
    ] {
        eprintln!("bench: compiling {name}");
        let mut command = process::command(&program);
        command.args(["feeds", "build"]).arg(folder).arg("--output").arg(output);
        let cost = measure::once(&command, &work)?;
        let size = fs::metadata(output).with_context(|| format!("{} was not made", output.display()))?.len();
        rows.push(vec![
            name.to_owned(),
            format!("{:.1}", cost.wall),
            format!("{:.1}", cost.cpu),
            format!("{:.0}", cost.memory),
            format!("{:.1}", size as f64 / f64::from(1 << 20)),
        ]);
        figures.push(json!({"what": name, "wallSeconds": cost.wall, "cpuSeconds": cost.cpu, "peakMiB": cost.memory, "bytes": size}));
    }
    let equal = fs::read(&first)? == fs::read(&again)?;
    print(&table::render(&["compiling", "wall s", "CPU s", "peak MiB", "MiB"], &rows));
    print(&format!("compiled twice: {}", if equal { "equal bytes" } else { "DIFFERENT bytes" }));
    let measured = rate(&first, &next)?;
    for line in measured.lines() {
        print(line);
        figures.extend(serde_json::from_str::<Value>(line));
    }
    keep("judge", &json!(figures))
}

/// The matcher's own measuring program.
fn rate(first: &Path, next: &Path) -> Result<String> {
    let mut command = process::command("cargo");
    command.current_dir(project::root()).args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "plimsoll-matcher",
    ]);
    command.args(["--example", "judge_rate", "--"]).arg(first).arg(next);
    let output = command.output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("judge_rate ended with {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// A folder of links to the files of `feeds`, but for the one that differs.
fn changed_feeds(feeds: &Path, folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    link_all(feeds, folder)?;
    let changed = folder.join(CHANGED);
    let mut list: Value = serde_json::from_slice(&fs::read(&changed)?)?;
    let packages = list["packages"].as_array_mut().context("the list holds no packages")?;
    for package in packages.iter_mut().take(CHANGED_PACKAGES) {
        let fixes = package["pkg"]["secfixes"].take();
        let later = |(version, ids): (&String, &Value)| (format!("{version}0"), ids.clone());
        package["pkg"]["secfixes"] = fixes.as_object().into_iter().flatten().map(later).collect();
    }
    fs::remove_file(&changed)?;
    fs::write(&changed, list.to_string())?;
    Ok(folder.to_owned())
}

fn link_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            link_all(&entry.path(), &target)?;
        } else {
            std::os::unix::fs::symlink(fs::canonicalize(entry.path())?, target)?;
        }
    }
    Ok(())
}

//! Where things lie: the workspace's folders, and what its member crates declare.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process;

/// The workspace's root folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the xtask crate lies one level below the workspace's root")
}

/// Where builds, fixtures and bench results go.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// `cargo metadata` of the workspace; `resolved` adds every dependency, narrowed to this machine's platform.
pub(crate) fn metadata(resolved: bool) -> Result<Value> {
    let mut command = process::command("cargo");
    command.current_dir(root()).args(["metadata", "--format-version", "1"]);
    if resolved {
        command.args(["--filter-platform", &host_platform()?]);
    } else {
        command.arg("--no-deps");
    }
    serde_json::from_str(&process::capture(&mut command)?).context("cannot read the output of cargo metadata")
}

/// The target triple that rustc builds for by default.
pub(crate) fn host_platform() -> Result<String> {
    let version = process::capture(process::command("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}

/// The file name of `path` below the workspace, for messages.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// All files below `folder` whose extension is one of `extensions`, in a stable order.
/// Build output and hidden folders are left out.
pub(crate) fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in
            std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?
        {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                if !name.starts_with('.') && name != "target" && name != "node_modules" {
                    open.push(path);
                }
            } else if path.extension().and_then(|e| e.to_str()).is_some_and(|e| extensions.contains(&e)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The folder of shared feeds and package databases.
pub(crate) fn shared() -> PathBuf {
    std::env::var_os("PLIMSOLL_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from)
}

//! The schema of SARIF 2.1.0 for the tests, out of the npm package of its authors that carries it.
//!
//! Not for anything else: the document is small, but it is theirs, so it is fetched and not kept in the repository.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::process;

/// The package, and where the schema lies in it.
const PACKAGE: &str = "@microsoft/jest-sarif@1.0.0-beta.0";
const MEMBER: &str = "package/lib/schemas/sarif-2.1.0-rtm.5.json";

/// Puts `sarif-2.1.0.json` into `folder`, unless it is there.
pub(crate) fn install_sarif(folder: &Path) -> Result<()> {
    let schema = folder.join("sarif-2.1.0.json");
    if schema.exists() {
        return Ok(());
    }
    eprintln!("setup: npm pack {PACKAGE}");
    let mut pack = process::command("npm");
    pack.args(["pack", "--silent", PACKAGE]).current_dir(folder);
    let archive = process::capture(&mut pack)?;
    let archive = folder.join(archive.trim());
    let text = process::capture(process::command("tar").args(["-xzOf"]).arg(&archive).arg(MEMBER))?;
    std::fs::remove_file(&archive).with_context(|| format!("cannot remove {}", archive.display()))?;
    std::fs::write(&schema, text).with_context(|| format!("cannot write {}", schema.display()))
}

//! `cargo xtask class-digests FOLDER`: the table of classes by which the scanner knows libraries whose jars were stripped.
//!
//! The jars come from wherever somebody has them; the table names each with its digest, and versions that it holds
//! already stay when they are not in the folder.

use std::fs;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};

use crate::{process, project};

const SCRIPT: &str = "xtask/src/class_digests.py";
const TABLE: &str = "catalog/src/java/known-classes.txt";

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let [folder] = arguments else { bail!("class-digests takes one folder of jars") };
    let table = project::root().join(TABLE);
    let kept = fs::File::open(&table).with_context(|| format!("cannot open {TABLE}"))?;
    let mut script = process::command("python3");
    script.arg(project::root().join(SCRIPT)).arg(folder).stdin(Stdio::from(kept));
    let text = process::capture(&mut script).context("cannot read the jars")?;
    fs::write(&table, text).with_context(|| format!("cannot write {TABLE}"))?;
    eprintln!("class-digests: {TABLE}");
    Ok(())
}

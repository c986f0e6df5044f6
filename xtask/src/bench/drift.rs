//! `cargo xtask bench drift`: what it costs to check running containers for drift.
//!
//! The measuring program is an example of the crate `sensor`: it unpacks the layers of a fixture image as a runtime keeps them,
//! lays writable layers of several kinds over them, and looks at each on one thread.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{keep, print, table};
use crate::{fixtures, process, project};

/// The images that containers are made of, unless others are named.
const IMAGES: [&str; 2] = ["debian-python", "node"];

pub(super) fn run(arguments: &[String]) -> Result<()> {
    if let Some(option) = arguments.iter().find(|argument| argument.starts_with('-')) {
        bail!("`{option}` is not an option of bench drift");
    }
    let named: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let images = if named.is_empty() { IMAGES.to_vec() } else { named };
    fixtures::build(&[])?;
    let mut all = Vec::new();
    for image in images {
        eprintln!("bench: containers of {image}");
        let mut command = process::command("cargo");
        command.current_dir(project::root()).args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "plimsoll-sensor",
        ]);
        command.args(["--example", "drift_cost", "--"]).arg(fixtures::output(image, "oci"));
        let figures: Value = serde_json::from_str(&process::capture(&mut command)?)
            .context("the measuring program did not write JSON")?;
        let heading = format!(
            "{image}: {} packages, {} entries, {:.1} MiB kept in memory, read in {:.2} s",
            figures["packages"],
            figures["entries"],
            number(&figures["imageMebibytes"]),
            number(&figures["imageSeconds"])
        );
        print(&heading);
        let rows: Vec<Vec<String>> = figures["rows"].as_array().into_iter().flatten().map(row).collect();
        print(&table::render(
            &[
                "writable layer",
                "containers",
                "first look ms",
                "unchanged ms",
                "one file more ms",
                "memory KiB",
            ],
            &rows,
        ));
        all.push(serde_json::json!({ "image": image, "figures": figures }));
    }
    keep("drift", &Value::Array(all))
}

fn row(figures: &Value) -> Vec<String> {
    let milliseconds = |name: &str| format!("{:.3}", number(&figures[name]));
    vec![
        figures["layer"].as_str().unwrap_or_default().to_owned(),
        figures["containers"].to_string(),
        milliseconds("first"),
        milliseconds("unchanged"),
        milliseconds("changed"),
        format!("{:.0}", number(&figures["memoryKibibytes"])),
    ]
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

//! What the program prints: data on standard output or into a file, notes on standard error.

mod file;
mod json;
mod printable;
mod table;

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, bail};
use knowledge::Bundle;
use model::{ScanReport, Timestamp};

pub(crate) use self::printable::printable;

/// The forms of a scan's result.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// Judges `report` and writes it to `file`, or to standard output.
pub(crate) fn write(
    format: Format,
    file: Option<&Path>,
    report: &ScanReport,
    bundle: Option<&Bundle>,
) -> anyhow::Result<()> {
    let judged = bundle.map(|bundle| matcher::judge_report(report, bundle, Timestamp::now()));
    let write_to = |out: &mut dyn Write| match format {
        Format::Table => table::write(out, report, judged.as_ref(), file.is_none()),
        Format::Json => json::write(out, report, judged.as_ref(), bundle),
    };
    if let Some(file) = file {
        return file::write(file, write_to);
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let failed = || "cannot write to standard output";
    write_to(&mut out).with_context(failed)?;
    out.flush().with_context(failed)
}

/// Prints a generated reference page.
pub(crate) fn docs(page: &str) -> anyhow::Result<()> {
    match page {
        "settings" => {
            let mut out = std::io::stdout().lock();
            out.write_all(server::settings::reference_page().as_bytes())?;
            Ok(())
        }
        other => bail!("there is no reference page `{other}`; there is: settings"),
    }
}

/// Says something to the person at the terminal.
pub(crate) fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "plimsoll: {}", printable(line));
}

/// Says why the program failed: the error and its causes, further lines of theirs indented.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !line.contains(&cause) {
            if !line.is_empty() {
                line.push_str(": ");
            }
            line.push_str(&cause);
        }
    }
    let shown: Vec<_> = line.trim_end().lines().map(printable).collect();
    let _ = writeln!(std::io::stderr(), "plimsoll: error: {}", shown.join("\n  "));
}

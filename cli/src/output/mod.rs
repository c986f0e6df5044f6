//! What the program prints: data on standard output or into a file, notes on standard error.

mod json;
mod table;

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, bail};
use knowledge::Bundle;
use model::{ScanReport, Timestamp};

/// The forms of a scan's result.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// Judges `report` and writes it to `file`, or to standard output.
///
/// A file is written whole or not at all: it appears under its name when it is complete.
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
    let Some(file) = file else {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        write_to(&mut out)?;
        return Ok(out.flush()?);
    };
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = || format!("cannot write {}", file.display());
    let staging = tempfile::NamedTempFile::new_in(directory).with_context(failed)?;
    let mut out = std::io::BufWriter::new(staging);
    write_to(&mut out).with_context(failed)?;
    let staging = out.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(failed)?;
    make_readable(&staging).with_context(failed)?;
    staging.persist(file).with_context(failed)?;
    Ok(())
}

/// Gives a staged file the permissions of an ordinary new one, which temporary files lack.
fn make_readable(staging: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    staging.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
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
    let _ = writeln!(std::io::stderr(), "plimsoll: {line}");
}

/// Says why the program failed: the error and its causes on one line.
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
    let _ = writeln!(std::io::stderr(), "plimsoll: error: {line}");
}

//! What was read from a folder of feeds, line by line.

use std::io::Write as _;

use knowledge::CompileReport;

use crate::output::printable;

pub(super) fn print(report: &CompileReport) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for source in &report.sources {
        writeln!(
            out,
            "loaded   {:<12} {:>8} records  {}",
            source.feed,
            source.records,
            printable(&source.path.to_string_lossy())
        )?;
        if source.quarantined_count > 0 {
            writeln!(out, "         {:<12} {:>8} quarantined", "", source.quarantined_count)?;
            for example in &source.quarantined {
                writeln!(out, "             {}: {}", printable(&example.record), printable(&example.reason))?;
            }
        }
    }
    for warning in &report.warnings {
        writeln!(out, "warning  {}", printable(warning))?;
    }
    for (path, reason) in &report.skipped {
        writeln!(out, "skipped  {}: {}", printable(&path.to_string_lossy()), printable(reason))?;
    }
    Ok(())
}

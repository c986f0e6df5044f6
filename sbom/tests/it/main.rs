//! Behaviour of the room: documents of the real programs, our own ones there and back, refusals and bounds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod foreign;
mod generate;
mod hostile;
mod real;
mod round_trip;
mod schema;
mod vex;
mod written;

use model::ScanReport;
use sbom::Limits;

/// Reads a document that has to be readable.
fn read(text: &str) -> ScanReport {
    sbom::read(text.as_bytes(), &Limits::default()).unwrap()
}

fn cyclonedx(report: &ScanReport) -> String {
    let mut out = Vec::new();
    sbom::write_cyclonedx(report, None, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn spdx(report: &ScanReport) -> String {
    let mut out = Vec::new();
    sbom::write_spdx(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn notes(report: &ScanReport) -> Vec<String> {
    report.unreadable.iter().map(|note| format!("{}: {}", note.path, note.reason)).collect()
}

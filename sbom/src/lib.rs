//! Bills of materials and statements on exploitability: CycloneDX, SPDX and Syft's own form in, CycloneDX and SPDX out; VEX.
//!
//! What it is for: turning a [`model::ScanReport`] and its findings into a document that other tools read, and such a
//! document back into a report. What it is not for: reading images or judging packages.
//!
//! The decision a reader may doubt: a document is read leniently and written strictly. What other tools write is of
//! every age and quality, so a part that cannot be understood is listed among the report's unreadable places.

use std::io::Write;

use model::ScanReport;

mod error;
mod finding;
mod limits;
pub mod vex;

pub use error::SbomError;
pub use finding::{PlacedFinding, Subject, Suppression};
pub use limits::Limits;

/// Whether the first bytes of a file look like a document that [`read`] takes or refuses in words: JSON, XML or SPDX
/// tag-value. Meant for telling a document from an archive; 512 bytes are enough.
pub fn looks_like_document(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    start.starts_with(b"{") || start.starts_with(b"<?xml") || start.starts_with(b"<bom") || start.starts_with(b"SPDXVersion:")
}

/// Reads a bill of materials: CycloneDX JSON 1.2 to 1.6, SPDX JSON 2.2 and 2.3, Syft JSON, Plimsoll's own report.
///
/// The report's identity is the config digest of the image if the document states one, else a digest made from the
/// document, so that reading it again finds the same record. Packages that cannot be understood are listed in
/// [`ScanReport::unreadable`] by their place, such as `components[12]`.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<ScanReport, SbomError> {
    if bytes.len() > limits.bytes {
        return Err(SbomError::TooLarge { bytes: bytes.len(), most: limits.bytes });
    }
    Err(SbomError::UnknownForm)
}

/// Writes CycloneDX 1.6 JSON and a line end. `findings` are the vulnerabilities of the document; `None` means that nothing was judged, so that
/// the document has no such list at all. The same input gives the same bytes; environment variables, commands and secrets are never written.
pub fn write_cyclonedx(
    report: &ScanReport,
    findings: Option<&[PlacedFinding<'_>]>,
    out: &mut dyn Write,
) -> Result<(), SbomError> {
    let _ = (report, findings, out);
    Err(SbomError::UnknownForm)
}

/// Writes SPDX 2.3 JSON and a line end. The same input gives the same bytes; what is left out is as in [`write_cyclonedx`].
pub fn write_spdx(report: &ScanReport, out: &mut dyn Write) -> Result<(), SbomError> {
    let _ = (report, out);
    Err(SbomError::UnknownForm)
}

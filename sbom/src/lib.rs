//! Bills of materials and statements on exploitability: CycloneDX, SPDX and Syft's own form in, CycloneDX and SPDX out; VEX.
//!
//! What it is for: turning a [`model::ScanReport`] and its findings into a document that other tools read, and such a
//! document back into a report. What it is not for: reading images or judging packages.
//!
//! The decision a reader may doubt: a document is read leniently and written strictly. What other tools write is of
//! every age and quality, so a part that cannot be understood is listed among the report's unreadable places.

use std::io::Write;

use model::{Package, ScanReport};

mod bounds;
mod cyclonedx;
mod draft;
mod error;
mod finding;
mod identity;
mod json;
mod license;
mod limits;
mod own;
mod place;
mod property;
mod purl;
mod recognise;
mod release;
mod spdx;
mod stamp;
mod syft;
pub mod vex;

pub use error::SbomError;
pub use finding::{PlacedFinding, Subject, Suppression};
pub use limits::Limits;

use recognise::Form;

/// Whether the first bytes of a file look like a document that [`read`] takes or refuses in words: JSON, XML or SPDX
/// tag-value. Meant for telling a document from an archive; 512 bytes are enough.
pub fn looks_like_document(start: &[u8]) -> bool {
    let start = recognise::without_mark(start).trim_ascii_start();
    let starts: [&[u8]; 4] = [b"{", b"<?xml", b"<bom", b"SPDXVersion:"];
    starts.iter().any(|known| start.starts_with(known))
}

/// Reads a bill of materials: CycloneDX JSON 1.2 to 1.7, SPDX JSON 2.2 and 2.3, Syft JSON, Plimsoll's own report; also as the
/// predicate of an in-toto statement.
///
/// The report's identity is the config digest of the image if the document states one, else a digest made from the
/// document, so that reading it again finds the same record. Packages that cannot be understood are listed in
/// [`ScanReport::unreadable`] by their place, such as `components[12]`; an error means that the document as a whole is none
/// that is read.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<ScanReport, SbomError> {
    let bytes = recognise::without_mark(bytes);
    match recognise::form(bytes, limits)? {
        Some(Form::Within(predicate)) => match recognise::form(predicate.as_bytes(), limits)? {
            Some(form) => read_as(form, predicate.as_bytes(), limits),
            None => Err(SbomError::UnknownForm),
        },
        Some(form) => read_as(form, bytes, limits),
        None => Err(SbomError::UnknownForm),
    }
}

/// The package that a package URL names, as advisories look it up: release, source package (itself, where no qualifier
/// names another), module and architecture from its qualifiers.
///
/// # Errors
/// In words, if it is no package URL or of a type that is not known.
pub fn package_of_purl(text: &str) -> Result<Package, String> {
    let text = text.trim();
    let identified = identity::identify(&identity::Stated { purl: text, ..Default::default() })?;
    let mut package = identified.package;
    package.distro =
        identified.claimed.or_else(|| release::of_rolling(text)).filter(|_| package.ecosystem.is_os());
    Ok(package)
}

fn read_as(form: Form<'_>, bytes: &[u8], limits: &Limits) -> Result<ScanReport, SbomError> {
    match form {
        Form::CycloneDx => cyclonedx::read(bytes, limits),
        Form::Spdx => spdx::read(bytes, limits),
        Form::Syft => syft::read(bytes, limits),
        Form::Own => own::read(bytes, limits),
        Form::OpenVex | Form::Csaf => {
            let words = "the document holds statements on exploitability and is no bill of materials";
            Err(SbomError::Unsupported(words.to_owned()))
        }
        Form::Within(_) => Err(SbomError::UnknownForm),
    }
}

/// Writes CycloneDX 1.6 JSON and a line end. `findings` are the vulnerabilities of the document; `None` means that nothing was
/// judged, so that the document has no such list at all. The same input gives the same bytes; environment variables,
/// commands and secrets are never written.
pub fn write_cyclonedx(
    report: &ScanReport,
    findings: Option<&[PlacedFinding<'_>]>,
    out: &mut dyn Write,
) -> Result<(), SbomError> {
    cyclonedx::write(report, findings, out)
}

/// Writes SPDX 2.3 JSON and a line end. The same input gives the same bytes; what is left out is as in [`write_cyclonedx`].
pub fn write_spdx(report: &ScanReport, out: &mut dyn Write) -> Result<(), SbomError> {
    spdx::write(report, out)
}

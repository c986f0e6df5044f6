//! A bill of materials instead of an image: `sbom:FILE`, a file that looks like one, or `-` for standard input.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use model::ScanReport;

/// Bytes that tell a document from an archive.
const HEAD: u64 = 512;

/// The report that a bill of materials makes; `None` if `source` is something else.
///
/// Packages, findings and policy are then as of an image. Whose report it is and its tags are those of this call.
pub(super) fn read(source: &str, report_source: &str, tags: &[String]) -> anyhow::Result<Option<ScanReport>> {
    let bytes = if source == "-" {
        from_standard_input()?
    } else if let Some(file) = source.strip_prefix("sbom:") {
        let file = Path::new(file);
        whole(File::open(file).with_context(|| format!("cannot read {}", file.display()))?)
            .with_context(|| format!("cannot read {}", file.display()))?
    } else if looks_like_document(Path::new(source)) {
        whole(File::open(source).with_context(|| format!("cannot read {source}"))?)
            .with_context(|| format!("cannot read {source}"))?
    } else {
        return Ok(None);
    };
    let name = if source == "-" { "standard input" } else { source };
    let mut report = sbom::read(&bytes, &sbom::Limits::default()).with_context(|| name.to_owned())?;
    report_source.clone_into(&mut report.source);
    report.tags = tags.to_vec();
    Ok(Some(report))
}

/// Looks at the first bytes before the rest is read: an archive may have gigabytes.
fn from_standard_input() -> anyhow::Result<Vec<u8>> {
    let failed = "cannot read standard input";
    let mut input = io::stdin().lock();
    let mut head = Vec::new();
    input.by_ref().take(HEAD).read_to_end(&mut head).context(failed)?;
    if head.is_empty() {
        bail!(
            "standard input is empty: `-` reads a bill of materials (CycloneDX, SPDX or Syft JSON) from it"
        );
    }
    if !sbom::looks_like_document(&head) {
        bail!(
            "standard input is no bill of materials; an image cannot be read from it, because its parts lie in any \
             order: save it and name the file"
        );
    }
    whole(io::Cursor::new(head).chain(input)).context(failed)
}

/// An ordinary file that begins as a document does. What cannot be read is told by whoever opens it as an image.
fn looks_like_document(file: &Path) -> bool {
    let is_file = std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file());
    let mut head = Vec::new();
    is_file
        && File::open(file).and_then(|file| file.take(HEAD).read_to_end(&mut head)).is_ok()
        && sbom::looks_like_document(&head)
}

/// All bytes, but no more than one beyond what a document may have, so that the reader can say so.
fn whole(from: impl io::Read) -> io::Result<Vec<u8>> {
    let most = u64::try_from(sbom::Limits::default().bytes).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

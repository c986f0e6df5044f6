//! Our own report, with or without the findings that stand beside it in the scanner's JSON.

use model::report::REPORT_SCHEMA;
use model::{Build, ImageFacts, OsRelease, PackageRecord, ScanReport, SecretRecord, Timestamp, Unreadable};
use serde::Deserialize;

use crate::{Limits, SbomError, bounds};

/// The fields of [`ScanReport`]; what stands beside them was derived from them and is derived again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema: u32,
    scanner: String,
    scanned_at: Timestamp,
    source: String,
    image: ImageFacts,
    #[serde(default)]
    os_release: Option<OsRelease>,
    #[serde(default)]
    users: Vec<String>,
    packages: Vec<PackageRecord>,
    #[serde(default)]
    secrets: Vec<SecretRecord>,
    #[serde(default)]
    unreadable: Vec<Unreadable>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    build: Option<Build>,
}

/// Reads the report. Unlike foreign documents it is strict: a part that cannot be read means a newer program wrote it.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<ScanReport, SbomError> {
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| SbomError::malformed("Plimsoll", &error))?;
    if document.schema != REPORT_SCHEMA {
        let reason =
            format!("the report has schema {}, this program reads schema {REPORT_SCHEMA}", document.schema);
        return Err(SbomError::Unsupported(reason));
    }
    let Document {
        schema,
        scanner,
        scanned_at,
        source,
        image,
        os_release,
        users,
        packages,
        secrets,
        unreadable,
        tags,
        build,
    } = document;
    let mut report = ScanReport {
        schema,
        scanner,
        scanned_at,
        source,
        image,
        os_release,
        users,
        packages,
        secrets,
        unreadable,
        tags,
        build,
    };
    if report.packages.len() > limits.packages {
        let reason = format!(
            "{} packages beyond the first {} are left out",
            report.packages.len() - limits.packages,
            limits.packages
        );
        report.packages.truncate(limits.packages);
        report.unreadable.push(Unreadable { layer: None, path: String::new(), reason });
    }
    for record in &mut report.packages {
        record.purl = model::purl::purl_of(&record.package());
    }
    report.packages.sort_unstable();
    report.packages.dedup();
    bounds::keep_within(&mut report);
    Ok(report)
}

//! What both writers need: names derived from the content, so that the same input gives the same bytes.

use std::io::{self, Write};

use model::{Ecosystem, PackageRecord, ScanReport, Timestamp};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::purl::encode;

/// This program, as `name` and `version`.
pub(crate) const PROGRAM: (&str, &str) = ("plimsoll", env!("CARGO_PKG_VERSION"));

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A UUID of version 8 (RFC 9562, section 5.8): the first bytes of the digest of a document that has none yet.
pub(crate) fn uuid_of<T: Serialize>(document: &T) -> Result<String, serde_json::Error> {
    let mut hasher = Hasher(Sha256::new());
    serde_json::to_writer(&mut hasher, document)?;
    let mut bytes: [u8; 32] = hasher.0.finalize().into();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

/// The time as RFC 3339 to the second, `None` if the calendar does not reach so far.
pub(crate) fn seconds(time: Timestamp) -> Option<String> {
    let text = time.to_rfc3339();
    Timestamp::parse(&text)?;
    let (second, _) = text.split_once('.')?;
    Some(format!("{second}Z"))
}

/// The name that a person knows the image by.
pub(crate) fn image_name(report: &ScanReport) -> String {
    let first = report.image.references.first();
    first.map_or_else(|| report.image.id.to_string(), crate::property::reference_text)
}

/// The package URL, with the source package for those who judge by it.
pub(crate) fn purl_of(record: &PackageRecord) -> String {
    let mut purl = model::purl::purl_of(&record.package());
    let source = record.source.as_ref().filter(|_| record.ecosystem.is_os());
    let Some(source) = source.filter(|source| source.name != record.name || source.version != record.version)
    else {
        return purl;
    };
    purl.push(if purl.contains('?') { '&' } else { '?' });
    purl.push_str("upstream=");
    let version = source
        .version
        .split_once(':')
        .filter(|_| record.ecosystem == Ecosystem::Rpm)
        .map_or(&*source.version, |v| v.1);
    let same = source.version == record.version;
    purl.push_str(&match record.ecosystem {
        Ecosystem::Rpm => encode(&format!("{}-{version}.src.rpm", source.name)),
        _ if same => encode(&source.name),
        _ => encode(&format!("{}@{version}", source.name)),
    });
    purl
}

/// For each package the one that owns it, by index: the first OS package of that name that is no part of another.
pub(crate) fn owners(packages: &[PackageRecord]) -> Vec<Option<usize>> {
    let mut by_name = std::collections::HashMap::new();
    for (index, record) in packages.iter().enumerate() {
        if record.ecosystem.is_os() && record.owned_by.is_none() {
            by_name.entry(record.name.as_str()).or_insert(index);
        }
    }
    let owner = |record: &PackageRecord| by_name.get(record.owned_by.as_deref()?).copied();
    packages.iter().map(owner).collect()
}

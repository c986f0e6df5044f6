//! Behaviour of the catalog over whole images.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod declared;
mod differential;
mod ecosystems;
mod hostile;
mod joined;
mod languages;
mod programs;
mod real;
mod rpm;
mod secrets;
mod squash;
mod systems;

use std::path::{Path, PathBuf};

use catalog::{ScanError, ScanOptions, scan};
use model::{PackageRecord, ScanReport};
use testkit::{ImageBuilder, LayerBuilder};

/// Writes the layers as an OCI layout and scans it.
fn report_of(layers: impl IntoIterator<Item = LayerBuilder>) -> ScanReport {
    try_report_of(layers, None).unwrap()
}

fn try_report_of(
    layers: impl IntoIterator<Item = LayerBuilder>,
    cache: Option<&Path>,
) -> Result<ScanReport, ScanError> {
    let folder = tempfile::tempdir().unwrap();
    layers.into_iter().fold(ImageBuilder::new(), ImageBuilder::layer).write_oci_dir(folder.path()).unwrap();
    scan_dir(folder.path(), cache)
}

fn scan_dir(folder: &Path, cache: Option<&Path>) -> Result<ScanReport, ScanError> {
    let source = image::Source::OciDir(folder.to_owned());
    let image = image::open(&source, &image::OpenOptions::default()).unwrap();
    let cache = cache.map(Path::to_owned);
    scan(&image, &ScanOptions { threads: 2, cache, ..ScanOptions::default() })
}

/// One line per package: `name version layer path`, and its owner if it has one.
fn lines(report: &ScanReport) -> Vec<String> {
    let line = |record: &PackageRecord| {
        let owner = record.owned_by.as_ref().map(|owner| format!(" ({owner})")).unwrap_or_default();
        let layer = record.layer.map_or("-".to_owned(), |layer| layer.to_string());
        format!("{} {} {layer} {}{owner}", record.name, record.version, record.path)
    };
    report.packages.iter().map(line).collect()
}

fn notes(report: &ScanReport) -> Vec<String> {
    report.unreadable.iter().map(|note| format!("{:?} {}: {}", note.layer, note.path, note.reason)).collect()
}

fn module(name: &str, version: &str) -> String {
    format!("{{\"name\":\"{name}\",\"version\":\"{version}\"}}")
}

fn stanza(name: &str, version: &str) -> String {
    format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn shared() -> PathBuf {
    std::env::var_os("PLIMSOLL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from)
}

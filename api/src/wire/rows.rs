//! The rows of bulk records, which are nearly all of an export: software and vulnerabilities, written without a detour.
//!
//! A page of an export holds some hundred thousand of them. What the derived forms in [`super::software`] and
//! [`super::vulnerability`] would write is what is written here; a test holds the two against each other.

use fleet::{Affected, Found, PackageEntry, SeverityCounts, SoftwareRow};
use model::{Confidence, DiffId, Ecosystem};

use super::result::{self, NARROW, WIDE};
use super::software::{LANGUAGE_SCAN, OS_SCAN};
use super::version::ContainerProfile;
use super::{lifecycle, text};

/// Whether a package is of an operating system.
fn is_os(package: &PackageEntry) -> bool {
    package.package.ecosystem().is_os()
}

fn scan_type(package: &PackageEntry) -> &'static str {
    if is_os(package) { OS_SCAN } else { LANGUAGE_SCAN }
}

/// Appends a row of `softwares` of v1.1.
pub(super) fn software_legacy(out: &mut Vec<u8>, row: &SoftwareRow<'_>) {
    let fix_version = row.package.fix_version().filter(|_| row.is_judged());
    brief(out, row.package, fix_version);
    out.push(b'}');
}

/// Appends a row of `softwares` of v1.2 and v1.3.
pub(super) fn software(out: &mut Vec<u8>, row: &SoftwareRow<'_>, profile: ContainerProfile) {
    let fix_version = row.package.fix_version().filter(|_| row.is_judged());
    brief(out, row.package, fix_version);
    out.extend_from_slice(b",\"scanType\":\"");
    out.extend_from_slice(scan_type(row.package).as_bytes());
    out.extend_from_slice(b"\",\"packagePath\":");
    path(out, row);
    if profile == ContainerProfile::Full {
        out.extend_from_slice(b",\"lifecycle\":");
        lifecycle::append_record(out, row.package);
    }
    out.extend_from_slice(b",\"vulnerabilities\":");
    match Some(row.package.counts).filter(|counts| row.is_judged() && counts.total() > 0) {
        Some(found) => counts(out, found),
        None => out.extend_from_slice(b"null"),
    }
    out.push(b'}');
}

/// Name, version and fixed version, without the brace at the end.
fn brief(out: &mut Vec<u8>, package: &PackageEntry, fix_version: Option<&str>) {
    out.extend_from_slice(b"{\"name\":");
    text::string(out, &package.package.listed_name());
    out.extend_from_slice(b",\"version\":");
    text::string(out, package.package.version());
    out.extend_from_slice(b",\"fixVersion\":");
    text::optional(out, fix_version);
}

fn path(out: &mut Vec<u8>, row: &SoftwareRow<'_>) {
    text::optional(out, Some(row.path).filter(|path| !is_os(row.package) && !path.is_empty()));
}

fn counts(out: &mut Vec<u8>, counts: SeverityCounts) {
    for (severity, key) in (1..=5).rev().zip([
        b"{\"severity5Count\":",
        b",\"severity4Count\":",
        b",\"severity3Count\":",
        b",\"severity2Count\":",
        b",\"severity1Count\":",
    ]) {
        out.extend_from_slice(key);
        text::number(out, counts.get(severity).into());
    }
    out.push(b'}');
}

/// Appends a vulnerability of v1.1.
pub(super) fn vulnerability_legacy(out: &mut Vec<u8>, found: &Found<'_, '_>) {
    head(out, found);
    places(out, found, |out, _, fix_version, affected| {
        brief(out, affected.package, fix_version);
        out.push(b'}');
    });
    out.push(b'}');
}

/// Appends a vulnerability of v1.2 and v1.3; `layers` are the image's layers that hold files.
pub(super) fn vulnerability(
    out: &mut Vec<u8>,
    found: &Found<'_, '_>,
    layers: &[DiffId],
    profile: ContainerProfile,
) {
    head(out, found);
    places(out, found, |out, row, fix_version, affected| {
        brief(out, affected.package, fix_version);
        out.extend_from_slice(b",\"packagePath\":");
        path(out, row);
        out.extend_from_slice(b",\"scanType\":\"");
        out.extend_from_slice(scan_type(affected.package).as_bytes());
        out.extend_from_slice(b"\"}");
    });
    out.extend_from_slice(b",\"typeDetected\":\"");
    out.extend_from_slice(match found.confidence {
        Confidence::Confirmed => b"CONFIRMED",
        Confidence::Potential => b"POTENTIAL",
    });
    out.extend_from_slice(b"\",\"firstFound\":");
    text::millis(out, found.first_found);
    out.extend_from_slice(b",\"lastFound\":");
    text::millis(out, found.last_found);
    out.extend_from_slice(b",\"scanType\":[");
    scan_types(out, found);
    out.extend_from_slice(b"],\"qdsScore\":");
    text::number(out, found.risk.into());
    if profile == ContainerProfile::Full {
        out.extend_from_slice(b",\"layerSha\":[");
        layer_shas(out, found, layers);
        out.push(b']');
    }
    out.push(b'}');
}

/// Everything up to the affected packages.
fn head(out: &mut Vec<u8>, found: &Found<'_, '_>) {
    out.extend_from_slice(b"{\"qid\":");
    text::number(out, found.vulnerability.qid.into());
    out.extend_from_slice(b",\"result\":\"");
    evidence(out, found);
    out.extend_from_slice(b"\",\"software\":");
}

/// The text of `result`, see [`super::result`].
fn evidence(out: &mut Vec<u8>, found: &Found<'_, '_>) {
    let tabled =
        || found.affected.iter().filter(|affected| affected.package.package.ecosystem() != Ecosystem::Os);
    if tabled().next().is_none() {
        if let Some(affected) = found.affected.first() {
            text::escaped(out, &result::release_text(affected.package));
        }
        return;
    }
    let wide = tabled().any(|affected| !is_os(affected.package));
    text::escaped(out, if wide { WIDE } else { NARROW });
    for (index, affected) in tabled().enumerate() {
        let cells = cells(found, affected, wide);
        // the same package at several places of a package manager is one line
        if tabled().take(index).any(|before| self::cells(found, before, wide) == cells) {
            continue;
        }
        for (index, cell) in cells.iter().take(if wide { 5 } else { 3 }).enumerate() {
            out.extend_from_slice(if index == 0 { "\\n" } else { " " }.as_bytes());
            text::cell(out, cell);
        }
    }
}

/// The cells of a line of the table; the last two are empty in a narrow one.
fn cells<'a>(found: &Found<'a, 'a>, affected: &Affected<'a>, wide: bool) -> [&'a str; 5] {
    let package = &affected.package.package;
    let place = |found: &Found<'a, 'a>| found.place(affected).map_or("", |row| row.path);
    let (language, path) = if wide { (result::language(package), place(found)) } else { ("", "") };
    [package.name(), package.version(), found.fix_version(affected).unwrap_or_default(), language, path]
}

/// The array of affected packages that are software; null if there are none.
fn places(
    out: &mut Vec<u8>,
    found: &Found<'_, '_>,
    mut write: impl FnMut(&mut Vec<u8>, &SoftwareRow<'_>, Option<&str>, &Affected<'_>),
) {
    let mut is_first = true;
    for affected in found.affected {
        let Some(row) = found.place(affected) else { continue };
        out.push(if is_first { b'[' } else { b',' });
        is_first = false;
        write(out, row, found.fix_version(affected), affected);
    }
    out.extend_from_slice(if is_first { b"null" } else { b"]" });
}

/// The scan types of affected packages, each once, in the order of the packages.
fn scan_types(out: &mut Vec<u8>, found: &Found<'_, '_>) {
    let of = |affected: &Affected<'_>| match affected.software {
        Some(_) => scan_type(affected.package),
        None => OS_SCAN,
    };
    let mut last: Option<&'static str> = None;
    for scan_type in found.affected.iter().map(of) {
        // there are two, so after the second nothing new can come
        if last.is_some_and(|last| last == scan_type) {
            continue;
        }
        if last.is_some() {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(scan_type.as_bytes());
        out.push(b'"');
        if last.replace(scan_type).is_some() {
            return;
        }
    }
}

/// The layers of affected packages, each once, in the order of the packages.
fn layer_shas(out: &mut Vec<u8>, found: &Found<'_, '_>, layers: &[DiffId]) {
    let of = |affected: &Affected<'_>| layers.get(found.place(affected)?.layer? as usize);
    let mut written: Vec<&DiffId> = Vec::new();
    for layer in found.affected.iter().filter_map(of) {
        if written.contains(&layer) {
            continue;
        }
        if !written.is_empty() {
            out.push(b',');
        }
        text::sha(out, &layer.0);
        written.push(layer);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use fleet::{BulkRequest, Fleet, Scope};
    use knowledge::Bundle;
    use store::{DEFAULT_CUSTOMER, Store, StoreOptions};

    use crate::paging::Parameters;
    use crate::settings::ApiSettings;
    use crate::wire::{ContainerRendering, ImageRendering, Version};

    /// A fleet of the compatibility suite's reports, judged by its feeds.
    async fn fleet(folder: &Path) -> Fleet {
        let compat = Path::new(env!("CARGO_MANIFEST_DIR")).join("../compat");
        let read = |name: &str| std::fs::read(compat.join("data").join(name)).unwrap();
        let bundle = folder.join("bundle");
        knowledge::compile(&compat.join("feeds"), &bundle, &|_| ()).unwrap();
        let store = Store::open(&StoreOptions::new(folder.join("facts.db"))).unwrap();
        for name in ["image-alpine.json", "image-debian.json", "image-exploited.json", "image-old.json"] {
            let report = serde_json::from_slice(&read(name)).unwrap();
            store.put_report(DEFAULT_CUSTOMER, report).await.unwrap();
        }
        for name in ["containers-known-image.json", "containers-unknown-image.json"] {
            let mut body: serde_json::Value = serde_json::from_slice(&read(name)).unwrap();
            let containers =
                body.get_mut("containers").map_or_else(Default::default, serde_json::Value::take);
            let list = if containers.is_null() { body } else { containers };
            store.put_containers(DEFAULT_CUSTOMER, serde_json::from_value(list).unwrap()).await.unwrap();
        }
        Fleet::start(store, Arc::new(Bundle::open(&bundle).unwrap())).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn bulk_records_are_written_as_their_derived_forms_write_them() {
        let folder = tempfile::tempdir().unwrap();
        let fleet = fleet(folder.path()).await;
        let (filter, cursor, end) = (None, None, None);
        let request = BulkRequest {
            customer: DEFAULT_CUSTOMER,
            scope: Scope::Everything,
            filter,
            cursor,
            end,
            limit: 50,
        };
        let text = |write: &mut dyn FnMut(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            String::from_utf8(out).unwrap()
        };
        let (images, containers) =
            (fleet.images_bulk(&request).unwrap().items, fleet.containers_bulk(&request).unwrap().items);
        assert!(images.len() == 4 && images.iter().any(|image| image.vulnerabilities.len() > 1));
        assert!(containers.len() > 1);
        for version in Version::ALL {
            let parameters = Parameters::default();
            let rendering = ImageRendering::of(version, false, &parameters);
            let page = fleet.export_images(&request).unwrap();
            for (index, view) in images.iter().enumerate() {
                let derived = text(&mut |out| rendering.append(out, view));
                let written = text(&mut |out| {
                    page.with_image(index, |image| rendering.append_bulk(out, image)).unwrap();
                });
                assert_eq!(written, derived);
            }
            for profile in ["full", "classic"] {
                let settings =
                    ApiSettings { container_profile: profile.parse().unwrap(), ..ApiSettings::default() };
                let rendering = ContainerRendering::of(version, false, &parameters, &settings).unwrap();
                let page = fleet.export_containers(&request).unwrap();
                for (index, view) in containers.iter().enumerate() {
                    let derived = text(&mut |out| rendering.append(out, view));
                    let written = text(&mut |out| {
                        page.with_container(index, |container| rendering.append_bulk(out, container))
                            .unwrap();
                    });
                    assert_eq!(written, derived);
                }
            }
        }
    }
}

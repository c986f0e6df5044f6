//! The rows of bulk records, which are nearly all of an export: software and vulnerabilities, joined from ready text.
//!
//! A page of an export holds some hundred thousand of them. What the derived forms in [`super::software`] and
//! [`super::vulnerability`] would write is what is written here; a test holds the two against each other.

use std::ops::Range;

use fleet::{PackageEntry, PackageText, ReadyAffected, ReadyFound, ReadyPlace, SeverityCounts};
use model::{Confidence, Ecosystem, ImageFacts, Timestamp};

use super::result;
use super::software::{LANGUAGE_SCAN, OS_SCAN};
use super::version::{ContainerProfile, Version};
use super::{lifecycle, text};

/// The pieces of packages and fixes that the rows are joined from.
pub(super) const TEXT: PackageText = PackageText { package, fix };

// Pieces of a package: what a row of software says of it stands side by side.
/// Name and version, and the key of the version that fixes it.
const BRIEF: usize = 0;
/// That version.
const FIX: usize = 1;
/// The scan type, and the path unless it is that of a place.
const KIND: usize = 2;
const LIFECYCLE: usize = 3;
/// Its vulnerabilities by severity, and the end of the row.
const COUNTS: usize = 4;
/// The beginning of its line in the evidence of a vulnerability: name and version.
const LINE: usize = 5;

// Pieces of a fix.
/// The version as a value.
const VALUE: usize = 0;
/// The version as a cell of evidence.
const CELL: usize = 1;

const fn one(piece: usize) -> Range<usize> {
    piece..piece + 1
}

fn package(of: &PackageEntry, piece: usize, out: &mut Vec<u8>) {
    match piece {
        BRIEF => {
            out.extend_from_slice(b"{\"name\":");
            text::string(out, &of.package.listed_name());
            out.extend_from_slice(b",\"version\":");
            text::string(out, of.package.version());
            out.extend_from_slice(b",\"fixVersion\":");
        }
        FIX => text::optional(out, of.fix_version()),
        KIND => {
            out.extend_from_slice(b",\"scanType\":\"");
            out.extend_from_slice(scan_type(of.package.ecosystem()).as_bytes());
            out.extend_from_slice(b"\",\"packagePath\":");
            if of.package.ecosystem().is_os() {
                out.extend_from_slice(b"null");
            }
        }
        LIFECYCLE => {
            out.extend_from_slice(b",\"lifecycle\":");
            lifecycle::append_record(out, of);
        }
        COUNTS => {
            out.extend_from_slice(b",\"vulnerabilities\":");
            match Some(of.counts).filter(|counts| counts.total() > 0) {
                Some(found) => counts(out, found),
                None => out.extend_from_slice(b"null"),
            }
            out.push(b'}');
        }
        _ => {
            out.extend_from_slice(b"\\n");
            text::cell(out, of.package.name());
            out.push(b' ');
            text::cell(out, of.package.version());
            out.push(b' ');
        }
    }
}

fn fix(version: Option<&str>, piece: usize, out: &mut Vec<u8>) {
    match piece {
        VALUE => text::optional(out, version),
        _ => text::cell(out, version.unwrap_or_default()),
    }
}

const fn scan_type(ecosystem: Ecosystem) -> &'static str {
    if ecosystem.is_os() { OS_SCAN } else { LANGUAGE_SCAN }
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

/// Writes the rows of one record.
pub(super) struct Rows {
    is_legacy: bool,
    is_full: bool,
    /// The image's layers that hold files.
    layers: Vec<[u8; 64]>,
    /// Most vulnerabilities of a record have the same times.
    first_found: text::Millis,
    last_found: text::Millis,
}

impl Rows {
    /// For a record of an image with these facts.
    pub(super) fn new(version: Version, profile: ContainerProfile, facts: Option<&ImageFacts>) -> Self {
        let layers = facts.iter().flat_map(|facts| &facts.layers).filter_map(|layer| layer.diff_id);
        Self {
            is_legacy: version.is_legacy(),
            is_full: profile == ContainerProfile::Full,
            layers: layers.map(|layer| text::hex(&layer.0)).collect(),
            first_found: text::Millis::of(Timestamp::default()),
            last_found: text::Millis::of(Timestamp::default()),
        }
    }

    /// Appends a row of `softwares`.
    pub(super) fn software(&self, out: &mut Vec<u8>, place: &ReadyPlace<'_>) {
        let is_judged = place.is_judged();
        if self.is_legacy {
            out.extend_from_slice(place.text(if is_judged { BRIEF..KIND } else { one(BRIEF) }));
            return out.extend_from_slice(if is_judged { b"}" } else { b"null}" });
        }
        if is_judged && self.is_full && place.ecosystem().is_os() {
            return out.extend_from_slice(place.text(BRIEF..LINE));
        }
        if is_judged {
            out.extend_from_slice(place.text(BRIEF..LIFECYCLE));
        } else {
            out.extend_from_slice(place.text(one(BRIEF)));
            out.extend_from_slice(b"null");
            out.extend_from_slice(place.text(one(KIND)));
        }
        if !place.ecosystem().is_os() {
            path(out, place);
        }
        if self.is_full {
            out.extend_from_slice(place.text(one(LIFECYCLE)));
        }
        if is_judged {
            out.extend_from_slice(place.text(one(COUNTS)));
        } else {
            out.extend_from_slice(b",\"vulnerabilities\":null}");
        }
    }

    /// Appends a row of `vulnerabilities`.
    pub(super) fn vulnerability(&mut self, out: &mut Vec<u8>, found: &ReadyFound<'_>) {
        out.extend_from_slice(b"{\"qid\":");
        text::number(out, found.qid.into());
        out.extend_from_slice(b",\"result\":\"");
        evidence(out, found);
        out.extend_from_slice(b"\",\"software\":");
        self.places(out, found);
        if !self.is_legacy {
            self.rest(out, found);
        }
        out.push(b'}');
    }

    /// The array of affected packages that are software; null if there are none.
    fn places(&self, out: &mut Vec<u8>, found: &ReadyFound<'_>) {
        let mut is_first = true;
        for affected in found.affected().filter(|affected| affected.place.is_software()) {
            let place = &affected.place;
            out.push(if is_first { b'[' } else { b',' });
            is_first = false;
            out.extend_from_slice(place.text(one(BRIEF)));
            out.extend_from_slice(affected.fix(VALUE));
            if self.is_legacy {
                out.push(b'}');
            } else if place.ecosystem().is_os() {
                out.extend_from_slice(b",\"packagePath\":null,\"scanType\":\"");
                out.extend_from_slice(OS_SCAN.as_bytes());
                out.extend_from_slice(b"\"}");
            } else {
                out.extend_from_slice(b",\"packagePath\":");
                path(out, place);
                out.extend_from_slice(b",\"scanType\":\"");
                out.extend_from_slice(LANGUAGE_SCAN.as_bytes());
                out.extend_from_slice(b"\"}");
            }
        }
        out.extend_from_slice(if is_first { b"null" } else { b"]" });
    }

    /// What v1.2 and v1.3 say after the affected packages.
    fn rest(&mut self, out: &mut Vec<u8>, found: &ReadyFound<'_>) {
        out.extend_from_slice(match found.confidence {
            Confidence::Confirmed => b",\"typeDetected\":\"CONFIRMED\",\"firstFound\":",
            Confidence::Potential => b",\"typeDetected\":\"POTENTIAL\",\"firstFound\":",
        });
        self.first_found.append(out, found.first_found);
        out.extend_from_slice(b",\"lastFound\":");
        self.last_found.append(out, found.last_found);
        out.extend_from_slice(b",\"scanType\":[\"");
        out.extend_from_slice(scan_types(found).as_bytes());
        out.extend_from_slice(b"\"],\"qdsScore\":");
        text::number(out, found.risk.into());
        if self.is_full {
            out.extend_from_slice(b",\"layerSha\":[");
            self.layer_shas(out, found);
            out.push(b']');
        }
    }

    /// The layers of affected packages, each once, in the order of the packages.
    fn layer_shas(&self, out: &mut Vec<u8>, found: &ReadyFound<'_>) {
        let of = |affected: ReadyAffected<'_>| {
            let layer = affected.place.layer().filter(|_| affected.place.is_software())?;
            self.layers.get(layer as usize)
        };
        let start = out.len();
        let mut last: Option<&[u8; 64]> = None;
        for layer in found.affected().filter_map(of) {
            // each that is written takes its digits, two quotes and a comma
            let is_written = |out: &[u8]| {
                let mut written = out.get(start..).unwrap_or_default().chunks(layer.len() + 3);
                written.any(|known| known.get(1..=layer.len()) == Some(&layer[..]))
            };
            if last == Some(layer) || (last.is_some() && is_written(out)) {
                continue;
            }
            out.extend_from_slice(if last.is_none() { b"\"" } else { b",\"" });
            out.extend_from_slice(layer);
            out.push(b'"');
            last = Some(layer);
        }
    }
}

/// The path of a language package, or null.
fn path(out: &mut Vec<u8>, place: &ReadyPlace<'_>) {
    text::optional(out, Some(place.path()).filter(|path| !path.is_empty()));
}

/// The text of `result`, see [`super::result`].
fn evidence(out: &mut Vec<u8>, found: &ReadyFound<'_>) {
    let tabled = || found.affected().filter(|affected| affected.place.is_software());
    let mut count = 0_usize;
    let mut wide = false;
    for affected in tabled() {
        count += 1;
        wide |= !affected.place.ecosystem().is_os();
    }
    if count == 0 {
        if let Some(release) = found.affected().next().and_then(|affected| affected.place.entry()) {
            text::escaped(out, &result::release_text(release));
        }
        return;
    }
    out.extend_from_slice(if wide { WIDE_HEAD } else { NARROW_HEAD });
    for (index, affected) in tabled().enumerate() {
        // the same package at several places of a package manager is one line
        let is_written = |before: ReadyAffected<'_>| {
            let line = |of: &ReadyAffected<'_>| (of.place.text(one(LINE)).len(), of.fix(CELL).len());
            line(&before) == line(&affected)
                && before.place.text(one(LINE)) == affected.place.text(one(LINE))
                && before.fix(CELL) == affected.fix(CELL)
                && (!wide || rest(&before.place) == rest(&affected.place))
        };
        if index > 0 && tabled().take(index).any(is_written) {
            continue;
        }
        out.extend_from_slice(affected.place.text(one(LINE)));
        out.extend_from_slice(affected.fix(CELL));
        if wide {
            let (language, path) = rest(&affected.place);
            out.push(b' ');
            text::cell(out, language);
            out.push(b' ');
            text::cell(out, path);
        }
    }
}

/// [`NARROW`](super::result::NARROW) inside a string.
const NARROW_HEAD: &[u8] = b"#table cols=3\\nPackage Installed_Version Required_Version";
/// [`WIDE`](super::result::WIDE) inside a string.
const WIDE_HEAD: &[u8] = b"#table cols=5\\nPackage Installed_Version Required_Version Language Install_Path";

/// The last two cells of a wide table.
fn rest<'c>(place: &ReadyPlace<'c>) -> (&'static str, &'c str) {
    (result::language(place.ecosystem()), place.path())
}

/// The scan types of affected packages, each once, in the order of the packages, as the inside of an array of strings.
fn scan_types(found: &ReadyFound<'_>) -> &'static str {
    let is_language =
        |affected: ReadyAffected<'_>| affected.place.is_software() && !affected.place.ecosystem().is_os();
    let mut kinds = found.affected().map(is_language);
    let first = kinds.next().unwrap_or(false);
    match (first, kinds.any(|kind| kind != first)) {
        (false, false) => OS_SCAN,
        (true, false) => LANGUAGE_SCAN,
        (false, true) => BOTH,
        (true, true) => BOTH_REVERSED,
    }
}

/// [`OS_SCAN`] and [`LANGUAGE_SCAN`].
const BOTH: &str = "DYNAMIC\",\"SCA";
/// The same the other way round.
const BOTH_REVERSED: &str = "SCA\",\"DYNAMIC";

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use fleet::{BulkRequest, Entity, Fleet, ListRequest, Scope};
    use knowledge::Bundle;
    use store::{DEFAULT_CUSTOMER, Store, StoreOptions};

    use crate::paging::Parameters;
    use crate::settings::ApiSettings;
    use crate::wire::{
        ContainerListItem, ContainerRendering, ImageListItem, ImageRendering, SeverityCounts, Version,
        to_json,
    };

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

    #[test]
    fn heads_of_tables_and_scan_types_are_those_of_the_derived_forms() {
        let escaped = |text: &str| String::from_utf8(crate::wire::to_json(&text)).unwrap();
        let quoted = |text: &[u8]| format!("\"{}\"", std::str::from_utf8(text).unwrap());
        assert_eq!(quoted(super::NARROW_HEAD), escaped(super::result::NARROW));
        assert_eq!(quoted(super::WIDE_HEAD), escaped(super::result::WIDE));
        let both = [super::OS_SCAN, super::LANGUAGE_SCAN];
        assert_eq!(super::BOTH, both.join("\",\""));
        assert_eq!(super::BOTH_REVERSED, [both[1], both[0]].join("\",\""));
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

    /// The values that are under one key in both of two objects but differ.
    fn differing(a: &serde_json::Value, b: &serde_json::Value) -> Vec<String> {
        let both = a.as_object().unwrap().iter().filter_map(|(key, a)| Some((key, a, b.get(key)?)));
        both.filter(|(_, a, b)| a != b).map(|(key, ..)| key.clone()).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn lists_say_in_brief_what_records_say() {
        let folder = tempfile::tempdir().unwrap();
        let fleet = fleet(folder.path()).await;
        let request = |entity| ListRequest {
            customer: DEFAULT_CUSTOMER,
            scope: Scope::Everything,
            filter: None,
            sort: qql::resolve_sort("created:desc", entity).unwrap(),
            page: 1,
            page_size: 50,
        };
        let (of_images, of_containers) = (request(Entity::Image), request(Entity::Container));
        let (images, containers) = (
            fleet.images_list(&of_images).unwrap().items,
            fleet.containers_list(&of_containers).unwrap().items,
        );
        assert!(images.len() == 4 && containers.iter().any(|container| container.image.is_none()));
        let json = |text: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&text).unwrap();
        for version in Version::ALL {
            let parameters = Parameters::default();
            let rendering = ImageRendering::of(version, true, &parameters);
            let brief =
                fleet.images_in_brief(&of_images, |image| to_json(&ImageListItem::new(image, version)));
            for (view, brief) in images.iter().zip(brief.unwrap().items) {
                let (mut record, brief) = (Vec::new(), json(brief.to_vec()));
                rendering.append(&mut record, view);
                assert_eq!(differing(&brief, &json(record)), ["vulnerabilities"], "{brief}");
                assert_eq!(brief["vulnerabilities"], json(to_json(&SeverityCounts::new(view.counts))));
            }
            let settings =
                ApiSettings { container_profile: "full".parse().unwrap(), ..ApiSettings::default() };
            let rendering = ContainerRendering::of(version, true, &parameters, &settings).unwrap();
            let brief =
                fleet.containers_in_brief(&of_containers, |of| to_json(&ContainerListItem::new(of, version)));
            for (view, brief) in containers.iter().zip(brief.unwrap().items) {
                let (mut record, brief) = (Vec::new(), json(brief.to_vec()));
                rendering.append(&mut record, view);
                let mut differing = differing(&brief, &json(record));
                // records of v1.1 tell less of a host
                differing.retain(|key| key != "host" || !version.is_legacy());
                assert_eq!(differing, ["vulnerabilities"], "{brief}");
                let counts = match view.image.is_some() || version.is_legacy() {
                    true => SeverityCounts::new(view.counts),
                    false => SeverityCounts::UNKNOWN,
                };
                assert_eq!(brief["vulnerabilities"], json(to_json(&counts)));
            }
        }
    }
}

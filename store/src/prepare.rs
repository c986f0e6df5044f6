//! A report made ready for the writer: checked, split, spelled canonically and packed as far as it can be.
//!
//! All of this needs no database and so happens on the caller's thread, because the writer's time is what bounds
//! the whole ingest.

use std::sync::Arc;

use model::{Distro, PackageRecord, Reference, ScanReport, Timestamp};
use uuid::Uuid;

use crate::codec;
use crate::draft::{Draft, Drafting};
use crate::error::Result;
use crate::package::{Identity, KeyMap};
use crate::packed_image;
use crate::record::{ImageDocument, InventoryEntry, image_uuid};
use crate::validate;

/// Where the release of the operating system is read.
const RELEASE_PATH: &str = "etc/os-release";

/// A report as the writer takes it.
pub(crate) struct PreparedReport {
    pub(crate) customer: Uuid,
    pub(crate) uuid: Uuid,
    pub(crate) id: model::ImageId,
    pub(crate) scanned_at: Timestamp,
    pub(crate) source: String,
    pub(crate) tags: Vec<String>,
    pub(crate) names: Vec<Reference>,
    /// Without the names.
    pub(crate) document: ImageDocument,
    /// The document with the names, as it is stored.
    pub(crate) packed: Arc<[u8]>,
    /// Each package once.
    pub(crate) packages: Vec<Identity>,
    /// The inventory; its packages are indexes into `packages` until numbers are known.
    pub(crate) inventory: Draft,
    /// About how many bytes it takes.
    pub(crate) size: usize,
}

/// Checks a report and splits it.
pub(crate) fn prepare(customer: Uuid, report: ScanReport) -> Result<PreparedReport> {
    validate::report(&report)?;
    let ScanReport { scanner, scanned_at, source, os_release, users, packages, secrets, .. } = report;
    let mut facts = report.image;
    facts.references = unique(facts.references);
    let (id, uuid) = (facts.id, image_uuid(customer, &facts.id));
    let release = os_release.as_ref().map(|release| PackageRecord::new(release.package(), RELEASE_PATH));
    let unreadable = report.unreadable.len() as u32;
    let mut document = ImageDocument { facts, os_release, users, scanner, secrets, unreadable };
    let packed: Arc<[u8]> = codec::with_codec(|codec| packed_image::pack(codec, &document))?.into();
    let names = std::mem::take(&mut document.facts.references);
    let mut size = packed.len();
    let mut split = Split::default();
    for record in packages.into_iter().chain(release) {
        size += record.path.len() + record.name.len() + 128;
        split.add(record);
    }
    let tags = unique(report.tags);
    Ok(PreparedReport {
        customer,
        uuid,
        id,
        scanned_at,
        source,
        tags,
        names,
        document,
        packed,
        packages: split.packages,
        inventory: split.inventory.finish(),
        size,
    })
}

/// Packages and places of a report, apart.
#[derive(Default)]
struct Split {
    packages: Vec<Identity>,
    inventory: Drafting,
    known: KeyMap<u32>,
    /// The release of the last package in words: neighbours are of the same.
    distro: Option<(Distro, String)>,
}

impl Split {
    fn add(&mut self, mut record: PackageRecord) {
        let mut entry = InventoryEntry {
            package: 0,
            layer: record.layer,
            path: std::mem::take(&mut record.path),
            owned_by: record.owned_by.take(),
            license: record.license.take(),
            found_by: std::mem::take(&mut record.found_by),
            declared: record.declared,
        };
        let identity = Identity::of_release(&record, self.distro_of(&record));
        let next = self.packages.len() as u32;
        let package = *self.known.entry(identity.key).or_insert(next);
        if package == next {
            self.packages.push(identity);
        }
        entry.package = package;
        self.inventory.add(entry, &record.name, &record.version);
    }

    /// The release of a package in words; empty for none.
    fn distro_of(&mut self, record: &PackageRecord) -> &str {
        let Some(distro) = &record.distro else { return "" };
        if self.distro.as_ref().is_none_or(|(last, _)| last != distro) {
            self.distro = Some((distro.clone(), distro.to_string()));
        }
        self.distro.as_ref().map_or("", |(_, text)| text)
    }
}

/// The items in their order, each once.
pub(crate) fn unique<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut kept = Vec::with_capacity(items.len());
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

/// Writes a document as JSON.
#[cfg(test)]
pub(crate) fn to_json<T: serde::Serialize>(document: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(document).map_err(|error| crate::error::StoreError::damaged("document", error))
}

//! A report made ready for the writer: checked, split, spelled canonically and packed as far as it can be.
//!
//! All of this needs no database and so happens on the caller's thread, because the writer's time is what bounds
//! the whole ingest.

use std::borrow::Cow;
use std::sync::Arc;

use model::{Build, PackageRecord, Reference, ScanReport, Timestamp};
use uuid::Uuid;

use crate::codec;
use crate::draft::{Draft, Drafting};
use crate::error::Result;
use crate::found::{Found, Release};
use crate::package::{Identity, KeyMap, KeyState};
use crate::packed_image;
use crate::record::{ImageBuild, ImageDocument, image_uuid};
use crate::report_text::ReportText;
use crate::validate;

/// Where the release of the operating system is read.
const RELEASE_PATH: &str = "etc/os-release";

/// A report made ready to be stored.
pub struct PreparedReport {
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

impl PreparedReport {
    /// Checks a report and splits it.
    ///
    /// # Errors
    /// What is wrong with it, by its place in the document.
    pub fn of(customer: Uuid, report: ScanReport) -> Result<Self> {
        let ScanReport { scanner, scanned_at, source, os_release, users, packages, secrets, .. } = report;
        let (image, unreadable, tags) = (report.image, report.unreadable, report.tags);
        let (schema, build) = (report.schema, report.build);
        let rest = ReportText {
            schema,
            scanner,
            scanned_at,
            source,
            image,
            os_release,
            users,
            packages: Vec::new(),
            secrets,
            unreadable,
            tags,
            build,
        };
        prepare(customer, rest, packages.iter().map(Found::from))
    }

    /// [`Self::of`] for the JSON of a [`ScanReport`], whose words it does not copy; `None` if it is none: to read it as a
    /// [`ScanReport`] tells why. `mend` may change when it was scanned, before that is checked.
    pub fn of_text(customer: Uuid, json: &str, mend: impl FnOnce(&mut Timestamp)) -> Option<Result<Self>> {
        let mut report: ReportText<'_> = serde_json::from_str(json).ok()?;
        mend(&mut report.scanned_at);
        let packages = std::mem::take(&mut report.packages);
        Some(prepare(customer, report, packages.iter().map(Found::from)))
    }

    /// The image that it speaks of.
    pub fn image(&self) -> model::ImageId {
        self.id
    }
}

/// Checks a report, whose packages are apart, and splits it.
fn prepare<'a>(
    customer: Uuid,
    report: ReportText<'_>,
    packages: impl ExactSizeIterator<Item = Found<'a>> + Clone,
) -> Result<PreparedReport> {
    validate::report(&report, packages.clone())?;
    let ReportText { scanner, scanned_at, source, os_release, users, secrets, .. } = report;
    let mut facts = report.image;
    facts.references = unique(facts.references);
    let (id, uuid) = (facts.id, image_uuid(customer, &facts.id));
    let release = os_release.as_ref().map(|release| PackageRecord::new(release.package(), RELEASE_PATH));
    let unreadable = report.unreadable.len() as u32;
    let build = report.build.and_then(Build::kept).map(|build| Box::new(ImageBuild { scanned_at, build }));
    let mut document = ImageDocument { facts, os_release, users, scanner, secrets, unreadable, build };
    let packed: Arc<[u8]> = codec::with_codec(|codec| packed_image::pack(codec, &document))?.into();
    let names = std::mem::take(&mut document.facts.references);
    let mut size = packed.len();
    let mut split = Split::new(packages.len() + 1);
    for found in packages {
        size += found.path.len() + found.name.len() + 128;
        split.add(&found);
    }
    if let Some(release) = &release {
        split.add(&Found::from(release));
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
struct Split<'a> {
    packages: Vec<Identity>,
    inventory: Drafting,
    known: KeyMap<u32>,
    /// The release of the last package in words: neighbours are of the same.
    distro: Option<(Release<'a>, Cow<'a, str>)>,
}

impl<'a> Split<'a> {
    /// For so many packages.
    fn new(count: usize) -> Self {
        Self {
            packages: Vec::with_capacity(count),
            inventory: Drafting::new(count),
            known: KeyMap::with_capacity_and_hasher(count, KeyState::default()),
            distro: None,
        }
    }

    fn add(&mut self, found: &Found<'a>) {
        let identity = Identity::of_release(found, self.distro_of(found));
        let next = self.packages.len() as u32;
        let package = *self.known.entry(identity.key).or_insert(next);
        if package == next {
            self.packages.push(identity);
        }
        self.inventory.add(package, found);
    }

    /// The release of a package in words; empty for none.
    fn distro_of(&mut self, found: &Found<'a>) -> &str {
        let Some(distro) = found.distro else { return "" };
        if self.distro.as_ref().is_none_or(|(last, _)| *last != distro) {
            self.distro = Some((distro, distro.words()));
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

//! A report that is being put together from a document: packages and notes as they come, and in the end what only the whole
//! tells: the release of OS packages, epochs of source packages, bounds, order.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::report::REPORT_SCHEMA;
use model::{
    DiffId, Digest, Distro, Ecosystem, ImageFacts, ImageId, OsRelease, PackageRecord, ScanReport, Timestamp,
    Unreadable,
};

use crate::identity::Identified;
use crate::{Limits, bounds, release};

/// Notes that are kept; further ones are counted.
const MAX_NOTES: usize = 10_000;

/// What is known of the release of a package.
enum Claim {
    /// It is a package of our own document: its record says it all.
    Exact,
    /// The package's own words, if it has any.
    Said(Option<Distro>),
}

pub(crate) struct Draft {
    pub(crate) report: ScanReport,
    /// The id of the image, if the document states it.
    pub(crate) id: Option<ImageId>,
    /// What stands for the image if it does not, such as its manifest digest.
    pub(crate) stand_in: Option<Digest>,
    limits: Limits,
    claims: Vec<Claim>,
    packages_left_out: usize,
    notes_left_out: usize,
    /// By kind: the place of the first, and how many.
    passed_over: BTreeMap<String, (String, usize)>,
}

impl Draft {
    /// A report without packages; `scanner` stands until the document names its own.
    pub(crate) fn new(scanner: &str, limits: &Limits) -> Self {
        let report = ScanReport {
            schema: REPORT_SCHEMA,
            scanner: scanner.to_owned(),
            scanned_at: Timestamp::now(),
            source: "GENERAL".to_owned(),
            image: ImageFacts::new(ImageId(Digest::of(b""))),
            os_release: None,
            users: Vec::new(),
            packages: Vec::new(),
            secrets: Vec::new(),
            unreadable: Vec::new(),
            tags: Vec::new(),
            build: None,
        };
        Self {
            report,
            id: None,
            stand_in: None,
            limits: *limits,
            claims: Vec::new(),
            packages_left_out: 0,
            notes_left_out: 0,
            passed_over: BTreeMap::new(),
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Notes what could not be understood, by its place in the document.
    pub(crate) fn note(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        if self.report.unreadable.len() < MAX_NOTES {
            self.report.unreadable.push(Unreadable {
                layer: None,
                path: place.into(),
                reason: reason.into(),
            });
        } else {
            self.notes_left_out += 1;
        }
    }

    /// Notes the entries of a list that were too many to look at.
    pub(crate) fn note_left_out(&mut self, place: &str, count: usize) {
        if count > 0 {
            self.note(place, format!("{count} further entries are left out"));
        }
    }

    /// Counts something that is understood and no package.
    pub(crate) fn pass_over(&mut self, kind: &str, place: impl FnOnce() -> String) {
        if let Some((_, count)) = self.passed_over.get_mut(kind) {
            *count += 1;
        } else if self.passed_over.len() < 100 {
            self.passed_over.insert(crate::identity::short(kind), (place(), 1));
        }
    }

    /// Takes when the document was made, if that can be read.
    pub(crate) fn made_at(&mut self, text: &str) {
        if let Some(time) = Timestamp::parse(text) {
            self.report.scanned_at = time;
        }
    }

    /// The first release that a document names is that of the image.
    pub(crate) fn release(&mut self, release: OsRelease) {
        self.report.os_release.get_or_insert(release);
    }

    /// Adds a package of our own document. Gives its index.
    pub(crate) fn add_exact(&mut self, record: PackageRecord) -> Option<usize> {
        self.push(record, Claim::Exact)
    }

    /// Adds a package of another program's document. Gives its index.
    pub(crate) fn add(
        &mut self,
        identified: Identified,
        path: &str,
        finish: impl FnOnce(&mut PackageRecord),
    ) -> Option<usize> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let mut record = PackageRecord::new(identified.package, path);
        finish(&mut record);
        self.push(record, Claim::Said(identified.claimed))
    }

    fn push(&mut self, record: PackageRecord, claim: Claim) -> Option<usize> {
        if self.claims.len() >= self.limits.packages {
            self.packages_left_out += 1;
            return None;
        }
        self.report.packages.push(record);
        self.claims.push(claim);
        Some(self.claims.len() - 1)
    }

    /// Links packages to the OS packages that own them, by index: (owner, owned).
    pub(crate) fn link(&mut self, links: &[(usize, usize)]) {
        for (owner, owned) in links {
            let owner = &self.report.packages[*owner];
            if !owner.ecosystem.is_os() || self.report.packages[*owned].ecosystem.is_os() {
                continue;
            }
            self.report.packages[*owned].owned_by = Some(owner.name.clone());
        }
    }

    /// Completes the report. `document` are the bytes that it was read from.
    pub(crate) fn finish(mut self, document: &[u8]) -> ScanReport {
        self.report.image.id = self.identity(document);
        self.choose_releases();
        epochs_of_sources(&mut self.report.packages, &self.claims);
        let foreign = self.claims.iter().any(|claim| matches!(claim, Claim::Said(_)));
        for (kind, (place, count)) in std::mem::take(&mut self.passed_over) {
            let reason = format!("{count} of kind `{kind}`, this the first: no package");
            self.note(place, reason);
        }
        if self.packages_left_out > 0 {
            let reason = format!(
                "{} packages beyond the first {} are left out",
                self.packages_left_out, self.limits.packages
            );
            self.note("", reason);
        }
        let mut report = self.report;
        if self.notes_left_out > 0 {
            let reason = format!("{} further notes are left out", self.notes_left_out);
            report.unreadable.push(Unreadable { layer: None, path: String::new(), reason });
        }
        for record in report.packages.iter_mut() {
            record.purl = model::purl::purl_of(&record.package());
        }
        report.packages.sort_unstable();
        report.packages.dedup();
        if foreign {
            without_installed(&mut report.packages);
        }
        bounds::keep_within(&mut report);
        report
    }

    fn identity(&self, document: &[u8]) -> ImageId {
        let made = || match &self.stand_in {
            Some(digest) => ImageId(Digest::of(format!("image of {digest}").as_bytes())),
            None => ImageId(Digest::of(document)),
        };
        self.id.unwrap_or_else(made)
    }

    /// A document without a release takes the one that its packages name, if they all name the same.
    fn choose_releases(&mut self) {
        let said = |claim: &Claim| match claim {
            Claim::Said(distro) => distro.clone(),
            Claim::Exact => None,
        };
        if self.report.os_release.is_none() {
            let named: BTreeSet<Distro> = self.claims.iter().filter_map(said).collect();
            if let (Some(only), 1) = (named.first(), named.len()) {
                self.report.os_release = Some(release::of(&only.id, &only.version));
            }
        }
        let image = self.report.os_release.as_ref().map(release::distro_of);
        for (record, claim) in self.report.packages.iter_mut().zip(&self.claims) {
            let Claim::Said(said) = claim else { continue };
            if record.ecosystem.is_os() {
                // The document's own release knows more than the qualifier of a package: its code name, its words for rolling ones.
                let same = |image: &&Distro| said.as_ref().is_none_or(|said| said.id == image.id);
                record.distro = image.as_ref().filter(same).or(said.as_ref()).cloned();
            }
        }
    }
}

/// The name of a source rpm does not tell its epoch. It is that of a binary package with the very version of the source; where no such
/// package is there, the binary's own.
fn epochs_of_sources(packages: &mut [PackageRecord], claims: &[Claim]) {
    let mut epochs: HashMap<(String, String), String> = HashMap::new();
    let split = |version: &str| match version.split_once(':') {
        Some((epoch, rest)) => (format!("{epoch}:"), rest.to_owned()),
        None => (String::new(), version.to_owned()),
    };
    let rpm = |record: &PackageRecord| record.ecosystem == Ecosystem::Rpm;
    for record in packages.iter().filter(|record| rpm(record)) {
        let Some(source) = &record.source else { continue };
        let (own, source_version) = (split(&record.version), split(&source.version).1);
        if own.1 == source_version {
            epochs.insert((source.name.clone(), source_version), own.0);
        }
    }
    for (record, claim) in packages.iter_mut().zip(claims) {
        if !rpm(record) || matches!(claim, Claim::Exact) {
            continue;
        }
        let Some(source) = &mut record.source else { continue };
        let version = split(&source.version).1;
        if let Some(epoch) = epochs.get(&(source.name.clone(), version.clone())) {
            source.version = format!("{epoch}{version}");
        }
    }
}

/// Leaves out what a lock file speaks of and something installed proves already.
fn without_installed(records: &mut Vec<PackageRecord>) {
    if records.iter().any(|record| record.declared) {
        let key = |record: &PackageRecord| (record.ecosystem, record.name.clone(), record.version.clone());
        let installed: HashSet<_> = records.iter().filter(|record| !record.declared).map(key).collect();
        records.retain(|record| !record.declared || !installed.contains(&key(record)));
    }
}

/// Which number a layer has among those of the image.
pub(crate) fn layer_numbers(image: &ImageFacts) -> HashMap<DiffId, u32> {
    let diff_ids = image.layers.iter().filter_map(|layer| layer.diff_id);
    // of equal layers the lowest
    let mut numbers = HashMap::new();
    for (number, diff_id) in (0_u32..).zip(diff_ids) {
        numbers.entry(diff_id).or_insert(number);
    }
    numbers
}

//! Licences of OS packages that stand in files of their own: Debian's copyright files, Portage's `LICENSE`.
//!
//! The decision a reader may doubt: a Debian package without a copyright file of its own takes that of another package of
//! the same source, if all of these agree. Its folder is then a link to the other's, as Debian Policy (12.5) allows it for
//! packages of one source and no others, and links are not followed here.

use std::collections::HashMap;

use model::{Ecosystem, PackageRecord};

use crate::compose::Visible;
use crate::dpkg::package_of_copyright;
use crate::path::parent;

/// The licences that an image's files of their own tell.
pub(crate) struct Terms<'a> {
    /// By name of the package.
    debian: HashMap<&'a [u8], &'a str>,
    /// By folder of the package.
    portage: HashMap<&'a [u8], &'a str>,
}

impl<'a> Terms<'a> {
    /// Collects them.
    pub(crate) fn new(visible: &[Visible<'a>]) -> Self {
        let mut terms = Self { debian: HashMap::new(), portage: HashMap::new() };
        for file in visible {
            let evidence = file.evidence();
            let Some(license) = evidence.facts.license.as_deref() else { continue };
            match package_of_copyright(&evidence.path) {
                Some(package) => terms.debian.insert(package, license),
                None => terms.portage.insert(parent(&evidence.path), license),
            };
        }
        terms
    }

    /// Fills in the licences of packages that state none themselves.
    pub(crate) fn fill(&self, records: &mut [PackageRecord]) {
        for record in records.iter_mut().filter(|record| record.license.is_none()) {
            let known = match record.ecosystem {
                Ecosystem::Deb if !is_source(record) => self.debian.get(record.name.as_bytes()),
                Ecosystem::Ebuild => self.portage.get(parent(record.path.as_bytes())),
                _ => None,
            };
            record.license = known.map(|license| (*license).to_owned());
        }
        if self.debian.is_empty() {
            return;
        }
        let mut by_source: HashMap<(String, String), Option<String>> = HashMap::new();
        for record in records.iter().filter(|record| record.ecosystem == Ecosystem::Deb) {
            let (Some(source), Some(license)) = (&record.source, &record.license) else { continue };
            let known = by_source
                .entry((source.name.clone(), source.version.clone()))
                .or_insert_with(|| Some(license.clone()));
            if known.as_ref() != Some(license) {
                *known = None;
            }
        }
        for record in records.iter_mut().filter(|record| record.license.is_none()) {
            if let (Ecosystem::Deb, Some(source)) = (record.ecosystem, &record.source) {
                let key = (source.name.clone(), source.version.clone());
                record.license = by_source.get(&key).cloned().flatten();
            }
        }
    }
}

/// Whether the record is a source package that another one was built with.
fn is_source(record: &PackageRecord) -> bool {
    record.arch.as_deref() == Some("source")
}

//! From files to the packages that they belong to.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use model::{InUsePackage, PackageRecord};

use super::process::{How, Used};
use crate::drift::{DriftError, Homes, ImageState, Limits, Lower, Memory, lower_of};
use crate::runtime::WritableLayer;

/// What is installed in one container, by file.
pub struct Index<'i> {
    image: &'i ImageState,
    memory: &'i Memory,
    records: Cow<'i, [PackageRecord]>,
    homes: Known<'i>,
    /// Positions of the records of each OS package.
    by_name: HashMap<String, Vec<u32>>,
    lower: Lower,
}

/// The image's own, or those of a container that installed something.
enum Known<'i> {
    Image(&'i Homes),
    Container(Homes),
}

impl<'i> Index<'i> {
    /// Of the container that writes to `layer`, whose drift was read with `memory`.
    pub fn of(
        image: &'i ImageState,
        layer: &WritableLayer,
        memory: &'i Memory,
        limits: &Limits,
    ) -> Result<Self, DriftError> {
        let upper = memory.upper();
        // what is remembered of the image must not be read from a container
        let lower = lower_of(layer, limits, upper.is_some())?;
        let records = match upper {
            None => Cow::Borrowed(image.packages()),
            Some(upper) => Cow::Owned(image.view.packages_under(upper)),
        };
        let homes = match upper {
            None => Known::Image(&image.homes),
            Some(_) => Known::Container(Homes::of(&records)),
        };
        let mut by_name: HashMap<String, Vec<u32>> = HashMap::new();
        for (at, record) in records.iter().enumerate().filter(|(_, record)| record.ecosystem.is_os()) {
            by_name.entry(record.name.clone()).or_default().push(at as u32);
        }
        Ok(Self { image, memory, records, homes, by_name, lower })
    }

    /// The packages that `files` belong to, sorted.
    pub(super) fn packages(&mut self, files: &BTreeSet<Used>) -> Vec<InUsePackage> {
        let mut used: BTreeSet<u32> = BTreeSet::new();
        let run: Vec<&[u8]> =
            files.iter().filter(|file| file.how == How::Run).map(|file| file.path.as_slice()).collect();
        let upper = self.memory.upper();
        for name in self.image.view.owners(upper, &run).into_iter().flatten() {
            used.extend(self.by_name.get(&name).into_iter().flatten());
        }
        let homes = match &self.homes {
            Known::Image(homes) => homes,
            Known::Container(homes) => homes,
        };
        let mut before: Option<&[u8]> = None;
        for file in files {
            if before.replace(&file.path) != Some(&file.path) {
                used.extend(homes.owners(&file.path, &mut |path| self.lower.open_file(path).ok().flatten()));
            }
        }
        let mut packages: Vec<InUsePackage> =
            used.into_iter().filter_map(|at| self.records.get(at as usize)).map(told).collect();
        packages.sort_unstable();
        packages.dedup();
        packages
    }
}

fn told(record: &PackageRecord) -> InUsePackage {
    let PackageRecord { ecosystem, name, version, path, .. } = record.clone();
    InUsePackage { ecosystem, name, version, path }
}

//! What an image shows, kept so that one more layer can be laid on top of it at any time.
//!
//! What it is for: telling what a container holds beyond its image. The image is read once; a container's own writable
//! layer is read as often as it changes and composed with what is kept here by the same rules that put layers together in a
//! scan. What it is not for: finding or walking writable layers (crate `sensor`).
//!
//! The decision a reader may doubt: the paths that the image's layers hide are not kept. What is visible in the image stays
//! visible unless the layer on top hides it, so the facts of the visible files are enough, and those of a whole
//! distribution take some megabytes.

mod owned;
mod upper;

use image::OpenImage;
use model::{OsRelease, PackageRecord, ScanReport};

use crate::compose::{Visible, compose};
use crate::facts::{Evidence, Facts, Found, LayerCatalog};
use crate::path::{ancestors, hash, without_merged_usr};
use crate::report;
use crate::scan::{ScanError, ScanOptions, read_all};

pub use owned::AllOwners;
pub use upper::{FileFacts, UpperLayer, Wanted, is_program, read_file, wanted_file};

/// What an image shows.
#[derive(Clone, Debug)]
pub struct ImageView {
    /// Sorted by path.
    files: Vec<ShownFile>,
    /// What is installed in the image alone, as its report lists it.
    records: Vec<PackageRecord>,
    layers: usize,
    with_layer: bool,
    /// Hashes of the paths in `files`. Sorted.
    own: Vec<u64>,
    /// Hashes of the directories that they lie in, at any height. Sorted.
    above: Vec<u64>,
    bytes: usize,
}

/// A file of the finished image with those that it replaced, newest first.
#[derive(Clone, Debug)]
struct ShownFile {
    history: Vec<(usize, Evidence)>,
}

/// Scans an image and keeps what it shows. The report is that of [`scan`](crate::scan()).
pub fn scan_and_keep(
    image: &OpenImage,
    options: &ScanOptions<'_>,
) -> Result<(ScanReport, ImageView), ScanError> {
    let layers = read_all(image, options)?;
    let report = report::build(image, &layers, options);
    Ok((report, ImageView::of_layers(&layers, !image.is_root_fs())))
}

impl ImageView {
    /// Reads all layers of an image, as [`scan`](crate::scan()) does.
    pub fn read(image: &OpenImage, options: &ScanOptions<'_>) -> Result<Self, ScanError> {
        Ok(Self::of_layers(&read_all(image, options)?, !image.is_root_fs()))
    }

    pub(crate) fn of_layers(layers: &[LayerCatalog], with_layer: bool) -> Self {
        let kept = |(age, (layer, evidence)): (usize, &(usize, &Evidence))| {
            let facts = if age == 0 { essential(&evidence.facts) } else { packages_alone(&evidence.facts) };
            (*layer, Evidence { path: evidence.path.clone(), cataloger: evidence.cataloger, facts })
        };
        let mut files: Vec<ShownFile> = Vec::new();
        for file in compose(layers) {
            let history: Vec<_> = file.history.iter().enumerate().map(kept).collect();
            if history.iter().any(|(_, evidence)| !evidence.facts.is_empty()) {
                files.push(ShownFile { history });
            }
        }
        let mut view = Self {
            files,
            records: Vec::new(),
            layers: layers.len(),
            with_layer,
            own: Vec::new(),
            above: Vec::new(),
            bytes: 0,
        };
        view.records = packages(&view.alone(), with_layer);
        let paths = || view.files.iter().map(|file| file.path());
        let mut own: Vec<u64> = paths().map(hash).collect();
        let mut above: Vec<u64> = paths().flat_map(|path| ancestors(path).map(hash)).collect();
        own.sort_unstable();
        above.sort_unstable();
        above.dedup();
        (view.own, view.above) = (own, above);
        view.bytes = view.count_bytes();
        view
    }

    /// What is installed in the image, as its report lists it.
    pub fn packages(&self) -> &[PackageRecord] {
        &self.records
    }

    /// How many layers the image has; [`PackageRecord::layer`] of what only a layer on top holds is this number.
    pub fn layer_count(&self) -> usize {
        self.layers
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether `upper` can have any influence on what is installed. It costs as much as `upper` is large.
    pub fn is_touched_by(&self, upper: &UpperLayer) -> bool {
        let layer = &upper.catalog;
        let is_own = |hash: &u64| self.own.binary_search(hash).is_ok();
        let is_above = |hash: &u64| self.above.binary_search(hash).is_ok();
        !layer.evidence.is_empty()
            || layer.hides.iter().any(|hash| is_own(hash) || is_above(hash))
            || layer.opaque.iter().any(is_above)
            || layer.directories.iter().any(is_own)
    }

    /// What is installed in the image with `upper` on top.
    pub fn packages_under(&self, upper: &UpperLayer) -> Vec<PackageRecord> {
        if !self.is_touched_by(upper) {
            return self.records.clone();
        }
        packages(&self.under(upper), self.with_layer)
    }

    /// Which OS package owns each of `paths`, in the image with `upper` on top if there is one. Of settings, headers and
    /// data that every processor shares nothing is known here; see [`AllOwners`].
    pub fn owners(&self, upper: Option<&UpperLayer>, paths: &[&[u8]]) -> Vec<Option<String>> {
        let keys: Vec<u64> = paths.iter().map(|path| hash(without_merged_usr(path))).collect();
        let visible = upper.map_or_else(|| self.alone(), |upper| self.under(upper));
        let owners = report::owners_of(keys.clone(), &visible);
        keys.iter().map(|key| owners.get(key).map(|&name| name.to_owned())).collect()
    }

    fn alone(&self) -> Vec<Visible<'_>> {
        self.files.iter().map(|file| Visible { history: file.history() }).collect()
    }

    /// The composition of the image's layers and one on top.
    fn under<'a>(&'a self, upper: &'a UpperLayer) -> Vec<Visible<'a>> {
        let layer = &upper.catalog;
        let mut over = layer.evidence.iter().map(|evidence| &**evidence).peekable();
        let mut visible = Vec::with_capacity(self.files.len() + layer.evidence.len());
        for file in &self.files {
            while let Some(new) = over.next_if(|new| new.path.as_slice() < file.path()) {
                visible.push(Visible { history: vec![(self.layers, new)] });
            }
            if let Some(new) = over.next_if(|new| new.path == file.path()) {
                let mut history = vec![(self.layers, new)];
                history.extend(file.history());
                visible.push(Visible { history });
            } else if !layer.hides_path(file.path()) {
                visible.push(Visible { history: file.history() });
            }
        }
        visible.extend(over.map(|new| Visible { history: vec![(self.layers, new)] }));
        visible
    }

    fn count_bytes(&self) -> usize {
        let files: usize = self.files.iter().map(ShownFile::bytes).sum();
        let records: usize = self.records.iter().map(record_bytes).sum();
        files + records + (self.own.len() + self.above.len()) * size_of::<u64>()
    }
}

impl ShownFile {
    fn path(&self) -> &[u8] {
        self.history.first().map_or(b"", |(_, evidence)| &evidence.path)
    }

    fn history(&self) -> Vec<(usize, &Evidence)> {
        self.history.iter().map(|(layer, evidence)| (*layer, evidence)).collect()
    }

    fn bytes(&self) -> usize {
        self.history.iter().map(|(_, evidence)| evidence_bytes(evidence)).sum()
    }
}

fn packages(visible: &[Visible<'_>], with_layer: bool) -> Vec<PackageRecord> {
    let distro = report::os_release(visible).as_ref().map(OsRelease::distro);
    report::packages(visible, distro.as_ref(), with_layer)
}

/// The facts that packages come of.
fn essential(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    facts.users.clear();
    facts.secrets.clear();
    facts.notes.clear();
    facts
}

/// Of a file that was replaced, only the packages still count.
fn packages_alone(facts: &Facts) -> Facts {
    Facts { packages: facts.packages.clone(), ..Facts::default() }
}

fn evidence_bytes(evidence: &Evidence) -> usize {
    let facts = &evidence.facts;
    let found = |found: &Found| {
        let texts = [&found.arch, &found.module, &found.vendor, &found.license, &found.part_of];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let source = found.source.as_ref().map_or(0, |(name, version)| name.len() + version.len());
        size_of::<Found>() + found.name.len() + found.version.len() + found.inside.len() + texts + source
    };
    let owners: usize = facts
        .owners
        .iter()
        .map(|owner| owner.programs.len() * 8 + owner.paths.iter().map(|path| path.len() + 24).sum::<usize>())
        .sum();
    let covered: usize = facts.covered.iter().map(|path| path.len() + 24).sum();
    let packages: usize = facts.packages.iter().map(found).sum();
    size_of::<Evidence>() + evidence.path.len() + owners + covered + packages
}

fn record_bytes(record: &PackageRecord) -> usize {
    let texts = record.name.len() + record.version.len() + record.purl.len() + record.path.len();
    size_of::<PackageRecord>()
        + texts
        + record.found_by.len()
        + record.license.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests;

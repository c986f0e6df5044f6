//! The report out of composed layers: attribution, owners, the release.

use std::collections::{BTreeSet, HashMap, HashSet};

use image::OpenImage;
use model::purl::normalise_python;
use model::report::REPORT_SCHEMA;
use model::{
    Distro, Ecosystem, ImageFacts, OsRelease, PackageRecord, ScanReport, SecretRecord, Timestamp, Unreadable,
};

use crate::compose::{Visible, compose};
use crate::doubles;
use crate::facts::{Diversion, Found, LayerCatalog, Owner, ReleaseFacts, SecretFact};
use crate::os::release;
use crate::path::{hash, text, without_merged_usr};
use crate::registry::{CATALOGERS, is_program};
use crate::rpm::content_sets;
use crate::scan::ScanOptions;
use crate::secret;
use crate::terms::Terms;
use crate::text::CONTENT_UNREADABLE;
use crate::vendor;

/// Notes that a report lists; further ones are counted.
const MAX_UNREADABLE: usize = 10_000;

/// Makes the report of an image whose layers were read.
pub(crate) fn build(image: &OpenImage, layers: &[LayerCatalog], options: &ScanOptions<'_>) -> ScanReport {
    let visible = compose(layers);
    let with_layer = !image.is_root_fs();
    let os_release = os_release(&visible);
    let distro = os_release.as_ref().map(OsRelease::distro);
    let mut facts = with_sizes(&image.facts, layers);
    let mut secrets = secrets(layers, &visible, with_layer);
    // Masked whether they are asked for or not: who does not want the list wants no passwords in the report either.
    let configured = secret::config::redact(&mut facts);
    if options.secrets {
        secrets.extend(configured);
        secrets.sort_unstable();
    }
    let mut report = ScanReport {
        schema: REPORT_SCHEMA,
        scanner: concat!("plimsoll/", env!("CARGO_PKG_VERSION")).to_owned(),
        scanned_at: Timestamp::now(),
        source: options.source.clone(),
        image: facts,
        users: users(&visible),
        packages: packages(&visible, distro.as_ref(), with_layer),
        secrets,
        unreadable: unreadable(&visible, layers, with_layer),
        os_release,
        tags: options.tags.clone(),
        build: None,
    };
    model::bounds::keep_within(&mut report);
    report
}

fn with_sizes(facts: &ImageFacts, layers: &[LayerCatalog]) -> ImageFacts {
    let mut facts = facts.clone();
    let with_layer = facts.layers.iter_mut().filter(|layer| layer.diff_id.is_some());
    for (layer, catalog) in with_layer.zip(layers) {
        layer.size = catalog.size;
    }
    facts.size = layers.iter().map(|layer| layer.size).sum();
    facts
}

pub(crate) fn os_release(visible: &[Visible<'_>]) -> Option<OsRelease> {
    let mut release = release::choose(|path| {
        let at =
            visible.binary_search_by(|file| file.evidence().path.as_slice().cmp(path.as_bytes())).ok()?;
        visible[at].evidence().facts.release.as_ref()
    })?;
    let facts = visible.iter().filter_map(|file| file.evidence().facts.release.as_ref());
    let sets = facts.filter_map(|facts| match facts {
        ReleaseFacts::ContentSets(sets) => Some(sets),
        _ => None,
    });
    release.stream = content_sets::stream(&release, sets.flatten());
    Some(release)
}

fn users(visible: &[Visible<'_>]) -> Vec<String> {
    visible.iter().flat_map(|file| &file.evidence().facts.users).cloned().collect()
}

/// What the finished image holds, sorted.
pub(crate) fn packages(
    visible: &[Visible<'_>],
    distro: Option<&Distro>,
    with_layer: bool,
) -> Vec<PackageRecord> {
    let owners = owners(visible);
    let programs = program_owners(visible);
    let mut records: Vec<PackageRecord> = Vec::new();
    for file in visible {
        let evidence = file.evidence();
        if evidence.facts.packages.is_empty() {
            continue;
        }
        let path = text(&evidence.path);
        let own = without_merged_usr(&evidence.path);
        let owner =
            if is_program(evidence.cataloger.into()) { programs.get(&hash(own)) } else { owners.get(own) };
        let owner = owner.copied();
        let found_by = CATALOGERS[usize::from(evidence.cataloger)].name;
        let older: Vec<(usize, BTreeSet<&Found>)> = file.history[1..]
            .iter()
            .map(|(layer, evidence)| (*layer, evidence.facts.packages.iter().collect()))
            .collect();
        for found in &evidence.facts.packages {
            let mut package = found.package();
            if package.ecosystem.is_os() {
                package.vendor = vendor::third_party(found, distro);
                package.distro = distro.cloned();
            }
            let place = match found.inside.as_str() {
                "" => path.clone(),
                inside => format!("{path}!/{inside}"),
            };
            let since = older.iter().take_while(|(_, packages)| packages.contains(found)).last();
            let mut record = PackageRecord::new(package, place);
            record.layer = with_layer.then_some(since.map_or(file.layer(), |(layer, _)| *layer) as u32);
            let owner = owner.filter(|_| !found.ecosystem.is_os());
            record.owned_by = found.part_of.as_deref().or(owner).map(str::to_owned);
            record.license = found.license.clone();
            record.declared = found.declared;
            record.found_by = found_by.to_owned();
            records.push(record);
        }
    }
    Terms::new(visible).fill(&mut records);
    records.sort_unstable();
    records.dedup();
    without_installed(doubles::without(records, visible))
}

/// Leaves out what a lock file speaks of and something installed proves already.
fn without_installed(mut records: Vec<PackageRecord>) -> Vec<PackageRecord> {
    if records.iter().any(|record| record.declared) {
        let key = |record: &PackageRecord| (record.ecosystem, known_as(record), record.version.clone());
        let installed: HashSet<_> = records.iter().filter(|record| !record.declared).map(key).collect();
        records.retain(|record| !record.declared || !installed.contains(&key(record)));
    }
    records
}

/// The name as its ecosystem compares it: a lock file may write `flask` where the package calls itself `Flask`.
fn known_as(record: &PackageRecord) -> String {
    match record.ecosystem {
        Ecosystem::Pypi => normalise_python(&record.name),
        Ecosystem::Nuget | Ecosystem::Composer => record.name.to_lowercase(),
        _ => record.name.clone(),
    }
}

/// What all layers hold: a file that an upper layer took away is still there for whoever has the image. What an OS
/// package ships is the same for all of its users, and no secret.
fn secrets(layers: &[LayerCatalog], visible: &[Visible<'_>], with_layer: bool) -> Vec<SecretRecord> {
    let files = layers.iter().flat_map(|layer| &layer.evidence).filter(|file| !file.facts.secrets.is_empty());
    let owners = owners_of(files.map(|file| hash(without_merged_usr(&file.path))).collect(), visible);
    let mut known: HashSet<(&[u8], &SecretFact)> = HashSet::new();
    let mut records: Vec<SecretRecord> = Vec::new();
    for (layer, catalog) in layers.iter().enumerate() {
        for file in catalog.evidence.iter().filter(|file| !file.facts.secrets.is_empty()) {
            if owners.contains_key(&hash(without_merged_usr(&file.path))) {
                continue;
            }
            for fact in file.facts.secrets.iter().filter(|fact| known.insert((&file.path, fact))) {
                let SecretFact { line, rule, title, severity, masked } = fact.clone();
                let (path, layer) = (text(&file.path), with_layer.then_some(layer as u32));
                records.push(SecretRecord { path, line, rule, title, severity, masked, layer });
            }
        }
    }
    records.sort_unstable();
    records
}

/// Which OS package owns a file; keys are without a merged `/usr`.
fn owners<'a>(visible: &[Visible<'a>]) -> HashMap<&'a [u8], &'a str> {
    let diversions = diversions(visible);
    let mut owners = HashMap::new();
    for owner in visible.iter().flat_map(|file| &file.evidence().facts.owners) {
        for path in &owner.paths {
            let path = without_merged_usr(path);
            let lies_at =
                diverted(&diversions, owner, || hash(path)).map_or(path, |diversion| &diversion.to_path);
            owners.entry(lies_at).or_insert(owner.package.as_str());
        }
    }
    owners
}

/// Which OS package owns a program that proves packages; keys are hashes of paths without a merged `/usr`.
fn program_owners<'a>(visible: &[Visible<'a>]) -> HashMap<u64, &'a str> {
    let programs = visible.iter().map(Visible::evidence);
    let programs =
        programs.filter(|file| is_program(file.cataloger.into()) && !file.facts.packages.is_empty());
    owners_of(programs.map(|file| hash(without_merged_usr(&file.path))).collect(), visible)
}

/// Which OS package owns which of the files with these hashes.
pub(crate) fn owners_of<'a>(mut programs: Vec<u64>, visible: &[Visible<'a>]) -> HashMap<u64, &'a str> {
    let evidence = || visible.iter().map(Visible::evidence);
    programs.sort_unstable();
    let mut owners = HashMap::new();
    if programs.is_empty() {
        return owners;
    }
    let diversions = diversions(visible);
    for owner in evidence().flat_map(|file| &file.facts.owners) {
        for path in &owner.programs {
            let lies_at = diverted(&diversions, owner, || *path).map_or(*path, |diversion| diversion.to);
            if programs.binary_search(&lies_at).is_ok() {
                owners.entry(lies_at).or_insert(owner.package.as_str());
            }
        }
    }
    owners
}

/// All paths of packages that lie elsewhere.
pub(crate) fn all_diversions<'a>(visible: &[Visible<'a>]) -> impl Iterator<Item = &'a Diversion> {
    visible.iter().flat_map(|file| &file.evidence().facts.diversions)
}

/// Paths of packages that lie elsewhere, by the hash of the path that file lists name.
fn diversions<'a>(visible: &[Visible<'a>]) -> HashMap<u64, &'a Diversion> {
    all_diversions(visible).map(|diversion| (diversion.from, diversion)).collect()
}

/// Where a path of `owner` was moved to.
fn diverted<'a>(
    diversions: &HashMap<u64, &'a Diversion>,
    owner: &Owner,
    path: impl Fn() -> u64,
) -> Option<&'a Diversion> {
    if diversions.is_empty() {
        return None;
    }
    diversions.get(&path()).copied().filter(|diversion| diversion.by != owner.package)
}

fn unreadable(visible: &[Visible<'_>], layers: &[LayerCatalog], with_layer: bool) -> Vec<Unreadable> {
    let number = |layer: usize| with_layer.then_some(layer as u32);
    let mut all: Vec<Unreadable> = Vec::new();
    let mut noted: HashSet<(usize, &[u8])> = HashSet::new();
    for (index, layer) in layers.iter().enumerate() {
        for note in &layer.notes {
            noted.insert((index, &note.path));
            let (path, reason) = (text(&note.path), note.reason.clone());
            all.push(Unreadable { layer: number(index), path, reason });
        }
    }
    for file in visible {
        let evidence = file.evidence();
        for reason in &evidence.facts.notes {
            // Whoever walked the tree has said already why the content cannot be read.
            let is_said = noted.contains(&(file.layer(), evidence.path.as_slice()));
            if is_said && reason.starts_with(CONTENT_UNREADABLE) {
                continue;
            }
            let (layer, path) = (number(file.layer()), text(&evidence.path));
            all.push(Unreadable { layer, path, reason: reason.clone() });
        }
    }
    all.sort_unstable();
    all.dedup();
    if all.len() > MAX_UNREADABLE {
        let reason = format!("{} further notes are left out", all.len() - MAX_UNREADABLE);
        all.truncate(MAX_UNREADABLE);
        all.push(Unreadable { layer: None, path: String::new(), reason });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Evidence, Facts, Note};

    #[test]
    fn a_file_that_cannot_be_read_is_noted_once_with_the_reason_of_whoever_walked_the_tree() {
        let path = b"etc/passwd".to_vec();
        let reader = crate::text::Problem::Read(std::io::Error::other("denied")).to_string();
        let evidence = Evidence { path: path.clone(), cataloger: 1, facts: Facts::unreadable(reader) };
        let walker = Note { path, reason: "cannot be opened: denied".to_owned() };
        let reasons = |notes: Vec<Note>| {
            let layer = LayerCatalog { evidence: vec![evidence.clone()], notes, ..LayerCatalog::default() };
            let layers = [layer];
            let all = unreadable(&compose(&layers), &layers, true);
            all.into_iter().map(|note| note.reason).collect::<Vec<_>>()
        };
        assert_eq!(reasons(vec![walker]), ["cannot be opened: denied"]);
        assert_eq!(reasons(vec![]), ["content cannot be read: denied"]);
    }
}

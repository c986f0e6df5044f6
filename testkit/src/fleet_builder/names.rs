//! Names and versions of real packages, out of the shared feeds and package databases.
//!
//! Versions are those that advisories speak of: the ones that fix something and the ones that are listed as affected. So a package in
//! one of them has the findings that it has in the world, and the newest one mostly has none.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use model::{Ecosystem, PackageRecord};
use serde_json::Value;

use super::dice::hash;
use crate::brute::{BruteForce, Event, Order, Row, Says, order_of};

/// Versions kept of one package.
const VERSIONS: usize = 16;

/// A package of which more advisories than this speak is put at the end of the popular ones: there are few such, and in truth
/// not every image holds one.
const NOTORIOUS: usize = 25;

/// Folders of OSV that no image of the fleet has packages of.
const LEFT_OUT: [&str; 9] = [
    "osv/Bitnami",
    "osv/crates.io",
    "osv/openEuler",
    "osv/Red Hat",
    "osv/SwiftURL",
    "osv/Hex",
    "osv/Pub",
    "osv/NuGet",
    "osv/GitHub Actions",
];

/// The ecosystems of languages, with the words that stand for them in the feeds.
const LANGUAGES: [(Ecosystem, &str); 6] = [
    (Ecosystem::Pypi, "pypi"),
    (Ecosystem::Npm, "npm"),
    (Ecosystem::Maven, "maven"),
    (Ecosystem::Golang, "golang"),
    (Ecosystem::Gem, "gem"),
    (Ecosystem::Composer, "composer"),
];

/// Where a package stands among the popular ones: the notorious last, the others in an order that follows from their names.
type Rank = (bool, u64);

/// A package and versions of it, ascending.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) versions: Vec<String>,
    /// Each version as images hold it, once it was asked for: a fleet holds few packages many times.
    pub(super) records: Vec<OnceLock<PackageRecord>>,
}

/// An installed package of a distribution, as one image holds it.
#[derive(Clone, Debug)]
pub(super) struct Installed {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) version: String,
    /// The version of the source package.
    pub(super) source_version: String,
}

/// What packages are called, and which versions there are.
#[derive(Debug)]
pub struct Names {
    /// By release (`debian:12`) and the name that advisories use.
    distributions: HashMap<String, BTreeMap<String, Vec<String>>>,
    /// The most popular first.
    languages: HashMap<Ecosystem, Vec<Known>>,
    pub(super) deb: Vec<Installed>,
    pub(super) rpm: Vec<Installed>,
    pub(super) apk: Vec<Installed>,
}

impl Names {
    /// Reads the shared folder (`data` and `fixtures` below it).
    ///
    /// # Errors
    /// If a file is missing or cannot be read; says which.
    pub fn read(shared: &Path) -> Result<Self, String> {
        Self::read_some(shared, |path| !LEFT_OUT.contains(&path))
    }

    /// As [`Self::read`], with the feeds that are `wanted` by their path, such as `osv/npm` or `debian/…`: fewer are read faster.
    ///
    /// # Errors
    /// If a file is missing or cannot be read; says which.
    pub fn read_some(shared: &Path, wanted: impl Fn(&str) -> bool) -> Result<Self, String> {
        let brute = BruteForce::read(&shared.join("data"), wanted)?;
        let mut names = Self {
            distributions: HashMap::new(),
            languages: HashMap::new(),
            deb: debian_packages(),
            rpm: rpm_packages(&shared.join("fixtures/rpm/rhel9-nodejs.rpm-manifest.json"))?,
            apk: apk_packages(&shared.join("fixtures/apk/installed-base"))?,
        };
        let mut ranked: HashMap<Ecosystem, Vec<(Rank, Known)>> = HashMap::new();
        for (namespace, name) in brute.packages() {
            let rows = brute.rows(namespace, name);
            let Some(versions) = order_of(namespace).map(|order| versions(rows, order)) else { continue };
            if versions.is_empty() {
                continue;
            }
            if let Some((ecosystem, _)) = LANGUAGES.iter().find(|(_, word)| *word == namespace) {
                let records = vec![OnceLock::new(); versions.len()];
                let known = Known { name: name.to_owned(), versions, records };
                let rank = (rows.len() > NOTORIOUS, hash(name));
                ranked.entry(*ecosystem).or_default().push((rank, known));
            } else if namespace.contains(':') || namespace == "wolfi" {
                let packages = names.distributions.entry(namespace.to_owned()).or_default();
                packages.insert(name.to_owned(), versions);
            }
        }
        for (ecosystem, mut all) in ranked {
            all.sort_by_key(|(rank, _)| *rank);
            names.languages.insert(ecosystem, all.into_iter().map(|(_, known)| known).collect());
        }
        Ok(names)
    }

    /// Where the shared folder is: `PLIMSOLL_SHARED`, else beside the workspace.
    pub fn shared_folder() -> PathBuf {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
        std::env::var_os("PLIMSOLL_SHARED").map_or_else(beside, PathBuf::from)
    }

    /// Packages of a language, the most popular first.
    pub(super) fn language(&self, ecosystem: Ecosystem) -> &[Known] {
        self.languages.get(&ecosystem).map_or(&[], Vec::as_slice)
    }

    /// The versions of a package in a release, ascending; none if no advisory speaks of it.
    pub(super) fn versions(&self, release: &str, name: &str) -> &[String] {
        self.distributions.get(release).and_then(|names| names.get(name)).map_or(&[], Vec::as_slice)
    }

    /// The packages that advisories of a release speak of.
    pub(super) fn of_release(&self, release: &str) -> impl Iterator<Item = (&str, &[String])> {
        let packages = self.distributions.get(release).into_iter().flatten();
        packages.map(|(name, versions)| (name.as_str(), versions.as_slice()))
    }
}

/// The versions that rows speak of, ascending, at most [`VERSIONS`] and always the last.
fn versions(rows: &[Row], order: Order) -> Vec<String> {
    let mut found = BTreeSet::new();
    for row in rows.iter().filter(|row| row.module.is_none() && !row.withdrawn) {
        match &row.says {
            Says::Before(fix) => {
                found.insert(fix.as_str());
            }
            Says::Events(lists, listed) => {
                for event in lists.iter().flatten() {
                    match event {
                        Event::Fixed(version) | Event::LastAffected(version) => found.insert(version),
                        Event::Introduced(_) | Event::Limit(_) => false,
                    };
                }
                let step = listed.len().div_ceil(8).max(1);
                found.extend(listed.iter().step_by(step).map(String::as_str));
            }
            Says::AnyOf(branches, more) => {
                found.extend(branches.iter().flatten().map(|(_, version)| version.as_str()));
                found.extend(more.iter().map(String::as_str));
            }
            Says::UnlessRuby(requirements) => {
                let words = requirements.iter().flat_map(|text| text.split(','));
                found.extend(words.map(|word| word.trim_start_matches(['<', '>', '=', '~', '!', ' '])));
            }
            Says::Nothing | Says::NotAffected | Says::Everything(_) => {}
        }
    }
    let fits = |version: &&str| *version != "0" && version.len() < 100 && order.reads(version);
    let mut sorted: Vec<&str> = found.into_iter().filter(fits).collect();
    sorted.sort_by(|a, b| order.compare(a, b).unwrap_or(Ordering::Equal).then_with(|| a.cmp(b)));
    let count = sorted.len();
    let kept = count.min(VERSIONS);
    (1..=kept).map(|place| sorted[count * place / kept - 1].to_owned()).collect()
}

/// The table of this crate.
fn debian_packages() -> Vec<Installed> {
    let lines = include_str!("debian-packages.txt").lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, source, version, rest @ ..] = words.as_slice() else { return None };
        Some(Installed {
            name: (*name).to_owned(),
            source: (*source).to_owned(),
            version: (*version).to_owned(),
            source_version: rest.first().unwrap_or(version).to_string(),
        })
    };
    lines.filter_map(read).collect()
}

/// The list that a registry publishes for an image of RHEL 9.
fn rpm_packages(path: &Path) -> Result<Vec<Installed>, String> {
    let manifest: Value =
        serde_json::from_str(&text(path)?).map_err(|error| format!("{}: {error}", path.display()))?;
    let read = |package: &Value| {
        let word = |key: &str| package[key].as_str().map(str::to_owned);
        let version = format!("{}-{}", word("version")?, word("release")?);
        let source = word("srpm_name")?;
        let full = word("srpm_nevra")?;
        let source_version = full.strip_prefix(&source)?.trim_start_matches('-').trim_end_matches(".src");
        let source_version = source_version.strip_prefix("0:").unwrap_or(source_version).to_owned();
        Some(Installed { name: word("name")?, source, version, source_version })
    };
    Ok(manifest["rpms"].as_array().into_iter().flatten().filter_map(read).collect())
}

/// The database of an image of Alpine.
fn apk_packages(path: &Path) -> Result<Vec<Installed>, String> {
    let database = text(path)?;
    let read = |paragraph: &str| {
        let field = |key: &str| paragraph.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
        let (name, version) = (field("P:")?, field("V:")?);
        let source = field("o:").unwrap_or_else(|| name.clone());
        Some(Installed { name, source, source_version: version.clone(), version })
    };
    Ok(database.split("\n\n").filter_map(read).collect())
}

fn text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

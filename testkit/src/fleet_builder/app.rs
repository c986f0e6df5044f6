//! Applications: what is put on a base image, and how it goes on from build to build.

use model::{Ecosystem, Package, PackageRecord};

use super::base::{self, DATES, LICENCES};
use super::dice::{Dice, hash};
use super::names::{Known, Names};
use super::words::{AREAS, REGISTRIES, ROLES};

/// How many images of a block of [`BLOCK`] each application has.
const BUILDS: [u64; 9] = [1, 1, 2, 3, 5, 8, 12, 14, 18];
/// Images in a block.
pub(super) const BLOCK: u64 = 64;

/// What an application is written in: ecosystem, name, weight, at least and at most so many packages.
const STACKS: [(Ecosystem, &str, u64, [u64; 2]); 6] = [
    (Ecosystem::Pypi, "python", 27, [112, 190]),
    (Ecosystem::Npm, "node", 26, [118, 195]),
    (Ecosystem::Maven, "java", 22, [108, 182]),
    (Ecosystem::Golang, "go", 15, [104, 176]),
    (Ecosystem::Gem, "ruby", 6, [110, 165]),
    (Ecosystem::Composer, "php", 4, [105, 160]),
];

/// Packages that the organisation shares within itself, for each language.
const INTERNAL: u64 = 600;

/// One application.
#[derive(Clone, Debug)]
pub(super) struct App {
    seed: u64,
    pub(super) number: u64,
    pub(super) area: &'static str,
    pub(super) team: String,
    pub(super) name: String,
    pub(super) registry: &'static str,
    pub(super) ecosystem: Ecosystem,
    pub(super) stack: &'static str,
    release: u64,
    flavour: u64,
    first_date: u64,
    dependencies: u64,
    /// How far behind it keeps its packages, 0 to below 1.
    laziness: f64,
}

/// The application of an image, and the number of the build.
pub(super) fn of_image(index: u64) -> (u64, u64) {
    let mut left = index % BLOCK;
    for (place, builds) in BUILDS.iter().enumerate() {
        if left < *builds {
            return (index / BLOCK * BUILDS.len() as u64 + place as u64, left);
        }
        left -= builds;
    }
    unreachable!("the builds of a block add up to its size")
}

impl App {
    pub(super) fn new(seed: u64, number: u64) -> Self {
        let mut dice = Dice::new(seed, "app", number);
        let area = AREAS[dice.skewed(AREAS.len() as u64, 1.6) as usize];
        let team = format!("{area}-{}", dice.below(6));
        let (ecosystem, stack, _, [least, most]) =
            STACKS[dice.weighted(STACKS.iter().map(|(_, _, weight, _)| *weight))];
        let registry = REGISTRIES[dice.weighted(REGISTRIES.iter().map(|(_, weight)| *weight))].0;
        Self {
            seed,
            number,
            area,
            name: format!("{}-{}-{number}", area, dice.pick(&ROLES)),
            team,
            registry,
            ecosystem,
            stack,
            release: base::pick_release(&mut dice),
            flavour: dice.skewed(base::FLAVOURS.len() as u64, 0.8),
            first_date: 4 + dice.skewed(DATES - 4, 0.6),
            dependencies: least + dice.below(most - least + 1),
            laziness: dice.share(),
        }
    }

    /// A build that changes only the application's own files has the inventory of the build before it; gives the build that the
    /// inventory is from.
    pub(super) fn inventory_of(&self, build: u64) -> u64 {
        let only_files = |build: u64| Dice::new(self.seed ^ self.number, "only files", build).percent(22);
        (0..=build).rev().find(|build| *build == 0 || !only_files(*build)).unwrap_or(0)
    }

    /// The base image under an inventory.
    pub(super) fn base(&self, inventory: u64) -> u64 {
        base::number(self.release, self.flavour, self.first_date + inventory / 2)
    }

    /// The version that the application calls itself.
    pub(super) fn version(&self, build: u64) -> String {
        format!("{}.{}.{}", 1 + self.number % 7, build / 4, build % 4)
    }

    /// The packages of its language, on the layers 2 (dependencies) and 3 (itself).
    pub(super) fn packages(&self, names: &Names, inventory: u64) -> Vec<PackageRecord> {
        let mut dice = Dice::new(self.seed, "dependencies", self.number);
        let known = names.language(self.ecosystem);
        let mut taken = vec![false; known.len() + INTERNAL as usize];
        let mut records = Vec::with_capacity(self.dependencies as usize + 1);
        // some draws fall on what is there already
        for _ in 0..self.dependencies * 4 {
            if records.len() as u64 >= self.dependencies {
                break;
            }
            let own = dice.percent(18) || known.is_empty();
            let place = match own {
                true => known.len() as u64 + dice.skewed(INTERNAL, 1.5),
                false => dice.skewed(known.len() as u64, 1.7),
            };
            let late = dice.share();
            if std::mem::replace(&mut taken[place as usize], true) {
                continue;
            }
            let since = (inventory + dice.below(12)) / 12;
            records.push(match known.get(place as usize) {
                Some(package) => self.known(package, late, since),
                None => {
                    let (name, version) = self.internal(place - known.len() as u64, late, since);
                    record(self.ecosystem, name, version, 2)
                }
            });
        }
        if !self.stack.starts_with("python") {
            let (name, _) = self.internal(INTERNAL, 0.0, 0);
            let own = name.replace(&format!("shared-{INTERNAL}"), &self.name);
            records.push(record(self.ecosystem, own, self.version(inventory), 3));
        }
        if self.ecosystem == Ecosystem::Golang {
            // all of them are in the one program
            let path = format!("usr/local/bin/{}", self.name);
            records.iter_mut().for_each(|record| record.path.clone_from(&path));
        }
        records.sort();
        records
    }

    /// A package in the version that the application uses: it starts somewhat behind and follows now and then.
    fn known(&self, package: &Known, late: f64, since: u64) -> PackageRecord {
        let last = package.versions.len() - 1;
        let behind = (late.powf(BEHIND) * (0.3 + self.laziness) * (last + 1) as f64) as usize;
        let place = (last - behind.min(last) + since as usize).min(last);
        let make = || record(self.ecosystem, package.name.clone(), package.versions[place].clone(), 2);
        package.records[place].get_or_init(make).clone()
    }

    /// A package of the organisation itself.
    fn internal(&self, place: u64, late: f64, since: u64) -> (String, String) {
        let area = AREAS[(place % AREAS.len() as u64) as usize];
        let shared = format!("shared-{place}");
        let name = match self.ecosystem {
            Ecosystem::Npm => format!("@example-{area}/{shared}"),
            Ecosystem::Maven => format!("com.example.{}:{shared}", area.replace('-', "")),
            Ecosystem::Golang => format!("git.example.com/{area}/{shared}"),
            Ecosystem::Composer => format!("example-{area}/{shared}"),
            _ => format!("example-{area}-{shared}"),
        };
        (name, format!("{}.{}.0", 1 + place % 4, (late * 30.0) as u64 + since))
    }
}

/// How rare it is that a package is far behind; set so that an image has about a hundred findings by the shared feeds.
const BEHIND: f64 = 9.0;

/// A package where its ecosystem puts it; a Go program is named by the application.
fn record(ecosystem: Ecosystem, name: String, version: String, layer: u32) -> PackageRecord {
    let (path, found_by) = match ecosystem {
        Ecosystem::Pypi => {
            let folder = "usr/local/lib/python3.11/site-packages";
            (format!("{folder}/{}-{version}.dist-info/METADATA", name.replace('-', "_")), "python-metadata")
        }
        Ecosystem::Npm => (format!("app/node_modules/{name}/package.json"), "npm-package"),
        Ecosystem::Maven => {
            let artifact = name.rsplit(':').next().unwrap_or(&name);
            (format!("app/app.jar!/BOOT-INF/lib/{artifact}-{version}.jar"), "java-archive")
        }
        Ecosystem::Golang => (String::new(), "go-binary"),
        Ecosystem::Gem => {
            let folder = "usr/local/bundle/specifications";
            (format!("{folder}/{name}-{version}.gemspec"), "gem-specification")
        }
        _ => ("app/vendor/composer/installed.json".to_owned(), "composer-installed"),
    };
    let version = match ecosystem {
        Ecosystem::Golang if !version.starts_with('v') && name != "stdlib" => format!("v{version}"),
        _ => version,
    };
    let license = Some(LICENCES[(hash(&name) % 3) as usize].to_owned());
    let found_by = found_by.to_owned();
    let package = Package::new(ecosystem, name, version);
    PackageRecord { layer: Some(layer), license, found_by, ..PackageRecord::new(package, path) }
}

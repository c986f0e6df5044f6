//! Base images: a release of a distribution in five sizes, as it was on one of twenty-five days.

use model::{
    DiffId, Digest, Distro, Ecosystem, LayerFacts, OsRelease, Package, PackageRecord, SourcePackage,
    Timestamp,
};

use super::dice::{Dice, hash};
use super::names::{Installed, Names};

/// Sizes that each release comes in.
pub(super) const FLAVOURS: [&str; 5] = ["slim", "minimal", "standard", "runtime", "build"];
/// Days that each of them was published on, about 12 days apart.
pub(super) const DATES: u64 = 25;
/// The first of these days, 2024-08-01.
const FIRST_DAY: i64 = 1_722_470_400_000;
const BETWEEN: i64 = 12 * 24 * 3_600 * 1_000;

/// Which part of the fixes an image lacks that is a year old; set so that an image has about a hundred findings by the shared feeds.
const BEHIND: [(&str, f64); 2] = [("debian", 0.19), ("", 0.6)];

/// Licences as packages declare them.
pub(super) const LICENCES: [&str; 8] = [
    "MIT",
    "Apache-2.0",
    "BSD-3-Clause",
    "GPL-2.0-or-later",
    "LGPL-2.1-or-later",
    "ISC",
    "GPL-3.0-or-later",
    "MPL-2.0",
];

/// Release: os-release id, version, codename, name to show, how many of a hundred applications are built on it.
struct Release {
    id: &'static str,
    version: &'static str,
    codename: &'static str,
    display: &'static str,
    weight: u64,
}

const fn release(
    id: &'static str,
    version: &'static str,
    codename: &'static str,
    display: &'static str,
    weight: u64,
) -> Release {
    Release { id, version, codename, display, weight }
}

const RELEASES: [Release; 16] = [
    release("debian", "11", "bullseye", "Debian Linux 11.11", 10),
    release("debian", "12", "bookworm", "Debian Linux 12.9", 26),
    release("debian", "13", "trixie", "Debian Linux 13.1", 6),
    release("ubuntu", "20.04", "focal", "Ubuntu Linux 20.04.6", 5),
    release("ubuntu", "22.04", "jammy", "Ubuntu Linux 22.04.5", 11),
    release("ubuntu", "24.04", "noble", "Ubuntu Linux 24.04.2", 6),
    release("alpine", "3.15", "", "Alpine Linux 3.15.11", 2),
    release("alpine", "3.16", "", "Alpine Linux 3.16.9", 3),
    release("alpine", "3.17", "", "Alpine Linux 3.17.10", 4),
    release("alpine", "3.18", "", "Alpine Linux 3.18.12", 7),
    release("almalinux", "8", "", "AlmaLinux 8.10", 4),
    release("almalinux", "9", "", "AlmaLinux 9.5", 8),
    release("almalinux", "10", "", "AlmaLinux 10.0", 1),
    release("rocky", "8", "", "Rocky Linux 8.10", 3),
    release("wolfi", "", "", "Wolfi", 3),
    release("chainguard", "", "", "Chainguard", 1),
];

/// How many base images there are.
pub(super) const BASES: u64 = RELEASES.len() as u64 * FLAVOURS.len() as u64 * DATES;

/// A base image.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) os_release: OsRelease,
    /// The packages, on the layers 0 and 1.
    pub(super) packages: Vec<PackageRecord>,
    pub(super) layers: Vec<LayerFacts>,
    pub(super) created: Timestamp,
    pub(super) users: Vec<String>,
    pub(super) tag: String,
}

/// Which release an application is built on.
pub(super) fn pick_release(dice: &mut Dice) -> u64 {
    dice.weighted(RELEASES.iter().map(|release| release.weight)) as u64
}

/// The number of a base image.
pub(super) fn number(release: u64, flavour: u64, date: u64) -> u64 {
    (release * FLAVOURS.len() as u64 + flavour) * DATES + date.min(DATES - 1)
}

impl Base {
    /// Makes the base image of a number below [`BASES`].
    pub(super) fn new(names: &Names, seed: u64, number: u64) -> Self {
        let date = number % DATES;
        let flavour = (number / DATES % FLAVOURS.len() as u64) as usize;
        let release = &RELEASES[(number / DATES) as usize / FLAVOURS.len()];
        let version_id = (!release.version.is_empty()).then(|| release.version.to_owned());
        let os_release = OsRelease {
            id: release.id.to_owned(),
            version_id,
            version_codename: (!release.codename.is_empty()).then(|| release.codename.to_owned()),
            display_name: release.display.to_owned(),
            ..OsRelease::default()
        };
        let place = Place { names, distro: os_release.distro(), date, flavour };
        let mut packages = match release.id {
            "debian" | "ubuntu" => place.deb(),
            "almalinux" | "rocky" => place.rpm(),
            _ => place.apk(),
        };
        packages.sort();
        packages.dedup_by(|a, b| a.name == b.name);
        let created = Timestamp(FIRST_DAY + date as i64 * BETWEEN);
        Self {
            packages,
            layers: layers(seed, number, release, flavour, created),
            created,
            users: users(release.id),
            tag: format!("{}-{}-{}", release.id, release.version, FLAVOURS[flavour]),
            os_release,
        }
    }
}

/// What the packages of a base image depend on.
struct Place<'a> {
    names: &'a Names,
    distro: Distro,
    date: u64,
    flavour: usize,
}

impl Place<'_> {
    fn deb(&self) -> Vec<PackageRecord> {
        let count = [112, 132, 152, 174, 200][self.flavour];
        let chosen = self.chosen(&self.names.deb, 82, count);
        let made = chosen.into_iter().map(|(installed, layer)| {
            let (version, source_version) = self.known(&installed.source).map_or_else(
                || (self.rebuilt(&installed.version), self.rebuilt(&installed.source_version)),
                |version| (version.to_owned(), version.to_owned()),
            );
            let package = self.package(Ecosystem::Deb, installed, version, source_version, "amd64");
            self.record(package, "var/lib/dpkg/status", "dpkg-status", layer)
        });
        made.collect()
    }

    fn rpm(&self) -> Vec<PackageRecord> {
        let count = [118, 138, 160, 184, 210][self.flavour];
        let chosen = self.chosen(&self.names.rpm, 0, count);
        let ending = format!(".el{}", self.distro.version);
        let made = chosen.into_iter().map(|(installed, layer)| {
            let (version, source_version) = self.known(&installed.name).map_or_else(
                || {
                    (
                        installed.version.replace(".el9", &ending),
                        installed.source_version.replace(".el9", &ending),
                    )
                },
                |version| (version.to_owned(), version.to_owned()),
            );
            let package = self.package(Ecosystem::Rpm, installed, version, source_version, "x86_64");
            self.record(package, "var/lib/rpm/rpmdb.sqlite", "rpm-database", layer)
        });
        made.collect()
    }

    fn apk(&self) -> Vec<PackageRecord> {
        let more = [22, 34, 48, 64, 84][self.flavour];
        let mut all = self.names.apk.clone();
        let mut others: Vec<&str> = self.names.of_release(&self.release()).map(|(name, _)| name).collect();
        others.sort_by_key(|name| (hash(name) ^ self.flavour_of(name), *name));
        all.extend(others.into_iter().take(more).map(|name| Installed {
            name: name.to_owned(),
            source: name.to_owned(),
            version: String::new(),
            source_version: String::new(),
        }));
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let made = all.iter().enumerate().map(|(place, installed)| {
            let known = self.known(&installed.source).map(str::to_owned);
            let version = known.unwrap_or_else(|| installed.version.clone());
            let package = self.package(Ecosystem::Apk, installed, version.clone(), version, "x86_64");
            self.record(package, "lib/apk/db/installed", "apk-installed", u32::from(place % 3 == 2))
        });
        made.collect()
    }

    /// The first `fixed` of a list and others of it, `count` in all, each with the layer that brings it.
    fn chosen<'a>(&self, all: &'a [Installed], fixed: usize, count: usize) -> Vec<(&'a Installed, u32)> {
        let (always, others) = all.split_at(fixed.min(all.len()));
        let mut others: Vec<&Installed> = others.iter().collect();
        others.sort_by_key(|installed| hash(&installed.source) ^ self.flavour_of(&installed.name));
        let others = others.into_iter().take(count.saturating_sub(fixed)).map(|installed| (installed, 1));
        always.iter().map(|installed| (installed, 0)).chain(others).collect()
    }

    /// Sizes share most packages: only some names are drawn anew for each.
    fn flavour_of(&self, name: &str) -> u64 {
        if hash(name).is_multiple_of(4) { hash(FLAVOURS[self.flavour]) } else { 0 }
    }

    /// The version of an advisory's package on the day of the image.
    fn known(&self, name: &str) -> Option<&str> {
        let versions = self.names.versions(&self.release(), name);
        let last = versions.len().checked_sub(1)?;
        // few fixes are missing on the last days, more the older the image is
        let age = (DATES - 1 - self.date) as f64 / DATES as f64;
        let part =
            BEHIND.iter().find(|(id, _)| self.distro.id.starts_with(id)).map_or(0.0, |(_, part)| *part);
        let behind =
            (versions.len() as f64 * age * age * part + (hash(name) % 10) as f64 / 10.0 * age) as usize;
        Some(versions[last - behind.min(last)].as_str())
    }

    /// The release as its advisories name it; rebuilds are held against those of what they are built from.
    fn release(&self) -> String {
        match self.distro.id.as_str() {
            "rocky" => format!("almalinux:{}", self.distro.version),
            "chainguard" => "wolfi".to_owned(),
            _ => self.distro.to_string(),
        }
    }

    /// The version of a package that no advisory speaks of, in this release.
    fn rebuilt(&self, version: &str) -> String {
        let plain = version.split(['+', '~']).next().unwrap_or(version);
        match (self.distro.id.as_str(), self.distro.version.as_str()) {
            ("debian", "12") => version.to_owned(),
            ("debian", _) => plain.to_owned(),
            _ if plain.contains('-') => format!("{plain}ubuntu1"),
            _ => format!("{plain}ubuntu0.{}", self.distro.version),
        }
    }

    fn package(
        &self,
        ecosystem: Ecosystem,
        installed: &Installed,
        version: String,
        source_version: String,
        arch: &str,
    ) -> Package {
        Package {
            ecosystem,
            distro: Some(self.distro.clone()),
            name: installed.name.clone(),
            version,
            arch: Some(arch.to_owned()),
            source: Some(SourcePackage { name: installed.source.clone(), version: source_version }),
            module: None,
            vendor: None,
        }
    }

    fn record(&self, package: Package, path: &str, found_by: &str, layer: u32) -> PackageRecord {
        let license = Some((*LICENCES.get((hash(&package.name) % 8) as usize).unwrap_or(&"MIT")).to_owned());
        let found_by = found_by.to_owned();
        PackageRecord { layer: Some(layer), license, found_by, ..PackageRecord::new(package, path) }
    }
}

fn layers(seed: u64, number: u64, release: &Release, flavour: usize, created: Timestamp) -> Vec<LayerFacts> {
    // the file system of a release is the same in all sizes
    let root = number / DATES / FLAVOURS.len() as u64 * DATES + number % DATES;
    let layer = |name: &str, number: u64, created_by: String, size: u64| LayerFacts {
        diff_id: Some(DiffId(Digest::of(format!("{seed} {name} {number}").as_bytes()))),
        digest: Some(Digest::of(format!("{seed} {name} blob {number}").as_bytes())),
        size,
        created_by,
        created: Some(created),
        comment: String::new(),
    };
    let install = match release.id {
        "debian" | "ubuntu" => "apt-get update && apt-get install -y --no-install-recommends",
        "almalinux" | "rocky" => "microdnf install -y --setopt=install_weak_deps=0",
        _ => "apk add --no-cache",
    };
    let file = format!("/bin/sh -c #(nop) ADD file:{:016x} in / ", hash(&format!("{seed} {root}")));
    vec![
        layer("root", root, file, 60_000_000 + root % 97 * 250_000),
        LayerFacts {
            diff_id: None,
            digest: None,
            size: 0,
            created_by: "/bin/sh -c #(nop)  CMD [\"sh\"]".to_owned(),
            created: Some(created),
            comment: String::new(),
        },
        layer(
            "size",
            number,
            format!("RUN /bin/sh -c {install} {} # buildkit", FLAVOURS[flavour]),
            20_000_000 * (flavour as u64 + 1) + number % 89 * 100_000,
        ),
    ]
}

fn users(id: &str) -> Vec<String> {
    let mut users = vec!["root", "daemon", "bin", "sys", "sync", "mail", "nobody"];
    match id {
        "debian" | "ubuntu" => {
            users.extend(["games", "man", "lp", "news", "uucp", "proxy", "www-data", "backup", "_apt"])
        }
        "almalinux" | "rocky" => {
            users.extend(["adm", "lp", "shutdown", "halt", "operator", "games", "ftp", "dbus"])
        }
        _ => users.extend(["adm", "lp", "cron", "ftp", "sshd", "guest", "nonroot"]),
    }
    users.into_iter().map(str::to_owned).collect()
}

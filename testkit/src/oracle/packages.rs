//! What random images hold: few packages in few versions, so that images overlap.

use model::{Distro, Ecosystem, Package, PackageRecord, ScanReport, SourcePackage};

use super::dice::Dice;

/// Name, source package, versions.
pub(super) const DEBIAN: [(&str, &str, &[&str]); 8] = [
    ("libssl3", "openssl", &["3.0.11-1~deb12u2", "3.0.14-1~deb12u1"]),
    ("openssl", "openssl", &["3.0.11-1~deb12u2", "3.0.14-1~deb12u1"]),
    ("zlib1g", "zlib", &["1:1.2.13.dfsg-1", "1:1.3-1"]),
    ("libsystemd0", "systemd", &["252.6-1", "241-7~deb10u8"]),
    ("sudo", "sudo", &["1.9.5p2-3", "1.9.13p3-1"]),
    ("curl", "curl", &["7.88.1-10", "7.88.1-10+deb12u5"]),
    ("python3-jinja2", "jinja2", &["3.1.2-1", "2.11-1"]),
    ("base-files", "base-files", &["12.4"]),
];
/// Name, versions.
pub(super) const ALPINE: [(&str, &[&str]); 3] = [
    ("openssl", &["3.1.1-r1", "3.1.4-r0"]),
    ("musl", &["1.2.4-r2"]),
    ("busybox", &["1.36.1-r2", "1.36.1-r5"]),
];
/// Ecosystem, name, versions, path.
pub(super) const LANGUAGE: [(Ecosystem, &str, &[&str], &str); 6] = [
    (
        Ecosystem::Pypi,
        "jinja2",
        &["2.11", "3.1.2"],
        "usr/lib/python3/dist-packages/jinja2.dist-info/METADATA",
    ),
    (Ecosystem::Pypi, "requests", &["2.25.0", "2.31.0"], "srv/app/venv/requests.dist-info/METADATA"),
    (Ecosystem::Npm, "lodash", &["4.17.15", "4.17.21"], "srv/web/node_modules/lodash/package.json"),
    (Ecosystem::Maven, "org.example:lib-transport", &["1.6.3"], "usr/share/app/lib/lib-transport-1.6.3.jar"),
    (Ecosystem::Golang, "github.com/example/mux", &["v1.2.3", "v1.8.0"], "usr/bin/proxy"),
    (Ecosystem::Cargo, "time", &["0.1.40"], "usr/bin/agent"),
];

/// Puts other packages into a report.
pub(super) fn fill(dice: &mut Dice, report: &mut ScanReport) {
    report.packages = chosen(dice, report);
    report.packages.sort();
    report.packages.dedup_by(|a, b| a.package() == b.package() && a.path == b.path);
}

/// Some packages as a container may have them beside its image's, or in their place.
pub(super) fn some(dice: &mut Dice) -> Vec<PackageRecord> {
    let mut records = Vec::new();
    let distro = Distro { id: "debian".into(), version: "12".into() };
    let count = dice.below(4);
    for (name, source, versions) in dice.some(&DEBIAN, count) {
        records.push(debian(dice, Some(distro.clone()), name, source, versions));
    }
    let count = dice.below(3);
    // the one that an OS package may own: rows do not tell that, so one of each could not be told apart
    let others = |(_, name, ..): &&(Ecosystem, &str, &[&str], &str)| *name != "jinja2";
    for (ecosystem, name, versions, path) in dice.some(&LANGUAGE, count).iter().filter(others).copied() {
        let package = Package::new(ecosystem, name.to_owned(), (*dice.pick(versions)).to_owned());
        records.push(PackageRecord::new(package, path));
    }
    records
}

fn chosen(dice: &mut Dice, report: &ScanReport) -> Vec<PackageRecord> {
    let mut records = Vec::new();
    let distro = report.os_release.as_ref().map(|release| release.distro());
    match distro.as_ref().map(|distro| distro.id.as_str()) {
        Some("debian") => {
            let count = dice.below(DEBIAN.len() + 1);
            for (name, source, versions) in dice.some(&DEBIAN, count) {
                records.push(debian(dice, distro.clone(), name, source, versions));
            }
        }
        Some(_) => {
            let count = dice.below(ALPINE.len() + 1);
            for (name, versions) in dice.some(&ALPINE, count) {
                let mut package =
                    Package::new(Ecosystem::Apk, name.to_owned(), (*dice.pick(versions)).to_owned());
                package.distro = distro.clone();
                package.arch = Some("x86_64".into());
                package.source = Some(SourcePackage { name: name.into(), version: package.version.clone() });
                records.push(PackageRecord::new(package, "lib/apk/db/installed"));
            }
        }
        None => {}
    }
    let owned = records.iter().any(|record| record.name == "python3-jinja2");
    let count = dice.below(5);
    for (ecosystem, name, versions, path) in dice.some(&LANGUAGE, count) {
        let package = Package::new(ecosystem, name.to_owned(), (*dice.pick(versions)).to_owned());
        let mut record = PackageRecord::new(package, path);
        if name == "jinja2" && owned && dice.percent(60) {
            record.owned_by = Some("python3-jinja2".into());
        } else if dice.percent(25) {
            // the same one at a second place
            records.push(PackageRecord { path: format!("opt/copy/{path}"), ..record.clone() });
        }
        records.push(record);
    }
    let held = report.image.layers.iter().filter(|layer| layer.diff_id.is_some()).count();
    for record in &mut records {
        record.layer = (held > 0 && dice.percent(80)).then(|| dice.below(held) as u32);
    }
    records
}

fn debian(
    dice: &mut Dice,
    distro: Option<Distro>,
    name: &str,
    source: &str,
    versions: &[&str],
) -> PackageRecord {
    let version = *dice.pick(versions);
    let mut package = Package::new(Ecosystem::Deb, name.to_owned(), version.to_owned());
    package.distro = distro;
    package.arch = Some(if name == "base-files" { "all" } else { "amd64" }.into());
    package.source = Some(SourcePackage { name: source.into(), version: version.into() });
    PackageRecord::new(package, "var/lib/dpkg/status")
}

//! What several files say of one thing becomes one record: the better witness stands, the others give way.
//!
//! What it is not for: ownership by OS packages, which is a link and hides nothing. The decision a reader may doubt: only
//! catalogers that are known to repeat others give way. One module at two places is two records, since both are run.

use std::collections::{HashMap, HashSet};

use model::{Ecosystem, PackageRecord};

use crate::compose::Visible;
use crate::path::ancestors;

/// Catalogers whose files repeat what others prove: a cache beside the installed module, a list beside documents, an
/// installer's record beside the metadata. The better of two that repeat the same comes first.
const REPEATING: [&str; 5] =
    ["yarn-cache", "bitnami-spdx", "bitnami-components", "perl-install", "perl-local"];

type Identity = (Ecosystem, String, String);

fn identity(record: &PackageRecord) -> Identity {
    (record.ecosystem, record.name.clone(), record.version.clone())
}

/// Leaves out the records that others make superfluous, and gives to Hex what is proved to come from there.
pub(crate) fn without(mut records: Vec<PackageRecord>, visible: &[Visible<'_>]) -> Vec<PackageRecord> {
    let covered: HashSet<&[u8]> =
        visible.iter().flat_map(|file| &file.evidence().facts.covered).map(Vec::as_slice).collect();
    if !covered.is_empty() {
        records.retain(|record| !is_covered(record, &covered));
    }
    give_to_hex(&mut records);
    let mut records = without_repeated(records);
    without_programs_of_bitnami(&mut records);
    records
}

/// A program in a component's folder is that component, whose record carries the revision that Bitnami's advisories speak of.
fn without_programs_of_bitnami(records: &mut Vec<PackageRecord>) {
    let components: HashSet<(String, String)> = records
        .iter()
        .filter(|record| record.ecosystem == Ecosystem::Bitnami)
        .map(|record| {
            let version = record.version.rsplit_once('-').map_or(&*record.version, |(version, _)| version);
            (record.name.clone(), version.to_owned())
        })
        .collect();
    if components.is_empty() {
        return;
    }
    let is_there = |record: &PackageRecord| {
        record.ecosystem == Ecosystem::Generic
            && record.path.contains("bitnami/")
            && components.contains(&(record.name.clone(), record.version.clone()))
    };
    records.retain(|record| !is_there(record));
}

/// Whether a file that knows better has spoken of the record's file, or of one of the folders that it is in.
fn is_covered(record: &PackageRecord, covered: &HashSet<&[u8]>) -> bool {
    match record.found_by.as_str() {
        "dotnet-assembly" => {
            let path = record.path.as_bytes();
            covered.contains(path)
                || ancestors(path).any(|folder| !folder.is_empty() && covered.contains(folder))
        }
        "perl-local" => {
            let module = record.path.rsplit_once("!/").map_or(record.name.as_str(), |(_, module)| module);
            covered.contains(crate::cpan::module_key(module, &record.version).as_slice())
        }
        _ => false,
    }
}

/// An application of which Hex's metadata speak is that package and none of OTP; one of which a lock file speaks is
/// installed by the runtime's own word.
fn give_to_hex(records: &mut Vec<PackageRecord>) {
    let mut hex: HashMap<(String, String), bool> = HashMap::new();
    for record in records.iter().filter(|record| record.ecosystem == Ecosystem::Hex) {
        let is_installed = hex.entry((record.name.clone(), record.version.clone())).or_default();
        *is_installed |= !record.declared;
    }
    if hex.is_empty() {
        return;
    }
    let known = |record: &PackageRecord| hex.get(&(record.name.clone(), record.version.clone())).copied();
    records.retain(|record| record.ecosystem != Ecosystem::Otp || known(record) != Some(true));
    for record in records.iter_mut() {
        if record.ecosystem == Ecosystem::Otp && known(record).is_some() {
            record.ecosystem = Ecosystem::Hex;
            record.purl = PackageRecord::new(record.package(), "").purl;
        }
    }
    records.sort_unstable();
}

fn without_repeated(mut records: Vec<PackageRecord>) -> Vec<PackageRecord> {
    if !records.iter().any(|record| rank(record).is_some()) {
        return records;
    }
    // the witnesses of each identity that are judged on their own, as an owned or declared record is not
    let mut witnesses: HashMap<Identity, Vec<(Option<usize>, String)>> = HashMap::new();
    for record in records.iter().filter(|record| record.owned_by.is_none() && !record.declared) {
        let place = (rank(record), record.path.clone());
        witnesses.entry(identity(record)).or_default().push(place);
    }
    records.retain(|record| {
        let Some(own) = rank(record) else { return true };
        let project = project(record);
        let is_better = |(rank, path): &(Option<usize>, String)| {
            rank.is_none_or(|rank| rank < own) && path.starts_with(project)
        };
        !witnesses.get(&identity(record)).is_some_and(|known| known.iter().any(is_better))
    });
    records
}

/// How much a cataloger repeats others; `None` if it does not.
fn rank(record: &PackageRecord) -> Option<usize> {
    REPEATING.iter().position(|name| *name == record.found_by)
}

/// The folder in which a better witness may stand: a project's cache holds what that project uses, everything else
/// speaks of the whole image.
fn project(record: &PackageRecord) -> &str {
    record.path.find(".yarn/cache/").map_or("", |at| &record.path[..at])
}

#[cfg(test)]
mod tests {
    use model::Package;

    use super::*;

    fn record(ecosystem: Ecosystem, name: &str, path: &str, found_by: &str) -> PackageRecord {
        let mut record = PackageRecord::new(Package::new(ecosystem, name, "1.0"), path);
        record.found_by = found_by.to_owned();
        record
    }

    fn left(records: Vec<PackageRecord>) -> Vec<String> {
        without(records, &[])
            .into_iter()
            .map(|record| format!("{} {}", record.purl, record.found_by))
            .collect()
    }

    #[test]
    fn a_cache_gives_way_to_what_is_installed_unless_that_is_judged_elsewhere() {
        let cached = record(Ecosystem::Npm, "a", "app/.yarn/cache/a.zip", "yarn-cache");
        let installed = record(Ecosystem::Npm, "a", "app/node_modules/a/package.json", "npm-package");
        assert_eq!(left(vec![cached.clone(), installed.clone()]), ["pkg:npm/a@1.0 npm-package"]);
        assert_eq!(left(vec![cached.clone(), cached.clone()]).len(), 2, "two places of one kind");
        let elsewhere =
            PackageRecord { path: "other/node_modules/a/package.json".into(), ..installed.clone() };
        assert_eq!(left(vec![cached.clone(), elsewhere]).len(), 2, "another project");
        let owned = PackageRecord { owned_by: Some("node-a".into()), ..installed.clone() };
        assert_eq!(left(vec![cached.clone(), owned]).len(), 2);
        let declared = PackageRecord { declared: true, ..installed };
        assert_eq!(left(vec![cached, declared]).len(), 2);
    }

    #[test]
    fn of_two_that_repeat_the_better_stands() {
        let list = record(Ecosystem::Bitnami, "redis", ".bitnami_components.json", "bitnami-components");
        let document = record(Ecosystem::Bitnami, "redis", ".spdx-redis.spdx", "bitnami-spdx");
        assert_eq!(left(vec![list, document.clone()]), ["pkg:bitnami/redis@1.0 bitnami-spdx"]);
    }

    #[test]
    fn a_program_of_bitnami_is_its_component_and_another_of_the_same_name_is_not() {
        let mut component = record(Ecosystem::Bitnami, "redis", ".spdx-redis.spdx", "bitnami-spdx");
        component.version = "1.0-3".into();
        let program = record(Ecosystem::Generic, "redis", "opt/bitnami/redis/bin/redis-server", "program");
        assert_eq!(left(vec![component.clone(), program.clone()]), ["pkg:bitnami/redis@1.0 bitnami-spdx"]);
        let other = PackageRecord { path: "usr/local/bin/redis-server".into(), ..program.clone() };
        assert_eq!(left(vec![component.clone(), other]).len(), 2);
        let newer = PackageRecord { version: "2.0".into(), ..program };
        assert_eq!(left(vec![component, newer]).len(), 2);
    }

    #[test]
    fn an_application_that_hex_knows_is_one_of_hex() {
        let application = record(Ecosystem::Otp, "ranch", "ranch/ebin/ranch.app", "erlang-app");
        let other = record(Ecosystem::Otp, "ssl", "ssl/ebin/ssl.app", "erlang-app");
        let metadata = record(Ecosystem::Hex, "ranch", "ranch/hex_metadata.config", "hex-metadata");
        assert_eq!(
            left(vec![metadata.clone(), application.clone(), other]),
            ["pkg:hex/ranch@1.0 hex-metadata", "pkg:otp/ssl@1.0 erlang-app"]
        );
        let locked = PackageRecord { declared: true, found_by: "mix-lock".into(), ..metadata };
        assert!(left(vec![locked, application]).contains(&"pkg:hex/ranch@1.0 erlang-app".to_owned()));
    }
}

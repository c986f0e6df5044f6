//! Two lists of packages compared: what is new, what is gone, what has another version.

use std::collections::{BTreeMap, HashMap};

use model::purl::normalise_python;
use model::{DriftPackage, DriftReason, Ecosystem, PackageRecord};

/// What must differ for two records to be different packages: all that a judgement depends on, and the place.
type Identity<'a> = (&'a str, &'a str, &'a str, Ecosystem, Option<&'a str>, bool);

/// What stays the same when a package gets another version.
type Place = (Ecosystem, String, Option<String>, String, bool);

/// Compares what the image holds with what the container holds. `own_layer` is the number of the container's layer, which
/// no image has.
pub(super) fn compare(
    image: &[PackageRecord],
    container: Vec<PackageRecord>,
    own_layer: usize,
) -> Vec<DriftPackage> {
    let mut removed: HashMap<Identity<'_>, Vec<&PackageRecord>> = HashMap::new();
    for record in image {
        removed.entry(identity(record)).or_default().push(record);
    }
    let mut added = Vec::new();
    for record in &container {
        let same = removed.get_mut(&identity(record));
        let found = same.and_then(|same| {
            let at = same.iter().position(|other| is_same(other, record))?;
            Some(same.swap_remove(at))
        });
        if found.is_none() {
            added.push(record);
        }
    }
    let mut before: BTreeMap<Place, Vec<&PackageRecord>> = BTreeMap::new();
    let mut gone: Vec<&PackageRecord> = removed.into_values().flatten().collect();
    gone.sort_unstable();
    for record in gone {
        before.entry(place(record)).or_default().push(record);
    }
    let mut packages = Vec::new();
    for record in added {
        let former = before.get_mut(&place(record)).filter(|former| !former.is_empty());
        let former = former.map(|former| former.remove(0).clone());
        let reason = if former.is_some() { DriftReason::Varied } else { DriftReason::New };
        let mut record = record.clone();
        record.layer = record.layer.filter(|layer| *layer as usize != own_layer);
        packages.push(DriftPackage { reason, record, before: former.map(Box::new), changed_at: None });
    }
    let gone = before.into_values().flatten();
    packages.extend(gone.map(|record| DriftPackage {
        reason: DriftReason::Removed,
        record: record.clone(),
        before: None,
        changed_at: None,
    }));
    packages.sort_unstable_by(|a, b| (&a.record, &a.before).cmp(&(&b.record, &b.before)));
    packages
}

fn identity(record: &PackageRecord) -> Identity<'_> {
    let owner = record.owned_by.as_deref();
    (&record.name, &record.version, &record.path, record.ecosystem, owner, record.declared)
}

/// Whether two records of one identity are judged alike; the layer and the licence are no matter.
fn is_same(a: &PackageRecord, b: &PackageRecord) -> bool {
    a.arch == b.arch
        && a.source == b.source
        && a.module == b.module
        && a.vendor == b.vendor
        && a.distro == b.distro
        && a.found_by == b.found_by
}

/// The path counts without the version, which `rake-13.gemspec` and `a-1.jar` carry. Of Python's packages the directory counts that they lie
/// in: from one version to the next `Click-7.0.dist-info` may become `click-7.1.dist-info`, or an `.egg-info` a `.dist-info`.
fn place(record: &PackageRecord) -> Place {
    let (name, path) = match (record.ecosystem, model::drift::python_site(&record.path)) {
        (Ecosystem::Pypi, Some(site)) => (normalise_python(&record.name), site.to_owned()),
        _ if record.version.is_empty() => (record.name.clone(), record.path.clone()),
        _ => (record.name.clone(), record.path.replace(&record.version, "*")),
    };
    (record.ecosystem, name, record.arch.clone(), path, record.declared)
}

#[cfg(test)]
mod tests {
    use super::*;

    use model::Package;

    fn record(ecosystem: Ecosystem, name: &str, version: &str, path: &str) -> PackageRecord {
        PackageRecord::new(Package::new(ecosystem, name, version), path)
    }

    fn told(image: &[PackageRecord], container: Vec<PackageRecord>) -> Vec<String> {
        let drift = compare(image, container, 9);
        let line = |package: &DriftPackage| {
            let before = package.before.as_ref().map_or("", |before| &before.version);
            format!("{:?} {} {} {before}", package.reason, package.record.name, package.record.version)
        };
        drift.iter().map(line).collect()
    }

    #[test]
    fn a_package_with_another_version_at_the_same_place_varies() {
        let status = "var/lib/dpkg/status";
        let deb = |name: &str, version: &str| record(Ecosystem::Deb, name, version, status);
        let image = [deb("a", "1"), deb("b", "1"), deb("c", "1")];
        let container = vec![deb("a", "1"), deb("b", "2"), deb("d", "1")];
        assert_eq!(told(&image, container), ["Varied b 2 1", "Removed c 1 ", "New d 1 "]);
    }

    #[test]
    fn the_version_in_a_path_is_no_other_place() {
        let pip = |version: &str| {
            let path = format!("usr/lib/python3/site-packages/flask-{version}.dist-info/METADATA");
            record(Ecosystem::Pypi, "flask", version, &path)
        };
        assert_eq!(told(&[pip("2.0")], vec![pip("2.1")]), ["Varied flask 2.1 2.0"]);
        let other = |name: &str, version: &str, file: &str| {
            let path = format!("usr/lib/python3/site-packages/{name}-{version}.{file}");
            record(Ecosystem::Pypi, name, version, &path)
        };
        let (before, after) =
            (other("Zope.X", "7.0", "egg-info"), other("zope_x", "7.1", "dist-info/METADATA"));
        assert_eq!(told(&[before], vec![after]), ["Varied zope_x 7.1 7.0"]);
        let npm = |version: &str, place: &str| {
            record(Ecosystem::Npm, "m", version, &format!("{place}/node_modules/m/package.json"))
        };
        assert_eq!(told(&[npm("1", "a")], vec![npm("2", "b")]), ["Removed m 1 ", "New m 2 "]);
    }

    #[test]
    fn several_versions_at_one_place_are_paired_as_far_as_they_go() {
        let rpm = |version: &str| record(Ecosystem::Rpm, "kernel", version, "var/lib/rpm/Packages");
        let image = [rpm("1"), rpm("2")];
        assert_eq!(told(&image, vec![rpm("2"), rpm("3"), rpm("4")]), ["Varied kernel 3 1", "New kernel 4 "]);
    }

    #[test]
    fn layer_and_licence_make_no_difference_and_the_containers_layer_is_none() {
        let mut before = record(Ecosystem::Npm, "m", "1", "p");
        let mut after = before.clone();
        (before.layer, after.layer, after.license) = (Some(1), Some(9), Some("MIT".into()));
        assert!(compare(&[before], vec![after.clone()], 9).is_empty());
        assert_eq!(compare(&[], vec![after], 9)[0].record.layer, None);
    }
}

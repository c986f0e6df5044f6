//! Documents that Syft and Trivy wrote about the fixture images: what they found is what our own scan finds.
//!
//! They lie under `target/sboms`, written by `cargo xtask sboms`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use model::{Ecosystem, PackageRecord, ScanReport};
use sbom::Limits;

const IMAGES: [&str; 3] = ["debian-python", "node", "java"];
const FORMS: [&str; 5] = ["trivy.cyclonedx", "trivy.spdx", "syft.syft", "syft.cyclonedx", "syft.spdx"];

fn target(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(path);
    assert!(path.exists(), "{} is missing: make it with `cargo xtask sboms`", path.display());
    path
}

fn document(image: &str, form: &str) -> ScanReport {
    let bytes = std::fs::read(target(&format!("sboms/{image}.{form}.json"))).unwrap();
    sbom::read(&bytes, &Limits::default()).unwrap()
}

/// Our own scan of the image.
fn scan(image: &str) -> ScanReport {
    document(image, "plimsoll")
}

/// What a judgement depends on, as one line.
fn line(record: &PackageRecord) -> String {
    let source = record.source.as_ref().map(|source| format!("{} {}", source.name, source.version));
    let distro = record.distro.as_ref().map(ToString::to_string);
    let name = match record.ecosystem {
        Ecosystem::Pypi => model::purl::normalise_python(&record.name),
        _ => record.name.clone(),
    };
    let rest = [record.arch.clone(), distro, source, record.module.clone()].map(Option::unwrap_or_default);
    format!("{} {name} {} {}", record.ecosystem, record.version, rest.join("|"))
}

fn lines(report: &ScanReport, ecosystem: Ecosystem) -> BTreeSet<String> {
    let is_wanted =
        |record: &&PackageRecord| record.ecosystem == ecosystem && record.arch.as_deref() != Some("source");
    report.packages.iter().filter(is_wanted).map(line).collect()
}

#[test]
fn the_os_packages_of_every_document_are_those_of_our_own_scan_with_source_release_and_architecture() {
    for image in IMAGES {
        let own = lines(&scan(image), Ecosystem::Deb);
        assert!(own.len() > 100, "{image}");
        for form in FORMS {
            let mut read = lines(&document(image, form), Ecosystem::Deb);
            // Syft lists a package that was removed and whose settings are left.
            read.remove("deb netbase 6.4 all|debian:12|netbase 6.4|");
            assert_eq!(read, own, "{image} {form}");
        }
    }
}

/// Root file systems made of real databases of other distributions, where the shared folder is there.
const ROOTS: [(&str, Ecosystem, usize); 3] =
    [("alpine", Ecosystem::Apk, 15), ("sles", Ecosystem::Rpm, 35), ("mariner", Ecosystem::Rpm, 129)];

#[test]
fn apk_and_rpm_packages_of_every_document_are_those_of_our_own_scan_with_source_and_release() {
    for (root, ecosystem, count) in ROOTS {
        if !Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../target/sboms/{root}.plimsoll.json"))
            .exists()
        {
            eprintln!("skipped: {root}, there was no shared folder for `cargo xtask sboms`");
            continue;
        }
        let own = lines(&scan(root), ecosystem);
        assert_eq!(own.len(), count, "{root}");
        for form in FORMS {
            assert_eq!(lines(&document(root, form), ecosystem), own, "{root} {form}");
        }
    }
}

#[test]
fn python_packages_of_every_document_are_those_of_our_own_scan() {
    let own = lines(&scan("debian-python"), Ecosystem::Pypi);
    for form in FORMS {
        let mut expected = own.clone();
        if form.starts_with("trivy") {
            // Trivy leaves out what an OS package owns.
            expected.retain(|line| !["pip ", "setuptools ", "wheel "].iter().any(|name| line.contains(name)));
        }
        assert_eq!(lines(&document("debian-python", form), Ecosystem::Pypi), expected, "{form}");
    }
}

#[test]
fn node_packages_of_every_document_are_those_of_our_own_scan() {
    let own = scan("node");
    for form in FORMS {
        let mut read = lines(&document("node", form), Ecosystem::Npm);
        // The application itself is no package of a registry; both programs list it.
        assert!(read.remove("npm app 1.0.0 |||"), "{form}");
        let mut expected = own.clone();
        if form.starts_with("trivy") {
            expected.packages.retain(|record| record.owned_by.is_none());
        }
        assert_eq!(read, lines(&expected, Ecosystem::Npm), "{form}");
    }
}

#[test]
fn java_packages_that_trivy_finds_are_among_our_own() {
    let own = lines(&scan("java"), Ecosystem::Maven);
    for form in ["trivy.cyclonedx", "trivy.spdx"] {
        let read = lines(&document("java", form), Ecosystem::Maven);
        assert!(read.len() >= 17 && read.is_subset(&own), "{form}: {:?}", read.difference(&own));
    }
}

#[test]
fn the_image_its_names_and_its_release_are_read_from_whoever_states_them() {
    for image in IMAGES {
        let own = scan(image);
        for form in FORMS {
            let read = document(image, form);
            let states_id = !matches!(form, "syft.cyclonedx" | "syft.spdx");
            assert_eq!(read.image.id == own.image.id, states_id, "{image} {form}");
            assert_eq!(read.image.references == own.image.references, states_id, "{image} {form}");
            let release = |report: &ScanReport| report.os_release.as_ref().map(model::OsRelease::distro);
            assert_eq!(release(&read), release(&own), "{image} {form}");
            assert!(
                read.unreadable.iter().all(|note| note.reason.contains("no package")),
                "{image} {form}: {:?}",
                read.unreadable
            );
        }
    }
}

#[test]
fn syft_tells_layers_paths_and_which_os_package_owns_what() {
    for image in IMAGES {
        let (own, read) = (scan(image), document(image, "syft.syft"));
        let diff_ids = |report: &ScanReport| -> Vec<_> {
            report.image.layers.iter().filter_map(|layer| layer.diff_id).collect()
        };
        assert_eq!(diff_ids(&read), diff_ids(&own), "{image}");
        let owned = |report: &ScanReport| -> BTreeSet<(String, Option<String>)> {
            let language = report
                .packages
                .iter()
                .filter(|record| matches!(record.ecosystem, Ecosystem::Pypi | Ecosystem::Npm));
            language
                .filter(|record| record.name != "app")
                .map(|record| (record.path.clone(), record.owned_by.clone()))
                .collect()
        };
        assert_eq!(owned(&read), owned(&own), "{image}");
    }
}

#[test]
fn what_a_real_scan_found_comes_back_from_both_formats() {
    for image in IMAGES {
        let mut own = scan(image);
        // no document holds commands and environment
        own.image.environment.clear();
        own.image.runtime = model::RuntimeFacts::default();
        own.image.layers.retain(|layer| layer.diff_id.is_some());
        for layer in &mut own.image.layers {
            (layer.created_by, layer.comment, layer.created) = (String::new(), String::new(), None);
        }
        own.secrets.clear();
        assert_eq!(crate::read(&crate::cyclonedx(&own)), own, "{image}");
        assert_eq!(crate::read(&crate::spdx(&own)), own, "{image}");
    }
}

//! Lock files in images: declared packages beside installed ones.

use testkit::LayerBuilder;

use crate::{module, notes, report_of};

const LOCK: &str = r#"{"lockfileVersion":3,"packages":{"":{"name":"shop"},
    "node_modules/a":{"version":"1.0.0","license":"MIT"},"node_modules/b":{"version":"2.0.0"}}}"#;

#[test]
fn what_is_installed_is_not_declared_a_second_time() {
    let lower = LayerBuilder::new()
        .file("app/package-lock.json", LOCK)
        .file("app/requirements.txt", "flask==2.0.0\nzope_interface==5.4\nmissing==1.0\n");
    let upper = LayerBuilder::new()
        .file("app/node_modules/a/package.json", module("a", "1.0.0"))
        .file("app/node_modules/b/package.json", module("b", "2.0.1"))
        .file("usr/lib/python3/dist-packages/Flask-2.0.0.dist-info/METADATA", "Name: Flask\nVersion: 2.0.0\n")
        .file(
            "usr/lib/python3/dist-packages/z-5.4.dist-info/METADATA",
            "Name: zope.interface\nVersion: 5.4\n",
        );
    let report = report_of([lower, upper]);
    let declared: Vec<_> = report
        .packages
        .iter()
        .filter(|record| record.declared)
        .map(|record| (record.purl.as_str(), record.layer, record.found_by.as_str(), record.path.as_str()))
        .collect();
    assert_eq!(
        declared,
        [
            ("pkg:pypi/missing@1.0", Some(0), "python-lock", "app/requirements.txt"),
            ("pkg:npm/b@2.0.0", Some(0), "npm-lock", "app/package-lock.json"),
        ]
    );
    assert_eq!(report.packages.len(), 6);
}

#[test]
fn a_lock_file_that_came_with_a_package_tells_nothing_of_the_image() {
    let layer = LayerBuilder::new()
        .file("app/node_modules/a/package-lock.json", LOCK)
        .file("usr/local/bundle/gems/a-1.0/Gemfile.lock", "GEM\n  specs:\n    old (1.0)\n")
        .file(
            "root/.cargo/registry/src/index/a-1/Cargo.lock",
            "[[package]]\nname=\"old\"\nversion=\"1\"\nsource=\"x\"\n",
        );
    let report = report_of([layer]);
    assert!(report.packages.is_empty() && report.unreadable.is_empty(), "{:?}", report.packages);
}

#[test]
fn a_broken_lock_file_costs_a_note_and_not_the_scan() {
    let layer = LayerBuilder::new().file("app/composer.lock", "<<<<<<< HEAD").file(
        "app/Cargo.lock",
        "[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n",
    );
    let report = report_of([layer]);
    assert_eq!(report.packages.len(), 1);
    assert_eq!(
        notes(&report),
        ["Some(0) app/composer.lock: no lock file of Composer: expected value at line 1 column 1"]
    );
}

#[test]
fn a_lock_file_that_an_upper_layer_takes_away_declares_nothing() {
    let lower = LayerBuilder::new().file("app/package-lock.json", LOCK);
    let upper = LayerBuilder::new().whiteout("app/package-lock.json");
    assert!(report_of([lower, upper]).packages.is_empty());
}

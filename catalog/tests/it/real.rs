//! Real databases: of Alpine from the shared fixtures, of Debian from the machine that runs the tests.

use std::collections::BTreeSet;
use std::process::Command;

use testkit::LayerBuilder;

use crate::{notes, report_of, shared};

#[test]
fn real_alpine_databases_are_read_completely() {
    let folder = shared().join("fixtures/apk");
    if !folder.is_dir() {
        eprintln!("skipped: there is no folder {}", folder.display());
        return;
    }
    for file in ["installed-base", "installed-multiple"] {
        let content = std::fs::read(folder.join(file)).unwrap();
        let truth = String::from_utf8_lossy(&content).lines().filter(|line| line.starts_with("P:")).count();
        let layer = LayerBuilder::new()
            .file("etc/os-release", "ID=alpine\nVERSION_ID=3.18.0\n")
            .file("lib/apk/db/installed", &content);
        let report = report_of([layer]);
        assert_eq!(report.packages.len(), truth, "{file}");
        assert!(truth >= 13, "{file}");
        assert!(notes(&report).is_empty(), "{file}: {:?}", notes(&report));
        let complete = report.packages.iter().all(|record| {
            record.source.is_some() && record.arch.is_some() && record.purl.contains("distro=alpine-3.18")
        });
        assert!(complete, "{file}");
    }
}

#[test]
fn the_packages_of_this_machine_equal_those_that_dpkg_query_lists() {
    let format =
        "${db:Status-Status}|${Package}|${Version}|${Architecture}|${source:Package}|${source:Version}\n";
    let output = match Command::new("dpkg-query").args(["-W", "-f", format]).output() {
        Ok(output) if output.status.success() => output.stdout,
        outcome => {
            eprintln!("skipped: dpkg-query cannot be run here: {outcome:?}");
            return;
        }
    };
    let expected: BTreeSet<String> = String::from_utf8(output)
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("installed|"))
        .map(str::to_owned)
        .collect();
    let status = std::fs::read("/var/lib/dpkg/status").unwrap();
    let report = report_of([LayerBuilder::new().file("var/lib/dpkg/status", status)]);
    let found: BTreeSet<String> = report
        .packages
        .iter()
        .filter(|record| record.owned_by.is_none())
        .map(|record| {
            let source = record.source.as_ref().unwrap();
            let arch = record.arch.as_deref().unwrap_or_default();
            format!("{}|{}|{arch}|{}|{}", record.name, record.version, source.name, source.version)
        })
        .collect();
    assert_eq!(found, expected);
    assert!(notes(&report).is_empty(), "{:?}", notes(&report));
}

#[test]
fn the_parts_of_this_machine_equal_those_that_dpkg_query_tells_of_its_packages() {
    let format =
        "${db:Status-Status}|${Package}|${Built-Using}, ${Static-Built-Using}, ${X-Cargo-Built-Using}\n";
    let output = match Command::new("dpkg-query").args(["-W", "-f", format]).output() {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
        outcome => {
            eprintln!("skipped: dpkg-query cannot be run here: {outcome:?}");
            return;
        }
    };
    let mut expected: BTreeSet<String> = BTreeSet::new();
    for (package, parts) in output
        .lines()
        .filter_map(|line| line.strip_prefix("installed|"))
        .filter_map(|line| line.split_once('|'))
    {
        let parts = parts.split(',').map(str::trim).filter(|part| !part.is_empty());
        expected.extend(parts.map(|part| format!("{package}: {part}")));
    }
    let status = std::fs::read("/var/lib/dpkg/status").unwrap();
    let report = report_of([LayerBuilder::new().file("var/lib/dpkg/status", status)]);
    let parts =
        report.packages.iter().filter_map(|record| record.owned_by.as_ref().map(|owner| (owner, record)));
    let found: BTreeSet<String> =
        parts.map(|(owner, record)| format!("{owner}: {} (= {})", record.name, record.version)).collect();
    assert_eq!(found, expected);
}

//! Bills of materials and statements on exploitability, as strangers write them.

use model::{Digest, Ecosystem, ImageFacts, ImageId, Package, PackageRecord, ScanReport, Timestamp};
use sbom::Limits;

/// What is read is what a server takes, and comes back from both formats with the same packages.
pub fn sbom(bytes: &[u8]) {
    let Ok(mut report) = sbom::read(bytes, &Limits::default()) else { return };
    // The clock of whoever made the document is not ours.
    report.scanned_at = Timestamp(0);
    store::fuzzing::check_report(&report).expect("what is read is taken");
    let mut documents = [Vec::new(), Vec::new()];
    sbom::write_cyclonedx(&report, None, &mut documents[0]).expect("memory takes everything");
    sbom::write_spdx(&report, &mut documents[1]).expect("memory takes everything");
    for document in documents {
        same(&sbom::read(&document, &Limits::default()).expect("what is written is read"), &report);
    }
}

fn same(again: &ScanReport, report: &ScanReport) {
    assert_eq!(again.packages, report.packages);
    assert_eq!((again.image.id, &again.os_release), (report.image.id, &report.os_release));
    assert_eq!((&again.users, &again.tags), (&report.users, &report.tags));
}

/// Statements can be asked about any package.
pub fn vex(bytes: &[u8]) {
    let Ok(document) = sbom::vex::read(bytes, &Limits::default()) else { return };
    let image = ImageFacts::new(ImageId(Digest::of(b"x")));
    for ecosystem in [Ecosystem::Deb, Ecosystem::Rpm, Ecosystem::Npm, Ecosystem::Pypi] {
        let package = PackageRecord::new(Package::new(ecosystem, "a", "1"), "");
        for statement in &document.statements {
            assert!(!statement.vulnerabilities.is_empty());
            let ids: Vec<&str> = statement.vulnerabilities.iter().map(String::as_str).collect();
            let applies = statement.applies(&package, &ids, &image);
            assert!(applies || !statement.products.is_empty());
        }
        let _ = sbom::vex::judge(std::slice::from_ref(&document), &package, &["CVE-2024-0001"], &image);
    }
}

//! What a sender may post.

use model::{ContainerReport, ScanReport};

/// A report that is taken can be written and read again, and is taken again.
pub fn ingest_report(bytes: &[u8]) {
    std::str::from_utf8(bytes).map_or((), store::fuzzing::check_report_text);
    let Ok(report) = serde_json::from_slice::<ScanReport>(bytes) else { return };
    if store::fuzzing::check_report(&report).is_ok() {
        let text = serde_json::to_vec(&report).expect("a report can be written");
        let again: ScanReport = serde_json::from_slice(&text).expect("a written report can be read");
        assert_eq!(again, report);
        store::fuzzing::check_report(&again).expect("a report that was taken is taken again");
        for package in &report.packages {
            let _ = model::purl::purl_of(&package.package());
            let _ =
                (knowledge::namespace_of(&package.package()), knowledge::advisory_key(&package.package()));
        }
        let _ = report.os_release.as_ref().map(|release| (release.distro(), release.package()));
    }
}

/// The same for containers.
pub fn ingest_containers(bytes: &[u8]) {
    let Ok(reports) = serde_json::from_slice::<Vec<ContainerReport>>(bytes) else { return };
    if store::fuzzing::check_containers(&reports).is_ok() {
        let text = serde_json::to_vec(&reports).expect("containers can be written");
        let again: Vec<ContainerReport> =
            serde_json::from_slice(&text).expect("written containers can be read");
        assert_eq!(again, reports);
    }
}

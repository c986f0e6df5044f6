//! What is written is valid by the official schemas, which `cargo xtask setup --schemas` installs into `target/schemas`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use model::{
    Confidence, Finding, FixState, NamespaceFamily, ScanReport, Severity, SeverityRule, Timestamp,
    Vulnerability,
};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use sbom::vex::{Justification, Status};
use sbom::{Limits, PlacedFinding, Subject, Suppression};

use crate::generate::report;

/// Generated reports with odd words that are validated.
const GENERATED: usize = 48;

fn target(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(path)
}

/// A finding whose words are as odd as a feed may have them.
pub(crate) fn finding(id: &str, severity: u8) -> Finding {
    let vulnerability = Vulnerability {
        qid: u32::from(severity),
        id: id.into(),
        aliases: vec!["GHSA-xxxx-yyyy-zzzz".into(), "odd \" id".into()],
        family: NamespaceFamily::Debian,
        title: "something \u{1f600} is wrong".into(),
        cvss3: Some(model::advisory::Cvss {
            base: 9.8,
            vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".into(),
            source: "nvd".into(),
        }),
        published: Some(Timestamp(1_700_000_000_000)),
        references: vec!["https://example.com/a?b=c".into(), "not an address".into()],
        ..Vulnerability::default()
    };
    Finding {
        vulnerability: Arc::new(vulnerability),
        advisory: id.into(),
        feed: "debian".into(),
        severity: Severity::new(severity).unwrap(),
        severity_rule: SeverityRule::Cvss,
        base_severity: Severity::new(severity).unwrap(),
        raised_by: None,
        risk: severity * 20,
        state: FixState::Fixed,
        fix_version: Some("1:2.0-1".into()),
        confidence: Confidence::Confirmed,
    }
}

fn write_both(folder: &Path, name: &str, report: &ScanReport) {
    let findings: Vec<Finding> =
        (1..=5).map(|severity| finding(&format!("CVE-2024-000{severity}"), severity)).collect();
    let mut placed = Vec::new();
    for finding in &findings {
        placed.push(PlacedFinding { subject: Subject::Release, finding, suppressed: None });
        placed.extend((0..report.packages.len()).map(|index| PlacedFinding {
            subject: Subject::Package(index),
            finding,
            suppressed: (index == 1).then_some(Suppression {
                status: Status::NotAffected,
                justification: Some(Justification::VulnerableCodeNotPresent),
                detail: "not \" compiled in",
            }),
        }));
    }
    let file = |form: &str| std::fs::File::create(folder.join(format!("{name}.{form}.json"))).unwrap();
    sbom::write_cyclonedx(report, Some(&placed), &mut file("cyclonedx")).unwrap();
    sbom::write_spdx(report, &mut file("spdx")).unwrap();
}

#[test]
fn documents_of_real_scans_and_of_odd_reports_are_valid_by_the_official_schemas() {
    let python = target("schemas/bin/python3");
    assert!(python.exists(), "{} is missing: make it with `cargo xtask setup --schemas`", python.display());
    let folder = target("tmp/sbom-schema");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    for image in ["debian-python", "node", "java"] {
        let bytes = std::fs::read(target(&format!("sboms/{image}.plimsoll.json"))).unwrap();
        write_both(&folder, &format!("real-{image}"), &sbom::read(&bytes, &Limits::default()).unwrap());
    }
    let mut runner = TestRunner::deterministic();
    for number in 0..GENERATED {
        let generated = report().new_tree(&mut runner).unwrap().current();
        write_both(&folder, &format!("odd-{number}"), &generated);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/validate.py");
    let output = Command::new(python).arg(script).arg(&folder).output().unwrap();
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("{} documents are valid", 2 * (GENERATED + 3))), "{said}");
}

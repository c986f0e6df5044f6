//! A made-up report that holds one of everything, and small feeds that speak of it.
//!
//! The report is scanned as `sbom:report.json`, so that outputs depend on no clock and no machine.

use std::path::{Path, PathBuf};
use std::process::Output;

use model::{BaseImage, Ecosystem, Package, PackageRecord, ScanReport, SecretRecord, Severity, Unreadable};
use testkit::ReportBuilder;

use crate::harness::plimsoll;

/// Debian's tracker: one with a fix, one without, one that does not matter much.
const TRACKER: &str = r#"{
 "glibc": {"CVE-2023-4911": {"description": "buffer overflow in ld.so", "releases": {"bookworm":
   {"status": "resolved", "repositories": {"bookworm": "2.36-9+deb12u3"}, "fixed_version": "2.36-9+deb12u3", "urgency": "high"}}}},
 "zlib": {"CVE-2023-45853": {"description": "MiniZip <b>overflow</b>", "releases": {"bookworm":
   {"status": "open", "repositories": {"bookworm": "1:1.2.13.dfsg-1"}, "urgency": "medium"}}},
  "CVE-2020-0002": {"description": "hardly worth a word", "releases": {"bookworm":
   {"status": "open", "repositories": {"bookworm": "1:1.2.13.dfsg-1"}, "urgency": "unimportant"}}}}
}"#;

const EXPLOITED: &str = r#"{"vulnerabilities": [{"cveID": "CVE-2023-4911", "dateAdded": "2023-11-21", "knownRansomwareCampaignUse": "Unknown"}]}"#;

const LIFECYCLE: &str = r#"{"result": [{"name": "debian", "releases": [{"name": "12", "isEol": true, "eolFrom": "2020-01-01"}]}]}"#;

/// A folder with `report.json` and `feeds`.
pub(crate) struct Made {
    folder: tempfile::TempDir,
}

impl Made {
    pub(crate) fn new() -> Self {
        let made = Self { folder: tempfile::tempdir().unwrap() };
        made.write("report.json", &serde_json::to_string(&report()).unwrap());
        made.write("feeds/debian/json", TRACKER);
        made.write("feeds/kev/known_exploited_vulnerabilities.json", EXPLOITED);
        made.write("feeds/endoflife/products-full.json", LIFECYCLE);
        made
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// Scans the report, in the folder, judged by the feeds.
    pub(crate) fn scan(&self, arguments: &[&str]) -> Output {
        self.run(&[&["sbom:report.json", "--feeds", "feeds"], arguments].concat())
    }

    /// `plimsoll scan` in the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        plimsoll()
            .arg("scan")
            .args(arguments)
            .current_dir(self.folder.path())
            .env("PLIMSOLL_CACHE_DIR", self.folder.path().join("cache"))
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .output()
            .unwrap()
    }

    /// Scans the report and gives back standard output; the policy may be met.
    pub(crate) fn stdout(&self, arguments: &[&str]) -> String {
        let output = self.scan(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// One of everything; names that would steer a terminal or a browser among them.
fn report() -> ScanReport {
    let mut report = ReportBuilder::new(1).python_owned_by("six", "1.16.0", Some("python3-six")).build();
    let debian = |source: &str, version: &str| {
        let mut built = ReportBuilder::new(1).debian(source, version).build();
        built.packages.remove(0)
    };
    let glibc = PackageRecord { name: "libc6".into(), ..debian("glibc", "2.36-9") };
    let zlib =
        PackageRecord { license: Some("Zlib".into()), layer: Some(1), ..debian("zlib", "1:1.2.13.dfsg-1") };
    let docker =
        PackageRecord { vendor: Some("Docker".into()), layer: Some(1), ..debian("docker-ce", "5:27.0") };
    let lodash = PackageRecord {
        declared: true,
        layer: Some(1),
        found_by: "npm-package-lock".into(),
        ..PackageRecord::new(Package::new(Ecosystem::Npm, "lodash", "4.17.20"), "srv/app/package-lock.json")
    };
    let hostile = PackageRecord {
        layer: Some(1),
        ..PackageRecord::new(
            Package::new(Ecosystem::Npm, "e\u{1b}[31mvil<script>alert(1)</script>", "1\u{7}"),
            "srv/a\u{1b}]0;title\u{7}\nforged line/<x>&\"'/package.json",
        )
    };
    report.packages.extend([glibc, zlib, docker, lodash, hostile]);
    report.packages.sort();
    for record in &mut report.packages {
        record.purl = model::purl::purl_of(&record.package());
    }
    let mut top = report.image.layers[0].clone();
    top.diff_id = Some(model::DiffId(model::Digest::of(b"top")));
    report.image.layers.push(top);
    let id = model::ImageId(model::Digest::of(b"base"));
    let references = model::Reference::parse("debian:12").into_iter().collect();
    report.image.base = Some(BaseImage { id, references, layers: 1 });
    report.secrets.push(SecretRecord {
        path: "srv/app/.env".into(),
        line: 3,
        rule: "aws-access-key-id".into(),
        title: "AWS access key".into(),
        severity: Severity::new(4).unwrap(),
        masked: "AKIA****************".into(),
        layer: Some(1),
    });
    report.unreadable.push(Unreadable {
        layer: Some(1),
        path: "srv/b\u{1b}[2Jad.jar".into(),
        reason: "it is cut off".into(),
    });
    report
}

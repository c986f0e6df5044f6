//! Feeds that are damaged in every way: never a panic, never a good record lost to a bad file.

use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::{Feeds, affected, shared, skipped, source};

const GOOD: &str = r#"{"packages": [{"pkg": {"name": "good", "secfixes": {"1-r0": ["CVE-2020-0001"]}}}]}"#;

/// One small file of each feed that is a plain document.
const DOCUMENTS: [(&str, &str); 17] = [
    (
        "kev/known_exploited_vulnerabilities.csv",
        "cveID,vendorProject,dateAdded,dueDate,knownRansomwareCampaignUse\nCVE-2020-0001,\"a, \"\"b\"\"\",2024-01-01,2024-02-01,Known\n",
    ),
    ("exploitdb/cve-to-edb-1.json", r#"{"CVE-2020-0001": ["1", 2], "CVE-1": ["3"]}"#),
    (
        "exploitdb/files_exploits.csv",
        "id,file,verified,codes\n1,\"a, \"\"b\"\"\",1,CVE-2020-0001;OSVDB-1\n2,c,0,\n",
    ),
    (
        "metasploit/modules_metadata_base.json",
        r#"{"exploit_a": {"fullname": "exploit/a", "references": ["CVE-2020-0001", "URL-x"]}}"#,
    ),
    ("nuclei/cves.json", "{\"ID\":\"CVE-2020-0001\",\"file_path\":\"http/cves/2020/CVE-2020-0001.yaml\"}\n"),
    (
        "nuclei/CVE-2020-0001.yaml",
        "id: CVE-2020-0001\ninfo:\n  classification:\n    cve-id: CVE-2020-0001,CVE-2020-0002\n",
    ),
    ("PoC-in-GitHub/2020/CVE-2020-0001.json", r#"[{"full_name": "a/b", "stargazers_count": 3}, {"id": 1}]"#),
    (
        "cvelist/CVE-2020-0001.json",
        r#"{"cveMetadata": {"cveId": "CVE-2020-0001", "state": "PUBLISHED"}, "containers": {"cna": {"metrics": [{"cvssV3_1": {"baseScore": 9.1}}]},
            "adp": [{"providerMetadata": {"shortName": "CISA-ADP"}, "metrics": [{"other": {"type": "ssvc", "content": {"options": [{"Exploitation": "poc"}]}}}]}]}}"#,
    ),
    (
        "debian/json",
        r#"{"p": {"CVE-2020-0001": {"description": "d", "releases": {"bookworm": {"status": "resolved", "fixed_version": "1", "urgency": "low"}}}}}"#,
    ),
    (
        "alpine-secdb/v3.18/main.json",
        r#"{"distroversion": "v3.18", "packages": [{"pkg": {"name": "p", "secfixes": {"1-r0": ["CVE-2020-0001 XSA-12345"]}}}]}"#,
    ),
    (
        "kev/known_exploited_vulnerabilities.json",
        r#"{"dateReleased": "2025-08-25T17:04:19Z", "vulnerabilities": [{"cveID": "CVE-2020-0001", "dateAdded": "2025-08-25"}]}"#,
    ),
    (
        "epss/epss_scores-1.csv",
        "#model_version:v1,score_date:2026-08-16T00:00:00+0000\ncve,epss,percentile\nCVE-2020-0001,0.1,0.99\n",
    ),
    (
        "nvd/nvdcve-2.0-1.json",
        r#"{"vulnerabilities": [{"cve": {"id": "CVE-2020-0001", "metrics": {"cvssMetricV31": [{"source": "x", "cvssData": {"baseScore": 5.0}}]}}}]}"#,
    ),
    (
        "endoflife/products-full.json",
        r#"{"result": [{"name": "debian", "aliases": ["d"], "releases": [{"name": "12", "isEol": true, "eolFrom": "2020-01-01"}]}]}"#,
    ),
    (
        "redhat-csaf/vex/2020/cve-2020-0001.json",
        r#"{"document": {"publisher": {"namespace": "https://www.redhat.com"}, "tracking": {"id": "CVE-2020-0001", "initial_release_date": "2020-01-01"}},
            "product_tree": {"branches": [{"product": {"product_id": "P", "name": "P", "product_identification_helper": {"cpe": "cpe:/o:redhat:enterprise_linux:9"}}},
                {"product": {"product_id": "c", "name": "c", "product_identification_helper": {"purl": "pkg:rpm/redhat/p%2B@1-2.el9_4?arch=noarch&epoch=1&rpmmod=m:1"}}}],
                "relationships": [{"full_product_name": {"product_id": "P:c"}, "product_reference": "c", "relates_to_product_reference": "P"}]},
            "vulnerabilities": [{"cve": "CVE-2020-0001", "product_status": {"fixed": ["P:c"]}, "threats": [{"category": "impact", "details": "Low"}]}]}"#,
    ),
    (
        "osv",
        r#"{"id": "GHSA-1", "aliases": ["CVE-2020-0001"], "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
            "affected": [{"package": {"ecosystem": "PyPI", "name": "p"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]}]}]}"#,
    ),
    ("zip", "PK\u{3}\u{4} not really"),
];

fn with(feeds: Feeds, path: &str, bytes: &[u8]) -> Feeds {
    match path {
        "osv" => feeds.osv("PyPI", &[&String::from_utf8_lossy(bytes)]),
        "zip" => feeds.file("osv/npm/all.zip", bytes),
        path => feeds.file(path, bytes),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn damaged_feeds_never_panic_and_never_cost_the_others(
        which in 0..DOCUMENTS.len(),
        edits in prop::collection::vec((any::<Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<Index>()),
    ) {
        let (path, text) = DOCUMENTS[which];
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let (bundle, _) = with(Feeds::new().file("alpine-secdb/edge/main.json", GOOD), path, &bytes).compile();
        prop_assert_eq!(affected(&bundle, "alpine:edge", "good").len(), 1);
    }
}

#[test]
fn real_archives_cut_short_are_named_and_leave_nothing_behind() {
    let mut feeds = Feeds::new().file("alpine-secdb/edge/main.json", GOOD);
    let archives = [
        "endoflife/endoflife.date-products-2026-08-22.tar.gz",
        "osv/npm/all.zip",
        "debian/tracker-json-reconstructed-2026-11-22.json.gz",
        "nvd/nvdcve-2.0-sample.json.gz",
    ];
    for path in archives {
        let whole = std::fs::read(shared().join("data").join(path)).unwrap();
        feeds = feeds.file(path, &whole[..whole.len() / 2]);
    }
    let (bundle, report) = feeds.compile();
    assert_eq!((report.sources.len(), report.vulnerabilities, report.lifecycles), (1, 1, 0));
    for path in archives {
        assert!(skipped(&report, path).starts_with("it cannot be read as"), "{path}");
    }
    assert_eq!(bundle.manifest().namespaces.len(), 1);
}

#[test]
fn dates_of_year_one_and_of_the_future_are_survived() {
    let record = |id: &str, modified: &str| {
        format!(
            r#"{{"id": "{id}", "modified": "{modified}", "affected": [{{"package": {{"ecosystem": "PyPI", "name": "p"}}, "versions": ["1"]}}]}}"#
        )
    };
    let records = ["0001-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "-", "9999-99-99T99:99:99Z"];
    let records: Vec<String> =
        records.iter().enumerate().map(|(index, date)| record(&format!("PYSEC-{index}"), date)).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let (bundle, report) = Feeds::new().osv("PyPI", &records).compile();
    let modified: Vec<bool> =
        affected(&bundle, "pypi", "p").iter().map(|found| found.vulnerability.modified.is_some()).collect();
    assert_eq!(modified.iter().filter(|known| **known).count(), 1);
    assert_eq!(modified.len(), 4);
    assert_eq!(source(&report, "osv/PyPI/all.zip").date, None);
}

#[test]
fn ids_names_and_versions_of_absurd_size_are_set_aside() {
    let long = "x".repeat(100_000);
    let record = format!(r#"{{"id": "{long}", "affected": []}}"#);
    let named = format!(
        r#"{{"id": "GHSA-1", "affected": [{{"package": {{"ecosystem": "PyPI", "name": "{long}"}}, "versions": ["1"]}},
            {{"package": {{"ecosystem": "PyPI", "name": "p"}}, "versions": ["{long}", "2"]}}]}}"#
    );
    let (bundle, report) = Feeds::new().osv("PyPI", &[&record, &named]).compile();
    let source = source(&report, "osv/PyPI/all.zip");
    assert_eq!((source.records, source.quarantined_count), (1, 2));
    assert!(source.quarantined.iter().all(|bad| bad.record.len() < 500 && bad.reason.len() < 500));
    assert_eq!(affected(&bundle, "pypi", "p")[0].affected.versions, ["2"]);
}

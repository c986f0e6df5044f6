//! Facts about CVEs on the real samples, against counts that were made apart from this code, and on small cases.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;

use knowledge::{Bundle, CompileReport, SourceReport};
use model::advisory::{ExploitMaturity, Exploitation};
use model::{Severity, Timestamp, Vulnerability};

use crate::support::{Feeds, only, shared, skipped, source};

/// An Alpine file whose packages are hit by each of `ids`, so that facts about all of them are kept.
fn speaking_of<'a>(feeds: Feeds, ids: impl IntoIterator<Item = &'a str>) -> Feeds {
    let ids: Vec<String> = ids.into_iter().map(|id| format!("\"{id}\"")).collect();
    let text = format!(
        r#"{{"packages": [{{"pkg": {{"name": "p", "secfixes": {{"1-r0": [{}]}}}}}}]}}"#,
        ids.join(",")
    );
    feeds.file("alpine-secdb/v3.17/main.json", text)
}

/// Unpacks one of the archives of format samples and returns the folder.
fn samples(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = File::open(shared().join("data/format-samples").join(name)).unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(folder.path()).unwrap();
    folder
}

fn of<'a>(all: &'a BTreeMap<String, Vulnerability>, id: &str) -> &'a Vulnerability {
    all.get(id).unwrap_or_else(|| panic!("{id} is missing"))
}

fn by_id(bundle: &Bundle) -> BTreeMap<String, Vulnerability> {
    bundle.vulnerabilities().map(|vulnerability| (vulnerability.id.clone(), vulnerability)).collect()
}

fn compiled(feeds: Feeds) -> (BTreeMap<String, Vulnerability>, CompileReport) {
    let (bundle, report) = feeds.compile();
    (by_id(&bundle), report)
}

fn counts(source: &SourceReport) -> (u64, u64) {
    (source.records, source.quarantined_count)
}

/// Score in tenths, so that sums are exact.
fn tenths(base: f32) -> u64 {
    (base * 10.0).round() as u64
}

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar_gz_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(encoder);
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

const CVE_LIST: &str = "cvelist/2024-10-24_subset_CVEs.zip";

#[test]
fn the_real_cve_records_give_the_facts_that_an_independent_count_finds() {
    let archive = zip::ZipArchive::new(File::open(shared().join("data").join(CVE_LIST)).unwrap()).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let ids = names.iter().filter_map(|name| name.rsplit('/').next()?.strip_suffix(".json"));
    let (all, report) = compiled(speaking_of(Feeds::new(), ids).real(CVE_LIST));
    assert_eq!(counts(source(&report, CVE_LIST)), (4884, 0));
    let exploitation = |wanted| all.values().filter(|v| v.exploitation == Some(wanted)).count();
    let decisions = [Exploitation::None, Exploitation::Poc, Exploitation::Active].map(exploitation);
    assert_eq!(decisions, [3927, 697, 211]);
    let expected: [(&str, &str, usize, u64); 5] = [
        ("cisa-adp", "CVSS:3.1", 688, 54_783),
        ("cna", "CVSS:2.0", 1, 62),
        ("cna", "CVSS:3.0", 269, 18_057),
        ("cna", "CVSS:3.1", 2272, 139_401),
        ("cna", "CVSS:4.0", 93, 6_401),
    ];
    assert_eq!(deciding(&all), expected.map(owned));
    assert_eq!(weaknesses(&all), (2982, 2798));
    assert_eq!(all.values().filter(|v| v.known_exploited.is_some()).count(), 223);
    assert_eq!(report.rejected, 7);
}

fn owned((source, version, count, sum): (&str, &str, usize, u64)) -> (String, String, usize, u64) {
    (source.to_owned(), version.to_owned(), count, sum)
}

/// The ratings that decide, by source and version: how many, and the sum of their scores in tenths.
fn deciding(all: &BTreeMap<String, Vulnerability>) -> Vec<(String, String, usize, u64)> {
    let mut found: BTreeMap<(&str, &str), (usize, u64)> = BTreeMap::new();
    for rating in all.values().filter_map(|v| v.cvss.first()) {
        let version = rating.vector.split('/').next().filter(|start| start.starts_with("CVSS:"));
        let entry = found.entry((&rating.source, version.unwrap_or("CVSS:2.0"))).or_default();
        *entry = (entry.0 + 1, entry.1 + tenths(rating.base));
    }
    found.into_iter().map(|((source, version), (count, sum))| owned((source, version, count, sum))).collect()
}

/// How many weaknesses there are, and how many vulnerabilities with any.
fn weaknesses(all: &BTreeMap<String, Vulnerability>) -> (usize, usize) {
    let all: Vec<usize> = all.values().map(|v| v.cwes.len()).collect();
    (all.iter().sum(), all.iter().filter(|count| **count > 0).count())
}

fn nvd_ids(path: &std::path::Path) -> Vec<String> {
    let mut text = String::new();
    let file = File::open(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
    } else {
        std::io::Read::read_to_string(&mut { file }, &mut text).unwrap();
    }
    let page: serde_json::Value = serde_json::from_str(&text).unwrap();
    let items = page["vulnerabilities"].as_array().unwrap().iter();
    items.map(|item| item["cve"]["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_real_nvd_pages_give_the_facts_that_an_independent_count_finds() {
    let feed = "nvd/nvdcve-2.0-sample.json.gz";
    let ids = nvd_ids(&shared().join("data").join(feed));
    let (all, report) = compiled(speaking_of(Feeds::new(), ids.iter().map(String::as_str)).real(feed));
    assert_eq!(counts(source(&report, feed)), (212, 0));
    assert_eq!(source(&report, feed).date, Timestamp::parse("2026-08-21"));
    let expected: [(&str, &str, usize, u64); 7] = [
        ("cisa-adp", "CVSS:3.1", 9, 612),
        ("cna", "CVSS:3.0", 6, 368),
        ("cna", "CVSS:3.1", 135, 8609),
        ("cna", "CVSS:4.0", 5, 376),
        ("nvd", "CVSS:2.0", 5, 304),
        ("nvd", "CVSS:3.0", 4, 271),
        ("nvd", "CVSS:3.1", 38, 2704),
    ];
    assert_eq!(deciding(&all), expected.map(owned));
    assert_eq!(weaknesses(&all), (213, 189));
    assert_eq!(all.values().filter(|v| v.known_exploited.is_some()).count(), 4);
    let exploitation: Vec<_> = all.values().filter_map(|v| v.exploitation).collect();
    assert_eq!(exploitation, [Exploitation::Active, Exploitation::None]);
    assert_eq!(report.rejected, 2);

    let page = "nvd/api-page-example.json";
    let ids = nvd_ids(&shared().join("data").join(page));
    let (all, report) = compiled(speaking_of(Feeds::new(), ids.iter().map(String::as_str)).real(page));
    assert_eq!(counts(source(&report, page)), (38, 0));
    let expected = [("cna", "CVSS:3.1", 24, 1420), ("nvd", "CVSS:3.1", 11, 804)];
    assert_eq!(deciding(&all), expected.map(owned));
    assert_eq!(weaknesses(&all), (33, 33));
}

#[test]
fn nvd_feeds_pages_and_other_documents_of_its_api_are_told_apart() {
    let folder = samples("nvd-cve-euvd.tar.gz");
    let sample = |path: &str| fs::read(folder.path().join("nvd-cve-euvd").join(path)).unwrap();
    let (all, report) = compiled(
        speaking_of(Feeds::new(), ["CVE-2021-44228", "CVE-2023-46750", "CVE-2024-6387"])
            .file("nvd/nvdcve-2.0-2021.json.gz", sample("nvd-feed-2.0/nvdcve-2.0-2021.json.gz"))
            .file("nvd/nvdcve-2.0-2002.json.gz", sample("nvd-feed-2.0/nvdcve-2.0-2002.json.gz"))
            .file("nvd/nvdcve-2.0-2002.meta", "sha256:00")
            .file("nvd/pages/0.json", sample("nvd-api-cve/ssvc_affected/0-3.json"))
            .file("nvd/pages/empty.json", sample("nvd-api-cve/empty/0-1.json"))
            .file("nvd/matches.json", sample("nvd-api-cpematch/3_items/0-3.json")),
    );
    assert_eq!(counts(source(&report, "nvd/nvdcve-2.0-2021.json.gz")), (3, 0));
    assert_eq!(counts(source(&report, "nvd/nvdcve-2.0-2002.json.gz")), (4, 0));
    assert_eq!(counts(source(&report, "nvd/pages/0.json")), (1, 0));
    assert_eq!(counts(source(&report, "nvd/pages/empty.json")), (0, 0));
    assert_eq!(skipped(&report, "nvd/nvdcve-2.0-2002.meta"), "it holds the checksum of a feed");
    assert!(skipped(&report, "nvd/matches.json").contains("NVD_CPEMatchString"));
    let log4shell = of(&all, "CVE-2021-44228");
    assert_eq!(log4shell.exploitation, Some(Exploitation::Active));
    let known = log4shell.known_exploited.as_ref().unwrap();
    assert_eq!((known.added, known.due), (Timestamp::parse("2021-12-10"), Timestamp::parse("2021-12-24")));
    assert!(!known.ransomware, "NVD does not say");
    let rating = &log4shell.cvss[0];
    assert_eq!((rating.source.as_str(), rating.base), ("cisa-adp", 10.0));
    assert_eq!(log4shell.cvss2.as_ref().unwrap().base, 9.3);
    assert_eq!(log4shell.cwes, ["CWE-20", "CWE-400", "CWE-502", "CWE-917"]);
}

#[test]
fn the_real_threat_feeds_give_the_counts_that_an_independent_count_finds() {
    let kev = "kev/known_exploited_vulnerabilities.json";
    let rows = "kev/known_exploited_vulnerabilities.csv";
    let (edb, epss) = ("exploitdb/cve-to-edb-2022-11-16.json.gz", "epss/epss_scores-2026-08-16.csv.gz");
    let catalogue: serde_json::Value =
        serde_json::from_slice(&fs::read(shared().join("data").join(kev)).unwrap()).unwrap();
    let listed = catalogue["vulnerabilities"].as_array().unwrap().iter();
    let listed = listed.map(|entry| entry["cveID"].as_str().unwrap().to_owned());
    let map = flate2::read::GzDecoder::new(File::open(shared().join("data").join(edb)).unwrap());
    let map: BTreeMap<String, serde_json::Value> = serde_json::from_reader(map).unwrap();
    let ids: std::collections::BTreeSet<String> = listed.chain(map.into_keys()).collect();
    assert_eq!(ids.len(), 25_281);
    for catalogue in [kev, rows] {
        let feeds = speaking_of(Feeds::new(), ids.iter().map(String::as_str));
        let (all, report) = compiled(feeds.real(catalogue).real(edb).real(epss));
        assert_eq!(counts(source(&report, catalogue)), (1404, 0));
        assert_eq!(counts(source(&report, edb)), (24_236, 0));
        assert_eq!(counts(source(&report, epss)), (360_142, 0));
        let known: Vec<_> = all.values().filter_map(|v| v.known_exploited.as_ref()).collect();
        assert_eq!((known.len(), known.iter().filter(|entry| entry.ransomware).count()), (1404, 293));
        let days = |dates: Vec<Option<Timestamp>>| {
            dates.into_iter().map(|date| date.unwrap().0 / 86_400_000).sum::<i64>()
        };
        assert_eq!(days(known.iter().map(|entry| entry.added).collect()), 27_188_245);
        assert_eq!(days(known.iter().map(|entry| entry.due).collect()), 27_250_597);
        let exploits: Vec<_> = all.values().flat_map(|v| &v.exploits).collect();
        assert_eq!(exploits.len(), 29_408, "at most 16 of each CVE");
        assert!(exploits.iter().all(|e| e.maturity == ExploitMaturity::Poc && e.source == "exploit-db"));
        let predictions: Vec<_> = all.values().filter_map(|v| v.epss).collect();
        let share = |share: f32| u64::from((f64::from(share) * 100_000.0).round() as u32);
        assert_eq!(predictions.len(), EPSS.0);
        assert_eq!(predictions.iter().map(|epss| share(epss.score)).sum::<u64>(), EPSS.1);
        assert_eq!(predictions.iter().map(|epss| share(epss.percentile)).sum::<u64>(), EPSS.2);
        assert_eq!(predictions.iter().filter(|epss| epss.percentile >= 0.99).count(), EPSS.3);
    }
}

/// Of the CVEs of both lists: how many are scored, sums of scores and percentiles in 1/100,000, how many from 0.99 on.
const EPSS: (usize, u64, u64, usize) = (25_154, 344_303_094, 2_127_748_009, 2089);

#[test]
fn the_newest_version_of_a_catalogue_and_of_a_prediction_counts_whatever_the_order_of_files() {
    let catalogue = |date: &str, ids: &[&str]| {
        let entries: Vec<String> = ids
            .iter()
            .map(|id| {
                format!(
                    r#"{{"cveID": "{id}", "dateAdded": "2022-01-01", "knownRansomwareCampaignUse": "Known"}}"#
                )
            })
            .collect();
        format!(r#"{{"dateReleased": "{date}", "vulnerabilities": [{}]}}"#, entries.join(","))
    };
    let scores = |date: &str, score: &str| {
        format!(
            "#model_version:v,score_date:{date}T00:00:00+0000\ncve,epss,percentile\nCVE-2021-0001,{score},0.5\n"
        )
    };
    for (newer, older) in [("a", "b"), ("b", "a")] {
        let ids = ["CVE-2021-0001", "CVE-2021-0002"];
        let (all, _) = compiled(
            speaking_of(Feeds::new(), ids)
                .file(
                    &format!("kev/{newer}/known_exploited_vulnerabilities.json"),
                    catalogue("2025-02-01T00:00:00Z", &ids[..1]),
                )
                .file(
                    &format!("kev/{older}/known_exploited_vulnerabilities.json"),
                    catalogue("2025-01-01T00:00:00Z", &ids),
                )
                .file(&format!("epss/{newer}/epss_scores-current.csv"), scores("2025-02-01", "0.2"))
                .file(&format!("epss/{older}/epss_scores-current.csv"), scores("2025-01-01", "0.1")),
        );
        assert!(of(&all, "CVE-2021-0001").known_exploited.is_some());
        assert!(of(&all, "CVE-2021-0002").known_exploited.is_none(), "it was taken out of the catalogue");
        assert_eq!(of(&all, "CVE-2021-0001").epss.unwrap().score, 0.2);
    }
}

#[test]
fn odd_rows_of_threat_feeds_are_set_aside_and_counted() {
    let kev = r#"{"catalogVersion": "2025.02.19", "vulnerabilities": [
        {"cveID": " CVE-2024-0001 ", "dateAdded": "2024-01-01", "dueDate": "2024-02-01", "knownRansomwareCampaignUse": "Unknown"},
        {"cveID": "CVE-2024-0001", "dateAdded": "2024-01-02"}, {"cveID": "CVE-24-1"}, {"cveID": 7}, "x",
        {"cveID": "CVE-2024-0002", "dateAdded": "2026-01-01"}]}"#;
    let epss = "#model_version:v,score_date:2025-01-01T00:00:00+0000\ncve,epss,percentile\n\
        CVE-2024-0001,0.5,0.9\nCVE-2024-0001,0.6,0.9\nCVE-2024-0002,1.5,0.9\nCVE-2024-0002,nan,0.9\nCVE-2024-0002,-0.1,0.9\n\
        CVE-2024-0002,0.1\nCVE-2024-0002,0.1,0.2,0.3\nCVE-2024-2,0.1,0.2\nCVE-2027-0001,0.1,0.2\nCVE-2026-0001,0.1,0.2\n\u{fffd}\n";
    let edb = r#"{"CVE-2024-0001": ["7", 8], "CVE-2024-0002": [], "CVE-2024-0003": ["x"], "CVE-2024-0001": ["9"], "cve": ["1"], "CVE-2024-0004": 5}"#;
    let list = "id,file,description,verified,codes\n7,a,\"b, \"\"c\"\"\nd\",1,OSVDB-1;CVE-2024-0001\n8,a,b,0,CVE-2024-0001;CVE-2024-0002\n\
        9,a,b,0,\n9,a,b,1,CVE-2024-0002\nten,a,b,1,CVE-2024-0002\n11,a,b,1\n12,a,\"b,1,CVE-2024-0002\n";
    let ids = ["CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003"];
    let (all, report) = compiled(
        speaking_of(Feeds::new(), ids)
            .file("kev/known_exploited_vulnerabilities.json", kev)
            .file("epss/epss_scores-2025-01-01.csv", epss)
            .file("exploitdb/cve-to-edb.json", edb)
            .file("exploitdb/files_exploits.csv", list)
            .file("exploitdb/files_papers.csv", "id\n"),
    );
    assert_eq!(counts(source(&report, "kev/known_exploited_vulnerabilities.json")), (2, 5));
    assert_eq!(counts(source(&report, "epss/epss_scores-2025-01-01.csv")), (2, 9));
    assert_eq!(counts(source(&report, "exploitdb/cve-to-edb.json")), (1, 5));
    assert_eq!(counts(source(&report, "exploitdb/files_exploits.csv")), (3, 4));
    assert_eq!(skipped(&report, "exploitdb/files_papers.csv"), "it lists no exploits");
    let first = of(&all, "CVE-2024-0001");
    let known = first.known_exploited.as_ref().unwrap();
    assert_eq!((known.added, known.due), (Timestamp::parse("2024-01-01"), Timestamp::parse("2024-02-01")));
    assert!(!known.ransomware);
    assert_eq!(first.epss.unwrap().score, 0.5);
    let exploits: Vec<_> = first.exploits.iter().map(|e| (e.maturity, e.id.as_str())).collect();
    assert_eq!(exploits, [(ExploitMaturity::Public, "7"), (ExploitMaturity::Poc, "8")]);
    let second = of(&all, "CVE-2024-0002");
    assert_eq!(second.known_exploited.as_ref().unwrap().added, None, "listed, with a date that cannot be");
    assert!(second.epss.is_none());
    assert_eq!(second.exploits.len(), 1);
    assert!(of(&all, "CVE-2024-0003").exploits.is_empty());
}

#[test]
fn attack_tools_and_proofs_of_concept_are_read_in_every_form() {
    let folder = samples("threat-intel.tar.gz");
    let sample = |path: &str| fs::read(folder.path().join("threat-intel").join(path)).unwrap();
    let ids = [
        "CVE-2009-3699",
        "CVE-1999-1015",
        "CVE-2017-0143",
        "CVE-2017-0148",
        "CVE-2025-0108",
        "CVE-2022-0185",
        "CVE-2000-0114",
    ];
    let lines = "{\"ID\":\"CVE-2000-0114\",\"Info\":{\"Severity\":\"medium\"},\"file_path\":\"http/cves/2000/CVE-2000-0114.yaml\"}\n\n\
        {\"ID\":\"CNVD-2018-1\"}\n{\"ID\":\nnot json\n";
    let (all, report) = compiled(
        speaking_of(Feeds::new(), ids)
            .file("exploitdb/files_exploits.csv", sample("exploitdb/files_exploits.csv"))
            .file("metasploit/modules_metadata_base.json", sample("metasploit/modules_metadata_base.json"))
            .file("nuclei-templates/main.tar.gz", sample("nuclei-templates/happy/main.tar.gz"))
            .file("nuclei-templates/cves.json", lines)
            .file("PoC-in-GitHub-master.tar.gz", sample("poc-in-github/PoC-in-GitHub-master.tar.gz")),
    );
    assert_eq!(counts(source(&report, "exploitdb/files_exploits.csv")), (2, 0));
    assert_eq!(counts(source(&report, "metasploit/modules_metadata_base.json")), (2, 0));
    assert_eq!(counts(source(&report, "nuclei-templates/main.tar.gz")), (1, 0));
    assert_eq!(counts(source(&report, "nuclei-templates/cves.json")), (2, 2));
    assert_eq!(counts(source(&report, "PoC-in-GitHub-master.tar.gz")), (1, 0));
    let exploits = |id: &str| {
        let found = of(&all, id).exploits.iter();
        found.map(|e| (e.maturity, format!("{} {}", e.source, e.id))).collect::<Vec<_>>()
    };
    assert_eq!(exploits("CVE-2009-3699"), [(ExploitMaturity::Public, "exploit-db 16929".to_owned())]);
    assert_eq!(exploits("CVE-1999-1015"), [(ExploitMaturity::Public, "exploit-db 19046".to_owned())]);
    let module = "metasploit exploit/windows/smb/smb_doublepulsar_rce".to_owned();
    assert_eq!(exploits("CVE-2017-0148"), [(ExploitMaturity::Weaponised, module)]);
    let template = "nuclei http/cves/2025/CVE-2025-0108.yaml".to_owned();
    assert_eq!(exploits("CVE-2025-0108"), [(ExploitMaturity::Weaponised, template)]);
    let template = "nuclei http/cves/2000/CVE-2000-0114.yaml".to_owned();
    assert_eq!(exploits("CVE-2000-0114"), [(ExploitMaturity::Weaponised, template)]);
    let pocs = exploits("CVE-2022-0185");
    assert_eq!(pocs[0], (ExploitMaturity::Poc, "poc-in-github Crusaders-of-Rust/CVE-2022-0185".to_owned()));
    assert!(pocs.len() <= 4);
}

fn record(id: &str, state: &str, updated: &str, title: &str) -> String {
    format!(
        r#"{{"cveMetadata": {{"cveId": "{id}", "state": "{state}", "dateUpdated": "{updated}"}},
             "containers": {{"cna": {{"title": "{title}", "metrics": [{{"cvssV3_1": {{"baseScore": 9.1, "vectorString": "{title}"}}}}]}}}}}}"#
    )
}

#[test]
fn cve_records_are_read_in_every_layout_and_the_newest_of_each_counts() {
    let folder = samples("nvd-cve-euvd.tar.gz");
    let repository = fs::read(folder.path().join("nvd-cve-euvd/cvelist-v5/cvelistV5-main.tar.gz")).unwrap();
    let old = record("CVE-2024-0001", "PUBLISHED", "2024-01-01T00:00:00Z", "old");
    let new = record("CVE-2024-0001", "PUBLISHED", "2024-03-01T00:00:00Z", "new");
    let rejected = record("CVE-2024-0002", "REJECTED", "2024-03-01T00:00:00Z", "gone");
    let before = record("CVE-2024-0002", "PUBLISHED", "2024-01-01T00:00:00Z", "there");
    let own = record("CVE-2024-0003", "PUBLISHED", "2024-01-01T00:00:00Z", "own");
    let cisa = own.replace(
        "\"containers\": {",
        "\"containers\": {\"adp\": [{\"providerMetadata\": {\"shortName\": \"CISA-ADP\", \"dateUpdated\": \"2024-01-02T00:00:00Z\"}, \
          \"metrics\": [{\"other\": {\"type\": \"ssvc\", \"content\": {\"options\": [{\"Exploitation\": \"poc\"}]}}}]}], ",
    );
    let inner = zip_of(&[
        ("cves/2024/0xxx/CVE-2024-0001.json", old.as_bytes()),
        ("cves/2024/0xxx/CVE-2024-0002.json", before.as_bytes()),
        ("cves/2024/0xxx/CVE-2024-0003.json", own.as_bytes()),
        ("cves/2024/0xxx/CVE-2024-9.json", b"no record"),
        ("cves/2024/0xxx/CVE-2024-0009.json", b"broken"),
        ("cves/deltaLog.json", b"[]"),
    ]);
    let (bundle, report) = speaking_of(
        Feeds::new(),
        ["CVE-2022-0001", "CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003", "CVE-2024-0004"],
    )
    .file("cvelist/2024-02-01_all_CVEs_at_midnight.zip.zip", zip_of(&[("cves.zip", &inner)]))
    .file(
        "cvelist/2024-03-01_delta_CVEs_at_1300Z.zip",
        zip_of(&[
            ("deltaCves/CVE-2024-0001.json", new.as_bytes()),
            ("deltaCves/CVE-2024-0002.json", rejected.as_bytes()),
        ]),
    )
    .file(
        "vulnrichment/develop.tar.gz",
        tar_gz_of(&[("vulnrichment-develop/2024/0xxx/CVE-2024-0003.json", cisa.as_bytes())]),
    )
    .file("cvelistV5-main.tar.gz", repository)
    .file("cves/2024/0xxx/CVE-2024-0004.json", record("CVE-2024-0004", "PUBLISHED", "", "alone"))
    .file("cvelist/empty.zip", zip_of(&[("a.txt", b"")]))
    .compile();
    assert_eq!(counts(source(&report, "cvelist/2024-02-01_all_CVEs_at_midnight.zip.zip")), (3, 1));
    assert_eq!(counts(source(&report, "cvelist/2024-03-01_delta_CVEs_at_1300Z.zip")), (2, 0));
    assert_eq!(counts(source(&report, "vulnrichment/develop.tar.gz")), (1, 0));
    assert_eq!(counts(source(&report, "cvelistV5-main.tar.gz")), (4, 0));
    assert_eq!(counts(source(&report, "cves/2024/0xxx/CVE-2024-0004.json")), (1, 0));
    assert!(skipped(&report, "cvelist/empty.zip").ends_with("it holds no CVE records"));
    let all = by_id(&bundle);
    let first = of(&all, "CVE-2024-0001");
    assert_eq!((first.title.as_str(), first.cvss.len()), ("new", 1), "nothing of the old record is left");
    assert_eq!(report.rejected, 1);
    let third = of(&all, "CVE-2024-0003");
    assert_eq!((third.title.as_str(), third.exploitation), ("own", Some(Exploitation::Poc)));
    assert_eq!(of(&all, "CVE-2024-0004").title, "alone");
    assert!(
        of(&all, "CVE-2022-0001").title.starts_with("Non-transparent sharing of branch predictor selectors")
    );
    let severity = only(&bundle, "alpine:3.17", "p", "CVE-2024-0003").affected.severity;
    assert_eq!(Some(severity), Severity::new(5));
}

#[test]
fn nvd_does_not_reject_what_the_cve_record_publishes() {
    let nvd = r#"{"vulnerabilities": [{"cve": {"id": "CVE-2024-0001", "vulnStatus": "Rejected"}}, {"cve": {"id": "CVE-2024-0002", "vulnStatus": "Rejected"}}]}"#;
    let (_, report) = speaking_of(Feeds::new(), ["CVE-2024-0001", "CVE-2024-0002"])
        .file("nvd/nvdcve-2.0-2024.json", nvd)
        .file("cves/2024/0xxx/CVE-2024-0001.json", record("CVE-2024-0001", "PUBLISHED", "", "x"))
        .compile();
    assert_eq!(report.rejected, 1);
}

#[test]
fn ratings_of_nvd_that_cannot_be_are_set_aside_and_the_record_stays() {
    let nvd = r#"{"timestamp": "2024-06-01T00:00:00.000", "vulnerabilities": [{"cve": {"id": "CVE-2024-0001", "sourceIdentifier": "own@x",
        "published": "2031-01-01T00:00:00.000", "lastModified": "0001-01-01T00:00:00",
        "weaknesses": [{"description": [{"lang": "en", "value": "NVD-CWE-Other"}, {"lang": "en", "value": "CWE-79"}]}],
        "metrics": {"cvssMetricV31": [{"source": "other@x", "cvssData": {"baseScore": 5.0, "vectorString": "b"}}, {"source": "own@x", "cvssData": {"baseScore": 6.0, "vectorString": "a"}},
                                      {"source": "own@x", "cvssData": {"baseScore": 11.0}}, {"source": "own@x"}, 7],
                    "cvssMetricV30": "none", "futureMetric": [1]}}}]}"#;
    let (bundle, report) =
        speaking_of(Feeds::new(), ["CVE-2024-0001"]).file("nvd/nvdcve-2.0-2024.json", nvd).compile();
    assert_eq!(counts(source(&report, "nvd/nvdcve-2.0-2024.json")), (1, 4));
    let found = only(&bundle, "alpine:3.17", "p", "CVE-2024-0001").vulnerability;
    let ratings: Vec<_> = found.cvss.iter().map(|cvss| (cvss.base, cvss.vector.as_str())).collect();
    assert_eq!(ratings, [(6.0, "a"), (5.0, "b")], "the CVE's own assigner comes first");
    assert_eq!((found.published, found.modified), (None, None));
    assert_eq!(found.cwes, ["CWE-79"]);
}

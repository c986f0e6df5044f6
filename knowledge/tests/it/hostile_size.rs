//! Feeds that are small on disk and want to become large: in memory, in time or in the bundle. What is too much is set
//! aside by name, and the good records beside it count.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::{Feeds, affected, skipped, source};

const GOOD: &str = r#"{"packages": [{"pkg": {"name": "good", "secfixes": {"1-r0": ["CVE-2020-0001"]}}}]}"#;
const ZIP: &str = "osv/PyPI/all.zip";

fn package(name: &str, more: Value) -> Value {
    let mut affected = json!({"package": {"ecosystem": "PyPI", "name": name}});
    affected.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    affected
}

fn record(id: &str, aliases: &[String], affected: &[Value]) -> String {
    json!({"id": id, "aliases": aliases, "affected": affected}).to_string()
}

fn compile(records: &[String]) -> (knowledge::Bundle, knowledge::CompileReport) {
    let good = record("GHSA-good", &[], &[package("good", json!({"versions": ["1"]}))]);
    let all: Vec<&str> = records.iter().chain([&good]).map(String::as_str).collect();
    let (bundle, report) = Feeds::new().osv("PyPI", &all).compile();
    assert_eq!(affected(&bundle, "pypi", "good").len(), 1);
    (bundle, report)
}

#[test]
fn a_package_with_more_ranges_than_can_be_evaluated_is_set_aside() {
    let events = |count: usize| -> Value {
        let pair =
            |at: usize| [json!({"introduced": format!("{at}.1")}), json!({"fixed": format!("{at}.2")})];
        json!({"ranges": [{"type": "ECOSYSTEM", "events": (0..count).rev().flat_map(pair).collect::<Vec<_>>()}]})
    };
    let records = [
        record(
            "GHSA-many",
            &[],
            &[package("many", events(20_000)), package("p", json!({"versions": ["1"]}))],
        ),
        record("GHSA-some", &[], &[package("some", events(400))]),
    ];
    let (bundle, report) = compile(&records);
    let osv = source(&report, ZIP);
    assert_eq!((osv.records, osv.quarantined_count), (3, 1));
    assert_eq!(osv.quarantined[0].record, "GHSA-many");
    assert!(osv.quarantined[0].reason.starts_with("it names 40000 range ends"), "{:?}", osv.quarantined);
    assert_eq!(affected(&bundle, "pypi", "p").len(), 1, "the rest of the record counts");
    assert_eq!(affected(&bundle, "pypi", "some")[0].affected.ranges.len(), 400);
}

/// `1` < `1.ga_.` < `1.rc` < `1` by Maven's own rules; the standard library's sort panics on such orders.
#[test]
fn versions_whose_order_goes_in_circles_never_panic() {
    let parts = ["", ".ga_.", ".rc", "beta.a", "-", ".!.RC", "..a2!", ".post.pl", ".0.0alpha", ".gitfinal."];
    let version = |at: usize| format!("1{}{}", parts[at * 7 % 10], parts[at * at % 9]);
    let events: Vec<Value> = (0..600)
        .map(
            |at| if at % 2 == 0 { json!({"introduced": version(at)}) } else { json!({"fixed": version(at)}) },
        )
        .collect();
    for count in [21, 60, 200, 600] {
        let ranges = json!([{"type": "ECOSYSTEM", "events": events[..count]}]);
        let maven = json!({"package": {"ecosystem": "Maven", "name": "a:b"}, "ranges": ranges});
        let (_, report) = compile(&[record("GHSA-1", &[], &[maven])]);
        assert_eq!(source(&report, ZIP).records, 2);
    }
}

#[test]
fn a_record_that_would_make_millions_of_statements_is_set_aside() {
    let cves: Vec<String> = (10_000..12_000).map(|number| format!("CVE-2020-{number}")).collect();
    let packages: Vec<Value> =
        (0..500).map(|at| package(&format!("p{at}"), json!({"versions": ["1"]}))).collect();
    let (bundle, report) = compile(&[record("GHSA-1", &cves, &packages)]);
    let osv = source(&report, ZIP);
    assert_eq!((osv.records, osv.quarantined_count, report.statements), (1, 1, 1));
    assert_eq!(
        osv.quarantined[0].reason,
        "it says 500 things of 2000 CVEs, more than 500000 statements together"
    );
    assert!(affected(&bundle, "pypi", "p0").is_empty());
}

/// With work that grows by the square of the records this takes minutes.
#[test]
fn records_that_all_hang_together_are_grouped_in_passable_time() {
    const COUNT: usize = 6000;
    let one = |at: usize| package(&format!("p{at}"), json!({"versions": ["1"]}));
    let cycle =
        |at: usize| record(&format!("GHSA-c{at}"), &[format!("GHSA-c{}", (at + 1) % COUNT)], &[one(at)]);
    let hub = |at: usize| {
        let aliases = ["HUB-1".to_owned(), format!("CVE-2020-{}", 10_000 + at)];
        record(&format!("GHSA-h{at}"), &aliases, &[one(COUNT + at)])
    };
    let near = |at: usize| record(&format!("PYSEC-{at}"), &["HUB-1".to_owned()], &[one(2 * COUNT + at)]);
    let all: Vec<String> = (0..COUNT).flat_map(|at| [cycle(at), hub(at), near(at)]).collect();
    let (bundle, report) = compile(&all);
    // the cycle, one for each CVE, those that the hub alone joins, and the good one
    assert_eq!(report.vulnerabilities as usize, 1 + COUNT + 1 + 1);
    assert_eq!(report.statements as usize, 3 * COUNT + 1);
    assert_eq!(affected(&bundle, "pypi", "p7")[0].vulnerability.id, "GHSA-c0");
}

#[test]
fn a_tar_member_whose_name_has_gigabytes_is_refused_before_it_is_held() {
    let mut header = tar::Header::new_gnu();
    header.set_path("././@LongLink").unwrap();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(1 << 30);
    header.set_cksum();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(header.as_bytes()).unwrap();
    packed.write_all(&vec![b'x'; 8 << 20]).unwrap();
    let path = "wolfi/wolfi-advisories-1.tar.gz";
    let feeds = Feeds::new().file("alpine-secdb/edge/main.json", GOOD).file(path, packed.finish().unwrap());
    let (bundle, report) = feeds.compile();
    assert!(skipped(&report, path).ends_with("the name of a member: it holds more than 65536 bytes"));
    assert_eq!(affected(&bundle, "alpine:edge", "good").len(), 1);
}

/// A pipe without a writer never answers; the file beside it must be read all the same.
#[test]
fn pipes_beside_feeds_are_never_waited_for() {
    let feeds = Feeds::new()
        .file("alpine-secdb/edge/main.json", GOOD)
        .file("kev/known_exploited_vulnerabilities.csv", "cveID,dateAdded\nCVE-2020-0001,2024-01-01\n");
    let pipes = [
        "kev/known_exploited_vulnerabilities.csv.source.json",
        "kev/known_exploited_vulnerabilities.json",
        "alpine-secdb/edge/last-update",
        "alpine-secdb/v3.18/main.json",
    ];
    for pipe in pipes {
        let path = feeds.path().join(pipe);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }
    let (bundle, report) = feeds.compile();
    assert!(affected(&bundle, "alpine:edge", "good")[0].vulnerability.known_exploited.is_some());
    assert!(skipped(&report, "alpine-secdb/v3.18/main.json").starts_with("it is neither a file"));
}

#[test]
fn what_a_parser_quotes_of_foreign_bytes_holds_no_control_characters() {
    let path = "nuclei/templates.tar.gz";
    let feeds = Feeds::new()
        .file("alpine-secdb/edge/main.json", GOOD)
        .file(path, [b"\x1b[2J\x07".repeat(200).as_slice(), &[0x1f; 512]].concat());
    let (_, report) = feeds.compile();
    assert!(!skipped(&report, path).contains(char::is_control), "{:?}", skipped(&report, path));
}

//! Each feed's rules on small hand-written files.

use model::{FixState, NamespaceFamily, SeverityRule, Timestamp};

use knowledge::KnowledgeError;
use model::RaisedBy;

use crate::support::{Feeds, affected, only, ranges, skipped, source};

const TRACKER: &str = r#"{
  "openssl": {
    "CVE-2020-1001": {"description": "A flaw in\n openssl.", "releases": {
      "bookworm": {"status": "resolved", "fixed_version": "3.0.11-1~deb12u2", "urgency": "low**"},
      "bullseye": {"status": "open", "urgency": "unimportant", "nodsa": "Minor", "nodsa_reason": ""},
      "trixie": {"status": "open", "urgency": "not yet assigned", "nodsa_reason": "postponed"},
      "sid": {"status": "open", "urgency": "high", "nodsa_reason": "ignored"},
      "buster": {"status": "open", "urgency": "end-of-life"},
      "stretch": {"status": "undetermined", "urgency": "medium"},
      "wheezy": {"status": "resolved", "fixed_version": "0", "urgency": "medium"},
      "gnome": {"status": "open", "urgency": "medium"}
    }},
    "TEMP-0000000-0CA7E3": {"releases": {"sid": {"status": "open", "urgency": "low"}}}
  },
  "broken": {
    "CVE-2020-1002": {"releases": {
      "bookworm": {"status": "perhaps", "urgency": "low"},
      "sid": {"status": "resolved", "urgency": "low"},
      "trixie": 7
    }},
    "CVE-2020-1003": "text",
    "CVE 2020 1004": {"releases": {}},
    "CVE-2020-1005": {"releases": {"bookworm": {"status": "open"}}}
  },
  "nothing": [1]
}"#;

#[test]
fn debian_states_follow_the_tracker() {
    let (bundle, report) = Feeds::new().file("debian/json", TRACKER).compile();
    let state = |release: &str| {
        let found = only(&bundle, &format!("debian:{release}"), "openssl", "CVE-2020-1001");
        (found.affected.state, ranges(&found), found.affected.severity.get())
    };
    assert_eq!(state("12"), (FixState::Fixed, "[..3.0.11-1~deb12u2)".into(), 2));
    assert_eq!(state("11"), (FixState::Affected, "[..)".into(), 1));
    assert_eq!(state("13"), (FixState::FixDeferred, "[..)".into(), 3));
    assert_eq!(state("sid").0, FixState::WillNotFix);
    assert_eq!(state("10"), (FixState::EndOfLife, "[..)".into(), 3));
    assert_eq!(state("9"), (FixState::UnderInvestigation, "[..)".into(), 3));
    assert_eq!(state("7"), (FixState::NotAffected, "".into(), 3));
    assert_eq!(state("gnome").0, FixState::Affected);
    let fixed = only(&bundle, "debian:12", "openssl", "CVE-2020-1001");
    assert_eq!(fixed.affected.severity_rule, SeverityRule::DebianUrgency);
    assert_eq!(fixed.affected.fix_version.as_deref(), Some("3.0.11-1~deb12u2"));
    assert_eq!((fixed.affected.advisory.as_str(), fixed.affected.feed.as_str()), ("CVE-2020-1001", "debian"));
    assert_eq!(fixed.vulnerability.title, "A flaw in openssl.");
    assert_eq!(fixed.vulnerability.qid, knowledge::qid(NamespaceFamily::Debian, "CVE-2020-1001"));
    let unrated = only(&bundle, "debian:13", "openssl", "CVE-2020-1001");
    assert_eq!(unrated.affected.severity_rule, SeverityRule::Default);
    let temp = only(&bundle, "debian:sid", "openssl", "TEMP-0000000-0CA7E3");
    assert_eq!(temp.vulnerability.title, "TEMP-0000000-0CA7E3 in openssl");
    let source = source(&report, "debian/json");
    assert_eq!((source.records, source.quarantined_count), (4, 6));
    assert_eq!(affected(&bundle, "debian:12", "broken").len(), 1);
}

#[test]
fn alpine_values_may_hold_several_ids() {
    let database = r#"{"distroversion": "v3.18", "reponame": "main", "packages": [
        {"pkg": {"name": "gnutls", "secfixes": {
            "3.6.13-r0": ["CVE-2020-11501 GNUTLS-SA-2020-03-31"],
            "0": ["CVE-2021-4209"],
            "3.7-r1": ["CVE-2020-14342 (Not affected, requires --with-x)", "???", null],
            "1-r0": null
        }}},
        {"pkg": {"name": "xen", "secfixes": {"4.12-r0": ["CVE-2020-11740 CVE-2020-11741 XSA-313"]}}},
        {"pkg": {"secfixes": {}}},
        {"pkg": {"name": "none"}}
    ]}"#;
    let edge =
        r#"{"packages": [{"pkg": {"name": "gnutls", "secfixes": {"4.0-r0": ["GNUTLS-SA-2020-03-31"]}}}]}"#;
    let (bundle, report) = Feeds::new()
        .file("alpine-secdb/v3.18/main.json", database)
        .file("alpine-secdb/edge/community.json", edge)
        .compile();
    let found = only(&bundle, "alpine:3.18", "gnutls", "CVE-2020-11501");
    assert_eq!((found.affected.state, ranges(&found)), (FixState::Fixed, "[..3.6.13-r0)".into()));
    assert_eq!(found.vulnerability.aliases, ["GNUTLS-SA-2020-03-31"]);
    assert_eq!(found.vulnerability.title, "CVE-2020-11501 in gnutls");
    // The alias leads the record without a CVE into the same group.
    let edge = only(&bundle, "alpine:edge", "gnutls", "CVE-2020-11501");
    assert_eq!(
        (edge.affected.advisory.as_str(), ranges(&edge)),
        ("GNUTLS-SA-2020-03-31", "[..4.0-r0)".into())
    );
    for id in ["CVE-2021-4209", "CVE-2020-14342"] {
        let none = only(&bundle, "alpine:3.18", "gnutls", id);
        assert_eq!(
            (none.affected.state, ranges(&none), none.affected.fix_version),
            (FixState::NotAffected, "".into(), None)
        );
    }
    let ids: Vec<String> =
        affected(&bundle, "alpine:3.18", "xen").iter().map(|found| found.vulnerability.id.clone()).collect();
    assert_eq!(ids.len(), 3, "nobody can tell which CVE the XSA belongs to: {ids:?}");
    let main = source(&report, "alpine-secdb/v3.18/main.json");
    assert_eq!((main.records, main.quarantined_count), (4, 3));
}

#[test]
fn facts_about_cves_rate_and_raise() {
    let tracker = r#"{"p": {
        "CVE-2024-0001": {"description": "Copied words.", "releases": {"bookworm": {"status": "open", "urgency": "low"}}},
        "CVE-2024-0002": {"releases": {"bookworm": {"status": "open", "urgency": "low"}}},
        "CVE-2024-0003": {"releases": {"bookworm": {"status": "open", "urgency": "low"}}},
        "CVE-2024-0004": {"releases": {"bookworm": {"status": "open", "urgency": "low"}}}
    }}"#;
    let nvd = r#"{"timestamp": "2024-06-01T00:00:00.000", "vulnerabilities": [
        {"cve": {"id": "CVE-2024-0001", "published": "2024-01-02T03:04:05.678", "lastModified": "2024-02-02T00:00:00.000",
                 "vulnStatus": "Analyzed", "descriptions": [{"lang": "es", "value": "no"}, {"lang": "en", "value": "NVD's own words."}],
                 "metrics": {"cvssMetricV31": [{"source": "nvd@nist.gov", "type": "Primary", "cvssData": {"vectorString": "CVSS:3.1/AV:N", "baseScore": 9.8}}],
                             "cvssMetricV2": [{"source": "nvd@nist.gov", "type": "Primary", "cvssData": {"vectorString": "AV:N", "baseScore": 5.0}}]}}},
        {"cve": {"id": "CVE-2024-0004", "vulnStatus": "Rejected"}},
        {"cve": {"published": "no id"}}
    ]}"#;
    let kev = r#"{"dateReleased": "2025-08-25T17:04:19.9796Z", "vulnerabilities": [
        {"cveID": "CVE-2024-0002", "dateAdded": "2024-03-01", "knownRansomwareCampaignUse": "Known"}, {"cveID": ""}]}"#;
    let epss = "#model_version:v1,score_date:2026-08-16T00:00:00+0000\ncve,epss,percentile\r\n\
                CVE-2024-0003,0.9,0.995\r\nCVE-2024-0001,1.5,0.2\nCVE-1999-0001,0.1,0.1\n";
    let (bundle, report) = Feeds::new()
        .file("debian/json", tracker)
        .file("nvd/nvdcve-2.0-2024.json", nvd)
        .file("kev/known_exploited_vulnerabilities.json", kev)
        .file("epss/epss_scores-2026-08-16.csv", epss)
        .compile();
    let rated = only(&bundle, "debian:12", "p", "CVE-2024-0001");
    assert_eq!((rated.affected.severity.get(), rated.affected.severity_rule), (5, SeverityRule::Cvss));
    assert_eq!((rated.affected.base_severity.get(), rated.affected.raised_by), (5, None));
    assert_eq!(rated.vulnerability.title, "NVD's own words.");
    assert_eq!(rated.vulnerability.published, Timestamp::parse("2024-01-02T03:04:05.678Z"));
    assert_eq!(rated.vulnerability.cvss3.as_ref().unwrap().source, "nvd");
    assert_eq!(rated.vulnerability.cvss2.as_ref().unwrap().base, 5.0);
    let exploited = only(&bundle, "debian:12", "p", "CVE-2024-0002");
    assert_eq!((exploited.affected.base_severity.get(), exploited.affected.severity.get()), (2, 5));
    assert_eq!(exploited.affected.raised_by, Some(RaisedBy::KnownExploited));
    assert!(exploited.vulnerability.known_exploited.as_ref().unwrap().ransomware);
    let predicted = only(&bundle, "debian:12", "p", "CVE-2024-0003");
    assert_eq!(
        (predicted.affected.severity.get(), predicted.affected.raised_by),
        (4, Some(RaisedBy::PredictedExploitation))
    );
    let standings = affected(&bundle, "debian:12", "p").into_iter().map(|found| found.affected.standing);
    let fallen = standings.filter(|standing| *standing == model::Standing::Rejected).count();
    assert_eq!(fallen, 1, "the rejected CVE is kept and does not count");
    assert_eq!(report.rejected, 1);
    assert_eq!(source(&report, "epss/epss_scores-2026-08-16.csv").quarantined_count, 1);
    assert_eq!(source(&report, "kev/known_exploited_vulnerabilities.json").quarantined_count, 1);
    assert_eq!(source(&report, "nvd/nvdcve-2.0-2024.json").quarantined_count, 1);
}

#[test]
fn a_malformed_file_is_named_and_the_others_are_read() {
    let (bundle, report) = Feeds::new()
        .file("debian/json", &TRACKER[..TRACKER.len() / 2])
        .file("alpine-secdb/v3.18/main.json", r#"{"distroversion": "v3.17", "packages": []}"#)
        .file("alpine-secdb/v3.17/main.json", "\u{feff}{\"packages\": [{\"pkg\": {\"name\": \"a\", \"secfixes\": {\"1-r0\": [\"CVE-2020-0001\"]}}}]}")
        .file("osv/npm/all.zip", "PK but no zip")
        .file("osv/Android/all.zip", "PK")
        .file("redhat-csaf/vex/changes.csv", "")
        .file("epss/epss_scores-2021-04-14.csv", "cve,epss\nCVE-2020-0001,0.1\n")
        .file("something.txt", "")
        .file("README.md", "")
        .compile();
    assert_eq!(affected(&bundle, "alpine:3.17", "a").len(), 1);
    assert_eq!(report.sources.len(), 1);
    assert!(skipped(&report, "debian/json").starts_with("it cannot be read as debian: EOF"));
    assert_eq!(
        skipped(&report, "alpine-secdb/v3.18/main.json"),
        "it cannot be read as alpine: it speaks of v3.17 but lies in v3.18"
    );
    assert!(skipped(&report, "osv/npm/all.zip").contains("cannot be read as zip"));
    assert_eq!(skipped(&report, "osv/Android/all.zip"), "ecosystem Android is not used");
    assert_eq!(skipped(&report, "redhat-csaf/vex/changes.csv"), "the list of documents is not needed");
    assert!(skipped(&report, "epss/epss_scores-2021-04-14.csv").contains("no column `percentile`"));
    assert_eq!(skipped(&report, "something.txt"), "no feed is recognised in it");
    assert_eq!(report.skipped_count, 7);
}

#[test]
fn a_folder_without_feeds_is_an_error_and_leaves_the_old_bundle() {
    let feeds = Feeds::new().file("osv/Android/all.zip", "PK");
    std::fs::write(feeds.output(), "old").unwrap();
    let error = feeds.try_compile().unwrap_err();
    assert!(matches!(error, KnowledgeError::NothingToCompile { .. }));
    assert!(error.to_string().ends_with("(osv/Android/all.zip: ecosystem Android is not used)"), "{error}");
    assert_eq!(std::fs::read(feeds.output()).unwrap(), b"old");
    let nowhere = knowledge::compile(&feeds.path().join("nowhere"), &feeds.output(), &|_| {}).unwrap_err();
    assert!(nowhere.to_string().contains("nowhere"), "{nowhere}");
}

#[test]
fn a_single_feeds_own_folder_works_too() {
    let feeds = Feeds::new().file(
        "alpine-secdb/v3.17/main.json",
        r#"{"packages": [{"pkg": {"name": "a", "secfixes": {"1-r0": ["CVE-2020-0001"]}}}]}"#,
    );
    for folder in ["alpine-secdb", "alpine-secdb/v3.17"] {
        let output = feeds.output();
        knowledge::compile(&feeds.path().join(folder), &output, &|_| {}).unwrap();
        let bundle = knowledge::Bundle::open(&output).unwrap();
        assert_eq!(affected(&bundle, "alpine:3.17", "a").len(), 1, "{folder}");
    }
}

#[test]
fn lifecycles_are_found_by_product_alias_and_version() {
    let full = r#"{"generated_at": "2025-07-02T00:53:29+00:00", "result": [
        {"name": "debian", "aliases": [], "releases": [{"name": "12", "releaseDate": "2023-06-10", "isEol": false, "eolFrom": "2026-07-11", "eoesFrom": "2028-06-30"}]},
        {"name": "alpine-linux", "aliases": ["alpinelinux"], "releases": [{"name": "3.18", "eolFrom": "2025-05-09"}]},
        {"name": "python", "releases": [{"name": "3.1", "eolFrom": "2012-06-01"}, {"name": "3.11", "eolFrom": "2027-10-31"}, {"name": "2", "isEol": true, "eolFrom": null}]},
        {"name": 3}
    ]}"#;
    let (bundle, report) = Feeds::new().file("endoflife/products-full.json", full).compile();
    let debian = bundle.lifecycle("debian", "12").unwrap();
    assert_eq!((debian.product.as_str(), debian.cycle.as_str()), ("debian", "12"));
    assert_eq!(debian.ga, Timestamp::parse("2023-06-10"));
    assert_eq!(debian.eol, Timestamp::parse("2026-07-11"));
    assert_eq!(debian.eos, Timestamp::parse("2028-06-30"));
    assert_eq!(bundle.lifecycle("debian", "12.5").unwrap().cycle, "12");
    for name in ["alpine", "alpinelinux", "alpine-linux"] {
        assert_eq!(bundle.lifecycle(name, "3.18").unwrap().eol, Timestamp::parse("2025-05-09"));
    }
    assert_eq!(bundle.lifecycle("python", "3.11.4").unwrap().cycle, "3.11");
    assert!(bundle.lifecycle("python", "2.7.18").unwrap().ended);
    assert_eq!(bundle.lifecycle("python", "4.0"), None);
    assert_eq!(bundle.lifecycle("nothing", "1"), None);
    let cycle = bundle.product_cycle("debian", "12").unwrap();
    assert_eq!(cycle.qid, knowledge::qid(NamespaceFamily::Lifecycle, "debian:12"));
    assert_eq!(
        (report.lifecycles, source(&report, "endoflife/products-full.json").quarantined_count),
        (5, 1)
    );
}

#[test]
fn links_to_folders_are_followed_once_and_circles_end() {
    let feeds = Feeds::new().file(
        "elsewhere/main.json",
        r#"{"distroversion": "v3.18", "packages": [{"pkg": {"name": "busybox", "secfixes": {"1.2-r0": ["CVE-2023-1"]}}}]}"#,
    );
    let root = feeds.path();
    let link = |target: &std::path::Path, name: &str| {
        let name = root.join(name);
        std::fs::create_dir_all(name.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, name).unwrap();
    };
    link(&root.join("elsewhere"), "alpine-secdb/v3.18");
    link(&root.join("elsewhere"), "alpine-secdb/zzz");
    link(&root, "alpine-secdb/circle");
    let report = feeds.try_compile().unwrap();
    assert_eq!(report.sources.len(), 1, "{:?}", report.sources);
    let skipped: Vec<_> =
        report.skipped.iter().map(|(path, _)| path.to_string_lossy().into_owned()).collect();
    assert!(skipped.contains(&"alpine-secdb/circle".to_owned()), "{skipped:?}");
}

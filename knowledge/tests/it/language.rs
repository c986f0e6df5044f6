//! Advisory databases of single languages in their own formats, on the real samples and on small hand-written files.

use model::{FixState, SeverityRule, Timestamp};

use crate::support::{Feeds, affected, only, ranges, skipped, source};

const RUBY: &str = "ruby-advisory-db/ruby-advisory-db-2026-08-22.tar.gz";
const PHP: &str = "friendsofphp/security-advisories-2026-08-06.tar.gz";
const NODE: &str = "nodejs-security-wg/security-wg-vuln-2026-04-08.tar.gz";

#[test]
fn the_ruby_database_is_read_whole() {
    let (bundle, report) = Feeds::new().real(RUBY).compile();
    let source = source(&report, RUBY);
    assert_eq!((source.records, source.quarantined_count), (1234, 0), "{:?}", source.quarantined);
    assert_eq!(source.date, Timestamp::parse("2026-08-22"));
    let counts = &bundle.manifest().namespaces["gem"];
    assert_eq!((counts.packages, counts.statements), (465, 1234));
    let rack = only(&bundle, "gem", "rack", "CVE-2022-44570");
    assert_eq!(ranges(&rack), "[..2.0.9.2) [2.1.a..2.1.4.2) [2.2.a..2.2.6.2) [2.3.a..3.0.4.1)");
    assert_eq!(
        (rack.affected.state, rack.affected.fix_version.as_deref()),
        (FixState::Fixed, Some("3.0.4.1"))
    );
    assert_eq!(rack.vulnerability.aliases, ["GHSA-65f5-mfpf-vfhj"]);
    assert_eq!(rack.vulnerability.title, "Denial of service via header parsing in Rack");
    assert_eq!(rack.vulnerability.published, Timestamp::parse("2023-01-18"));
    assert_eq!((rack.affected.severity.get(), rack.affected.severity_rule), (4, SeverityRule::Cvss));
    let one = affected(&bundle, "gem", "airbrake-ruby");
    let one: Vec<_> = one.iter().map(|one| (ranges(one), one.affected.fix_version.as_deref())).collect();
    assert_eq!(
        one,
        [("[4.2.3..4.2.3]".into(), Some("4.2.4"))],
        "of one affected version the patched one is the fix"
    );
    let never = only(&bundle, "gem", "cap-strap", "OSVDB-108575");
    assert_eq!((ranges(&never), never.affected.state), ("[..)".into(), FixState::Affected));
}

#[test]
fn the_php_database_is_read_whole() {
    let (bundle, report) = Feeds::new().real(PHP).compile();
    let source = source(&report, PHP);
    assert_eq!((source.records, source.quarantined_count), (1592, 0), "{:?}", source.quarantined);
    let counts = &bundle.manifest().namespaces["composer"];
    assert_eq!((counts.packages, counts.statements), (350, 1592));
    let symfony = only(&bundle, "composer", "symfony/http-foundation", "CVE-2019-18888");
    assert_eq!(ranges(&symfony), "[2.0.0..2.8.52) [3.0.0..3.4.35) [4.0.0..4.2.12) [4.3.0..4.3.8)");
    assert_eq!(symfony.vulnerability.title, "Prevent argument injection in a MimeTypeGuesser");
    assert_eq!(symfony.vulnerability.published, Timestamp::parse("2019-11-13"));
    let unnamed = affected(&bundle, "composer", "adodb/adodb-php");
    assert!(unnamed.iter().any(|found| found.vulnerability.id == "FRIENDSOFPHP-adodb/adodb-php/2018-03-06"));
}

#[test]
fn the_working_groups_records_are_read_whole_and_join_githubs() {
    let (bundle, report) = Feeds::new().real(NODE).real("osv/npm/all.zip").compile();
    let source = source(&report, NODE);
    assert_eq!((source.records, source.quarantined_count), (467, 0), "{:?}", source.quarantined);
    let minimatch = affected(&bundle, "npm", "minimatch");
    let one: Vec<_> = minimatch.iter().filter(|found| found.vulnerability.id == "CVE-2016-10540").collect();
    let advisories: Vec<_> = one.iter().map(|found| found.affected.advisory.as_str()).collect();
    assert_eq!(advisories, ["GHSA-hxm2-r34f-qmc5", "NSWG-ECO-118"], "one flaw, told by the link");
    assert_eq!((ranges(one[1]), one[1].affected.fix_version.as_deref()), ("[..3.0.1]".into(), Some("3.0.2")));
    let alone = affected(&bundle, "npm", "sauce-connect");
    assert_eq!((alone[0].vulnerability.id.as_str(), ranges(&alone[0])), ("NSWG-ECO-186", "[..)".into()));
    assert_eq!((alone[0].affected.state, alone[0].affected.severity.get()), (FixState::Affected, 4));
}

#[test]
fn one_flaw_in_two_databases_is_one_vulnerability() {
    let (bundle, _) = Feeds::new()
        .real(RUBY)
        .real(PHP)
        .real(NODE)
        .real("osv/RubyGems/all.zip")
        .real("osv/Packagist/all.zip")
        .real("osv/npm/all.zip")
        .compile();
    let mut owners = std::collections::BTreeMap::new();
    for vulnerability in bundle.vulnerabilities() {
        for id in vulnerability.aliases.iter().filter(|id| !id.starts_with("CVE-")) {
            owners
                .entry((vulnerability.family, id.clone()))
                .or_insert_with(Vec::new)
                .push(vulnerability.id.clone());
        }
    }
    // What stands under several vulnerabilities names several CVEs itself.
    for ((_, id), owners) in &owners {
        assert!(
            owners.len() == 1 || owners.iter().all(|owner| owner.starts_with("CVE-")),
            "{id}: {owners:?}"
        );
    }
    assert!(bundle.vulnerabilities().all(|found| !owners.contains_key(&(found.family, found.id.clone()))));
}

#[test]
fn the_unpacked_folders_are_read_like_the_tarballs() {
    let gem = "---\ngem: a\ncve: 2020-0001\ntitle: T\ndate: 2020-01-02\npatched_versions: ['>= 1.2']\n";
    let php = "title: T\nlink: https://example.org\ncve: ~\nbranches:\n  1.x:\n    time: 2020-01-02 03:04:05\n    versions: ['>=1.0', '<1.2']\nreference: composer://Vendor/Name\n";
    let npm = r#"{"id": 7, "module_name": "a", "vulnerable_versions": "<=1.2.3", "patched_versions": ">=1.2.4", "cves": []}"#;
    let (bundle, report) = Feeds::new()
        .file("ruby-advisory-db/gems/a/CVE-2020-0001.yml", gem)
        .file("ruby-advisory-db/gems/a/OSVDB-1.yml", "gem: a\nosvdb: 1\npatched_versions: ['no version']\n")
        .file("ruby-advisory-db/rubies/ruby/CVE-2020-0002.yml", "engine: ruby\ncve: 2020-0002\n")
        .file("friendsofphp/vendor/name/2020-01-02.yaml", php)
        .file("security-wg/vuln/npm/7.json", npm)
        .file("security-wg/vuln/npm/index.json", "{}")
        .file("security-wg/vuln/core/1.json", "{}")
        .compile();
    assert_eq!(ranges(&only(&bundle, "gem", "a", "CVE-2020-0001")), "[..1.2)");
    let found = only(&bundle, "composer", "vendor/name", "FRIENDSOFPHP-vendor/name/2020-01-02");
    assert_eq!(
        (ranges(&found), found.vulnerability.published),
        ("[1.0..1.2)".into(), Timestamp::parse("2020-01-02"))
    );
    let found = only(&bundle, "npm", "a", "NSWG-ECO-7");
    assert_eq!(found.affected.fix_version.as_deref(), Some("1.2.4"));
    assert!(
        skipped(&report, "ruby-advisory-db/gems/a/OSVDB-1.yml").contains("`no version` is no requirement")
    );
    assert_eq!(
        skipped(&report, "ruby-advisory-db/rubies/ruby/CVE-2020-0002.yml"),
        "advisories about interpreters of Ruby are not used"
    );
    assert_eq!(
        skipped(&report, "security-wg/vuln/core/1.json"),
        "advisories about Node.js itself are not used"
    );
}

/// One good file of each form that is a document by itself.
const DOCUMENTS: [(&str, &str); 3] = [
    (
        "ruby-advisory-db/gems/a/CVE-{}.yml",
        "---\ngem: a\ncve: 2024-0001\nghsa: aaaa-bbbb-cccc\ntitle: T\ndate: 2024-01-18\ncvss_v3: 7.5\npatched_versions:\n  - \"~> 2.0.9, >= 2.0.9.2\"\n  - \">= 3.0.4.1\"\nunaffected_versions:\n  - \"< 1.0.0.rc1\"\n",
    ),
    (
        "friendsofphp/vendor/name/{}.yaml",
        "title: T\nlink: https://example.org\ncve: ~\nbranches:\n    1.x:\n        time: ~\n        versions: ['>=1.0', '<2.0']\n    2.0:\n        time: 2024-01-13 08:00:00\n        versions: ['>=2.0', '<2.0.5-beta1']\nreference: composer://vendor/name\n",
    ),
    (
        "vuln/npm/{}.json",
        r#"{"id": 1, "module_name": "a", "cves": ["CVE-2024-0001"], "vulnerable_versions": "<1.6.5 || >=2.0.0-alpha8 <=2.1.x || ~3 || ^4.0.0 || 5.1 - 6", "patched_versions": ">=2.2.0 <3", "cvss_score": 7.1}"#,
    ),
];

#[test]
fn no_byte_that_is_wrong_or_missing_does_more_than_cost_its_file() {
    for (path, document) in DOCUMENTS {
        let mut feeds = Feeds::new().file(&path.replace("{}", "9999999"), document);
        for at in 0..document.len() {
            for (kind, byte) in [Some(b'<'), Some(b'['), Some(0xff), None].into_iter().enumerate() {
                let mut bytes = document.as_bytes().to_vec();
                match byte {
                    Some(byte) => bytes[at] = byte,
                    None => bytes.truncate(at),
                }
                feeds = feeds.file(&path.replace("{}", &(at * 10 + kind).to_string()), bytes);
            }
        }
        let (bundle, report) = feeds.compile();
        let files = 4 * document.len() as u64 + 1;
        assert_eq!(report.sources.len() as u64 + report.skipped_count, files, "{path}");
        let good = report.sources.iter().filter(|source| source.records == 1).count();
        assert!(good > 1 && (good as u64) < files, "{path}: {good} of {files}");
        bundle.verify().unwrap();
    }
}

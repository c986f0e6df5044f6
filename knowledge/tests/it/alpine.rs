//! Alpine's security database in its older forms. A Python script over all JSON files (58,906 statements) and over the YAML of
//! 2020 (12,006) confirmed every statement.

use model::{FixState, Timestamp};

use crate::support::{Feeds, affected, only, ranges, source};

const YAML: &str = "alpine-secdb/alpine-secdb-yaml-2020-06-08.tar.gz";

#[test]
fn the_yaml_of_2020_is_read_whole_where_nothing_newer_lies_beside_it() {
    let (bundle, report) = Feeds::new().real(YAML).compile();
    let yaml = source(&report, YAML);
    assert_eq!((yaml.feed, yaml.records, yaml.quarantined_count), ("alpine-yaml", 12_028, 0));
    assert_eq!(yaml.date, Timestamp::parse("2020-06-08"));
    let zsh = only(&bundle, "alpine:3.5", "zsh", "CVE-2018-1083");
    assert_eq!((ranges(&zsh), zsh.affected.feed.as_str()), ("[..5.2-r4)".into(), "alpine-yaml"));
    let slip = only(&bundle, "alpine:3.9", "ansible", "CVE-2018-16859");
    assert_eq!(slip.affected.fix_version.as_deref(), Some("2.7.3-r0"));
}

#[test]
fn json_of_the_same_repository_replaces_the_yaml() {
    let (bundle, report) = Feeds::new().real(YAML).real("alpine-secdb/v3.5/main.json").compile();
    let feeds = |namespace: &str, package: &str| {
        let found = affected(&bundle, namespace, package);
        let mut feeds: Vec<String> = found.into_iter().map(|found| found.affected.feed).collect();
        feeds.dedup();
        feeds
    };
    assert_eq!(feeds("alpine:3.5", "zsh"), ["alpine"]);
    assert_eq!(feeds("alpine:3.6", "zsh"), ["alpine-yaml"]);
    assert_eq!(source(&report, "alpine-secdb/v3.5/main.json").records, 840);
}

#[test]
fn a_package_that_is_no_yaml_costs_only_itself() {
    let text = "---\ndistroversion: v3.15\nreponame: main\npackages:\n- pkg:\n    name: a\n    secfixes:\n      1.10:\n      - CVE-2020-0001\n\
                - pkg:\n    name: [\n- pkg:\n    name: b\n    secfixes:\n      0:\n      - CVE-2020-0002\n#\n";
    let (bundle, report) = Feeds::new()
        .file("alpine-secdb/v3.15/main.yaml", text)
        .file("alpine-secdb/v3.14/main.yaml", text)
        .compile();
    assert_eq!(ranges(&only(&bundle, "alpine:3.15", "a", "CVE-2020-0001")), "[..1.10)");
    assert_eq!(only(&bundle, "alpine:3.15", "b", "CVE-2020-0002").affected.state, FixState::NotAffected);
    let yaml = source(&report, "alpine-secdb/v3.15/main.yaml");
    assert_eq!((yaml.records, yaml.quarantined_count), (2, 1));
    assert_eq!(report.sources.len(), 1, "a file about another release than its folder's is left out");
}

#[test]
fn the_sites_note_dates_its_databases() {
    let database = r#"{"packages": [{"pkg": {"name": "a", "secfixes": {"1-r0": ["CVE-2020-0001"]}}}]}"#;
    let (bundle, report) = Feeds::new()
        .file("alpine-secdb/v3.15/main.json", database)
        .file("alpine-secdb/v3.15/community.json", database.replace("\"a\"", "\"b\""))
        .file("alpine-secdb/last-update", "2026-11-20T10:20:30Z\n")
        .compile();
    assert_eq!(
        source(&report, "alpine-secdb/v3.15/main.json").date,
        Timestamp::parse("2026-11-20T10:20:30Z")
    );
    let (_, report) = Feeds::new()
        .file("alpine-secdb/v3.15/main.json", database)
        .file("alpine-secdb/v3.15/last-update", "1628589283")
        .compile();
    let date = source(&report, "alpine-secdb/v3.15/main.json").date;
    assert_eq!(date, Timestamp::parse("2021-08-10T09:54:43Z"));
    for package in ["a", "b"] {
        assert_eq!(affected(&bundle, "alpine:3.15", package).len(), 1, "{package}");
    }
}

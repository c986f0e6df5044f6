//! Wolfi and Chainguard: the real samples, whose statements a Python script over the same files confirmed one by one (31,931
//! of the database, 20,770 of the advisories), and small hand-written ones.

use model::{FixState, Named, NamespaceFamily, Standing, Timestamp};

use crate::support::{Feeds, affected, only, ranges, skipped, source};

const ADVISORIES: &str = "wolfi/wolfi-advisories-2025-05-07.tar.gz";
const DATABASE: &str = "wolfi/os/security.json.gz";

#[test]
fn the_database_is_read_whole() {
    let (bundle, report) = Feeds::new().real(DATABASE).compile();
    let database = source(&report, DATABASE);
    assert_eq!((database.feed, database.records, database.quarantined_count), ("wolfi", 31_931, 0));
    let fixed = only(&bundle, "wolfi", "openssl", "CVE-2024-5535");
    assert_eq!((fixed.affected.state, ranges(&fixed)), (FixState::Fixed, "[..3.3.1-r3)".into()));
    assert_eq!((fixed.affected.named, fixed.vulnerability.family), (Named::Source, NamespaceFamily::Wolfi));
    let never = only(&bundle, "wolfi", "openssl", "CVE-2023-4807");
    assert_eq!((never.affected.state, ranges(&never)), (FixState::NotAffected, String::new()));
}

#[test]
fn advisories_tell_what_is_not_fixed_and_why_a_flaw_does_not_count() {
    let (bundle, report) = Feeds::new().real(ADVISORIES).real(DATABASE).compile();
    let advisories = source(&report, ADVISORIES);
    assert_eq!(
        (advisories.feed, advisories.records, advisories.quarantined_count),
        ("wolfi-advisories", 20_770, 0)
    );
    assert_eq!(advisories.date, Timestamp::parse("2025-05-07"));
    let refuted: Vec<_> = affected(&bundle, "wolfi", "openssl")
        .into_iter()
        .filter(|found| found.vulnerability.id == "CVE-2023-4807")
        .map(|found| {
            (found.affected.feed, found.affected.state, found.affected.note, found.affected.standing)
        })
        .collect();
    let reason = Some("vulnerable-code-not-included-in-package".to_owned());
    assert!(
        refuted.contains(&("wolfi-advisories".into(), FixState::NotAffected, reason, Standing::Outranked)),
        "{refuted:?}"
    );
    assert!(refuted.iter().any(|(feed, _, _, standing)| feed == "wolfi" && *standing == Standing::InForce));
    // The advisory joins the ids that the database lists apart.
    let joined = only_in_force(&bundle, "openssl", "CVE-2023-4807");
    assert!(
        joined.vulnerability.aliases.iter().any(|id| id == "CGA-6vmf-q9cg-qhx4"),
        "{:?}",
        joined.vulnerability.aliases
    );
    let planned = affected(&bundle, "wolfi", "go-fips-1.20");
    let planned = planned.iter().find(|found| found.vulnerability.id == "CVE-2023-24531").unwrap();
    assert_eq!(
        (planned.affected.state, planned.affected.standing),
        (FixState::WillNotFix, Standing::InForce)
    );
    assert_eq!(ranges(planned), "[..)");
}

/// The first statement that counts.
fn only_in_force(bundle: &knowledge::Bundle, package: &str, id: &str) -> knowledge::BundleAffected {
    let found = affected(bundle, "wolfi", package);
    let counts = |found: &knowledge::BundleAffected| {
        found.vulnerability.id == id && found.affected.standing == Standing::InForce
    };
    found.into_iter().find(counts).unwrap()
}

/// An advisory with events `(time, type, data)`.
fn advisory(id: &str, events: &[(&str, &str, &str)]) -> String {
    let events = events.iter().map(|(time, kind, data)| {
        let data = if data.is_empty() { String::new() } else { format!("\n        data:\n          {data}") };
        format!("\n      - timestamp: {time}\n        type: {kind}{data}")
    });
    format!(
        "\n  - id: CGA-{id}\n    aliases:\n      - CVE-2024-{id}\n    events:{}",
        events.collect::<String>()
    )
}

#[test]
fn the_last_event_decides_wherever_it_stands_in_the_file() {
    let text = [
        "schema-version: 2.0.2\n\npackage:\n  name: busybox\n\nadvisories:",
        &advisory(
            "0001",
            &[
                ("2024-02-01T00:00:00Z", "fixed", "fixed-version: 1.10"),
                ("2024-01-01T00:00:00Z", "detection", "componentID: 5e01539330380570"),
            ],
        ),
        &advisory(
            "0002",
            &[
                ("2024-02-01T00:00:00Z", "fixed", "fixed-version: 1.10-r1"),
                ("2024-03-01T00:00:00Z", "pending-upstream-fix", "note: Waiting"),
            ],
        ),
        &advisory("0003", &[("2024-02-01T00:00:00Z", "detection", "type: manual")]),
        &advisory("0004", &[("2024-02-01T00:00:00Z", "surprise", "")]),
        &advisory("0005", &[]),
    ]
    .concat();
    let (bundle, report) = Feeds::new()
        .file("wolfi/busybox.advisories.yaml", &text)
        .file("wolfi/broken.advisories.yaml", "package: [")
        .compile();
    let state = |id: &str| {
        let found = only(&bundle, "wolfi", "busybox", id);
        (found.affected.state, ranges(&found), found.affected.note)
    };
    assert_eq!(state("CVE-2024-0001"), (FixState::Fixed, "[..1.10)".into(), None));
    assert_eq!(state("CVE-2024-0002"), (FixState::Affected, "[..)".into(), Some("Waiting".into())));
    assert_eq!(state("CVE-2024-0003"), (FixState::UnderInvestigation, "[..)".into(), None));
    let file = source(&report, "wolfi/busybox.advisories.yaml");
    assert_eq!((file.records, file.quarantined_count), (3, 2));
    let dates = only(&bundle, "wolfi", "busybox", "CVE-2024-0002").vulnerability;
    assert_eq!(
        (dates.published, dates.modified),
        (Timestamp::parse("2024-02-01"), Timestamp::parse("2024-03-01"))
    );
    assert!(
        skipped(&report, "wolfi/broken.advisories.yaml").starts_with("it cannot be read as wolfi-advisories")
    );
}

#[test]
fn a_database_belongs_to_the_distribution_that_it_names() {
    let database = |repository: &str, site: &str| {
        format!(
            r#"{{"reponame": "{repository}", "urlprefix": "{site}", "packages": [
                {{"pkg": {{"name": "a", "secfixes": {{"1-r0": ["CVE-2024-0001", "GHSA-rpmj-rpgj-qmpm"]}}}}}}]}}"#
        )
    };
    let (bundle, report) = Feeds::new()
        .file("wolfi/os/security.json", database("os", "https://packages.wolfi.dev"))
        .file("chainguard/security.json", database("chainguard", "https://packages.cgr.dev"))
        .file("other/security.json", database("os", "https://example.org"))
        .compile();
    for namespace in ["wolfi", "chainguard"] {
        assert_eq!(affected(&bundle, namespace, "a").len(), 2, "{namespace}");
    }
    assert!(skipped(&report, "other/security.json").ends_with("not of Wolfi or Chainguard"));
}

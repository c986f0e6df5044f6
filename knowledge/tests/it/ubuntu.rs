//! Canonical's CVE tracker and OpenVEX: the real samples and small hand-written ones.

use model::{FixState, Named, Severity};

use crate::real::format_sample;
use crate::support::{Feeds, affected, only, ranges, source};

fn sample(member: &str) -> Vec<u8> {
    format_sample("debian-ubuntu.tar.gz", member)
}

#[test]
fn files_of_the_tracker_are_read_with_every_status() {
    let names = [
        ("blank_lines_in_description", "CVE-2017-5192"),
        ("include_pending", "CVE-2020-0009"),
        ("line_break_between_patches", "CVE-2017-7702"),
        ("more_than_one_package_patches", "CVE-2017-9228"),
        ("multiple_upstreams", "CVE-2020-0556"),
        ("no_space_before_status", "CVE-2019-15903"),
        ("empty_status_upstream", "CVE-2007-0255"),
    ];
    let feeds = names.iter().fold(Feeds::new(), |feeds, (member, cve)| {
        feeds.file(&format!("uct/active/{cve}"), sample(&format!("ubuntu-cve-tracker/{member}")))
    });
    let (bundle, report) = feeds.compile();
    for (_, cve) in names {
        let source = source(&report, &format!("uct/active/{cve}"));
        assert_eq!(
            (source.feed, source.records, source.quarantined_count),
            ("ubuntu-cve-tracker", 1, 0),
            "{cve}"
        );
    }
    let bluez = only(&bundle, "ubuntu:18.04", "bluez", "CVE-2020-0556");
    assert_eq!((ranges(&bluez), bluez.affected.named), ("[..5.48-0ubuntu3.4)".into(), Named::Source));
    assert_eq!(
        (bluez.affected.base_severity.get(), bluez.affected.fix_version.as_deref()),
        (3, Some("5.48-0ubuntu3.4"))
    );
    assert_eq!(bluez.vulnerability.cvss3.as_ref().map(|cvss| cvss.base), Some(7.1));
    let state = |namespace: &str, package: &str, cve: &str| {
        let found = only(&bundle, namespace, package, cve);
        (found.affected.state, ranges(&found), found.affected.note.clone().unwrap_or_default())
    };
    let all = || "[..)".to_owned();
    assert_eq!(
        state("ubuntu:14.04", "bluez", "CVE-2020-0556"),
        (FixState::EndOfLife, all(), "out of standard support".into())
    );
    assert_eq!(
        state("ubuntu:19.10", "linux-oem", "CVE-2020-0009"),
        (FixState::Affected, all(), "4.15.0-1087.97".into())
    );
    assert_eq!(
        state("ubuntu:14.04:esm", "vnc4", "CVE-2019-15903"),
        (FixState::Affected, all(), String::new())
    );
    assert_eq!(
        state("ubuntu:19.04", "vnc4", "CVE-2019-15903"),
        (FixState::NotAffected, String::new(), "code not present".into())
    );
    assert_eq!(state("ubuntu:6.10", "xine-ui", "CVE-2007-0255").0, FixState::EndOfLife);
    // The package does not exist there, and no release is called `devel`.
    assert!(affected(&bundle, "ubuntu:20.04", "vnc4").is_empty());
    assert!(bundle.manifest().namespaces.keys().all(|namespace| !namespace.contains("devel")));
}

#[test]
fn an_odd_status_is_set_aside_alone() {
    let text = "Candidate: CVE-2024-0001\nPriority: high\nPriority_b: negligible\njammy_a: perhaps\njammy_b: needed\njammy_c: released\n";
    let (bundle, report) = Feeds::new().file("uct/active/CVE-2024-0001", text).compile();
    let source = source(&report, "uct/active/CVE-2024-0001");
    let reasons: Vec<_> = source.quarantined.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(reasons, ["status `perhaps` is not known", "it is released without a version"]);
    let found = only(&bundle, "ubuntu:22.04", "b", "CVE-2024-0001");
    assert_eq!(found.affected.base_severity, Severity::MINIMAL);
}

#[test]
fn positions_of_the_vex_archive_are_read() {
    let name = "ubuntu-vex/vex-all.tar.xz";
    let (bundle, report) = Feeds::new().file(name, sample(name)).compile();
    let source = source(&report, name);
    assert_eq!((source.feed, source.records, source.quarantined_count), ("ubuntu-vex", 3, 0));
    let open = only(&bundle, "ubuntu:22.04", "curl", "CVE-2025-0167");
    assert_eq!((open.affected.state, ranges(&open)), (FixState::Affected, "[..)".into()));
    let clean = only(&bundle, "ubuntu:18.04:esm", "curl", "CVE-2025-0167");
    assert_eq!(
        (clean.affected.state, clean.affected.note.as_deref()),
        (FixState::NotAffected, Some("vulnerable_code_not_present"))
    );
    let notice = only(&bundle, "ubuntu:20.04:esm", "varnish", "CVE-2022-45060");
    assert_eq!(
        (ranges(&notice), notice.affected.advisory.as_str()),
        ("[..6.2.1-2ubuntu0.2+esm1)".into(), "USN-7372-1")
    );
    assert_eq!(notice.affected.feed, "ubuntu-vex-notices");
}

#[test]
fn documents_on_a_cve_say_why_and_never_which_version_fixed_it() {
    let files = ["2023/CVE-2023-38545", "2016/CVE-2016-20013"];
    let feeds = files.iter().fold(Feeds::new(), |feeds, file| {
        feeds.file(&format!("vex/cve/{file}.json"), sample(&format!("ubuntu-osv-vex-2/vex/cve/{file}.json")))
    });
    let (bundle, report) = feeds.compile();
    assert_eq!(source(&report, "vex/cve/2023/CVE-2023-38545.json").feed, "ubuntu-vex");
    // The document names the version that is current, not the one with the fix.
    assert!(affected(&bundle, "ubuntu:22.04", "curl").is_empty());
    assert_eq!(only(&bundle, "ubuntu:16.04", "curl", "CVE-2023-38545").affected.state, FixState::EndOfLife);
    let glibc = only(&bundle, "ubuntu:14.04:esm", "eglibc", "CVE-2016-20013");
    assert_eq!(glibc.affected.state, FixState::WillNotFix);
    assert!(glibc.affected.note.unwrap().starts_with("Actually addressing this will likely require"));
    // Of zabbix in noble it is said that it does not exist.
    assert!(affected(&bundle, "ubuntu:24.04", "zabbix").is_empty());
}

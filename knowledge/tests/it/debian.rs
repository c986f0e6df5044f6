//! Debian's lists and its JSON: the forms of both, and who wins.

use model::{FixState, NamespaceFamily, Standing, Timestamp};

use crate::real::format_sample;
use crate::support::{Feeds, affected, only, ranges, source};

const LISTS: &str = "debian/security-tracker-2023-04-02.tar.gz";

fn tar_of(members: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive
            .append_data(&mut header, format!("security-tracker-master/data/{name}"), text.as_bytes())
            .unwrap();
    }
    archive.into_inner().unwrap()
}

const CONFIG: &str = r#"{"distributions": {"buster": {}, "bullseye": {"release": "oldstable"}, "bookworm": {"release": "stable"},
    "forky": {}, "sid": {"release": "unstable"}}}"#;

#[test]
fn the_real_advisory_lists_are_read_whole() {
    let (bundle, report) = Feeds::new().real(LISTS).compile();
    let lists = source(&report, LISTS);
    assert_eq!(
        (lists.feed, lists.records, lists.quarantined_count),
        ("debian-lists", 9148, 0),
        "{:?}",
        lists.quarantined
    );
    assert_eq!(lists.date, Timestamp::parse("2023-04-02"));
    // Counted over the lists by other means: packages, and pairs of package and advisory for each CVE.
    let counts = |namespace: &str| {
        let counts = &bundle.manifest().namespaces[namespace];
        (counts.packages, counts.statements)
    };
    assert_eq!(counts("debian:11"), (191, 2003));
    assert_eq!(counts("debian:10"), (429, 3963));
    assert_eq!(counts("debian:9"), (650, 5673));
    assert_eq!(counts("debian:8"), (645, 6527));
    assert_eq!(counts("debian:5"), (353, 1996));
    let fixed = only(&bundle, "debian:11", "xorg-server", "CVE-2023-1393");
    assert_eq!((fixed.affected.state, ranges(&fixed)), (FixState::Fixed, "[..2:1.20.11-1+deb11u6)".into()));
    assert_eq!(fixed.affected.advisory, "DSA-5380-1");
    assert_eq!(fixed.vulnerability.aliases, ["DLA-3372-1", "DSA-5380-1"]);
    assert_eq!(fixed.vulnerability.published, Timestamp::parse("2023-03-29"));
    // The title of an advisory stands beside its own vulnerability, never beside a CVE.
    assert_eq!(fixed.vulnerability.title, "CVE-2023-1393 in xorg-server");
    let alone = only(&bundle, "debian:11", "sox", "DSA-5356-2");
    assert_eq!(alone.vulnerability.title, "sox - regression update");
    assert_eq!(ranges(&alone), "[..14.4.2+git20190427-2+deb11u2)");
    let origin = bundle.origins("debian-lists", "DSA-5380-1");
    assert_eq!((origin[0].file.as_str(), origin[0].digest.is_some()), (LISTS, true));
}

#[test]
fn the_real_list_of_cves_gives_states_releases_and_temporary_names() {
    let sample = format_sample("debian-ubuntu.tar.gz", "debian-tracker-salsa/security-tracker-master.tar.gz");
    let (bundle, report) = Feeds::new().file("debian/security-tracker-master.tar.gz", sample).compile();
    let lists = source(&report, "debian/security-tracker-master.tar.gz");
    assert_eq!((lists.records, lists.quarantined_count), (15, 0), "{:?}", lists.quarantined);
    let qemu = only(&bundle, "debian:sid", "qemu", "CVE-2023-5088");
    assert_eq!(ranges(&qemu), "[..1:8.1.1+ds-2)");
    assert_eq!(
        qemu.vulnerability.title,
        "A bug in QEMU could cause a guest I/O operation otherwise addressed to ..."
    );
    // Supported, and no line or advisory of its own.
    assert_eq!(ranges(&only(&bundle, "debian:12", "qemu", "CVE-2023-5088")), "[..1:8.1.1+ds-2)");
    let ended = only(&bundle, "debian:10", "chromium", "CVE-2023-5849");
    assert_eq!(
        (ended.affected.state, ended.affected.note.as_deref()),
        (FixState::EndOfLife, Some("see DSA 5046"))
    );
    let advised = affected(&bundle, "debian:12", "chromium");
    let advised: Vec<_> = advised.iter().filter(|it| it.vulnerability.id == "CVE-2023-5849").collect();
    assert_eq!(advised.iter().map(|it| ranges(it)).collect::<Vec<_>>(), ["[..119.0.6045.105-1~deb12u1)"]);
    assert_eq!(advised[0].vulnerability.aliases, ["DSA-5546-1"]);
    let temporary = only(&bundle, "debian:11", "vlc", "TEMP-0000000-3574A3");
    assert_eq!(ranges(&temporary), "[..3.0.20-0+deb11u1)");
    assert_eq!(temporary.vulnerability.title, "VLC: OOW in MMS URL parsing");
    let open = only(&bundle, "debian:sid", "wordpress", "TEMP-0000000-556898");
    assert_eq!((open.affected.state, ranges(&open)), (FixState::Affected, "[..)".into()));
    assert!(bundle.vulnerabilities().all(|it| it.id != "CVE-2023-46517"), "rejected and without packages");
}

#[test]
fn every_state_of_the_list_is_understood() {
    let cves = "CVE-2023-0001 (One)\n\t{DSA-1-1 CVE-2023-9999 VU#123456}\n\
        \t- a 1.2-3 (bug #123; low)\n\t[bookworm] - a <no-dsa> (Minor issue)\n\t[bullseye] - a <ignored> (Too intrusive)\n\
        \t[buster] - a <postponed> (Next time; low)\n\t- b <unfixed> (unimportant)\n\t[bullseye] - b <not-affected> (Introduced later)\n\
        \t[bookworm] - b <undetermined>\n\t- c <removed>\n\t- d <itp> (bug #1)\n\t[experimental] - e 1\n\t- e <not-affected> (Windows only)\n\
        \tNOTE: words\n\tNOTE: more words\n\
        CVE-2023-0002\n\tRESERVED\n\t- a 2.0-1\n\
        CVE-2023-0003 (Three)\n\tREJECTED\n\t- a 3.0-1\n\
        CVE-2023-0004 (Four)\n\tNOT-FOR-US: x\n\
        CVE-2023-0005 (Five)\n\t- a <strange>\n\tnonsense\n\t- a 5.0-1\n\
        not a record\n\t- a 1\n\
        CVE-2023-NNNN [Text]\n\t- a 6.0-1 (bug #42)\n";
    // the tracker's own letter for a digit that is not known yet
    let cves = &cves.replace("-NNNN", &format!("-{}", "X".repeat(4)));
    let archive =
        tar_of(&[("CVE/list", cves), ("config.json", CONFIG), ("DSA/list", "[01 Jan 2023] DSA-1-1 x - y\n")]);
    let (bundle, report) = Feeds::new().file("debian/security-tracker-x.tar", archive).compile();
    let lists = source(&report, "debian/security-tracker-x.tar");
    assert_eq!((lists.records, lists.quarantined_count), (7, 3), "{:?}", lists.quarantined);
    let said = |release: &str, package: &str, id: &str| {
        let found = only(&bundle, release, package, id);
        let urgency = found.affected.severity.get();
        (found.affected.state, urgency, found.affected.note)
    };
    let note = |text: &str| Some(text.to_owned());
    assert_eq!(said("debian:sid", "a", "CVE-2023-0001"), (FixState::Fixed, 2, None));
    assert_eq!(said("debian:12", "a", "CVE-2023-0001"), (FixState::Affected, 2, note("Minor issue")));
    assert_eq!(said("debian:11", "a", "CVE-2023-0001"), (FixState::WillNotFix, 2, note("Too intrusive")));
    assert_eq!(said("debian:10", "a", "CVE-2023-0001"), (FixState::FixDeferred, 2, note("Next time; low")));
    assert_eq!(said("debian:sid", "b", "CVE-2023-0001"), (FixState::Affected, 1, None));
    assert_eq!(said("debian:11", "b", "CVE-2023-0001"), (FixState::NotAffected, 1, note("Introduced later")));
    assert_eq!(said("debian:12", "b", "CVE-2023-0001").0, FixState::UnderInvestigation);
    assert_eq!(
        said("debian:12", "c", "CVE-2023-0001"),
        (FixState::Affected, 3, note("Removed from unstable"))
    );
    assert_eq!(said("debian:11", "e", "CVE-2023-0001").0, FixState::NotAffected);
    assert!(affected(&bundle, "debian:sid", "d").is_empty());
    assert!(affected(&bundle, "debian:10", "c").is_empty(), "not supported any more");
    let ids: Vec<String> =
        affected(&bundle, "debian:12", "a").into_iter().map(|it| it.vulnerability.id.clone()).collect();
    assert_eq!(ids, ["CVE-2023-0001", "CVE-2023-0002", "CVE-2023-0005", "TEMP-0000042-9DFFBF"]);
    assert_eq!(only(&bundle, "debian:12", "a", "CVE-2023-0001").vulnerability.aliases, ["DSA-1-1"]);
}

#[test]
fn a_list_that_lies_alone_speaks_of_unstable_and_of_the_releases_that_it_names() {
    let cves = "CVE-2023-0001 (One)\n\t- a 1.2-3\n\t[buster] - a 1.1-1+deb10u1\n";
    let (bundle, _) = Feeds::new().file("tracker/data/CVE/list", cves).compile();
    let releases: Vec<&String> = bundle.manifest().namespaces.keys().collect();
    assert_eq!(releases, ["debian:10", "debian:sid"]);
    let advisories = "[August 26th, 2005] DTSA-1-1 kismet - various\n\t{CVE-2005-2626 CVE-2005-2627 }\n\t[etch] - kismet 2005.08.R1-0.1etch1 (high)\n";
    let (bundle, _) = Feeds::new().file("tracker/data/DTSA/list", advisories).compile();
    let high = only(&bundle, "debian:4", "kismet", "CVE-2005-2626");
    assert_eq!((high.affected.severity.get(), high.affected.advisory.as_str()), (4, "DTSA-1-1"));
    assert_eq!(high.vulnerability.published, Timestamp::parse("2005-08-26"));
}

#[test]
fn the_json_outranks_the_lists_where_it_speaks_and_nowhere_else() {
    let json = r#"{"a": {"CVE-2023-0001": {"description": "x", "debianbug": 7, "releases": {
        "bookworm": {"status": "resolved", "fixed_version": "1.0-2", "urgency": "not yet assigned", "repositories": {"bookworm": "1.0-1"}},
        "bullseye": {"status": "open", "urgency": "low", "nodsa": "Minor issue", "nodsa_reason": "postponed", "repositories": {"bullseye": "0.9-1"}}}}}}"#;
    let advisories = "[29 Mar 2023] DSA-5380-1 a - security update\n\t{CVE-2023-0001}\n\t[bookworm] - a 1.0-1+deb12u1\n\t[buster] - a 0.8-1+deb10u1\n\
        [30 Mar 2023] DSA-5381-1 a - security update\n\t{CVE-2023-0002}\n\t[bookworm] - a 1.0-3\n";
    let (bundle, _) =
        Feeds::new().file("debian/json", json).file("debian/data/DSA/list", advisories).compile();
    let statements = affected(&bundle, "debian:12", "a");
    let shown: Vec<_> = statements
        .iter()
        .map(|it| (it.vulnerability.id.as_str(), it.affected.feed.as_str(), it.affected.standing, ranges(it)))
        .collect();
    assert_eq!(
        shown,
        [
            ("CVE-2023-0001", "debian", Standing::InForce, "[..1.0-2)".to_owned()),
            ("CVE-2023-0001", "debian-lists", Standing::Outranked, "[..1.0-1+deb12u1)".to_owned()),
            ("CVE-2023-0002", "debian-lists", Standing::InForce, "[..1.0-3)".to_owned()),
        ]
    );
    assert_eq!(statements[0].affected.note.as_deref(), Some("The fixed version is not in the archive yet"));
    let older = only(&bundle, "debian:10", "a", "CVE-2023-0001");
    assert_eq!((older.affected.standing, ranges(&older)), (Standing::InForce, "[..0.8-1+deb10u1)".into()));
    let deferred = only(&bundle, "debian:11", "a", "CVE-2023-0001");
    assert_eq!(
        (deferred.affected.state, deferred.affected.note.as_deref()),
        (FixState::FixDeferred, Some("Minor issue"))
    );
    let vulnerability = &deferred.vulnerability;
    assert_eq!(vulnerability.aliases, ["DSA-5380-1"]);
    assert_eq!(vulnerability.qid, knowledge::qid(NamespaceFamily::Debian, "CVE-2023-0001"));
    assert!(vulnerability.references.contains(&"https://bugs.debian.org/7".to_owned()));
    let entry = json.split_once("\"CVE-2023-0001\": ").unwrap().1;
    let entry = &entry[..entry.len() - 2];
    assert_eq!(
        bundle.origins("debian", "CVE-2023-0001")[0].digest,
        Some(model::Digest::of(entry.as_bytes()))
    );
}

#[test]
fn broken_lists_and_configurations_never_cost_the_rest() {
    let archive = tar_of(&[
        ("config.json", "{"),
        (
            "DSA/list",
            "[x] DSA-1-1\n\t[bookworm] - a 1.0\n[02 Jan 2023] XYZ-1 a\n\t{\n\t- \n\t[bookworm - a 1\n\t[bookworm] - a <x\n",
        ),
        ("CVE/list", "\t- a 1\nCVE-\n\t- a \u{7}\nCVE-2023-1 (\n\t{}}{\n"),
        ("DLA/list", "[03 Jan 2023] DLA-2-1 b - c\n\t{CVE-2023-0009}\n\t[buster] - b 2.0 (trailing\n"),
    ]);
    let (bundle, report) = Feeds::new().file("debian/security-tracker-x.tar", archive).compile();
    assert!(source(&report, "debian/security-tracker-x.tar").quarantined_count >= 2);
    assert_eq!(ranges(&only(&bundle, "debian:10", "b", "CVE-2023-0009")), "[..2.0)");
    assert_eq!(ranges(&only(&bundle, "debian:12", "a", "DSA-1-1")), "[..1.0)");
}

//! What must hold between the tables of packages and inventories and what is shown of them, for small worlds made by chance.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use matcher::risk::ImageRisk;
use matcher::{Coverage, Judgement};
use model::{
    Confidence, Digest, Distro, Ecosystem, Finding, FixState, NamespaceFamily, Package, Severity,
    SeverityRule, Timestamp, Vulnerability,
};
use proptest::prelude::*;
use store::{InventoryEntry, PackageRow};

use super::content::{Content, Times};
use super::rows::ReadyRows;
use crate::facts::{Derived, Index, Inventories, PackageText, Packages, Put, Since};
use crate::judge::Judged;
use crate::table::Bits;

const TIMES: Times<'_> = Times { first_stored: Timestamp(5), last_scanned: Timestamp(8), since: Since::NONE };

/// Findings of a package: (qid, severity, risk, name only).
type Findings = Vec<(u32, u8, u8, bool)>;

fn findings() -> impl Strategy<Value = Findings> {
    let row = (1_u32..8, 1_u8..6, 1_u8..101, any::<bool>());
    proptest::collection::btree_map(1_u32..8, row, 0..5).prop_map(|rows| {
        rows.into_iter().map(|(qid, (_, severity, risk, named))| (qid, severity, risk, named)).collect()
    })
}

fn judged(findings: &Findings) -> Judged {
    let finding = |(qid, severity, risk, named): &(u32, u8, u8, bool)| Finding {
        vulnerability: Arc::new(Vulnerability {
            qid: *qid,
            id: format!("CVE-2024-{qid}"),
            family: NamespaceFamily::Debian,
            title: format!("flaw {qid}"),
            ..Vulnerability::default()
        }),
        advisory: format!("DSA-{qid}"),
        feed: "debian".into(),
        severity: Severity::new(*severity).unwrap(),
        severity_rule: SeverityRule::Cvss,
        base_severity: Severity::MINIMAL,
        raised_by: None,
        risk: *risk,
        state: FixState::Fixed,
        fix_version: (*risk > 50).then(|| format!("{risk}")),
        confidence: if *named { Confidence::Potential } else { Confidence::Confirmed },
    };
    let judgement = Judgement {
        findings: findings.iter().map(finding).collect(),
        coverage: Coverage::Covered,
        undecided: Vec::new(),
        fix_version: Some("9".into()),
        lifecycle: None,
    };
    Judged { judgement, stage: None, fingerprint: 1 }
}

fn package(kind: u32) -> Package {
    let ecosystem = [Ecosystem::Deb, Ecosystem::Npm, Ecosystem::Os][kind as usize % 3];
    let distro = (ecosystem == Ecosystem::Deb).then(|| Distro::new("debian", "12"));
    Package { distro, ..Package::new(ecosystem, format!("p{}", kind / 2), format!("{}", kind % 2)) }
}

/// Puts the package of a kind in under a number.
fn put(packages: &mut Packages, number: u32, kind: u32, changed: i64, findings: &Findings) {
    let (created, changed) = (Timestamp(1), Timestamp(changed));
    let row = PackageRow { id: number, package: package(kind), created, changed, fingerprint: None };
    let verdict = packages.verdict(judged(findings));
    let first_found = (0..findings.len()).map(|at| (at % 2 == 0).then_some(Timestamp(at as i64))).collect();
    packages.put([Put { row, verdict, first_found }]);
}

/// An entry: which package, layer, path, whether an OS package owns it.
type Entry = (u32, Option<u32>, u8, bool);

fn inventory(entries: &[Entry], number_of: impl Fn(u32) -> u32) -> Vec<InventoryEntry> {
    let entry = |(kind, layer, path, owned): &Entry| InventoryEntry {
        package: number_of(*kind),
        layer: *layer,
        path: format!("at/{path}"),
        owned_by: owned.then(|| "owner".to_owned()),
        license: None,
        found_by: "cataloger".into(),
        declared: false,
    };
    let set: BTreeSet<InventoryEntry> = entries.iter().map(entry).collect();
    set.into_iter().collect()
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    proptest::collection::vec(
        (0_u32..9, proptest::option::of(0_u32..3), 0_u8..3, proptest::bool::weighted(0.2)),
        0..14,
    )
}

#[derive(Clone, Debug)]
struct World {
    findings: Vec<Findings>,
    inventories: Vec<Vec<Entry>>,
    /// (kind, findings)
    again: Vec<(u32, Findings)>,
}

fn world() -> impl Strategy<Value = World> {
    let all = proptest::collection::vec(findings(), 9);
    let again = proptest::collection::vec((0_u32..9, findings()), 0..4);
    (all, proptest::collection::vec(entries(), 1..8), again)
        .prop_map(|(findings, inventories, again)| World { findings, inventories, again })
}

/// An index over a world whose packages were met in the order of `order`.
fn index(world: &World, order: &[u32], places: bool) -> (Index, Vec<u32>) {
    let mut index = Index::default();
    let number_of = |kind: u32| order.iter().position(|of| *of == kind).unwrap() as u32 + 1;
    for kind in order {
        put(&mut index.packages, number_of(*kind), *kind, 3, &world.findings[*kind as usize]);
    }
    if places {
        index.packages.give_places();
    }
    let inventories = world
        .inventories
        .iter()
        .enumerate()
        .map(|(at, entries)| (Digest::of(&at.to_be_bytes()), inventory(entries, number_of)));
    let numbers = index.inventories.intern(&index.packages, inventories).unwrap();
    (index, numbers)
}

/// What is shown of an inventory, without numbers.
fn shown(index: &Index, inventory: u32) -> String {
    let content = Content::of(index, Some(inventory), TIMES);
    let software: Vec<_> = content
        .software()
        .iter()
        .map(|row| (&row.package.package, row.layer, row.path, row.owned_by))
        .collect();
    let found: Vec<_> = content
        .found()
        .map(|found| {
            let affected: Vec<_> = found
                .affected
                .iter()
                .map(|affected| {
                    (
                        affected.software,
                        &affected.package.package,
                        index.packages.tables().finding(affected.row),
                    )
                })
                .collect();
            format!(
                "{:?} {:?}",
                (
                    found.vulnerability,
                    found.severity,
                    found.risk,
                    found.confidence,
                    found.first_found,
                    found.last_found
                ),
                affected
            )
        })
        .collect();
    format!("{software:#?} {found:#?} {:?} {:?}", content.counts(), content.risk())
}

/// Text by which packages and pieces are told apart.
const TEXT: PackageText = PackageText {
    package: |entry, piece, out| {
        out.extend_from_slice(format!("{} {:?} {piece};", entry.id, entry.changed).as_bytes());
    },
    fix: |version, piece, out| out.extend_from_slice(format!("{version:?} {piece};").as_bytes()),
};

/// What is written of an inventory, by its content or by its ready rows.
fn written(index: &Index, inventory: u32) -> [Vec<String>; 2] {
    let (content, rows) =
        (Content::of(index, Some(inventory), TIMES), ReadyRows::of(index, Some(inventory), TIMES, &TEXT));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let of_package = |entry: &crate::PackageEntry| {
        let pieces =
            (0..PackageText::PIECES).map(|piece| format!("{} {:?} {piece};", entry.id, entry.changed));
        pieces.collect::<String>()
    };
    let mut by_content: Vec<String> = content
        .software()
        .iter()
        .map(|row| format!("{} {:?} {} {}", of_package(row.package), row.layer, row.path, row.is_judged()))
        .collect();
    let mut by_rows: Vec<String> = rows
        .software()
        .map(|row| {
            let text = text(row.text(0..PackageText::PIECES));
            format!("{text} {:?} {} {}", row.layer(), row.path(), row.is_judged())
        })
        .collect();
    by_content.extend(content.found().map(|found| {
        let affected = found.affected.iter().map(|affected| {
            let version = found.fix_version(affected);
            format!("{} {version:?} 1; {}", of_package(affected.package), affected.software.is_some())
        });
        let affected: Vec<_> = affected.collect();
        let times = (found.first_found, found.last_found);
        format!("{} {} {:?} {times:?} {affected:?}", found.vulnerability.qid, found.risk, found.confidence)
    }));
    by_rows.extend(rows.found().map(|found| {
        let affected = found.affected().map(|affected| {
            let place = affected.place;
            let (package, fix) = (text(place.text(0..PackageText::PIECES)), text(affected.fix(1)));
            format!("{package} {fix} {}", place.is_software())
        });
        let affected: Vec<_> = affected.collect();
        let times = (found.first_found, found.last_found);
        format!("{} {} {:?} {times:?} {affected:?}", found.qid, found.risk, found.confidence)
    }));
    [by_content, by_rows]
}

/// What an inventory comes to, worked out from what is shown of it.
fn derived(index: &Index, inventory: u32) -> Derived {
    let content = Content::of(index, Some(inventory), TIMES);
    let (mut derived, mut risk) = (Derived::default(), ImageRisk::default());
    for found in content.found() {
        derived.counts.add(found.severity);
        derived.worst = derived.worst.max(found.risk);
        risk.add(found.risk, found.confidence);
    }
    derived.risk = risk.score();
    for (item, _) in index.inventories.entries(inventory) {
        let item = index.inventories.items().get(item).unwrap();
        if item.is_judged() {
            derived.changed = derived.changed.max(index.packages.entry(item.package).unwrap().changed);
        }
    }
    derived
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_shown_does_not_depend_on_the_order_in_which_packages_were_met(
        world in world(), order in Just((0_u32..9).collect::<Vec<_>>()).prop_shuffle(), places in any::<bool>()
    ) {
        let (a, numbers) = index(&world, &[0, 1, 2, 3, 4, 5, 6, 7, 8], false);
        let (b, others) = index(&world, &order, places);
        for (number, other) in numbers.iter().zip(others) {
            prop_assert_eq!(shown(&a, *number), shown(&b, other));
        }
    }

    #[test]
    fn what_inventories_come_to_is_what_is_shown_and_follows_new_judgements(world in world()) {
        let (mut index, numbers) = index(&world, &[3, 1, 8, 0, 2, 5, 7, 4, 6], true);
        let number_of = |kind: u32| [3, 1, 8, 0, 2, 5, 7, 4, 6].iter().position(|of| *of == kind).unwrap() as u32 + 1;
        for number in &numbers {
            prop_assert_eq!(index.inventories.derived(*number), derived(&index, *number));
        }
        let before = index.clone();
        let texts: Vec<String> = numbers.iter().map(|number| shown(&before, *number)).collect();
        for (kind, findings) in &world.again {
            put(&mut index.packages, number_of(*kind), *kind, 9, findings);
        }
        let put: Bits = world.again.iter().map(|(kind, _)| number_of(*kind)).collect();
        let changed = index.inventories.judged_anew(&index.packages, &put);
        for (number, text) in numbers.iter().zip(&texts) {
            let now = index.inventories.derived(*number);
            prop_assert_eq!(now, derived(&index, *number));
            prop_assert_eq!(changed.contains(*number), now != before.inventories.derived(*number));
            prop_assert_eq!(&shown(&before, *number), text, "an older state stays as it was");
        }
    }

    #[test]
    fn ready_rows_say_what_content_says_also_without_room_for_text(world in world()) {
        let (mut index, numbers) = index(&world, &[3, 1, 4, 0, 5, 8, 2, 6, 7], true);
        let is_one = |index: &Index| {
            numbers.iter().map(|number| written(index, *number)).all(|[content, rows]| content == rows)
        };
        prop_assert!(is_one(&index));
        for (kind, findings) in &world.again {
            let number = [3, 1, 4, 0, 5, 8, 2, 6, 7].iter().position(|of| of == kind).unwrap() as u32 + 1;
            put(&mut index.packages, number, *kind, 9, findings);
        }
        prop_assert!(is_one(&index));
        // what is changed while another state needs it is made anew, here without room for text
        let before = index.clone();
        index.packages.fill_room();
        index.packages.give_places();
        prop_assert!(before.packages.ready(1, &TEXT).is_some() && index.packages.ready(1, &TEXT).is_none());
        prop_assert!(is_one(&index));
    }

    #[test]
    fn rows_say_what_was_judged(world in world()) {
        let (mut index, _) = index(&world, &[0, 1, 2, 3, 4, 5, 6, 7, 8], true);
        let mut now: BTreeMap<u32, &Findings> = (0..).zip(&world.findings).collect();
        for (kind, findings) in &world.again {
            put(&mut index.packages, kind + 1, *kind, 9, findings);
            now.insert(*kind, findings);
        }
        prop_assert_eq!((index.packages.len(), index.packages.entries().count()), (9, 9));
        for (number, head, rows) in index.packages.rows() {
            let kind = number - 1;
            let expected = judged(now[&kind]).judgement.findings;
            let words: Vec<Finding> = rows.iter().map(|row| index.packages.tables().finding(row)).collect();
            prop_assert_eq!(&words, &expected);
            prop_assert_eq!(rows, index.packages.findings(number));
            let entry = index.packages.entry(number).unwrap();
            prop_assert_eq!(entry.package.package(), package(kind));
            prop_assert_eq!((head.changed, entry.counts.total() as usize), (entry.changed, rows.len()));
            let tables = index.packages.tables();
            prop_assert_eq!(tables.names.get(head.name), Some(&*entry.package.listed_name()));
            prop_assert_eq!(tables.versions.get(head.fix_version), entry.fix_version());
        }
    }

    #[test]
    fn inventories_that_nobody_uses_give_their_numbers_to_others(
        worlds in proptest::collection::vec((entries(), any::<bool>()), 1..30), asked in 0_u32..9
    ) {
        let mut packages = Packages::default();
        (0..9).for_each(|kind| put(&mut packages, kind, kind, 3, &Vec::new()));
        let mut all = Inventories::default();
        let mut kept: BTreeMap<Digest, Vec<InventoryEntry>> = BTreeMap::new();
        for (round, (entries, keep)) in worlds.iter().enumerate() {
            let (digest, entries) = (Digest::of(&round.to_be_bytes()), inventory(entries, |kind| kind));
            let number = all.intern(&packages, [(digest, entries.clone())]).unwrap()[0];
            prop_assert_eq!(all.number(&digest), Some(number));
            all.acquire(number);
            all.acquire(number);
            all.release(number);
            if *keep {
                kept.insert(digest, entries);
            } else {
                all.release(number);
            }
            if round % 5 == 4 {
                all.drop_unused();
            }
        }
        all.drop_unused();
        all.settle();
        let items = all.items().of_packages(&Bits::from_iter([asked]));
        let holding = all.holding(&items);
        let expected = kept.iter().filter(|(_, entries)| entries.iter().any(|entry| entry.package == asked));
        let expected: BTreeSet<u32> = expected.map(|(digest, _)| all.number(digest).unwrap()).collect();
        prop_assert_eq!(holding.iter().collect::<BTreeSet<_>>(), expected);
        prop_assert!(all.end() as usize <= kept.len() + 5);
        for (digest, entries) in &kept {
            let number = all.number(digest).unwrap();
            prop_assert_eq!(all.entries(number).count(), entries.len());
            prop_assert_eq!(all.digest(number), *digest);
        }
    }
}

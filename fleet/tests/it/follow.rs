//! The index after following equals an index that is built from the database.

use std::time::Duration;

use fleet::{FeedPlace, Fleet, FleetError, FleetStats, Lookup, SavePace, Scope};
use model::{ContainerState, Timestamp};
use proptest::prelude::*;
use store::DEFAULT_CUSTOMER;
use testkit::{ReportBuilder, container_id, container_report, image_id};
use uuid::Uuid;

use crate::support::{Database, Says, bundle, catch_up, everything, export};

const FIRST: &[Says<'_>] =
    &[("openssl", "CVE-2024-0001", None, "high"), ("zlib", "CVE-2024-0002", Some("1.3"), "low")];
const SECOND: &[Says<'_>] =
    &[("openssl", "CVE-2024-0003", Some("4"), "medium"), ("zlib", "CVE-2024-0002", Some("1.3"), "low")];

/// Something that happens to a fleet.
#[derive(Clone, Debug)]
enum Event {
    Report {
        image: u64,
        packages: u8,
        tag: bool,
        at: u64,
    },
    Container {
        number: u64,
        image: Option<u64>,
        stopped: bool,
        at: u64,
    },
    Tag {
        image: u64,
        container: u64,
        red: bool,
    },
    Delete {
        image: u64,
        container: u64,
    },
    Bundle(bool),
    /// The fleet starts again, from the index saved last; `saves` before, `keeps` the bundle of that time.
    Restart {
        saves: bool,
        keeps: bool,
        other: bool,
    },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => (0..6_u64, any::<u8>(), any::<bool>(), 1..50_u64)
            .prop_map(|(image, packages, tag, at)| Event::Report { image, packages, tag, at }),
        3 => (0..4_u64, proptest::option::of(0..8_u64), any::<bool>(), 1..50_u64)
            .prop_map(|(number, image, stopped, at)| Event::Container { number, image, stopped, at }),
        2 => (0..6_u64, 0..4_u64, any::<bool>())
            .prop_map(|(image, container, red)| Event::Tag { image, container, red }),
        2 => (0..6_u64, 0..4_u64).prop_map(|(image, container)| Event::Delete { image, container }),
        1 => any::<bool>().prop_map(Event::Bundle),
        2 => (any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(saves, keeps, other)| Event::Restart { saves, keeps, other }),
    ]
}

pub(crate) fn report(image: u64, packages: u8, tag: bool, at: u64) -> model::ScanReport {
    let mut report = ReportBuilder::new(image).scanned_at(i64::try_from(at).unwrap() * 1_000);
    let names = ["openssl", "zlib", "bash", "curl"];
    for (bit, name) in names.iter().enumerate().filter(|(bit, _)| packages & (1 << bit) != 0) {
        report = report.debian(name, &format!("1.{}", bit % 2));
    }
    if packages & 16 != 0 {
        report =
            report.python_owned_by("requests", "2.0", (packages & 32 != 0).then_some("python3-requests"));
    }
    if tag {
        report = report.tag("blue");
    }
    report.build()
}

fn uuids(image: u64, container: u64) -> [Uuid; 2] {
    let image = store::image_uuid(DEFAULT_CUSTOMER, &image_id(image));
    [image, store::container_uuid(DEFAULT_CUSTOMER, &container_id(container))]
}

async fn run(events: Vec<Event>) {
    let (first, second) = (bundle(FIRST), bundle(SECOND));
    let database = Database::new();
    let mut followed = database.fleet(&first).await;
    let (path, mut is_saved) = (database.path("index/fleet.index"), false);
    let mut last = first.clone();
    for event in events {
        match event {
            Event::Report { image, packages, tag, at } => {
                database.report(report(image, packages, tag, at)).await;
            }
            Event::Container { number, image, stopped, at } => {
                let mut container =
                    container_report(number, image, "node-a", i64::try_from(at).unwrap() * 1_000);
                if stopped {
                    container.state = ContainerState::Stopped;
                }
                database.container(container).await;
            }
            Event::Tag { image, container, red } => {
                let tag = if red { "red" } else { "blue" };
                for uuid in uuids(image, container) {
                    // what is not there cannot be tagged
                    let _ = database.store.assign_tag(DEFAULT_CUSTOMER, tag, &[uuid]).await;
                }
            }
            Event::Delete { image, container } => {
                let [image, container] = uuids(image, container);
                database.store.delete_containers(DEFAULT_CUSTOMER, &[container]).await.unwrap();
                database.store.delete_images(DEFAULT_CUSTOMER, &[image]).await.unwrap();
            }
            Event::Bundle(is_second) => {
                last = if is_second { second.clone() } else { first.clone() };
                followed.set_bundle(last.clone()).await.unwrap();
            }
            Event::Restart { saves, keeps, other } => {
                if saves {
                    followed.save(&database.store, &path, SavePace::Fast).await.unwrap();
                    is_saved = true;
                }
                if other {
                    last = second.clone();
                }
                let older = |id| [&first, &second].into_iter().find(|of| keeps && of.id() == id).cloned();
                let start = Fleet::start_from(database.store.clone(), last.clone(), &path, older);
                followed = start.await.unwrap();
                assert_eq!(followed.unsaved().is_some(), is_saved);
            }
        }
    }
    catch_up(&followed, &database).await;
    let rebuilt = database.fleet(&last).await;
    for scope in [Scope::Everything, crate::support::tags(&["blue"]), crate::support::tags(&["red"])] {
        let (seen, expected) = (everything(&followed, &scope), everything(&rebuilt, &scope));
        assert!(seen == expected, "followed:\n{seen}\nrebuilt:\n{expected}");
        let feed = |fleet: &Fleet| fleet.changes(DEFAULT_CUSTOMER, &scope, FeedPlace::START, 1_000);
        assert_eq!(feed(&followed), feed(&rebuilt));
    }
    // A package that only a report held which was replaced before it was looked at is not followed, and nobody asks for it.
    let (seen, expected) = (followed.stats(), rebuilt.stats());
    assert!(seen.packages <= expected.packages, "{seen:?} {expected:?}");
    assert_eq!(FleetStats { packages: expected.packages, ..seen }, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_index_after_following_equals_one_built_from_the_database(events in proptest::collection::vec(event(), 0..30)) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(run(events));
    }
}

#[tokio::test]
async fn a_writer_reads_its_own_writes_once_the_fleet_has_caught_up() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(FIRST)).await;
    for number in 0..20 {
        let ack = database.report(report(number, 1, false, 1)).await;
        fleet.caught_up(ack.updated, Duration::from_secs(10)).await.unwrap();
        let key = image_id(number).0.to_hex();
        let Lookup::Found(view) = fleet.image(DEFAULT_CUSTOMER, &Scope::Everything, &key).unwrap() else {
            panic!("image {number} is not there")
        };
        assert_eq!(view.vulnerabilities.len(), 1);
    }
}

#[tokio::test]
async fn a_record_written_again_and_again_while_the_log_is_read_ends_at_its_newest_version() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(FIRST)).await;
    let writers = (0..4_u64).map(|writer| {
        let store = database.store.clone();
        tokio::spawn(async move {
            for round in 1..40_u64 {
                let report = report(writer % 2, u8::try_from(round % 16).unwrap(), false, round);
                store.put_report(DEFAULT_CUSTOMER, report).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    catch_up(&fleet, &database).await;
    let rebuilt = database.fleet(&fleet.bundle()).await;
    assert_eq!(everything(&fleet, &Scope::Everything), everything(&rebuilt, &Scope::Everything));
    assert_eq!(export(&fleet, &Scope::Everything).len(), 2);
}

#[tokio::test]
async fn waiting_for_a_time_that_does_not_come_names_both_times() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(FIRST)).await;
    let never = Timestamp(i64::MAX);
    let refused = fleet.caught_up(never, Duration::from_millis(20)).await.unwrap_err();
    assert!(matches!(refused, FleetError::Behind { wanted, .. } if wanted == never));
}

#[tokio::test]
async fn another_process_sees_what_this_one_writes() {
    let database = Database::new();
    let bundle = bundle(FIRST);
    let here = database.fleet(&bundle).await;
    // hears of the other's writes by looking only
    let there = Fleet::start(database.second_store(), bundle).await.unwrap();
    database.report(report(1, 3, false, 1)).await;
    catch_up(&here, &database).await;
    here.set_bundle(crate::support::bundle(SECOND)).await.unwrap();
    catch_up(&there, &database).await;
    let (here, there) = (export(&here, &Scope::Everything), export(&there, &Scope::Everything));
    assert_eq!(here.len(), 1);
    assert_eq!(here[0].updated, there[0].updated);
}

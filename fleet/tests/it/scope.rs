//! Scopes: an account sees what it would see if there were nothing else.

use fleet::{Lookup, Scope};
use proptest::prelude::*;
use store::DEFAULT_CUSTOMER;
use testkit::{ReportBuilder, container_report, image_id};
use uuid::Uuid;

use crate::support::{Database, Says, bundle, catch_up, contents, tags};

const SAYS: &[Says<'_>] =
    &[("openssl", "CVE-2024-0001", None, "high"), ("zlib", "CVE-2024-0002", Some("1.3"), "low")];

/// One image with its containers: whether image and containers carry the tag of the scope.
type Member = (bool, u8, Vec<bool>);

async fn fill(database: &Database, members: &[Member], only_scope: bool) {
    for (number, (tagged, packages, containers)) in members.iter().enumerate() {
        let number = u64::try_from(number).unwrap();
        // an image out of scope whose container is in scope is there as the container's content, without its tags
        let is_needed = *tagged || containers.contains(&true);
        if !only_scope || is_needed {
            let mut report = crate::follow::report(number, *packages, false, 1);
            report.tags = if *tagged { vec!["blue".into()] } else { vec!["red".into()] };
            if only_scope && !tagged {
                report.tags.clear();
            }
            database.report(report).await;
        }
        for (place, own) in containers.iter().enumerate() {
            if only_scope && !tagged && !own {
                continue;
            }
            let id = number * 10 + u64::try_from(place).unwrap();
            let mut container = container_report(id, Some(number), &format!("node-{place}"), 1_000);
            container.tags = if *own { vec!["blue".into()] } else { Vec::new() };
            database.container(container).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn lists_of_a_scoped_account_equal_those_of_a_database_that_holds_only_its_scope(
        members in proptest::collection::vec((any::<bool>(), any::<u8>(), proptest::collection::vec(any::<bool>(), 0..3)), 0..8)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let bundle = bundle(SAYS);
            let (whole, part) = (Database::new(), Database::new());
            fill(&whole, &members, false).await;
            fill(&part, &members, true).await;
            let blue = tags(&["blue"]);
            let seen = contents(&whole.fleet(&bundle).await, &blue);
            let expected = contents(&part.fleet(&bundle).await, &blue);
            assert!(seen == expected, "seen:\n{seen}\nexpected:\n{expected}");
        });
    }
}

#[tokio::test]
async fn a_record_out_of_scope_is_told_from_one_that_nobody_has() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(SAYS)).await;
    database.report(ReportBuilder::new(1).tag("blue").build()).await;
    database.report(ReportBuilder::new(2).tag("red").build()).await;
    database.container(container_report(1, Some(1), "node-a", 1)).await;
    catch_up(&fleet, &database).await;
    let look = |scope: &Scope, customer: Uuid, key: &str| match fleet.image(customer, scope, key).unwrap() {
        Lookup::Found(view) => view.record.id.0.to_hex(),
        Lookup::OutOfScope => "out of scope".to_owned(),
        Lookup::Unknown => "unknown".to_owned(),
    };
    let (own, other) = (image_id(1).0.to_hex(), image_id(2).0.to_hex());
    let blue = tags(&["blue", "green"]);
    for key in [own.as_str(), &own[..12], &own.to_uppercase()] {
        assert_eq!(look(&blue, DEFAULT_CUSTOMER, key), own);
        assert_eq!(look(&Scope::Everything, DEFAULT_CUSTOMER, key), own);
        assert_eq!(look(&tags(&[]), DEFAULT_CUSTOMER, key), "out of scope");
        assert_eq!(look(&Scope::Everything, Uuid::from_u128(9), key), "unknown");
    }
    assert_eq!(look(&blue, DEFAULT_CUSTOMER, &other), "out of scope");
    for key in ["", "é", &own[..11], &own[..63], "zzzzzzzzzzzz", "ééé", "000000000000"] {
        assert_eq!(look(&Scope::Everything, DEFAULT_CUSTOMER, key), "unknown");
    }
    let container = fleet.container(DEFAULT_CUSTOMER, &blue, &testkit::container_id(1).to_hex());
    assert!(matches!(container, Ok(Lookup::Found(_))));
}

#[tokio::test]
async fn a_tag_that_is_put_on_later_shows_the_image_and_its_containers_as_updated() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(SAYS)).await;
    let ack = database.report(ReportBuilder::new(1).debian("zlib", "1").build()).await;
    database.container(container_report(1, Some(1), "node-a", 1)).await;
    catch_up(&fleet, &database).await;
    let blue = tags(&["blue"]);
    assert!(crate::support::export(&fleet, &blue).is_empty());
    let ack = database.store.assign_tag(DEFAULT_CUSTOMER, "blue", &ack.uuids).await.unwrap();
    catch_up(&fleet, &database).await;
    assert_eq!(crate::support::export(&fleet, &blue)[0].updated, ack.updated);
    assert_eq!(crate::support::export_containers(&fleet, &blue)[0].updated, ack.updated);
}

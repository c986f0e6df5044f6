//! Packages that a later report brings to an image which is known.

use std::sync::Arc;

use fleet::{Fleet, ImageView, Scope};
use model::Timestamp;
use store::DEFAULT_CUSTOMER;
use testkit::{ReportBuilder, container_report};

use crate::support::{Database, Says, bundle, catch_up, everything, export, export_containers, tags};

const ZLIB: Says<'_> = ("zlib", "CVE-2024-0001", Some("9"), "high");
const BASH: Says<'_> = ("bash", "CVE-2024-0002", None, "low");
const KNOWN: &str = "CVE-2024-0002";
const CAME: &str = "CVE-2024-0001";

/// Another team's image has zlib; then ours is found to have it too. Gives when.
async fn world(database: &Database) -> Timestamp {
    database.report(ReportBuilder::new(1).debian("zlib", "1").tag("theirs").build()).await;
    let ours = |time| ReportBuilder::new(2).debian("bash", "1").tag("ours").scanned_at(time);
    database.report(ours(1_000).build()).await;
    database.container(container_report(7, Some(2), "node-a", 5_000)).await;
    database.report(ours(2_000).debian("zlib", "1").build()).await.updated
}

fn ours(fleet: &Fleet) -> Arc<ImageView> {
    export(fleet, &tags(&["ours"])).pop().unwrap()
}

#[tokio::test]
async fn a_package_that_comes_later_is_first_found_then_however_long_others_have_it() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(&[ZLIB, BASH])).await;
    let came = world(&database).await;
    catch_up(&fleet, &database).await;
    let image = ours(&fleet);
    let stored = image.record.created_at;
    assert!(stored < came);
    let container = export_containers(&fleet, &Scope::Everything).pop().unwrap();
    let seen = container.record.created_at;
    for found in &image.vulnerabilities {
        let first = if found.vulnerability.id == CAME { came } else { stored };
        assert_eq!((found.first_found, found.last_found), (first, first), "{}", found.vulnerability.id);
    }
    for found in &container.vulnerabilities {
        let first = if found.vulnerability.id == CAME { came } else { seen };
        assert_eq!(found.first_found, first, "{}", found.vulnerability.id);
    }
    let all = fleet.vulnerabilities((DEFAULT_CUSTOMER, &tags(&["ours"])), None, None, (0, 10)).unwrap();
    let of = |id: &str| all.items.iter().find(|item| item.vulnerability.id == id).unwrap();
    assert_eq!([of(CAME).first_found, of(CAME).last_found], [came; 2]);
    assert_eq!(of(KNOWN).first_found, stored);
    assert_eq!((of(CAME).images, of(CAME).containers), (1, 1));
}

#[tokio::test]
async fn a_restart_knows_when_packages_came() {
    let database = Database::new();
    let known = bundle(&[ZLIB, BASH]);
    let fleet = database.fleet(&known).await;
    world(&database).await;
    catch_up(&fleet, &database).await;
    let before = everything(&fleet, &Scope::Everything);
    drop(fleet);
    let database = database.reopen();
    let fleet = database.fleet(&known).await;
    assert_eq!(everything(&fleet, &Scope::Everything), before);
}

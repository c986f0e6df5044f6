//! Judging anew: what moves, what stays, what a restart keeps.

use fleet::Scope;
use store::ChangeKind;
use testkit::{ReportBuilder, container_report};

use crate::support::{Database, Says, bundle, catch_up, export, export_containers, updated};

const OPENSSL: Says<'_> = ("openssl", "CVE-2024-0001", None, "high");
const ZLIB: Says<'_> = ("zlib", "CVE-2024-0002", Some("1.3"), "low");

async fn two_images(database: &Database) {
    database.report(ReportBuilder::new(1).debian("openssl", "3.0").debian("zlib", "1.2").build()).await;
    database.report(ReportBuilder::new(2).debian("zlib", "1.2").build()).await;
    database.container(container_report(7, Some(1), "node-a", 5_000)).await;
}

#[tokio::test]
async fn only_images_that_hold_a_package_with_other_findings_get_a_new_updated() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(&[ZLIB])).await;
    two_images(&database).await;
    catch_up(&fleet, &database).await;
    let before = export(&fleet, &Scope::Everything);
    let first = before.iter().find(|image| image.software.len() == 2).unwrap().clone();
    let second = before.iter().find(|image| image.software.len() == 1).unwrap().clone();

    assert_eq!(fleet.set_bundle(bundle(&[ZLIB, OPENSSL])).await.unwrap(), 1);

    let clock = database.store.clock().await.unwrap();
    let after = export(&fleet, &Scope::Everything);
    // the image that changed is now the last one
    assert_eq!(
        after.iter().map(|image| image.record.uuid).collect::<Vec<_>>(),
        [second.record.uuid, first.record.uuid]
    );
    assert_eq!((updated(&after[0]), updated(&after[1])), (second.updated, clock));
    assert_eq!(after[1].record.updated, first.record.updated);
    assert_eq!((first.vulnerabilities.len(), after[1].vulnerabilities.len()), (1, 2));

    let new =
        after[1].vulnerabilities.iter().find(|found| found.vulnerability.id == "CVE-2024-0001").unwrap();
    assert_eq!((new.first_found, new.last_found), (clock, clock));
    let old = |image: &fleet::ImageView| {
        let found = image.vulnerabilities.iter().find(|found| found.vulnerability.id == "CVE-2024-0002");
        found.unwrap().first_found
    };
    assert_eq!(old(&after[1]), old(&first));

    let container = &export_containers(&fleet, &Scope::Everything)[0];
    assert_eq!((container.updated, container.vulnerabilities.len()), (clock, 2));
    let changes = database.store.changes_after(first.updated, 100).await.unwrap();
    let judgement = changes.iter().find(|change| change.kind == ChangeKind::Judgement).unwrap();
    assert_eq!(judgement.clock, clock);
    assert_eq!(judgement.cause, format!("bundle {}", fleet.bundle().id()));
}

#[tokio::test]
async fn the_same_findings_from_another_bundle_move_nothing() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(&[ZLIB])).await;
    two_images(&database).await;
    catch_up(&fleet, &database).await;
    let clock = database.store.clock().await.unwrap();
    let other = bundle(&[ZLIB, ("nginx", "CVE-2024-0009", None, "high")]);
    assert_eq!(fleet.set_bundle(other.clone()).await.unwrap(), 0);
    assert_eq!(database.store.clock().await.unwrap(), clock);
    assert_eq!(fleet.stats().bundle, other.id());
}

#[tokio::test]
async fn a_finding_that_ends_is_gone_and_the_image_is_updated() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(&[ZLIB, OPENSSL])).await;
    two_images(&database).await;
    catch_up(&fleet, &database).await;
    fleet.set_bundle(bundle(&[ZLIB])).await.unwrap();
    let clock = database.store.clock().await.unwrap();
    let last = export(&fleet, &Scope::Everything).pop().unwrap();
    assert_eq!((last.updated, last.vulnerabilities.len()), (clock, 1));
}

#[tokio::test]
async fn an_image_comes_with_its_findings_and_first_found_is_when_it_was_stored() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(&[ZLIB])).await;
    two_images(&database).await;
    catch_up(&fleet, &database).await;
    for image in export(&fleet, &Scope::Everything) {
        assert_eq!(image.updated, image.record.created_at);
        assert_eq!(image.counts.total(), 1);
        // the second image holds a package that was found vulnerable before the image existed
        assert_eq!(image.vulnerabilities[0].first_found, image.record.created_at);
        assert!(image.vulnerabilities[0].last_found >= image.vulnerabilities[0].first_found);
        assert_eq!(image.vulnerabilities[0].affected[0].fix_version(), Some("1.3"));
    }
}

#[tokio::test]
async fn a_restart_changes_nothing_and_one_with_another_bundle_is_a_judgement_like_any_other() {
    let database = Database::new();
    let first = bundle(&[ZLIB]);
    let fleet = database.fleet(&first).await;
    two_images(&database).await;
    catch_up(&fleet, &database).await;
    let before = format!("{:?}", export(&fleet, &Scope::Everything));
    let clock = database.store.clock().await.unwrap();
    drop(fleet);

    let database = database.reopen();
    let fleet = database.fleet(&first).await;
    assert_eq!(format!("{:?}", export(&fleet, &Scope::Everything)), before);
    assert_eq!(database.store.clock().await.unwrap(), clock);
    drop(fleet);

    let database = database.reopen();
    let fleet = database.fleet(&bundle(&[ZLIB, OPENSSL])).await;
    let last = export(&fleet, &Scope::Everything).pop().unwrap();
    assert!(last.updated > clock);
    let found = |id: &str| {
        last.vulnerabilities.iter().find(|found| found.vulnerability.id == id).unwrap().first_found
    };
    assert_eq!(found("CVE-2024-0001"), last.updated);
    assert_eq!(found("CVE-2024-0002"), last.record.created_at);
}

#[tokio::test]
async fn a_package_that_is_part_of_an_os_package_is_listed_and_not_judged() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(&[ZLIB])).await;
    let report = ReportBuilder::new(1).debian("zlib", "1.2").python_owned_by(
        "requests",
        "2.0",
        Some("python3-requests"),
    );
    database.report(report.build()).await;
    catch_up(&fleet, &database).await;
    let image = export(&fleet, &Scope::Everything).pop().unwrap();
    let owned = image.software.iter().find(|software| software.owned_by.is_some()).unwrap();
    assert!(!owned.is_judged() && owned.counts().is_none() && owned.fix_version().is_none());
    assert_eq!(image.software.len(), 2);
    assert!(
        image
            .vulnerabilities
            .iter()
            .all(|found| found.affected[0].software != Some(1) || image.software[1].is_judged())
    );
}

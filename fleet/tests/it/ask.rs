//! What is inside a record, what belongs to it, and what all of them come to.

use std::collections::BTreeSet;

use fleet::{Entity, Fleet, GroupBy, GroupKey, Inside, Lookup, Scope, Selection, WindowPlace, WindowRequest};
use store::DEFAULT_CUSTOMER;
use testkit::ReportBuilder;
use uuid::Uuid;

use crate::support::{Database, bundle, catch_up, export};

const EVERYTHING: Scope = Scope::Everything;

async fn world() -> (Database, Fleet) {
    let database = Database::new();
    let says = [
        ("zlib", "CVE-2024-0001", Some("9"), "high"),
        ("zlib", "CVE-2024-0002", None, "low"),
        ("bash", "CVE-2024-0003", None, "medium"),
    ];
    let fleet = database.fleet(&bundle(&says)).await;
    for number in 0..9 {
        let report =
            ReportBuilder::new(number).debian("zlib", "1").debian("bash", "2").debian("adduser", "3");
        database.report(report.build()).await;
    }
    catch_up(&fleet, &database).await;
    (database, fleet)
}

fn inside(filter: &str, sort: Option<&str>, entity: Entity) -> Inside {
    Inside {
        filter: Some(qql::parse(filter).unwrap()),
        sort: sort.map(|sort| qql::resolve_sort(sort, entity).unwrap()),
    }
}

fn window(offset: usize, after: Option<WindowPlace>) -> WindowRequest {
    WindowRequest { customer: DEFAULT_CUSTOMER, scope: EVERYTHING, filter: None, offset, after, limit: 2 }
}

fn everything(entity: Entity, filter: &str) -> Selection {
    let filter = Some(filter).filter(|filter| !filter.is_empty()).map(|filter| qql::parse(filter).unwrap());
    Selection { customer: DEFAULT_CUSTOMER, scope: EVERYTHING, entity, filter }
}

#[tokio::test]
async fn rows_of_a_record_are_filtered_and_sorted_and_equal_ones_stay_as_they_were() {
    let (_database, fleet) = world().await;
    let key = export(&fleet, &EVERYTHING)[0].record.id.0.to_hex();
    let asked = (DEFAULT_CUSTOMER, &EVERYTHING, key.as_str());
    let software = |filter: &str, sort: Option<&str>| -> Vec<String> {
        let found =
            fleet.image_software(asked, &inside(filter, sort, Entity::Software)).unwrap().found().unwrap();
        let name = |row: &usize| found.view.software[*row].package.package.name().to_owned();
        found.rows.iter().map(name).collect()
    };
    assert_eq!(software("", Some("name:asc")), ["adduser", "bash", "zlib"]);
    assert_eq!(software("", Some("name:desc")), ["zlib", "bash", "adduser"]);
    assert_eq!(software("vulnerabilities.severity>=1", Some("version")), ["zlib", "bash"]);
    assert_eq!(software("not vulnerabilities.severity>=1", None), ["adduser"]);
    assert_eq!(software("name:nothing", Some("name")), [""; 0]);
    // of the three two have no fixed version: last ascending, first descending, in their order
    let plain = software("", None);
    let missing: Vec<String> = plain.iter().filter(|name| *name != "zlib").cloned().collect();
    let fixed = software("", Some("fixVersion:desc"));
    assert_eq!(fixed.iter().filter(|name| *name != "zlib").cloned().collect::<Vec<_>>(), missing);

    let found = |filter: &str, sort: Option<&str>| -> Vec<String> {
        let inside = inside(filter, sort, Entity::Vulnerability);
        let found = fleet.image_vulnerabilities(asked, &inside).unwrap().found().unwrap();
        let id = |row: &usize| found.view.vulnerabilities[*row].vulnerability.id.clone();
        found.rows.iter().map(id).collect()
    };
    let all = ["CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003"];
    assert_eq!(found("", None), all);
    assert_eq!(found("", Some("title:asc")).len(), 3);
    assert_eq!(found("patchAvailable:true", None), [all[0]]);
    assert_eq!(found("software.name:bash", Some("qid:desc")), [all[2]]);
    assert_eq!(found("", Some("patchAvailable:desc"))[0], all[0]);
    let unknown = fleet.image_software((DEFAULT_CUSTOMER, &EVERYTHING, "0123456789ab"), &Inside::default());
    assert!(matches!(unknown.unwrap(), Lookup::Unknown));
}

#[tokio::test]
async fn a_window_in_the_order_of_storing_loses_nothing_from_place_to_place_while_others_are_deleted() {
    let (database, fleet) = world().await;
    let all: Vec<Uuid> = fleet
        .images_window(&WindowRequest { limit: 100, ..window(0, None) }, |image| image.record.uuid)
        .unwrap()
        .items;
    assert_eq!(all.len(), 9);
    for offset in 0..12 {
        let found = fleet.images_window(&window(offset, None), |image| image.record.uuid).unwrap();
        let end = all.len().min(offset + 2);
        assert_eq!(found.items, all.get(offset..end).unwrap_or_default(), "{offset}");
        assert_eq!(found.next.is_some(), offset + 2 < all.len(), "{offset}");
    }
    let (mut seen, mut after) = (BTreeSet::new(), None);
    loop {
        let found = fleet.images_window(&window(0, after), |image| image.record.uuid).unwrap();
        seen.extend(found.items.iter().copied());
        // what was seen goes away; whoever counts would now miss as many
        database.store.delete_images(DEFAULT_CUSTOMER, &found.items).await.unwrap();
        catch_up(&fleet, &database).await;
        let Some(next) = found.next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(seen, all.into_iter().collect());
}

#[tokio::test]
async fn groups_and_numbers_count_what_the_filter_admits() {
    let (_database, fleet) = world().await;
    let groups = fleet.groups(&everything(Entity::Image, ""), GroupBy::Package, 2).unwrap();
    assert_eq!((groups.count, groups.images, groups.rows.len()), (3, 9, 2));
    assert!(groups.rows.iter().all(|row| row.images == 9));
    let one = export(&fleet, &EVERYTHING)[0].record.uuid;
    let selection = everything(Entity::Image, &format!("uuid:{one}"));
    let groups = fleet.groups(&selection, GroupBy::Cve, 10).unwrap();
    let keys: Vec<GroupKey> = groups.rows.iter().map(|row| row.key.clone()).collect();
    let cve = |number: u32| GroupKey::Text(format!("CVE-2024-000{number}"));
    assert_eq!((keys, groups.images), (vec![cve(1), cve(2), cve(3)], 1));
    assert_eq!(fleet.summary(&selection).unwrap().images, 1);
    assert_eq!(fleet.summary(&everything(Entity::Image, "")).unwrap().packages, 3);
    assert_eq!(fleet.summary(&everything(Entity::Container, "state:RUNNING")).unwrap().images, 0);
    let other = Selection { customer: Uuid::from_u128(77), ..everything(Entity::Image, "") };
    assert_eq!(fleet.summary(&other).unwrap(), fleet::Summary::default());

    let page = |window| fleet.vulnerabilities((DEFAULT_CUSTOMER, &EVERYTHING), None, None, window).unwrap();
    assert_eq!((page((0, 2)).items.len(), page((2, 2)).items.len(), page((9, 2)).count), (2, 1, 3));
    assert!(page((0, 9)).items.iter().all(|found| (found.images, found.containers) == (9, 0)));
}

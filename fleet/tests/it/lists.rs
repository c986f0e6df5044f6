//! Filters, sorts, counts and links as a client asks for them.

use fleet::{BulkRequest, Entity, FleetError, Scope};
use store::DEFAULT_CUSTOMER;
use testkit::{ReportBuilder, container_report};

use crate::support::{Database, all_of, bundle, catch_up, export, list_of};

#[tokio::test]
async fn every_link_has_the_documented_form_and_the_last_page_none() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(&[("zlib", "CVE-2024-0002", None, "low")])).await;
    for number in 0..5 {
        database.report(ReportBuilder::new(number).build()).await;
    }
    catch_up(&fleet, &database).await;
    let mut request = BulkRequest { limit: 2, ..all_of(&Scope::Everything) };
    let first = fleet.images_bulk(&request).unwrap();
    let last = &first.items[1];
    let next = first.next.unwrap();
    assert_eq!(next, format!("updated>={} AND not uuid: [{}]", last.updated.0, last.record.uuid));

    request.cursor = Some(qql::parse(&next).unwrap());
    let second = fleet.images_bulk(&request).unwrap();
    let (last, end) = (&second.items[1], fleet.stats().clock);
    let expected = format!("updated>={} AND not uuid: [{}]", last.updated.0, last.record.uuid);
    assert_eq!((second.next.as_deref(), second.end), (Some(expected.as_str()), Some(end)));
    request.end = second.end;

    // a cursor that was taken apart and put together again means the same
    let respelt = qql::parse(&qql::parse(&expected).unwrap().to_string()).unwrap();
    for cursor in [qql::parse(&expected).unwrap(), respelt] {
        request.cursor = Some(cursor);
        let third = fleet.images_bulk(&request).unwrap();
        assert_eq!((third.items.len(), third.next), (1, None));
    }
    // a page that is exactly full with nothing behind it has no link
    let full = fleet.images_bulk(&BulkRequest { limit: 5, ..all_of(&Scope::Everything) }).unwrap();
    assert_eq!((full.items.len(), full.next), (5, None));
}

#[tokio::test]
async fn records_that_share_a_change_are_split_by_uuid() {
    let database = Database::new();
    let first = bundle(&[("zlib", "CVE-2024-0002", None, "low")]);
    let fleet = database.fleet(&first).await;
    for number in 0..7 {
        database.report(ReportBuilder::new(number).debian("zlib", "1").build()).await;
    }
    catch_up(&fleet, &database).await;
    fleet.set_bundle(bundle(&[("zlib", "CVE-2024-0002", None, "high")])).await.unwrap();
    let all = export(&fleet, &Scope::Everything);
    assert_eq!(all.len(), 7);
    assert!(
        all.windows(2)
            .all(|pair| pair[0].updated == pair[1].updated && pair[0].record.uuid < pair[1].record.uuid)
    );
    // the cursor names all of them that were returned, as documented, also over several pages
    let named = |count: usize| {
        let uuids: Vec<String> = all[..count].iter().map(|view| view.record.uuid.to_string()).collect();
        format!("updated>={} AND not uuid: [{}]", all[0].updated.0, uuids.join(","))
    };
    let mut request = BulkRequest { limit: 3, ..all_of(&Scope::Everything) };
    let first = fleet.images_bulk(&request).unwrap().next.unwrap();
    assert_eq!(first, named(3));
    request.cursor = Some(qql::parse(&first).unwrap());
    assert_eq!(fleet.images_bulk(&request).unwrap().next.unwrap(), named(6));
}

#[tokio::test]
async fn a_cursor_stays_short_however_many_records_share_a_change() {
    let database = Database::new();
    let first = bundle(&[("zlib", "CVE-2024-0002", None, "low")]);
    let fleet = database.fleet(&first).await;
    for number in 0..120 {
        database.report(ReportBuilder::new(number).debian("zlib", "1").build()).await;
    }
    catch_up(&fleet, &database).await;
    fleet.set_bundle(bundle(&[("zlib", "CVE-2024-0002", None, "high")])).await.unwrap();
    let mut request = BulkRequest { limit: 49, ..all_of(&Scope::Everything) };
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let page = fleet.images_bulk(&request).unwrap();
        seen.extend(page.items.iter().map(|view| view.record.uuid));
        pages += 1;
        let Some(next) = page.next else { break };
        assert!(next.len() < 2_000, "{} characters", next.len());
        request.cursor = Some(qql::parse(&next).unwrap());
        request.end = page.end;
    }
    assert_eq!((seen.len(), pages), (120, 3));
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "in order, each once");
}

#[tokio::test]
async fn filters_narrow_and_counts_are_exact() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(&[("zlib", "CVE-2024-0002", None, "low")])).await;
    let mut acks = Vec::new();
    for number in 0..6 {
        acks.push(database.report(ReportBuilder::new(number).build()).await);
    }
    catch_up(&fleet, &database).await;
    let count = |filter: &str| {
        let filter = Some(qql::parse(filter).unwrap());
        let mut request = list_of(&Scope::Everything, Entity::Image, "updated:asc");
        (request.filter, request.page_size) = (filter.clone(), 1);
        let list = fleet.images_list(&request).unwrap();
        let bulk =
            fleet.images_bulk(&BulkRequest { filter, limit: 100, ..all_of(&Scope::Everything) }).unwrap();
        assert_eq!(list.count, bulk.items.len() as u64);
        (list.count, list.items.len())
    };
    assert_eq!(count(""), (6, 1));
    assert_eq!(count(&format!("updated>{}", acks[3].updated.0)), (2, 1));
    assert_eq!(count(&format!("updated>{} and not uuid:[{}]", acks[3].updated.0, acks[5].uuids[0])), (1, 1));
    assert_eq!(count("uuid:nothing"), (0, 0));
    assert_eq!(count("updated>now+1d"), (0, 0));

    let mut request = all_of(&Scope::Everything);
    request.filter = Some(qql::parse("updated>5 and staet:RUNNING").unwrap());
    let refused = fleet.containers_bulk(&request).unwrap_err();
    assert!(matches!(&refused, FleetError::Query(_)));
    assert!(refused.to_string().contains("`staet`"), "{refused}");
}

#[tokio::test]
async fn plain_lists_sort_both_ways_with_the_uuid_breaking_ties() {
    let database = Database::new();
    let fleet = database.fleet(&bundle(&[("zlib", "CVE-2024-0002", None, "low")])).await;
    for (number, created) in [(0, Some(50)), (1, None), (2, Some(70)), (3, Some(50))] {
        database.report(ReportBuilder::new(number).created(created).build()).await;
    }
    database
        .store
        .put_containers(DEFAULT_CUSTOMER, (0..4).map(|n| container_report(n, None, "a", 9)).collect())
        .await
        .unwrap();
    catch_up(&fleet, &database).await;
    let created = |sort| {
        let list = fleet.images_list(&list_of(&Scope::Everything, Entity::Image, sort)).unwrap();
        list.items.iter().map(|image| image.record.document.facts.created.map(|at| at.0)).collect::<Vec<_>>()
    };
    assert_eq!(created("created:asc"), [Some(50), Some(50), Some(70), None]);
    assert_eq!(created("created:desc"), [None, Some(70), Some(50), Some(50)]);
    for sort in ["updated:asc", "updated:desc", "state:desc", "operatingSystem"] {
        let request = list_of(&Scope::Everything, Entity::Container, sort);
        let all = fleet.containers_list(&request).unwrap();
        // all four were stored at once and look alike
        assert!(all.items.windows(2).all(|pair| pair[0].record.uuid < pair[1].record.uuid));
        let mut paged = Vec::new();
        for page in 1..=3 {
            let request = fleet::ListRequest { page, page_size: 2, ..request.clone() };
            paged.extend(fleet.containers_list(&request).unwrap().items);
        }
        let uuids = |views: &[std::sync::Arc<fleet::ContainerView>]| {
            views.iter().map(|view| view.record.uuid).collect::<Vec<_>>()
        };
        assert_eq!(uuids(&paged), uuids(&all.items));
    }
}

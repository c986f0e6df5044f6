//! Observations become container records.

use model::{ContainerState, Timestamp};
use store::{DEFAULT_CUSTOMER, StoreError, container_uuid, host_uuid, image_uuid};

use crate::Backend;
use crate::build::{container, digest};

pub(crate) async fn only_what_differs_is_a_change(backend: impl Backend) {
    let store = backend.open();
    let sent = container(1);
    let first = store.put_containers(DEFAULT_CUSTOMER, vec![sent.clone()]).await.unwrap();
    let uuid = container_uuid(DEFAULT_CUSTOMER, &sent.id);
    assert_eq!(first.uuids, [uuid]);
    let record = store.container(DEFAULT_CUSTOMER, uuid).await.unwrap().unwrap();
    assert_eq!(record.host_uuid, host_uuid(DEFAULT_CUSTOMER, "node-1"));
    assert_eq!(record.image_uuid, Some(image_uuid(DEFAULT_CUSTOMER, &model::ImageId(digest(1)))));
    assert_eq!(record.tags, ["web"]);
    assert_eq!(record.report, model::ContainerReport { tags: Vec::new(), ..sent.clone() });

    let mut seen_again = sent.clone();
    seen_again.observed_at = Timestamp(5_000);
    let second = store.put_containers(DEFAULT_CUSTOMER, vec![seen_again]).await.unwrap();
    assert_eq!((second.changed, second.updated), (false, first.updated));
    assert_eq!(store.clock().await.unwrap(), first.updated);
    let record = store.container(DEFAULT_CUSTOMER, uuid).await.unwrap().unwrap();
    // nobody is told of it, so nobody is shown it
    assert_eq!(record.report.observed_at, sent.observed_at);
    let mut late = sent.clone();
    late.observed_at = Timestamp(4_000);
    late.state = ContainerState::Paused;
    assert!(!store.put_containers(DEFAULT_CUSTOMER, vec![late]).await.unwrap().changed);

    let mut stopped = sent;
    stopped.observed_at = Timestamp(6_000);
    stopped.state = ContainerState::Stopped;
    let third = store.put_containers(DEFAULT_CUSTOMER, vec![stopped]).await.unwrap();
    let record = store.container(DEFAULT_CUSTOMER, uuid).await.unwrap().unwrap();
    assert!(third.changed && third.updated > first.updated);
    assert_eq!((record.created_at, record.updated), (first.updated, third.updated));
    assert_eq!(record.report.state, ContainerState::Stopped);
}

pub(crate) async fn that_it_was_seen_is_shown_after_an_hour_or_with_the_next_change(backend: impl Backend) {
    let store = backend.open();
    let first = store.put_containers(DEFAULT_CUSTOMER, vec![container(1)]).await.unwrap();
    let see = async |time: i64| {
        let mut seen = container(1);
        seen.observed_at = Timestamp(time);
        let ack = store.put_containers(DEFAULT_CUSTOMER, vec![seen]).await.unwrap();
        let record = store.container(DEFAULT_CUSTOMER, ack.uuids[0]).await.unwrap().unwrap();
        assert_eq!(record.updated, ack.updated);
        (ack.changed, record.report.observed_at.0)
    };
    const HOUR: i64 = 3_600_000;
    assert_eq!(see(HOUR).await, (false, 1_000));
    assert_eq!(see(HOUR + 1_000).await, (true, HOUR + 1_000));
    assert_eq!(see(HOUR + 5_000).await, (false, HOUR + 1_000));
    store.assign_tag(DEFAULT_CUSTOMER, "new", &first.uuids).await.unwrap();
    assert_eq!(see(HOUR + 2_000).await, (false, HOUR + 5_000));
}

pub(crate) async fn an_older_observation_does_not_win(backend: impl Backend) {
    let store = backend.open();
    let mut newer = container(1);
    newer.observed_at = Timestamp(2_000);
    let first = store.put_containers(DEFAULT_CUSTOMER, vec![newer.clone()]).await.unwrap();
    let mut older = container(1);
    older.state = ContainerState::Created;
    let second = store.put_containers(DEFAULT_CUSTOMER, vec![older.clone()]).await.unwrap();
    assert!(!second.changed);
    older.tags = vec!["late".into()];
    let third = store.put_containers(DEFAULT_CUSTOMER, vec![older]).await.unwrap();
    let record = store.container(DEFAULT_CUSTOMER, first.uuids[0]).await.unwrap().unwrap();
    assert!(third.changed);
    assert_eq!(record.updated, third.updated);
    assert_eq!((record.report.state, record.report.observed_at), (newer.state, newer.observed_at));
    assert_eq!(record.tags, ["late", "web"]);
}

pub(crate) async fn a_batch_with_one_bad_container_stores_none(backend: impl Backend) {
    let store = backend.open();
    let mut bad = container(3);
    bad.host.hostname.clear();
    let sent = vec![container(1), container(2), bad];
    match store.put_containers(DEFAULT_CUSTOMER, sent).await {
        Err(StoreError::Invalid { field, .. }) => assert_eq!(field, "[2].host.hostname"),
        other => panic!("{other:?}"),
    }
    assert!(store.containers_after(None, 10).await.unwrap().is_empty());
    let ack = store.put_containers(DEFAULT_CUSTOMER, Vec::new()).await.unwrap();
    assert!(!ack.changed);
}

pub(crate) async fn pages_cover_every_container_once_with_its_tags(backend: impl Backend) {
    let store = backend.open();
    store.put_containers(DEFAULT_CUSTOMER, (0..17).map(container).collect()).await.unwrap();
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.containers_after(after, 4).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.customer, last.uuid));
        seen.extend(page);
    }
    assert_eq!(seen.len(), 17);
    assert!(seen.is_sorted_by_key(|record| record.uuid));
    assert!(seen.iter().all(|record| record.tags == ["web"] && record.updated == seen[0].updated));
    for record in seen {
        assert_eq!(store.container(record.customer, record.uuid).await.unwrap(), Some(record));
    }
}

pub(crate) async fn containers_asked_for_by_key_come_in_the_order_of_the_keys(backend: impl Backend) {
    let store = backend.open();
    let ack = store.put_containers(DEFAULT_CUSTOMER, (0..120).map(container).collect()).await.unwrap();
    let keys: Vec<_> = ack.uuids.iter().rev().map(|uuid| (DEFAULT_CUSTOMER, *uuid)).collect();
    let found = store.containers_of(&keys).await.unwrap();
    assert!(found.iter().map(|record| record.uuid).eq(keys.iter().map(|key| key.1)));
    for record in &found {
        assert_eq!(store.container(DEFAULT_CUSTOMER, record.uuid).await.unwrap().as_ref(), Some(record));
    }
}

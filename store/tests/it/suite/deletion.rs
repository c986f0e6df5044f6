//! Images, containers and inventories that are deleted, and what is left of them.

use model::{ContainerState, ImageId, Timestamp};
use store::{
    ChangeKind, DEFAULT_CUSTOMER, Kept, KeptReason, Store, StoreError, Tombstone, container_uuid, image_uuid,
};
use uuid::Uuid;

use crate::Backend;
use crate::build::{container, digest, report};

fn image(number: u32) -> Uuid {
    image_uuid(DEFAULT_CUSTOMER, &ImageId(digest(number)))
}

/// Puts a container of image 1 in that state; gives its uuid.
async fn put_container(store: &Store, number: u32, state: ContainerState) -> Uuid {
    let mut sent = container(number);
    sent.state = state;
    sent.observed_at = Timestamp(1_000 + state as i64);
    store.put_containers(DEFAULT_CUSTOMER, vec![sent.clone()]).await.unwrap();
    container_uuid(DEFAULT_CUSTOMER, &sent.id)
}

pub(crate) async fn an_image_that_containers_need_is_kept(backend: impl Backend) {
    let store = backend.open();
    store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap();
    let needing =
        [ContainerState::Created, ContainerState::Running, ContainerState::Paused, ContainerState::Stopped];
    for state in needing {
        let uuid = put_container(&store, 5, state).await;
        let clock = store.clock().await.unwrap();
        let outcome = store.delete_images(DEFAULT_CUSTOMER, &[image(1)]).await.unwrap();
        assert_eq!(outcome.kept, [Kept { uuid: image(1), reason: KeptReason::InUse(1) }], "{state:?}");
        assert_eq!((outcome.deleted.len(), outcome.updated), (0, clock));
        assert!(store.delete_containers(DEFAULT_CUSTOMER, &[uuid]).await.unwrap().kept.is_empty());
    }
    let other = Uuid::from_u128(7);
    let outcome = store.delete_images(other, &[image(1)]).await.unwrap();
    assert_eq!(outcome.kept, [Kept { uuid: image(1), reason: KeptReason::NotFound }]);
    let outcome = store.delete_images(DEFAULT_CUSTOMER, &[image(1), image(1)]).await.unwrap();
    assert_eq!(outcome.deleted, [image(1)]);
    assert_eq!(outcome.kept, [Kept { uuid: image(1), reason: KeptReason::NotFound }]);
    assert!(store.image(DEFAULT_CUSTOMER, image(1)).await.unwrap().is_none());
}

pub(crate) async fn containers_that_are_gone_stay_and_change_when_their_image_is_deleted(
    backend: impl Backend,
) {
    let store = backend.open();
    let mut sent = report(1, &["bash"]);
    sent.tags = vec!["prod".into(), "db".into()];
    store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap();
    let gone = put_container(&store, 1, ContainerState::Deleted).await;
    let unknown = put_container(&store, 2, ContainerState::Unknown).await;
    let clock = store.clock().await.unwrap();
    let outcome = store.delete_images(DEFAULT_CUSTOMER, &[image(1)]).await.unwrap();
    assert!(outcome.updated > clock);

    let changes = store.changes_after(clock, 10).await.unwrap();
    assert!(changes.iter().all(|change| change.clock == outcome.updated));
    let told: Vec<_> = changes.iter().map(|change| (change.key, change.deleted, &*change.cause)).collect();
    let mut expected = vec![
        (gone, false, "deletion of its image"),
        (unknown, false, "deletion of its image"),
        (image(1), true, "deletion"),
    ];
    expected[..2].sort_unstable();
    let (containers, image_change): (Vec<_>, Vec<_>) = told.into_iter().partition(|(_, deleted, _)| !deleted);
    assert_eq!([containers, image_change].concat(), expected);
    let tombstone =
        Tombstone { id: digest(1), tags: vec!["db".into(), "prod".into()], image_tags: Vec::new() };
    let left = store.tombstones_of(ChangeKind::Image, &[(DEFAULT_CUSTOMER, image(1))]).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].tombstone.as_ref(), Some(&tombstone));
    let record = store.container(DEFAULT_CUSTOMER, gone).await.unwrap().unwrap();
    assert_eq!((record.updated, record.image_uuid), (outcome.updated, Some(image(1))));
}

pub(crate) async fn a_deleted_container_is_told_with_its_tags_and_those_of_its_image(backend: impl Backend) {
    let store = backend.open();
    let mut sent = report(1, &["bash"]);
    sent.tags = vec!["prod".into()];
    store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap();
    let uuid = put_container(&store, 1, ContainerState::Running).await;
    let before = store.clock().await.unwrap();
    let outcome = store.delete_containers(DEFAULT_CUSTOMER, &[uuid]).await.unwrap();
    assert_eq!(outcome.deleted, [uuid]);
    let changes = store.changes_after(before, 10).await.unwrap();
    let [change] = &changes[..] else { panic!("{changes:?}") };
    assert!(change.deleted && change.kind == ChangeKind::Container && change.cause == "deletion");
    let tombstone =
        Tombstone { id: container(1).id, tags: vec!["web".into()], image_tags: vec!["prod".into()] };
    assert_eq!(change.tombstone.as_ref(), Some(&tombstone));
    assert!(store.container(DEFAULT_CUSTOMER, uuid).await.unwrap().is_none());
}

pub(crate) async fn what_is_reported_again_is_a_new_record_without_old_tags(backend: impl Backend) {
    let store = backend.open();
    let mut sent = report(1, &["bash"]);
    sent.tags = vec!["old".into()];
    let first = store.put_report(DEFAULT_CUSTOMER, sent.clone()).await.unwrap();
    store.delete_images(DEFAULT_CUSTOMER, &[image(1)]).await.unwrap();
    sent.tags = vec!["new".into()];
    let again = store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap();
    let record = store.image(DEFAULT_CUSTOMER, image(1)).await.unwrap().unwrap();
    assert!(record.created_at > first.updated);
    assert_eq!((record.created_at, record.tags), (again.updated, vec!["new".to_owned()]));
    let changes = store.changes_after(Timestamp(0), 10).await.unwrap();
    assert_eq!(changes.len(), 1, "the tombstone is gone");
    assert!(!changes[0].deleted && changes[0].cause == "report");

    let uuid = put_container(&store, 1, ContainerState::Running).await;
    store.delete_containers(DEFAULT_CUSTOMER, &[uuid]).await.unwrap();
    put_container(&store, 1, ContainerState::Running).await;
    let left = store.tombstones_of(ChangeKind::Container, &[(DEFAULT_CUSTOMER, uuid)]).await.unwrap();
    assert!(left.is_empty());
    assert!(store.container(DEFAULT_CUSTOMER, uuid).await.unwrap().unwrap().created_at > again.updated);
}

pub(crate) async fn more_than_one_transaction_of_deletions_is_followed_without_loss(backend: impl Backend) {
    let store = backend.open();
    let sent = (0..1_203).map(container).collect();
    let uuids = store.put_containers(DEFAULT_CUSTOMER, sent).await.unwrap().uuids;
    let clock = store.clock().await.unwrap();
    let outcome = store.delete_containers(DEFAULT_CUSTOMER, &uuids).await.unwrap();
    assert_eq!(outcome.deleted, uuids);
    assert!(store.containers_after(None, 10).await.unwrap().is_empty());
    let (mut seen, mut after) = (Vec::new(), clock);
    loop {
        let page = store.changes_after(after, 100).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.clock;
        seen.extend(page.iter().filter(|change| change.deleted).map(|change| change.key));
    }
    seen.sort_unstable();
    let mut expected = uuids;
    expected.sort_unstable();
    assert_eq!(seen, expected);
    assert_eq!(after, outcome.updated);
}

pub(crate) async fn inventories_that_no_image_names_are_collected(backend: impl Backend) {
    let store = backend.open();
    for (number, packages) in [(1, &["bash"][..]), (2, &["bash"]), (3, &["curl"]), (4, &["dash"])] {
        store.put_report(DEFAULT_CUSTOMER, report(number, packages)).await.unwrap();
    }
    let shared = store.image(DEFAULT_CUSTOMER, image(1)).await.unwrap().unwrap().inventory;
    let own = store.image(DEFAULT_CUSTOMER, image(3)).await.unwrap().unwrap().inventory;
    assert_eq!(store.collect_inventories(10).await.unwrap(), 0);
    store.delete_images(DEFAULT_CUSTOMER, &[image(1), image(3), image(4)]).await.unwrap();
    assert_eq!(store.collect_inventories(1).await.unwrap(), 1);
    assert_eq!(store.collect_inventories(10).await.unwrap(), 1);
    assert_eq!(store.collect_inventories(10).await.unwrap(), 0);
    assert!(store.inventory(&shared).await.is_ok());
    assert!(matches!(store.inventory(&own).await, Err(StoreError::NotFound { .. })));
    // the same content comes again
    store.put_report(DEFAULT_CUSTOMER, report(3, &["curl"])).await.unwrap();
    assert!(store.inventory(&own).await.is_ok());
}

pub(crate) async fn what_containers_shared_is_collected_when_the_last_one_is_gone(backend: impl Backend) {
    let (store, other) = (backend.open(), backend.open());
    let mut sent: Vec<_> = (1..4).map(container).collect();
    sent.iter_mut().for_each(|report| report.image_name = Some(format!("team/{}", report.name)));
    let uuids = store.put_containers(DEFAULT_CUSTOMER, sent.clone()).await.unwrap().uuids;
    // a second process remembers what it has seen, too
    other.put_containers(DEFAULT_CUSTOMER, vec![container(4)]).await.unwrap();
    let mut again = sent[0].clone();
    again.name = "other".into();
    again.observed_at = Timestamp(again.observed_at.0 + 1);
    other.put_containers(DEFAULT_CUSTOMER, vec![again]).await.unwrap();
    assert_eq!(store.collect_container_images(10).await.unwrap(), 0);
    store.delete_containers(DEFAULT_CUSTOMER, &uuids).await.unwrap();
    assert_eq!(store.collect_container_images(2).await.unwrap(), 2);
    assert_eq!(store.collect_container_images(10).await.unwrap(), 1);
    assert_eq!(store.collect_container_images(10).await.unwrap(), 0);
    // both write them again as if they had never been
    for (store, report) in [(&other, &sent[0]), (&store, &sent[1]), (&store, &sent[2])] {
        let uuid = store.put_containers(DEFAULT_CUSTOMER, vec![report.clone()]).await.unwrap().uuids[0];
        let record = store.container(DEFAULT_CUSTOMER, uuid).await.unwrap().unwrap();
        assert_eq!(
            (record.report.image_id, &record.report.image_name),
            (report.image_id, &report.image_name)
        );
    }
    assert_eq!(crate::verify::problems(&store).await.0, []);
}

pub(crate) async fn a_database_that_was_written_by_the_store_holds_together(backend: impl Backend) {
    let store = crate::verify::filled(&backend).await;
    let (found, verified) = crate::verify::problems(&store).await;
    assert_eq!(found, []);
    let counted = [
        verified.packages,
        verified.findings,
        verified.inventories,
        verified.entries,
        verified.images,
        verified.containers,
        verified.hosts,
        verified.tags,
        verified.tombstones,
        verified.judgements,
        verified.jobs,
        verified.days,
        verified.orphans,
    ];
    assert_eq!(counted, [2, 3, 1, 2, 2, 3, 1, 2, 2, 1, 1, 1, 0]);
    assert_eq!(verified.clock, store.clock().await.unwrap());
}

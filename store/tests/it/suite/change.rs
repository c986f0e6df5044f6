//! The clock and the change log, under writers that run at the same time.

use std::collections::{BTreeMap, HashSet};

use model::Timestamp;
use store::{Ack, ChangeKind, DEFAULT_CUSTOMER, Store};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::Backend;
use crate::build::{container, report, stored};

const WRITERS: u32 = 8;
const REPORTS: u32 = 200;

/// Puts reports one after the other; gives the acknowledgements in their order.
async fn write_some(store: Store, writer: u32) -> Vec<Ack> {
    let mut acks = Vec::new();
    for number in 0..REPORTS {
        let own = format!("package-{}", number % 40);
        let sent = report(writer * REPORTS + number, &["bash", "curl", &own]);
        acks.push(store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap());
    }
    acks
}

pub(crate) async fn concurrent_writers_get_ordered_clock_values_and_lose_nothing(backend: impl Backend) {
    let store = backend.open();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write_some(store.clone(), writer));
    }
    let acks = writers.join_all().await;
    for own in &acks {
        assert!(
            own.is_sorted_by(|a, b| a.updated < b.updated),
            "a later report of one writer has a later clock value"
        );
    }
    let all: Vec<&Ack> = acks.iter().flatten().collect();
    let distinct: HashSet<Timestamp> = all.iter().map(|ack| ack.updated).collect();
    // values are shared only when a burst is faster than the wall clock for longer than the allowed lead
    assert!(distinct.len() * 2 > all.len(), "{} of {}", distinct.len(), all.len());
    for ack in &all {
        let image = store.image(DEFAULT_CUSTOMER, ack.uuids[0]).await.unwrap().unwrap();
        assert_eq!(image.updated, ack.updated);
    }
    assert_eq!(store.clock().await.unwrap(), all.iter().map(|ack| ack.updated).max().unwrap());
    assert_eq!(store.packages_after(None, 100).await.unwrap().len(), 42);
    assert_eq!(store.changes_after(Timestamp(0), usize::MAX).await.unwrap().len(), all.len());
}

/// The `updated` of everything that changed after `clock`, as a follower learns it in small pages.
async fn follow(store: &Store, mut clock: Timestamp) -> BTreeMap<Uuid, Timestamp> {
    let mut state = BTreeMap::new();
    loop {
        let page = store.changes_after(clock, 7).await.unwrap();
        let Some(last) = page.last() else { return state };
        assert!(page.is_sorted_by_key(|change| change.clock) && page[0].clock > clock);
        clock = last.clock;
        for change in page {
            state.insert(change.key, change.clock);
        }
    }
}

pub(crate) async fn following_the_log_from_any_clock_value_gives_the_final_state(backend: impl Backend) {
    let store = backend.open();
    let mut moments = vec![Timestamp(0)];
    let mut final_state = BTreeMap::new();
    for step in 0..60_u32 {
        let ack = if step % 3 == 0 {
            store.put_containers(DEFAULT_CUSTOMER, vec![container(step % 12)]).await.unwrap()
        } else {
            let mut sent = report(step % 10, &["bash"]);
            sent.scanned_at = Timestamp(i64::from(step));
            store.put_report(DEFAULT_CUSTOMER, sent).await.unwrap()
        };
        if ack.changed {
            final_state.insert(ack.uuids[0], ack.updated);
            moments.push(ack.updated);
        }
    }
    for moment in moments {
        let expected: BTreeMap<Uuid, Timestamp> =
            final_state.iter().filter(|(_, time)| **time > moment).map(|(key, time)| (*key, *time)).collect();
        assert_eq!(follow(&store, moment).await, expected);
    }
}

pub(crate) async fn changes_of_one_clock_value_are_never_parted(backend: impl Backend) {
    let store = backend.open();
    store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap();
    let ack = store.put_containers(DEFAULT_CUSTOMER, (0..30).map(container).collect()).await.unwrap();
    store.put_report(DEFAULT_CUSTOMER, report(2, &["bash"])).await.unwrap();
    assert_eq!(store.changes_after(Timestamp(0), 1).await.unwrap().len(), 1);
    let page = store.changes_after(Timestamp(0), 5).await.unwrap();
    assert_eq!(page.len(), 31);
    let containers = page.iter().filter(|change| change.kind == ChangeKind::Container);
    assert_eq!(containers.filter(|change| change.clock == ack.updated && !change.deleted).count(), 30);
    assert_eq!(store.changes_after(ack.updated, 5).await.unwrap().len(), 1);
}

pub(crate) async fn two_processes_share_one_clock_and_one_dictionary(backend: impl Backend) {
    let (one, two) = (backend.open(), backend.open());
    let mut writers = JoinSet::new();
    for number in 0..60 {
        let store = if number % 2 == 0 { one.clone() } else { two.clone() };
        let own = format!("package-{}", number % 30);
        writers.spawn(async move {
            store.put_report(DEFAULT_CUSTOMER, report(number, &["bash", &own])).await.unwrap()
        });
    }
    let acks = writers.join_all().await;
    let rows = one.packages_after(None, 100).await.unwrap();
    assert_eq!(rows, two.packages_after(None, 100).await.unwrap());
    assert!(rows.iter().map(|row| row.id).eq(1..=31));
    assert_eq!(two.changes_after(Timestamp(0), 100).await.unwrap().len(), 60);
    assert_eq!(one.clock().await.unwrap(), acks.iter().map(|ack| ack.updated).max().unwrap());
}

pub(crate) async fn everything_is_there_after_reopening(backend: impl Backend) {
    let store = backend.open();
    let ack = store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap();
    let before = stored(&store, 1).await;
    drop(store);
    let store = backend.open();
    assert_eq!(store.clock().await.unwrap(), ack.updated);
    assert_eq!(*store.subscribe().borrow(), ack.updated);
    assert_eq!(stored(&store, 1).await, before);
    let again = store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap();
    assert_eq!((again.changed, again.updated), (false, ack.updated));
    let next = store.put_report(DEFAULT_CUSTOMER, report(2, &["bash", "new"])).await.unwrap();
    assert!(next.updated > ack.updated);
    assert!(store.packages_after(None, 10).await.unwrap().iter().map(|row| row.id).eq(1..=2));
}

pub(crate) async fn subscribers_hear_of_every_commit(backend: impl Backend) {
    let store = backend.open();
    let mut heard = store.subscribe();
    for number in 0..5 {
        let ack = store.put_report(DEFAULT_CUSTOMER, report(number, &["bash"])).await.unwrap();
        heard.changed().await.unwrap();
        assert_eq!(*heard.borrow_and_update(), ack.updated);
    }
    store.put_report(DEFAULT_CUSTOMER, report(0, &["bash"])).await.unwrap();
    assert!(!heard.has_changed().unwrap());
}

pub(crate) async fn every_change_tells_its_cause(backend: impl Backend) {
    let store = backend.open();
    let image = store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap().uuids[0];
    let container = store.put_containers(DEFAULT_CUSTOMER, vec![container(1)]).await.unwrap().uuids[0];
    let causes = async || {
        let changes = store.changes_after(Timestamp(0), 10).await.unwrap();
        changes.into_iter().map(|change| (change.key, change.cause.into_owned())).collect::<BTreeMap<_, _>>()
    };
    let told = causes().await;
    assert_eq!((told[&image].as_str(), told[&container].as_str()), ("report", "container report"));
    store.assign_tag(DEFAULT_CUSTOMER, "x", &[image, container]).await.unwrap();
    let told = causes().await;
    assert_eq!((told[&image].as_str(), told[&container].as_str()), ("tag", "tag"));
    let mut later = report(1, &["bash"]);
    later.scanned_at = Timestamp(2_000);
    store.put_report(DEFAULT_CUSTOMER, later).await.unwrap();
    assert_eq!(causes().await[&image], "report");
}

pub(crate) async fn a_database_has_an_identity_of_its_own(backend: impl Backend) {
    let (one, two) = (backend.open(), backend.open());
    let identity = one.identity().await.unwrap();
    assert!(!identity.is_nil());
    assert_eq!(two.identity().await.unwrap(), identity);
    drop((one, two));
    assert_eq!(backend.open().identity().await.unwrap(), identity);
}

//! Jobs, their leases, and deletions that are jobs.

use std::time::Duration;

use model::Timestamp;
use store::{
    DEFAULT_CUSTOMER, DELETE_CONTAINERS, DELETE_IMAGES, Job, JobState, KeptReason, NewJob, Step, Store,
    StoreError,
};
use uuid::Uuid;

use crate::Backend;
use crate::build::{container, report};

const LONG: Duration = Duration::from_secs(600);
const OVER: Duration = Duration::ZERO;

fn new(kind: &str, items: Vec<Uuid>) -> NewJob {
    NewJob { customer: DEFAULT_CUSTOMER, kind: kind.to_owned(), payload: "{\"a\":1}".to_owned(), items }
}

async fn reread(store: &Store, job: &Job) -> Job {
    store.job(job.customer, job.uuid).await.unwrap().unwrap()
}

pub(crate) async fn a_job_is_claimed_by_one_worker_in_the_order_of_making(backend: impl Backend) {
    let store = backend.open();
    let first = store.enqueue_job(new("a", Vec::new())).await.unwrap();
    let second = store.enqueue_job(new("b", Vec::new())).await.unwrap();
    assert_eq!((first.state, first.payload.as_str(), first.total), (JobState::Queued, "{\"a\":1}", 0));
    assert!(store.claim_job("w", &["c"], LONG).await.unwrap().is_none());
    assert!(store.claim_job("w", &[], LONG).await.unwrap().is_none());
    let claimed = store.claim_job("one", &["b", "a"], LONG).await.unwrap().unwrap();
    assert_eq!((claimed.uuid, claimed.state), (first.uuid, JobState::Running));
    assert_eq!(claimed.claimed_by.as_deref(), Some("one"));
    assert!(claimed.started.is_some());
    let claimed = store.claim_job("two", &["b", "a"], LONG).await.unwrap().unwrap();
    assert_eq!(claimed.uuid, second.uuid);
    assert!(store.claim_job("two", &["b", "a"], LONG).await.unwrap().is_none());
    let key = (DEFAULT_CUSTOMER, first.uuid);
    assert!(!store.finish_job(key, "two", Ok("{}")).await.unwrap(), "it is not theirs");
    assert!(store.finish_job(key, "one", Ok("{\"n\":2}")).await.unwrap());
    assert!(!store.finish_job(key, "one", Err("late")).await.unwrap());
    let done = reread(&store, &first).await;
    assert_eq!((done.state, done.result.as_deref()), (JobState::Done, Some("{\"n\":2}")));
    assert!(done.finished.is_some() && done.claimed_by.is_none());
    let all = store.jobs(DEFAULT_CUSTOMER, None, 10).await.unwrap();
    assert_eq!(all.iter().map(|job| job.uuid).collect::<Vec<_>>(), [second.uuid, first.uuid]);
    assert_eq!(store.jobs(DEFAULT_CUSTOMER, Some(second.uuid), 10).await.unwrap(), [done]);
    assert!(store.jobs(Uuid::from_u128(8), None, 10).await.unwrap().is_empty());
    assert!(store.job(Uuid::from_u128(8), first.uuid).await.unwrap().is_none());
}

pub(crate) async fn a_job_whose_lease_ended_is_claimed_anew_and_lost_to_its_first_worker(
    backend: impl Backend,
) {
    let store = backend.open();
    let job = store.enqueue_job(new("a", Vec::new())).await.unwrap();
    let key = (DEFAULT_CUSTOMER, job.uuid);
    let first = store.claim_job("one", &["a"], OVER).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    let second = store.claim_job("two", &["a"], LONG).await.unwrap().unwrap();
    assert_eq!((second.uuid, second.started), (first.uuid, first.started));
    assert!(!store.heartbeat_job(key, "one", (3, 0), LONG).await.unwrap());
    assert!(store.heartbeat_job(key, "two", (4, 1), LONG).await.unwrap());
    let running = reread(&store, &job).await;
    assert_eq!((running.done, running.kept), (4, 1));
    assert!(store.cancel_job(DEFAULT_CUSTOMER, job.uuid).await.unwrap());
    assert!(!store.cancel_job(DEFAULT_CUSTOMER, job.uuid).await.unwrap());
    assert!(!store.heartbeat_job(key, "two", (5, 1), LONG).await.unwrap());
    assert_eq!(reread(&store, &job).await.state, JobState::Cancelled);
    let missing = store.cancel_job(DEFAULT_CUSTOMER, Uuid::from_u128(1)).await;
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
}

pub(crate) async fn a_deletion_goes_on_where_a_killed_worker_left_it(backend: impl Backend) {
    let store = backend.open();
    let sent = (0..1_100).map(container).collect();
    let mut items = store.put_containers(DEFAULT_CUSTOMER, sent).await.unwrap().uuids;
    items.push(Uuid::from_u128(99));
    let job = store.enqueue_job(new(DELETE_CONTAINERS, items)).await.unwrap();
    assert_eq!(job.total, 1_101);
    // reported after the job was made: not its business
    store.put_containers(DEFAULT_CUSTOMER, vec![container(5_000)]).await.unwrap();
    store.claim_job("one", &[DELETE_CONTAINERS], OVER).await.unwrap().unwrap();
    let step = store.delete_step(DEFAULT_CUSTOMER, job.uuid, "one", OVER).await.unwrap();
    assert!(matches!(step, Step::Made(job, outcome) if job.done == 500 && outcome.deleted.len() == 500));
    drop(store);

    let store = backend.open();
    tokio::time::sleep(Duration::from_millis(5)).await;
    let again = store.claim_job("two", &[DELETE_CONTAINERS, DELETE_IMAGES], LONG).await.unwrap().unwrap();
    assert_eq!((again.uuid, again.done), (job.uuid, 500));
    let lost = store.delete_step(DEFAULT_CUSTOMER, job.uuid, "one", LONG).await.unwrap();
    assert_eq!(lost, Step::Lost);
    let mut steps = 0;
    loop {
        match store.delete_step(DEFAULT_CUSTOMER, job.uuid, "two", LONG).await.unwrap() {
            Step::Made(job, _) if job.done == job.total => break,
            Step::Made(..) => steps += 1,
            Step::Lost => panic!("the lease is long"),
        }
    }
    assert_eq!(steps, 1);
    let key = (DEFAULT_CUSTOMER, job.uuid);
    assert!(store.finish_job(key, "two", Ok("{}")).await.unwrap());
    let done = reread(&store, &job).await;
    assert_eq!((done.done, done.kept, done.state), (1_101, 1, JobState::Done));
    let kept = store.kept_of_job(DEFAULT_CUSTOMER, job.uuid, 10).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].uuid, kept[0].reason), (Uuid::from_u128(99), KeptReason::NotFound));
    assert_eq!(store.containers_after(None, 10).await.unwrap().len(), 1);
}

pub(crate) async fn a_deletion_keeps_images_in_use_and_says_so(backend: impl Backend) {
    let store = backend.open();
    let mut items = Vec::new();
    for number in 1..4 {
        let ack = store.put_report(DEFAULT_CUSTOMER, report(number, &["bash"])).await.unwrap();
        items.extend(ack.uuids);
    }
    store.put_containers(DEFAULT_CUSTOMER, vec![container(1), container(2)]).await.unwrap();
    let job = store.enqueue_job(new(DELETE_IMAGES, items.clone())).await.unwrap();
    store.claim_job("w", &[DELETE_IMAGES], LONG).await.unwrap().unwrap();
    let Step::Made(job, outcome) = store.delete_step(DEFAULT_CUSTOMER, job.uuid, "w", LONG).await.unwrap()
    else {
        panic!("the lease is long")
    };
    assert_eq!((job.done, job.kept), (3, 1));
    assert_eq!(outcome.deleted, items[1..]);
    let kept = store.kept_of_job(DEFAULT_CUSTOMER, job.uuid, 10).await.unwrap();
    assert_eq!(kept, outcome.kept);
    assert_eq!(kept[0].reason, KeptReason::InUse(2));
}

pub(crate) async fn ended_jobs_are_forgotten_after_a_time(backend: impl Backend) {
    let store = backend.open();
    let ended = store.enqueue_job(new("a", vec![Uuid::from_u128(1)])).await.unwrap();
    let waiting = store.enqueue_job(new("a", Vec::new())).await.unwrap();
    store.cancel_job(DEFAULT_CUSTOMER, ended.uuid).await.unwrap();
    assert_eq!(store.forget_jobs(Timestamp(1_000), 10).await.unwrap(), 0);
    let later = Timestamp(Timestamp::now().0 + 1_000);
    assert_eq!(store.forget_jobs(later, 10).await.unwrap(), 1);
    assert_eq!(store.jobs(DEFAULT_CUSTOMER, None, 10).await.unwrap(), [waiting]);
}

pub(crate) async fn a_job_of_very_many_records_is_made_and_begun(backend: impl Backend) {
    let store = backend.open();
    let items: Vec<Uuid> = (0..100_250).map(Uuid::from_u128).collect();
    let job = store.enqueue_job(new(DELETE_IMAGES, items)).await.unwrap();
    store.claim_job("w", &[DELETE_IMAGES], LONG).await.unwrap().unwrap();
    for _ in 0..3 {
        store.delete_step(DEFAULT_CUSTOMER, job.uuid, "w", LONG).await.unwrap();
    }
    let job = reread(&store, &job).await;
    assert_eq!((job.total, job.done, job.kept), (100_250, 1_500, 1_500));
    assert_eq!(store.kept_of_job(DEFAULT_CUSTOMER, job.uuid, 1_200).await.unwrap().len(), 1_200);
}

pub(crate) async fn days_are_kept_by_scope_and_replaced(backend: impl Backend) {
    let store = backend.open();
    for (scope, day, document) in
        [("", 20_001, "{}"), ("", 20_000, "[1]"), ("s", 20_000, "[2]"), ("", 20_001, "[3]"), ("", -1, "[]")]
    {
        store.put_day(DEFAULT_CUSTOMER, scope, day, document).await.unwrap();
    }
    let days = store.days(DEFAULT_CUSTOMER, "", 0, i32::MAX).await.unwrap();
    assert_eq!(days, [(20_000, "[1]".to_owned()), (20_001, "[3]".to_owned())]);
    assert_eq!(store.days(DEFAULT_CUSTOMER, "s", 20_000, 20_000).await.unwrap().len(), 1);
    assert!(store.days(Uuid::from_u128(5), "", 0, i32::MAX).await.unwrap().is_empty());
    let refused = store.put_day(DEFAULT_CUSTOMER, "a\0b", 1, "{}").await.unwrap_err();
    assert_eq!(refused.to_string(), "`scope` holds a NUL character");
}

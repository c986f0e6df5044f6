//! Runtimes and servers that misbehave.

use model::{Digest, Timestamp};
use tokio::time::Instant;

use super::*;
use crate::client::tests::server::Reply;
use crate::engine::queue::Pending;
use crate::engine::shared::Shared;
use crate::runtime::{Event, Told, What};
use crate::spool::test_report;

/// A sensor whose parts are called one by one, with a server that nobody reaches.
fn parts(fake: &Arc<Fake>) -> (tempfile::TempDir, Arc<Shared>, Arc<Watched>) {
    let state = tempfile::tempdir().unwrap();
    let Sensor { shared, mut watched, .. } = sensor(state.path(), "http://127.0.0.1:9", fake);
    (state, shared, watched.remove(0))
}

fn waiting(shared: &Shared) -> Vec<model::ContainerReport> {
    let waiting = shared.spool.waiting_containers(usize::MAX, usize::MAX);
    waiting.iter().map(|one| serde_json::from_slice(&one.json).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_could_not_be_described_is_told_by_its_events_and_looked_at_later() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let running = start(state.path(), &server.url, &fake);
    until("following", || fake.world().follows == 1).await;
    fake.world().is_blind = true;
    fake.set(1, Running, true).await;
    until("what was told of it", || state_of(&server, 1) == Some(Running)).await;
    assert!(server.known().containers[&id_of(1)].environment.is_empty());
    fake.world().is_blind = false;
    // long before the next listing
    until("the rest of it", || !server.known().containers[&id_of(1)].environment.is_empty()).await;
    kill(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_short_lives_is_told_whole() {
    const STARTS: u32 = 5_000;
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let running = start(state.path(), &server.url, &fake);
    until("following", || fake.world().follows == 1).await;
    let begun = Instant::now();
    for number in 0..STARTS {
        // gone before anybody can ask: nothing but the events is known of it
        for state in [Created, Running, Deleted] {
            let at = fake.world().tick();
            let told = Told {
                id: id_of(number),
                name: Some(format!("c{number}")),
                image: Some("alpine:3.18".to_owned()),
                state: Some(state).filter(|state| *state != Deleted),
                labels: Vec::new(),
            };
            let what = if state == Deleted { What::ContainerGone(told) } else { What::Container(told) };
            fake.tell(Event { at, what }).await;
        }
    }
    until("all of them", || server.known().containers.len() == STARTS as usize).await;
    until("the end of all of them", || told(&server).values().all(|state| *state == Deleted)).await;
    let one = server.known().containers[&id_of(17)].clone();
    assert_eq!((one.name.as_str(), one.image_name.as_deref()), ("c17", Some("alpine:3.18")));
    assert!(one.created <= one.state_changed);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    kill(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_event_heals_when_the_runtime_says_so_or_comes_back() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    fake.world().nonsense = vec!["".to_owned(), "zz".to_owned(), "\u{0}\u{ff}".repeat(1_000)];
    let running = start(state.path(), &server.url, &fake);
    until("following", || fake.world().follows == 1).await;
    fake.set(1, Running, false).await;
    let at = fake.world().tick();
    fake.tell(Event { at, what: What::Missed }).await;
    until("the container that no event told", || state_of(&server, 1) == Some(Running)).await;
    // it restarts and has another container then
    fake.world().is_away = true;
    fake.break_stream();
    tokio::time::sleep(Duration::from_millis(100)).await;
    fake.set(1, Deleted, false).await;
    fake.set(2, Running, false).await;
    assert_eq!(state_of(&server, 1), Some(Running), "a runtime that is away tells nothing of its containers");
    fake.world().is_away = false;
    until("the new container", || state_of(&server, 2) == Some(Running)).await;
    until("the end of the old one", || state_of(&server, 1) == Some(Deleted)).await;
    kill(running).await;
}

#[tokio::test]
async fn a_runtime_that_hangs_is_told_and_does_not_hold_the_sensor() {
    let fake = Fake::new();
    let (_state, shared, mut watched) = parts(&fake);
    fake.world().hangs = true;
    let short = Duration::from_millis(50);
    let patience = watch::Patience { list: short, inspect: short, pause: short };
    Arc::get_mut(&mut watched).unwrap().patience = patience;
    let words = watch::list(&shared, &watched, Listing::Thorough).await.unwrap_err();
    assert!(words.contains("docker does not list"), "{words}");
    // of a container that cannot be asked for, at least what was told is known
    let told = Told { id: id_of(1), name: Some("c1".to_owned()), state: Some(Running), ..Told::default() };
    watched.queue.push(Pending::event(told, Timestamp(5), false)).await;
    let workers = watched.start_workers(&shared);
    until("giving up", || !waiting(&shared).is_empty()).await;
    drop(workers);
    let waiting = waiting(&shared);
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].name.as_str(), waiting[0].state), ("c1", Running));
    assert!(
        shared.troubles.all().iter().any(|words| words.contains("did not describe")),
        "{:?}",
        shared.troubles.all()
    );
}

#[tokio::test]
async fn an_event_that_comes_twice_or_late_does_not_bring_a_container_back() {
    let fake = Fake::new();
    let (_state, shared, watched) = parts(&fake);
    let workers = watched.start_workers(&shared);
    let told = || Told { id: id_of(1), name: Some("c1".to_owned()), state: Some(Running), ..Told::default() };
    let push = async |at: i64, gone: bool| {
        watched.queue.push(Pending::event(told(), Timestamp(at), gone)).await;
        watched.queue.idle().await;
    };
    fake.set(1, Running, false).await;
    push(1, false).await;
    assert_eq!(waiting(&shared)[0].state, Running);
    let gone_at = Timestamp::now().0 + 10;
    push(gone_at, true).await;
    // the runtime still shows it for a moment
    push(2, false).await;
    assert_eq!(waiting(&shared)[0].state, Deleted);
    shared.spool.containers_sent(&shared.spool.waiting_containers(10, usize::MAX));
    push(gone_at, true).await;
    push(3, false).await;
    assert!(waiting(&shared).is_empty(), "{:?}", waiting(&shared));
    drop(workers);
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_no_news_old() {
    let fake = Fake::new();
    let (_state, shared, watched) = parts(&fake);
    let workers = watched.start_workers(&shared);
    fake.set(1, Running, false).await;
    watched.queue.push(Pending::look(&id_of(1))).await;
    watched.queue.idle().await;
    let seen = shared.spool.known(&Digest::from_hex(&id_of(1)).unwrap()).unwrap().observed_at;
    let told = Told { id: id_of(1), ..Told::default() };
    watched.queue.push(Pending::event(told, Timestamp(5), true)).await;
    watched.queue.idle().await;
    let gone = &waiting(&shared)[0];
    assert!(gone.state == Deleted && gone.observed_at > seen);
    drop(workers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_the_server_refuses_costs_only_itself() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let Sensor { shared, .. } = sensor(state.path(), &server.url, &fake);
    server.known().poison = Some("web-5".to_owned());
    for number in 0..20 {
        shared.spool.put_container(&test_report(number, 1, Running), "docker").unwrap();
    }
    Delivery::new(Arc::clone(&shared)).flush().await.unwrap();
    assert_eq!(server.known().containers.len(), 19);
    assert_eq!(shared.spool.figures().waiting, 0);
    assert!(
        shared.troubles.all().iter().any(|words| words.contains("invalid body")),
        "{:?}",
        shared.troubles.all()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_something_before_the_server_refuses_is_kept_until_the_server_is_reached() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let Sensor { shared, .. } = sensor(state.path(), &server.url, &fake);
    for number in 0..20 {
        shared.spool.put_container(&test_report(number, 1, Running), "docker").unwrap();
    }
    let mut delivery = Delivery::new(Arc::clone(&shared));
    for status in [400, 415, 422, 400, 400, 400] {
        server.fail("/api/v1/containers", Reply::new(status, "<html>not for you</html>"));
        assert!(delivery.flush().await.unwrap_err().may_pass(), "{status}");
    }
    delivery.flush().await.unwrap();
    assert_eq!(server.known().containers.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_fails_at_one_image_again_and_again_gets_the_others() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let Sensor { shared, .. } = sensor(state.path(), &server.url, &fake);
    for number in 1..=2 {
        let id = ImageId(Digest::of(&[number]));
        let report = serde_json::json!({
            "schema": 1, "scanner": "x", "scannedAt": 0, "source": "GENERAL", "packages": [], "image": {"id": id},
        });
        let body = crate::spool::pack::pack(report.to_string().as_bytes(), 1).unwrap();
        shared.spool.put_image(id, 0, &body).unwrap();
    }
    let mut delivery = Delivery::new(Arc::clone(&shared));
    let failed = (0..4).map(|_| server.fail("/api/v1/reports", Reply::new(500, "boom"))).count();
    for _ in 0..failed {
        assert!(delivery.flush().await.unwrap_err().may_pass());
    }
    server.fail("/api/v1/reports", Reply::new(500, "boom"));
    delivery.flush().await.unwrap();
    assert_eq!(server.known().images.len(), 1);
    assert_eq!(shared.spool.figures().dropped, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_sensor_goes_on_and_says_why_nothing_arrives() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let Sensor { shared, watched, .. } = sensor(state.path(), &server.url, &fake);
    deliver::enrol(&shared).await.unwrap();
    server.known().revoked = true;
    let delivering = tokio::spawn(deliver::run(Arc::clone(&shared)));
    let following = tokio::spawn(watch::run(Arc::clone(&shared), Arc::clone(&watched[0])));
    until("following", || fake.world().follows == 1).await;
    fake.set(1, Running, true).await;
    until("the trouble", || shared.troubles.all().iter().any(|words| words.contains("was revoked"))).await;
    fake.set(2, Running, true).await;
    until("the spool", || shared.spool.figures().waiting == 2).await;
    assert!(server.known().containers.is_empty());
    delivering.abort();
    following.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_later_gets_everything_once() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    server.fail("/api/v1/containers", Reply::new(429, "").with("retry-after", "1"));
    server.fail("/api/v1/containers", Reply::new(503, ""));
    let running = start(state.path(), &server.url, &fake);
    until("following", || fake.world().follows == 1).await;
    fake.set(1, Running, true).await;
    until("delivery after two refusals", || state_of(&server, 1) == Some(Running)).await;
    assert_eq!(server.known().news, 1);
    kill(running).await;
}

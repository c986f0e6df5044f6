mod fake;
mod faults;
mod healing;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use image::Source;
use model::{ContainerState, ImageId, SensorProfile};
use testkit::{ImageBuilder, LayerBuilder};
use tokio::task::JoinHandle;

use self::fake::{Fake, id_of};
use super::*;
use crate::client::tests::options;
use crate::client::tests::server::{TOKEN, TestServer};
use crate::runtime::{LocalImage, WritableLayer};

pub(super) fn sensor(state: &Path, url: &str, fake: &Arc<Fake>) -> Sensor {
    sensor_of("docker", state, url, fake)
}

fn sensor_of(kind: &str, state: &Path, url: &str, fake: &Arc<Fake>) -> Sensor {
    let settings = Settings {
        state: state.to_owned(),
        server: options(url, Some(TOKEN)),
        limits: Limits { cpu: 2.0, memory: 1 << 30, ..Limits::default() },
        host_root: PathBuf::from("/"),
        reader: None,
        cluster: None,
        registries: None,
    };
    let runtime: Arc<dyn Runtime> = Arc::clone(fake) as Arc<dyn Runtime>;
    Sensor::new(settings, vec![Followed { kind: kind.to_owned(), runtime }]).unwrap()
}

/// Runs a sensor until it is killed, without any farewell.
pub(super) fn start(state: &Path, url: &str, fake: &Arc<Fake>) -> JoinHandle<Result<(), SensorError>> {
    tokio::spawn(sensor(state, url, fake).run(std::future::pending()))
}

pub(super) async fn kill(running: JoinHandle<Result<(), SensorError>>) {
    running.abort();
    let _ = running.await;
}

/// Waits for something to become so.
pub(super) async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..1_500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} did not come about");
}

/// What the server has: name → state.
pub(super) fn told(server: &TestServer) -> BTreeMap<String, ContainerState> {
    server.known().containers.values().map(|report| (report.name.clone(), report.state)).collect()
}

pub(super) fn state_of(server: &TestServer, number: u32) -> Option<ContainerState> {
    told(server).get(&format!("c{number}")).copied()
}

use ContainerState::{Created, Deleted, Paused, Running, Stopped};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_is_followed_through_its_life() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    fake.set(1, Running, false).await;
    let running = start(state.path(), &server.url, &fake);
    until("the first listing", || state_of(&server, 1) == Some(Running)).await;
    for expected in [Created, Running, Paused, Running, Stopped, Deleted] {
        fake.set(2, expected, true).await;
        until("the next state", || state_of(&server, 2) == Some(expected)).await;
    }
    until("a heartbeat", || !server.known().heartbeats.is_empty()).await;
    let gone = server.known().containers[&id_of(2)].clone();
    assert_eq!(gone.environment, ["VERSION=0"], "all that was known of it is still told");
    let host = server.known().heartbeats[0].host.clone().unwrap();
    assert_eq!(gone.host.hostname, host.hostname);
    kill(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_away_and_the_sensor_killed_three_times_lose_nothing_and_repeat_nothing() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let running = start(state.path(), &server.url, &fake);
    fake.set(0, Running, true).await;
    until("the first container", || state_of(&server, 0) == Some(Running)).await;
    let (address, known) = (server.address(), server.share());
    drop(server);
    kill(running).await;
    for round in 1..=3_u32 {
        // one event while it runs, one container that comes and goes while it does not
        let follows = fake.world().follows;
        let running = start(state.path(), &format!("http://{address}"), &fake);
        until("following", || fake.world().follows > follows).await;
        fake.set(round, Running, true).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        kill(running).await;
        fake.set(round + 10, Created, true).await;
        fake.set(round + 10, Running, true).await;
        fake.set(round + 10, Deleted, true).await;
        fake.set(round, Stopped, true).await;
    }
    fake.set(0, Deleted, true).await;
    let server = TestServer::start_at(&address, known).await;
    let running = start(state.path(), &server.url, &fake);
    let gone = |number: u32| (format!("c{number}"), Deleted);
    let stopped = |number: u32| (format!("c{number}"), Stopped);
    let expected: BTreeMap<_, _> =
        [gone(0), stopped(1), stopped(2), stopped(3), gone(11), gone(12), gone(13)].into();
    until("everything", || told(&server) == expected).await;
    let news = server.known().news;
    kill(running).await;
    // started once more, with everything told again that the runtime remembers
    let running = start(state.path(), &server.url, &fake);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(told(&server), expected);
    assert_eq!(server.known().news, news, "nothing twice");
    kill(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn images_are_read_once_and_what_a_container_adds_is_told_after_its_image() {
    let (server, folder, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let layout = folder.path().join("image");
    let status = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\n\n";
    let layer = LayerBuilder::new()
        .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .file("var/lib/dpkg/status", status);
    ImageBuilder::new().layer(layer).write_oci_dir(&layout).unwrap();
    let source = Source::OciDir(layout);
    let opened = image::open(&source, &image::OpenOptions::default()).unwrap();
    let id: ImageId = opened.facts.id;
    let names = vec!["shop/web:1".to_owned(), "shop/web:latest".to_owned()];
    fake.world().images = vec![LocalImage { id, names, source }];
    fake.set(1, Running, false).await;
    let (upper, lower) = (folder.path().join("upper"), folder.path().join("lower"));
    std::fs::create_dir_all(upper.join("usr/local/bin")).unwrap();
    std::fs::create_dir(&lower).unwrap();
    let tool = upper.join("usr/local/bin/tool");
    std::fs::write(&tool, "#!/bin/sh\necho\n").unwrap();
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    {
        let mut world = fake.world();
        let web = world.containers.get_mut(&id_of(1)).unwrap();
        (web.image_id, web.image_name) = (Some(id), Some("shop/web:1".to_owned()));
        world.layers.insert(id_of(1), WritableLayer::Overlay { upper, lower: vec![lower] });
    }
    let state = folder.path().join("state");
    let summary = sensor(&state, &server.url, &fake).once().await.unwrap();
    assert_eq!(summary, Summary { containers: 1, waiting: 0 });
    let calls: Vec<String> = server.known().calls.clone();
    let reports = |calls: &[String]| calls.iter().filter(|call| call.ends_with("/reports")).count();
    assert_eq!(reports(&calls), 1, "{calls:?}");
    let report = server.known().images[0].clone();
    assert_eq!((report.packages.len(), report.source.as_str()), (1, "GENERAL"));
    assert_eq!(report.image.references.len(), 2);
    let details = server.known().containers[&id_of(1)].details.clone().unwrap();
    let drift = details.drift.unwrap();
    assert_eq!(drift.files.len(), 1, "{drift:?}");
    assert_eq!(drift.files[0].path, "usr/local/bin/tool");
    // again, with nothing changed: neither is told once more
    let news = server.known().news;
    sensor(&state, &server.url, &fake).once().await.unwrap();
    assert_eq!(reports(&server.known().calls), 1);
    assert_eq!(server.known().news, news);
    // a new name is told without the image being read or sent again
    fake.world().images[0].names.push("shop/web:stable".to_owned());
    sensor(&state, &server.url, &fake).once().await.unwrap();
    assert_eq!(server.known().images.last().unwrap().image.references.len(), 3);
    assert_eq!(reports(&server.known().calls), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_holds_as_soon_as_the_server_tells_it() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    server.known().profile = SensorProfile { heartbeat_seconds: 1, ..SensorProfile::default() };
    let running = start(state.path(), &server.url, &fake);
    // the first ones may tell it twice, before and after the runtime has said what it is
    until("a heartbeat without the host", || {
        server.known().heartbeats.iter().any(|beat| beat.host.is_none())
    })
    .await;
    server.known().profile.excluded_namespaces = vec!["kube-system".to_owned()];
    let beats = server.known().heartbeats.len();
    until("the next heartbeats", || server.known().heartbeats.len() >= beats + 2).await;
    let label =
        |value: &str| model::Label { key: "io.kubernetes.pod.namespace".to_owned(), value: value.to_owned() };
    for (number, namespace) in [(1, "kube-system"), (2, "shop")] {
        fake.set(number, Running, false).await;
        fake.world().containers.get_mut(&id_of(number)).unwrap().labels = vec![label(namespace)];
        fake.set_event(number).await;
    }
    until("the other namespace", || state_of(&server, 2) == Some(Running)).await;
    assert_eq!(state_of(&server, 1), None);
    kill(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lost_everything_is_told_anew() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    server.known().profile.heartbeat_seconds = 1;
    fake.set(1, Running, false).await;
    let running = start(state.path(), &server.url, &fake);
    until("the container", || state_of(&server, 1) == Some(Running)).await;
    {
        let mut known = server.known();
        known.containers.clear();
        known.resync = Some(8);
        // the answers that ask for it may be lost on their way
        known.deaf = 1;
    }
    until("the container again", || state_of(&server, 1) == Some(Running)).await;
    until("the word that it was done", || server.known().resync.is_none()).await;
    assert_eq!(server.known().heartbeats.iter().filter(|beat| beat.resynced == Some(8)).count(), 1);
    kill(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_has_the_id_of_one_that_is_gone_is_told() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    fake.set(1, Running, false).await;
    let sensor = sensor_of("containerd", state.path(), &server.url, &fake);
    let running = tokio::spawn(sensor.run(std::future::pending()));
    until("the first one", || state_of(&server, 1) == Some(Running)).await;
    for _ in 0..2 {
        fake.set(1, Deleted, true).await;
        until("its end", || state_of(&server, 1) == Some(Deleted)).await;
        fake.set(1, Running, true).await;
        until("the next one", || state_of(&server, 1) == Some(Running)).await;
    }
    kill(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_server_that_lets_the_sensor_in_is_told_everything() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    fake.set(1, Running, false).await;
    sensor(state.path(), &server.url, &fake).once().await.unwrap();
    assert_eq!(state_of(&server, 1), Some(Running));
    let other = TestServer::start().await;
    sensor(state.path(), &other.url, &fake).once().await.unwrap();
    assert_eq!(state_of(&other, 1), Some(Running));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_run_that_the_server_does_not_hear_of_has_failed_although_there_was_no_news() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let url = server.url.clone();
    sensor(state.path(), &url, &fake).once().await.unwrap();
    drop(server);
    let error = sensor(state.path(), &url, &fake).once().await.unwrap_err().to_string();
    assert!(error.contains("cannot reach the server"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sensor_that_is_told_to_stop_delivers_what_it_has_and_says_farewell() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(sensor(state.path(), &server.url, &fake).run(async {
        let _ = stopped.await;
    }));
    fake.set(1, Running, true).await;
    until("the container", || state_of(&server, 1) == Some(Running)).await;
    until("a heartbeat", || !server.known().heartbeats.is_empty()).await;
    let beats = server.known().heartbeats.len();
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(server.known().heartbeats.len(), beats + 1);
    assert_eq!(server.known().heartbeats.last().unwrap().waiting, 0);
}

//! What heals by itself: a lost spool, a wrong clock, an image that another host has told.

use model::{Reference, Timestamp};

use super::*;
use crate::runtime::{Event, What};

/// An image on the disk with one package, as the runtime lists it.
fn local_image(folder: &Path) -> LocalImage {
    let layout = folder.join("image");
    let status = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\n\n";
    let layer = LayerBuilder::new()
        .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .file("var/lib/dpkg/status", status);
    ImageBuilder::new().layer(layer).write_oci_dir(&layout).unwrap();
    let source = Source::OciDir(layout);
    let opened = image::open(&source, &image::OpenOptions::default()).unwrap();
    LocalImage { id: opened.facts.id, names: vec!["shop/web:1".to_owned()], source }
}

/// A running container of an image, with a program beyond it in its own layer.
async fn drifted(fake: &Arc<Fake>, folder: &Path, image: &LocalImage) {
    fake.world().images = vec![image.clone()];
    fake.set(1, Running, false).await;
    let (upper, lower) = (folder.join("upper"), folder.join("lower"));
    std::fs::create_dir_all(upper.join("usr/local/bin")).unwrap();
    std::fs::create_dir(&lower).unwrap();
    tool(&upper, "tool");
    let mut world = fake.world();
    let web = world.containers.get_mut(&id_of(1)).unwrap();
    web.image_id = Some(image.id);
    world.layers.insert(id_of(1), WritableLayer::Overlay { upper, lower: vec![lower] });
}

fn tool(upper: &Path, name: &str) {
    let tool = upper.join("usr/local/bin").join(name);
    std::fs::write(&tool, "#!/bin/sh\necho\n").unwrap();
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn drifted_files(server: &TestServer) -> usize {
    let known = server.known();
    let details = known.containers.get(&id_of(1)).and_then(|report| report.details.as_ref());
    details.and_then(|details| details.drift.as_ref()).map_or(0, |drift| drift.files.len())
}

fn reports(server: &TestServer) -> usize {
    server.known().calls.iter().filter(|call| call.ends_with("/reports")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_that_another_host_has_told_is_neither_read_nor_sent_and_its_drift_is_found() {
    let (server, folder, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let image = local_image(folder.path());
    server.known().others.insert(image.id, vec![Reference::parse("other/name:1").unwrap()]);
    drifted(&fake, folder.path(), &image).await;
    sensor(&folder.path().join("state"), &server.url, &fake).once().await.unwrap();
    assert_eq!(reports(&server), 0);
    let names = server.known().others[&image.id].clone();
    assert!(names.contains(&Reference::parse("shop/web:1").unwrap()) && names.len() == 2, "{names:?}");
    assert_eq!(drifted_files(&server), 1, "the image is read for the comparison alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_say_which_images_it_wants_gets_them() {
    let (server, folder, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let image = local_image(folder.path());
    fake.world().images = vec![image.clone()];
    for status in [404, 503] {
        let state = folder.path().join(status.to_string());
        server.known().images.clear();
        server.fail("/api/v1/sensors/images", crate::client::tests::server::Reply::new(status, ""));
        let before = reports(&server);
        server.known().enrolments.clear();
        sensor(&state, &server.url, &fake).once().await.unwrap();
        assert_eq!(reports(&server), before + 1, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_in_a_container_is_seen_within_seconds() {
    let (server, folder, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    server.known().profile.drift_seconds = 86_400;
    let image = local_image(folder.path());
    drifted(&fake, folder.path(), &image).await;
    let running = start(&folder.path().join("state"), &server.url, &fake);
    // as soon as the server has the image, what its containers hold beyond it is told
    until("the first drift", || drifted_files(&server) == 1).await;
    let upper = folder.path().join("upper");
    for (number, name) in ["second", "third"].into_iter().enumerate() {
        tool(&upper, name);
        let at = fake.world().tick();
        fake.tell(Event { at, what: What::Exec { id: id_of(1) } }).await;
        until("what was done meanwhile", || drifted_files(&server) == number + 2).await;
    }
    kill(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_spool_does_not_leave_containers_alive_that_are_gone() {
    let (server, folder, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    server.known().profile.heartbeat_seconds = 1;
    let state = folder.path().join("state");
    for number in 1..=3 {
        fake.set(number, Running, false).await;
    }
    let running = start(&state, &server.url, &fake);
    until("the containers", || told(&server).len() == 3).await;
    kill(running).await;
    std::fs::remove_dir_all(state.join("spool")).unwrap();
    fake.set(1, Deleted, false).await;
    {
        let mut known = server.known();
        let other = known.containers.get_mut(&id_of(3)).unwrap();
        let details =
            model::ContainerDetails { runtime: Some("containerd".to_owned()), ..Default::default() };
        other.details = Some(Box::new(details));
    }
    fake.set(3, Deleted, false).await;
    let running = start(&state, &server.url, &fake);
    until("the end of the first", || state_of(&server, 1) == Some(Deleted)).await;
    assert_eq!(state_of(&server, 2), Some(Running));
    until("the question's end", || !state.join("spool/recall").exists()).await;
    assert_eq!(state_of(&server, 3), Some(Running), "of a runtime that is not followed nothing is known");
    let gone = server.known().containers[&id_of(1)].clone();
    assert_eq!((gone.name.as_str(), gone.environment.len()), ("c1", 1), "all that was known is still told");
    kill(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_spool_heals_only_when_every_runtime_has_answered() {
    let (server, folder, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let state = folder.path().join("state");
    let running = start(&state, &server.url, &fake);
    fake.set(1, Running, true).await;
    until("the container", || state_of(&server, 1) == Some(Running)).await;
    kill(running).await;
    std::fs::remove_dir_all(state.join("spool")).unwrap();
    fake.world().is_away = true;
    let running = start(&state, &server.url, &fake);
    tokio::time::sleep(Duration::from_millis(500)).await;
    kill(running).await;
    assert_eq!(state_of(&server, 1), Some(Running));
    assert!(state.join("spool/recall").exists(), "it is not forgotten by a restart");
    fake.world().is_away = false;
    fake.set(1, Deleted, false).await;
    let running = start(&state, &server.url, &fake);
    until("its end", || state_of(&server, 1) == Some(Deleted)).await;
    kill(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_are_told_by_the_servers_clock_whatever_the_host_believes() {
    const DAY: i64 = 24 * 3_600 * 1_000;
    for ahead in [-3 * DAY, 400 * DAY] {
        let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
        server.known().ahead = ahead;
        let running = start(state.path(), &server.url, &fake);
        fake.set(1, Running, true).await;
        until("the container", || state_of(&server, 1) == Some(Running)).await;
        let report = server.known().containers[&id_of(1)].clone();
        let expected = Timestamp::now().0 + ahead;
        for time in [report.created, report.state_changed, report.observed_at] {
            assert!((time.0 - expected).abs() < 60_000, "{} and not {expected}", time.0);
        }
        fake.set(1, Stopped, true).await;
        until("its stop", || state_of(&server, 1) == Some(Stopped)).await;
        kill(running).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_mended_between_seeing_and_telling_loses_nothing() {
    let (server, state, fake) = (TestServer::start().await, tempfile::tempdir().unwrap(), Fake::new());
    let Sensor { shared, .. } = sensor(state.path(), &server.url, &fake);
    let mut report = crate::spool::test_report(1, 1, Running);
    report.observed_at = Timestamp::now();
    shared.spool.put_container(&report, "docker").unwrap();
    let mut delivery = Delivery::new(Arc::clone(&shared));
    delivery.flush().await.unwrap();
    // after a start without a battery the host believes to live in 1970
    let gone = model::ContainerReport { state: Deleted, observed_at: Timestamp(300_000), ..report };
    shared.spool.put_container(&gone, "docker").unwrap();
    delivery.flush().await.unwrap();
    assert_eq!(server.known().containers.values().next().unwrap().state, Deleted);
}

//! The client against daemons that say what they are told.

use model::{ContainerState, Digest};
use proptest::prelude::*;
use testkit::runtime::{FakeRuntime, Said, Then};

use super::*;
use crate::runtime::What;

const ID: &str = "a979ee950e639492563f2dd7caa231adc5fc3fe5714f1d82a23cc2f8bbcda22f";

/// A client for which a second is a fiftieth of one.
fn hasty(fake: &FakeRuntime) -> Docker {
    let mut docker = Docker::new(Flavour::Docker, fake.socket());
    docker.client.second = Duration::from_millis(20);
    docker
}

/// A daemon of this API that knows nothing yet.
fn daemon(newest: &str, oldest: &str) -> (FakeRuntime, Docker) {
    let fake = FakeRuntime::start();
    let version = format!(r#"{{"Version":"27.0.1","ApiVersion":"{newest}","MinAPIVersion":"{oldest}"}}"#);
    fake.say_json("/version", &version);
    fake.say_json("/v1.", r#"{"DockerRootDir":"/var/lib/docker","Driver":"overlay2","DriverStatus":null}"#);
    let docker = hasty(&fake);
    (fake, docker)
}

fn container() -> String {
    format!(
        r#"{{"Id":"{ID}","Created":"2024-05-01T10:00:00Z","Name":"/web","Image":"sha256:{ID}","State":{{"Status":"paused","Pid":9}},
        "Config":{{"Image":"r.example.com/web:1"}},"GraphDriver":{{"Name":"overlay2","Data":{{"UpperDir":"/u","LowerDir":"/l"}}}}}}"#
    )
}

#[tokio::test]
async fn a_container_is_described_with_its_image_and_layer() {
    let (fake, docker) = daemon("1.47", "1.24");
    let digest = format!("sha256:{}", "b".repeat(64));
    fake.say_json(&format!("/v1.44/containers/{ID}/json"), &container());
    let image =
        format!(r#"{{"Id":"sha256:{ID}","RepoTags":null,"RepoDigests":["r.example.com/web@{digest}"]}}"#);
    fake.say_json(&format!("/v1.44/images/sha256:{ID}/json"), &image);
    for _ in 0..3 {
        let found = docker.inspect(ID).await.unwrap().unwrap();
        assert_eq!((found.report.state, found.process), (ContainerState::Paused, Some(9)));
        assert_eq!(found.report.image_digest, digest.parse::<Digest>().ok());
        assert_eq!(
            found.layer,
            Some(WritableLayer::Overlay { upper: "/u".into(), lower: vec!["/l".into()] })
        );
        let place = StorageOptions { root: Some("/var/lib/docker".into()), namespace: None };
        assert_eq!(found.image, Some(Source::Storage(Stored::image(Engine::Docker, ID, place))));
    }
    let asked = |what: &str| fake.requests().iter().filter(|path| path.contains(what)).count();
    assert_eq!((asked("/version"), asked("/containers/"), asked("/images/")), (1, 3, 1));
    assert_eq!(docker.describe().await.unwrap(), "docker 27.0.1");
}

#[tokio::test]
async fn who_is_not_there_is_none_and_no_id_leads_to_another_request() {
    let (fake, docker) = daemon("1.41", "1.12");
    fake.say("/v1.41/containers/", Said::Status(404, "{}".to_owned()));
    assert!(docker.inspect(ID).await.unwrap().is_none());
    let before = fake.requests().len();
    for id in ["", "../images/json", "a/b", "a?b", "a b", "a\r\nX: y", ".."] {
        assert!(docker.inspect(id).await.unwrap().is_none());
    }
    assert_eq!(fake.requests().len(), before);
}

#[tokio::test]
async fn a_container_outlives_its_image() {
    let (fake, docker) = daemon("1.41", "1.12");
    fake.say_json("/v1.41/containers/", &container());
    fake.say("/v1.41/images/", Said::Status(404, "{}".to_owned()));
    let found = docker.inspect(ID).await.unwrap().unwrap();
    assert_eq!((found.image, found.report.image_id.unwrap().0.to_hex().as_str()), (None, ID));
}

#[tokio::test]
async fn the_manifest_by_which_docker_calls_an_image_in_containerd_is_taken_for_no_config() {
    let (fake, docker) = daemon("1.52", "1.44");
    let root = fake.folder().join("root").display().to_string();
    let status = r#"[["driver-type","io.containerd.snapshotter.v1"]]"#;
    fake.say_json(
        "/v1.44/info",
        &format!(r#"{{"DockerRootDir":"{root}","Driver":"overlayfs","DriverStatus":{status}}}"#),
    );
    fake.say_json("/v1.44/containers/", &container());
    let image = format!(r#"{{"Id":"sha256:{ID}","RepoTags":["web:1"],"RepoDigests":null}}"#);
    fake.say_json("/v1.44/images/", &image);
    fake.say_json("/v1.44/images/json", &format!("[{image}]"));
    let found = docker.inspect(ID).await.unwrap().unwrap();
    assert_eq!((found.image, found.report.image_id), (None, None), "its documents are not there to be read");
    assert_eq!(found.report.image_digest.unwrap().to_hex(), ID);
    assert!(docker.images().await.unwrap().is_empty());
}

#[tokio::test]
async fn podman_is_asked_in_its_own_words() {
    let fake = FakeRuntime::start();
    fake.say_json(
        "/version",
        r#"{"Version":"5.2.0","ApiVersion":"1.41","MinAPIVersion":"1.24",
            "Components":[{"Name":"Podman Engine","Version":"5.2.0","Details":{"APIVersion":"5.2.0","MinAPIVersion":"4.0.0"}}]}"#,
    );
    fake.say_json("/v1.41/info", r#"{"DockerRootDir":"/var/lib/containers/storage"}"#);
    fake.say_json("/v4.0.0/libpod/containers/", &container());
    let docker = hasty(&fake);
    let found = docker.inspect(ID).await.unwrap().unwrap();
    assert_eq!(found.report.details.unwrap().runtime.as_deref(), Some("podman"));
    assert_eq!(docker.describe().await.unwrap(), "podman 5.2.0");
}

#[tokio::test]
async fn garbage_is_told_with_its_place_and_nothing_hangs() {
    let (fake, docker) = daemon("1.41", "1.12");
    let path = "/v1.41/containers/json";
    let huge = Said::Endless(vec![b'['; 1 << 20]);
    for (said, expected) in [
        (
            Said::Raw(b"SSH-2.0-OpenSSH_9\r\n".to_vec()),
            "docker answered /v1.41/containers/json?all=1 with what is no answer",
        ),
        (Said::Raw(Vec::new()), "docker does not answer at"),
        (Said::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[".to_vec()), "docker does not answer at"),
        (Said::Body(b"<html>".to_vec()), "no answer: expected value at line 1 column 1"),
        (Said::Body(br#"[{"Id":"q"}]"#.to_vec()), "`Id` of entry 0 is `q`"),
        (
            Said::Status(500, r#"{"message":"no\nspace"}"#.into()),
            "refused /v1.41/containers/json?all=1: 500 Internal Server Error: no space",
        ),
        (Said::Hang, "did not answer /v1.41/containers/json?all=1 within 120 s"),
        (huge, "it is longer than 65536 KiB"),
    ] {
        let what = format!("{said:?}").chars().take(60).collect::<String>();
        fake.say(path, said);
        let error = docker.containers().await.unwrap_err().to_string();
        assert!(error.contains(expected), "{what}: {error}");
        // the answers to everything else are as they were
        fake.say(path, Said::Body(b"[]".to_vec()));
        assert_eq!(docker.containers().await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_socket_that_is_not_there_or_not_listened_to_is_named() {
    let fake = FakeRuntime::start();
    let gone = Docker::new(Flavour::Podman, fake.folder().join("none"));
    let error = gone.describe().await.unwrap_err().to_string();
    assert!(error.starts_with("podman does not answer at /") && error.contains("No such file"), "{error}");
}

fn started(number: u64) -> Vec<u8> {
    format!("{{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{{\"ID\":\"{number:064x}\"}},\"time\":{number}}}\n")
        .into_bytes()
}

/// What a stream of events of this form ends with, and what was heard.
async fn follow(said: Said, ping: Said) -> (Result<(), RuntimeError>, Vec<Event>) {
    let (fake, docker) = daemon("1.41", "1.12");
    fake.say("/v1.41/events", said);
    fake.say("/_ping", ping);
    let (sender, mut receiver) = mpsc::channel(4);
    let listening = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Some(event) = receiver.recv().await {
            all.push(event);
        }
        all
    });
    let ended = docker.follow(Some(Timestamp(1_700_000_000_042)), sender).await;
    let asked = fake.requests();
    let asked = asked.iter().find(|path| path.contains("/events")).unwrap();
    assert!(asked.contains("&since=1700000000.042000000") && asked.contains("filters=%7B%22type"), "{asked}");
    (ended, listening.await.unwrap())
}

#[tokio::test]
async fn events_arrive_whole_however_they_are_cut_and_the_end_of_the_stream_is_an_error() {
    let bytes: Vec<u8> = (0..20).flat_map(started).collect();
    let chunks = bytes.chunks(37).map(<[u8]>::to_vec).collect();
    for then in [Then::End, Then::Cut] {
        let (ended, events) = follow(Said::Chunks(Vec::clone(&chunks), then), Said::Hang).await;
        assert!(matches!(ended, Err(RuntimeError::Away { .. })), "{ended:?}");
        let seconds: Vec<i64> = events.iter().map(|event| event.at.0 / 1_000).collect();
        assert_eq!(seconds, (0..20).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn half_an_event_and_garbage_lead_to_a_listing() {
    let chunks = vec![started(1), b"{\"Type\":\"container\"\n\xff\xfe\n".to_vec(), started(2)[..30].to_vec()];
    let (_, events) = follow(Said::Chunks(chunks, Then::Cut), Said::Hang).await;
    assert!(matches!(
        events[..],
        [Event { what: What::Container(_), .. }, Event { what: What::Missed, .. }, ..]
    ));
    let (ended, _) = follow(Said::Endless(b"what?\n".to_vec()), Said::Hang).await;
    assert!(matches!(ended, Err(RuntimeError::Garbled { .. })), "{ended:?}");
    let (ended, _) = follow(Said::Endless(vec![b'x'; 1 << 20]), Said::Hang).await;
    assert!(ended.unwrap_err().to_string().ends_with("line 1 does not end"));
}

#[tokio::test]
async fn a_daemon_that_is_silent_is_pinged_and_one_that_hangs_is_left() {
    for said in [Said::Chunks(vec![started(1)], Then::Stay), Said::Hang] {
        let (ended, _) = follow(said, Said::Hang).await;
        assert!(ended.unwrap_err().to_string().contains("did not answer /_ping within 10 s"));
    }
}

#[tokio::test]
async fn a_silent_daemon_that_answers_is_followed_until_nobody_listens() {
    let (fake, docker) = daemon("1.41", "1.12");
    fake.say("/v1.41/events", Said::Chunks(vec![started(1)], Then::Stay));
    fake.say_json("/_ping", "OK");
    let (sender, mut receiver) = mpsc::channel(4);
    let following = tokio::spawn(async move { docker.follow(None, sender).await });
    assert!(receiver.recv().await.is_some());
    let pings = || fake.requests().iter().filter(|path| *path == "/_ping").count();
    while pings() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(receiver);
    following.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_storm_is_read_faster_than_it_is_looked_at_and_what_is_lost_is_told() {
    let lines: Vec<Vec<u8>> =
        (0..120).map(|part| (part * 100..(part + 1) * 100).flat_map(started).collect()).collect();
    let (fake, docker) = daemon("1.41", "1.12");
    fake.say("/v1.41/events", Said::Chunks(lines, Then::Stay));
    fake.say_json("/_ping", "OK");
    let (sender, mut receiver) = mpsc::channel(1);
    let following = tokio::spawn(async move { docker.follow(None, sender).await });
    // silence after the storm: all of it was read
    while !fake.requests().iter().any(|path| path == "/_ping") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut count = 0;
    while let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(5), receiver.recv()).await {
        count += 1;
        if event.what == What::Missed {
            break;
        }
    }
    assert!((8_192..8_200).contains(&count), "{count}");
    following.abort();
}

proptest! {
    #[test]
    fn the_seeds_of_the_fuzzer_with_any_bytes_changed_are_read_without_a_fall(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus");
        for (target, read) in [("docker-events", fuzz_events as fn(&[u8])), ("docker-inspect", fuzz_documents)] {
            let mut bytes = std::fs::read(format!("{folder}/{target}/seed")).unwrap();
            for (place, byte) in &changes {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            read(&bytes);
        }
    }
}

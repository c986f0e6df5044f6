//! containerd as it really is: what the sensor's client says is what `ctr` and the disk say.

use std::path::Path;
use std::time::{Duration, Instant};

use model::{ContainerState, Digest, ImageId, Timestamp};
use sensor::runtime::containerd::{Containerd, Namespaces};
use sensor::runtime::{Event, Inspected, Runtime as _, RuntimeError, What, WritableLayer};
use testkit::runtime::{RealContainerd, RealRuntime};
use testkit::{ImageBuilder, LayerBuilder};
use tokio::sync::mpsc;

const IMAGE: &str = "example.com/team/box:1";

/// An image that can run a shell.
fn image() -> ImageBuilder {
    let upper = LayerBuilder::new().dir("opt").file("opt/upper", "of the image");
    ImageBuilder::new().name(IMAGE).layer(RealRuntime::busybox()).layer(upper).env("BASE=1")
}

fn id_of(image: &ImageBuilder) -> ImageId {
    image.build().id
}

fn client(runtime: &RealContainerd) -> Containerd {
    Containerd::new(&runtime.socket(), Namespaces::default())
}

/// Starts a container in the background.
fn run(runtime: &RealContainerd, options: &[&str], name: &str, command: &[&str]) -> String {
    let arguments = [&["run", "--detach"], options, &[IMAGE, name], command].concat();
    runtime.ctr(&arguments);
    id_in(&runtime.namespace(), name)
}

/// What reports call a container.
fn id_in(namespace: &str, name: &str) -> String {
    Digest::of(format!("{namespace}/{name}").as_bytes()).to_hex()
}

async fn inspect(containerd: &Containerd, id: &str) -> Inspected {
    containerd.inspect(id).await.unwrap().unwrap_or_else(|| panic!("{id} is not there"))
}

async fn states(containerd: &Containerd) -> Vec<(String, ContainerState)> {
    let mut states: Vec<_> =
        containerd.containers().await.unwrap().into_iter().map(|listed| (listed.id, listed.state)).collect();
    states.sort();
    states
}

/// The process of a container, as `ctr` has it.
fn process(runtime: &RealContainerd, name: &str) -> u32 {
    let tasks = runtime.ctr(&["task", "list"]);
    let line = tasks.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What is read where the sensor says that the image is.
fn read(inspected: &Inspected) -> ImageId {
    let source = inspected.image.clone().expect("the image can be read somewhere");
    image::open(&source, &image::OpenOptions::default()).unwrap().facts.id
}

#[tokio::test]
async fn containerd_tells_all_of_a_container() {
    let Some(runtime) = RealContainerd::start() else { return };
    let built = image();
    runtime.import(&runtime.namespace(), "overlayfs", &built);
    let containerd = client(&runtime);
    assert!(containerd.describe().await.unwrap().starts_with("containerd 1."));
    let before = Timestamp::now();
    let options = ["--env", "A=1", "--label", "team=shop"];
    let mount = ["--mount", "type=bind,src=/tmp,dst=/data,options=rbind:ro"];
    let id = run(&runtime, &[&options[..], &mount].concat(), "web1", &["/bin/sleep", "1000"]);

    assert_eq!(states(&containerd).await, [(id.clone(), ContainerState::Running)]);
    let inspected = inspect(&containerd, &id).await;
    let report = &inspected.report;
    assert_eq!((report.id.to_hex(), report.name.as_str()), (id.clone(), "web1"));
    assert_eq!((report.image_id, report.image_name.as_deref()), (Some(id_of(&built)), Some(IMAGE)));
    assert_eq!(
        (report.path.as_deref(), report.arguments.as_slice()),
        (Some("/bin/sleep"), &["1000".to_owned()][..])
    );
    assert!(["A=1", "BASE=1"].iter().all(|pair| report.environment.iter().any(|known| known == pair)));
    assert!(report.labels.iter().any(|label| label.key == "team" && label.value == "shop"));
    assert_eq!((report.root, report.privileged), (Some(true), Some(false)));
    assert_eq!(report.source, "GENERAL");
    let slack = 2000;
    assert!(report.created.0 >= before.0 && report.created <= report.observed_at);
    assert!((report.state_changed.0 - report.created.0).abs() < slack, "{report:?}");
    let details = report.details.as_ref().unwrap();
    assert_eq!((details.runtime.as_deref(), details.network.as_deref()), (Some("containerd"), Some("none")));
    let mount = details.mounts.iter().find(|mount| mount.target == "/data").unwrap();
    assert!(mount.read_only && mount.source == "/tmp" && mount.kind == "bind");
    assert!(details.capabilities.iter().any(|capability| capability == "CAP_CHOWN"));
    assert_eq!(inspected.process, Some(process(&runtime, "web1")));
    assert_eq!(read(&inspected), id_of(&built));

    check_overlay(&runtime, &inspected);
    check_life(&runtime, &containerd, &id).await;
}

/// What a container writes lies where the sensor says, over the layers of its image.
fn check_overlay(runtime: &RealContainerd, inspected: &Inspected) {
    let Some(WritableLayer::Overlay { upper, lower }) = &inspected.layer else {
        panic!("{:?}", inspected.layer)
    };
    runtime.ctr(&["task", "exec", "--exec-id", "w", "web1", "/bin/sh", "-c", "echo changed > /opt/upper"]);
    assert_eq!(std::fs::read_to_string(upper.join("opt/upper")).unwrap(), "changed\n");
    let lower: Vec<_> = lower.iter().map(|folder| folder.join("opt/upper").exists()).collect();
    assert_eq!(lower, [true, false], "the uppermost layer of the image comes first");
}

async fn check_life(runtime: &RealContainerd, containerd: &Containerd, id: &str) {
    runtime.ctr(&["task", "pause", "web1"]);
    assert_eq!(inspect(containerd, id).await.report.state, ContainerState::Paused);
    runtime.ctr(&["task", "resume", "web1"]);
    assert_eq!(inspect(containerd, id).await.report.state, ContainerState::Running);
    runtime.ctr(&["task", "kill", "--signal", "KILL", "web1"]);
    let begin = Instant::now();
    let stopped = loop {
        let inspected = inspect(containerd, id).await;
        if inspected.report.state == ContainerState::Stopped || begin.elapsed() > Duration::from_secs(10) {
            break inspected;
        }
    };
    assert_eq!((stopped.report.state, stopped.process), (ContainerState::Stopped, None));
    assert!(stopped.report.state_changed > stopped.report.created);
    runtime.ctr(&["task", "delete", "web1"]);
    assert_eq!(states(containerd).await, [(id.to_owned(), ContainerState::Stopped)]);
    assert!(inspect(containerd, id).await.layer.is_some(), "a stopped container keeps what it wrote");
    runtime.ctr(&["container", "delete", "web1"]);
    assert!(containerd.inspect(id).await.unwrap().is_none());
    assert!(states(containerd).await.is_empty());
}

#[tokio::test]
async fn a_container_over_native_snapshots_is_told_with_what_it_was_copied_from() {
    let Some(runtime) = RealContainerd::start() else { return };
    runtime.import(&runtime.namespace(), "native", &image());
    let containerd = client(&runtime);
    let command = ["/bin/sh", "-c", "echo changed > /opt/upper; sleep 1000"];
    let id = run(&runtime, &["--snapshotter", "native", "--privileged"], "copy", &command);
    let inspected = inspect(&containerd, &id).await;
    assert_eq!(inspected.report.privileged, Some(true));
    let Some(WritableLayer::Copy { root, parent }) = inspected.layer else { panic!("{:?}", inspected.layer) };
    let text = |folder: &Path| std::fs::read_to_string(folder.join("opt/upper")).unwrap();
    let begin = Instant::now();
    while text(&root) != "changed\n" && begin.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!((text(&root).as_str(), text(&parent).as_str()), ("changed\n", "of the image"));
}

#[tokio::test]
async fn a_container_whose_images_name_moved_on_is_still_of_its_image() {
    let Some(runtime) = RealContainerd::start() else { return };
    let (old, new) = (image(), image().layer(LayerBuilder::new().file("opt/new", "new")));
    runtime.import(&runtime.namespace(), "overlayfs", &old);
    let containerd = client(&runtime);
    let id = run(&runtime, &[], "web1", &["/bin/sleep", "1000"]);
    runtime.ctr(&["images", "tag", IMAGE, "example.com/team/old:1"]);
    runtime.import(&runtime.namespace(), "overlayfs", &new);
    let inspected = inspect(&containerd, &id).await;
    assert_eq!(inspected.report.image_id, Some(id_of(&old)));
    assert_eq!(read(&inspected), id_of(&old));

    let mut images: Vec<_> = containerd.images().await.unwrap();
    images.sort_by(|one, other| one.names.cmp(&other.names));
    let named: Vec<_> = images.iter().map(|image| (image.id, image.names.clone())).collect();
    let expected =
        [(id_of(&new), vec![IMAGE.to_owned()]), (id_of(&old), vec!["example.com/team/old:1".to_owned()])];
    assert_eq!(named, expected);
    for image in images {
        assert_eq!(
            ::image::open(&image.source, &::image::OpenOptions::default()).unwrap().facts.id,
            image.id
        );
    }
}

#[tokio::test]
async fn containers_of_docker_are_left_to_docker() {
    let Some(runtime) = RealContainerd::start() else { return };
    for namespace in ["moby", "shop"] {
        runtime.import(namespace, "overlayfs", &image());
        runtime.ctr(&["--namespace", namespace, "container", "create", IMAGE, "web1", "/bin/sleep", "9"]);
    }
    let expected = id_in("shop", "web1");
    let listed = client(&runtime).containers().await.unwrap();
    assert_eq!(listed.iter().map(|listed| listed.id.as_str()).collect::<Vec<_>>(), [expected.as_str()]);
    let only = Namespaces::Only(vec!["moby".to_owned()]);
    let listed = Containerd::new(&runtime.socket(), only).containers().await.unwrap();
    assert_eq!(listed[0].id, id_in("moby", "web1"));
}

/// Events until one fits.
async fn until(events: &mut mpsc::Receiver<Event>, fits: impl Fn(&What) -> bool) -> Vec<What> {
    let mut heard = Vec::new();
    while let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(20), events.recv()).await {
        heard.push(event.what);
        if heard.last().is_some_and(&fits) {
            return heard;
        }
    }
    panic!("not heard; heard {heard:#?}");
}

#[tokio::test]
async fn events_tell_the_life_of_a_container_that_is_gone_before_anybody_can_ask() {
    let Some(runtime) = RealContainerd::start() else { return };
    let containerd = std::sync::Arc::new(client(&runtime));
    let (sender, mut events) = mpsc::channel(100);
    let following = std::sync::Arc::clone(&containerd);
    let following = tokio::spawn(async move { following.follow(None, sender).await });
    assert_eq!(until(&mut events, |_| true).await, [What::Missed]);

    runtime.import(&runtime.namespace(), "overlayfs", &image());
    until(&mut events, |what| matches!(what, What::Image { id } if id == IMAGE)).await;
    runtime.ctr(&["run", "--rm", IMAGE, "short", "/bin/true"]);
    let id = id_in(&runtime.namespace(), "short");
    let heard = until(&mut events, |what| matches!(what, What::ContainerGone(_))).await;
    let mut states = Vec::new();
    for what in &heard {
        if let What::Container(told) | What::ContainerGone(told) = what {
            assert_eq!(told.id, id);
            states.push(told.state.unwrap());
        }
    }
    states.dedup();
    use ContainerState::{Created, Deleted, Running, Stopped};
    assert_eq!(states, [Created, Running, Stopped, Deleted]);
    let What::Container(first) = &heard[0] else { panic!("{heard:?}") };
    assert_eq!((first.name.as_deref(), first.image.as_deref()), (Some("short"), Some(IMAGE)));

    let id = run(&runtime, &["--label", "team=shop"], "long", &["/bin/sleep", "1000"]);
    runtime.ctr(&["task", "exec", "--exec-id", "x", "long", "/bin/true"]);
    until(&mut events, |what| *what == What::Exec { id: id.clone() }).await;
    runtime.ctr(&["task", "pause", "long"]);
    let is_paused =
        |what: &What| matches!(what, What::Container(told) if told.state == Some(ContainerState::Paused));
    let heard = until(&mut events, is_paused).await;
    let Some(What::Container(told)) = heard.last() else { panic!("{heard:?}") };
    assert!(told.labels.iter().any(|label| label.key == "team" && label.value == "shop"));
    runtime.ctr(&["task", "resume", "long"]);
    runtime.ctr(&["images", "delete", "--sync", IMAGE]);
    until(&mut events, |what| matches!(what, What::ImageGone { id } if id == IMAGE)).await;

    drop(events);
    let ended = tokio::time::timeout(Duration::from_secs(5), following).await.unwrap().unwrap();
    assert!(ended.is_ok(), "{ended:?}");
}

#[tokio::test]
async fn a_containerd_that_is_started_anew_is_found_again() {
    let Some(mut runtime) = RealContainerd::start() else { return };
    runtime.import(&runtime.namespace(), "overlayfs", &image());
    let containerd = std::sync::Arc::new(client(&runtime));
    let id = run(&runtime, &[], "web1", &["/bin/sleep", "1000"]);
    let (sender, mut events) = mpsc::channel(100);
    let following = std::sync::Arc::clone(&containerd);
    let following = tokio::spawn(async move { following.follow(None, sender).await });
    until(&mut events, |what| *what == What::Missed).await;

    runtime.stop();
    let ended = tokio::time::timeout(Duration::from_secs(10), following).await.unwrap().unwrap();
    assert!(ended.is_err(), "a stream that breaks is an error");
    assert!(matches!(containerd.containers().await, Err(RuntimeError::Away { .. })));
    runtime.start_again();
    assert_eq!(states(&containerd).await, [(id.clone(), ContainerState::Running)]);
    assert_eq!(inspect(&containerd, &id).await.report.name, "web1");
}

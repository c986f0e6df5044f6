//! The interface as containerd's plugin serves it, with pods on the node's network run as the kubelet runs them.

use std::time::Duration;

use model::ContainerState;
use testkit::runtime::{RealContainerd, RealRuntime, SANDBOX_IMAGE};
use testkit::{ImageBuilder, LayerBuilder};

use super::*;
use crate::runtime::What;
use crate::runtime::kubernetes::{CONTAINER, NAMESPACE as POD_NAMESPACE, POD, POD_UID};

const IMAGE: &str = "example.com/team/box:1";

/// Plays the kubelet.
struct Kubelet {
    cri: Cri,
    pod: Vec<u8>,
}

fn map(writer: Writer, number: u32, pairs: &[(&str, &str)]) -> Writer {
    pairs.iter().fold(writer, |writer, (key, value)| {
        writer.bytes(number, &Writer::default().text(1, key).text(2, value).finish())
    })
}

impl Kubelet {
    fn new(runtime: &RealContainerd) -> Self {
        let pause = ImageBuilder::new().name(SANDBOX_IMAGE).layer(RealRuntime::busybox());
        let pause = pause.edit_config(|config| {
            config["config"]["Cmd"] = serde_json::json!(["/bin/sleep", "1000"]);
        });
        runtime.import(NAMESPACE, "overlayfs", &pause);
        let metadata = Writer::default().text(1, "web-0").text(2, "17c0").text(3, "shop").finish();
        // the node's network, processes of their own
        let options = Writer::default().number(1, 2).number(2, 1).finish();
        let security = Writer::default().bytes(1, &options).finish();
        let linux = Writer::default().bytes(2, &security).finish();
        let log = runtime.folder().join("log-of-pods").display().to_string();
        let pod = Writer::default().bytes(1, &metadata).text(3, &log);
        let labels = [(POD, "web-0"), (POD_NAMESPACE, "shop"), (POD_UID, "17c0"), ("app", "web")];
        let pod = map(pod, 6, &labels).bytes(8, &linux).finish();
        Self { cri: Cri::new(&runtime.socket()), pod }
    }

    async fn ask(&self, path: &'static str, question: Writer) -> String {
        let answer = self.cri.channel.ask::<Name>(Call::new(path).with(question.finish())).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}")).0
    }

    async fn run_sandbox(&self) -> String {
        self.ask("/runtime.v1.RuntimeService/RunPodSandbox", Writer::default().bytes(1, &self.pod)).await
    }

    async fn create(&self, sandbox: &str, name: &str, command: &[&str]) -> String {
        let metadata = Writer::default().text(1, name).finish();
        let image = Writer::default().text(1, IMAGE).finish();
        let env = Writer::default().text(1, "A").text(2, "1").finish();
        let mount = Writer::default().text(1, "/data").text(2, "/tmp").number(3, 1).finish();
        let options = Writer::default().number(1, 2).number(2, 1).finish();
        let security = Writer::default().bytes(3, &options).finish();
        let linux = Writer::default().bytes(2, &security).finish();
        let mut config = Writer::default().bytes(1, &metadata).bytes(2, &image);
        for word in command {
            config = config.text(3, word);
        }
        config = config.bytes(6, &env).bytes(7, &mount);
        let labels = [(CONTAINER, name), (POD, "web-0"), (POD_NAMESPACE, "shop"), (POD_UID, "17c0")];
        config = map(config, 9, &labels);
        let ports = r#"[{"hostPort":8080,"containerPort":80,"protocol":"TCP"}]"#;
        config = map(config, 10, &[("io.kubernetes.container.ports", ports)]);
        let config = config.text(11, "log").bytes(15, &linux).finish();
        let question = Writer::default().text(1, sandbox).bytes(2, &config).bytes(3, &self.pod);
        self.ask("/runtime.v1.RuntimeService/CreateContainer", question).await
    }

    async fn tell(&self, path: &'static str, id: &str) {
        self.ask(path, Writer::default().text(1, id)).await;
    }
}

fn image() -> ImageBuilder {
    let upper = LayerBuilder::new().dir("opt").file("opt/upper", "of the image");
    ImageBuilder::new().name(IMAGE).layer(RealRuntime::busybox()).layer(upper)
}

/// The plugin learns of an imported image by an event.
async fn wait_for_images(cri: &Cri, number: usize) {
    for _ in 0..500 {
        if cri.images().await.unwrap().len() >= number {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the images do not appear: {:?}", cri.images().await);
}

#[tokio::test]
async fn a_pod_is_told_with_its_containers_and_not_with_its_sandbox() {
    let Some(runtime) = RealContainerd::start() else { return };
    let built = image();
    runtime.import(NAMESPACE, "overlayfs", &built);
    let kubelet = Kubelet::new(&runtime);
    let cri = &kubelet.cri;
    wait_for_images(cri, 2).await;
    assert!(cri.describe().await.unwrap().starts_with("containerd 1."));
    let listed = cri.images().await.unwrap();
    let listed = listed.iter().find(|image| image.names == [IMAGE]).unwrap();
    assert_eq!(listed.id, built.build().id);
    assert_eq!(::image::open(&listed.source, &::image::OpenOptions::default()).unwrap().facts.id, listed.id);

    let sandbox = kubelet.run_sandbox().await;
    let script = ["/bin/sh", "-c", "echo changed > /opt/upper; sleep 1000"];
    let id = kubelet.create(&sandbox, "web", &script).await;
    assert_eq!(cri.inspect(&id).await.unwrap().unwrap().report.state, ContainerState::Created);
    kubelet.tell("/runtime.v1.RuntimeService/StartContainer", &id).await;
    let listed = cri.containers().await.unwrap();
    assert_eq!(listed, [Listed { id: id.clone(), state: ContainerState::Running }]);

    let inspected = cri.inspect(&id).await.unwrap().unwrap();
    let report = &inspected.report;
    assert_eq!((report.name.as_str(), report.source.as_str()), ("web", "CLUSTER"));
    assert_eq!((report.image_id, report.image_name.as_deref()), (Some(built.build().id), Some(IMAGE)));
    assert_eq!(report.path.as_deref(), Some("/bin/sh"));
    assert!(report.environment.iter().any(|pair| pair == "A=1"));
    assert_eq!((report.ports[0].host_port, report.ports[0].port), (Some(8080), 80));
    assert_eq!((report.privileged, report.root), (Some(false), Some(true)));
    let details = report.details.as_ref().unwrap();
    assert_eq!((details.network.as_deref(), details.runtime.as_deref()), (Some("host"), Some("containerd")));
    assert!(details.mounts.iter().any(|mount| mount.target == "/data" && mount.read_only));
    let cluster = details.cluster.as_ref().unwrap();
    assert_eq!((cluster.pod.as_str(), cluster.namespace.as_str()), ("web-0", "shop"));
    assert_eq!((cluster.pod_uid.as_deref(), cluster.pod_labels.len()), (Some("17c0"), 1));
    let pid = inspected.process.unwrap();
    let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
    assert!(command.ends_with("1000\0"), "the shell has become its last command: {command}");
    let Some(WritableLayer::Overlay { upper, .. }) = &inspected.layer else {
        panic!("{:?}", inspected.layer)
    };
    let begin = std::time::Instant::now();
    while !upper.join("opt/upper").exists() && begin.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(std::fs::read_to_string(upper.join("opt/upper")).unwrap(), "changed\n");

    assert!(cri.inspect(&sandbox).await.unwrap().is_none(), "a sandbox is no container");
    kubelet.tell("/runtime.v1.RuntimeService/StopContainer", &id).await;
    let stopped = cri.inspect(&id).await.unwrap().unwrap();
    assert_eq!((stopped.report.state, stopped.process), (ContainerState::Stopped, None));
    assert!(stopped.report.state_changed > stopped.report.created);
    kubelet.tell("/runtime.v1.RuntimeService/RemoveContainer", &id).await;
    assert!(cri.inspect(&id).await.unwrap().is_none());

    // containerd's own API tells the same containers
    let whole = Containerd::new(&runtime.socket(), Namespaces::default());
    assert!(whole.containers().await.unwrap().is_empty(), "a sandbox is not reported");
    kubelet.tell("/runtime.v1.RuntimeService/StopPodSandbox", &sandbox).await;
    kubelet.tell("/runtime.v1.RuntimeService/RemovePodSandbox", &sandbox).await;
}

/// What containers are told of until one is gone, with their states.
async fn life(events: &mut mpsc::Receiver<Event>, until: ContainerState) -> Vec<(String, ContainerState)> {
    let mut told = Vec::new();
    while let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(20), events.recv()).await {
        let (What::Container(one) | What::ContainerGone(one)) = event.what else { continue };
        told.push((one.id, one.state.unwrap()));
        told.dedup();
        if told.last().is_some_and(|(_, state)| *state == until) {
            return told;
        }
    }
    panic!("not heard; heard {told:?}");
}

#[tokio::test]
async fn the_life_of_a_container_is_told_by_containerds_events_and_by_looking() {
    let Some(runtime) = RealContainerd::start() else { return };
    runtime.import(NAMESPACE, "overlayfs", &image());
    let kubelet = Kubelet::new(&runtime);
    wait_for_images(&kubelet.cri, 2).await;
    let by_events = Arc::new(Cri::new(&runtime.socket()));
    let by_looking = Arc::new(Cri::new(&runtime.socket()));
    let ((to_events, mut events), (to_looks, mut looks)) = (mpsc::channel(100), mpsc::channel(100));
    let following = Arc::clone(&by_events);
    let following = tokio::spawn(async move { following.follow(None, to_events).await });
    let watching = Arc::clone(&by_looking);
    let watching = tokio::spawn(async move { watching.watch(&to_looks).await });
    assert!(matches!(events.recv().await.unwrap().what, What::Missed));
    assert!(matches!(looks.recv().await.unwrap().what, What::Missed));

    let sandbox = kubelet.run_sandbox().await;
    let id = kubelet.create(&sandbox, "web", &["/bin/sleep", "1000"]).await;
    kubelet.tell("/runtime.v1.RuntimeService/StartContainer", &id).await;
    let running = life(&mut looks, ContainerState::Running).await;
    assert!(running.iter().all(|(told, _)| *told == id), "nothing is told of the sandbox");
    kubelet.tell("/runtime.v1.RuntimeService/StopContainer", &id).await;
    kubelet.tell("/runtime.v1.RuntimeService/RemoveContainer", &id).await;
    life(&mut looks, ContainerState::Deleted).await;
    use ContainerState::{Created, Deleted, Running, Stopped};
    let expected: Vec<_> =
        [Created, Running, Stopped, Deleted].into_iter().map(|state| (id.clone(), state)).collect();
    assert_eq!(life(&mut events, Deleted).await, expected);

    kubelet.tell("/runtime.v1.RuntimeService/StopPodSandbox", &sandbox).await;
    kubelet.tell("/runtime.v1.RuntimeService/RemovePodSandbox", &sandbox).await;
    drop((events, looks));
    assert!(following.await.unwrap().is_ok() && watching.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_containerd_before_1_7_has_no_events_of_the_interface_and_is_looked_at() {
    let Some(runtime) = RealContainerd::start() else { return };
    let cri = Cri::new(&runtime.socket());
    let (sender, _events) = mpsc::channel(100);
    let error = cri.listen(&sender).await.map(|_| ()).unwrap_err();
    assert!(error.is_unimplemented(), "{error}");
}

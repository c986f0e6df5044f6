//! Docker and podman as they really are: what the sensor's client says is what their own client and the disk say.

use std::path::Path;
use std::time::Duration;

use model::{ContainerReport, ContainerState, Timestamp};
use sensor::runtime::docker::{Docker, Flavour};
use sensor::runtime::{Event, Inspected, Runtime as _, RuntimeError, WritableLayer};
use testkit::runtime::{Kind, RealRuntime};
use tokio::sync::mpsc;

mod events;

const IMAGE: &str = "example.com/team/box:1";

fn client(runtime: &RealRuntime, flavour: Flavour) -> Docker {
    Docker::new(flavour, runtime.socket())
}

/// An image that can run a shell; gives its id.
fn import(runtime: &RealRuntime) -> String {
    runtime.import(IMAGE, &RealRuntime::busybox(), &["ENV BASE=1", "LABEL layer=image", "EXPOSE 80/tcp"])
}

async fn inspect(docker: &Docker, id: &str) -> Inspected {
    docker.inspect(id).await.unwrap().unwrap_or_else(|| panic!("{id} is not there"))
}

fn label<'r>(report: &'r ContainerReport, key: &str) -> Option<&'r str> {
    report.labels.iter().find(|label| label.key == key).map(|label| label.value.as_str())
}

/// What the runtime's own client says of a container.
fn told(runtime: &RealRuntime, id: &str, template: &str) -> String {
    runtime.docker(&["inspect", "--format", template, id])
}

#[tokio::test]
async fn docker_tells_all_of_a_container() {
    let Some(runtime) = RealRuntime::start(Kind::Docker) else { return };
    let docker = client(&runtime, Flavour::Docker);
    assert!(docker.describe().await.unwrap().starts_with("docker "));
    check_records(&runtime, &docker, "docker").await;
    check_network(&runtime, &docker).await;
    check_overlay(&runtime, &docker).await;
}

#[tokio::test]
async fn podman_tells_all_of_a_container() {
    let Some(runtime) = RealRuntime::start(Kind::Podman) else { return };
    let docker = client(&runtime, Flavour::Podman);
    assert!(docker.describe().await.unwrap().starts_with("podman "));
    check_records(&runtime, &docker, "podman").await;
    check_network(&runtime, &docker).await;
    check_overlay(&runtime, &docker).await;
}

#[tokio::test]
async fn the_writable_layer_of_a_whole_copy_is_found_with_what_it_was_copied_from() {
    for (kind, flavour) in [(Kind::DockerVfs, Flavour::Docker), (Kind::PodmanVfs, Flavour::Podman)] {
        let Some(runtime) = RealRuntime::start(kind) else { continue };
        import(&runtime);
        let docker = client(&runtime, flavour);
        let id = runtime.run_detached(&["--network", "none", IMAGE, "sh", "-c", "echo x > /new; sleep 1000"]);
        let found = inspect(&docker, &id).await;
        let Some(WritableLayer::Copy { root, parent }) = found.layer else { panic!("{kind:?}: {found:?}") };
        wait_for(|| root.join("new").exists());
        assert!(parent.join("bin/busybox").exists() && !parent.join("new").exists(), "{kind:?}");
    }
}

#[tokio::test]
async fn podman_over_fuse_tells_where_a_container_writes() {
    let Some(runtime) = RealRuntime::start(Kind::PodmanFuse) else { return };
    import(&runtime);
    check_overlay(&runtime, &client(&runtime, Flavour::Podman)).await;
}

async fn check_records(runtime: &RealRuntime, docker: &Docker, name: &str) {
    let image = import(runtime);
    let web = runtime.run_detached(&[
        "--name=web",
        "--network=none",
        "--label=team=a",
        "--env=A=b",
        "--volume=data:/data",
        "--volume=/etc:/host:ro",
        "--tmpfs=/scratch",
        "--cap-add=NET_ADMIN",
        "--cap-drop=KILL",
        "--user=1000:1000",
        IMAGE,
        "sleep",
        "1000",
    ]);
    let found = inspect(docker, &web).await;
    let report = &found.report;
    assert_eq!((report.id.to_hex(), report.name.as_str()), (web.clone(), "web"));
    assert_eq!(
        (report.image_id.unwrap().0.to_hex(), report.image_name.as_deref()),
        (image.clone(), Some(IMAGE))
    );
    assert_eq!((report.path.as_deref(), &report.arguments[..]), (Some("sleep"), &["1000".to_owned()][..]));
    assert!(report.environment.iter().any(|pair| pair == "A=b"), "{:?}", report.environment);
    assert!(report.environment.iter().any(|pair| pair == "BASE=1"));
    assert_eq!((label(report, "team"), label(report, "layer")), (Some("a"), Some("image")));
    assert_eq!((report.root, report.privileged), (Some(false), Some(false)));
    assert_eq!(report.state, ContainerState::Running);
    let created = Timestamp::parse(&told(runtime, &web, "{{.Created}}"));
    assert_eq!(Some(report.created), created);
    assert_eq!(Some(report.state_changed), Timestamp::parse(&told(runtime, &web, "{{.State.StartedAt}}")));
    let details = report.details.as_ref().unwrap();
    assert_eq!((details.runtime.as_deref(), details.user.as_deref()), (Some(name), Some("1000:1000")));
    assert_eq!(details.network.as_deref(), Some("none"));
    let has = |capability: &str| details.capabilities.iter().any(|name| name == capability);
    assert!(has("CAP_NET_ADMIN") && has("CAP_CHOWN") && !has("CAP_KILL"), "{:?}", details.capabilities);
    let mounts: Vec<_> =
        details.mounts.iter().map(|m| (m.target.as_str(), m.kind.as_str(), m.read_only)).collect();
    assert_eq!(mounts, [("/data", "volume", false), ("/host", "bind", true), ("/scratch", "tmpfs", false)]);
    assert_eq!((details.mounts[0].source.as_str(), details.mounts[1].source.as_str()), ("data", "/etc"));
    assert_capabilities(&found);
    let process = std::fs::read(format!("/proc/{}/cmdline", found.process.unwrap())).unwrap();
    assert_eq!(process, b"sleep\x001000\0");

    // a machine that is a container itself cannot start it
    let all = runtime.docker(&["create", "--privileged", "--network=none", IMAGE, "sleep", "1000"]);
    let report = inspect(docker, &all).await.report;
    assert_eq!((report.privileged, report.root), (Some(true), Some(true)));
    let capabilities = report.details.unwrap().capabilities;
    assert!(
        capabilities.iter().any(|name| name == "CAP_SYS_ADMIN") && capabilities.len() > 30,
        "{capabilities:?}"
    );
    check_states(runtime, docker, &web).await;
    check_images(docker, &image).await;
}

/// The kernel's own word: what the first process may come to have.
fn assert_capabilities(found: &Inspected) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", found.process.unwrap())).unwrap();
    let bits = status.lines().find_map(|line| line.strip_prefix("CapBnd:")).unwrap().trim();
    let count = u64::from_str_radix(bits, 16).unwrap().count_ones() as usize;
    let told = &found.report.details.as_ref().unwrap().capabilities;
    assert_eq!(told.len(), count, "{told:?}");
}

async fn check_states(runtime: &RealRuntime, docker: &Docker, running: &str) {
    use ContainerState::{Created, Paused, Running, Stopped};
    let created = runtime.docker(&["create", "--network=none", IMAGE, "true"]);
    let ended = runtime.run_detached(&["--network=none", IMAGE, "true"]);
    runtime.docker(&["wait", &ended]);
    let paused = runtime.run_detached(&["--network=none", IMAGE, "sleep", "1000"]);
    runtime.docker(&["pause", &paused]);
    let listed = docker.containers().await.unwrap();
    for (id, state) in [(&*created, Created), (&ended, Stopped), (&paused, Paused), (running, Running)] {
        let entry = listed.iter().find(|entry| entry.id == id).unwrap();
        assert_eq!(entry.state, state, "{id} in the list");
        let found = inspect(docker, id).await;
        assert_eq!(found.report.state, state, "{id}");
        assert_eq!(found.process.is_some(), matches!(state, Running | Paused), "{id}");
        assert!(found.layer.is_some(), "{id}");
    }
    assert_eq!(listed.len(), 5);
    runtime.docker(&["unpause", &paused]);
    runtime.docker(&["rm", "--force", &created]);
    assert!(docker.inspect(&created).await.unwrap().is_none());
}

async fn check_images(docker: &Docker, id: &str) {
    let images = docker.images().await.unwrap();
    let image = images.iter().find(|image| image.id.0.to_hex() == id).unwrap();
    assert_eq!(image.names[0], IMAGE);
    let opened = image::open(&image.source, &image::OpenOptions::default()).unwrap();
    assert_eq!((opened.facts.id, opened.layer_count()), (image.id, 1));
}

async fn check_network(runtime: &RealRuntime, docker: &Docker) {
    let id =
        runtime.run_detached(&["--publish=127.0.0.1:8080:80", "--publish=53/udp", IMAGE, "sleep", "1000"]);
    let report = inspect(docker, &id).await.report;
    assert_eq!(report.details.unwrap().network.as_deref(), Some("bridge"));
    let own = |field: &str| {
        told(runtime, &id, &format!("{{{{range .NetworkSettings.Networks}}}}{{{{.{field}}}}}{{{{end}}}}"))
    };
    assert_eq!(report.ipv4, Some(own("IPAddress")));
    assert_eq!(report.mac_address, own("MacAddress"));
    assert!(report.mac_address.len() == 17 && report.ipv4.unwrap().contains('.'));
    let web = report.ports.iter().find(|port| port.port == 80).unwrap();
    assert_eq!(
        (web.host_ip.as_deref(), web.host_port, &*web.protocol),
        (Some("127.0.0.1"), Some(8080), "TCP")
    );
    let names = report.ports.iter().find(|port| port.port == 53).unwrap();
    assert!(names.host_port.is_some() && names.protocol == "UDP", "{names:?}");
    runtime.docker(&["rm", "--force", &id]);
}

async fn check_overlay(runtime: &RealRuntime, docker: &Docker) {
    let id = runtime.run_detached(&["--network=none", IMAGE, "sleep", "1000"]);
    runtime.docker(&["exec", &id, "sh", "-c", "echo x > /new; rm /etc/os-release"]);
    let found = inspect(docker, &id).await;
    let Some(WritableLayer::Overlay { upper, lower }) = found.layer else { panic!("{found:?}") };
    assert_eq!(std::fs::read_to_string(upper.join("new")).unwrap(), "x\n");
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    assert!(is_there(&upper.join("etc/os-release")) || is_there(&upper.join("etc/.wh.os-release")));
    assert!(lower.iter().any(|layer| layer.join("bin/busybox").exists()), "{lower:?}");
    assert!(lower.iter().all(|layer| layer.is_dir() && !layer.join("new").exists()));
    runtime.docker(&["rm", "--force", &id]);
}

fn wait_for(mut is_so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain");
}

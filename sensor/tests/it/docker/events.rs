//! What happens to containers and images arrives, and a daemon that goes and comes again is followed further.

use sensor::runtime::What;

use super::*;

/// Events as they come.
struct Listener {
    receiver: mpsc::Receiver<Event>,
    following: tokio::task::JoinHandle<Result<(), RuntimeError>>,
}

impl Listener {
    fn start(runtime: &RealRuntime, flavour: Flavour, since: Option<Timestamp>) -> Self {
        let docker = client(runtime, flavour);
        let (sender, receiver) = mpsc::channel(100);
        let following = tokio::spawn(async move { docker.follow(since, sender).await });
        Self { receiver, following }
    }

    /// Passes over events until one is wanted.
    async fn until(&mut self, what: &str, is_wanted: impl Fn(&What) -> bool) -> What {
        let mut passed = Vec::new();
        loop {
            let next = tokio::time::timeout(Duration::from_secs(20), self.receiver.recv()).await;
            let Ok(Some(event)) = next else { panic!("no {what}; before: {passed:#?}") };
            if is_wanted(&event.what) {
                return event.what;
            }
            passed.push(event.what);
        }
    }

    async fn state(&mut self, container: &str, state: ContainerState) -> What {
        let is_wanted = |what: &What| matches!(what, What::Container(told) if told.id == container && told.state == Some(state));
        self.until(&format!("{state:?} of {container}"), is_wanted).await
    }
}

#[tokio::test]
async fn every_change_of_docker_arrives() {
    let Some(mut runtime) = RealRuntime::start(Kind::Docker) else { return };
    check_changes(&runtime, Flavour::Docker).await;
    check_restart(&mut runtime, Flavour::Docker).await;
}

#[tokio::test]
async fn every_change_of_podman_arrives() {
    let Some(mut runtime) = RealRuntime::start(Kind::Podman) else { return };
    check_changes(&runtime, Flavour::Podman).await;
    check_restart(&mut runtime, Flavour::Podman).await;
}

async fn check_changes(runtime: &RealRuntime, flavour: Flavour) {
    use ContainerState::{Created, Deleted, Paused, Running, Stopped};
    let begin = Timestamp::now();
    let mut listener = Listener::start(runtime, flavour, Some(begin));
    import(runtime);
    listener.until("image", |what| matches!(what, What::Image { .. })).await;
    let id =
        runtime.run_detached(&["--name=one", "--label=team=a", "--network=none", IMAGE, "sleep", "1000"]);
    let What::Container(told) = listener.state(&id, Created).await else { panic!() };
    assert_eq!((told.name.as_deref(), told.image.as_deref()), (Some("one"), Some(IMAGE)));
    assert!(told.labels.iter().any(|label| label.key == "team" && label.value == "a"), "{told:?}");
    listener.state(&id, Running).await;
    runtime.docker(&["exec", &id, "true"]);
    listener.until("exec", |what| *what == What::Exec { id: id.clone() }).await;
    runtime.docker(&["pause", &id]);
    listener.state(&id, Paused).await;
    runtime.docker(&["unpause", &id]);
    listener.state(&id, Running).await;
    runtime.docker(&["rename", &id, "two"]);
    let is_renamed =
        |what: &What| matches!(what, What::Container(told) if told.name.as_deref() == Some("two"));
    listener.until("rename", is_renamed).await;
    runtime.docker(&["stop", &id]);
    listener.state(&id, Stopped).await;
    runtime.docker(&["rm", &id]);
    let gone =
        listener.until("removal", |what| matches!(what, What::ContainerGone(told) if told.id == id)).await;
    assert!(matches!(gone, What::ContainerGone(told) if told.state == Some(Deleted)));
    // gone before anybody could ask
    runtime.docker(&["run", "--rm", "--name=short", "--network=none", IMAGE, "true"]);
    listener
        .until(
            "a short life",
            |what| matches!(what, What::ContainerGone(told) if told.name.as_deref() == Some("short")),
        )
        .await;
    runtime.docker(&["tag", IMAGE, "other:1"]);
    listener.until("tag", |what| matches!(what, What::Image { .. })).await;
    runtime.docker(&["rmi", "other:1"]);
    listener.until("untag", |what| matches!(what, What::ImageGone { .. })).await;
}

async fn check_restart(runtime: &mut RealRuntime, flavour: Flavour) {
    let mut listener = Listener::start(runtime, flavour, None);
    // the stream is open when the first event of it arrives
    let first = loop {
        let id = runtime.docker(&["create", "--network=none", IMAGE, "sleep", "1000"]);
        if tokio::time::timeout(Duration::from_millis(500), listener.receiver.recv()).await.is_ok() {
            break id;
        }
    };
    runtime.stop();
    let ended = tokio::time::timeout(Duration::from_secs(20), &mut listener.following).await;
    assert!(matches!(ended, Ok(Ok(Err(RuntimeError::Away { .. })))), "{ended:?}");
    let error = client(runtime, flavour).containers().await.unwrap_err();
    assert!(matches!(error, RuntimeError::Away { .. }), "{error}");

    runtime.start_again();
    let away = Timestamp::now();
    runtime.docker(&["start", &first]);
    let mut listener = Listener::start(runtime, flavour, Some(Timestamp(away.0 - 1_000)));
    // it happened before anybody listened again
    listener.state(&first, ContainerState::Running).await;
    let event = {
        runtime.docker(&["kill", &first]);
        listener.state(&first, ContainerState::Stopped).await
    };
    assert!(matches!(event, What::Container(_)));
    drop(listener.receiver);
    listener.following.await.unwrap().unwrap();
}

//! The API server, played over real HTTP.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

/// Answers by path; what has none is refused.
#[derive(Clone, Default)]
struct Played {
    answers: Arc<Mutex<HashMap<String, (u16, String)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Played {
    fn say(&self, path: &str, answer: Value) {
        self.say_text(path, 200, &answer.to_string());
    }

    fn say_text(&self, path: &str, status: u16, text: &str) {
        self.answers.lock().unwrap().insert(path.to_owned(), (status, text.to_owned()));
    }

    fn asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| asked.starts_with(path)).count()
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let bearer = request.headers().get("authorization").map(|value| value.as_bytes());
        let query = request.uri().query().unwrap_or_default();
        self.asked.lock().unwrap().push(format!("{}?{query}", request.uri().path()));
        let answers = self.answers.lock().unwrap();
        let refused = || (403, json!({ "kind": "Status", "message": "pods is forbidden" }).to_string());
        let (status, text) = match answers.get(request.uri().path()) {
            _ if bearer != Some(b"Bearer secret") => (401, "{}".to_owned()),
            Some(answer) => answer.clone(),
            None => refused(),
        };
        Response::builder().status(status).body(Full::new(Bytes::from(text))).unwrap()
    }

    async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let played = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let played = played.clone();
                let service = service_fn(move |request| {
                    let answer = played.answer(&request);
                    async move { Ok::<_, Infallible>(answer) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        address
    }
}

fn place(address: String, folder: &Path) -> Place {
    let token = folder.join("token");
    std::fs::write(&token, "secret\n").unwrap();
    Place { address, token, authorities: None, node: Some("node-1".to_owned()), cluster: None }
}

async fn cluster(played: &Played, folder: &Path) -> Cluster {
    Cluster::new(place(played.serve().await, folder)).unwrap()
}

fn pod(name: &str, uid: &str, owners: Value) -> Value {
    json!({ "metadata": {
        "name": name, "namespace": "shop", "uid": uid, "labels": { "app": "web" }, "ownerReferences": owners,
    } })
}

fn owner(group: &str, kind: &str, name: &str) -> Value {
    json!({ "apiVersion": group, "kind": kind, "name": name, "uid": format!("uid-{name}"), "controller": true })
}

fn whole() -> Played {
    let played = Played::default();
    played.say("/version", json!({ "major": "1", "gitVersion": "v1.31.2" }));
    played
        .say("/api/v1/namespaces/kube-system", json!({ "metadata": { "name": "kube-system", "uid": "c1" } }));
    let labels = json!({ "node-role.kubernetes.io/control-plane": "", "kops.k8s.io/cluster": "east" });
    played.say("/api/v1/nodes/node-1", json!({ "metadata": { "name": "node-1", "labels": labels } }));
    let web = pod("web-1", "u1", json!([owner("apps/v1", "ReplicaSet", "web")]));
    played.say("/api/v1/pods", json!({ "metadata": { "continue": "" }, "items": [web] }));
    let set = json!({ "name": "web", "uid": "uid-web", "ownerReferences": [owner("apps/v1", "Deployment", "shop-web")] });
    played.say("/apis/apps/v1/namespaces/shop/replicasets/web", json!({ "metadata": set }));
    played
}

fn facts(pod: &str, uid: &str) -> ClusterFacts {
    ClusterFacts {
        namespace: "shop".to_owned(),
        pod: pod.to_owned(),
        pod_uid: Some(uid.to_owned()),
        ..ClusterFacts::default()
    }
}

fn controllers(facts: &ClusterFacts) -> Vec<String> {
    facts.controllers.iter().map(|found| format!("{} {}", found.kind, found.name)).collect()
}

#[tokio::test]
async fn a_pod_is_completed_with_its_controllers_its_node_and_its_cluster() {
    let (played, folder) = (whole(), tempfile::tempdir().unwrap());
    let cluster = cluster(&played, folder.path()).await;
    let mut facts = facts("web-1", "u1");
    cluster.fill(&mut facts).await;
    assert_eq!(controllers(&facts), ["ReplicaSet web", "Deployment shop-web"]);
    assert_eq!(facts.controllers[0].uid.as_deref(), Some("uid-web"));
    assert_eq!((facts.name.as_deref(), facts.uid.as_deref()), (Some("east"), Some("c1")));
    assert_eq!((facts.version.as_deref(), facts.node.as_deref()), (Some("v1.31.2"), Some("node-1")));
    assert_eq!((facts.node_is_master, facts.pod_labels.len()), (Some(true), 1));
    assert_eq!(played.asked("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1&resourceVersion=0"), 1);
}

#[tokio::test]
async fn what_is_known_is_not_asked_again() {
    let (played, folder) = (whole(), tempfile::tempdir().unwrap());
    let cluster = cluster(&played, folder.path()).await;
    for _ in 0..50 {
        cluster.fill(&mut facts("web-1", "u1")).await;
        // not in the list, which is too young to be asked for again
        cluster.fill(&mut facts("other", "u9")).await;
    }
    assert_eq!(played.asked("/"), 5);
}

#[tokio::test]
async fn a_pod_that_is_not_in_the_list_is_looked_for_in_a_new_one() {
    let (played, folder) = (whole(), tempfile::tempdir().unwrap());
    let mut cluster = cluster(&played, folder.path()).await;
    cluster.ages.young = Duration::ZERO;
    cluster.fill(&mut facts("web-1", "u1")).await;
    let new = pod("db-0", "u2", json!([owner("apps/v1", "StatefulSet", "db")]));
    played.say("/api/v1/pods", json!({ "items": [new] }));
    let mut facts = facts("db-0", "u2");
    cluster.fill(&mut facts).await;
    assert_eq!(controllers(&facts), ["StatefulSet db"]);
}

#[tokio::test]
async fn a_pod_from_a_file_of_the_node_is_found_by_the_uid_that_the_runtime_has() {
    let (played, folder) = (whole(), tempfile::tempdir().unwrap());
    let mut mirror = pod("etcd-node-1", "api-uid", json!([owner("v1", "Node", "node-1")]));
    mirror["metadata"]["annotations"] = json!({ "kubernetes.io/config.mirror": "file-uid" });
    played.say("/api/v1/pods", json!({ "items": [mirror] }));
    let cluster = cluster(&played, folder.path()).await;
    let mut facts = facts("etcd-node-1", "file-uid");
    cluster.fill(&mut facts).await;
    assert_eq!(controllers(&facts), ["Node node-1"]);
    assert_eq!(facts.pod_uid.as_deref(), Some("file-uid"));
}

#[tokio::test]
async fn an_account_without_rights_leaves_what_the_runtime_and_the_names_tell() {
    let (played, folder) = (Played::default(), tempfile::tempdir().unwrap());
    let cluster = cluster(&played, folder.path()).await;
    let mut facts = facts("web-5d4f-x2v7q", "u1");
    facts.pod_labels = vec![model::Label { key: "pod-template-hash".into(), value: "5d4f".into() }];
    cluster.fill(&mut facts).await;
    assert_eq!(controllers(&facts), ["ReplicaSet web-5d4f", "Deployment web"]);
    assert_eq!((facts.node.as_deref(), facts.uid, facts.version), (Some("node-1"), None, None));
}

#[tokio::test]
async fn an_account_that_may_only_list_pods_still_has_a_name_for_the_deployment() {
    let (played, folder) = (Played::default(), tempfile::tempdir().unwrap());
    let mut web = pod("web-5d4f-x2v7q", "u1", json!([owner("apps/v1", "ReplicaSet", "web-5d4f")]));
    web["metadata"]["labels"] = json!({ "pod-template-hash": "5d4f" });
    played.say("/api/v1/pods", json!({ "items": [web] }));
    let cluster = cluster(&played, folder.path()).await;
    let mut facts = facts("web-5d4f-x2v7q", "u1");
    cluster.fill(&mut facts).await;
    assert_eq!(controllers(&facts), ["ReplicaSet web-5d4f", "Deployment web"]);
}

#[tokio::test]
async fn a_server_that_fails_is_left_alone_for_a_while_and_costs_nothing_known() {
    let answers =
        [(500, "oops"), (200, "{"), (200, "[]"), (200, r#"{"items":7}"#), (401, "{}"), (307, "elsewhere")];
    for (status, text) in answers {
        let (played, folder) = (Played::default(), tempfile::tempdir().unwrap());
        played.say_text("/api/v1/pods", status, text);
        let cluster = cluster(&played, folder.path()).await;
        let mut facts = facts("web-1", "u1");
        let before = facts.pod.clone();
        for _ in 0..3 {
            cluster.fill(&mut facts).await;
        }
        assert_eq!((facts.pod, facts.controllers.len()), (before, 0), "{status} {text}");
        assert_eq!(played.asked("/api/v1/pods"), 1, "{status} {text}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_an_error_that_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::new(place("http://127.0.0.1:1".to_owned(), folder.path())).unwrap();
    let error = cluster.refresh(&mut *cluster.known.lock().await).await.unwrap_err();
    assert!(error.to_string().starts_with("the API server does not answer at http://127.0.0.1:1"), "{error}");
    std::fs::remove_file(&cluster.place.token).unwrap();
    let error = cluster.refresh(&mut *cluster.known.lock().await).await.unwrap_err();
    assert!(matches!(error, KubernetesError::File { .. }), "{error}");
}

#[tokio::test]
async fn a_list_may_come_in_pages_and_has_an_end() {
    let (played, folder) = (whole(), tempfile::tempdir().unwrap());
    played.say(
        "/api/v1/pods",
        json!({ "metadata": { "continue": "more" }, "items": [pod("web-1", "u1", json!(null))] }),
    );
    let cluster = cluster(&played, folder.path()).await;
    let mut facts = facts("web-1", "u1");
    cluster.fill(&mut facts).await;
    assert_eq!(facts.pod_labels.len(), 1);
    assert_eq!(played.asked("/api/v1/pods"), client::MAX_PAGES);
    assert_eq!(
        played.asked("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1&limit=500&continue=more"),
        client::MAX_PAGES - 1
    );
}

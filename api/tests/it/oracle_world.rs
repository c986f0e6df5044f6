//! A random fleet in a store, served in this process, and its records as each account sees them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::{ApiSettings, ApiState};
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use base64::Engine as _;
use fleet::Fleet;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use knowledge::Bundle;
use model::Digest;
use serde_json::Value;
use store::{DEFAULT_CUSTOMER, NewAccount, Role, Store, StoreError, StoreOptions};
use tempfile::TempDir;
use testkit::oracle::{Dice, RandomFleet, Step, container_record, image_record};
use testkit::postgres::{self, Database};
use uuid::Uuid;

/// The password of every account here.
const PASSWORD: &str = "correct horse";

/// An answer of the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) link: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        let text = || String::from_utf8_lossy(&self.body).into_owned();
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", text()))
    }

    /// The records of a list; none if the answer has no body.
    pub(crate) fn data(&self) -> Vec<Value> {
        if self.body.is_empty() {
            Vec::new()
        } else {
            self.json()["data"].as_array().cloned().unwrap_or_default()
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A served store.
pub(crate) struct World {
    service: TowerToHyperService<axum::Router>,
    pub(crate) store: Store,
    pub(crate) fleet: Fleet,
    ids: BTreeMap<Digest, Uuid>,
    _place: Place,
}

/// Where the facts are.
enum Place {
    Folder(#[expect(dead_code, reason = "it is removed when the world ends")] TempDir),
    Postgres(#[expect(dead_code, reason = "it is dropped when the world ends")] Database),
}

impl Place {
    /// Opens an empty store; over PostgreSQL if that is wanted and there is a server.
    async fn open(wants_postgres: bool) -> (Self, Store) {
        if wants_postgres && tokio::task::spawn_blocking(postgres::is_there).await.unwrap() {
            let database = tokio::task::spawn_blocking(postgres::fresh_database).await.unwrap();
            let options = StoreOptions::postgres(&database.url).unwrap();
            let store = tokio::task::spawn_blocking(move || Store::open(&options)).await.unwrap().unwrap();
            return (Self::Postgres(database), store);
        }
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreOptions::new(folder.path().join("facts.db"))).unwrap();
        (Self::Folder(folder), store)
    }
}

impl World {
    /// An empty store that is judged by these feeds; over PostgreSQL if that is wanted and there is a server.
    pub(crate) async fn empty(feeds: &[(String, String)], wants_postgres: bool) -> Self {
        let bundle = bundle_of(feeds);
        let (place, store) = Place::open(wants_postgres).await;
        let fleet = Fleet::start(store.clone(), bundle).await.unwrap();
        let settings = ApiSettings { public_url: Some("http://plimsoll".into()), ..ApiSettings::default() };
        let router = api::router(ApiState { store: store.clone(), fleet: fleet.clone(), settings });
        Self { service: TowerToHyperService::new(router), store, fleet, ids: BTreeMap::new(), _place: place }
    }

    /// The whole of a random fleet.
    pub(crate) async fn of(fleet: &RandomFleet, wants_postgres: bool) -> Self {
        let mut world = Self::empty(&fleet.feeds, wants_postgres).await;
        for step in &fleet.steps {
            world.send(step).await;
        }
        world.catch_up().await;
        world
    }

    /// Does one step; gives whether it was possible.
    pub(crate) async fn send(&mut self, step: &Step) -> bool {
        match step {
            Step::Report(report) => {
                let id = report.image.id.0;
                let ack = self.store.put_report(DEFAULT_CUSTOMER, (**report).clone()).await.unwrap();
                self.ids.insert(id, ack.uuids[0]);
            }
            Step::Containers(reports) => {
                let ack = self.store.put_containers(DEFAULT_CUSTOMER, reports.clone()).await.unwrap();
                self.ids.extend(reports.iter().map(|report| report.id).zip(ack.uuids));
            }
            Step::TagImage(tag, id) => return self.tag(tag, &id.0).await,
            Step::TagContainer(tag, id) => return self.tag(tag, id).await,
            Step::DeleteImage(id) => {
                let outcome = self.store.delete_images(DEFAULT_CUSTOMER, &[self.ids[&id.0]]).await.unwrap();
                return !outcome.deleted.is_empty();
            }
            Step::DeleteContainer(id) => {
                let outcome = self.store.delete_containers(DEFAULT_CUSTOMER, &[self.ids[id]]).await.unwrap();
                return !outcome.deleted.is_empty();
            }
        }
        true
    }

    /// Nothing can be done to what was deleted.
    async fn tag(&self, tag: &str, id: &Digest) -> bool {
        match self.store.assign_tag(DEFAULT_CUSTOMER, tag, &[self.ids[id]]).await {
            Ok(_) => true,
            Err(StoreError::NotFound { .. }) => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until the lists show everything.
    pub(crate) async fn catch_up(&self) {
        let clock = self.store.clock().await.unwrap();
        self.fleet.caught_up(clock, Duration::from_secs(60)).await.unwrap();
    }

    /// Makes an account that sees what has one of the tags; everything if none is given.
    pub(crate) async fn account(&self, name: &str, tags: &[String]) {
        let role = if tags.is_empty() { Role::Manager } else { Role::Reader };
        let account = NewAccount { name: name.into(), password: PASSWORD.into(), role, tags: tags.to_vec() };
        self.store.create_account(account).await.unwrap();
    }

    /// Asks as an account.
    pub(crate) async fn get(&self, account: &str, target: &str) -> Answer {
        let text = base64::engine::general_purpose::STANDARD.encode(format!("{account}:{PASSWORD}"));
        let request = Request::get(target).header(header::AUTHORIZATION, format!("Basic {text}"));
        let response = self.service.call(request.body(Body::empty()).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        Answer {
            status: head.status.as_u16(),
            link: head.headers.get(header::LINK).map(|link| link.to_str().unwrap().to_owned()),
            body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }

    /// The targets of a bulk list from its first page to its last, with their answers.
    pub(crate) async fn walk(&self, account: &str, first: String) -> Vec<(String, Answer)> {
        let (mut pages, mut next) = (Vec::new(), Some(first));
        while let Some(target) = next {
            let answer = self.get(account, &target).await;
            next = answer.link.as_deref().map(target_of);
            pages.push((target, answer));
            assert!(pages.len() < 10_000, "a bulk list ends: {}", pages[0].0);
        }
        pages
    }
}

fn target_of(link: &str) -> String {
    let url = link.strip_prefix("<http://plimsoll").and_then(|rest| rest.strip_suffix(">;rel=next"));
    url.unwrap_or_else(|| panic!("an odd link: {link}")).to_owned()
}

/// Compiles feeds.
pub(crate) fn bundle_of(feeds: &[(String, String)]) -> Arc<Bundle> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in feeds {
        let path = folder.path().join("feeds").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let output = folder.path().join("bundle");
    knowledge::compile(&folder.path().join("feeds"), &output, &|_| ()).unwrap();
    Arc::new(Bundle::open(&output).unwrap())
}

/// Whether the fleet of a seed is kept in PostgreSQL: one of four is.
pub(crate) fn wants_postgres(seed: u64) -> bool {
    seed % 4 == 3
}

/// What an account sees, in the order of bulk lists.
pub(crate) struct Rows {
    pub(crate) account: String,
    pub(crate) images: Vec<Value>,
    pub(crate) containers: Vec<Value>,
}

impl Rows {
    pub(crate) async fn of(world: &World, account: &str) -> Self {
        let mut containers = Vec::new();
        for sha in shas(world, account, "containers").await {
            let answer = world.get(account, &format!("/csapi/v1.3/containers/{sha}?profile=full")).await;
            containers.push(container_record(answer.json()));
        }
        let mut images = Vec::new();
        for sha in shas(world, account, "images").await {
            let answer = world.get(account, &format!("/csapi/v1.3/images/{sha}?scanDetails=secrets")).await;
            images.push(image_record(answer.json(), &containers));
        }
        Self { account: account.to_owned(), images, containers }
    }
}

async fn shas(world: &World, account: &str, what: &str) -> Vec<String> {
    let mut shas = Vec::new();
    for (_, page) in world.walk(account, format!("/csapi/v1.3/{what}/list?limit=250")).await {
        shas.extend(page.data().iter().map(|record| record["sha"].as_str().unwrap().to_owned()));
    }
    shas
}

/// The tags of a random scope: one or two of the fleet's.
pub(crate) fn random_scope(dice: &mut Dice, tags: &[String]) -> Vec<String> {
    let count = 1 + dice.below(2);
    dice.some(tags, count)
}

//! A server on a free port of the loopback, over a store of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::{ApiSettings, ApiState};
use fleet::Fleet;
use knowledge::Bundle;
use store::{NewAccount, NewSensor, NewSensorToken, Role, Store, StoreOptions};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{Request, Response};

pub(crate) const ADMIN: (&str, &str) = ("admin", "correct horse");

/// What the facts are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

pub(crate) struct TestServer {
    pub(crate) address: String,
    pub(crate) store: Store,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl TestServer {
    /// Starts with an administrator and the feeds of the compatibility scenarios.
    pub(crate) async fn start() -> Self {
        Self::start_with(ApiSettings::default()).await
    }

    pub(crate) async fn start_with(settings: ApiSettings) -> Self {
        Self::start_on(Engine::Sqlite, settings).await
    }

    pub(crate) async fn start_on(engine: Engine, settings: ApiSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("bundle");
        knowledge::compile(&compat_folder().join("feeds"), &bundle, &|_| ()).unwrap();
        let bundle = Arc::new(Bundle::open(&bundle).unwrap());
        let options = match engine {
            Engine::Sqlite => StoreOptions::new(folder.path().join("plimsoll.db")),
            Engine::Postgres => {
                let database = tokio::task::spawn_blocking(testkit::postgres::fresh_database).await.unwrap();
                StoreOptions::postgres(&database.url).unwrap()
            }
        };
        let store = tokio::task::spawn_blocking(move || Store::open(&options)).await.unwrap().unwrap();
        let fleet = Fleet::start(store.clone(), bundle).await.unwrap();
        let router = api::router(ApiState { store: store.clone(), fleet, settings });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(api::serve(listener, router, async {
            let _ = stopped.await;
        }));
        let server = Self { address, store, stop: Some(stop), running: Some(running), _folder: folder };
        server.account(ADMIN.0, ADMIN.1, Role::Manager, &[]).await;
        server
    }

    pub(crate) async fn account(&self, name: &str, password: &str, role: Role, tags: &[&str]) {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let account = NewAccount { name: name.into(), password: password.into(), role, tags };
        self.store.create_account(account).await.unwrap();
    }

    /// Enrols a sensor on a host of its name.
    pub(crate) async fn sensor(&self, number: u8, name: &str) {
        let token = NewSensorToken {
            customer: store::DEFAULT_CUSTOMER,
            created_by: ADMIN.0.into(),
            expires: model::Timestamp(model::Timestamp::now().0 + 60_000),
            uses: 1,
            profile: None,
        };
        let (token, _) = self.store.create_sensor_token(token).await.unwrap();
        let host = model::HostReport {
            hostname: name.into(),
            addresses: vec!["10.0.0.8".into()],
            operating_system: Some("Debian GNU/Linux 12 (bookworm)".into()),
            architecture: Some("x86_64".into()),
            runtimes: vec!["docker 20.10.24".into()],
            ..model::HostReport::default()
        };
        let sensor = NewSensor {
            public_key: [number; 32],
            name: name.into(),
            kind: model::SensorType::General,
            version: "plimsoll/0.1.0".into(),
            host,
        };
        self.store.enrol_sensor(&token, sensor).await.unwrap().unwrap();
    }

    pub(crate) async fn send(&self, request: Request) -> Response {
        request.send(&self.address).await
    }

    /// A GET as the administrator.
    pub(crate) async fn get(&self, target: &str) -> Response {
        self.send(Request::get(target).basic(ADMIN.0, ADMIN.1)).await
    }

    /// Sends a file of `compat/data` as the administrator.
    pub(crate) async fn post_file(&self, target: &str, file: &str) -> Response {
        let body = std::fs::read(compat_folder().join("data").join(file)).unwrap();
        self.send(Request::new("POST", target).basic(ADMIN.0, ADMIN.1).body(body)).await
    }

    /// Stops and waits until every request under way is answered.
    pub(crate) fn stop(&mut self) -> JoinHandle<()> {
        let _ = self.stop.take().unwrap().send(());
        self.running.take().unwrap()
    }
}

/// The folder of the compatibility scenarios.
pub(crate) fn compat_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../compat")
}

/// A scan report of an image made up of a number.
pub(crate) fn report(number: u32) -> serde_json::Value {
    let id = model::Digest::of(&number.to_le_bytes());
    serde_json::json!({
        "schema": 1,
        "scanner": "test/1",
        "scannedAt": 1_700_000_000_000_i64 + i64::from(number),
        "source": "COMMAND_LINE",
        "image": { "id": id, "references": [
            { "registry": "r.example.com", "repository": "team/app", "tag": number.to_string() }
        ] },
        "packages": [
            { "ecosystem": "pypi", "name": "demo", "version": format!("1.{}", number % 7), "path": "app/demo" }
        ]
    })
}

//! Start and graceful stop of a server.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use api::{ApiSettings, ApiState};
use fleet::Fleet;
use store::{NewAccount, Role, Store, StoreOptions};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::data_dir::{DataDir, DataDirError, ServerLock};
use crate::jobs::feeds::FeedsJob;
use crate::jobs::{days, deletions, registry_schedules, save_index, watch_bundle};
use crate::settings::Settings;

/// The account that every installation starts with.
pub const FIRST_ACCOUNT: &str = "admin";

/// How long a stop waits for background jobs before it leaves them.
const JOBS_GRACE: Duration = Duration::from_secs(5);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The database cannot be used.
    #[error("cannot use the database {database}: {source}")]
    Store {
        /// The database, without its password.
        database: String,
        /// What the store said.
        source: store::StoreError,
    },
    /// The index cannot be built.
    #[error("cannot build the index: {0}")]
    Fleet(#[from] fleet::FleetError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A running server.
pub struct Server {
    /// Where it listens; the real port if 0 was asked for.
    pub address: SocketAddr,
    /// The facts.
    pub store: Store,
    /// The index.
    pub fleet: Fleet,
    /// The password of the first account, if this start made it and made it up.
    pub generated_password: Option<String>,
    /// Counts attempts to load vulnerability data.
    pub feeds_loaded: watch::Receiver<u64>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    jobs: Vec<JoinHandle<()>>,
    index: PathBuf,
    _lock: ServerLock,
}

impl Server {
    /// Opens the data directory, builds the index, starts the jobs and listens.
    ///
    /// When it returns, requests are answered; vulnerability data may still be loading in the background.
    pub async fn start(settings: &Settings) -> Result<Self, StartError> {
        let data = DataDir::create(&settings.data)?;
        let lock = data.lock()?;
        let listener = TcpListener::bind(settings.listen)
            .await
            .map_err(|source| StartError::Listen { address: settings.listen, source })?;
        let address = listener
            .local_addr()
            .map_err(|source| StartError::Listen { address: settings.listen, source })?;

        let options = settings.database.clone().unwrap_or_else(|| StoreOptions::new(data.database()));
        let failed = |source| StartError::Store { database: options.to_string(), source };
        let store = Store::open(&options).map_err(failed)?;
        let generated_password =
            ensure_first_account(&store, settings.admin_password.clone()).await.map_err(failed)?;
        let bundle = watch_bundle::open_current(data.root());
        let older = |id| watch_bundle::open_older(data.root(), id);
        let fleet = Fleet::start_from(store.clone(), bundle, &data.index(), older).await?;

        let (stop, stopped) = watch::channel(false);
        let (loaded, feeds_loaded) = watch::channel(0);
        let feeds = FeedsJob {
            data: data.root().to_owned(),
            folder: settings.feeds.clone(),
            interval: settings.feeds_interval,
            options: settings.feeds_options(),
        };
        let mut jobs = vec![
            tokio::spawn(watch_bundle::run(data.root().to_owned(), fleet.clone(), stopped.clone())),
            tokio::spawn(deletions::run(store.clone(), stopped.clone())),
            tokio::spawn(registry_schedules::run(store.clone(), stopped.clone())),
            tokio::spawn(save_index::run(data.index(), store.clone(), fleet.clone(), stopped.clone())),
            tokio::spawn(days::run(store.clone(), fleet.clone(), stopped.clone())),
        ];
        if feeds.folder.is_some() || feeds.interval.is_some() {
            jobs.push(tokio::spawn(feeds.run(stopped.clone(), loaded)));
        }

        let state = ApiState { store: store.clone(), fleet: fleet.clone(), settings: api_settings(settings) };
        let serving = tokio::spawn(api::serve(listener, api::router(state), stop_signal(stopped)));
        info!(address = %address, "listening on {address}");
        Ok(Self {
            address,
            store,
            fleet,
            generated_password,
            feeds_loaded,
            stop,
            serving,
            jobs,
            index: data.index(),
            _lock: lock,
        })
    }

    /// Serves until `signal` is ready, then stops: no new requests, those in flight are finished.
    pub async fn run_until(mut self, signal: impl Future<Output = ()>) -> std::io::Result<()> {
        tokio::select! {
            () = signal => info!("stopping: requests in flight are finished first"),
            outcome = &mut self.serving => return outcome.map_err(std::io::Error::other),
        }
        self.stop.send_replace(true);
        let outcome = self.serving.await.map_err(std::io::Error::other);
        for job in self.jobs {
            if tokio::time::timeout(JOBS_GRACE, job).await.is_err() {
                warn!("a background job did not end in time and is left");
            }
        }
        save_index::at_stop(&self.index, &self.store, &self.fleet).await;
        info!("stopped");
        outcome
    }
}

fn api_settings(settings: &Settings) -> ApiSettings {
    ApiSettings {
        public_url: settings.public_url.clone(),
        max_decompressed: settings.max_report_bytes,
        container_profile: settings.container_profile,
        trust_forwarded: settings.trust_forwarded,
        registry_check: Some(crate::registry_check::registry_check()),
        ..ApiSettings::default()
    }
}

async fn stop_signal(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopping| *stopping).await;
}

/// Makes the account `admin` if there is none; gives back the password if it had to be made up.
async fn ensure_first_account(
    store: &Store,
    chosen: Option<String>,
) -> Result<Option<String>, store::StoreError> {
    if store.account(FIRST_ACCOUNT).await?.is_some() {
        return Ok(None);
    }
    let generated = chosen.is_none();
    let password = match chosen {
        Some(password) => password,
        None => generate_password(),
    };
    store
        .create_account(NewAccount {
            name: FIRST_ACCOUNT.to_owned(),
            password: password.clone(),
            role: Role::Manager,
            tags: Vec::new(),
        })
        .await?;
    Ok(generated.then_some(password))
}

/// A password of 24 hex digits (92 random bits) from the system's random source.
pub fn generate_password() -> String {
    let mut digits = uuid::Uuid::new_v4().simple().to_string();
    digits.truncate(24);
    digits
}

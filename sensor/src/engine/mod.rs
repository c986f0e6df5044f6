//! The running sensor: follows runtimes, reads images, looks into containers, and gets what it saw to the server.
//!
//! What it is for: binding the parts together, and going on whatever fails. What it is not for: knowing a runtime, a layer or
//! the wire; those are `runtime`, `drift`, `in_use` and `client`.
//!
//! The decision a reader may doubt: everything that is seen goes through the spool, also while the server is there. So there
//! is one way and not two, and a crash at any moment finds on the disk what was seen before it.

mod apply;
mod ask;
mod beat;
mod clock;
mod deliver;
mod images;
mod look;
mod queue;
mod read;
mod reader;
mod recall;
mod rules;
mod shared;
mod soon;
mod state;
#[cfg(test)]
mod tests;
mod tidy;
mod troubles;
mod walk;
mod watch;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use self::beat::Pulse;
use self::deliver::Delivery;
pub use self::reader::{Reader, serve_reader};
use self::shared::Shared;
pub use self::state::StateDir;
pub use self::walk::Registries;
use self::watch::{Listing, Watched};
use crate::client::{CallError, Client, ServerOptions, StateError};
use crate::host::Host;
use crate::kubernetes::Cluster;
use crate::limits::Limits;
use crate::runtime::Runtime;
use crate::spool::{Spool, SpoolError};

/// The spool is taken to the disk so often.
const SYNC: Duration = Duration::from_secs(1);
/// How long the last delivery and the last heartbeat may take when the sensor is stopped.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a single run waits for a runtime to be listed and looked at.
const ONCE: Duration = Duration::from_secs(600);
/// How often a single run tries a server that is away.
const TRIES: u32 = 4;

/// How a sensor is set up.
#[derive(Debug)]
pub struct Settings {
    /// Where key, spool and results of layers are.
    pub state: PathBuf,
    /// Where reports go.
    pub server: ServerOptions,
    /// What it may use.
    pub limits: Limits,
    /// The program that reads images; `None` reads them in this process, which then may use more memory than it should.
    pub reader: Option<Reader>,
    /// Where the host's root directory is seen.
    pub host_root: PathBuf,
    /// The cluster that the host is a node of, to complete what the runtime knows of pods.
    pub cluster: Option<Cluster>,
    /// Whether registries are walked for the server, and how they are reached.
    pub registries: Option<Registries>,
}

/// A runtime to follow.
pub struct Followed {
    /// The first word of its description: `docker`, `podman`, `containerd`, `cri-o`.
    pub kind: String,
    /// How it is asked.
    pub runtime: Arc<dyn Runtime>,
}

/// Why a sensor does not run.
#[derive(Debug, thiserror::Error)]
pub enum SensorError {
    /// Its state directory or its settings.
    #[error(transparent)]
    State(#[from] StateError),
    /// Its spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The server will not have it.
    #[error(transparent)]
    Server(CallError),
    /// A single run did not get everything done.
    #[error("not everything could be done: {0}")]
    Incomplete(String),
}

/// What a single run has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Containers that are there.
    pub containers: usize,
    /// Reports that the server does not have yet.
    pub waiting: u64,
}

/// A sensor that is ready to run.
pub struct Sensor {
    shared: Arc<Shared>,
    watched: Vec<Arc<Watched>>,
    registries: Option<Registries>,
    /// Keeps other sensors out of the state directory.
    _state: StateDir,
}

impl Sensor {
    /// Opens state and spool. Neither server nor runtimes are asked anything yet.
    pub fn new(settings: Settings, followed: Vec<Followed>) -> Result<Self, SensorError> {
        let state = StateDir::take(&settings.state)?;
        let (spool, damage) = Spool::open(&settings.state.join("spool"), settings.limits.spool)?;
        let client = Client::new(settings.server, &settings.state)?;
        let host = Host::at(&settings.host_root);
        let mut shared = Shared::new(&settings.state, spool, client, settings.limits, host);
        shared.cluster = settings.cluster;
        shared.reader = settings.reader;
        let shared = Arc::new(shared);
        for words in damage {
            shared.troubles.happened("damaged spool", words);
        }
        let watched = followed.into_iter().enumerate();
        let watched = watched.map(|(rank, one)| Arc::new(Watched::new(one, rank, &shared))).collect();
        Ok(Self { shared, watched, registries: settings.registries, _state: state })
    }

    /// Runs until `stop` is ready, then delivers what it can in a few seconds and ends.
    ///
    /// # Errors
    /// Only if the server refuses the enrolment, which nobody but an operator can mend. A server that is away is waited for.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), SensorError> {
        let Self { shared, watched, registries, _state } = self;
        first_contact(&shared).await?;
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(deliver::run(Arc::clone(&shared)));
        tasks.spawn(beat::run(Arc::clone(&shared)));
        tasks.spawn(images::run(Arc::clone(&shared)));
        tasks.spawn(look::run(Arc::clone(&shared)));
        tasks.spawn(keep_synced(Arc::clone(&shared)));
        tasks.spawn(recall::run(Arc::clone(&shared), watched.clone()));
        for watched in &watched {
            tasks.spawn(watch::run(Arc::clone(&shared), Arc::clone(watched)));
        }
        if let Some(registries) = registries {
            tasks.spawn(walk::run(Arc::clone(&shared), registries));
        }
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                // none ends by itself but by a fault of ours, and the others are still worth something
                ended = tasks.join_next() => match ended {
                    Some(Err(error)) => tracing::error!(%error, "a part of the sensor failed: {error}"),
                    Some(Ok(())) => {}
                    None => break,
                },
            }
        }
        tracing::info!("stopping");
        shared.stop.send_replace(true);
        let ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, ended).await.is_err() {
            tasks.abort_all();
        }
        // whatever is left is told after the next start
        let _ = farewell(&shared).await;
        Ok(())
    }

    /// Lists, looks at and reads everything once, and delivers it.
    ///
    /// # Errors
    /// If anything of it could not be done. What could is delivered, or in the spool for the next run.
    pub async fn once(self) -> Result<Summary, SensorError> {
        let Self { shared, watched, .. } = self;
        first_contact(&shared).await?;
        let reading = tokio::spawn(images::run(Arc::clone(&shared)));
        let mut problems = Vec::new();
        for watched in &watched {
            let _workers = watched.start_workers(&shared);
            let listed = async {
                watch::list(&shared, watched, Listing::Thorough).await?;
                watched.queue.idle().await;
                Ok::<_, String>(())
            };
            match tokio::time::timeout(ONCE, listed).await {
                Ok(Ok(())) => {}
                Ok(Err(words)) => problems.push(words),
                Err(_) => {
                    problems.push(format!("{} did not answer for {} s", watched.kind(), ONCE.as_secs()))
                }
            }
        }
        // what could not be listed is told already
        if problems.is_empty() {
            problems.extend(recall::once(&shared, &watched).await.err());
        }
        match shared.rules().is_blackout(shared.server_time()) {
            true => problems.push("images were not read: the profile has a blackout at this time".to_owned()),
            false => shared.images.idle().await,
        }
        // the server must have the images before it can make sense of what containers hold beyond them
        deliver_all(&shared, &mut problems).await;
        look::round(&shared, None).await;
        deliver_all(&shared, &mut problems).await;
        reading.abort();
        problems.extend(
            shared.troubles.all().into_iter().filter(|words| !problems.contains(words)).collect::<Vec<_>>(),
        );
        let summary = Summary { containers: shared.live().len(), waiting: shared.spool.figures().waiting };
        // without the heartbeat, too, the server does not know how this run ended
        if let Err(words) = farewell(&shared).await
            && problems.is_empty()
        {
            problems.push(words);
        }
        match problems.is_empty() {
            true => Ok(summary),
            false => Err(SensorError::Incomplete(problems.join("; "))),
        }
    }
}

/// Enrols, if the server can be reached. That it cannot is no reason not to start.
async fn first_contact(shared: &Shared) -> Result<(), SensorError> {
    match deliver::enrol(shared).await {
        Ok(()) => Ok(()),
        Err(error) if error.may_pass() => {
            shared.troubles.set("server", &error);
            Ok(())
        }
        Err(error) => Err(SensorError::Server(error)),
    }
}

async fn keep_synced(shared: Arc<Shared>) {
    while shared.pause(SYNC).await {
        shared.sync().await;
    }
}

/// Delivers everything, with patience for a server that is away for a moment.
async fn deliver_all(shared: &Arc<Shared>, problems: &mut Vec<String>) {
    let mut delivery = Delivery::new(Arc::clone(shared));
    let mut backoff = crate::client::Backoff::default();
    for tried in 1..=TRIES {
        match delivery.flush().await {
            Ok(()) => return,
            Err(error) if tried < TRIES && error.may_pass() => {
                tokio::time::sleep(backoff.after(&error)).await
            }
            Err(error) => return problems.push(error.to_string()),
        }
    }
}

/// The last delivery, the last heartbeat, and the spool to the disk. An error is in words.
async fn farewell(shared: &Arc<Shared>) -> Result<(), String> {
    let mut delivery = Delivery::new(Arc::clone(shared));
    let mut pulse = Pulse::new(Arc::clone(shared));
    let last = async {
        delivery.flush().await?;
        if shared.client.is_sensor() { pulse.beat().await } else { Ok(()) }
    };
    let outcome = match tokio::time::timeout(FAREWELL, last).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            tracing::info!(%error, "what the server does not have stays in the spool: {error}");
            Err(error.to_string())
        }
        Err(_) => {
            let words = "the server did not take everything in time; the rest stays in the spool";
            tracing::info!("{words}");
            Err(words.to_owned())
        }
    };
    shared.sync().await;
    outcome
}

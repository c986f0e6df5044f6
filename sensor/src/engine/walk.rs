//! Walking registries for the server, on a thread of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;

use super::deliver::enrol;
use super::shared::Shared;
use crate::client::{Backoff, CallError, PROGRAM};
use crate::limits::be_nice;
use crate::registry::{self, Server, ServerError, WalkOptions};
use crate::spool::pack;

/// How often a call is tried while the server is away.
const TRIES: u32 = 8;
/// The longest pause between two tries: a walk that waits longer is taken from us.
const LONGEST: Duration = Duration::from_secs(20);
/// How bodies are compressed.
const LEVEL: i32 = 3;
/// Memory for each image that is read at a time, in bytes.
const IMAGE: u64 = 64 << 20;

/// How registries are reached.
#[derive(Clone, Debug, Default)]
pub struct Registries {
    /// Certificates in PEM form that are trusted beside the system's.
    pub authorities: Option<PathBuf>,
}

/// Walks what the server wants walked until the sensor is stopped.
pub(super) async fn run(shared: Arc<Shared>, registries: Registries) {
    let images = usize::try_from(shared.limits.memory / IMAGE).unwrap_or(1).clamp(1, 8);
    let options = WalkOptions {
        worker: format!("{PROGRAM} on {}", shared.host().hostname),
        cache: Some(shared.layers()),
        authorities: registries.authorities,
        images,
        ..WalkOptions::default()
    };
    let stop = Arc::new(AtomicBool::new(false));
    let (desk, is_stopped) =
        (Desk { shared: Arc::clone(&shared), handle: Handle::current() }, Arc::clone(&stop));
    let walking = tokio::task::spawn_blocking(move || {
        be_nice();
        registry::run(&desk, &options, &is_stopped);
    });
    shared.stopped().await;
    stop.store(true, Ordering::Relaxed);
    // it ends between two calls; what it was at is given to another
    let _ = walking.await;
}

/// The server, as a walk speaks to it.
struct Desk {
    shared: Arc<Shared>,
    handle: Handle,
}

impl Server for Desk {
    fn post(&self, path: &str, json: Vec<u8>) -> Result<Vec<u8>, ServerError> {
        let body = pack::pack(&json, LEVEL).map_err(|error| ServerError::Refused(error.to_string()))?;
        self.handle.block_on(self.send(path, body))
    }
}

impl Desk {
    async fn send(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, ServerError> {
        let shared = &self.shared;
        let mut backoff = Backoff::default();
        for tried in 1.. {
            let sent = match enrol(shared).await {
                Ok(()) => shared.client.post_packed(path, body.clone()).await,
                Err(error) => Err(error),
            };
            match sent {
                Ok(answer) => {
                    shared.troubles.clear("server");
                    return Ok(answer);
                }
                Err(CallError::Rejected { status: 409, .. }) => return Err(ServerError::Lost),
                Err(error) if error.may_pass() => {
                    shared.troubles.set("server", &error);
                    let wait = backoff.after(&error).min(LONGEST);
                    if tried >= TRIES || !shared.pause(wait).await {
                        return Err(ServerError::Away(error.to_string()));
                    }
                }
                Err(error) => return Err(ServerError::Refused(error.to_string())),
            }
        }
        unreachable!("the loop ends by returning")
    }
}

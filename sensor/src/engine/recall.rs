//! What the server believes to be alive on this host, held against what the runtimes have.
//!
//! What it is for: a spool that is new, damaged or of another sensor does not know which containers were told before, and so nobody
//! would ever tell that they are gone. What it is not for: containers that the spool knows; listings look after those.
//!
//! The decision a reader may doubt: a container is only told as gone if the runtime that it is of is followed and says that it has
//! none of that id. A sensor that follows other runtimes than before knows nothing of the others.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use model::sensor::{OwnContainer, OwnContainers};
use model::{ContainerReport, ContainerState, Digest, Timestamp};

use super::apply::keep;
use super::deliver::enrol;
use super::queue::Pending;
use super::shared::Shared;
use super::watch::Watched;
use crate::client::{Backoff, CallError};

/// A runtime that does not answer is asked again after so long.
const AGAIN: Duration = Duration::from_secs(20);
/// Containers of one answer, with their reports.
const PAGE: usize = 100;
/// Answers that are read; more are not of one host.
const PAGES: usize = 10_000;

/// Why the server's belief could not be held against the runtimes.
#[derive(Debug, thiserror::Error)]
enum RecallError {
    #[error(transparent)]
    Server(#[from] CallError),
    #[error("{0}")]
    Runtime(String),
}

/// A runtime and the containers that it has.
struct Present {
    watched: Arc<Watched>,
    /// What its containers say to be of.
    word: String,
    ids: HashSet<Digest>,
}

/// Asks the server whenever that is wanted, until the sensor is stopped.
pub(crate) async fn run(shared: Arc<Shared>, watched: Vec<Arc<Watched>>) {
    if !shared.client.is_sensor() || watched.is_empty() {
        return;
    }
    let mut backoff = Backoff::default();
    loop {
        let Some(number) = shared.spool.wants_recall() else {
            tokio::select! {
                () = shared.recall.notified() => continue,
                () = shared.stopped() => return,
            }
        };
        let outcome = tokio::select! {
            outcome = recall(&shared, &watched) => outcome,
            () = shared.stopped() => return,
        };
        let wait = match outcome {
            Ok(gone) => {
                tracing::info!(gone, "the server was asked what is alive here: {gone} containers are not");
                shared.spool.recalled(number);
                backoff.reset();
                continue;
            }
            Err(RecallError::Server(CallError::Odd(words))) => {
                tracing::warn!("the server cannot be asked what is alive here: {words}");
                shared.spool.recalled(number);
                continue;
            }
            Err(RecallError::Server(error)) => backoff.after(&error),
            Err(RecallError::Runtime(words)) => {
                tracing::debug!("what is alive here is not known yet: {words}");
                AGAIN
            }
        };
        if !shared.pause(wait).await {
            return;
        }
    }
}

/// Asks the server once, if that is wanted.
///
/// # Errors
/// In words, if it could not be asked or a runtime does not answer.
pub(crate) async fn once(shared: &Arc<Shared>, watched: &[Arc<Watched>]) -> Result<(), String> {
    let Some(number) = shared.spool.wants_recall().filter(|_| shared.client.is_sensor()) else {
        return Ok(());
    };
    match recall(shared, watched).await {
        Ok(_) | Err(RecallError::Server(CallError::Odd(_))) => {
            shared.spool.recalled(number);
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Holds all that the server believes to be alive against the runtimes; gives how many are gone.
async fn recall(shared: &Arc<Shared>, watched: &[Arc<Watched>]) -> Result<usize, RecallError> {
    let mut present = Vec::with_capacity(watched.len());
    for watched in watched {
        present.push(list(watched).await.map_err(RecallError::Runtime)?);
    }
    enrol(shared).await?;
    let (mut gone, mut after) = (0, String::new());
    for _ in 0..PAGES {
        let path = format!("api/v1/sensors/containers?reports=true&limit={PAGE}{after}");
        let page: OwnContainers = shared.client.get(&path).await?;
        for one in page.data {
            gone += usize::from(compare(shared, &present, one).await.map_err(RecallError::Runtime)?);
        }
        let Some(next) = page.next else { break };
        after = format!("&after={next}");
    }
    Ok(gone)
}

async fn list(watched: &Arc<Watched>) -> Result<Present, String> {
    let (runtime, patience) = (&watched.runtime, watched.patience.list);
    let late = |_| format!("{} does not answer", watched.kind());
    let described = tokio::time::timeout(patience, runtime.describe()).await.map_err(late)?;
    let described = described.map_err(|error| error.to_string())?;
    let listed = tokio::time::timeout(patience, runtime.containers()).await.map_err(late)?;
    let listed = listed.map_err(|error| error.to_string())?;
    let ids = listed.iter().filter_map(|one| Digest::from_hex(&one.id).ok()).collect();
    let word = described.split_whitespace().next().unwrap_or_default().to_owned();
    Ok(Present { watched: Arc::clone(watched), word, ids })
}

/// Looks after one container that the server believes to be alive; gives whether it is gone.
async fn compare(shared: &Shared, present: &[Present], one: OwnContainer) -> Result<bool, String> {
    let OwnContainer { id, observed_at, report, .. } = one;
    let known = shared.spool.known(&id);
    if known.as_ref().is_some_and(|known| known.state != ContainerState::Deleted) {
        // what is sent next must not be older than what is known there
        shared.spool.container_told(&id, observed_at);
        return Ok(false);
    }
    let Some(report) = report.filter(|report| report.id == id) else { return Ok(false) };
    if known.is_some() || shared.spool.is_buried(&id) {
        // its end was told by an old event, before it was known what the server has, and so went unheard
        bury(shared, present.first().map_or("", |first| first.watched.kind()), *report, observed_at);
        return Ok(true);
    }
    let word = report.details.as_ref().and_then(|details| details.runtime.as_deref());
    let is_of = |one: &&Present| word.is_none_or(|word| word == one.word || word == one.watched.kind());
    let of: Vec<&Present> = present.iter().filter(is_of).collect();
    let Some(first) = of.first() else { return Ok(false) };
    if let Some(one) = of.iter().find(|one| one.ids.contains(&id)) {
        one.watched.queue.push(Pending::look(&id.to_hex())).await;
        return Ok(false);
    }
    for one in &of {
        // it may have come since the listing
        if has(&one.watched, &id).await? {
            return Ok(false);
        }
    }
    bury(shared, first.watched.kind(), *report, observed_at);
    Ok(true)
}

async fn has(watched: &Watched, id: &Digest) -> Result<bool, String> {
    let id = id.to_hex();
    let inspected = tokio::time::timeout(watched.patience.inspect, watched.runtime.inspect(&id)).await;
    let inspected = inspected.map_err(|_| format!("{} does not describe a container", watched.kind()))?;
    inspected.map(|found| found.is_some()).map_err(|error| error.to_string())
}

/// Tells the end of a container that only the server knows.
fn bury(shared: &Shared, kind: &str, mut report: ContainerReport, told: Timestamp) {
    // what comes from the server has its times
    let ahead = shared.client.skew();
    report.created = Timestamp(report.created.0.saturating_sub(ahead));
    let now = shared.now();
    (report.state, report.state_changed, report.observed_at) = (ContainerState::Deleted, now, now);
    if let Some(details) = &mut report.details {
        (details.sensor, details.drift, details.in_use) = (None, None, None);
    }
    let id = report.id;
    let is_gone = |known: ContainerReport| known.state == ContainerState::Deleted;
    keep(shared, kind, &id, |known| known.is_none_or(is_gone).then_some(report));
    shared.spool.container_told(&id, told);
}

//! One walk: signs of life beside the work, listing, scanning, the end.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use model::Timestamp;
use model::registry::{RegistryJob, RunEnd, RunError};

use super::choose::Filters;
use super::desk::{Desk, Server, ServerError};
use super::door::Door;
use super::list::Work;
use super::state::{State, registry_error, run_error};
use super::{WalkOptions, Walked, sleep};

/// Requests to a registry at a time, if its settings do not say.
const PARALLEL: usize = 8;
/// The most of them, whatever its settings say.
const MOST_PARALLEL: usize = 32;
/// The longest pause between two signs of life.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// What all parts of a walk share.
pub(super) struct Walk<'w> {
    pub(super) job: &'w RegistryJob,
    pub(super) options: &'w WalkOptions,
    pub(super) desk: Desk<'w>,
    pub(super) door: Door<'w>,
    pub(super) state: &'w State<'w>,
    pub(super) filters: Filters,
}

impl Walk<'_> {
    /// Requests at a time.
    pub(super) fn parallel(&self) -> usize {
        match self.job.settings.parallel {
            0 => PARALLEL,
            given => usize::from(given).min(MOST_PARALLEL),
        }
    }

    /// The name of an image, for messages.
    pub(super) fn place(&self, repository: &str, tag: &str) -> String {
        format!("{}/{repository}:{tag}", self.job.settings.host())
    }

    /// Waits for nothing: whether the walk shall be left as it is. What the server said of it is kept.
    pub(super) fn told<T>(&self, answer: Result<T, ServerError>) -> Result<T, Stop> {
        answer.map_err(|error| match error {
            ServerError::Lost => {
                self.state.lose();
                Stop::Over
            }
            error => Stop::Failed(run_error("SERVER", "server", &error.to_string())),
        })
    }
}

/// Why a walk ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// It was called off, or the program ends.
    Over,
    /// It cannot be carried out.
    Failed(RunError),
}

/// Makes a walk that was claimed.
pub(super) fn walk(
    server: &dyn Server,
    job: RegistryJob,
    options: &WalkOptions,
    stop: &AtomicBool,
) -> Result<Walked, ServerError> {
    let state = State::new(stop);
    let walk = Walk {
        job: &job,
        options,
        desk: Desk::new(server, job.run),
        door: Door::new(&job, options),
        state: &state,
        filters: Filters::new(&job.filters),
    };
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| keep_alive(&walk));
        let outcome = phases(&walk);
        state.end();
        outcome
    });
    count(&walk);
    let failure = match outcome {
        Ok(()) | Err(Stop::Over) => None,
        Err(Stop::Failed(error)) => Some(error),
    };
    let walked = Walked {
        schedule: job.schedule,
        registry: job.registry,
        progress: state.progress(),
        lost: state.is_over(),
        failure: failure.as_ref().map(|error| error.message.clone()),
    };
    // one that was interrupted is taken up by whoever claims it next, when its time is over
    if !walked.lost {
        match walk.desk.end(&RunEnd { progress: state.progress(), failure }) {
            Ok(()) => {}
            Err(ServerError::Lost) => return Ok(Walked { lost: true, ..walked }),
            Err(error) => return Err(error),
        }
    }
    Ok(walked)
}

fn phases(walk: &Walk<'_>) -> Result<(), Stop> {
    let now = || Some(Timestamp::now());
    walk.state.update(|progress| progress.listing_started = now());
    let found = check(walk).and_then(|()| super::list::list(walk));
    walk.state.update(|progress| progress.listing_ended = now());
    let work: Work = found?;
    walk.state.update(|progress| {
        progress.manifests = work.len() as u64;
        progress.scanning_started = now();
    });
    let scanned = super::scan::scan(walk, work);
    walk.state.update(|progress| progress.scanning_ended = now());
    scanned
}

/// A registry that lets nobody in is told once, and not by each of its images.
fn check(walk: &Walk<'_>) -> Result<(), Stop> {
    let checked = walk.door.catalogue().and_then(|catalogue| catalogue.check());
    checked.map_err(|error| Stop::Failed(registry_error(walk.job.settings.host(), &error)))
}

/// Tells the server that the walk goes on, until it has ended or is lost.
fn keep_alive(walk: &Walk<'_>) {
    let pause = Duration::from_secs(u64::from(walk.job.lease_seconds.max(3)) / 3).min(LONGEST_PAUSE);
    let part = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    let never = AtomicBool::new(false);
    while !walk.state.has_ended() && !walk.state.is_over() {
        sleep(part, &never);
        waited += part;
        if waited < pause {
            continue;
        }
        waited = Duration::ZERO;
        count(walk);
        match walk.desk.progress(&walk.state.progress()) {
            Err(ServerError::Lost) => walk.state.lose(),
            Err(error) => tracing::warn!(%error, "a sign of life did not reach the server: {error}"),
            Ok(()) => {}
        }
    }
}

fn count(walk: &Walk<'_>) {
    let (requests, bytes) = walk.door.traffic();
    walk.state.update(|progress| (progress.requests, progress.bytes) = (requests, bytes));
}

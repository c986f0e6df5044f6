//! Walking registries: which images are in them, which of these are new, and what is inside.
//!
//! A walk has two phases. *Listing* asks for repositories, tags, and which manifest each tag names, and tells the server part by part;
//! the server answers which manifests it knows. *Scanning* reads the images of those that it does not. So a walk costs what the list
//! costs plus what is new, and what a walk has told before it was killed is not done again by the next.
//!
//! The decision a reader may doubt: this is plain blocking code on a few threads. Images are read by blocking code in any case, and a
//! walk asks for as many things at a time as a registry bears, which is less than a dozen.

mod choose;
mod desk;
mod door;
mod list;
mod parallel;
mod pattern;
mod scan;
mod state;
mod walk;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use image::{CloudPlaces, Patience};
use model::registry::RunProgress;
use uuid::Uuid;

pub use self::desk::{Server, ServerError};

/// How registries are walked.
#[derive(Clone, Debug)]
pub struct WalkOptions {
    /// How the server calls whoever is at it.
    pub worker: String,
    /// Folder for the results of single layers; `None` reads each layer as often as an image has it.
    pub cache: Option<PathBuf>,
    /// Certificates in PEM form that are trusted beside the system's.
    pub authorities: Option<PathBuf>,
    /// Images that are read at a time, at least 1.
    pub images: usize,
    /// Layers of one image that are read at a time, at least 1.
    pub layers: usize,
    /// Whether credentials are looked for in images.
    pub secrets: bool,
    /// Bounds of waiting for registries.
    pub patience: Patience,
    /// Where clouds exchange logins.
    pub places: CloudPlaces,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self {
            worker: "plimsoll".to_owned(),
            cache: None,
            authorities: None,
            images: 2,
            layers: 1,
            secrets: true,
            patience: Patience { longest_wait: Duration::from_secs(300), tries: 8, ..Patience::default() },
            places: CloudPlaces::default(),
        }
    }
}

/// What a walk came to.
#[derive(Clone, Debug)]
pub struct Walked {
    /// The schedule that it was for.
    pub schedule: Uuid,
    /// The registry.
    pub registry: Uuid,
    /// How far it came.
    pub progress: RunProgress,
    /// Whether it was called off, or taken over by somebody else.
    pub lost: bool,
    /// Why it could not be carried out; `None` if it was.
    pub failure: Option<String>,
}

/// The pause after the server had no work, or could not be asked.
const POLL: Duration = Duration::from_secs(5);
/// The longest pause while the server cannot be asked.
const LONGEST_POLL: Duration = Duration::from_secs(60);

/// Walks whatever the server wants walked, one registry after the other, until `stop` is set. Blocks.
pub fn run(server: &dyn Server, options: &WalkOptions, stop: &AtomicBool) {
    let mut pause = POLL;
    while !stop.load(Ordering::Relaxed) {
        match walk_next(server, options, None, stop) {
            Ok(Some(walked)) => {
                pause = POLL;
                let RunProgress { tags, scanned, failed, .. } = walked.progress;
                tracing::info!(registry = %walked.registry, tags, scanned, failed, "a registry was walked: {tags} tags, {scanned} images scanned");
                continue;
            }
            Ok(None) => pause = POLL,
            Err(error) => {
                tracing::warn!(%error, "the server gives no work: {error}");
                pause = (pause * 2).min(LONGEST_POLL);
            }
        }
        sleep(pause, stop);
    }
}

/// Claims a walk, of all or for a certain schedule, and makes it; `None` if there is nothing to do. Blocks.
///
/// # Errors
/// The server could not be asked. What fails at the registry is told to the server, and in the outcome.
pub fn walk_next(
    server: &dyn Server,
    options: &WalkOptions,
    schedule: Option<Uuid>,
    stop: &AtomicBool,
) -> Result<Option<Walked>, ServerError> {
    let Some(job) = desk::claim(server, &options.worker, schedule)? else { return Ok(None) };
    walk::walk(server, job, options, stop).map(Some)
}

/// Sleeps in small parts, so that a stop is not waited for.
fn sleep(time: Duration, stop: &AtomicBool) {
    const PART: Duration = Duration::from_millis(100);
    let mut left = time;
    while !left.is_zero() && !stop.load(Ordering::Relaxed) {
        std::thread::sleep(left.min(PART));
        left = left.saturating_sub(PART);
    }
}

/// Entry for the fuzz target: patterns that accounts of a server write, and what a server says.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn fuzz(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let (pattern, name) = text.split_once('\n').unwrap_or((text, ""));
        let pattern = pattern::Pattern::new(pattern);
        let _ = (pattern.takes(name), pattern.literal());
    }
    let _ = serde_json::from_slice::<model::registry::RegistryJob>(bytes);
}

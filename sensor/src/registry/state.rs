//! How far a walk is, and whether it shall go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use image::{ImageError, RegistryError};
use model::registry::{RUN_ERRORS, RunError, RunProgress};

/// Letters of a message that are kept.
const MAX_MESSAGE: usize = 500;

/// Shared by all threads of a walk.
pub(super) struct State<'s> {
    progress: Mutex<RunProgress>,
    stop: &'s AtomicBool,
    lost: AtomicBool,
    ended: AtomicBool,
}

impl<'s> State<'s> {
    pub(super) fn new(stop: &'s AtomicBool) -> Self {
        let (lost, ended) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { progress: Mutex::default(), stop, lost, ended }
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut RunProgress)) {
        change(&mut self.lock());
    }

    pub(super) fn progress(&self) -> RunProgress {
        self.lock().clone()
    }

    /// Notes something that failed; the first ones are kept with their words.
    pub(super) fn note(&self, error: RunError) {
        tracing::warn!(code = error.code, place = error.place, "{}: {}", error.place, error.message);
        let mut progress = self.lock();
        progress.failed += 1;
        if progress.errors.len() < RUN_ERRORS {
            progress.errors.push(error);
        }
    }

    /// Keeps a word about something that did not fail and yet is worth knowing.
    pub(super) fn remark(&self, word: RunError) {
        tracing::info!(code = word.code, place = word.place, "{}: {}", word.place, word.message);
        let mut progress = self.lock();
        if progress.errors.len() < RUN_ERRORS {
            progress.errors.push(word);
        }
    }

    /// Nobody wants the walk any more.
    pub(super) fn lose(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Whether to leave everything as it is.
    pub(super) fn is_over(&self) -> bool {
        self.is_lost() || self.stop.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, RunProgress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error with a word for programs.
pub(super) fn registry_error(place: &str, error: &RegistryError) -> RunError {
    let code = match error {
        RegistryError::Unauthorized { .. } => "UNAUTHORIZED",
        RegistryError::Unreachable { .. } => "UNREACHABLE",
        RegistryError::RateLimit { .. } | RegistryError::Status { status: 429, .. } => "RATE_LIMIT",
        RegistryError::Refused { .. } | RegistryError::Private { .. } | RegistryError::Challenge { .. } => {
            "REFUSED"
        }
        RegistryError::Size { .. } | RegistryError::Protocol { .. } => "DAMAGED",
        RegistryError::NotFound { .. } => "NOT_FOUND",
        _ => "FAILED",
    };
    run_error(code, place, &error.to_string())
}

/// The same for an image.
pub(super) fn image_error(place: &str, error: &ImageError) -> RunError {
    match error {
        ImageError::Registry { source, .. } => registry_error(place, source),
        ImageError::DigestMismatch { .. } | ImageError::SizeMismatch { .. } | ImageError::Corrupt { .. } => {
            run_error("DAMAGED", place, &error.to_string())
        }
        ImageError::Limit { .. } => run_error("TOO_LARGE", place, &error.to_string()),
        _ => run_error("FAILED", place, &error.to_string()),
    }
}

pub(super) fn run_error(code: &str, place: &str, message: &str) -> RunError {
    RunError {
        code: code.to_owned(),
        message: message.chars().take(MAX_MESSAGE).collect(),
        place: place.chars().take(MAX_MESSAGE).collect(),
    }
}

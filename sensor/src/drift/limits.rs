//! Bounds for one look at a writable layer, and the account of what was spent of them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use image::OverlayNames;

use super::DriftError;

/// Notes that a drift lists.
const MAX_NOTES: usize = 100;

/// Entries between two looks at the clock.
const CLOCK: u64 = 256;

/// The bounds; the defaults let every honest container through.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Entries of the writable layer, and entries of the image that it takes away. Default 2 million.
    pub max_entries: u64,
    /// Directories within directories; what lies deeper is noted. Default 128, which takes twice as many open files.
    pub max_depth: usize,
    /// Bytes of one path; longer ones are noted. Default 16 KiB.
    pub max_path: usize,
    /// Bytes that are read for package facts and to compare files; what goes beyond is noted. Default 4 GiB.
    pub max_read: u64,
    /// How long a look may take. Default 60 s.
    pub time: Duration,
    /// The marks that the mounts of the runtime obey; `None` tells by the owner of the runtime's directories and by the
    /// file system that the container sees.
    pub marks: Option<OverlayNames>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_entries: 2_000_000,
            max_depth: 128,
            max_path: 16 << 10,
            max_read: 4 << 30,
            time: Duration::from_secs(60),
            marks: None,
        }
    }
}

/// What is left of the bounds, and what could not be read.
pub(super) struct Budget<'l> {
    pub(super) limits: &'l Limits,
    path: PathBuf,
    begun: Instant,
    entries: u64,
    read: u64,
    notes: Vec<String>,
    left_out: u64,
}

impl<'l> Budget<'l> {
    /// The whole of `limits`, for the layer at `path`.
    pub(super) fn new(limits: &'l Limits, path: &Path) -> Self {
        let begun = Instant::now();
        Self { limits, path: path.to_owned(), begun, entries: 0, read: 0, notes: Vec::new(), left_out: 0 }
    }

    /// The layer that is looked at.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes one entry.
    pub(super) fn count(&mut self) -> Result<(), DriftError> {
        let value = self.limits.max_entries;
        if self.entries >= value {
            return Err(DriftError::Limit { path: self.path.clone(), limit: "max_entries", value });
        }
        self.entries += 1;
        if self.entries.is_multiple_of(CLOCK) { self.check_time() } else { Ok(()) }
    }

    /// Whether there is time left.
    pub(super) fn check_time(&self) -> Result<(), DriftError> {
        if self.begun.elapsed() <= self.limits.time {
            return Ok(());
        }
        Err(DriftError::TimedOut { path: self.path.clone(), seconds: self.limits.time.as_secs() })
    }

    /// Takes bytes to read; `false` if there are not as many left.
    pub(super) fn afford(&mut self, bytes: u64) -> bool {
        let fits = bytes <= self.limits.max_read - self.read;
        if fits {
            self.read += bytes;
        }
        fits
    }

    /// Adds what could not be read.
    pub(super) fn note(&mut self, path: &[u8], reason: impl std::fmt::Display) {
        if self.notes.len() >= MAX_NOTES {
            self.left_out += 1;
            return;
        }
        self.notes.push(format!("{}: {reason}", String::from_utf8_lossy(path)));
    }

    /// All notes, sorted.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.notes.sort_unstable();
        self.notes.dedup();
        if self.left_out > 0 {
            self.notes.push(format!("{} further notes are left out", self.left_out));
        }
        self.notes
    }
}

//! By what a file, and a whole layer, is known again.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use super::folder::Meta;

/// How old the youngest change must be before a layer counts as looked at: within one tick of the clock a second change
/// leaves no trace, and the coarsest clock of a file system that holds overlays goes by seconds.
const SETTLED: Duration = Duration::from_secs(2);

/// Hashes of this process; secret, so that no container can make two of its files look the same.
fn keys() -> &'static (RandomState, RandomState) {
    static KEYS: OnceLock<(RandomState, RandomState)> = OnceLock::new();
    KEYS.get_or_init(|| (RandomState::new(), RandomState::new()))
}

/// A file's number, size, mode and times in one number.
pub(super) fn stamp(meta: &Meta) -> u64 {
    keys().0.hash_one(meta)
}

/// A sign of everything in a writable layer, without its content. Of this process alone: it must not be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    entries: u64,
    sum: u128,
    is_settled: bool,
}

impl Fingerprint {
    /// Whether nothing was changed from the look that gave `before` to the look that gave this one.
    pub fn is_unchanged_since(&self, before: &Self) -> bool {
        before.is_settled && (self.entries, self.sum) == (before.entries, before.sum)
    }

    /// How many entries the layer holds.
    pub fn entries(&self) -> u64 {
        self.entries
    }
}

/// Stands for a path in what is remembered of a container.
pub(super) fn path_key(path: &[u8]) -> u64 {
    keys().0.hash_one(path)
}

/// When a look began.
pub(super) struct Clock(SystemTime);

impl Clock {
    pub(super) fn now() -> Self {
        Self(SystemTime::now())
    }

    /// Whether a file was changed long enough ago that a further change would show.
    pub(super) fn is_settled(&self, meta: &Meta) -> bool {
        self.is_before(meta.changed)
    }

    fn is_before(&self, changed: (i64, i64)) -> bool {
        let begun = self.0.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let settled = begun.saturating_sub(SETTLED);
        changed <= (settled.as_secs() as i64, i64::from(settled.subsec_nanos()))
    }
}

/// Takes entries in any order.
pub(super) struct Printer {
    begun: Clock,
    entries: u64,
    sum: u128,
    youngest: (i64, i64),
}

impl Printer {
    /// Starts now; to be called before the first entry is looked at.
    pub(super) fn new() -> Self {
        Self { begun: Clock::now(), entries: 0, sum: 0, youngest: (0, 0) }
    }

    /// Takes one entry.
    pub(super) fn add(&mut self, path: &[u8], meta: &Meta) {
        let (first, second) = keys();
        let entry = (path, meta);
        let hash = u128::from(first.hash_one(entry)) << 64 | u128::from(second.hash_one(entry));
        self.sum = self.sum.wrapping_add(hash);
        self.entries += 1;
        self.youngest = self.youngest.max(meta.changed);
    }

    /// Ends it.
    pub(super) fn finish(self) -> Fingerprint {
        let is_settled = self.begun.is_before(self.youngest);
        Fingerprint { entries: self.entries, sum: self.sum, is_settled }
    }
}

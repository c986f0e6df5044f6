//! The package dictionary: every distinct package with its judgement, shared by all images that hold it.
//!
//! An entry is immutable. When a package is judged anew it gets a new entry, so a reader that holds the old one
//! sees package, findings and times that belong together, and ready fragments never go stale.

use std::sync::{Arc, OnceLock};

use matcher::Judgement;
use model::{Finding, LifecycleStage, Package, Timestamp};

/// Ready pieces of text for one package, filled by whoever renders: slot numbers and contents are the renderer's.
///
/// A fragment may depend on nothing but the entry it belongs to.
#[derive(Debug, Default)]
pub struct Fragments([OnceLock<Box<str>>; Self::SLOTS]);

impl Fragments {
    /// How many different fragments an entry can hold.
    pub const SLOTS: usize = 4;

    /// The fragment of `slot`, made by `render` at the first call.
    ///
    /// # Panics
    /// If `slot` is not below [`Self::SLOTS`].
    pub fn get_or_render(&self, slot: usize, render: impl FnOnce() -> String) -> &str {
        self.0[slot].get_or_init(|| render().into_boxed_str())
    }
}

/// A package with its judgement of the moment.
#[derive(Debug)]
pub struct PackageEntry {
    /// Its number in the store.
    pub id: u32,
    /// Its identity.
    pub package: Package,
    /// Its package URL.
    pub purl: Box<str>,
    /// When it was first stored.
    pub created: Timestamp,
    /// When its findings last changed; `created` if they never did.
    pub changed: Timestamp,
    /// What the store knows as the fingerprint of its last judgement.
    pub fingerprint: u64,
    /// What the bundle of the moment says; findings sorted by qid.
    pub judgement: Arc<Judgement>,
    /// When each finding of the judgement was first judged so, in the same order.
    pub first_found: Vec<Timestamp>,
    /// Findings by severity.
    pub counts: SeverityCounts,
    /// Where the package stood in its lifecycle when it was judged; `None` if no lifecycle is known.
    pub stage: Option<LifecycleStage>,
    /// Ready pieces of text.
    pub fragments: Fragments,
}

impl PackageEntry {
    /// The findings with the times at which they were first judged so, sorted by qid.
    pub fn findings(&self) -> impl Iterator<Item = (&Finding, Timestamp)> {
        self.judgement.findings.iter().zip(self.first_found.iter().copied())
    }

    /// The lowest version that clears all findings that can be cleared, if any.
    pub fn fix_version(&self) -> Option<&str> {
        self.judgement.fix_version.as_deref()
    }
}

/// Numbers by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeverityCounts([u32; 5]);

impl SeverityCounts {
    /// Counts one more.
    pub fn add(&mut self, severity: model::Severity) {
        self.0[usize::from(severity.get() - 1)] += 1;
    }

    /// How many of `severity` (1 to 5); 0 for any other number.
    pub fn get(&self, severity: u8) -> u32 {
        usize::from(severity).checked_sub(1).and_then(|at| self.0.get(at)).copied().unwrap_or(0)
    }

    /// How many in all.
    pub fn total(&self) -> u32 {
        self.0.iter().sum()
    }
}

//! Small parts of packages and records that whoever renders sees: ready pieces of text, and numbers by severity.

use std::sync::OnceLock;

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

/// Numbers by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeverityCounts([u32; 5]);

impl SeverityCounts {
    /// So many of each, of the lowest severity first.
    pub(crate) const fn of(counts: [u32; 5]) -> Self {
        Self(counts)
    }

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

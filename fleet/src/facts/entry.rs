//! One package of the dictionary.

use std::fmt;
use std::sync::{Arc, OnceLock};

use matcher::{Coverage, Undecided};
use model::{Lifecycle, LifecycleStage, Timestamp};

use super::identity::Identity;
use crate::dictionary::{Fragments, SeverityCounts};

/// A package with its judgement of the moment; its findings are rows of their own.
pub struct PackageEntry {
    /// Its number in the store.
    pub id: u32,
    /// Its identity.
    pub package: Identity,
    /// When it was first stored.
    pub created: Timestamp,
    /// When its findings last changed; `created` if they never did.
    pub changed: Timestamp,
    /// What the store knows as the fingerprint of its last judgement.
    pub fingerprint: u64,
    /// Whether the package could be judged.
    pub coverage: Coverage,
    /// Statements that could not be applied.
    pub(super) undecided: Option<Box<[Undecided]>>,
    /// The lowest version that clears all findings that can be cleared, if any.
    pub(super) fix_version: Option<Arc<str>>,
    /// See [`matcher::Judgement::lifecycle`]; equal ones are shared.
    pub lifecycle: Option<Arc<Lifecycle>>,
    /// Where the package stood in its lifecycle when it was judged; `None` if no lifecycle is known.
    pub stage: Option<LifecycleStage>,
    /// Findings by severity.
    pub counts: SeverityCounts,
    /// Ready pieces of text.
    pub(super) fragments: OnceLock<Box<Fragments>>,
}

impl PackageEntry {
    /// The lowest version that clears all findings that can be cleared, if any.
    pub fn fix_version(&self) -> Option<&str> {
        self.fix_version.as_deref()
    }

    /// The package URL.
    pub fn purl(&self) -> String {
        self.package.purl()
    }

    /// Statements that speak of the package and could not be applied.
    pub fn undecided(&self) -> &[Undecided] {
        self.undecided.as_deref().unwrap_or_default()
    }

    /// Ready pieces of text.
    pub fn fragments(&self) -> &Fragments {
        self.fragments.get_or_init(Box::default)
    }
}

impl fmt::Debug for PackageEntry {
    /// What the entry says, without what was rendered of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackageEntry")
            .field("id", &self.id)
            .field("package", &self.package)
            .field("created", &self.created)
            .field("changed", &self.changed)
            .field("fingerprint", &self.fingerprint)
            .field("coverage", &self.coverage)
            .field("undecided", &self.undecided)
            .field("fix_version", &self.fix_version)
            .field("lifecycle", &self.lifecycle)
            .field("stage", &self.stage)
            .field("counts", &self.counts)
            .finish()
    }
}

//! Which statement holds for a finding.

use model::{ImageFacts, PackageRecord};

use super::{Statement, VexDocument};

/// The statement that holds for a finding.
pub type Verdict<'a> = &'a Statement;

impl Statement {
    /// Whether the statement speaks of any of the vulnerability's `ids` (main id and aliases, compared without case) in
    /// `package` of `image`.
    pub fn applies(&self, package: &PackageRecord, ids: &[&str], image: &ImageFacts) -> bool {
        let _ = (package, image);
        self.vulnerabilities.iter().any(|id| ids.iter().any(|known| known.eq_ignore_ascii_case(id)))
    }
}

/// The statement of all `documents` that holds for a finding: of those that apply the last by time; one without a time is older than any
/// with one, and among equals the last in the order of the documents wins. `None` if none applies.
pub fn judge<'a>(
    documents: &'a [VexDocument],
    package: &PackageRecord,
    ids: &[&str],
    image: &ImageFacts,
) -> Option<Verdict<'a>> {
    let all = documents.iter().flat_map(|document| &document.statements);
    all.filter(|statement| statement.applies(package, ids, image)).max_by_key(|statement| statement.timestamp)
}

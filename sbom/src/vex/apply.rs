//! Which statement holds for a finding.

use model::{ImageFacts, PackageRecord};

use super::{Statement, VexDocument};

impl Statement {
    /// Whether the statement speaks of any of the vulnerability's `ids` (main id and aliases, compared without case) in
    /// `package` of `image`. For the release of an image give the record of [`model::OsRelease::package`]: only a statement about the
    /// image as a whole speaks of it.
    pub fn applies(&self, package: &PackageRecord, ids: &[&str], image: &ImageFacts) -> bool {
        let is_meant = |id: &String| ids.iter().any(|known| known.eq_ignore_ascii_case(id));
        self.vulnerabilities.iter().any(is_meant)
            && (self.products.is_empty() || self.products.iter().any(|product| product.holds(package, image)))
    }
}

/// The statement of all `documents` that holds for a finding: of those that apply the last by time; one without a time is
/// older than any with one, and among equals the last in the order of the documents wins. `None` if none applies.
pub fn judge<'a>(
    documents: &'a [VexDocument],
    package: &PackageRecord,
    ids: &[&str],
    image: &ImageFacts,
) -> Option<&'a Statement> {
    let all = documents.iter().flat_map(|document| &document.statements);
    all.filter(|statement| statement.applies(package, ids, image)).max_by_key(|statement| statement.timestamp)
}

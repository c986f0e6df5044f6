//! Names of an image: where it is tagged (`repo`) and by which manifests it was pulled (`repoDigests`).

use model::Reference;
use serde::Serialize;
use utoipa::ToSchema;

use super::scalar::Sha;

/// A tag of an image.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RepoTag<'a> {
    /// Always a string: v1.1 clients take it without asking.
    registry: &'a str,
    tag: &'a str,
    repository: &'a str,
}

/// A manifest digest of an image.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RepoDigest<'a> {
    registry: &'a str,
    digest: Sha,
    repository: &'a str,
}

/// The tags, each once.
pub(crate) fn tags(references: &[Reference]) -> Vec<RepoTag<'_>> {
    let mut rows: Vec<RepoTag<'_>> = Vec::new();
    for reference in references {
        let Some(tag) = &reference.tag else { continue };
        let row = RepoTag { registry: &reference.registry, tag, repository: &reference.repository };
        let known = |other: &RepoTag<'_>| {
            (other.registry, other.repository, other.tag) == (row.registry, row.repository, row.tag)
        };
        if !rows.iter().any(known) {
            rows.push(row);
        }
    }
    rows
}

/// The manifest digests, each once per repository; `None` if there are none.
pub(crate) fn digests(references: &[Reference]) -> Option<Vec<RepoDigest<'_>>> {
    let mut rows: Vec<RepoDigest<'_>> = Vec::new();
    for reference in references {
        let Some(digest) = reference.digest else { continue };
        let row = RepoDigest {
            registry: &reference.registry,
            digest: Sha(digest),
            repository: &reference.repository,
        };
        let known = |other: &RepoDigest<'_>| {
            (other.registry, other.repository, other.digest) == (row.registry, row.repository, row.digest)
        };
        if !rows.iter().any(known) {
            rows.push(row);
        }
    }
    (!rows.is_empty()).then_some(rows)
}

//! Quay: tags, a hundred at a time. Its interface takes tokens of applications, and no robot accounts; what is open to all it shows to all.

use std::cell::Cell;

use super::api::{Api, Page};
use super::rows;
use crate::source::registry::error::RegistryError;
use crate::source::registry::listing::RemoteTag;

/// The tags of a repository that name something today.
pub(super) fn tags(api: &Api, repository: &str) -> Result<Vec<RemoteTag>, RegistryError> {
    let page = |number: u32| {
        format!("/api/v1/repository/{repository}/tag/?limit=100&onlyActiveTags=true&page={number}")
    };
    let read = Cell::new(1);
    api.tags(&page(1), |bytes, _, tags| {
        let rest = rows::quay_tags(bytes, tags)?;
        read.set(read.get() + 1);
        Ok(Page { next: rest.has_more.then(|| page(read.get())), total: None })
    })
}

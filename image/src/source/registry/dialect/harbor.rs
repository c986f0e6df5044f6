//! Harbor (API v2.0): repositories and artifacts, a hundred at a time.

use super::api::{Api, Page};
use super::rows;
use crate::source::registry::error::RegistryError;
use crate::source::registry::listing::RemoteTag;

/// The tags of `PROJECT/REPOSITORY`, by way of the artifacts that have any.
pub(super) fn tags(api: &Api, repository: &str) -> Result<Vec<RemoteTag>, RegistryError> {
    let Some((project, name)) = repository.split_once('/') else {
        let (host, what) = (api.wire.host(), format!("project for `{repository}`"));
        return Err(RegistryError::NotFound { host, what, message: String::new() });
    };
    // a slash within the name is encoded twice, since what stands in front of Harbor decodes once
    let name = name.replace('/', "%252F");
    let first = format!(
        "/api/v2.0/projects/{project}/repositories/{name}/artifacts?q=tags%3D*&with_tag=true&page_size=100&page=1"
    );
    api.tags(&first, |bytes, head, tags| rows::harbor_tags(bytes, tags).map(|_| Page::of_head(head)))
}

/// All repositories that the login may see.
pub(super) fn repositories(api: &Api) -> Result<Vec<String>, RegistryError> {
    api.names("/api/v2.0/repositories?page_size=100&page=1", |bytes, head, names| {
        rows::harbor_repositories(bytes, names).map(|_| Page::of_head(head))
    })
}

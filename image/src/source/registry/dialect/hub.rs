//! Docker Hub, whose registry has no list of repositories and no digests in its lists; its other interface has both.

use super::api::{Api, Page, Pass};
use super::rows;
use crate::source::registry::credential::Credentials;
use crate::source::registry::error::RegistryError;
use crate::source::registry::listing::RemoteTag;
use crate::source::registry::name::is_component;

/// Where it is, whatever the registry says.
pub(super) const PLACE: &str = "https://hub.docker.com";

/// User and password, or access token, are exchanged for a token that holds for some minutes.
pub(super) fn pass(credentials: Option<&Credentials>) -> Pass {
    match credentials {
        Some(Credentials::Password { username, password }) => Pass::Lent(username.clone(), password.clone()),
        _ => Pass::None,
    }
}

/// The tags of a repository; one without a namespace is of `library`.
pub(super) fn tags(api: &Api, repository: &str) -> Result<Vec<RemoteTag>, RegistryError> {
    let (namespace, name) = repository.split_once('/').unwrap_or(("library", repository));
    let first = format!("/v2/namespaces/{namespace}/repositories/{name}/tags?page_size=100");
    api.tags(&first, |bytes, _, tags| rows::hub_tags(bytes, tags).map(Page::of_rest))
}

/// The repositories of a namespace: an organisation, or a user.
pub(super) fn repositories(api: &Api, namespace: &str) -> Result<Vec<String>, RegistryError> {
    if !is_component(namespace) {
        let reason = "the organisation is no name of a namespace on Docker Hub".to_owned();
        return Err(RegistryError::Client { reason });
    }
    let first = format!("/v2/namespaces/{namespace}/repositories?page_size=100");
    api.names(&first, |bytes, _, names| rows::hub_repositories(bytes, namespace, names).map(Page::of_rest))
}

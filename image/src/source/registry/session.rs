//! Requests to one repository, with login and retries: all that the rest of the source sees of the network.

use std::sync::Arc;

use reqwest::blocking::Response;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, RANGE};
use reqwest::{Method, StatusCode};

use super::error::RegistryError;
use super::login::Login;
use super::retry::{Failure, retried};
use super::wire::{Wire, host_of};

/// A repository of a registry, or the registry itself.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) wire: Arc<Wire>,
    login: Login,
    repository: String,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ask<'a> {
    /// Path below the repository's: `manifests/…`, `blobs/…`; one that begins with a slash is taken as it is.
    pub(super) path: &'a str,
    /// The head of the answer alone.
    pub(super) head: bool,
    /// Media types that are wanted, separated by commas.
    pub(super) accept: Option<&'a str>,
    /// The first byte, and the last if not all up to the end.
    pub(super) range: Option<(u64, Option<u64>)>,
}

impl Session {
    pub(super) fn new(wire: Arc<Wire>, login: Login, repository: String) -> Self {
        Self { wire, login, repository }
    }

    /// An answer whose body has yet to be read; tried again while the failure may pass.
    pub(super) fn get(&self, ask: Ask<'_>) -> Result<Response, RegistryError> {
        retried(&self.wire.patience, || self.try_get(ask))
    }

    /// A short body together with its answer's head.
    pub(super) fn read<T>(
        &self,
        ask: Ask<'_>,
        limit: u64,
        head: impl Fn(&Response) -> T,
    ) -> Result<(Vec<u8>, T), RegistryError> {
        retried(&self.wire.patience, || {
            let response = self.try_get(ask)?;
            let head = head(&response);
            Ok((self.wire.read_body(response, limit)?, head))
        })
    }

    fn try_get(&self, ask: Ask<'_>) -> Result<Response, Failure> {
        let path = match ask.path.starts_with('/') {
            true => ask.path.to_owned(),
            false => format!("/v2/{}/{}", self.repository, ask.path),
        };
        let method = if ask.head { Method::HEAD } else { Method::GET };
        let (generation, mut header) = self.login.header();
        for renewed in [false, true] {
            let response = self.wire.follow(&method, &path, header.as_ref(), |mut request| {
                request = request.header(ACCEPT_ENCODING, "identity");
                if let Some(accept) = ask.accept {
                    request = request.header(ACCEPT, accept);
                }
                if let Some((first, last)) = ask.range {
                    let last = last.map(|last| last.to_string()).unwrap_or_default();
                    request = request.header(RANGE, format!("bytes={first}-{last}"));
                }
                request
            })?;
            match response.status() {
                StatusCode::OK | StatusCode::PARTIAL_CONTENT => return Ok(response),
                // another host than the registry has no say in the login
                StatusCode::UNAUTHORIZED
                    if !renewed && response.url().origin() == self.wire.base.origin() =>
                {
                    self.login.renew(&self.wire, generation, response.headers())?;
                    header = self.login.header().1;
                }
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    let host = host_of(response.url());
                    return Err(self.login.refusal(host, self.wire.error_words(response)).into());
                }
                _ => return Err(self.wire.failure(response, &self.what(ask))),
            }
        }
        Err(self.login.refusal(self.wire.host(), String::new()).into())
    }

    fn what(&self, ask: Ask<'_>) -> String {
        match ask.path.split_once('/').filter(|(kind, _)| !kind.is_empty()) {
            Some((kind, name)) => format!("{} `{name}` in `{}`", kind.trim_end_matches('s'), self.repository),
            None if self.repository.is_empty() => format!("`{}`", ask.path),
            None => format!("`{}`", self.repository),
        }
    }
}

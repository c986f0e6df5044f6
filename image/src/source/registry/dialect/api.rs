//! Requests to what a registry offers beside the distribution API, and its lists page by page.
//!
//! No challenge tells how to log in there, so the login goes along with the first request: to the registry itself, or to the one other host
//! that is fixed for its sort, and nowhere else.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::blocking::Response;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, StatusCode};

use super::rows::Rest;
use crate::source::registry::credential::Credentials;
use crate::source::registry::error::RegistryError;
use crate::source::registry::listing::{RemoteTag, next_of};
use crate::source::registry::login::parse_token;
use crate::source::registry::paging::Pages;
use crate::source::registry::retry::{Failure, retried};
use crate::source::registry::wire::Wire;

/// Bytes of a page. A hundred rows have some kilobytes each.
const MAX_PAGE: u64 = 8 << 20;
/// Bytes of the answer to a login.
const MAX_TOKEN: u64 = 1 << 20;
/// Times that a list is read which changes while it is read.
const READINGS: usize = 3;

/// How requests are made known to be ours.
pub(super) enum Pass {
    /// Not at all.
    None,
    /// By a header that is always the same.
    Header(HeaderValue),
    /// By a token that is lent for user and password, for some minutes.
    Lent(String, String),
}

impl Pass {
    /// User and password, or a token, as they are; a refresh token is of no use here.
    pub(super) fn plain(credentials: Option<&Credentials>) -> Result<Self, RegistryError> {
        match credentials {
            Some(Credentials::Password { username, password }) => {
                secret(&format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
                    .map(Self::Header)
            }
            other => Self::token(other),
        }
    }

    /// A token as it is; a password is of no use here.
    pub(super) fn token(credentials: Option<&Credentials>) -> Result<Self, RegistryError> {
        match credentials {
            Some(Credentials::RegistryToken(token)) => secret(&format!("Bearer {token}")).map(Self::Header),
            _ => Ok(Self::None),
        }
    }
}

fn secret(text: &str) -> Result<HeaderValue, RegistryError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| RegistryError::Client {
        reason: "the login holds characters that no header can carry".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The head of a page.
pub(super) struct Head {
    /// Where it says that the next one is.
    pub(super) link: Option<String>,
    /// Rows of all pages together.
    pub(super) total: Option<u64>,
}

impl Head {
    fn of(response: &Response) -> Self {
        let total = response.headers().get("x-total-count").and_then(|value| value.to_str().ok());
        Self { link: next_of(response), total: total.and_then(|total| total.parse().ok()) }
    }
}

/// What a page of a list came to.
pub(super) struct Page {
    /// The address of the next one.
    pub(super) next: Option<String>,
    /// Rows of all pages together, if it says so.
    pub(super) total: Option<u64>,
}

impl Page {
    /// A document that says itself where it goes on.
    pub(super) fn of_rest(rest: Rest) -> Self {
        Self { next: rest.next.filter(|next| !next.is_empty()), total: rest.total }
    }

    /// One whose head says so.
    pub(super) fn of_head(head: &Head) -> Self {
        Self { next: head.link.clone(), total: head.total }
    }
}

/// One such interface.
pub(in crate::source::registry) struct Api {
    pub(super) wire: Arc<Wire>,
    pass: Pass,
    lent: Mutex<Option<HeaderValue>>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Api({})", self.wire.base)
    }
}

impl Api {
    pub(super) fn new(wire: Arc<Wire>, pass: Pass) -> Self {
        Self { wire, pass, lent: Mutex::default() }
    }

    /// The tags that `read` finds on the pages from `first` on, sorted bytewise, each once.
    pub(super) fn tags(
        &self,
        first: &str,
        read: impl Fn(&[u8], &Head, &mut Vec<RemoteTag>) -> Result<Page, String>,
    ) -> Result<Vec<RemoteTag>, RegistryError> {
        let mut all = self.list(first, read, |tag| tag.name.clone())?;
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// The same for names.
    pub(super) fn names(
        &self,
        first: &str,
        read: impl Fn(&[u8], &Head, &mut Vec<String>) -> Result<Page, String>,
    ) -> Result<Vec<String>, RegistryError> {
        let mut all = self.list(first, read, Clone::clone)?;
        all.sort_unstable();
        Ok(all)
    }

    /// Pages are numbered, so a row that goes away while they are read takes another one out of sight. What was on a list that
    /// became shorter or longer is read again, and an error if that goes on.
    fn list<T>(
        &self,
        first: &str,
        read: impl Fn(&[u8], &Head, &mut Vec<T>) -> Result<Page, String>,
        name: impl Fn(&T) -> String,
    ) -> Result<Vec<T>, RegistryError> {
        for _ in 0..READINGS {
            if let Some(all) = self.read_list(first, &read, &name)? {
                return Ok(all);
            }
        }
        let reason = format!("its list `{first}` changes faster than it is read");
        Err(RegistryError::Protocol { host: self.wire.host(), reason })
    }

    fn read_list<T>(
        &self,
        first: &str,
        read: impl Fn(&[u8], &Head, &mut Vec<T>) -> Result<Page, String>,
        name: impl Fn(&T) -> String,
    ) -> Result<Option<Vec<T>>, RegistryError> {
        let (mut seen, mut all): (HashSet<String>, Vec<T>) = (HashSet::new(), Vec::new());
        let mut pages = Pages::new(&self.wire, first);
        let mut total = None;
        loop {
            let (bytes, head) = self.get(pages.path())?;
            let mut fresh = Vec::new();
            let page = read(&bytes, &head, &mut fresh).map_err(|reason| pages.broken(&reason))?;
            let before = all.len();
            all.extend(fresh.into_iter().filter(|row| seen.insert(name(row))));
            if *total.get_or_insert(page.total) != page.total {
                return Ok(None);
            }
            if !pages.turn(all.len() > before, all.len(), page.next.as_deref())? {
                return Ok(Some(all));
            }
        }
    }

    fn get(&self, path: &str) -> Result<(Vec<u8>, Head), RegistryError> {
        retried(&self.wire.patience, || {
            let mut pass = self.pass(None)?;
            for renewed in [false, true] {
                let response = self.wire.follow(&Method::GET, path, pass.as_ref(), |request| {
                    request.header(ACCEPT_ENCODING, "identity").header(ACCEPT, "application/json")
                })?;
                match response.status() {
                    StatusCode::OK => {
                        let head = Head::of(&response);
                        return Ok((self.wire.read_body(response, MAX_PAGE)?, head));
                    }
                    StatusCode::UNAUTHORIZED if !renewed && matches!(self.pass, Pass::Lent(..)) => {
                        pass = self.pass(pass)?;
                    }
                    StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                        return Err(self.refusal(response).into());
                    }
                    _ => return Err(self.wire.failure(response, &format!("`{path}`"))),
                }
            }
            Err(RegistryError::Protocol { host: self.wire.host(), reason: "no answer".to_owned() }.into())
        })
    }

    fn refusal(&self, response: Response) -> RegistryError {
        RegistryError::Unauthorized {
            host: self.wire.host(),
            repository: "its own lists".to_owned(),
            with_login: !matches!(self.pass, Pass::None),
            message: self.wire.error_words(response),
        }
    }

    /// The header to send; one that is lent in place of `worn_out`, unless another thread has renewed it.
    fn pass(&self, worn_out: Option<HeaderValue>) -> Result<Option<HeaderValue>, Failure> {
        let (username, password) = match &self.pass {
            Pass::None => return Ok(None),
            Pass::Header(header) => return Ok(Some(header.clone())),
            Pass::Lent(username, password) => (username, password),
        };
        let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        if lent.is_none() || *lent == worn_out {
            *lent = Some(self.borrow(username, password)?);
        }
        Ok(lent.clone())
    }

    /// Docker Hub's way: a short-lived token, or at older servers a longer one.
    fn borrow(&self, username: &str, password: &str) -> Result<HeaderValue, Failure> {
        let new = serde_json::json!({ "identifier": username, "secret": password });
        let old = serde_json::json!({ "username": username, "password": password });
        for (path, body) in [("/v2/auth/token", new), ("/v2/users/login", old)] {
            let url = self.wire.base.join(path);
            let url = url.map_err(|error| RegistryError::Client { reason: error.to_string() })?;
            let request = self.wire.post(url).header(CONTENT_TYPE, "application/json").body(body.to_string());
            let response = self.wire.send(request)?;
            match response.status() {
                StatusCode::OK => {
                    let token = parse_token(&self.wire.read_body(response, MAX_TOKEN)?);
                    let reason = "its login gives no token".to_owned();
                    let host = self.wire.host();
                    let token = token.ok_or(RegistryError::Protocol { host, reason })?;
                    return Ok(secret(&format!("Bearer {token}"))?);
                }
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {}
                StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    return Err(self.refusal(response).into());
                }
                _ => return Err(self.wire.failure(response, "login")),
            }
        }
        let reason = "it has no login for its lists".to_owned();
        Err(RegistryError::Challenge { host: self.wire.host(), reason }.into())
    }
}

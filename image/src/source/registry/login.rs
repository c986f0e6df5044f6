//! Getting in: from the registry's challenge and the user's login to the header that opens the door
//! (distribution's "Token Authentication Specification" and "OAuth2 Token Authentication").
//!
//! The decision a reader may doubt: the token service may be any host that an HTTPS registry names, and gets
//! the password, because that is how Docker Hub and most others work. A registry spoken to over plain HTTP
//! could be anybody, so it may name itself only, or this machine if it is on this machine.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{StatusCode, Url};
use serde::Deserialize;

use super::challenge::{self, Challenge};
use super::credential::{self, Credentials};
use super::error::RegistryError;
use super::retry::Failure;
use super::wire::{Wire, host_of, shown};

/// Bytes of a token service's answer that are read.
const MAX_TOKEN: u64 = 1 << 20;

/// Who asks, as OAuth2 wants to know.
const CLIENT: &str = "plimsoll";

/// The way into one repository of one registry.
#[derive(Debug)]
pub(super) struct Login {
    given: Option<Credentials>,
    files: Vec<PathBuf>,
    /// As names and files write it.
    registry: String,
    repository: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Counts the headers; by it a thread tells whether another has renewed the one that failed.
    generation: u64,
    header: Option<HeaderValue>,
    /// The user's login, once it was looked for.
    found: Option<Option<Credentials>>,
}

impl Login {
    /// Nothing is looked up before the registry asks.
    pub(super) fn new(
        given: Option<Credentials>,
        files: Vec<PathBuf>,
        registry: String,
        repository: String,
    ) -> Self {
        Self { given, files, registry, repository, state: Mutex::default() }
    }

    /// The header to send, and its number.
    pub(super) fn header(&self) -> (u64, Option<HeaderValue>) {
        let state = self.lock();
        (state.generation, state.header.clone())
    }

    /// Answers a challenge, unless another thread has done so since the header of that number was sent.
    pub(super) fn renew(&self, wire: &Wire, generation: u64, headers: &HeaderMap) -> Result<(), Failure> {
        let mut state = self.lock();
        if state.generation != generation {
            return Ok(());
        }
        let found = match &state.found {
            Some(found) => found.clone(),
            None => self.find()?,
        };
        state.found = Some(found.clone());
        let offers: Vec<Challenge> = headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(challenge::parse)
            .collect();
        state.header = Some(self.answer(wire, &offers, found)?);
        state.generation += 1;
        Ok(())
    }

    /// Who refuses, in words.
    pub(super) fn refusal(&self, host: String, message: String) -> RegistryError {
        let with_login = matches!(self.lock().found, Some(Some(_)));
        RegistryError::Unauthorized { host, repository: self.repository.clone(), with_login, message }
    }

    fn find(&self) -> Result<Option<Credentials>, RegistryError> {
        match &self.given {
            Some(given) => Ok(Some(given.clone())),
            None => credential::find(&self.files, &self.registry, &self.repository),
        }
    }

    fn answer(
        &self,
        wire: &Wire,
        offers: &[Challenge],
        found: Option<Credentials>,
    ) -> Result<HeaderValue, Failure> {
        let offer = |scheme: &str| offers.iter().find(|offer| offer.scheme == scheme);
        let refused = |reason: String| RegistryError::Challenge { host: wire.host(), reason };
        let with_login = found.is_some();
        match (offer("bearer"), offer("basic"), found) {
            (Some(_), _, Some(Credentials::RegistryToken(token))) => Ok(bearer(wire, &token)?),
            (Some(offer), _, found) => Ok(bearer(wire, &self.token(wire, offer, found)?)?),
            (None, Some(_), Some(Credentials::Password { username, password })) => {
                Ok(basic(wire, &username, &password)?)
            }
            (None, Some(_), None) => {
                let (host, repository) = (wire.host(), self.repository.clone());
                let message = String::new();
                Err(RegistryError::Unauthorized { host, repository, with_login, message }.into())
            }
            (None, Some(_), Some(_)) => {
                Err(refused("it wants user and password, and there is a token".to_owned()).into())
            }
            (None, None, _) => {
                let schemes: Vec<&str> = offers.iter().map(|offer| offer.scheme.as_str()).take(5).collect();
                let reason = match schemes.is_empty() {
                    true => "it names no way".to_owned(),
                    false => format!("it takes {} only", schemes.join(", ")),
                };
                Err(refused(reason).into())
            }
        }
    }

    /// Gets a token from the service that the challenge names.
    fn token(&self, wire: &Wire, offer: &Challenge, found: Option<Credentials>) -> Result<String, Failure> {
        let realm = check_realm(wire, offer, found.is_some())?;
        let own_scope = match self.repository.as_str() {
            "" => "registry:catalog:*".to_owned(),
            repository => format!("repository:{repository}:pull"),
        };
        let scope = offer.parameter("scope").unwrap_or(&own_scope);
        let mut fields: Vec<(&str, &str)> = Vec::new();
        fields.extend(offer.parameter("service").map(|service| ("service", service)));
        let request = match &found {
            Some(Credentials::IdentityToken(token)) => {
                fields.extend([("scope", scope), ("client_id", CLIENT)]);
                fields.extend([("grant_type", "refresh_token"), ("refresh_token", token)]);
                let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                let form_type = "application/x-www-form-urlencoded";
                wire.post(realm.clone()).header(CONTENT_TYPE, form_type).body(form)
            }
            found => {
                fields.extend(scope.split_ascii_whitespace().map(|scope| ("scope", scope)));
                let login = match found {
                    Some(Credentials::Password { username, password }) => Some((username, password)),
                    _ => None,
                };
                fields.extend(login.map(|(username, _)| ("account", username.as_str())));
                let mut url = realm.clone();
                url.query_pairs_mut().extend_pairs(fields);
                let request = wire.get(url);
                match login {
                    Some((username, password)) => request.basic_auth(username, Some(password)),
                    None => request,
                }
            }
        };
        let response = wire.send(request)?;
        match response.status() {
            StatusCode::OK => read_token(&wire.read_body(response, MAX_TOKEN)?, &realm),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST => {
                let (host, repository) = (host_of(&realm), self.repository.clone());
                let message = wire.error_words(response);
                let with_login = found.is_some();
                Err(RegistryError::Unauthorized { host, repository, with_login, message }.into())
            }
            _ => Err(wire.failure(response, "token service")),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address of the token service, if it may be asked, and given the user's login if there is one.
fn check_realm(wire: &Wire, offer: &Challenge, with_login: bool) -> Result<Url, RegistryError> {
    let refused = |reason: &str| RegistryError::Challenge { host: wire.host(), reason: reason.to_owned() };
    let realm = offer.parameter("realm").ok_or_else(|| refused("its challenge has no realm"))?;
    let mut realm = Url::parse(realm).map_err(|_| refused("the realm of its challenge is no URL"))?;
    let _ = (realm.set_username(""), realm.set_password(None));
    if let Some(reason) = wire.guard.objection(&realm) {
        return Err(RegistryError::Refused { host: wire.host(), target: shown(&realm), reason });
    }
    let host = realm.host_str().unwrap_or_default();
    let own = wire.base.host_str().unwrap_or_default();
    let is_protected = realm.scheme() == "https" || !wire.guard.is_https();
    if with_login && !is_protected {
        return Err(refused(&format!("the login would go to {} unprotected", shown(&realm))));
    }
    if with_login && host != own && !(wire.guard.is_https() && is_of_one_site(own, host)) {
        return Err(refused(&format!("the login would go to another host, {}", shown(&realm))));
    }
    Ok(realm)
}

/// Whether a token service belongs to a registry by its name: it lies in the domain in which the registry has its first label, as
/// `auth.docker.io` beside `registry-1.docker.io` and `gitlab.com` above `registry.gitlab.com`. A domain under which anybody may have one
/// (`com`, `co.uk`) is none.
fn is_of_one_site(registry: &str, service: &str) -> bool {
    let Some((_, domain)) = registry.split_once('.') else { return false };
    let labels: Vec<&str> = domain.split('.').collect();
    let is_address = registry.parse::<std::net::Ipv4Addr>().is_ok() || registry.starts_with('[');
    let is_public = match labels.as_slice() {
        [_] => true,
        // second levels of countries: `co.uk`, `com.au`, `ac.jp`
        [second, country] => second.len() <= 3 && country.len() == 2,
        _ => false,
    };
    let is_below = service.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !is_address && !is_public && is_below
}

/// The answer of a token service; older ones say `token`, those of OAuth2 `access_token`.
pub(crate) fn parse_token(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        token: Option<String>,
        #[serde(default)]
        access_token: Option<String>,
    }
    let answer: Answer = serde_json::from_slice(bytes).ok()?;
    let some = |token: Option<String>| token.filter(|token| !token.is_empty());
    some(answer.token).or_else(|| some(answer.access_token))
}

fn read_token(bytes: &[u8], realm: &Url) -> Result<String, Failure> {
    parse_token(bytes).ok_or_else(|| {
        let reason = "its token service gives no token".to_owned();
        RegistryError::Protocol { host: host_of(realm), reason }.into()
    })
}

fn bearer(wire: &Wire, token: &str) -> Result<HeaderValue, RegistryError> {
    secret(wire, format!("Bearer {token}"))
}

fn basic(wire: &Wire, username: &str, password: &str) -> Result<HeaderValue, RegistryError> {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
    secret(wire, format!("Basic {pair}"))
}

fn secret(wire: &Wire, text: String) -> Result<HeaderValue, RegistryError> {
    let mut value = HeaderValue::from_str(&text).map_err(|_| RegistryError::Challenge {
        host: wire.host(),
        reason: "the token holds characters that no header can carry".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_service_of_the_registrys_own_domain_may_have_the_login() {
        for (registry, service, expected) in [
            ("registry-1.docker.io", "auth.docker.io", true),
            ("registry.gitlab.com", "gitlab.com", true),
            ("registry.shop.co.uk", "auth.shop.co.uk", true),
            ("quay.io", "evil.io", false),
            ("registry.co.uk", "evil.co.uk", false),
            ("registry.shop.com", "shop.com.evil.org", false),
            ("registry.shop.com", "notshop.com", false),
            ("10.0.0.1", "9.0.0.1", false),
            ("localhost", "127.0.0.1", false),
        ] {
            assert_eq!(is_of_one_site(registry, service), expected, "{registry} {service}");
        }
    }
}

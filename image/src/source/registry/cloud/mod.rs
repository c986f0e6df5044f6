//! Logins of clouds: what is kept of them is no login for a registry yet, but is exchanged for one that holds for some hours.
//!
//! Who is asked is fixed for each cloud, and never what a key file or a registry says, so that no secret goes anywhere else.

mod aws;
mod azure;
mod google;

use std::time::Duration;

use model::registry::RegistryLogin;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::credential::Credentials;
use super::error::RegistryError;
use super::guard::Guard;
use super::retry::{Failure, retried};
use super::wire::{Wire, host_of};
use super::{RegistryOptions, is_here};

/// Bytes of an answer that are read.
const MAX_ANSWER: u64 = 1 << 20;

/// Where the clouds' own services are, for tests that play a cloud.
#[derive(Clone, Debug, Default)]
pub struct CloudPlaces {
    /// In place of `https://api.ecr.REGION.amazonaws.com`.
    pub aws: Option<String>,
    /// In place of `https://login.microsoftonline.com`.
    pub azure: Option<String>,
    /// In place of `https://oauth2.googleapis.com`.
    pub google: Option<String>,
}

/// What opens a registry at `host`, and for how long it does; `None` without a login. That of a cloud is asked for by
/// HTTP, all others are used as they are.
///
/// # Errors
/// The cloud refuses, cannot be reached, or the login is none of its kind.
pub fn credentials_of(
    login: &RegistryLogin,
    host: &str,
    places: &CloudPlaces,
    options: &RegistryOptions,
) -> Result<Option<(Credentials, Duration)>, RegistryError> {
    let place = |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.to_owned());
    let found = match login {
        RegistryLogin::Anonymous => return Ok(None),
        RegistryLogin::Password { username, password } => {
            let (username, password) = (username.clone(), password.clone());
            (Credentials::Password { username, password }, Duration::MAX)
        }
        RegistryLogin::Token { token } => (Credentials::RegistryToken(token.clone()), Duration::MAX),
        RegistryLogin::RefreshToken { token } => (Credentials::IdentityToken(token.clone()), Duration::MAX),
        RegistryLogin::Aws { region, access_key, secret_key, session_token } => {
            let key = aws::Key { id: access_key, secret: secret_key, session: session_token.as_deref() };
            aws::exchange(&place(&places.aws, &aws::place_of(region)?), region, key, options)?
        }
        RegistryLogin::Azure { tenant, client_id, client_secret } => {
            let directory = place(&places.azure, azure::PLACE);
            azure::exchange(&directory, host, [tenant, client_id, client_secret], options)?
        }
        RegistryLogin::Google { service_account } => {
            google::exchange(&place(&places.google, google::PLACE), service_account, options)?
        }
    };
    Ok(Some(found))
}

/// One question to a service of a cloud.
struct Question<'q> {
    /// Scheme and host.
    place: &'q str,
    /// The path.
    path: &'q str,
    content_type: &'static str,
    headers: HeaderMap,
    body: String,
}

impl Question<'_> {
    /// A form.
    fn form<'q>(place: &'q str, path: &'q str, fields: &[(&str, &str)]) -> Question<'q> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let content_type = "application/x-www-form-urlencoded";
        Question { place, path, content_type, headers: HeaderMap::new(), body }
    }

    /// Asks, and reads the answer as JSON. A refusal is told in the cloud's own words.
    fn ask(&self, options: &RegistryOptions) -> Result<serde_json::Value, RegistryError> {
        let wrong = |reason: String| RegistryError::Client { reason: format!("`{}`: {reason}", self.place) };
        let base = Url::parse(self.place).map_err(|error| wrong(error.to_string()))?;
        let url = base.join(self.path).map_err(|error| wrong(error.to_string()))?;
        let guard = Guard::new(&base, false, |name| std::env::var(name).ok());
        if !guard.is_https() && !is_here(&base) {
            return Err(wrong("a secret would go over plain HTTP".to_owned()));
        }
        let wire = Wire::new(base, guard, options.authorities.as_deref(), options.patience.clone())?;
        let body = retried(&wire.patience, || {
            let request = wire.post(url.clone()).headers(self.headers.clone());
            let response =
                wire.send(request.header(CONTENT_TYPE, self.content_type).body(self.body.clone()))?;
            match response.status().as_u16() {
                200 => wire.read_body(response, MAX_ANSWER),
                400 | 401 | 403 => {
                    let (host, repository) = (host_of(&url), "the registry".to_owned());
                    let message = wire.error_words(response);
                    let refused = RegistryError::Unauthorized { host, repository, with_login: true, message };
                    Err(Failure::from(refused))
                }
                _ => Err(wire.failure(response, "login service")),
            }
        })?;
        serde_json::from_slice(&body).map_err(|_| self.garbled("is no JSON"))
    }

    fn garbled(&self, reason: &str) -> RegistryError {
        RegistryError::Protocol { host: self.place.to_owned(), reason: format!("its answer {reason}") }
    }

    /// A text out of an answer.
    fn text(&self, answer: &serde_json::Value, key: &str) -> Result<String, RegistryError> {
        let text = answer[key].as_str().filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| self.garbled(&format!("has no `{key}`")))
    }
}

/// For how long a token is used: somewhat shorter than the service says, and never longer than `most` seconds.
fn lifetime(seconds: Option<u64>, most: u64) -> Duration {
    let seconds = seconds.unwrap_or(most).min(most);
    Duration::from_secs(seconds.saturating_sub(seconds / 10).max(1))
}

fn header(text: &str) -> Result<HeaderValue, RegistryError> {
    HeaderValue::from_str(text).map_err(|_| RegistryError::Client {
        reason: "the login holds characters that no header can carry".to_owned(),
    })
}

/// Entry for the fuzz target: key files come from outside.
#[cfg(fuzzing)]
pub(super) fn fuzz(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        google::fuzz(text);
    }
    if let Ok(answer) = serde_json::from_slice(bytes) {
        let _ = aws::read_answer(&answer);
    }
}

//! Logins of clouds: what is kept of them is no login for a registry yet, but is exchanged for one that holds for some hours.
//!
//! Who is asked is fixed for each cloud, and never what a key file or a registry says, so that no secret goes anywhere else.

pub(super) mod aws;
mod azure;
mod google;
mod signature;

use std::time::Duration;

use model::registry::RegistryLogin;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::credential::Credentials;
use super::error::RegistryError;
use super::guard::Guard;
use super::retry::{Failure, retried};
use super::wire::Wire;
use super::{RegistryOptions, is_here};

/// Bytes of an answer that are read.
const MAX_ANSWER: u64 = 8 << 20;

/// Where the clouds' own services are, for tests that play a cloud.
#[derive(Clone, Debug, Default)]
pub struct CloudPlaces {
    /// In place of `https://api.ecr.REGION.amazonaws.com`.
    pub aws: Option<String>,
    /// In place of `https://sts.REGION.amazonaws.com`.
    pub sts: Option<String>,
    /// In place of `https://login.microsoftonline.com`.
    pub azure: Option<String>,
    /// In place of `https://oauth2.googleapis.com`.
    pub google: Option<String>,
    /// In place of `https://hub.docker.com`.
    pub hub: Option<String>,
}

/// What opens a registry.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The login.
    pub credentials: Credentials,
    /// For how long it is used.
    pub lifetime: Duration,
    /// What it was got with at AWS, which opens the lists there.
    pub(super) aws: Option<aws::Access>,
}

/// What opens a registry at `host`; `None` without a login. That of a cloud is asked for by HTTP, all others are used as they are.
///
/// # Errors
/// The cloud refuses, cannot be reached, or the login is none of its kind.
pub fn credentials_of(
    login: &RegistryLogin,
    host: &str,
    places: &CloudPlaces,
    options: &RegistryOptions,
) -> Result<Option<Admission>, RegistryError> {
    let place = |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.to_owned());
    let (credentials, lifetime) = match login {
        RegistryLogin::Anonymous => return Ok(None),
        RegistryLogin::Password { username, password } => {
            let (username, password) = (username.clone(), password.clone());
            (Credentials::Password { username, password }, Duration::MAX)
        }
        RegistryLogin::Token { token } => (Credentials::RegistryToken(token.clone()), Duration::MAX),
        RegistryLogin::RefreshToken { token } => (Credentials::IdentityToken(token.clone()), Duration::MAX),
        RegistryLogin::Aws { .. } => return of_aws(login, places, options).map(Some),
        RegistryLogin::Azure { tenant, client_id, client_secret } => {
            let directory = place(&places.azure, azure::PLACE);
            azure::exchange(&directory, host, [tenant, client_id, client_secret], options)?
        }
        RegistryLogin::Google { service_account } => {
            google::exchange(&place(&places.google, google::PLACE), service_account, options)?
        }
    };
    Ok(Some(Admission { credentials, lifetime, aws: None }))
}

/// The role comes first, if there is one: what it is lent gets the login.
fn of_aws(
    login: &RegistryLogin,
    places: &CloudPlaces,
    options: &RegistryOptions,
) -> Result<Admission, RegistryError> {
    let RegistryLogin::Aws { region, access_key, secret_key, session_token, role_arn, external_id } = login
    else {
        return Err(RegistryError::Client { reason: "it is no login of AWS".to_owned() });
    };
    let place = |given: &Option<String>, service: &str| match given {
        Some(place) => Ok(place.clone()),
        None => aws::place_of(service, region),
    };
    let key = aws::Key { id: access_key.clone(), secret: secret_key.clone(), session: session_token.clone() };
    let mut access = aws::Access { region: region.clone(), key };
    if let Some(arn) = role_arn {
        let role = aws::Role { arn, external_id: external_id.as_deref() };
        access.key = aws::assume(&place(&places.sts, "sts")?, &access, role, options)?;
    }
    let (credentials, lifetime) = aws::exchange(&place(&places.aws, "api.ecr")?, &access, options)?;
    Ok(Admission { credentials, lifetime, aws: Some(access) })
}

/// Prepares for a service of a cloud.
pub(super) fn connect(place: &str, options: &RegistryOptions) -> Result<Wire, RegistryError> {
    let wrong = |reason: String| RegistryError::Client { reason: format!("`{place}`: {reason}") };
    let base = Url::parse(place).map_err(|error| wrong(error.to_string()))?;
    let guard = Guard::new(&base, false, |name| std::env::var(name).ok());
    if !guard.is_https() && !is_here(&base) {
        return Err(wrong("a secret would go over plain HTTP".to_owned()));
    }
    Wire::new(base, guard, options.authorities.as_deref(), options.patience.clone())
}

/// One question to a service of a cloud.
struct Question<'q> {
    path: &'q str,
    content_type: &'static str,
    headers: HeaderMap,
    body: String,
}

impl Question<'_> {
    /// A form.
    fn form<'q>(path: &'q str, fields: &[(&str, &str)]) -> Question<'q> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let content_type = "application/x-www-form-urlencoded";
        Question { path, content_type, headers: HeaderMap::new(), body }
    }

    /// Asks. A refusal is told in the cloud's own words.
    fn ask(&self, wire: &Wire) -> Result<Vec<u8>, RegistryError> {
        let url = wire.base.join(self.path);
        let url = url.map_err(|error| RegistryError::Client { reason: error.to_string() })?;
        retried(&wire.patience, || {
            let request = wire.post(url.clone()).headers(self.headers.clone());
            let response =
                wire.send(request.header(CONTENT_TYPE, self.content_type).body(self.body.clone()))?;
            match response.status().as_u16() {
                200 => wire.read_body(response, MAX_ANSWER),
                status @ (400 | 401 | 403) => {
                    let (host, repository) = (wire.host(), "the registry".to_owned());
                    let message = wire.error_words(response);
                    // so AWS says what others say by 429
                    if message.contains("Rate exceeded") {
                        let error = RegistryError::Status { host, status, message };
                        return Err(Failure::Passing { error, asked: None, unconnected: false });
                    }
                    let refused = RegistryError::Unauthorized { host, repository, with_login: true, message };
                    Err(Failure::from(refused))
                }
                _ => Err(wire.failure(response, "login service")),
            }
        })
    }
}

/// A form's answer, which is JSON.
struct Answer {
    place: String,
    document: serde_json::Value,
}

impl Answer {
    /// Sends a form and reads what comes.
    fn to(place: &str, form: &Question<'_>, options: &RegistryOptions) -> Result<Self, RegistryError> {
        let body = form.ask(&connect(place, options)?)?;
        let place = place.to_owned();
        match serde_json::from_slice(&body) {
            Ok(document) => Ok(Self { place, document }),
            Err(_) => {
                Err(RegistryError::Protocol { host: place, reason: "its answer is no JSON".to_owned() })
            }
        }
    }

    /// A text out of it.
    fn text(&self, key: &str) -> Result<String, RegistryError> {
        let text = self.document[key].as_str().filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| {
            let reason = format!("its answer has no `{key}`");
            RegistryError::Protocol { host: self.place.clone(), reason }
        })
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
    let _ = aws::read_key(bytes);
    if let Ok(answer) = serde_json::from_slice(bytes) {
        let _ = aws::read_answer(&answer);
    }
}

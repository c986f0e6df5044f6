//! The server as the sensor sees it: enrolment, calls with a token signed for each, and what to make of answers.
//!
//! What it is for: getting one call to the server and saying what became of it. What it is not for: deciding what to send, or
//! trying again; that is the engine's.
//!
//! The decision a reader may doubt: a redirect is never followed. It would carry reports and a login to a place that nobody
//! named, and a server that moved can be named anew.

mod answer;
mod backoff;
mod clock;
mod error;
mod identity;
mod key;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::stream;
use hyper::body::Bytes;
use model::sensor::{Enrolled, Enrolment};
use model::{HostReport, SensorProfile, SensorType, Timestamp};
use reqwest::{Body, Certificate, Method, RequestBuilder, Url, redirect};
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::sync::Mutex;

pub(crate) use self::backoff::{Backoff, scatter};
use self::clock::Clock;
pub use self::error::{CallError, StateError};
use self::identity::Identity;
use self::key::SensorKey;
use crate::limits::Bandwidth;

/// What the program calls itself.
pub(crate) const PROGRAM: &str = concat!("plimsoll/", env!("CARGO_PKG_VERSION"));
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest pause of an answer.
const PAUSE: Duration = Duration::from_secs(60);
/// The longest that a call may take, without what the cap on bandwidth adds.
const WHOLE: Duration = Duration::from_secs(180);
/// Bytes of a body that are handed over at a time.
const CHUNK: usize = 16 << 10;
/// Bytes of a file with certificates that are read.
const MAX_CERTIFICATES: u64 = 4 << 20;
/// How exactly the `Date` of an answer tells the time, in milliseconds.
const DATE: i64 = 1_000;
/// A token may have been refused because of a clock that turns out to differ from what was believed by so much, in milliseconds.
const REFUSABLE: i64 = 20_000;

/// How the sensor makes itself known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// By its own key, enrolled with this one-time token if it is not enrolled yet.
    Enrolled(Option<String>),
    /// By an account that may send reports. The server then knows of no sensor.
    Account {
        /// Its name.
        user: String,
        /// Its password.
        password: String,
    },
}

/// Which server, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Its base URL.
    pub url: String,
    /// As whom.
    pub login: Login,
    /// A file of certificates in PEM form that are trusted beside the system's.
    pub authorities: Option<PathBuf>,
    /// Bytes a second that may be sent; `None` is as fast as it goes.
    pub bandwidth: Option<u64>,
    /// What people call the sensor.
    pub name: String,
    /// What it watches.
    pub kind: SensorType,
}

/// Who we are.
struct Holder {
    key: SensorKey,
    identity: Option<Identity>,
}

/// A server and who we are there.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    state: PathBuf,
    options: ServerOptions,
    identity: Mutex<Holder>,
    bandwidth: Bandwidth,
    clock: Clock,
}

impl Client {
    /// Prepares calls; nothing is connected to yet. The key pair is made if the state directory has none.
    pub fn new(options: ServerOptions, state: &Path) -> Result<Self, StateError> {
        let base = base_url(&options.url)?;
        // someone else in the process may have chosen a provider already; theirs is as good
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(PROGRAM)
            .connect_timeout(CONNECT)
            .read_timeout(PAUSE)
            .redirect(redirect::Policy::none())
            .referer(false)
            .pool_max_idle_per_host(1);
        if let Some(path) = &options.authorities {
            builder = builder.tls_certs_merge(read_certificates(path)?);
        }
        let http = builder.build();
        let http = http.map_err(|error| {
            StateError::Setting(format!("cannot prepare the HTTP client: {}", answer::causes(&error)))
        })?;
        let identity = Identity::load(state)?;
        Ok(Self {
            http,
            base,
            state: state.to_owned(),
            identity: Mutex::new(Holder { key: SensorKey::load_or_make(state)?, identity }),
            bandwidth: Bandwidth::new(options.bandwidth),
            clock: Clock::default(),
            options,
        })
    }

    /// Whether the server knows it as a sensor, or will once it is enrolled; not so with an account.
    pub fn is_sensor(&self) -> bool {
        matches!(self.options.login, Login::Enrolled(_))
    }

    /// Milliseconds that the server's clock is ahead of this machine's, as far as that is known; 0 if it matters to nobody.
    pub fn skew(&self) -> i64 {
        self.clock.ahead()
    }

    /// Takes note of the server's clock, told by an answer to what was sent when ours showed `sent`.
    pub(crate) fn compare_clocks(&self, server: Timestamp, sent: Timestamp) {
        self.clock.hear(sent, Timestamp::now(), server, 1);
    }

    /// Enrols if that is still to be done, and gives the profile that the server then told. Without a token it is an error.
    pub async fn enrol(&self, host: &HostReport) -> Result<Option<SensorProfile>, CallError> {
        let Login::Enrolled(token) = &self.options.login else { return Ok(None) };
        let mut holder = self.identity.lock().await;
        let known = holder.identity.as_ref();
        if known.is_some_and(|known| known.serves(self.base.as_str(), token.as_deref())) {
            return Ok(None);
        }
        let Some(token) = token else { return Err(CallError::NotEnrolled) };
        let mut outcome = self.ask_in(&holder.key, token, host).await;
        if matches!(outcome, Err(CallError::Rejected { status: 409, .. })) {
            // the key was another sensor's, which may have been revoked: a new sensor has a new key
            holder.key = SensorKey::make(&self.state).map_err(own)?;
            outcome = self.ask_in(&holder.key, token, host).await;
        }
        match (outcome, &mut holder.identity) {
            (Ok(enrolled), identity) => {
                let new = Identity::new(&enrolled, self.base.as_str(), token);
                self.remember(&new)?;
                tracing::info!(sensor = %new.sensor, "enrolled at {} as sensor {}", self.base, new.sensor);
                *identity = Some(new);
                Ok(Some(enrolled.profile))
            }
            // the token is worth nothing, but the identity may be
            (Err(CallError::Refused { words, .. }), Some(known)) => {
                tracing::warn!(
                    words,
                    "the token is of no use ({words}): going on as the sensor that was enrolled before"
                );
                known.accept(self.base.as_str(), token);
                self.remember(known)?;
                Ok(None)
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn ask_in(&self, key: &SensorKey, token: &str, host: &HostReport) -> Result<Enrolled, CallError> {
        let enrolment = Enrolment {
            token: token.to_owned(),
            public_key: key.public(),
            name: self.options.name.clone(),
            kind: self.options.kind,
            version: PROGRAM.to_owned(),
            host: host.clone(),
        };
        let body = serde_json::to_vec(&enrolment).map_err(own)?;
        let request = self.request(Method::POST, "api/v1/sensors/enrol")?;
        let request = request.header("content-type", "application/json").body(body);
        answer::parse(&self.send(request, WHOLE).await?)
    }

    fn remember(&self, identity: &Identity) -> Result<(), CallError> {
        let failed =
            |error| CallError::Own(format!("cannot keep the identity in {}: {error}", self.state.display()));
        identity.save(&self.state).map_err(failed)
    }

    /// Posts a body that is compressed already, as fast as the cap on bandwidth allows.
    pub async fn post_packed(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, CallError> {
        let extra = self.bandwidth.time_of(body.len());
        let body = Bytes::from(body);
        let dress = |request: RequestBuilder| {
            request
                .header("content-type", "application/json")
                .header("content-encoding", "zstd")
                .header("content-length", body.len())
                .body(self.paced(body.clone()))
        };
        self.call(Method::POST, path, dress, WHOLE + extra).await
    }

    /// Posts reports in a compressed body. A page of whatever stands between us and the server is no word that it has them: the answer
    /// must be an object.
    pub async fn deliver(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, CallError> {
        let answer = self.post_packed(path, body).await?;
        answer::parse::<HashMap<String, IgnoredAny>>(&answer)?;
        Ok(answer)
    }

    /// Posts JSON and reads the answer as such.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, CallError> {
        let body = Bytes::from(serde_json::to_vec(body).map_err(own)?);
        let dress =
            |request: RequestBuilder| request.header("content-type", "application/json").body(body.clone());
        answer::parse(&self.call(Method::POST, path, dress, WHOLE).await?)
    }

    /// Asks for something in JSON.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        answer::parse(&self.call(Method::GET, path, |request| request, WHOLE).await?)
    }

    /// One call by who we are. A token that is refused because of our clock is signed once more by the server's.
    async fn call(
        &self,
        method: Method,
        path: &str,
        dress: impl Fn(RequestBuilder) -> RequestBuilder,
        whole: Duration,
    ) -> Result<Vec<u8>, CallError> {
        let believed = self.skew();
        let request = self.authorised(self.request(method.clone(), path)?).await?;
        let answer = self.send(dress(request), whole).await;
        let is_refused = matches!(&answer, Err(CallError::Refused { status: 401, .. }));
        let is_wrong = self.skew().saturating_sub(believed).saturating_abs() >= REFUSABLE;
        if !(is_refused && is_wrong && self.is_sensor()) {
            return answer;
        }
        tracing::debug!(path, "signing once more, by the server's clock");
        let request = self.authorised(self.request(method, path)?).await?;
        self.send(dress(request), whole).await
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, CallError> {
        let url = self.base.join(path).map_err(own)?;
        Ok(self.http.request(method, url).header("accept", "application/json"))
    }

    async fn authorised(&self, request: RequestBuilder) -> Result<RequestBuilder, CallError> {
        match &self.options.login {
            Login::Account { user, password } => Ok(request.basic_auth(user, Some(password))),
            Login::Enrolled(_) => {
                let holder = self.identity.lock().await;
                let sensor = holder.identity.as_ref().ok_or(CallError::NotEnrolled)?.sensor;
                let now = (Timestamp::now().0 + self.skew()) / 1_000;
                Ok(request.bearer_auth(holder.key.token(sensor, now)))
            }
        }
    }

    async fn send(&self, request: RequestBuilder, whole: Duration) -> Result<Vec<u8>, CallError> {
        let answered = async {
            let sent = Timestamp::now();
            let response = request.send().await.map_err(answer::unreachable)?;
            if let Some(clock) = answer::clock_of(&response) {
                self.clock.hear(sent, Timestamp::now(), clock, DATE);
            }
            answer::read(response).await
        };
        let outcome = tokio::time::timeout(whole, answered).await;
        outcome.unwrap_or_else(|_| {
            Err(CallError::Unreachable(format!("no whole answer within {} s", whole.as_secs())))
        })
    }

    /// A body that flows no faster than the cap.
    fn paced(&self, body: Bytes) -> Body {
        let Some(bandwidth) = self.bandwidth.capped() else { return Body::from(body) };
        let parts = stream::unfold((bandwidth, body, 0), |(bandwidth, body, at)| async move {
            let end = body.len().min(at + CHUNK);
            if at == end {
                return None;
            }
            bandwidth.take(end - at).await;
            let part = body.slice(at..end);
            Some((Ok::<_, std::io::Error>(part), (bandwidth, body, end)))
        });
        Body::wrap_stream(parts)
    }
}

fn own(error: impl std::fmt::Display) -> CallError {
    CallError::Own(error.to_string())
}

/// The base URL, ending in a slash so that paths are added to it.
fn base_url(text: &str) -> Result<Url, StateError> {
    let wrong = || {
        StateError::Setting(format!(
            "--server takes a URL such as https://plimsoll.example.com, not `{text}`"
        ))
    };
    let url: Url = format!("{}/", text.trim_end_matches('/')).parse().map_err(|_| wrong())?;
    let usable = matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none();
    match usable && url.username().is_empty() && url.password().is_none() {
        true => Ok(url),
        false => Err(wrong()),
    }
}

fn read_certificates(path: &Path) -> Result<Vec<Certificate>, StateError> {
    let failed = |source| StateError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_CERTIFICATES).read_to_end(&mut bytes))
        .map_err(failed)?;
    let none = || StateError::Setting(format!("{} holds no certificate in PEM form", path.display()));
    let certificates = Certificate::from_pem_bundle(&bytes).map_err(|_| none())?;
    if certificates.is_empty() { Err(none()) } else { Ok(certificates) }
}

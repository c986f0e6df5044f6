//! One request and its answer, without logins: the client, redirects, and what counts as failure.
//!
//! Redirects are followed here and not by the HTTP library, since each must pass the [`Guard`], and the login
//! goes to the registry itself and nowhere else.

use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::{Certificate, Method, StatusCode, Url, redirect};

use super::error::{RegistryError, words};
use super::guard::{Guard, GuardedResolver};
use super::retry::{Failure, Patience, asked_wait};

/// As many as Go's client, which the other tools use, follows.
const MAX_REDIRECTS: usize = 10;
/// Bytes of an error's body that are looked at.
const MAX_ERROR: u64 = 16 << 10;
/// Bytes of a file with certificates that are read.
const MAX_CERTIFICATES: u64 = 4 << 20;

/// What has been asked of a registry and got from it.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Traffic {
    pub(super) fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

/// A connection to one registry and to where it points.
#[derive(Debug)]
pub(super) struct Wire {
    client: Client,
    pub(super) guard: Arc<Guard>,
    pub(super) base: Url,
    pub(super) patience: Patience,
    pub(super) traffic: Traffic,
    /// Until when nothing is sent, because the registry asked for a pause.
    pause: Mutex<Option<Instant>>,
}

impl Wire {
    /// Prepares the client; nothing is connected to yet. `authorities` is a file of certificates in PEM form
    /// that are trusted beside the system's.
    pub(super) fn new(
        base: Url,
        guard: Guard,
        authorities: Option<&Path>,
        patience: Patience,
    ) -> Result<Self, RegistryError> {
        let failed = |error: reqwest::Error| RegistryError::Client { reason: causes(&error) };
        // someone else in the process may have chosen a provider already; theirs is as good
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Arc::new(guard);
        let mut builder = Client::builder()
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(patience.connect)
            .timeout(patience.idle)
            .redirect(redirect::Policy::none())
            .referer(false)
            .dns_resolver(Arc::new(GuardedResolver(guard.clone())));
        if guard.is_loopback() {
            builder = builder.no_proxy();
        }
        if let Some(path) = authorities {
            builder = builder.tls_certs_merge(read_certificates(path)?);
        }
        let client = builder.build().map_err(failed)?;
        Ok(Self { client, guard, base, patience, traffic: Traffic::default(), pause: Mutex::default() })
    }

    /// The registry's host and port, for messages.
    pub(super) fn host(&self) -> String {
        host_of(&self.base)
    }

    /// A GET.
    pub(super) fn get(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    /// A POST.
    pub(super) fn post(&self, url: Url) -> RequestBuilder {
        self.client.post(url)
    }

    /// Sends one request and follows no redirect.
    pub(super) fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        self.keep_pause();
        self.traffic.requests.fetch_add(1, Ordering::Relaxed);
        request.send().map_err(|error| {
            let host = error.url().map_or_else(|| self.host(), host_of);
            let unconnected = error.is_connect();
            let reason = causes(&error.without_url());
            Failure::Passing { error: RegistryError::Unreachable { host, reason }, asked: None, unconnected }
        })
    }

    /// Waits while the registry wants no requests. What it told one thread holds for all of them.
    fn keep_pause(&self) {
        let until = *self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = until.and_then(|until| until.checked_duration_since(Instant::now())) {
            std::thread::sleep(left.min(self.patience.longest_wait));
        }
    }

    fn begin_pause(&self, asked: Duration) {
        let until = Instant::now() + asked.min(self.patience.longest_wait);
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        *pause = Some(pause.map_or(until, |known| known.max(until)));
    }

    /// Asks for a path of the registry, following redirects. `prepare` adds headers to each request; the login
    /// is added for the registry itself only.
    pub(super) fn follow(
        &self,
        method: &Method,
        path: &str,
        login: Option<&HeaderValue>,
        prepare: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Failure> {
        let protocol = |reason: String| RegistryError::Protocol { host: self.host(), reason };
        let mut url = self.base.join(path).map_err(|error| protocol(error.to_string()))?;
        for _ in 0..=MAX_REDIRECTS {
            let mut request = prepare(self.client.request(method.clone(), url.clone()));
            if let Some(login) = login.filter(|_| url.origin() == self.base.origin()) {
                request = request.header(AUTHORIZATION, login.clone());
            }
            let response = self.send(request)?;
            if !is_redirect(response.status()) {
                return Ok(response);
            }
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let target = location.and_then(|location| url.join(location).ok());
            let Some(mut target) = target else {
                return Err(protocol("a redirect without a readable target".to_owned()).into());
            };
            // a name and password in it would be sent along
            let _ = (target.set_username(""), target.set_password(None));
            if let Some(reason) = self.guard.objection(&target) {
                let (host, target) = (host_of(&url), shown(&target));
                return Err(RegistryError::Refused { host, target, reason }.into());
            }
            url = target;
        }
        Err(protocol(format!("more than {MAX_REDIRECTS} redirects in a row")).into())
    }

    /// Reads a short body that must fit `limit`.
    pub(super) fn read_body(&self, mut response: Response, limit: u64) -> Result<Vec<u8>, Failure> {
        let host = host_of(response.url());
        let too_long = |found| RegistryError::Size { host: host.clone(), expected: limit, found };
        if let Some(found) = response.content_length().filter(|length| *length > limit) {
            return Err(too_long(found).into());
        }
        let passing = |reason: String| {
            let error = RegistryError::Unreachable { host: host.clone(), reason };
            Failure::Passing { error, asked: None, unconnected: false }
        };
        let deadline = Instant::now() + self.patience.document;
        let (mut body, mut buffer) = (Vec::new(), vec![0; 16 << 10]);
        loop {
            let count = response.read(&mut buffer).map_err(|error| passing(causes(&error)))?;
            self.traffic.add(count);
            body.extend_from_slice(&buffer[..count]);
            if count == 0 {
                return Ok(body);
            }
            if body.len() as u64 > limit {
                return Err(too_long(body.len() as u64).into());
            }
            if Instant::now() > deadline {
                return Err(passing("it sends too slowly".to_owned()));
            }
        }
    }

    /// An answer that is not success, as an error. `what` was asked for.
    pub(super) fn failure(&self, response: Response, what: &str) -> Failure {
        let (status, host) = (response.status(), host_of(response.url()));
        let asked = asked_wait(response.headers(), SystemTime::now());
        if let (StatusCode::TOO_MANY_REQUESTS, Some(asked)) = (status, asked) {
            self.begin_pause(asked);
        }
        let message = self.error_words(response);
        let error = match status {
            StatusCode::NOT_FOUND => {
                return RegistryError::NotFound { host, what: what.to_owned(), message }.into();
            }
            _ => RegistryError::Status {
                host: host.clone(),
                status: status.as_u16(),
                message: message.clone(),
            },
        };
        if !matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504) {
            return error.into();
        }
        match asked.filter(|asked| *asked > self.patience.longest_wait) {
            Some(asked) => RegistryError::RateLimit { host, seconds: asked.as_secs(), message }.into(),
            None => Failure::Passing { error, asked, unconnected: false },
        }
    }

    /// What the server says about its refusal.
    pub(super) fn error_words(&self, response: Response) -> String {
        let mut body = Vec::new();
        // half of a message is better than none
        let _ = response.take(MAX_ERROR).read_to_end(&mut body);
        self.traffic.add(body.len());
        words(&body)
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Host and port of a URL.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// A URL without the query, in which keys may be.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string().chars().take(200).collect()
}

fn read_certificates(path: &Path) -> Result<Vec<Certificate>, RegistryError> {
    let failed = |reason: String| RegistryError::Client {
        reason: format!("the certificates in `{}`: {reason}", path.display()),
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    file.take(MAX_CERTIFICATES).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
    let certificates = Certificate::from_pem_bundle(&bytes).map_err(|error| failed(causes(&error)))?;
    match certificates.is_empty() {
        true => Err(failed("there is none in PEM form".to_owned())),
        false => Ok(certificates),
    }
}

/// An error with its causes; the library's own message says only "error sending request".
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

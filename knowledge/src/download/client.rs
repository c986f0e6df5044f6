//! Requests: conditional, bounded, tried again where that may help, never led away from `https`.
//!
//! Redirects are followed here and not by the client underneath, because each hop has to be checked: over a mirror it must
//! stay on the mirror, else it must be `https`.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use reqwest::blocking::Response;
use reqwest::header::{
    ACCEPT, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
    RETRY_AFTER,
};
use reqwest::{StatusCode, Url, redirect};

use super::clock::Clock;
use super::kind::{HEAD, Kind};
use super::pace::Pace;
use super::retry::{Failure, Trouble, persist, retry_after};
use super::sidecar::Validators;
use crate::BUILDER;
use crate::bundle::write::remove_stale;
use crate::error::KnowledgeError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For the answer's head and for each read of its body.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(60);
const REDIRECTS: usize = 5;
/// The only host that is given the key of the National Vulnerability Database.
const NVD_API: &str = "services.nvd.nist.gov";

/// The HTTP client with what every request has in common.
pub(super) struct Client<'a> {
    http: reqwest::blocking::Client,
    mirror: Option<String>,
    nvd_api_key: Option<&'a str>,
    pub(super) clock: &'a dyn Clock,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'r> {
    /// The publisher's address, whatever the mirror.
    pub(super) url: &'r str,
    /// What is known of it; a publisher that has nothing newer then sends no body.
    pub(super) known: Option<&'r Validators>,
    pub(super) accept: Option<&'r str>,
    /// The most bytes that are taken.
    pub(super) limit: u64,
    pub(super) kind: Kind,
}

impl<'r> Request<'r> {
    pub(super) fn new(url: &'r str, kind: Kind, limit: u64) -> Self {
        Self { url, known: None, accept: None, limit, kind }
    }

    pub(super) fn known(self, known: &'r Validators) -> Self {
        Self { known: Some(known), ..self }
    }
}

/// A short answer.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) bytes: Vec<u8>,
    pub(super) validators: Validators,
}

impl Page {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl<'a> Client<'a> {
    pub(super) fn new(
        mirror: Option<&str>,
        nvd_api_key: Option<&'a str>,
        read_timeout: Duration,
        clock: &'a dyn Clock,
    ) -> Result<Self, KnowledgeError> {
        // Someone else in the process may have chosen a provider already; theirs is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = mirror.is_some_and(|mirror| mirror.starts_with("http://"));
        let http = reqwest::blocking::Client::builder()
            .user_agent(BUILDER)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(read_timeout)
            .https_only(!plain)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| KnowledgeError::Client(causes(&error)))?;
        let mirror = mirror.map(|mirror| format!("{}/", mirror.trim_end_matches('/')));
        Ok(Self { http, mirror, nvd_api_key, clock })
    }

    /// Fetches into memory; `None` if it has not changed.
    pub(super) fn page(&self, request: Request<'_>) -> Result<Option<Page>, Failure> {
        self.page_until(request, |_| false)
    }

    /// Fetches into memory until `enough` says of what has come that the rest is not needed.
    pub(super) fn page_until(
        &self,
        request: Request<'_>,
        enough: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Page>, Failure> {
        persist(self.clock, || {
            let Some(mut response) = self.open(&request)? else { return Ok(None) };
            let validators = validators(response.headers());
            let mut bytes = Vec::new();
            self.pour(&mut response, &request, |chunk| {
                bytes.extend_from_slice(chunk);
                Ok(enough(&bytes))
            })?;
            Ok(Some(Page { bytes, validators }))
        })
    }

    /// Fetches a short text.
    pub(super) fn text(&self, url: &str, kind: Kind, limit: u64) -> Result<String, Failure> {
        let page = self.page(Request::new(url, kind, limit))?;
        page.map(|page| page.text()).ok_or_else(|| Failure::other("the server sent no body"))
    }

    /// Fetches into the file `part` and looks whether it is whole; `None` if it has not changed. No file is left behind
    /// unless it is whole.
    pub(super) fn file(
        &self,
        request: Request<'_>,
        part: &Path,
    ) -> Result<Option<(u64, Validators)>, Failure> {
        let fetched = persist(self.clock, || {
            let Some(mut response) = self.open(&request)? else { return Ok(None) };
            let validators = validators(response.headers());
            let bytes = self.write(&mut response, &request, part)?;
            Ok(Some((bytes, validators)))
        });
        if fetched.is_err() {
            let _ = fs::remove_file(part);
        }
        fetched
    }

    fn write(&self, response: &mut Response, request: &Request<'_>, part: &Path) -> Result<u64, Trouble> {
        if let Some(folder) = part.parent() {
            fs::create_dir_all(folder).map_err(Trouble::other)?;
            remove_stale(folder, "", ".part");
        }
        let mut file = File::create(part).map_err(Trouble::other)?;
        let bytes = self.pour(response, request, |chunk| {
            file.write_all(chunk).map_err(Trouble::other)?;
            Ok(false)
        })?;
        file.sync_all().map_err(Trouble::other)?;
        request.kind.is_whole(part).map_err(Trouble::passing)?;
        Ok(bytes)
    }

    /// Sends a request and follows redirects; `None` if the publisher says that nothing has changed.
    fn open(&self, request: &Request<'_>) -> Result<Option<Response>, Trouble> {
        let mut url = Url::parse(request.url).map_err(Trouble::other)?;
        for _ in 0..=REDIRECTS {
            let response = self.send(&url, request)?;
            let status = response.status();
            if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
                url = self.follow(&url, response.headers())?;
                continue;
            }
            return self.judge(response);
        }
        Err(Trouble::other(format!("it was redirected more than {REDIRECTS} times")))
    }

    fn send(&self, url: &Url, request: &Request<'_>) -> Result<Response, Trouble> {
        let mut sent = self.http.get(self.address(url));
        if let Some(known) = request.known {
            if let Some(etag) = &known.etag {
                sent = sent.header(IF_NONE_MATCH, etag);
            }
            if let Some(date) = &known.last_modified {
                sent = sent.header(IF_MODIFIED_SINCE, date);
            }
        }
        if let Some(accept) = request.accept {
            sent = sent.header(ACCEPT, accept);
        }
        if let Some(key) = self.nvd_api_key.filter(|_| url.host_str() == Some(NVD_API)) {
            sent = sent.header("apiKey", key);
        }
        sent.send().map_err(|error| {
            let reason = causes(&error);
            if error.is_connect() {
                return Trouble::Final(Failure::Unreachable(reason));
            }
            if error.is_builder() { Trouble::other(reason) } else { Trouble::passing(reason) }
        })
    }

    /// Where the publisher's address is asked for.
    fn address(&self, url: &Url) -> String {
        match (&self.mirror, url.as_str().strip_prefix("https://")) {
            (Some(mirror), Some(rest)) => format!("{mirror}{rest}"),
            _ => url.as_str().to_owned(),
        }
    }

    /// The publisher's address that a redirect leads to.
    fn follow(&self, from: &Url, headers: &HeaderMap) -> Result<Url, Trouble> {
        let location =
            header(headers, LOCATION).ok_or_else(|| Trouble::other("it was redirected nowhere"))?;
        let own = self.mirror.as_ref().and_then(|mirror| location.strip_prefix(mirror.as_str()));
        let next = match own {
            Some(rest) => Url::parse(&format!("https://{rest}")),
            None => from.join(&location),
        };
        match next {
            Ok(next) if next.scheme() == "https" => Ok(next),
            Ok(next) => Err(Trouble::other(format!(
                "it was redirected to {}://{}, which is not https",
                next.scheme(),
                next.host_str().unwrap_or_default()
            ))),
            Err(error) => Err(Trouble::other(format!("it was redirected to no address: {error}"))),
        }
    }

    fn judge(&self, response: Response) -> Result<Option<Response>, Trouble> {
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        if status.is_success() {
            return Ok(Some(response));
        }
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            return Err(Trouble::Final(Failure::Missing));
        }
        let reason = format!("the server answered {status}");
        let asked = header(response.headers(), RETRY_AFTER);
        let wait = asked.and_then(|text| retry_after(&text, self.clock.now()));
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || wait.is_some() {
            return Err(Trouble::Passing { reason, wait });
        }
        Err(Trouble::other(reason))
    }

    /// Takes the body within its bounds; `sink` says whether it has enough.
    fn pour(
        &self,
        response: &mut Response,
        request: &Request<'_>,
        mut sink: impl FnMut(&[u8]) -> Result<bool, Trouble>,
    ) -> Result<u64, Trouble> {
        let too_large = || Trouble::other(format!("it is larger than {} bytes", request.limit));
        let announced = response.content_length();
        if announced.is_some_and(|length| length > request.limit) {
            return Err(too_large());
        }
        let mut pace = Pace::start(self.clock.elapsed());
        let mut buffer = vec![0; 1 << 16];
        let mut head = Vec::new();
        let mut total = 0;
        loop {
            let count = response.read(&mut buffer).map_err(|error| Trouble::passing(causes(&error)))?;
            pace.note(self.clock.elapsed(), count as u64).map_err(Trouble::passing)?;
            total += count as u64;
            if total > request.limit {
                return Err(too_large());
            }
            let was_short = head.len() < HEAD;
            if was_short {
                head.extend_from_slice(&buffer[..count.min(HEAD - head.len())]);
            }
            if was_short && (head.len() == HEAD || count == 0) && !request.kind.fits(&head) {
                let what = if total == 0 {
                    "nothing came".into()
                } else {
                    format!("what came is no {:?} file", request.kind)
                };
                return Err(Trouble::other(what));
            }
            if count == 0 || sink(&buffer[..count])? {
                break;
            }
        }
        Ok(total)
    }
}

fn validators(headers: &HeaderMap) -> Validators {
    Validators { etag: header(headers, ETAG), last_modified: header(headers, LAST_MODIFIED) }
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// An error with its causes; the client's own message says only "error sending request".
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

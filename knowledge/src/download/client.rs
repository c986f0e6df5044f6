//! One conditional request at a time, into a file that is replaced only when the new one is whole.

use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::path::Path;
use std::time::Duration;

use reqwest::blocking::{RequestBuilder, Response};
use reqwest::header::{ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use reqwest::{StatusCode, redirect};

use super::list::Item;
use super::sidecar::Sidecar;
use crate::BUILDER;
use crate::bundle::write::{part_path, remove_stale, rename_synced};
use crate::error::KnowledgeError;
use crate::input::read_bounded;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For the answer's head and for each read of its body.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
const INDEX_LIMIT: u64 = 1 << 20;

/// Why a file could not be fetched.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection to the host: its other files need not be tried.
    Unreachable(String),
    Other(String),
}

/// The HTTP client with what every request has in common.
pub(super) struct Client {
    http: reqwest::blocking::Client,
    mirror: Option<String>,
}

impl Client {
    pub(super) fn new(mirror: Option<&str>) -> Result<Self, KnowledgeError> {
        // Someone else in the process may have chosen a provider already; theirs is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::blocking::Client::builder()
            .user_agent(BUILDER)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(READ_TIMEOUT)
            .https_only(mirror.is_none())
            .redirect(redirect::Policy::limited(5))
            .build()
            .map_err(|error| KnowledgeError::Client(causes(&error)))?;
        Ok(Self { http, mirror: mirror.map(|mirror| mirror.trim_end_matches('/').to_owned()) })
    }

    /// Fetches a short page.
    pub(super) fn text(&self, url: &str) -> Result<String, Failure> {
        let response = self.send(self.get(url))?;
        let bytes = read_bounded(response, INDEX_LIMIT).map_err(|error| Failure::Other(error.to_string()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Brings a file up to date; gives the bytes fetched, `None` if it has not changed.
    pub(super) fn fetch(&self, item: &Item, target: &Path) -> Result<Option<u64>, Failure> {
        let mut request = self.get(&item.url);
        if target.is_file()
            && let Some(sidecar) = Sidecar::read(target).filter(|sidecar| sidecar.url == item.url)
        {
            if let Some(etag) = sidecar.etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            if let Some(date) = sidecar.last_modified {
                request = request.header(IF_MODIFIED_SINCE, date);
            }
        }
        let response = self.send(request)?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let headers = response.headers().clone();
        let bytes = save(response, item, target)?;
        let sidecar = Sidecar {
            url: item.url.clone(),
            etag: header(&headers, ETAG),
            last_modified: header(&headers, LAST_MODIFIED),
        };
        sidecar.write(target).map_err(|error| Failure::Other(error.to_string()))?;
        Ok(Some(bytes))
    }

    fn get(&self, url: &str) -> RequestBuilder {
        match (&self.mirror, url.strip_prefix("https://")) {
            (Some(mirror), Some(rest)) => self.http.get(format!("{mirror}/{rest}")),
            _ => self.http.get(url),
        }
    }

    /// Sends a request; once more if the server itself failed.
    fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let again = request.try_clone();
        let response = attempt(request)?;
        let response = match again {
            Some(again) if response.status().is_server_error() => attempt(again)?,
            _ => response,
        };
        let status = response.status();
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        Err(Failure::Other(format!("the server answered {status}")))
    }
}

fn attempt(request: RequestBuilder) -> Result<Response, Failure> {
    request.send().map_err(|error| {
        let reason = causes(&error);
        if error.is_connect() { Failure::Unreachable(reason) } else { Failure::Other(reason) }
    })
}

/// Writes the body beside the target and renames it when it is whole and of the right kind.
fn save(mut response: Response, item: &Item, target: &Path) -> Result<u64, Failure> {
    let announced = response.content_length();
    if announced.is_some_and(|length| length > item.limit) {
        return Err(Failure::Other(format!("it is larger than {} bytes", item.limit)));
    }
    let part = part_path(target);
    let bytes = write_part(&mut response, item, &part).and_then(|bytes| {
        match announced.filter(|announced| *announced != bytes) {
            Some(announced) => Err(format!("it ended after {bytes} of {announced} bytes")),
            None => Ok(bytes),
        }
    });
    match bytes {
        Ok(bytes) => {
            rename_synced(&part, target).map_err(|error| Failure::Other(error.to_string()))?;
            Ok(bytes)
        }
        Err(reason) => {
            let _ = fs::remove_file(&part);
            Err(Failure::Other(reason))
        }
    }
}

fn write_part(response: &mut Response, item: &Item, part: &Path) -> Result<u64, String> {
    let io = |error: std::io::Error| causes(&error);
    if let Some(folder) = part.parent() {
        fs::create_dir_all(folder).map_err(io)?;
        remove_stale(folder, "", ".part");
    }
    let mut file = File::create(part).map_err(io)?;
    let mut buffer = vec![0; 1 << 16];
    let mut total = 0;
    loop {
        let count = response.read(&mut buffer).map_err(io)?;
        if count == 0 {
            break;
        }
        if total == 0 && !item.kind.fits(&buffer[..count]) {
            return Err(format!("what came is no {:?} file", item.kind));
        }
        total += count as u64;
        if total > item.limit {
            return Err(format!("it is larger than {} bytes", item.limit));
        }
        file.write_all(&buffer[..count]).map_err(io)?;
    }
    if total == 0 {
        return Err("it is empty".into());
    }
    file.sync_all().map_err(io)?;
    Ok(total)
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

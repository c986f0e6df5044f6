//! A layer in a registry, read as it comes.
//!
//! Nothing is asked of the registry before the first byte is wanted. A connection that breaks is taken up
//! again where it broke; whoever reads does not notice, and its digest goes on.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::Digest;
use reqwest::StatusCode;
use reqwest::blocking::Response;
use reqwest::header::{CONTENT_RANGE, HeaderMap};

use super::error::RegistryError;
use super::session::{Ask, Session};
use super::toc::TocPlace;
use super::wire::{causes, host_of};

/// Where a layer is.
#[derive(Clone)]
pub(crate) struct RemoteBlob {
    session: Arc<Session>,
    digest: Digest,
    size: u64,
    toc: Option<TocPlace>,
    asked: Arc<AtomicBool>,
}

impl RemoteBlob {
    pub(super) fn new(session: Arc<Session>, digest: Digest, size: u64, toc: Option<TocPlace>) -> Self {
        Self { session, digest, size, toc, asked: Arc::default() }
    }

    /// Where its table of contents is, if it has one.
    pub(super) fn toc(&self) -> Option<&TocPlace> {
        self.toc.as_ref()
    }

    /// What a reading by the table of contents is known by: blob and table together, and never the blob
    /// alone, of which not every byte was seen.
    pub(crate) fn parts_key(&self) -> Option<Digest> {
        let toc = self.toc.as_ref()?;
        let text = format!("layer by table of contents\n{}\n{}\n", self.digest, toc.checksum);
        Some(Digest::of(text.as_bytes()))
    }

    /// Its size as the manifest states it.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Whether any of it was asked for.
    pub(crate) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Starts at its beginning.
    pub(crate) fn open(&self) -> RemoteReader {
        self.open_range(0, self.size)
    }

    /// Reads from `start` to before `end`.
    pub(super) fn open_range(&self, start: u64, end: u64) -> RemoteReader {
        let (position, end) = (start.min(end), end.min(self.size));
        RemoteReader { blob: self.clone(), body: None, position, end, failures: 0, resumptions: 0 }
    }
}

/// The same blob of the same registry.
impl PartialEq for RemoteBlob {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.session, &other.session) && self.digest == other.digest && self.size == other.size
    }
}

impl Eq for RemoteBlob {}

impl fmt::Debug for RemoteBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteBlob({}, {} bytes)", self.digest, self.size)
    }
}

/// Reads a blob, or a part of it, to the end that the manifest states.
#[derive(Debug)]
pub(crate) struct RemoteReader {
    blob: RemoteBlob,
    body: Option<Response>,
    position: u64,
    end: u64,
    /// Breaks since the last byte that came.
    failures: u32,
    resumptions: u32,
}

impl RemoteReader {
    /// Bytes that are still to come.
    pub(crate) fn remaining(&self) -> u64 {
        self.end - self.position
    }

    /// Where the next byte is in the blob.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Where it ends in the blob.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Asks for the blob from the current position on.
    fn connect(&mut self) -> Result<Response, RegistryError> {
        let blob = &self.blob;
        blob.asked.store(true, Ordering::Relaxed);
        let path = format!("blobs/{}", blob.digest);
        let last = (self.end < blob.size).then(|| self.end - 1);
        let range = (self.position > 0 || last.is_some()).then_some((self.position, last));
        let mut response = blob.session.get(Ask { path: &path, range, ..Ask::default() })?;
        let expected = match response.status() {
            StatusCode::PARTIAL_CONTENT => {
                check_range(&response, self.position, blob.size)?;
                self.end - self.position
            }
            _ => blob.size,
        };
        if let Some(found) = response.content_length().filter(|length| *length != expected) {
            return Err(RegistryError::Size { host: host_of(response.url()), expected, found });
        }
        if response.status() != StatusCode::PARTIAL_CONTENT {
            self.pass(&mut response)?;
        }
        Ok(response)
    }

    /// Passes over what is known already, where a server sends a whole blob in place of its rest.
    fn pass(&self, response: &mut Response) -> Result<(), RegistryError> {
        let failed = |host: String, reason: String| RegistryError::Unreachable { host, reason };
        let host = host_of(response.url());
        let mut buffer = vec![0; 64 << 10];
        let mut left = self.position;
        while left > 0 {
            let want = left.min(buffer.len() as u64) as usize;
            let count =
                response.read(&mut buffer[..want]).map_err(|error| failed(host.clone(), causes(&error)))?;
            if count == 0 {
                return Err(failed(host, "the connection ended early".to_owned()));
            }
            self.blob.session.wire.traffic.add(count);
            left -= count as u64;
        }
        Ok(())
    }

    /// The next bytes, at least one, or why the connection broke.
    fn read_once(&mut self, out: &mut [u8]) -> Result<Result<usize, String>, RegistryError> {
        let body = match &mut self.body {
            Some(body) => body,
            None => match self.connect() {
                // the request itself was tried often enough, but bytes have come before
                Err(RegistryError::Unreachable { reason, .. }) if self.position > 0 => {
                    return Ok(Err(reason));
                }
                body => self.body.insert(body?),
            },
        };
        Ok(match body.read(out) {
            Ok(0) => Err("the connection ended early".to_owned()),
            Ok(count) => {
                self.position += count as u64;
                self.failures = 0;
                self.blob.session.wire.traffic.add(count);
                Ok(count)
            }
            Err(error) => Err(causes(&error)),
        })
    }

    /// Waits before the layer is asked for again, unless that has been done too often.
    fn broken(&mut self, reason: String) -> Result<(), RegistryError> {
        let patience = &self.blob.session.wire.patience;
        let host = self.body.take().map(|body| host_of(body.url()));
        self.failures += 1;
        self.resumptions += 1;
        if self.failures >= patience.tries || self.resumptions > patience.resumptions {
            let host = host.unwrap_or_else(|| self.blob.session.wire.host());
            let reason = format!("{reason}, after {} of {} bytes", self.position, self.blob.size);
            return Err(RegistryError::Unreachable { host, reason });
        }
        std::thread::sleep(patience.wait(self.failures));
        Ok(())
    }
}

impl Read for RemoteReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let want = (out.len() as u64).min(self.remaining()) as usize;
        if want == 0 {
            return Ok(0);
        }
        loop {
            let reason = match self.read_once(&mut out[..want]).map_err(io::Error::other)? {
                Ok(count) => return Ok(count),
                Err(reason) => reason,
            };
            self.broken(reason).map_err(io::Error::other)?;
        }
    }
}

/// An answer to a range must begin where it was asked to (RFC 9110 §14.4).
fn check_range(response: &Response, first: u64, size: u64) -> Result<(), RegistryError> {
    match read_range(response.headers()) {
        Some((start, total)) if start == first && total.is_none_or(|total| total == size) => Ok(()),
        _ => {
            let reason = format!("it answers another range than the one from byte {first} on");
            Err(RegistryError::Protocol { host: host_of(response.url()), reason })
        }
    }
}

/// First byte and total size of `Content-Range: bytes 5-9/10`.
fn read_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let total = match total {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    Some((start.trim().parse().ok()?, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_an_answer_is_read() {
        let range = |text: &str| read_range(&HeaderMap::from_iter([(CONTENT_RANGE, text.parse().unwrap())]));
        assert_eq!(range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(range("bytes 5-9/*"), Some((5, None)));
        for text in ["", "bytes */10", "items 5-9/10", "bytes 5-9", "bytes x-9/10", "bytes 5-9/y"] {
            assert_eq!(range(text), None, "{text}");
        }
    }
}

//! HTTP/1.1 over a unix socket, as much of it as engines are asked with.
//!
//! Every request has a connection of its own. It costs some tens of microseconds, and nobody has to tell a connection
//! that was closed while it rested from a daemon that is gone.

use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{HOST, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

use crate::runtime::RuntimeError;

/// What one answer may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Seconds from the request to the last byte.
    pub(super) seconds: u64,
    /// Bytes of the body.
    pub(super) bytes: usize,
}

/// Whether it is there at all.
pub(super) const PING: Bounds = Bounds { seconds: 10, bytes: 64 << 10 };
/// A document about the daemon.
pub(super) const SMALL: Bounds = Bounds { seconds: 30, bytes: 4 << 20 };
/// One container or image. Labels and environment are what makes it large.
pub(super) const RECORD: Bounds = Bounds { seconds: 30, bytes: 16 << 20 };
/// A list of all containers or images, at 1 to 4 KiB each.
pub(super) const LIST: Bounds = Bounds { seconds: 120, bytes: 64 << 20 };

/// Bytes of the head of an answer.
const MAX_HEAD: usize = 64 << 10;
/// Bytes of somebody else's words that are repeated in an error.
const MAX_WORDS: usize = 300;

/// Asks one daemon.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// Its name in errors.
    pub(super) name: &'static str,
    socket: PathBuf,
    /// How long a second of [`Bounds`] is; less in tests only.
    pub(super) second: Duration,
}

/// A body that is still coming in.
pub(super) struct Stream {
    body: Incoming,
    _driver: Driver,
}

/// The task that moves the bytes of a connection; it ends with whoever waits for them.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Client {
    pub(super) fn new(name: &'static str, socket: PathBuf) -> Self {
        Self { name, socket, second: Duration::from_secs(1) }
    }

    /// The body of the answer; `None` if there is no such thing (404).
    pub(super) async fn get(&self, path: &str, bounds: Bounds) -> Result<Option<Vec<u8>>, RuntimeError> {
        let asking = async {
            let (response, driver) = self.send(path).await?;
            self.receive(path, response, driver, bounds).await
        };
        self.within(path, bounds, asking).await
    }

    async fn within<T>(
        &self,
        path: &str,
        bounds: Bounds,
        asking: impl Future<Output = Result<T, RuntimeError>>,
    ) -> Result<T, RuntimeError> {
        match tokio::time::timeout(self.seconds(bounds.seconds), asking).await {
            Ok(answer) => answer,
            Err(_) => Err(RuntimeError::TimedOut {
                runtime: self.name,
                request: path.to_owned(),
                seconds: bounds.seconds,
            }),
        }
    }

    /// So many seconds.
    pub(super) fn seconds(&self, count: u64) -> Duration {
        self.second.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// An answer that goes on until the daemon ends it. Waits for its head for as long as that takes: some daemons send
    /// it along with the first event.
    pub(super) async fn open(&self, path: &str) -> Result<Stream, RuntimeError> {
        let (response, driver) = self.send(path).await?;
        if response.status() == StatusCode::OK {
            return Ok(Stream { body: response.into_body(), _driver: driver });
        }
        let receiving = self.receive(path, response, driver, PING);
        self.within(path, PING, receiving).await?;
        Err(self.refused(path, "it knows of no events"))
    }

    async fn send(&self, path: &str) -> Result<(Response<Incoming>, Driver), RuntimeError> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| self.away(error.to_string()))?;
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.broken(path, &error))?;
        let driver = Driver(tokio::spawn(async move {
            // whoever waits for the answer learns of the error there
            let _ = connection.await;
        }));
        let request = Request::get(path)
            .header(HOST, "localhost")
            .header(USER_AGENT, concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .body(Empty::<Bytes>::new())
            .map_err(|error| self.garbled(path, format!("the request cannot be written: {error}")))?;
        let response = sender.send_request(request).await.map_err(|error| self.broken(path, &error))?;
        Ok((response, driver))
    }

    async fn receive(
        &self,
        path: &str,
        response: Response<Incoming>,
        driver: Driver,
        bounds: Bounds,
    ) -> Result<Option<Vec<u8>>, RuntimeError> {
        let status = response.status();
        let mut stream = Stream { body: response.into_body(), _driver: driver };
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next(self, path).await? {
            if bytes.len() + chunk.len() > bounds.bytes {
                return Err(self.garbled(path, format!("it is longer than {} KiB", bounds.bytes >> 10)));
            }
            bytes.extend_from_slice(&chunk);
        }
        match status {
            StatusCode::OK => Ok(Some(bytes)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(self.refused(path, &format!("{status}: {}", message(&bytes)))),
        }
    }

    /// What a failed connection means: bytes that are no HTTP are garbage, everything else is a daemon that went away.
    fn broken(&self, path: &str, error: &hyper::Error) -> RuntimeError {
        let cause = error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
        match error.is_parse() || error.is_parse_too_large() {
            true => self.garbled(path, cause),
            false => self.away(cause),
        }
    }

    pub(super) fn away(&self, cause: String) -> RuntimeError {
        RuntimeError::Away { runtime: self.name, socket: self.socket.clone(), cause }
    }

    pub(super) fn garbled(&self, path: &str, reason: String) -> RuntimeError {
        RuntimeError::Garbled { runtime: self.name, request: path.to_owned(), reason }
    }

    fn refused(&self, path: &str, message: &str) -> RuntimeError {
        RuntimeError::Refused { runtime: self.name, request: path.to_owned(), message: shorten(message) }
    }
}

impl Stream {
    /// The next bytes; `None` at the end. Nothing is lost if the future is dropped.
    pub(super) async fn next(&mut self, client: &Client, path: &str) -> Result<Option<Bytes>, RuntimeError> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| client.broken(path, &error))?;
            // trailers say nothing of interest
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}

/// The words of an error: `{"message": …}`, or what there is.
fn message(bytes: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Words {
        message: String,
    }
    match serde_json::from_slice::<Words>(bytes) {
        Ok(words) => words.message,
        Err(_) => String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_WORDS)]).into_owned(),
    }
}

/// As much as fits an error, in one line.
pub(super) fn shorten(text: &str) -> String {
    let line: String = text.chars().take(MAX_WORDS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

//! A connection to a runtime's socket and the calls over it (grpc.io, "gRPC over HTTP2").
//!
//! The connection is made at the first call, shared by all, and made anew by the next call after it broke: runtimes are restarted
//! under a sensor that keeps running.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::UnixStream;
use tokio::sync::Mutex;

use super::wire::{self, Message};
use crate::runtime::RuntimeError;

/// Bytes of one message that are read: what the kubelet allows.
const MAX_MESSAGE: usize = 16 << 20;

/// How long an answer may take. A listing of a thousand containers takes a few hundred milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Characters of a runtime's own words that are kept.
const MAX_WORDS: usize = 300;

/// A runtime's socket.
#[derive(Debug)]
pub(crate) struct Channel {
    runtime: &'static str,
    socket: PathBuf,
    connection: Mutex<Option<SendRequest<Full<Bytes>>>>,
    patience: Duration,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    /// Service and method, such as `/runtime.v1.RuntimeService/Version`.
    pub(crate) path: &'static str,
    /// The namespace of containerd.
    pub(crate) namespace: Option<&'a str>,
    /// The message.
    pub(crate) question: Vec<u8>,
}

/// What a status of a call means (grpc.io, "Status codes"), as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// There is no such thing.
    NotFound,
    /// It has no such method.
    Unimplemented,
    /// Anything else.
    Other,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The runtime said so.
    #[error("{error}")]
    Status {
        /// What kind of refusal it is.
        code: Code,
        /// All of it.
        error: RuntimeError,
    },
    /// It did not come that far.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

impl CallError {
    /// Whether what was asked for does not exist.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Status { code: Code::NotFound, .. })
    }

    /// Whether the runtime does not have the method.
    pub(crate) fn is_unimplemented(&self) -> bool {
        matches!(self, Self::Status { code: Code::Unimplemented, .. })
    }
}

impl From<CallError> for RuntimeError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Status { error, .. } | CallError::Runtime(error) => error,
        }
    }
}

impl<'a> Call<'a> {
    /// A question without fields.
    pub(crate) fn new(path: &'static str) -> Self {
        Self { path, namespace: None, question: Vec::new() }
    }

    /// The question.
    pub(crate) fn with(self, question: Vec<u8>) -> Self {
        Self { question, ..self }
    }

    /// In a namespace of containerd.
    pub(crate) fn within(self, namespace: &'a str) -> Self {
        Self { namespace: Some(namespace), ..self }
    }
}

impl Channel {
    /// A socket; nothing is connected yet. `runtime` is what errors call it.
    pub(crate) fn new(runtime: &'static str, socket: &Path) -> Self {
        Self { runtime, socket: socket.to_owned(), connection: Mutex::new(None), patience: PATIENCE }
    }

    /// The same, with another patience.
    #[cfg(test)]
    pub(crate) fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Asks for one answer.
    pub(crate) async fn ask<T: Message>(&self, call: Call<'_>) -> Result<T, CallError> {
        let path = call.path;
        let answer = async {
            let mut messages = self.send(call).await?;
            let Some(bytes) = messages.bytes().await? else {
                return Err(self.garbled(path, "no message".to_owned()).into());
            };
            let message = wire::read(&bytes).map_err(|error| self.garbled(path, error.to_string()))?;
            // The status comes after the message, and only it says that the message is an answer.
            while messages.bytes().await?.is_some() {}
            Ok(message)
        };
        let late = |_| CallError::Runtime(self.timed_out(path));
        tokio::time::timeout(self.patience, answer).await.map_err(late)?
    }

    /// Asks for a stream of answers that goes on. Servers in Go send nothing at all before the first of them, so it may take any
    /// time, and that the stream was refused shows only when the first is asked for.
    pub(crate) async fn follow(&self, call: Call<'_>) -> Result<Messages<'_>, CallError> {
        self.send(call).await
    }

    /// Asks for a stream of answers that ends in time, and hands each to `take`.
    pub(crate) async fn collect<T: Message>(
        &self,
        call: Call<'_>,
        mut take: impl FnMut(T),
    ) -> Result<(), CallError> {
        let path = call.path;
        let answers = async {
            let mut messages = self.send(call).await?;
            while let Some(message) = messages.next().await? {
                take(message);
            }
            Ok(())
        };
        let late = |_| CallError::Runtime(self.timed_out(path));
        tokio::time::timeout(self.patience, answers).await.map_err(late)?
    }

    async fn send(&self, call: Call<'_>) -> Result<Messages<'_>, CallError> {
        let mut body = Vec::with_capacity(call.question.len() + 5);
        body.push(0);
        body.extend_from_slice(&u32::try_from(call.question.len()).unwrap_or(u32::MAX).to_be_bytes());
        body.extend_from_slice(&call.question);
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = hyper::Method::POST;
        let address = format!("http://localhost{}", call.path);
        *request.uri_mut() = address.parse().map_err(|_| self.garbled(call.path, "no path".to_owned()))?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        if let Some(namespace) = call.namespace {
            let value = HeaderValue::from_str(namespace)
                .map_err(|_| self.garbled(call.path, "a namespace that is no name".to_owned()))?;
            headers.insert("containerd-namespace", value);
        }
        // The request is on its way when this returns; only the answer is waited for by whoever wants it.
        let response = Box::pin(self.connect().await?.send_request(request));
        let body = Answer::Awaited(response);
        Ok(Messages { channel: self, path: call.path, body, buffer: Vec::new(), told: false, ended: false })
    }

    /// The connection, or a new one where it broke.
    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, RuntimeError> {
        let mut connection = self.connection.lock().await;
        if let Some(sender) = connection.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let connecting = async {
            let stream = UnixStream::connect(&self.socket).await.map_err(|error| self.away(&error))?;
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.max_header_list_size(64 << 10);
            builder.handshake(TokioIo::new(stream)).await.map_err(|error| self.away(&error))
        };
        let late = |_| self.timed_out("a connection");
        let (sender, driver) = tokio::time::timeout(self.patience, connecting).await.map_err(late)??;
        tokio::spawn(async move {
            // Whoever waits for an answer learns of the error.
            let _ = driver.await;
        });
        Ok(connection.insert(sender).clone())
    }

    pub(crate) fn away(&self, cause: &dyn std::error::Error) -> RuntimeError {
        // The outer words of hyper ("http2 error") say little without the inner.
        let mut words = cause.to_string();
        let mut source = cause.source();
        while let Some(inner) = source {
            words = format!("{words}: {inner}");
            source = inner.source();
        }
        RuntimeError::Away { runtime: self.runtime, socket: self.socket.clone(), cause: shorten(&words) }
    }

    pub(crate) fn garbled(&self, request: &str, reason: String) -> RuntimeError {
        RuntimeError::Garbled { runtime: self.runtime, request: request.to_owned(), reason }
    }

    fn timed_out(&self, request: &str) -> RuntimeError {
        let seconds = self.patience.as_secs();
        RuntimeError::TimedOut { runtime: self.runtime, request: request.to_owned(), seconds }
    }

    fn refused(&self, request: &str, code: &str, message: &str) -> CallError {
        let kind = match code {
            "5" => Code::NotFound,
            "12" => Code::Unimplemented,
            _ => Code::Other,
        };
        let message = match message {
            "" => format!("status {code}"),
            words => shorten(&decode(words)),
        };
        let error = RuntimeError::Refused { runtime: self.runtime, request: request.to_owned(), message };
        CallError::Status { code: kind, error }
    }
}

/// Answers that are still to come.
pub(crate) struct Messages<'c> {
    channel: &'c Channel,
    path: &'static str,
    body: Answer,
    buffer: Vec<u8>,
    /// Whether the head had a status already.
    told: bool,
    ended: bool,
}

enum Answer {
    /// Nothing has come yet.
    Awaited(Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>),
    /// The head has come.
    Begun(Incoming),
}

impl Messages<'_> {
    /// The next answer; `None` after the last.
    pub(crate) async fn next<T: Message>(&mut self) -> Result<Option<T>, CallError> {
        let Some(bytes) = self.bytes().await? else { return Ok(None) };
        let message = wire::read(&bytes);
        message.map(Some).map_err(|error| self.channel.garbled(self.path, error.to_string()).into())
    }

    async fn bytes(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        loop {
            if let Some(message) = self.cut()? {
                return Ok(Some(message));
            }
            if self.ended {
                return match self.buffer.is_empty() {
                    true => Ok(None),
                    false => Err(self.garbled("it ends in the middle of a message").into()),
                };
            }
            match &mut self.body {
                Answer::Awaited(response) => {
                    let response = response.await.map_err(|error| self.channel.away(&error))?;
                    self.begin(response)?;
                }
                Answer::Begun(body) => match body.frame().await {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => self.buffer.extend_from_slice(&data),
                        Err(frame) => self.end(frame.trailers_ref())?,
                    },
                    Some(Err(error)) => return Err(self.channel.away(&error).into()),
                    None if self.told => self.ended = true,
                    // Go's servers always send a status; without one the connection was cut.
                    None => return Err(self.garbled("it ends without a status").into()),
                },
            }
        }
    }

    /// Looks at the head of an answer.
    fn begin(&mut self, response: Response<Incoming>) -> Result<(), CallError> {
        if response.status() != StatusCode::OK {
            return Err(self.garbled(&format!("HTTP status {}", response.status().as_u16())).into());
        }
        let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        if !kind.is_some_and(|kind| kind.starts_with(b"application/grpc")) {
            return Err(self.garbled("it is not gRPC").into());
        }
        // An error without any message is told by the head alone.
        let status = response.headers().get("grpc-status");
        if status.is_some_and(|status| status != "0") {
            return Err(refusal(self.channel, self.path, response.headers()));
        }
        self.told = status.is_some();
        self.body = Answer::Begun(response.into_body());
        Ok(())
    }

    /// Takes a whole message out of the buffer.
    fn cut(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        let Some((head, rest)) = self.buffer.split_first_chunk::<5>() else { return Ok(None) };
        let [compressed, length @ ..] = *head;
        if compressed != 0 {
            return Err(self.garbled("a compressed message, which was not asked for").into());
        }
        let length = u32::from_be_bytes(length) as usize;
        if length > MAX_MESSAGE {
            let reason = format!("a message of {length} bytes, more than the {MAX_MESSAGE} that are read");
            return Err(self.channel.garbled(self.path, reason).into());
        }
        if rest.len() < length {
            return Ok(None);
        }
        let message = rest[..length].to_vec();
        self.buffer.drain(..5 + length);
        Ok(Some(message))
    }

    fn end(&mut self, trailers: Option<&HeaderMap>) -> Result<(), CallError> {
        self.ended = true;
        match trailers.filter(|trailers| trailers.get("grpc-status").is_none_or(|status| status != "0")) {
            None => Ok(()),
            Some(trailers) => Err(refusal(self.channel, self.path, trailers)),
        }
    }

    fn garbled(&self, reason: &str) -> RuntimeError {
        self.channel.garbled(self.path, reason.to_owned())
    }
}

fn refusal(channel: &Channel, path: &str, headers: &HeaderMap) -> CallError {
    let text = |name: &str| {
        let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        value.unwrap_or_default()
    };
    channel.refused(path, &text("grpc-status"), &text("grpc-message"))
}

/// A message of a status, whose odd bytes are written as `%XX`.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(|digits| hex::decode(digits).ok());
        match escaped.as_deref() {
            Some([byte]) => {
                bytes.push(*byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn shorten(text: &str) -> String {
    let line = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    line.take(MAX_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_status_are_decoded_and_shortened() {
        assert_eq!(decode("container %22web%22: not found%"), "container \"web\": not found%");
        assert_eq!(decode("%zz%C3%A9"), "%zzé");
        assert_eq!(shorten(&"a\n".repeat(400)).len(), MAX_WORDS);
    }
}

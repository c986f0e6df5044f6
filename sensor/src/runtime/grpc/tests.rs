//! The calls against servers that answer well, badly, late and not at all.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixListener;

use super::*;
use crate::runtime::RuntimeError;

const CALL: &str = "/service/Method";

/// What a server answers with.
#[derive(Clone)]
enum Answer {
    /// These bytes of the body, then these trailers.
    Body(Vec<Vec<u8>>, Vec<(&'static str, &'static str)>),
    /// These bytes, then the end without trailers.
    NoStatus(Vec<Vec<u8>>),
    /// A head with this status, and no body.
    Head(u16, Vec<(&'static str, &'static str)>),
    /// A head, and nothing after it.
    Silence,
}

#[derive(Debug, Default, PartialEq)]
struct Said(String);

impl Message for Said {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 1 {
            self.0 = field.text()?;
        }
        Ok(())
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], &length[..], message].concat()
}

fn said(text: &str) -> Vec<u8> {
    framed(&Writer::default().text(1, text).finish())
}

const DONE: &[(&str, &str)] = &[("grpc-status", "0")];

fn whole(body: Vec<Vec<u8>>) -> Answer {
    Answer::Body(body, DONE.to_vec())
}

fn head(answer: &Answer) -> Response<()> {
    let mut response = Response::builder().header("content-type", "application/grpc");
    if let Answer::Head(status, headers) = answer {
        response = response.status(*status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
    }
    response.body(()).unwrap()
}

/// Serves connections at `socket`, of which each is ended after `calls` calls.
fn serve(socket: &Path, answer: Answer, calls: usize) -> tokio::task::JoinHandle<()> {
    let listener = UnixListener::bind(socket).unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            let served = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&served);
            let service = service_fn(move |request: Request<Incoming>| {
                let (answer, count) = (answer.clone(), Arc::clone(&count));
                async move {
                    let question = request.into_body().collect().await.unwrap().to_bytes();
                    assert_eq!(question[0], 0, "a question is not compressed");
                    let mut frames: Vec<Result<Frame<Bytes>, Infallible>> = Vec::new();
                    let (parts, status) = match &answer {
                        Answer::Body(parts, trailers) => (parts.clone(), Some(trailers.clone())),
                        Answer::NoStatus(parts) => (parts.clone(), None),
                        Answer::Head(..) => (Vec::new(), None),
                        Answer::Silence => std::future::pending().await,
                    };
                    frames.extend(parts.into_iter().map(|part| Ok(Frame::data(Bytes::from(part)))));
                    if let Some(status) = status {
                        let mut trailers = HeaderMap::new();
                        for (name, value) in status {
                            trailers.insert(name, value.parse().unwrap());
                        }
                        frames.push(Ok(Frame::trailers(trailers)));
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                    let body = StreamBody::new(stream::iter(frames));
                    Ok::<_, Infallible>(head(&answer).map(|()| body))
                }
            });
            tokio::spawn(async move {
                let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let connection = builder.serve_connection(TokioIo::new(stream), service);
                let enough = async {
                    while served.load(Ordering::Relaxed) < calls {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                };
                tokio::select! { _ = connection => {}, () = enough => {} }
            });
        }
    })
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn socket(&self) -> PathBuf {
        self.0.path().join("s")
    }
}

async fn ask(answer: Answer) -> Result<Said, RuntimeError> {
    let place = Place::new();
    let server = serve(&place.socket(), answer, usize::MAX);
    let channel = Channel::new("cri", &place.socket()).with_patience(Duration::from_millis(300));
    let said = channel.ask(Call::new(CALL)).await;
    server.abort();
    said.map_err(RuntimeError::from)
}

#[tokio::test]
async fn an_answer_may_come_in_any_pieces() {
    let message = said("hello");
    let (first, second) = message.split_at(3);
    let answers = [vec![message.clone()], vec![first.to_vec(), second.to_vec()]];
    for pieces in answers {
        assert_eq!(ask(whole(pieces)).await.unwrap(), Said("hello".to_owned()));
    }
}

#[tokio::test]
async fn a_stream_gives_every_message_and_then_ends() {
    let place = Place::new();
    let body = [said("one"), said("two"), said("three")].concat();
    let server = serve(&place.socket(), whole(vec![body]), usize::MAX);
    let channel = Channel::new("cri", &place.socket());
    let mut texts = Vec::new();
    channel.collect(Call::new(CALL), |Said(text)| texts.push(text)).await.unwrap();
    assert_eq!(texts, ["one", "two", "three"]);
    let mut messages = channel.follow(Call::new(CALL)).await.unwrap();
    assert_eq!(messages.next::<Said>().await.unwrap(), Some(Said("one".to_owned())));
    server.abort();
}

#[tokio::test]
async fn a_stream_may_be_over_before_its_first_message() {
    let place = Place::new();
    for answer in [whole(Vec::new()), Answer::Head(200, DONE.to_vec())] {
        let server = serve(&place.socket(), answer, usize::MAX);
        let channel = Channel::new("cri", &place.socket());
        channel.collect(Call::new(CALL), |said: Said| panic!("{said:?}")).await.unwrap();
        server.abort();
        std::fs::remove_file(place.socket()).unwrap();
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_the_runtimes_own_words_wherever_the_status_stands() {
    let status = vec![("grpc-status", "5"), ("grpc-message", "container %22web%22: not found")];
    let answers = [Answer::Body(Vec::new(), status.clone()), Answer::Head(200, status)];
    for answer in answers {
        let error = ask(answer).await.unwrap_err().to_string();
        assert_eq!(error, "cri refused /service/Method: container \"web\": not found");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_refused_with_the_reason() {
    let compressed = [&[1, 0, 0, 0, 1], &[0][..]].concat();
    let long = vec![0, 0xff, 0xff, 0xff, 0xff];
    let cases = [
        (whole(vec![]), "no message"),
        (whole(vec![compressed]), "a compressed message, which was not asked for"),
        (whole(vec![long]), "a message of 4294967295 bytes, more than the 16777216 that are read"),
        (whole(vec![said("hello")[..7].to_vec()]), "it ends in the middle of a message"),
        (
            whole(vec![framed(b"\x0a\x09x")]),
            "the message ends in the middle of a field, 1 bytes before its end",
        ),
        (Answer::NoStatus(vec![said("hello")]), "it ends without a status"),
        (Answer::Head(500, vec![]), "HTTP status 500"),
    ];
    for (answer, reason) in cases {
        let error = ask(answer).await.unwrap_err();
        let RuntimeError::Garbled { reason: told, .. } = &error else { panic!("{error}") };
        assert_eq!(told, reason);
    }
}

#[tokio::test]
async fn a_runtime_that_hangs_is_waited_for_only_so_long() {
    let begin = Instant::now();
    assert!(matches!(ask(Answer::Silence).await, Err(RuntimeError::TimedOut { .. })));
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_runtime_that_is_away_says_where_it_was_looked_for_and_is_found_again() {
    let place = Place::new();
    let channel = Channel::new("cri", &place.socket()).with_patience(Duration::from_secs(5));
    let error = RuntimeError::from(channel.ask::<Said>(Call::new(CALL)).await.unwrap_err());
    assert!(matches!(error, RuntimeError::Away { .. }), "{error}");
    for _ in 0..2 {
        let server = serve(&place.socket(), whole(vec![said("here")]), 1);
        assert_eq!(channel.ask::<Said>(Call::new(CALL)).await.unwrap(), Said("here".to_owned()));
        server.abort();
        // the server ends the connection, too
        tokio::time::sleep(Duration::from_millis(200)).await;
        std::fs::remove_file(place.socket()).unwrap();
        assert!(channel.ask::<Said>(Call::new(CALL)).await.is_err());
    }
}

#[tokio::test]
async fn something_else_that_listens_at_the_socket_is_an_error() {
    let place = Place::new();
    let listener = UnixListener::bind(place.socket()).unwrap();
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    let channel = Channel::new("cri", &place.socket()).with_patience(Duration::from_secs(5));
    let error = RuntimeError::from(channel.ask::<Said>(Call::new(CALL)).await.unwrap_err());
    assert!(matches!(error, RuntimeError::Away { .. }), "{error}");
    server.abort();
}

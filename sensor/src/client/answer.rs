//! What an answer means.

use std::time::{Duration, SystemTime};

use model::Timestamp;
use reqwest::header::{DATE, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

use super::CallError;

/// Bytes of an answer that are read: profiles and lists of a host's containers.
const LARGEST: usize = 32 << 20;
/// Letters of a message that are shown.
const WORDS: usize = 500;

/// Reads an answer to its end, or says what its status means.
pub(super) async fn read(mut response: Response) -> Result<Vec<u8>, CallError> {
    let status = response.status();
    let after = retry_after(&response);
    let target = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(plain);
    let path = response.url().path().to_owned();
    let most = if status.is_success() { LARGEST } else { 64 << 10 };
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= most => body.extend_from_slice(&chunk),
            Ok(Some(_)) if status.is_success() => {
                return Err(CallError::Odd(format!("the answer of {path} has more than {most} bytes")));
            }
            Ok(_) => break,
            // the words of a refusal are not needed to know that it is one
            Err(_) if !status.is_success() => break,
            Err(error) => return Err(unreachable(error)),
        }
    }
    if status.is_success() {
        return Ok(body);
    }
    let number = status.as_u16();
    let (words, is_own) = words(&body, status);
    Err(match number {
        300..=399 => {
            let target = target.unwrap_or_else(|| "another place".to_owned());
            CallError::Odd(format!(
                "the server sends us to {target}, which is not followed: name its final URL by --server"
            ))
        }
        401 | 403 => CallError::Refused { status: number, words },
        404 | 405 => CallError::Odd(format!(
            "there is no {path} at the server (status {number}): check --server, or the server is older than this sensor"
        )),
        408 | 425 | 429 | 500..=599 => CallError::Busy { status: number, words, after },
        // sent in smaller parts it may pass, whoever refuses it
        413 => CallError::Rejected { status: number, words },
        // a proxy that is set up wrongly says nothing about what was sent
        _ if !is_own => CallError::Busy { status: number, words, after },
        _ => CallError::Rejected { status: number, words },
    })
}

/// Reads a document.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|error| {
        CallError::Odd(format!("the server answers what a Plimsoll server does not: {error}"))
    })
}

/// An error of the connection.
pub(super) fn unreachable(error: reqwest::Error) -> CallError {
    CallError::Unreachable(causes(&error.without_url()))
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

/// The server's clock, as the head of the answer tells it.
pub(super) fn clock_of(response: &Response) -> Option<Timestamp> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp(date.as_millisecond()))
}

/// Seconds or a date (RFC 9110 section 10.2.3).
fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    SystemTime::from(date).duration_since(SystemTime::now()).ok()
}

/// The words of a refusal, fit for a log line, and whether they are in the form of the server itself and not of something before it.
fn words(body: &[u8], status: StatusCode) -> (String, bool) {
    let document: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let message = document.as_ref().and_then(|document| document["message"].as_str());
    let text = message.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
    let text = match plain(&text) {
        text if text.trim().is_empty() => status.canonical_reason().unwrap_or("no words").to_owned(),
        text => text,
    };
    (text, message.is_some())
}

fn plain(text: &str) -> String {
    text.chars().take(WORDS).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

//! Reading the body of an ingest call: limits, decompression, JSON, and messages that name the place.
//!
//! A body is decompressed as a whole before it is parsed, because an error must name line and column and
//! because nothing of a report that is invalid near its end may be stored. What that can cost is bounded three
//! times: the bytes as sent, the bytes after decompression, and the number of bodies at once.

use std::error::Error;
use std::io::Read;

use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tower_http::timeout::TimeoutError;

use crate::error::{ApiError, Refusal};
use crate::state::SharedState;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(value) = headers.get(header::CONTENT_ENCODING) else { return Ok(Self::Identity) };
        match value.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(ApiError::new(
                Refusal::UnsupportedMediaType,
                "unknown Content-Encoding; supported: identity, gzip, zstd",
            )),
        }
    }
}

/// Reads a JSON body, or several alternatives of one through `parse`.
pub(crate) async fn read<T: Send + 'static>(
    shared: &SharedState,
    headers: &HeaderMap,
    body: Body,
    parse: impl FnOnce(&[u8]) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let encoding = Encoding::of(headers)?;
    // the place in the queue is taken before the body is read, so waiting bodies stay with their senders
    let turn = shared.bodies.acquire().await.map_err(ApiError::internal)?;
    let sent = receive(body, shared.settings.max_body).await?;
    let limit = shared.settings.max_decompressed;
    let parsed = tokio::task::spawn_blocking(move || parse(&decompress(sent, encoding, limit)?));
    let parsed = parsed.await.map_err(ApiError::internal)?;
    drop(turn);
    parsed
}

async fn receive(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large("as sent", limit)),
        Err(error) => Err(broken_off(&*error)),
    }
}

/// The answer to a body that could not be read to its end.
pub(crate) fn broken_off(error: &(dyn Error + 'static)) -> ApiError {
    let mut causes =
        std::iter::successors(Some(error), |cause: &&(dyn Error + 'static)| Error::source(*cause));
    let refused = if causes.any(|cause| cause.is::<TimeoutError>()) {
        ApiError::new(Refusal::RequestTimeout, "the body did not arrive in time")
    } else {
        ApiError::bad_request("the body ended early")
    };
    refused.because(error)
}

fn decompress(sent: Bytes, encoding: Encoding, limit: usize) -> Result<Bytes, ApiError> {
    match encoding {
        Encoding::Identity if sent.len() > limit => Err(too_large("after decompression", limit)),
        Encoding::Identity => Ok(sent),
        Encoding::Gzip => read_all(flate2::read::MultiGzDecoder::new(&*sent), limit, "gzip"),
        Encoding::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(&*sent);
            read_all(decoder.map_err(ApiError::internal)?, limit, "zstd")
        }
    }
}

fn read_all(reader: impl Read, limit: usize, name: &str) -> Result<Bytes, ApiError> {
    let mut text = Vec::new();
    let read = reader.take(limit as u64 + 1).read_to_end(&mut text);
    read.map_err(|error| ApiError::bad_request(format!("the body is not valid {name}: {error}")))?;
    if text.len() > limit {
        return Err(too_large("after decompression", limit));
    }
    Ok(Bytes::from(text))
}

fn too_large(when: &str, limit: usize) -> ApiError {
    ApiError::new(Refusal::PayloadTooLarge, format!("the body is larger than {limit} bytes {when}"))
}

/// Reads a small JSON object that arrived as a whole, within the limit of its route.
pub(crate) fn small<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, ApiError> {
    let body = body.map_err(|error| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return ApiError::new(Refusal::PayloadTooLarge, "the body is larger than this call takes");
        }
        broken_off(&error)
    })?;
    // the parser takes an array for an object with its fields in order, an empty one for an empty object
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(ApiError::bad_request("invalid body: an array, where an object is expected"));
    }
    parse_json(&body)
}

/// Parses JSON; an error names the path in the document, the line and the column.
pub(crate) fn parse_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, ApiError> {
    // following the path costs as much again as reading, so it is followed only where reading has failed
    if let Ok(value) = serde_json::from_slice(text) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { String::new() } else { format!("`{path}`: ") };
        ApiError::bad_request(format!("invalid body: {place}{}", error.inner()))
    })?;
    let rest = deserializer.end().map_err(|error| ApiError::bad_request(format!("invalid body: {error}")));
    rest.map(|()| value)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn zeros_as_gzip(megabytes: usize) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let zeros = vec![b' '; 1 << 20];
        (0..megabytes).for_each(|_| encoder.write_all(&zeros).unwrap());
        Bytes::from(encoder.finish().unwrap())
    }

    fn zeros_as_zstd(megabytes: usize) -> Bytes {
        Bytes::from(zstd::encode_all(&*vec![b' '; megabytes << 20], 1).unwrap())
    }

    #[test]
    fn a_small_body_that_grows_huge_is_refused_at_the_limit() {
        const LIMIT: usize = 3 << 20;
        for (bomb, encoding) in [(zeros_as_gzip(40), Encoding::Gzip), (zeros_as_zstd(40), Encoding::Zstd)] {
            assert!(bomb.len() < 1 << 20, "the bomb is small: {} bytes", bomb.len());
            let error = decompress(bomb, encoding, LIMIT).unwrap_err();
            assert_eq!(error.refusal(), Refusal::PayloadTooLarge);
        }
        assert_eq!(decompress(zeros_as_zstd(2), Encoding::Zstd, LIMIT).unwrap().len(), 2 << 20);
        assert_eq!(decompress(zeros_as_gzip(2), Encoding::Gzip, LIMIT).unwrap().len(), 2 << 20);
    }

    #[test]
    fn damaged_compression_is_the_senders_mistake() {
        let mut cut = zeros_as_gzip(1).to_vec();
        cut.truncate(cut.len() / 2);
        let error = decompress(Bytes::from(cut), Encoding::Gzip, 1 << 30).unwrap_err();
        assert_eq!(error.refusal(), Refusal::BadRequest);
        let error = decompress(Bytes::from_static(b"{}"), Encoding::Zstd, 1 << 30).unwrap_err();
        assert_eq!(error.refusal(), Refusal::BadRequest);
    }

    #[test]
    fn an_invalid_document_is_refused_with_path_line_and_column() {
        let text = b"{\"schema\": 1,\n \"image\": {\"id\": 5}}";
        let error = parse_json::<model::ScanReport>(text).unwrap_err();
        assert!(error.message().starts_with("invalid body: `image.id`: "), "{}", error.message());
        assert!(error.message().contains("line 2"), "{}", error.message());
        let error = parse_json::<model::container::HostFacts>(br#"{"hostname": "a"} x"#).unwrap_err();
        assert!(error.message().contains("trailing characters"), "{}", error.message());
        let error =
            parse_json::<model::container::HostFacts>(br#"{"hostname": "a", "rack": 5}"#).unwrap_err();
        assert!(error.message().contains("unknown field `rack`"), "{}", error.message());
    }
}

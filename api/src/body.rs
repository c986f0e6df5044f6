//! Bodies of answers.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::ApiError;
use crate::wire;

/// A stream sends what it has once it is this long. Large enough that the cost of a piece is small beside its
/// content, small enough that many exports at once need little memory.
const PIECE: usize = 64 << 10;

/// A JSON answer.
pub(crate) fn json(value: &impl Serialize) -> Response {
    ready_json(wire::to_json(value))
}

/// An answer that is JSON already.
pub(crate) fn ready_json(json: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, wire::JSON)], json).into_response()
}

/// The answer of a list without matches, where the version wants no body.
pub(crate) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// The answer of a bulk list: `{"data":[…],"limit":N}`, rendered record by record while it is sent.
pub(crate) fn bulk_list<V, R>(
    items: Vec<Arc<V>>,
    limit: usize,
    link: Option<String>,
    render: R,
) -> Result<Response, ApiError>
where
    V: Send + Sync + 'static,
    R: Fn(&mut Vec<u8>, &V) + Send + Unpin + 'static,
{
    let body = Body::from_stream(BulkStream {
        items: items.into_iter(),
        limit,
        started: false,
        done: false,
        render,
    });
    let mut response = ([(header::CONTENT_TYPE, wire::JSON)], body).into_response();
    if let Some(link) = link {
        let value = HeaderValue::from_str(&link).map_err(ApiError::internal)?;
        response.headers_mut().insert(header::LINK, value);
    }
    Ok(response)
}

struct BulkStream<V, R> {
    items: std::vec::IntoIter<Arc<V>>,
    limit: usize,
    started: bool,
    done: bool,
    render: R,
}

impl<V, R: Fn(&mut Vec<u8>, &V)> BulkStream<V, R> {
    fn next_piece(&mut self) -> Option<Bytes> {
        if self.done {
            return None;
        }
        let mut piece = Vec::with_capacity(PIECE + PIECE / 2);
        while piece.len() < PIECE {
            let Some(item) = self.items.next() else {
                piece.extend_from_slice(if self.started { b"]" } else { b"{\"data\":[]" });
                piece.extend_from_slice(format!(",\"limit\":{}}}", self.limit).as_bytes());
                self.done = true;
                break;
            };
            piece.extend_from_slice(if self.started { b"," } else { b"{\"data\":[" });
            self.started = true;
            (self.render)(&mut piece, &item);
        }
        Some(Bytes::from(piece))
    }
}

impl<V, R> futures_util::Stream for BulkStream<V, R>
where
    R: Fn(&mut Vec<u8>, &V) + Unpin,
{
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.get_mut().next_piece().map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(items: Vec<Arc<String>>) -> String {
        let render = |out: &mut Vec<u8>, item: &String| out.extend_from_slice(item.as_bytes());
        let mut stream =
            BulkStream { items: items.into_iter(), limit: 7, started: false, done: false, render };
        let mut all = Vec::new();
        while let Some(piece) = stream.next_piece() {
            assert!(piece.len() < PIECE + 50_100, "a piece exceeds its length by at most one record");
            all.extend_from_slice(&piece);
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn a_stream_is_one_json_object_however_many_pieces_it_takes() {
        assert_eq!(text(vec![]), r#"{"data":[],"limit":7}"#);
        assert_eq!(text(vec![Arc::new("1".into())]), r#"{"data":[1],"limit":7}"#);
        let long: Vec<_> =
            (0..9).map(|n| Arc::new(format!("\"{}\"", n.to_string().repeat(50_000)))).collect();
        let value: serde_json::Value = serde_json::from_str(&text(long)).unwrap();
        assert_eq!(value["data"].as_array().unwrap().len(), 9);
    }
}

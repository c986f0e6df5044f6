//! Bodies of answers.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fleet::FleetError;
use serde::Serialize;

use crate::ahead::{Ahead, Source};
use crate::error::ApiError;
use crate::wire;

/// A stream sends what it has once it is this long. Large enough that the cost of a piece is small beside its
/// content, small enough that many exports at once need little memory and that what was rendered is still near when it is sent.
pub(crate) const PIECE: usize = 256 << 10;

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

/// A page of a plain list: `{"data":[…],"count":N,"groups":null}` of ready records, as [`wire::Page`] describes it.
pub(crate) fn page<'r>(items: impl Iterator<Item = &'r Arc<Vec<u8>>>, count: u64) -> Response {
    let mut json = Vec::with_capacity(64 << 10);
    json.extend_from_slice(b"{\"data\":[");
    for (index, item) in items.enumerate() {
        if index > 0 {
            json.push(b',');
        }
        json.extend_from_slice(item);
    }
    json.extend_from_slice(format!("],\"count\":{count},\"groups\":null}}").as_bytes());
    ready_json(json)
}

/// The answer of a bulk list: `{"data":[…],"limit":N}` with `count` records, rendered while it is sent.
///
/// A record that cannot be rendered ends the answer in its middle, which no client takes for the whole.
pub(crate) fn bulk_list<R>(
    count: usize,
    limit: usize,
    link: Option<String>,
    render: R,
) -> Result<Response, ApiError>
where
    R: FnMut(&mut Vec<u8>, usize) -> Result<(), FleetError> + Send + 'static,
{
    let body = Body::from_stream(Ahead::new(Pieces { next: 0, count, limit, done: false, render }));
    let mut response = ([(header::CONTENT_TYPE, wire::JSON)], body).into_response();
    if let Some(link) = link {
        let value = HeaderValue::from_str(&link).map_err(ApiError::internal)?;
        response.headers_mut().insert(header::LINK, value);
    }
    Ok(response)
}

/// A bulk list, piece by piece.
struct Pieces<R> {
    next: usize,
    count: usize,
    limit: usize,
    done: bool,
    render: R,
}

impl<R: FnMut(&mut Vec<u8>, usize) -> Result<(), FleetError>> Pieces<R> {
    /// Appends the next piece; whether there was one.
    fn append(&mut self, piece: &mut Vec<u8>) -> Result<bool, FleetError> {
        if self.done {
            return Ok(false);
        }
        while piece.len() < PIECE {
            if self.next == self.count {
                piece.extend_from_slice(if self.count > 0 { b"]" } else { b"{\"data\":[]" });
                piece.extend_from_slice(format!(",\"limit\":{}}}", self.limit).as_bytes());
                self.done = true;
                break;
            }
            piece.extend_from_slice(if self.next > 0 { b"," } else { b"{\"data\":[" });
            if let Err(error) = (self.render)(piece, self.next) {
                tracing::error!(%error, "a record cannot be shown, and the answer ends before it: {error}");
                self.done = true;
                return Err(error);
            }
            self.next += 1;
        }
        Ok(true)
    }
}

impl<R: FnMut(&mut Vec<u8>, usize) -> Result<(), FleetError> + Send + 'static> Source for Pieces<R> {
    type Error = FleetError;

    fn append(&mut self, piece: &mut Vec<u8>) -> Result<bool, FleetError> {
        Pieces::append(self, piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(items: Vec<String>) -> Result<String, FleetError> {
        let render = |out: &mut Vec<u8>, index: usize| match items[index].as_str() {
            "damaged" => Err(FleetError::Stopped),
            item => {
                out.extend_from_slice(item.as_bytes());
                Ok(())
            }
        };
        let mut stream = Pieces { next: 0, count: items.len(), limit: 7, done: false, render };
        let (mut all, mut piece) = (Vec::new(), Vec::new());
        while stream.append(&mut piece)? {
            assert!(piece.len() < PIECE + 50_100, "a piece exceeds its length by at most one record");
            all.append(&mut piece);
        }
        Ok(String::from_utf8(all).unwrap())
    }

    #[test]
    fn a_stream_is_one_json_object_however_many_pieces_it_takes() {
        assert_eq!(text(vec![]).unwrap(), r#"{"data":[],"limit":7}"#);
        assert_eq!(text(vec!["1".into()]).unwrap(), r#"{"data":[1],"limit":7}"#);
        let long = (0..9).map(|n| format!("\"{}\"", n.to_string().repeat(50_000))).collect();
        let value: serde_json::Value = serde_json::from_str(&text(long).unwrap()).unwrap();
        assert_eq!(value["data"].as_array().unwrap().len(), 9);
    }

    #[test]
    fn a_record_that_cannot_be_shown_ends_the_answer_with_an_error() {
        assert!(text(vec!["1".into(), "damaged".into(), "3".into()]).is_err());
    }
}

//! The change feed as server-sent events (WHATWG HTML, "Server-sent events").

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use fleet::FeedPlace;

use super::{ChangeView, Reader};
use crate::error::ApiError;
use crate::wire;

/// Changes that are sent in one piece.
const PIECE: usize = 1_000;

/// How often a line is sent when nothing happens, so that nobody between takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// An answer that tells of every change behind a place and does not end.
pub(super) fn events(reader: Reader, after: FeedPlace) -> Result<Response, ApiError> {
    let seen = reader.fleet.follow();
    let state = (reader, after, seen);
    let pieces = futures_util::stream::unfold(state, |(reader, mut after, mut seen)| async move {
        loop {
            let own = reader.clone();
            let page = tokio::task::spawn_blocking(move || own.page(after, PIECE)).await.ok()?;
            if let Some(last) = page.last() {
                after = last.place;
                let piece: Vec<u8> = page.into_iter().flat_map(|change| event(change.into())).collect();
                return Some((Ok::<_, std::convert::Infallible>(Bytes::from(piece)), (reader, after, seen)));
            }
            match tokio::time::timeout(HEARTBEAT, seen.changed()).await {
                Ok(Ok(())) => {}
                // the index is not followed any more
                Ok(Err(_)) => return None,
                Err(_) => return Some((Ok(Bytes::from_static(b":\n\n")), (reader, after, seen))),
            }
        }
    });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn event(change: ChangeView) -> Vec<u8> {
    let mut event = format!("id: {}\nevent: change\ndata: ", change.place).into_bytes();
    wire::append_json(&mut event, &change);
    event.extend_from_slice(b"\n\n");
    event
}

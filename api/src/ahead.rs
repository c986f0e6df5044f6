//! A stream whose next pieces are made while the last one is sent.
//!
//! To render an export costs as much as to send it, so both go on at once: pieces are made on a thread for blocking work, a few
//! ahead of the connection. A client that reads slowly holds those few pieces and no thread.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use axum::body::Bytes;

use crate::body::PIECE;

/// Pieces that wait at most.
const AHEAD: usize = 4;

/// Where pieces come from.
pub(crate) trait Source: Send + 'static {
    /// Why a piece cannot be made.
    type Error: Send + Sync + std::error::Error + 'static;

    /// Appends the next piece to an empty buffer; whether there was one. Nothing is asked for after an error.
    fn append(&mut self, piece: &mut Vec<u8>) -> Result<bool, Self::Error>;
}

/// The stream. It must be polled inside a tokio runtime.
pub(crate) struct Ahead<S: Source>(Arc<Line<S>>);

/// What the one who makes pieces and the one who sends them share.
struct Line<S: Source> {
    state: Mutex<State<S>>,
    /// Buffers that were sent and can be filled again.
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
}

struct State<S: Source> {
    pieces: VecDeque<Result<Bytes, Failed<S::Error>>>,
    /// Not there while pieces are made.
    source: Option<S>,
    /// Nothing more comes, or nobody wants more.
    is_over: bool,
    waker: Option<Waker>,
}

/// Why a stream ended before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed<E: std::error::Error + 'static> {
    /// A piece could not be made.
    #[error(transparent)]
    Source(E),
    /// The thread that made it panicked, which was told there.
    #[error("the answer could not be made to its end")]
    Panicked,
}

impl<S: Source> Ahead<S> {
    pub(crate) fn new(source: S) -> Self {
        let state = State { pieces: VecDeque::new(), source: Some(source), is_over: false, waker: None };
        Self(Arc::new(Line { state: Mutex::new(state), spare: Arc::default() }))
    }
}

impl<S: Source> Line<S> {
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn buffer(&self) -> Vec<u8> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| Vec::with_capacity(PIECE + PIECE / 2))
    }

    /// Makes pieces until enough wait, or there are no more.
    fn make(self: Arc<Self>, mut source: S) {
        let end = EndOnPanic(&self);
        loop {
            let mut buffer = self.buffer();
            let made = source.append(&mut buffer);
            let mut state = self.lock();
            match made {
                Ok(true) => {
                    let bytes = Bytes::from_owner(Lent { buffer, spare: Arc::clone(&self.spare) });
                    state.pieces.push_back(Ok(bytes));
                }
                Ok(false) => state.is_over = true,
                Err(error) => {
                    state.pieces.push_back(Err(Failed::Source(error)));
                    state.is_over = true;
                }
            }
            state.wake();
            if state.is_over {
                break;
            }
            if state.pieces.len() >= AHEAD {
                state.source = Some(source);
                break;
            }
        }
        std::mem::forget(end);
    }
}

impl<S: Source> State<S> {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// Tells the reader if the thread that makes pieces is lost, so that it does not wait for ever.
struct EndOnPanic<'l, S: Source>(&'l Line<S>);

impl<S: Source> Drop for EndOnPanic<'_, S> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.pieces.push_back(Err(Failed::Panicked));
        state.is_over = true;
        state.wake();
    }
}

/// The bytes of a piece; its buffer is given back when they were sent.
struct Lent {
    buffer: Vec<u8>,
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.buffer);
        // one record may be large; what it took is not kept
        if buffer.capacity() <= 2 * PIECE {
            buffer.clear();
            self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        }
    }
}

impl<S: Source> futures_util::Stream for Ahead<S> {
    type Item = Result<Bytes, Failed<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let line = &self.get_mut().0;
        let mut state = line.lock();
        let piece = state.pieces.pop_front();
        // once half of them are sent it is worth to go on
        if state.pieces.len() <= AHEAD / 2
            && !state.is_over
            && let Some(source) = state.source.take()
        {
            let line = Arc::clone(line);
            tokio::task::spawn_blocking(move || line.make(source));
        }
        match piece {
            Some(piece) => Poll::Ready(Some(piece)),
            None if state.is_over => Poll::Ready(None),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<S: Source> Drop for Ahead<S> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_over = true;
        let source = state.source.take();
        state.pieces.clear();
        drop(state);
        drop(source);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::StreamExt as _;

    use super::*;

    /// Numbers up to an end, then an error or a panic if one is asked for.
    struct Numbers {
        next: u8,
        end: u8,
        last: &'static str,
        made: Arc<Mutex<u8>>,
    }

    impl Source for Numbers {
        type Error = std::fmt::Error;

        fn append(&mut self, piece: &mut Vec<u8>) -> Result<bool, std::fmt::Error> {
            assert!(piece.is_empty());
            if self.next == self.end {
                assert!(self.last != "panic", "asked for");
                return if self.last == "error" { Err(std::fmt::Error) } else { Ok(false) };
            }
            piece.push(self.next);
            self.next += 1;
            *self.made.lock().unwrap() = self.next;
            Ok(true)
        }
    }

    fn stream(end: u8, last: &'static str) -> (Ahead<Numbers>, Arc<Mutex<u8>>) {
        let made = Arc::default();
        (Ahead::new(Numbers { next: 0, end, last, made: Arc::clone(&made) }), made)
    }

    #[tokio::test]
    async fn pieces_come_in_order_and_only_a_few_wait_for_a_slow_reader() {
        let (mut stream, made) = stream(100, "");
        let mut all = Vec::new();
        while let Some(piece) = stream.next().await {
            all.extend_from_slice(&piece.unwrap());
            if all.len() % 9 == 0 {
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
            assert!(usize::from(*made.lock().unwrap()) <= all.len() + AHEAD);
        }
        assert_eq!(all, (0..100).collect::<Vec<u8>>());
        assert!(stream.next().await.is_none());
    }

    #[tokio::test]
    async fn an_error_and_a_panic_end_the_stream_behind_what_was_made() {
        for last in ["error", "panic"] {
            let (stream, _) = stream(7, last);
            let all: Vec<_> = stream.collect().await;
            assert_eq!(all.iter().filter(|piece| piece.is_ok()).count(), 7, "{last}");
            assert!(all.len() == 8 && all[7].is_err());
        }
    }

    #[tokio::test]
    async fn a_stream_that_is_dropped_makes_no_more() {
        let (mut stream, made) = stream(255, "");
        assert!(stream.next().await.is_some());
        drop(stream);
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while Arc::strong_count(&made) > 1 {
            assert!(std::time::Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(usize::from(*made.lock().unwrap()) < 20);
    }
}

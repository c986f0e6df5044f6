//! Request targets as people type them.
//!
//! The URI grammar forbids `<`, `>`, `"` and blanks in a query, and the HTTP parser refuses such a request before any of
//! our code sees it, with an empty 400. But the filters of this API are full of comparisons, and `curl` and scripts
//! send them as they stand. So this reader stands below the parser and writes those four as `%3C`, `%3E`, `%22`
//! and `%20` where they stand in the query of a request line, and `#`, from which on the parser would silently drop
//! the rest of a filter, as `%23`.
//!
//! The decision a reader may doubt: how does it know a request line from a body? It never has to. It follows a connection
//! only while every head says that no body comes, so the next byte must be the next head. From the first head that
//! announces a body (or that is in any way unusual) the rest of the connection passes untouched.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are read at once while heads are followed.
const CHUNK: usize = 8 << 10;
/// A longer line is no longer followed; the parser has its own limit.
const MAX_LINE: usize = 64 << 10;

/// A stream whose request targets are made valid while they are read.
pub(crate) struct LenientTargets<S> {
    stream: S,
    heads: Heads,
    ready: Vec<u8>,
    taken: usize,
}

impl<S> LenientTargets<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, heads: Heads::default(), ready: Vec::new(), taken: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LenientTargets<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let waiting = &this.ready[this.taken..];
            if !waiting.is_empty() {
                let count = waiting.len().min(out.remaining());
                out.put_slice(&waiting[..count]);
                this.taken += count;
                return Poll::Ready(Ok(()));
            }
            this.ready.clear();
            this.taken = 0;
            if this.heads.place == Place::Untouched {
                return Pin::new(&mut this.stream).poll_read(context, out);
            }
            let mut chunk = [MaybeUninit::uninit(); CHUNK];
            let mut chunk = ReadBuf::uninit(&mut chunk);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut chunk))?;
            if chunk.filled().is_empty() {
                this.heads.give_up(&mut this.ready);
            } else {
                this.heads.pass(chunk.filled(), &mut this.ready);
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for LenientTargets<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Where in a connection the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    RequestLine,
    /// Among header fields; `body` if one of them announces a body.
    Fields { body: bool },
    /// Anywhere; nothing is changed any more.
    Untouched,
}

/// Follows the heads of a connection line by line.
#[derive(Debug, Default)]
struct Heads {
    place: Place,
    /// The line so far.
    line: Vec<u8>,
}

impl Heads {
    /// Appends what the parser is to see of `input`.
    fn pass(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        while self.place != Place::Untouched {
            let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
                self.line.extend_from_slice(input);
                if self.line.len() > MAX_LINE {
                    self.give_up(out);
                }
                return;
            };
            let (rest_of_line, behind) = input.split_at(end + 1);
            self.line.extend_from_slice(rest_of_line);
            input = behind;
            self.place = self.end_of_line(out);
            self.line.clear();
        }
        out.extend_from_slice(input);
    }

    /// Lets everything through from here on.
    fn give_up(&mut self, out: &mut Vec<u8>) {
        self.place = Place::Untouched;
        out.append(&mut self.line);
    }

    fn end_of_line(&self, out: &mut Vec<u8>) -> Place {
        let is_empty = matches!(self.line.as_slice(), b"\n" | b"\r\n");
        match self.place {
            Place::RequestLine if !is_empty => {
                append_request_line(&self.line, out);
                Place::Fields { body: false }
            }
            Place::Fields { body } if !is_empty => {
                out.extend_from_slice(&self.line);
                Place::Fields { body: body || may_announce_body(&self.line) }
            }
            Place::Fields { body: true } | Place::Untouched => {
                out.extend_from_slice(&self.line);
                Place::Untouched
            }
            Place::RequestLine | Place::Fields { body: false } => {
                out.extend_from_slice(&self.line);
                Place::RequestLine
            }
        }
    }
}

/// Whether something other than a head may follow a head with this field, also if it is malformed.
fn may_announce_body(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return true };
    let name = &line[..colon];
    !name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        || [b"content-length".as_slice(), b"transfer-encoding", b"upgrade"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
}

/// Appends a request line with a valid query. A line of another form is left as it is.
fn append_request_line(line: &[u8], out: &mut Vec<u8>) {
    let first = line.iter().position(|byte| *byte == b' ');
    let last = line.iter().rposition(|byte| *byte == b' ');
    let query = line.iter().position(|byte| *byte == b'?');
    match (first, query, last) {
        (Some(first), Some(query), Some(last))
            if first < query && query < last && line[last..].starts_with(b" HTTP/1.") =>
        {
            out.extend_from_slice(&line[..query]);
            for byte in &line[query..last] {
                match byte {
                    b'<' => out.extend_from_slice(b"%3C"),
                    b'>' => out.extend_from_slice(b"%3E"),
                    b'"' => out.extend_from_slice(b"%22"),
                    b' ' => out.extend_from_slice(b"%20"),
                    b'#' => out.extend_from_slice(b"%23"),
                    other => out.push(*other),
                }
            }
            out.extend_from_slice(&line[last..]);
        }
        _ => out.extend_from_slice(line),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// What the parser sees, however the bytes arrive.
    fn passed(input: &str) -> String {
        let mut whole = Vec::new();
        Heads::default().pass(input.as_bytes(), &mut whole);
        for step in 1..input.len().min(40) {
            let (mut heads, mut pieces) = (Heads::default(), Vec::new());
            input.as_bytes().chunks(step).for_each(|piece| heads.pass(piece, &mut pieces));
            assert_eq!(pieces, whole, "in pieces of {step}");
        }
        String::from_utf8(whole).unwrap()
    }

    #[test]
    fn comparisons_quotes_and_blanks_of_a_query_are_encoded_and_nothing_else_is() {
        let head = "GET /a<b?f=updated>5 and \"x\"<%3C+`y`#z HTTP/1.1\r\nHost: <a>\r\nX: \"a > b\"\r\n\r\n";
        let expected = "GET /a<b?f=updated%3E5%20and%20%22x%22%3C%3C+`y`%23z HTTP/1.1\r\nHost: <a>\r\nX: \"a > b\"\r\n\r\n";
        assert_eq!(passed(head), expected);
        for other in ["GET /x>y HTTP/1.1\r\n\r\n", "GET /x?a>b\r\n\r\n", "\r\n\n", "?\n", "x ? y HTTP/2\n\n"]
        {
            assert_eq!(passed(other), other);
        }
    }

    #[test]
    fn every_request_of_a_connection_is_followed_until_a_body_is_announced() {
        let get = "GET /?a>b HTTP/1.1\nHost: a\n\n";
        let encoded = get.replace('>', "%3E");
        assert_eq!(passed(&get.repeat(3)), encoded.repeat(3));
        let body = get.repeat(2);
        for field in [
            "Content-Length: 9",
            "TRANSFER-ENCODING: chunked",
            "upgrade: x",
            "Content-Length : 9",
            "x",
            " y: z",
        ] {
            let post = format!("POST /?a<b HTTP/1.1\r\n{field}\r\nHost: a\r\n\r\n{body}");
            let expected = post.replacen('<', "%3C", 1);
            assert_eq!(passed(&format!("{get}{post}")), format!("{encoded}{expected}"), "{field}");
        }
    }

    #[test]
    fn a_line_without_end_is_not_collected() {
        let (mut heads, mut out) = (Heads::default(), Vec::new());
        for _ in 0..100 {
            heads.pass(&[b'>'; 1_000], &mut out);
            assert!(heads.line.len() <= MAX_LINE);
        }
        assert_eq!(out.len(), 100_000);
    }

    #[tokio::test]
    async fn a_stream_that_ends_within_a_line_gives_all_of_its_bytes() {
        for input in [
            "",
            "GET /?a>b HTTP/1.1\r\nHost: a\r\n\r\nGET /?a>",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n>",
        ] {
            let mut read = String::new();
            LenientTargets::new(input.as_bytes()).read_to_string(&mut read).await.unwrap();
            assert_eq!(read, input.replacen("a>b HTTP", "a%3Eb HTTP", 1));
        }
    }
}

//! HTTP/1.1 as far as the tests need it: one request after the other on a connection, and an answer with faults.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

use super::{Seen, State, lock};

pub(super) fn serve(stream: TcpStream, state: &Mutex<State>, host: &str) {
    let _ = stream.set_nodelay(true);
    let Ok(reading) = stream.try_clone() else { return };
    let mut reading = BufReader::new(reading);
    while let Some(mut seen) = read_request(&mut reading) {
        let mut writing = &stream;
        let answer = lock(state).answer(&mut seen, host);
        if let Some(wait) = answer.wait {
            std::thread::sleep(wait);
        }
        // remembered before the last byte is out, so that whoever has read it finds the request
        let ended = answer.write(&mut writing, &mut seen, |seen| lock(state).seen.push(seen.clone()));
        if ended.is_err() || answer.closes {
            let _ = stream.shutdown(std::net::Shutdown::Both);
            return;
        }
    }
}

fn read_request(reading: &mut impl BufRead) -> Option<Seen> {
    let mut line = String::new();
    reading.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reading.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = String::new();
    reading.take(length).read_to_string(&mut body).ok()?;
    Some(Seen { method, path, headers, body, status: 0, sent: 0 })
}

/// What is sent.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    /// Bytes of the body after which the connection ends.
    pub(super) cut: Option<usize>,
    pub(super) endless: bool,
    pub(super) closes: bool,
    pub(super) wait: Option<Duration>,
    /// The head alone, as for the whole.
    pub(super) head: bool,
}

impl Answer {
    fn write(&self, out: &mut impl Write, seen: &mut Seen, remember: impl FnOnce(&Seen)) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} x\r\n", seen.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let ends = if self.endless {
            "connection: close".to_owned()
        } else {
            format!("content-length: {}", self.body.len())
        };
        head.push_str(&format!("{ends}\r\n\r\n"));
        let whole = if self.head { 0 } else { self.body.len() };
        let body = &self.body[..self.cut.unwrap_or(whole).min(whole)];
        seen.sent = body.len();
        remember(seen);
        out.write_all(head.as_bytes())?;
        out.write_all(body)?;
        if self.endless {
            loop {
                out.write_all(&[0; 64 << 10])?;
            }
        }
        out.flush()
    }
}

pub(super) fn read_range(text: &str) -> Option<(usize, Option<usize>)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()))
}

/// The header of a Basic login.
pub(super) fn basic(user: &str, password: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = format!("{user}:{password}");
    let mut encoded = String::from("Basic ");
    for group in text.as_bytes().chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let letter = char::from(LETTERS[(bits >> (18 - 6 * place)) as usize & 63]);
            encoded.push(if place <= group.len() { letter } else { '=' });
        }
    }
    encoded
}

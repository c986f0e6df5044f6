//! A client of HTTP/1.1 that keeps its connection and does as little as it can, so that what is measured is the server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

/// Room for the head of an answer and the start of its body.
const BUFFER: usize = 256 << 10;

/// One connection.
pub(crate) struct Client {
    address: String,
    token: String,
    stream: BufReader<TcpStream>,
    /// The body of the last answer.
    pub(crate) body: Vec<u8>,
    line: String,
}

/// The head of an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Where the next page is, as path and query.
    pub(crate) next: Option<String>,
}

impl Client {
    /// Connects to `127.0.0.1:PORT`.
    pub(crate) fn connect(address: &str) -> Result<Self, String> {
        Ok(Self {
            address: address.to_owned(),
            token: String::new(),
            stream: open(address)?,
            body: Vec::new(),
            line: String::new(),
        })
    }

    /// Connects and signs in.
    pub(crate) fn sign_in(address: &str, user: &str, password: &str) -> Result<Self, String> {
        let mut client = Self::connect(address)?;
        let form = format!("username={user}&password={password}&token=true");
        let answer = client.send("POST", "/auth", "application/x-www-form-urlencoded", form.as_bytes())?;
        let text = String::from_utf8_lossy(&client.body).into_owned();
        if answer.status != 201 {
            return Err(format!("{user} cannot sign in: {} {text}", answer.status));
        }
        client.token = text;
        Ok(client)
    }

    /// Another connection with the same credentials.
    pub(crate) fn another(&self) -> Result<Self, String> {
        Ok(Self { token: self.token.clone(), ..Self::connect(&self.address)? })
    }

    pub(crate) fn get(&mut self, path: &str) -> Result<Answer, String> {
        self.send("GET", path, "", &[])
    }

    pub(crate) fn post(&mut self, path: &str, body: &[u8]) -> Result<Answer, String> {
        self.send("POST", path, "application/json", body)
    }

    /// The body of the last answer in words, for messages.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body[..self.body.len().min(300)]).into_owned()
    }

    fn send(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<Answer, String> {
        let failed = |error: std::io::Error| format!("{method} {path:.200}: {error}");
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        if !self.token.is_empty() {
            head += &format!("Authorization: Bearer {}\r\n", self.token);
        }
        if method == "POST" {
            head += &format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        }
        let mut request = head.into_bytes();
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request).map_err(failed)?;
        self.receive().map_err(|error| format!("{method} {path:.200}: {error}"))
    }

    fn receive(&mut self) -> Result<Answer, String> {
        let mut answer = Answer::default();
        let (mut length, mut chunked, mut close) = (0, false, false);
        self.read_line()?;
        answer.status = self.line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or("no status")?;
        loop {
            self.read_line()?;
            if self.line.is_empty() {
                break;
            }
            let (name, value) = self.line.split_once(':').unwrap_or((&self.line, ""));
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().map_err(|_| "the length is no number")?,
                "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
                "connection" => close = value.eq_ignore_ascii_case("close"),
                "link" => answer.next = next_of(value),
                _ => {}
            }
        }
        self.body.clear();
        if chunked {
            while self.read_chunk()? {}
        } else {
            self.read_body(length)?;
        }
        if close {
            self.stream = open(&self.address)?;
        }
        Ok(answer)
    }

    fn read_line(&mut self) -> Result<(), String> {
        self.line.clear();
        match self.stream.read_line(&mut self.line) {
            Ok(0) => Err("the connection was closed".to_owned()),
            Ok(_) => {
                self.line.truncate(self.line.trim_end().len());
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn read_chunk(&mut self) -> Result<bool, String> {
        self.read_line()?;
        let size =
            usize::from_str_radix(&self.line, 16).map_err(|_| format!("`{}` is no size", self.line))?;
        self.read_body(size)?;
        self.read_line()?;
        Ok(size > 0)
    }

    fn read_body(&mut self, size: usize) -> Result<(), String> {
        let start = self.body.len();
        self.body.resize(start + size, 0);
        self.stream.read_exact(&mut self.body[start..]).map_err(|error| error.to_string())
    }
}

fn open(address: &str) -> Result<BufReader<TcpStream>, String> {
    let stream = TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    Ok(BufReader::with_capacity(BUFFER, stream))
}

/// Path and query of `<https://host/path?query>;rel=next`.
fn next_of(link: &str) -> Option<String> {
    let (_, rest) = link.split_once('<')?;
    let (address, _) = rest.split_once(">;rel=next")?;
    let (_, path) = address.split_once("://")?.1.split_once('/')?;
    Some(format!("/{path}"))
}

/// A text as it stands in a query.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

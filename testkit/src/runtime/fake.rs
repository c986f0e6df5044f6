//! A daemon that says what it is told: recorded answers of versions that are not at hand, and answers that no daemon should give.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::supervise::Supervised;

/// What is said to a request.
#[derive(Clone, Debug)]
pub enum Said {
    /// Status 200 with a body.
    Body(Vec<u8>),
    /// Another status with a body.
    Status(u16, String),
    /// Bytes that need not be HTTP; then the connection ends.
    Raw(Vec<u8>),
    /// A body in chunks, with a moment between them.
    Chunks(Vec<Vec<u8>>, Then),
    /// The same chunk for ever.
    Endless(Vec<u8>),
    /// Nothing.
    Hang,
}

/// What comes after the last chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The body ends.
    End,
    /// The connection ends, the body does not.
    Cut,
    /// Silence.
    Stay,
}

#[derive(Default)]
struct State {
    /// Beginnings of paths with what is said; a later one counts before an earlier one.
    answers: Vec<(String, Said)>,
    requests: Vec<String>,
    is_over: bool,
}

/// A running fake; it stops when it is dropped.
pub struct FakeRuntime {
    folder: Supervised,
    state: Arc<Mutex<State>>,
}

impl Default for FakeRuntime {
    fn default() -> Self {
        Self::start()
    }
}

impl FakeRuntime {
    /// Starts one that says 404 to everything.
    ///
    /// # Panics
    /// If no socket can be made.
    pub fn start() -> Self {
        let folder = Supervised::new();
        let listener = UnixListener::bind(folder.folder().join("s")).expect("a socket can be made");
        let state = Arc::<Mutex<State>>::default();
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if lock(&shared).is_over {
                    return;
                }
                let (Ok(stream), shared) = (stream, shared.clone()) else { return };
                std::thread::spawn(move || {
                    // a client that goes away is none of ours
                    let _ = serve(stream, &shared);
                });
            }
        });
        Self { folder, state }
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.folder().join("s")
    }

    /// A folder that lives as long as it.
    pub fn folder(&self) -> &Path {
        self.folder.folder()
    }

    /// Says this to requests whose path begins so.
    pub fn say(&self, path: &str, said: Said) {
        lock(&self.state).answers.push((path.to_owned(), said));
    }

    /// Says this document.
    pub fn say_json(&self, path: &str, text: &str) {
        self.say(path, Said::Body(text.as_bytes().to_vec()));
    }

    /// The paths that were asked for, with their queries.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.state).requests.clone()
    }
}

impl Drop for FakeRuntime {
    fn drop(&mut self) {
        lock(&self.state).is_over = true;
        // wakes the thread that waits for somebody
        let _ = UnixStream::connect(self.socket());
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one request and ends the connection.
fn serve(stream: UnixStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let said = {
        let mut state = lock(state);
        state.requests.push(path.clone());
        let found = state.answers.iter().rev().find(|(start, _)| path.starts_with(start.as_str()));
        found.map_or_else(
            || Said::Status(404, r#"{"message":"no such thing"}"#.to_owned()),
            |(_, said)| said.clone(),
        )
    };
    write(stream, said, state)
}

fn write(mut stream: UnixStream, said: Said, state: &Mutex<State>) -> std::io::Result<()> {
    let whole = |status: u16, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    match said {
        Said::Body(body) => stream.write_all(&whole(200, &body)),
        Said::Status(status, body) => stream.write_all(&whole(status, body.as_bytes())),
        Said::Raw(bytes) => stream.write_all(&bytes),
        Said::Chunks(chunks, then) => {
            stream.write_all(CHUNKED)?;
            for chunk in chunks {
                stream.write_all(&framed(&chunk))?;
                std::thread::sleep(Duration::from_millis(1));
            }
            match then {
                Then::End => stream.write_all(b"0\r\n\r\n"),
                Then::Cut => Ok(()),
                Then::Stay => stay(state),
            }
        }
        Said::Endless(chunk) => {
            stream.write_all(CHUNKED)?;
            loop {
                stream.write_all(&framed(&chunk))?;
            }
        }
        Said::Hang => stay(state),
    }
}

fn framed(chunk: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat()
}

/// Holds the connection until all is over.
fn stay(state: &Mutex<State>) -> std::io::Result<()> {
    while !lock(state).is_over {
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

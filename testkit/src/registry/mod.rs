//! A registry on this machine for tests: serves what it is given, fails as it is told, remembers who asked.
//!
//! HTTP/1.1 over plain threads, only as much of the distribution API as pulls and lists need. It is its own token
//! service, at `/token`. Lists come from what was pushed, unless a test puts one in their place.

mod list;
mod wire;

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use model::Digest;

use self::wire::{Answer, basic, read_range, serve};
use crate::image_builder::{BuiltImage, ImageBuilder};

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Another status, with headers, and a body that says so.
    Status(u16, Vec<(&'static str, String)>),
    /// The connection ends after so many bytes of the body.
    Cut(usize),
    /// Other bytes than those asked for, with their own length.
    Body(Vec<u8>),
    /// A body of zeros that never ends and states no length.
    Endless,
    /// No answer for so long.
    Hang(Duration),
    /// The range that is asked for is passed over, and all is sent.
    IgnoreRange,
}

/// Who may come in.
#[derive(Clone, Debug)]
pub enum Door {
    /// Everybody.
    Open,
    /// Those with this user and password.
    Basic(String, String),
    /// Those with a token of this service (empty: of the registry itself), which gives one to everybody.
    Anonymous(String),
    /// Those with a token, which the service gives for this user and password, or for this refresh token.
    Bearer(String, String, String),
}

/// A request as it came, and what was sent for it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Header names in small letters.
    pub headers: HashMap<String, String>,
    /// The body of the request.
    pub body: String,
    /// Status of the answer; 0 if there was none.
    pub status: u16,
    /// Bytes of the answer's body that were written.
    pub sent: usize,
}

#[derive(Default)]
struct State {
    /// Path to media type and content.
    files: HashMap<String, (String, Vec<u8>)>,
    /// Headers beside those that every file has.
    headers: HashMap<String, Vec<(&'static str, String)>>,
    faults: Vec<(String, usize, Fault)>,
    door: Option<Door>,
    tokens: HashSet<String>,
    issued: usize,
    seen: Vec<Seen>,
    stopped: bool,
}

/// A running registry; it stops when it is dropped.
pub struct TinyRegistry {
    host: String,
    state: Arc<Mutex<State>>,
}

impl TinyRegistry {
    /// Starts on a free port of 127.0.0.1.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let host = listener.local_addr()?.to_string();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let own = host.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if lock(&shared).stopped {
                    return;
                }
                let (state, host) = (shared.clone(), own.clone());
                std::thread::spawn(move || serve(stream, &state, &host));
            }
        });
        Ok(Self { host, state })
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Adds a file at a path such as `/v2/team/app/manifests/1`.
    pub fn put(&self, path: &str, media_type: &str, content: &[u8]) {
        lock(&self.state).files.insert(path.to_owned(), (media_type.to_owned(), content.to_vec()));
    }

    /// Adds headers to the answer for a path.
    pub fn put_headers(&self, path: &str, headers: Vec<(&'static str, String)>) {
        lock(&self.state).headers.insert(path.to_owned(), headers);
    }

    /// Removes what is at a path.
    pub fn remove(&self, path: &str) {
        lock(&self.state).files.remove(path);
    }

    /// Adds a blob of a repository.
    pub fn put_blob(&self, repository: &str, content: &[u8]) -> Digest {
        let digest = Digest::of(content);
        self.put(&format!("/v2/{repository}/blobs/{digest}"), "application/octet-stream", content);
        digest
    }

    /// Adds a manifest or index under its digest and a tag.
    pub fn put_manifest(&self, repository: &str, tag: &str, media_type: &str, content: &[u8]) -> Digest {
        let digest = Digest::of(content);
        for pointer in [tag, &digest.to_string()] {
            self.put(&format!("/v2/{repository}/manifests/{pointer}"), media_type, content);
        }
        digest
    }

    /// Adds an image with all its blobs.
    pub fn push(&self, repository: &str, tag: &str, image: &ImageBuilder) -> BuiltImage {
        let built = image.build();
        self.put_blob(repository, &built.config);
        for layer in &built.layers {
            self.put_blob(repository, &layer.stored);
        }
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        self.put_manifest(repository, tag, media_type, &built.manifest);
        built
    }

    /// The next `times` requests whose path holds `part` go wrong.
    pub fn fail(&self, part: &str, times: usize, fault: Fault) {
        lock(&self.state).faults.push((part.to_owned(), times, fault));
    }

    /// Closes or opens the door.
    pub fn set_door(&self, door: Door) {
        lock(&self.state).door = Some(door);
    }

    /// No token that was given holds any longer.
    pub fn expire_tokens(&self) {
        lock(&self.state).tokens.clear();
    }

    /// Lets a token in that another service has given.
    pub fn accept_token(&self, token: &str) {
        lock(&self.state).tokens.insert(token.to_owned());
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state).seen.clone()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        lock(&self.state).seen.clear();
    }

    /// The requests whose path holds `part`, as `METHOD path status`.
    pub fn requests(&self, part: &str) -> Vec<String> {
        let seen = self.seen().into_iter().filter(|seen| seen.path.contains(part));
        seen.map(|seen| format!("{} {} {}", seen.method, seen.path, seen.status)).collect()
    }

    /// Bytes sent for paths that hold `part`.
    pub fn sent(&self, part: &str) -> usize {
        self.seen().iter().filter(|seen| seen.path.contains(part)).map(|seen| seen.sent).sum()
    }
}

impl Drop for TinyRegistry {
    fn drop(&mut self) {
        lock(&self.state).stopped = true;
        // wakes the thread that waits for connections
        let _ = TcpStream::connect(&self.host);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl State {
    fn answer(&mut self, seen: &mut Seen, host: &str) -> Answer {
        let mut answer = Answer { head: seen.method == "HEAD", ..Answer::default() };
        let at =
            self.faults.iter().position(|(part, left, _)| *left > 0 && seen.path.contains(part.as_str()));
        let fault = at.map(|at| {
            self.faults[at].1 -= 1;
            self.faults[at].2.clone()
        });
        if let Some(Fault::Status(status, headers)) = fault {
            seen.status = status;
            answer.headers = headers;
            answer.body = br#"{"errors":[{"code":"FAULT","message":"as the test wants"}]}"#.to_vec();
            return answer;
        }
        if seen.path.starts_with("/token") {
            self.give_token(seen, &mut answer);
            return answer;
        }
        if let Some(challenge) = self.challenge(seen, host) {
            seen.status = 401;
            answer.headers.push(("WWW-Authenticate", challenge));
            return answer;
        }
        answer.headers.extend(self.headers.get(&seen.path).cloned().unwrap_or_default());
        let listed = match self.files.contains_key(&seen.path) {
            true => None,
            false => list::list(self.files.keys(), &seen.path),
        };
        let listed = listed.map(|(body, next)| {
            answer.headers.extend(next.map(|next| ("Link", format!("<{next}>; rel=\"next\""))));
            ("application/json".to_owned(), body)
        });
        let Some((media_type, content)) = listed.as_ref().or_else(|| self.files.get(&seen.path)) else {
            seen.status = 404;
            return answer;
        };
        seen.status = 200;
        if answer.head && seen.path.contains("/manifests/") {
            answer.headers.push(("docker-content-digest", Digest::of(content).to_string()));
        }
        answer.headers.push(("content-type", media_type.clone()));
        answer.body = content.clone();
        match fault {
            Some(Fault::Cut(after)) => (answer.cut, answer.closes) = (Some(after), true),
            Some(Fault::Body(body)) => answer.body = body,
            Some(Fault::Endless) => (answer.endless, answer.closes) = (true, true),
            Some(Fault::Hang(wait)) => answer.wait = Some(wait),
            Some(Fault::IgnoreRange) => return answer,
            _ => {}
        }
        if let Some((first, last)) = seen.headers.get("range").and_then(|range| read_range(range)) {
            let end = last.map_or(content.len(), |last| (last + 1).min(content.len()));
            let first = first.min(end);
            seen.status = 206;
            answer.body = content[first..end].to_vec();
            let range = format!("bytes {first}-{}/{}", end.saturating_sub(1), content.len());
            answer.headers.push(("content-range", range));
        }
        answer
    }

    /// What somebody without the right login is told.
    fn challenge(&self, seen: &Seen, host: &str) -> Option<String> {
        let given = seen.headers.get("authorization").map(String::as_str).unwrap_or_default();
        let own = format!("http://{host}/token");
        let realm = match self.door.as_ref()? {
            Door::Open => return None,
            Door::Basic(user, password) => {
                return (given != basic(user, password)).then(|| "Basic realm=\"tiny\"".to_owned());
            }
            Door::Anonymous(realm) if !realm.is_empty() => realm,
            Door::Anonymous(_) | Door::Bearer(..) => &own,
        };
        let known = given.strip_prefix("Bearer ").is_some_and(|token| self.tokens.contains(token));
        (!known).then(|| format!("Bearer realm=\"{realm}\",service=\"tiny\""))
    }

    fn give_token(&mut self, seen: &mut Seen, answer: &mut Answer) {
        let given = seen.headers.get("authorization").map(String::as_str).unwrap_or_default();
        let allowed = match &self.door {
            Some(Door::Bearer(user, password, refresh)) => {
                given == basic(user, password) || seen.body.contains(&format!("refresh_token={refresh}"))
            }
            _ => true,
        };
        seen.status = if allowed { 200 } else { 401 };
        if allowed {
            self.issued += 1;
            let token = format!("token-{}", self.issued);
            answer.body = format!("{{\"token\":\"{token}\",\"access_token\":\"{token}\",\"expires_in\":60}}")
                .into_bytes();
            self.tokens.insert(token);
        }
    }
}

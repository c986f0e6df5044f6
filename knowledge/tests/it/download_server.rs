//! A small server on this machine that plays publishers, and a clock that nobody waits for.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use knowledge::{Clock, DownloadOptions, DownloadReport};
use model::Timestamp;

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sending {
    Whole,
    /// More is announced than is sent.
    Cut,
    /// Less is announced than there is, by so many bytes.
    Short(usize),
    /// Over and over, without a length.
    Endless,
    /// The head and then nothing.
    Stalled,
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
    sending: Sending,
}

impl Answer {
    pub(crate) fn new(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: String::new(), body: body.into(), sending: Sending::Whole }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::new("") }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers += &format!("{name}: {value}\r\n");
        self
    }

    pub(crate) fn etag(self, etag: &str) -> Self {
        self.header("ETag", &format!("\"{etag}\""))
    }

    pub(crate) fn sent(mut self, sending: Sending) -> Self {
        self.sending = sending;
        self
    }
}

/// One request as it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// The request's header lines, in lower case.
    pub(crate) head: String,
    /// Bytes of the answer's body.
    pub(crate) body: usize,
}

#[derive(Default)]
struct Script {
    /// By path without its query; the last answer of each stays.
    answers: BTreeMap<String, VecDeque<Answer>>,
    asked: Vec<Asked>,
}

pub(crate) struct Server {
    pub(crate) address: String,
    script: Arc<Mutex<Script>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = Arc::clone(&script);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || answer(stream.unwrap(), &shared));
            }
        });
        Self { address, script }
    }

    /// Answers `https://<path>` so from now on.
    pub(crate) fn page(&self, path: &str, answer: Answer) {
        self.pages(path, [answer]);
    }

    /// Answers so one after the other; the last one stays.
    pub(crate) fn pages(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        let answers = answers.into_iter().collect();
        self.script.lock().unwrap().answers.insert(format!("/{path}"), answers);
    }

    /// What was asked since the last call, in the order of requests, without the leading slash.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.script.lock().unwrap().asked)
    }

    /// The paths asked since the last call.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.path).collect()
    }

    /// Downloads these feeds.
    pub(crate) fn download(&self, only: &[&str], into: &Path, clock: &TestClock) -> DownloadReport {
        let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
        let options = DownloadOptions {
            mirror: Some(&self.address),
            only: &only,
            clock: Some(clock),
            nvd_api_key: Some("a-key"),
            read_timeout: Some(Duration::from_secs(20)),
            ..DownloadOptions::default()
        };
        knowledge::download_with(&options, into, &|_| {}).unwrap()
    }
}

fn answer(stream: TcpStream, script: &Mutex<Script>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        head += &line.to_ascii_lowercase();
    }
    assert!(head.contains("user-agent: plimsoll/"), "{head}");
    let mut answer = {
        let plain = path.split('?').next().unwrap_or_default();
        let mut script = script.lock().unwrap();
        match script.answers.get_mut(plain) {
            Some(answers) if answers.len() > 1 => answers.pop_front().unwrap(),
            Some(answers) => answers[0].clone(),
            None => Answer::status(404),
        }
    };
    let etag = answer.headers.lines().find_map(|line| line.strip_prefix("ETag: "));
    if etag.is_some_and(|etag| head.contains(&format!("if-none-match: {}", etag.to_ascii_lowercase()))) {
        answer = Answer::status(304);
    }
    let body = if answer.sending == Sending::Stalled { 0 } else { answer.body.len() };
    script.lock().unwrap().asked.push(Asked { path: path[1..].to_owned(), head, body });
    let _ = send(stream, &answer);
}

fn send(mut stream: TcpStream, answer: &Answer) -> std::io::Result<()> {
    let length = match answer.sending {
        Sending::Whole | Sending::Stalled => format!("Content-Length: {}\r\n", answer.body.len()),
        Sending::Cut => format!("Content-Length: {}\r\n", answer.body.len() + 100),
        Sending::Short(by) => format!("Content-Length: {}\r\n", answer.body.len() - by),
        Sending::Endless => String::new(),
    };
    let status = answer.status;
    write!(stream, "HTTP/1.1 {status} X\r\n{length}{}Connection: close\r\n\r\n", answer.headers)?;
    match answer.sending {
        Sending::Stalled => {
            // Until the other side goes away.
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            reader.read_line(&mut line).map(drop)
        }
        Sending::Endless => loop {
            stream.write_all(&answer.body)?;
        },
        _ => stream.write_all(&answer.body),
    }
}

/// A clock that stands still, except that `step` passes at each look; sleeping is noted and costs nothing.
#[derive(Debug)]
pub(crate) struct TestClock {
    now: Mutex<Timestamp>,
    elapsed: Mutex<Duration>,
    step: Duration,
    slept: Mutex<Vec<Duration>>,
}

impl TestClock {
    pub(crate) fn at(now: &str) -> Self {
        Self {
            now: Mutex::new(Timestamp::parse(now).unwrap()),
            elapsed: Mutex::default(),
            step: Duration::ZERO,
            slept: Mutex::default(),
        }
    }

    pub(crate) fn stepping(self, step: Duration) -> Self {
        Self { step, ..self }
    }

    pub(crate) fn set(&self, now: &str) {
        *self.now.lock().unwrap() = Timestamp::parse(now).unwrap();
    }

    /// How long was slept since the last call, in milliseconds.
    pub(crate) fn slept(&self) -> Vec<u128> {
        std::mem::take(&mut *self.slept.lock().unwrap()).into_iter().map(|time| time.as_millis()).collect()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn elapsed(&self) -> Duration {
        let mut elapsed = self.elapsed.lock().unwrap();
        *elapsed += self.step;
        *elapsed
    }

    fn sleep(&self, time: Duration) {
        self.slept.lock().unwrap().push(time);
    }
}

/// A zip file of these members.
pub(crate) fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Names and texts of the members of a zip file, sorted.
pub(crate) fn members_of_zip(path: &Path) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut members: Vec<(String, String)> = (0..archive.len())
        .map(|index| {
            let mut member = archive.by_index(index).unwrap();
            let name = member.name().unwrap().into_owned();
            (name, std::io::read_to_string(&mut member).unwrap())
        })
        .collect();
    members.sort();
    members
}

/// A tar file of these members.
pub(crate) fn tar_of(members: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// Names and texts of the members of a tar file compressed by zstd, sorted.
pub(crate) fn members_of_tar(path: &Path) -> Vec<(String, String)> {
    let bytes = zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap();
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut members: Vec<(String, String)> = archive
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().display().to_string();
            (name, std::io::read_to_string(&mut entry).unwrap())
        })
        .collect();
    members.sort();
    members
}

/// Everything compressed by gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The SHA-256 of bytes in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    model::Digest::of(bytes).to_hex()
}

//! Downloads against a small server on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use knowledge::{Bundle, download_from};

use crate::support::{Feeds, affected};

/// Answers by path; remembers what was asked.
#[derive(Default)]
struct Pages {
    /// Path → (head lines after the status, body); `None` cuts the connection half way.
    pages: BTreeMap<String, (String, Vec<u8>)>,
    asked: Vec<String>,
}

struct Server {
    address: String,
    pages: Arc<Mutex<Pages>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let pages = Arc::new(Mutex::new(Pages::default()));
        let shared = Arc::clone(&pages);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || answer(stream.unwrap(), &shared));
            }
        });
        Self { address, pages }
    }

    fn page(&self, path: &str, head: &str, body: impl Into<Vec<u8>>) {
        self.pages.lock().unwrap().pages.insert(path.to_owned(), (head.to_owned(), body.into()));
    }

    fn asked(&self, path: &str) -> usize {
        self.pages.lock().unwrap().asked.iter().filter(|asked| *asked == path).count()
    }
}

fn answer(stream: TcpStream, pages: &Mutex<Pages>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        head += &line.to_ascii_lowercase();
    }
    let page = {
        let mut pages = pages.lock().unwrap();
        pages.asked.push(path.clone());
        pages.pages.get(&path).cloned()
    };
    let mut stream = stream;
    let answer = match page {
        None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
        Some((extra, body)) => {
            assert!(head.contains("user-agent: plimsoll/"), "{head}");
            let known = extra.lines().find_map(|line| line.strip_prefix("ETag: "));
            let unchanged = known
                .is_some_and(|etag| head.contains(&format!("if-none-match: {}", etag.to_ascii_lowercase())));
            if unchanged {
                b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_vec()
            } else if let Some(status) = extra.strip_prefix("status ") {
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
            } else {
                let length = if extra.contains("cut") { body.len() + 100 } else { body.len() };
                let extra = extra
                    .lines()
                    .filter(|line| line.contains(':'))
                    .map(|line| format!("{line}\r\n"))
                    .collect::<String>();
                let mut answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{extra}Connection: close\r\n\r\n"
                )
                .into_bytes();
                answer.extend(body);
                answer
            }
        }
    };
    let _ = stream.write_all(&answer);
}

const SECDB: &str = r#"{"packages": [{"pkg": {"name": "a", "secfixes": {"1-r0": ["CVE-2020-0001"]}}}]}"#;
const TRACKER: &str = r#"{"p": {"CVE-2020-0001": {"releases": {"bookworm": {"status": "open"}}}}}"#;
const DEBIAN: &str = "/security-tracker.debian.org/tracker/data/json";
const KEV: &str = "/www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json";

#[test]
fn feeds_are_fetched_conditionally_and_failures_leave_the_last_good_file() {
    let server = Server::start();
    server.page("/secdb.alpinelinux.org/", "", "<a href=\"v3.18/\">v3.18/</a><a href=\"last-update\">");
    server.page("/secdb.alpinelinux.org/v3.18/main.json", "", SECDB);
    server.page(DEBIAN, "ETag: \"one\"\nLast-Modified: Sun, 22 Nov 2026 08:49:37 GMT", TRACKER);
    server.page(KEV, "", "{\"vulnerabilities\": []}");
    server.page("/endoflife.date/api/v1/products/full", "status 500 Internal Server Error", "");
    let feeds = Feeds::new();
    let into = feeds.path();
    let first = download_from(Some(&server.address), &into, &|_| {}).unwrap();
    let fetched: Vec<String> = first.files.iter().map(|file| file.path.display().to_string()).collect();
    assert_eq!(
        fetched,
        ["debian/json", "kev/known_exploited_vulnerabilities.json", "alpine-secdb/v3.18/main.json"]
    );
    assert!(!first.all_failed());
    let reason = |path: &str| {
        let failure = first.failures.iter().find(|failure| failure.path.ends_with(path));
        failure.unwrap().reason.clone()
    };
    assert_eq!(reason("osv/PyPI/all.zip"), "the server answered 404 Not Found");
    assert_eq!(reason("endoflife/products-full.json"), "the server answered 500 Internal Server Error");
    assert_eq!(
        server.asked("/endoflife.date/api/v1/products/full"),
        2,
        "a server's error is tried once more"
    );
    assert_eq!(server.asked("/osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"), 1);

    let (bundle, report) = feeds.compile();
    assert_eq!(affected(&bundle, "debian:12", "p").len(), 1);
    assert_eq!(affected(&bundle, "alpine:3.18", "a").len(), 1);
    assert_eq!(report.skipped_count, 0, "{:?}", report.skipped);
    let date = bundle.manifest().sources.iter().find(|source| source.feed == "debian").unwrap().date;
    assert_eq!(date, model::Timestamp::parse("2026-11-22T08:49:37Z"));

    server.page(KEV, "", "<!doctype html> please log in");
    server.page("/secdb.alpinelinux.org/v3.18/main.json", "cut", "{\"packages\": [");
    let second = download_from(Some(&server.address), &into, &|_| {}).unwrap();
    assert_eq!(second.files.len(), 1);
    assert_eq!(second.files[0].bytes, None, "the tracker has not changed");
    let failed = |path: &str| second.failures.iter().any(|failure| failure.path.ends_with(path));
    assert!(failed("known_exploited_vulnerabilities.json") && failed("v3.18/main.json"));
    assert_eq!(fs::read_to_string(into.join("alpine-secdb/v3.18/main.json")).unwrap(), SECDB);
    let (again, _) = feeds.compile();
    assert_eq!(again.id(), bundle.id());
    drop(again);
    assert!(Bundle::open(&feeds.output()).is_ok());
}

#[test]
fn without_a_network_every_feed_is_named_quickly() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let started = std::time::Instant::now();
    let report = download_from(Some(&format!("http://{unused}")), folder.path(), &|_| {}).unwrap();
    assert!(report.all_failed());
    assert!(report.failures.len() > 30);
    assert!(report.failures.iter().all(|failure| !failure.reason.is_empty()));
    assert!(started.elapsed().as_secs() < 20);
}

//! Starts the real program and talks to it as clients do.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use model::{Digest, Distro, Ecosystem, ImageFacts, ImageId, OsRelease, Package, PackageRecord, ScanReport};
use model::{SourcePackage, Timestamp};
use reqwest::blocking::{Client, Response};
use serde_json::Value;

/// The password that every server under test is started with.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// An HTTP client as the tests use it.
pub(crate) fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

/// A command of the program under test, cut off from the caller's own settings.
pub(crate) fn plimsoll() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PLIMSOLL_")) {
        command.env_remove(name);
    }
    // a build service sets it for the tests too
    command.env("CI", "false").env("PLIMSOLL_FEEDS_INTERVAL", "0").stdin(Stdio::null());
    command
}

/// Runs a command of the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    let cache = tempfile::tempdir().unwrap();
    plimsoll().args(arguments).env("PLIMSOLL_CACHE_DIR", cache.path()).output().unwrap()
}

/// Runs a command that must succeed and gives back its standard output.
pub(crate) fn stdout_of(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must fail with exit code 1 and gives back what it said.
pub(crate) fn failure_of(arguments: &[&str]) -> String {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    said
}

/// A running server process; it is killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) base: String,
    client: Client,
}

impl Server {
    /// Starts a server on a free port and waits until it listens.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// Starts a server with further arguments.
    pub(crate) fn start_with(data: &Path, arguments: &[&str]) -> Self {
        let client = client();
        let mut child = plimsoll()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(arguments)
            .env("PLIMSOLL_ADMIN_PASSWORD", PASSWORD)
            .env("PLIMSOLL_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().expect("the server says where it listens").unwrap();
        let base = line.split_whitespace().last().unwrap().to_owned();
        Self { child, base, client }
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without any warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits; gives back whether it ended well.
    pub(crate) fn terminate(mut self) -> bool {
        let sent = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().success()
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.get_as("admin", PASSWORD, path)
    }

    pub(crate) fn get_as(&self, user: &str, password: &str, path: &str) -> Response {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        self.client.get(url).basic_auth(user, Some(password)).send().unwrap()
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        let response = self.get(path);
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().unwrap()
    }

    /// Posts to the ingest API; an error is that of the connection.
    pub(crate) fn post(&self, path: &str, body: Vec<u8>) -> reqwest::Result<Response> {
        self.client
            .post(format!("{}{path}", self.base))
            .basic_auth("admin", Some(PASSWORD))
            .header("content-type", "application/json")
            .body(body)
            .send()
    }

    pub(crate) fn ingest(&self, report: &ScanReport) {
        let response = self.post("/api/v1/reports", serde_json::to_vec(report).unwrap()).unwrap();
        let status = response.status();
        assert!(status.is_success(), "{status}: {}", response.text().unwrap());
    }

    /// All records of a bulk list, by following its links as clients do.
    pub(crate) fn export(&self, path: &str) -> Vec<Value> {
        let mut records = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(url) = next {
            let response = self.get(&url);
            assert!(response.status().is_success(), "{url}: {}", response.status());
            next = next_link(&response);
            let page: Value = response.json().unwrap();
            records.extend(page["data"].as_array().unwrap().iter().cloned());
        }
        records
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The URL between `<` and `>;rel=next`.
pub(crate) fn next_link(response: &Response) -> Option<String> {
    let link = response.headers().get("link")?.to_str().unwrap();
    let url = link.strip_prefix('<').unwrap().strip_suffix(">;rel=next").unwrap();
    Some(url.to_owned())
}

/// The id of the made-up image number `number`.
pub(crate) fn image_id(number: u64) -> ImageId {
    ImageId(Digest::of(format!("image {number}").as_bytes()))
}

/// A report of a made-up Debian image that holds `packages` packages.
pub(crate) fn report(number: u64, packages: usize, scanned_at: i64) -> ScanReport {
    let release = OsRelease {
        id: "debian".into(),
        version_id: Some("12".into()),
        display_name: "Debian Linux 12".into(),
        ..OsRelease::default()
    };
    let record = |index: usize| {
        let (name, version) = (format!("package-{index}"), format!("1.{}", number % 7));
        let package = Package {
            ecosystem: Ecosystem::Deb,
            distro: Some(Distro::new("debian", "12")),
            source: Some(SourcePackage { name: name.clone(), version: version.clone() }),
            name,
            version,
            arch: Some("amd64".into()),
            module: None,
            vendor: None,
        };
        PackageRecord::new(package, "var/lib/dpkg/status")
    };
    let mut packages: Vec<PackageRecord> = (0..packages).map(record).collect();
    packages.sort();
    ScanReport {
        schema: 1,
        scanner: "test/1".into(),
        scanned_at: Timestamp(scanned_at),
        source: "GENERAL".into(),
        image: ImageFacts {
            id: image_id(number),
            references: Vec::new(),
            created: Some(Timestamp(1_600_000_000_000)),
            author: String::new(),
            architecture: Some("amd64".into()),
            os: Some("linux".into()),
            docker_version: None,
            size: 1,
            labels: Vec::new(),
            environment: Vec::new(),
            runtime: model::RuntimeFacts::default(),
            base: None,
            layers: Vec::new(),
        },
        os_release: Some(release),
        users: vec!["root".into()],
        packages,
        secrets: Vec::new(),
        unreadable: Vec::new(),
        tags: Vec::new(),
        build: None,
    }
}

/// The folder of shared feeds and package databases.
pub(crate) fn shared() -> PathBuf {
    std::env::var_os("PLIMSOLL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from)
}

//! `cargo xtask bench pull [IMAGE]`: what a scan from a real registry transfers and takes, beside `skopeo copy`.
//!
//! The bytes are counted between registry and client, by a relay through which both go, and not taken from what either says of
//! itself. Two images are pushed, which differ in their topmost layer: the fixture with an application of two MiB put on top.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::{keep, measure, print, release_program, table};
use crate::{fixtures, process, project, setup};

/// Bytes of the application that makes the topmost layer.
const APPLICATION: usize = 2 << 20;

/// How long the registry may take to listen.
const START: Duration = Duration::from_secs(30);

pub(super) fn run(arguments: &[String]) -> Result<()> {
    let name = match arguments {
        [] => "debian-python",
        [name] => name.as_str(),
        _ => bail!("bench pull takes the name of one fixture image"),
    };
    setup::install_tools()?;
    fixtures::build(&[name])?;
    let program = release_program()?;
    let work = project::target().join("bench/pull");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;
    let registry = Registry::start(&work)?;
    for number in 1..=2 {
        let layout = variant(&fixtures::output(name, "oci"), &work, number)?;
        process::run_quiet(
            skopeo()
                .arg("--dest-tls-verify=false")
                .arg(format!("oci:{}:latest", layout.display()))
                .arg(format!("docker://{}/app:{number}", registry.host)),
        )?;
    }
    let relay = Relay::start(&registry.host)?;
    let mut rows = Vec::new();
    let mut figures = Vec::new();
    for (label, tag) in [("cold", 1), ("warm", 1), ("one layer changed", 2)] {
        let source = format!("{}/app:{tag}", relay.host);
        let mut plimsoll = process::command(&program);
        plimsoll.args(["scan", "--format", "json", &source]).env("PLIMSOLL_CACHE_DIR", work.join("cache"));
        let mut copy = skopeo();
        copy.arg("--src-tls-verify=false")
            .arg(format!("docker://{source}"))
            .arg(format!("oci:{}:{tag}", work.join("copy").display()));
        for (client, command) in [("plimsoll scan", &plimsoll), ("skopeo copy", &copy)] {
            eprintln!("bench: {client}, {label}");
            let before = relay.received.load(Ordering::SeqCst);
            let cost = measure::once(command, &work)?;
            let bytes = relay.received.load(Ordering::SeqCst) - before;
            let said = fs::read_to_string(work.join("errors")).unwrap_or_default();
            let known = said
                .lines()
                .find_map(|line| line.split_once("pulled ")?.1.split_once(", "))
                .map(|(_, known)| known);
            rows.push(vec![
                format!("{client}, {label}"),
                format!("{:.3}", bytes as f64 / 1e6),
                format!("{:.3}", cost.wall),
                format!("{:.2}", cost.cpu),
                format!("{:.0}", cost.memory),
                known.unwrap_or_default().to_owned(),
            ]);
            figures.push(json!({ "client": client, "state": label, "bytes": bytes, "wallSeconds": cost.wall, "cpuSeconds": cost.cpu, "peakMiB": cost.memory }));
        }
    }
    let headings = ["client", "MB received", "wall s", "CPU s", "peak MiB", "told"];
    print(&format!("\n{name} from docker-registry\n{}", table::render(&headings, &rows)));
    keep("pull", &json!(figures))
}

fn skopeo() -> Command {
    let mut command = process::command("skopeo");
    command.args(["--insecure-policy", "copy", "--quiet"]);
    command
}

/// The fixture with a file on top that differs for each number.
fn variant(fixture: &Path, work: &Path, number: u64) -> Result<PathBuf> {
    let layout = work.join(format!("layout-{number}"));
    process::run_quiet(process::command("cp").args(["--recursive", "--link"]).args([fixture, &layout]))?;
    // umoci writes this file in place, and the fixture's own must stay
    let index = layout.join("index.json");
    let text = fs::read(&index)?;
    fs::remove_file(&index)?;
    fs::write(&index, text)?;
    let mut state = number;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    let application: Vec<u8> = (0..APPLICATION).map(|_| next()).collect();
    let file = work.join("application");
    fs::write(&file, application)?;
    let mut insert = process::command("umoci");
    insert.args(["insert", "--image", &format!("{}:latest", layout.display())]).arg(file);
    process::run_quiet(insert.arg("/srv/application"))?;
    Ok(layout)
}

/// A running `docker-registry`; stopped when it is dropped.
pub(super) struct Registry {
    child: Child,
    pub(super) host: String,
}

impl Registry {
    pub(super) fn start(work: &Path) -> Result<Self> {
        let host = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let settings = work.join("config.yml");
        let storage = work.join("storage");
        fs::write(
            &settings,
            format!(
                "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {host}\n",
                storage.display()
            ),
        )?;
        let mut command = process::command("docker-registry");
        let child = command
            .arg("serve")
            .arg(&settings)
            .env("REGISTRY_STORAGE_DELETE_ENABLED", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start docker-registry")?;
        let registry = Self { child, host };
        let started = Instant::now();
        while TcpStream::connect(&registry.host).is_err() {
            if started.elapsed() > START {
                bail!("docker-registry does not listen");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(registry)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes connections on to the registry and counts what comes back.
pub(super) struct Relay {
    pub(super) host: String,
    received: Arc<AtomicU64>,
}

impl Relay {
    /// Its threads end with the process.
    pub(super) fn start(target: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let relay = Self { host: listener.local_addr()?.to_string(), received: Arc::default() };
        let (target, received) = (target.to_owned(), relay.received.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&target) else { continue };
                let (Ok(from_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else {
                    continue;
                };
                let received = received.clone();
                std::thread::spawn(move || pass(from_client, to_server, &AtomicU64::new(0)));
                std::thread::spawn(move || pass(server, client, &received));
            }
        });
        Ok(relay)
    }

    /// Bytes that came from the registry so far.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::SeqCst)
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, count: &AtomicU64) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        // counted before it is passed on, so that whoever has got it finds it counted
        count.fetch_add(read as u64, Ordering::SeqCst);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

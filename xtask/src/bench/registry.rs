//! `cargo xtask bench registry [--tags N]`: walks through a real registry: the first, an unchanged one, after one new tag, after one is gone.
//!
//! Requests and bytes are counted by the walk; the bytes that went over the wire, with all headers, by a relay between walk and registry.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::pull::{Registry, Relay};
use super::{keep, print, release_program, table};
use crate::{process, project, setup};

const PASSWORD: &str = "correct horse battery";

pub(super) fn run(arguments: &[String]) -> Result<()> {
    let tags: usize = match arguments {
        [] => 500,
        [flag, number] if flag == "--tags" => number.parse().context("--tags takes a number")?,
        _ => bail!("bench registry takes --tags N"),
    };
    setup::install_tools()?;
    let program = release_program()?;
    let work = project::target().join("bench/registry");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;
    let registry = Registry::start(&work)?;
    eprintln!("bench: pushing {tags} images");
    for number in 0..tags {
        push(&registry.host, number)?;
    }
    let relay = Relay::start(&registry.host)?;
    let server = Server::start(&program, &work)?;
    server.registry(
        &program,
        &["add", &format!("http://{}", relay.host), "--name", "r", "--allow-private"],
        &work,
    )?;
    let mut rows = Vec::new();
    let mut figures = Vec::new();
    for step in ["first walk", "unchanged", "one new tag", "one tag gone"] {
        match step {
            "one new tag" => push(&registry.host, tags)?,
            "one tag gone" => remove(&registry.host, 0)?,
            _ => {}
        }
        eprintln!("bench: {step}");
        let (before, started) = (relay.received(), Instant::now());
        let told = server.registry(&program, &["scan", "r", "--here"], &work)?;
        let (wall, wire) = (started.elapsed().as_secs_f64(), relay.received() - before);
        let row: Vec<&str> =
            told.lines().nth(1).context("the walk told nothing")?.split_whitespace().collect();
        let [_, tags, new, scanned, _, failed, requests, megabytes] = row.as_slice() else { bail!("{told}") };
        rows.push(vec![
            step.to_owned(),
            (*tags).to_owned(),
            (*new).to_owned(),
            (*scanned).to_owned(),
            (*failed).to_owned(),
            (*requests).to_owned(),
            (*megabytes).to_owned(),
            format!("{:.3}", wire as f64 / 1e6),
            format!("{wall:.2}"),
        ]);
        figures.push(json!({ "step": step, "row": row, "wireBytes": wire, "wallSeconds": wall }));
    }
    let headings =
        ["walk", "tags", "new", "scanned", "failed", "requests", "MB bodies", "MB received", "wall s"];
    print(&format!("\n{tags} tags of docker-registry\n{}", table::render(&headings, &rows)));
    keep("registry", &json!(figures))
}

/// A server with a data directory of its own; stopped when it is dropped.
struct Server {
    child: Child,
    base: String,
}

impl Server {
    fn start(program: &Path, work: &Path) -> Result<Self> {
        let mut command = process::command(program);
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--feeds-interval", "0", "--data"])
            .arg(work.join("data"))
            .env("PLIMSOLL_ADMIN_PASSWORD", PASSWORD)
            .env("PLIMSOLL_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let out = child.stdout.take().context("the server has no standard output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let base =
            line.split_whitespace().last().context("the server does not say where it listens")?.to_owned();
        Ok(Self { child, base })
    }

    fn registry(&self, program: &Path, arguments: &[&str], work: &Path) -> Result<String> {
        let mut command = process::command(program);
        command.arg("registry").args(arguments).args(["--server", &self.base, "--user", "admin"]);
        let output = command
            .env("PLIMSOLL_PASSWORD", PASSWORD)
            .env("PLIMSOLL_CACHE_DIR", work.join("cache"))
            .output()
            .context("cannot run the program")?;
        if !output.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Pushes an image with a shared base and a layer of its own, as tag `v<number>`.
fn push(host: &str, number: usize) -> Result<()> {
    let status =
        format!("Package: app\nStatus: install ok installed\nArchitecture: amd64\nVersion: {number}.0\n\n");
    let layers = [
        tar("etc/os-release", b"ID=debian\nVERSION_ID=\"12\"\n"),
        tar("var/lib/dpkg/status", status.as_bytes()),
    ];
    let digests = layers.iter().map(|layer| upload(host, layer)).collect::<Result<Vec<_>>>()?;
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {}, "created": "2024-05-01T00:00:00Z",
        "rootfs": { "type": "layers", "diff_ids": digests }, "history": [{ "created_by": "a" }, { "created_by": "b" }],
    });
    let config = serde_json::to_vec(&config)?;
    let config_digest = upload(host, &config)?;
    let layer = |(digest, content): (&String, &Vec<u8>)| json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": content.len() });
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2, "mediaType": media_type,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest, "size": config.len() },
        "layers": digests.iter().zip(&layers).map(layer).collect::<Vec<Value>>(),
    });
    let path = format!("/v2/team/app/manifests/v{number}");
    ask(host, "PUT", &path, &[("content-type", media_type)], &serde_json::to_vec(&manifest)?).map(drop)
}

fn upload(host: &str, content: &[u8]) -> Result<String> {
    let digest = digest(content)?;
    let started = ask(host, "POST", "/v2/team/app/blobs/uploads/", &[], b"")?;
    let place = header(&started, "location").context("an upload has no place")?;
    let path = place.split_once(host).map_or(place.as_str(), |(_, path)| path);
    ask(
        host,
        "PUT",
        &format!("{path}&digest={digest}"),
        &[("content-type", "application/octet-stream")],
        content,
    )?;
    Ok(digest)
}

/// Removes the manifest that a tag names, and with it the tag.
fn remove(host: &str, number: usize) -> Result<()> {
    let accept = [("accept", "application/vnd.oci.image.manifest.v1+json")];
    let head = ask(host, "HEAD", &format!("/v2/team/app/manifests/v{number}"), &accept, b"")?;
    let digest = header(&head, "docker-content-digest").context("a manifest has no digest")?;
    ask(host, "DELETE", &format!("/v2/team/app/manifests/{digest}"), &[], b"").map(drop)
}

/// One request over a connection of its own; gives the head of the answer.
fn ask(host: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<String> {
    let mut stream = TcpStream::connect(host)?;
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\nconnection: close\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    write!(stream, "{head}\r\n")?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let head = text.split("\r\n\r\n").next().unwrap_or_default().to_owned();
    match head.split_whitespace().nth(1) {
        Some(status) if status.starts_with('2') => Ok(head),
        _ => bail!("{method} {path}: {head}"),
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// A tar with one file (ustar).
fn tar(path: &str, content: &[u8]) -> Vec<u8> {
    let mut head = vec![0_u8; 512];
    head[..path.len()].copy_from_slice(path.as_bytes());
    head[100..108].copy_from_slice(b"0000644\0");
    head[108..116].copy_from_slice(b"0000000\0");
    head[116..124].copy_from_slice(b"0000000\0");
    head[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    head[136..148].copy_from_slice(b"00000000000\0");
    head[148..156].copy_from_slice(b"        ");
    head[156] = b'0';
    head[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut tar = head;
    tar.extend_from_slice(content);
    tar.resize(tar.len().next_multiple_of(512) + 1_024, 0);
    tar
}

/// `sha256:…`, by the program that every machine has.
fn digest(content: &[u8]) -> Result<String> {
    let mut child = process::command("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().context("sha256sum has no standard input")?.write_all(content)?;
    let output = child.wait_with_output()?;
    let text = String::from_utf8(output.stdout)?;
    let digits = text.split_whitespace().next().context("sha256sum said nothing")?;
    Ok(format!("sha256:{digits}"))
}
